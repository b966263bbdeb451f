/*
 * message.h - standard input becomes a message: one form of line end, a
 * header apart from the body, in one pass over bytes that are given piece by
 * piece (RFC 5322; RFC 5321 2.3.8).
 *
 * Each of LF, CR LF, CR and CR CR LF becomes one CRLF; a NUL is left out; a
 * line of one dot ends the message if asked to. A "From " or ">From " line
 * before the header is left out. The header ends at the first blank line,
 * which is not part of anything, or before the first line that cannot be a
 * field. What is missing at the end (a CRLF) is added.
 */
#ifndef OUTTRAY_MAIL_MESSAGE_H
#define OUTTRAY_MAIL_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the agent must know of a message before it sends the first command. */
struct message_facts {
	uint64_t size;		/* bytes of header, blank line and body */
	size_t   longest_line;	/* bytes without CRLF, header included */
	bool     head_8bit;	/* a byte over 127 in the header */
	bool     body_8bit;	/* … in the body */
};

struct message {
	bool     dot_ends;	/* given at init */
	bool     in_body;
	bool     ended;		/* the lone dot was seen */
	int      pending_cr;	/* CRs read, whose LF may follow */
	bool     first_line;	/* an mbox line may still come */
	bool     blank;		/* a blank line ended the header */
	struct buf head;	/* the header's lines, each with CRLF */
	struct buf line;	/* a line that has not ended yet */
	size_t   line_len;	/* of the body's line in hand */
	bool     dot_line;	/* that line is one dot so far */
	struct message_facts facts; /* of the body, and of head's bytes 8bit */
	uint64_t nuls;		/* bytes left out for being NUL */
	uint64_t ignored;	/* bytes that came behind the lone dot */
};

void message_init(struct message *m, bool dot_ends);
void message_free(struct message *m);

/*
 * Take the next bytes. What belongs to the body is put to `body`, at most
 * 2 * len + 4 bytes a call (plus a line that turned out not to be header);
 * the header gathers in m->head. Returns 0, or -1 (EX_DATAERR: the header is longer than HEAD_MAX).
 */
int message_feed(struct message *m, const char *bytes, size_t len,
    struct buf *body, struct err *e);

/*
 * The header has become this one (lines with CRLF): what the facts say of it is
 * set anew; the longest line only grows.
 */
void message_measure(struct message_facts *f, const char *head, size_t len);

/* The input has ended: give back what was still held. 0 or -1 as above. */
int message_end(struct message *m, struct buf *body, struct err *e);

#endif
