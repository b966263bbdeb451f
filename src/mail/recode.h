/*
 * recode.h - a message as a server can take it: lines of at most 998 bytes,
 * and ASCII where the server cannot do more (RFC 5322 2.1.1; RFC 6152 3).
 *
 * The header is folded and encoded field by field. Of the body, those parts
 * that need it become quoted-printable or base64; structure and charsets stay.
 * What is signed or encrypted is never changed, and no byte gets lost, however
 * bad the MIME: what cannot be understood is one part.
 *
 * The message is given twice, piece by piece: first it is only looked at,
 * then each part goes out as it must. Kept are some bytes a part and one part's header.
 */
#ifndef OUTTRAY_MAIL_RECODE_H
#define OUTTRAY_MAIL_RECODE_H

#include "base/buf.h"
#include "base/err.h"
#include "mail/encode.h"
#include "mail/mime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RECODE_DEPTH_MAX = 50,		/* multiparts in each other; deeper ones are leaves */
	RECODE_PARTS_MAX = 65536,	/* those behind are encoded if one of them must be */
	RECODE_HEAD_MAX = 2 * 1024 * 1024 /* bytes of one part's header */
};

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

/* What the first pass has found out about a part. */
struct recode_part {
	uint64_t bytes, high;	/* of its content; those over 127 */
	bool     too_long;	/* a line of it */
	bool     seen;		/* a multipart's boundary was there */
	bool     no_utf8;	/* it is not valid UTF-8 */
	bool     tail_high, tail_long;	/* behind a multipart's last boundary */
};

/* A multipart that has not ended. */
struct recode_level {
	char   boundary[MIME_BOUNDARY_MAX + 1];
	size_t boundary_len;
	size_t part;
	bool   digest, opened;
};

struct recode {
	struct recode_rules rules;
	bool   emitting;		/* the second pass */
	bool   needed;			/* something must be changed */
	bool   blocked;			/* 8-bit bytes where nothing may be changed */
	bool   address;			/* … in an address of a part's header */

	struct recode_part *parts;	/* ours */
	size_t count, allocated;
	size_t part, next_part;		/* the one in hand, and the next one's number */
	bool   tail;			/* … behind its last boundary */
	struct mime mime;		/* what its header says */
	struct recode_level levels[RECODE_DEPTH_MAX];
	size_t depth;

	bool   in_head, message_head, digest_head;
	bool   opaque;			/* the content in hand may not be changed */
	struct buf head;		/* … of the part in hand, so far */
	struct buf line;		/* a line that has not ended, or may be a boundary */
	bool   line_start;		/* no byte of this line has been seen */
	bool   gathering;		/* it goes there … */
	size_t line_len;		/* bytes of it so far */
	bool   end_due;			/* a line's end that may be the boundary's */
	int    utf8_more;		/* bytes that a character still lacks */
	struct encoder encoder;
};

void recode_init(struct recode *r, const struct recode_rules *rules);
void recode_free(struct recode *r);	/* zeroed memory is safe to free */

/*
 * The next bytes, lines with CRLF and no other CR or LF. In the second pass
 * what goes out is put to `out`, which may keep some back; in the first nothing
 * is. Returns 0, or -1 (EX_DATAERR: a part's header is over RECODE_HEAD_MAX; EX_OSERR).
 */
int recode_feed(struct recode *r, const char *bytes, size_t len,
    struct buf *out, struct err *e);

/* The message has ended. 0 or -1 as above. */
int recode_end(struct recode *r, struct buf *out, struct err *e);

/* Begin the (or another) second pass. */
void recode_emit(struct recode *r);

#endif
