/*
 * clock.h - time for waiting: a clock that no one sets (CLOCK_MONOTONIC).
 * The time of day is for people only and is printed by mail/stamp.
 */
#ifndef OUTTRAY_BASE_CLOCK_H
#define OUTTRAY_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment in the past; never goes back. */
int64_t clock_milliseconds(void);

/*
 * Milliseconds left until `deadline` (a value of clock_milliseconds), for
 * poll(2): 0 when it has passed, at most INT_MAX.
 */
int clock_left(int64_t deadline_milliseconds);

#endif
