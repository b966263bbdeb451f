/*
 * report.h - a delivery status notification: the mail that tells a sender
 * what became of a message (RFC 3461 6, RFC 3464, RFC 6522; where addresses
 * are UTF-8, RFC 6533).
 *
 * Text only: no file is read or written here. The caller gives the original's
 * envelope and header, what became of each recipient, and (where the whole
 * message goes back) its body, piece by piece:
 *
 *	report_begin(&r, &out, &e);
 *	while (r.whole && (len = read ...) > 0)
 *		report_body(&r, bytes, len, &out, &e);
 *	report_end(&r, &out);
 *
 * What comes out has CRLF at each line's end and nowhere else a CR or LF, no line
 * over 998 bytes, no NUL; bytes over 127 only where the caller allows them, and
 * in its header where the names and addresses that the caller gave have them. The
 * server's words, addresses and the original's header are taken for hostile:
 * none of them can make a line, a field or a part of its own.
 */
#ifndef OUTTRAY_MAIL_REPORT_H
#define OUTTRAY_MAIL_REPORT_H

#include "mail/envelope.h"
#include "mail/stamp.h"

#include <stdint.h>
#include <time.h>

enum report_kind {
	REPORT_FAILED,		/* for ever */
	REPORT_DELAYED,		/* not yet; it is being tried on */
	REPORT_RELAYED		/* NOTIFY=SUCCESS, and the server that has it now
				   sends no reports */
};

enum {
	REPORT_HEAD_MAX    = 64 * 1024,	/* more of a header does not go back */
	REPORT_WHOLE_MAX   = 1024 * 1024, /* larger messages: the header only */
	REPORT_BEGIN_MAX   = 256 * 1024, /* what report_begin puts, and besides */
	REPORT_OUTCOME_MAX = 16 * 1024,	/* so much for each outcome */
	REPORT_COUNT_MAX   = 4096	/* outcomes; for more, several reports */
};

/* What became of one recipient. A text may be NULL, which is "". */
struct report_outcome {
	enum report_kind        kind;
	const struct recipient *recipient; /* of the original's envelope */
	int         code;	/* the server's, 200 to 599; 0: the text is ours */
	const char *dsn;	/* "5.1.1" (RFC 3463) as the server said it, or "" */
	const char *relay;	/* "name[address]:port", or "" where none was met */
	const char *step;	/* what it answered to: "RCPT", "dot" … or "" */
	const char *text;	/* the words that go with the code; any bytes */
	time_t      last_attempt;	/* 0: none */
	time_t      retry_until;	/* for REPORT_DELAYED; 0: not said */
};

/*
 * The first part is the caller's, zeroed and then filled in; what it points to is
 * only read, and must stay until report_end.
 */
struct delivery_report {
	const char *id;		/* of this report: report_id made it */
	const char *hostname;	/* the reporting MTA */
	const char *domain;	/* where MAILER-DAEMON and postmaster are */
	const struct addr *to;	/* who gets it; NULL: the original's sender */
	time_t      date;
	bool        eight_bit;	/* the way out has 8BITMIME */

	const char *original_id;	/* the original's, in the queue and the log */
	time_t      arrival;		/* 0: not known */
	const struct envelope *envelope;
	const char *head;	/* its header, whole lines without the blank one */
	size_t      head_len;
	const struct report_outcome *outcomes;
	size_t      count;
	bool        whole;	/* its body is to follow: see report_whole */

	/* Ours. */
	char     boundary[STAMP_ID_MAX + 16];
	bool     global;	/* the types of RFC 6533 */
	uint64_t returned;	/* bytes of the whole message so far */
	size_t   line_len;
	size_t   matched;	/* bytes of the line that are the boundary's */
	bool     cr;		/* the last byte was a CR */
};

/*
 * Does the sender want a report of this kind about this recipient? Never for
 * the null sender, never for NOTIFY=NEVER; without NOTIFY of failures only.
 */
bool report_wanted(const struct envelope *v, const struct recipient *r,
    enum report_kind kind);

/*
 * Is the message with this header a report or an automatic answer itself,
 * whoever its sender is? No report is made of one, as two systems would go on
 * writing to each other. (Mail of programs, "auto-generated", is no answer.)
 */
bool report_is_answer(const char *head, size_t len);

/*
 * The id of the report number `number` (0 to 4095) of that kind on a message: the same
 * whenever it is asked for, so that the queue, where no name comes twice, holds
 * one report even if its maker was killed and began again. It is the message's
 * own id with four hexadecimal digits behind it. Returns 0, or -1
 * (EX_SOFTWARE: that is no id, or too long a one).
 */
int report_id(char id[STAMP_ID_MAX], const char *original_id,
    enum report_kind kind, unsigned number, struct err *e);

/*
 * May the whole message go back? RET=FULL was said, one of the outcomes is a
 * failure (RFC 3461 4.3), and its `size` is no more than REPORT_WHOLE_MAX.
 */
bool report_whole(const struct delivery_report *r, uint64_t size);

/*
 * Put the report up to where the original's body goes. Where the header cannot go
 * back as it stands (lines too long, control characters …) `whole` becomes false and it
 * goes back as a text. Returns 0, or -1: EX_CONFIG (hostname or domain is
 * none), EX_SOFTWARE (nobody to send it to, no outcome or too many, a bad id, an
 * answer as original), EX_OSERR (no memory, or out's limit).
 */
int report_begin(struct delivery_report *r, struct buf *out, struct err *e);

/*
 * The original's next bytes behind its header's blank line, CRLF as in the
 * queue; only where `whole` is still set. Returns 0, or -1 (EX_DATAERR) where they
 * cannot go back in a mail as they are: throw away what was put so far and
 * begin again with `whole` false. EX_OSERR as above.
 */
int report_body(struct delivery_report *r, const char *bytes, size_t len,
    struct buf *out, struct err *e);

/* The end of it. 0, or -1 (EX_OSERR). */
int report_end(struct delivery_report *r, struct buf *out, struct err *e);

/*
 * Who the report goes from and to, into an envelope that was given to
 * envelope_init: the null sender, one recipient with NOTIFY=NEVER (RFC 3461
 * 6.1). 0, or -1 (EX_SOFTWARE: nobody; EX_OSERR).
 */
int report_envelope(const struct delivery_report *r, struct envelope *v,
    struct err *e);

#endif
