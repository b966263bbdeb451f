/*
 * io.h - reading and writing that neither stops short nor minds a signal.
 * A failed call leaves errno as it was set; callers know what to say of it.
 */
#ifndef OUTTRAY_BASE_IO_H
#define OUTTRAY_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Up to `size` bytes: how many, 0 at the end, -1 with errno. */
ssize_t io_read(int fd, void *bytes, size_t size);

/* All of them: 0, or -1 with errno (ENOSPC where the device takes none). */
int io_write(int fd, const void *bytes, size_t len);

/* Wait until `fd` is readable: 1, 0 when the time is over, -1 with errno. */
int io_wait_readable(int fd, int timeout_milliseconds);

#endif
