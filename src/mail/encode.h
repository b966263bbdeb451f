/*
 * encode.h - the content of a message's part as ASCII in short lines: quoted-
 * printable or base64 (RFC 2045 6.7, 6.8), over bytes that are given piece by
 * piece.
 *
 * What is in one of the two already is only mended: its lines are broken where
 * they are too long, and bytes over 127, which it may not have, become what a
 * reader sees of them. No line begins with '-', so none becomes a boundary.
 */
#ifndef OUTTRAY_MAIL_ENCODE_H
#define OUTTRAY_MAIL_ENCODE_H

#include "base/buf.h"

#include <stddef.h>

enum { ENCODE_LINE_MAX = 76, ENCODE_GROUP = 57 };

enum encode_kind {
	ENCODE_NOTHING,		/* as it is */
	ENCODE_QUOTED,
	ENCODE_BASE64,
	ENCODE_MEND_QUOTED,
	ENCODE_MEND_BASE64
};

struct encoder {
	enum encode_kind kind;
	size_t column;			/* bytes in the line that is written */
	char   held[ENCODE_LINE_MAX];	/* blanks that may end a line; a group; "=X" */
	size_t held_len;
};

void encode_start(struct encoder *e, enum encode_kind kind);

/* Bytes of a line, without CR and LF. */
void encode_text(struct encoder *e, const char *bytes, size_t len,
    struct buf *out);

/* The line ends here: in base64 that is content, too. */
void encode_line_end(struct encoder *e, struct buf *out);

/* The content ends; a line that was begun is left without its end. */
void encode_end(struct encoder *e, struct buf *out);

#endif
