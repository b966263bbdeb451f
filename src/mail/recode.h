/*
 * recode.h - a message as a server can take it: lines of at most 998 bytes,
 * and ASCII where the server cannot do more. What is signed stays as it is.
 */
#ifndef OUTTRAY_MAIL_RECODE_H
#define OUTTRAY_MAIL_RECODE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* What the server takes. */
struct recode_rules {
	bool eight_bit;		/* bytes over 127 in the body (8BITMIME) */
	bool utf8;		/* … in the header (SMTPUTF8) */
};

/* Is there a signature over this header, which a change would break? */
bool recode_frozen(const char *head, size_t len);

/*
 * Put the header of a message (lines with CRLF; the blank line may be behind
 * it), made to fit, to `out`. Returns false where it holds an address that cannot be
 * written without SMTPUTF8; that field is as it was then. out->full is set where it does not fit.
 */
bool recode_head(const char *head, size_t len, const struct recode_rules *rules,
    struct buf *out);

#endif
