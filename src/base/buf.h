/*
 * buf.h - the one growing buffer.
 *
 * Its limit is given at buf_init, since everything we read can be hostile.
 * What does not fit (limit reached, or no memory) is left out and sets
 * `full`, which stays set: a text is composed piece after piece and asked
 * about once. It wipes its memory when it moves or goes, so secrets live in
 * one. After each put data[len] is a NUL that does not count.
 */
#ifndef OUTTRAY_BASE_BUF_H
#define OUTTRAY_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char  *data;	/* NULL until the first put; ours to free */
	size_t len;	/* bytes in use */
	size_t size;	/* bytes allocated */
	size_t limit;	/* the most that len may become */
	bool   full;	/* something did not fit … */
	bool   no_memory; /* … and not because of the limit */
};

/* Zeroed memory is an empty buffer with limit 0 and is safe to free. */
void buf_init(struct buf *b, size_t limit_bytes);
void buf_free(struct buf *b);

/* Forget contents, `full` and `no_memory`; the memory stays for the next use. */
void buf_reset(struct buf *b);

void buf_put(struct buf *b, const void *bytes, size_t len);
void buf_putc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The bytes with all but printable ASCII (and space) turned into '?'. */
void buf_put_printable(struct buf *b, const char *bytes, size_t len);

/* Remove the first `len` bytes (all of them, if there are not as many). */
void buf_drop_front(struct buf *b, size_t len);

/*
 * Make room for `len` more bytes and return where they go; the caller writes
 * there and adds to b->len itself. NULL, and `full` set, where they do not fit.
 */
char *buf_room(struct buf *b, size_t len);

/* The contents as a C string; "" while nothing has been put. */
const char *buf_text(const struct buf *b);

#endif
