#include "base/clock.h"

#include "check.h"

#include <limits.h>
#include <poll.h>

int
main(void)
{
	int64_t start = clock_milliseconds(), now, last = start;
	int64_t most = INT64_MAX;

	(void)poll(NULL, 0, 20);
	now = clock_milliseconds();
	check(now - start >= 19, "milliseconds pass");
	for (int i = 0; i < 1000; i++) {
		now = clock_milliseconds();
		if (now < last)
			break;
		last = now;
	}
	check(now >= last, "and never come back");
	check_number(clock_left(now), 0, "now is over");
	check_number(clock_left(now - 1000), 0, "and so is what was");
	check_number(clock_left(0), 0, "long ago");
	check_number(clock_left(INT64_MIN / 2), 0, "longer ago");
	check(clock_left(clock_milliseconds() + 10000) > 9000, "ten seconds");
	check(clock_left(clock_milliseconds() + 10000) <= 10000, "and no more");
	check_number(clock_left(most), INT_MAX, "for ever is what poll can");
	return check_end();
}
