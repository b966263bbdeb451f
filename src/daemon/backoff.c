#include "daemon/backoff.h"

enum { PERCENT = 100, JITTER = 20 };

int64_t
backoff_delay(unsigned tries, int64_t least, int64_t most, unsigned chance)
{
	int64_t delay = least;

	while (tries-- > 1 && delay < most)
		delay *= 2;
	if (delay > most)
		delay = most;
	/* Not delay * percent / 100: that may not fit. */
	return delay / PERCENT * (PERCENT - JITTER + chance % (2 * JITTER + 1)) +
	    delay % PERCENT * (PERCENT - JITTER + chance % (2 * JITTER + 1)) /
	    PERCENT;
}

/* FNV-1a: it spreads, and nobody's safety rests on it. */
unsigned
backoff_chance(const char *text, unsigned number)
{
	uint32_t h = 2166136261u ^ number;

	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return (h ^ number) * 16777619u >> 8;
}
