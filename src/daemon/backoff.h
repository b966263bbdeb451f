/*
 * backoff.h - how long to wait before the next try: twice as long each time,
 * and never quite as long as another one waits.
 */
#ifndef OUTTRAY_DAEMON_BACKOFF_H
#define OUTTRAY_DAEMON_BACKOFF_H

#include <stdint.h>

/*
 * After `tries` failed ones (at least 1): `least` doubled for each but the
 * first, at most `most`, then 20 percent more or less as `chance` has it.
 */
int64_t backoff_delay(unsigned tries, int64_t least, int64_t most,
    unsigned chance);

/* The same chance for the same text and number, on each run. */
unsigned backoff_chance(const char *text, unsigned number);

#endif
