/*
 * ehlo.h - what the server can do, as its answer to EHLO says (RFC 5321,
 * 4.1.1.1; RFC 1870, 2920, 3207, 3461, 4954, 6152, 6531, 9422).
 */
#ifndef OUTTRAY_SMTP_EHLO_H
#define OUTTRAY_SMTP_EHLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EHLO_AUTH_MAX = 512 };	/* bytes of mechanism names that are kept */

struct ehlo {
	bool     pipelining, starttls, eight_bit, smtputf8, dsn;
	bool     size;			/* SIZE was offered … */
	uint64_t size_limit;		/* … and this is its bound; 0 = none named */
	uint64_t recipients_limit;	/* LIMITS RCPTMAX; 0 = none named */
	char     auth[EHLO_AUTH_MAX];	/* "PLAIN LOGIN"; "" = none */
};

/*
 * Read an answer's text (lines joined by '\n', the first one only greets).
 * What is not understood is left out.
 */
void ehlo_parse(struct ehlo *o, const char *text);

#endif
