/*
 * field.h - a header field that every server takes: no line over 998 bytes
 * (RFC 5322 2.1.1), and no byte over 127 where the server has no SMTPUTF8.
 *
 * Text and display names become encoded words (RFC 2047), parameters of MIME
 * fields the form of RFC 2231. Long lines are folded at white space, or behind
 * the commas of an address list. Whoever unfolds and decodes reads what was
 * written.
 */
#ifndef OUTTRAY_MAIL_FIELD_H
#define OUTTRAY_MAIL_FIELD_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { LINE_MAX_BYTES = 998 };		/* without the CRLF */

struct field_rules {
	bool        ascii;	/* no byte over 127 may leave */
	const char *charset;	/* what they are where they are no UTF-8 */
};

/* RFC 5322 2.2: printable ASCII but colon, then (obsolete) blanks, colon? */
bool field_begins(const char *line, size_t len);

/* How many bytes have the first line and the folded ones behind it? */
size_t field_length(const char *bytes, size_t len);

/* Has the field this name? */
bool field_is(const char *field, size_t len, const char *name);

/* Does one of the lines have more than 998 bytes? */
bool lines_too_long(const char *bytes, size_t len);

/*
 * Put the field (name, colon, value, CRLF; lines with CRLF) to `out`, fit for
 * these rules, or as it is where it is so already. Returns false where bytes
 * over 127 had to stay, as an address cannot be encoded.
 */
bool field_fit(const char *field, size_t len, const struct field_rules *rules,
    struct buf *out);

#endif
