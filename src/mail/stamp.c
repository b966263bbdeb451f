#include "mail/stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* For kernels and sandboxes without getrandom(2). */
static int
read_random_device(void *bytes, size_t len)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t have = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -1;
	while (have < len) {
		n = read(fd, (char *)bytes + have, len - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	(void)close(fd);	/* only read from */
	if (n == 0)
		errno = EIO;
	return have == len ? 0 : -1;
}

/*
 * Never waits: early at boot the kernel's pool may not be filled yet, and a
 * name needs to differ, not to be secret.
 */
static int
random_bytes(void *bytes, size_t len)
{
	ssize_t n;

	do
		n = getrandom(bytes, len, GRND_NONBLOCK);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : read_random_device(bytes, len);
}

int
stamp_id(char id[STAMP_ID_MAX], struct err *e)
{
	struct timespec t = { 0, 0 };
	uint64_t chance, nanoseconds;

	if (random_bytes(&chance, sizeof(chance)) != 0)
		return err_sys(e, EX_OSERR, "cannot make a unique name: neither "
		    "getrandom(2) nor /dev/urandom gives random bytes");
	/* It cannot fail for this clock and a good pointer. */
	(void)clock_gettime(CLOCK_REALTIME, &t);
	nanoseconds = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	(void)snprintf(id, STAMP_ID_MAX, "%016llx%016llx",
	    (unsigned long long)nanoseconds, (unsigned long long)chance);
	return 0;
}

void
stamp_date(time_t t, struct buf *out)
{
	/* strftime(3) would use the words of the caller's locale. */
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
	};
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
	};
	struct tm tm;
	long east;
	time_t epoch = 0;

	/*
	 * A year that no date can hold: the clock or the caller is broken, and
	 * a mail with the epoch's date is better than none.
	 */
	if (localtime_r(&t, &tm) == NULL || tm.tm_year < 0 || tm.tm_year > 8099)
		(void)gmtime_r(&epoch, &tm);
	east = tm.tm_gmtoff / 60;
	buf_printf(out, "%s, %d %s %04d %02d:%02d:%02d %c%02ld%02ld",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
	    tm.tm_hour, tm.tm_min, tm.tm_sec, east < 0 ? '-' : '+',
	    labs(east) / 60 % 100, labs(east) % 60);
}
