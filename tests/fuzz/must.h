/*
 * must.h - for fuzzers: what has to hold whatever the input was.
 */
#ifndef OUTTRAY_FUZZ_MUST_H
#define OUTTRAY_FUZZ_MUST_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
must(bool ok)
{
	if (!ok)
		abort();
}

/* A failure is a sentence of one line with this status. */
static inline void
must_say(const struct err *e, int status)
{
	must(e->status == status && e->text[0] != '\0' &&
	    strpbrk(e->text, "\r\n") == NULL);
}

/* Lines of printable ASCII, or of it and bytes over 127; each ends so. */
static inline void
must_be_lines(const char *bytes, size_t len, const char *ending, bool eight_bit)
{
	size_t tail = strlen(ending);

	must(len == 0 || bytes[len - 1] == '\n');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\n')
			must(i + 1 >= tail && memcmp(bytes + i + 1 - tail,
			    ending, tail) == 0);
		else if (c == '\r')
			must(tail == 2 && i + 1 < len && bytes[i + 1] == '\n');
		else
			must(c >= ' ' && c != 127 && (eight_bit || c < 127));
	}
}

#endif
