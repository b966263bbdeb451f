/*
 * mime.h - what the header of a message or of one of its parts says about
 * what follows (RFC 2045 5 and 6, RFC 2046).
 */
#ifndef OUTTRAY_MAIL_MIME_H
#define OUTTRAY_MAIL_MIME_H

#include "mail/words.h"

#include <stdbool.h>
#include <stddef.h>

enum { MIME_BOUNDARY_MAX = 200 };	/* bytes; RFC 2046 allows 70 */

enum mime_kind {
	MIME_LEAF,
	MIME_MULTIPART,		/* its boundary is known */
	MIME_MESSAGE,		/* another message */
	MIME_OPAQUE		/* signed, encrypted, a piece, or not understood */
};

enum mime_encoding {
	MIME_IDENTITY,		/* 7bit, 8bit, binary, none, or a word of no meaning */
	MIME_QUOTED,
	MIME_BASE64
};

struct mime {
	enum mime_kind     kind;
	enum mime_encoding encoding;
	bool   version;		/* there is a MIME-Version */
	bool   typed;		/* there is a Content-Type */
	bool   text;		/* text of some kind, which is the standard */
	bool   digest;		/* its parts are messages unless they say otherwise */
	bool   wide;		/* it says 8bit or binary */
	char   boundary[MIME_BOUNDARY_MAX + 1];	/* "" but for MIME_MULTIPART */
	size_t boundary_len;
	char   charset[WORDS_CHARSET_MAX + 1];	/* of one byte a character, or "" */
};

/*
 * Read a header (lines with CRLF). `digest`: it is one of a part of a
 * multipart/digest. What cannot be understood is a leaf or opaque.
 */
void mime_read(const char *head, size_t len, bool digest, struct mime *m);

#endif
