#include "base/io.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

ssize_t
io_read(int fd, void *bytes, size_t size)
{
	ssize_t n;

	do
		n = read(fd, bytes, size);
	while (n < 0 && errno == EINTR);
	return n;
}

int
io_write(int fd, const void *bytes, size_t len)
{
	const char *next = bytes;

	while (len > 0) {
		ssize_t n = write(fd, next, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return -1;
		next += n;
		len -= (size_t)n;
	}
	return 0;
}

int
io_wait_readable(int fd, int timeout_milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t deadline = clock_milliseconds() + timeout_milliseconds;
	int n;

	do
		n = poll(&p, 1, clock_left(deadline));
	while (n < 0 && errno == EINTR);
	return n;
}
