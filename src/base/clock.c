#include "base/clock.h"

#include <limits.h>
#include <time.h>

int64_t
clock_milliseconds(void)
{
	struct timespec t = { 0, 0 };

	/* It cannot fail for this clock and a good pointer. */
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
clock_left(int64_t deadline_milliseconds)
{
	int64_t left = deadline_milliseconds - clock_milliseconds();

	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}
