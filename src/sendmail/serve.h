/*
 * serve.h - the server's side of SMTP for sendmail -bs (RFC 5321, as a
 * submission service that asks for no login: the caller is known by his uid).
 *
 * It reads and writes no descriptor: bytes are fed in, answers gather in
 * `out`. Any number of commands may come at once (RFC 2920).
 *
 * A command line ends with CRLF or LF. How the line of the DATA command ended
 * decides how its message ends: after "DATA" CRLF only CRLF "." CRLF does,
 * after "DATA" LF a line of one dot with LF or CRLF. Everything else is text,
 * so no other form can smuggle in a second message.
 *
 * Programs pipe a whole session in without reading an answer. So DATA always
 * gets its 354, and where no message can be taken it is read to its end and
 * refused then (RFC 5321 3.3 leaves that open): the lines of a text whose
 * sender or recipients were refused must not be read as commands.
 */
#ifndef OUTTRAY_SENDMAIL_SERVE_H
#define OUTTRAY_SENDMAIL_SERVE_H

#include "base/buf.h"
#include "base/err.h"
#include "mail/envelope.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SERVE_LINE_MAX = 4096,	/* bytes of a command; a longer one gets 500 */
	SERVE_BAD_MAX = 20	/* commands in a row that are none: 421 */
};

/* Where messages go. `self` is given back with each call. */
struct serve_sink {
	void *self;
	/* The envelope is complete: 0, or -1 and the message is refused. */
	int  (*begin)(void *self, const struct envelope *v, struct err *e);
	/* Bytes of the message, dots undone. 0, or -1. */
	int  (*data)(void *self, const char *bytes, size_t len, struct err *e);
	/* The message has ended: put one reply line (no CRLF) to `reply`. */
	void (*finish)(void *self, struct buf *reply);
	/* The end of each message begun, also after begin failed or finish. */
	void (*forget)(void *self);
};

struct serve {
	struct serve_sink sink;
	const char *hostname;		/* the caller's; for greeting and EHLO */
	uint64_t    max_size;		/* bytes */
	bool        utf8;		/* offer SMTPUTF8 */

	struct buf  line;		/* a command that has not ended yet */
	bool        line_too_long;
	bool        greeted;		/* EHLO or HELO was said */
	bool        has_mail;		/* MAIL was accepted */
	struct envelope envelope;
	size_t      max_recipients;
	int         bad;		/* unknown commands in a row */

	bool        in_data;
	bool        crlf;		/* how the message must end */
	int         at;			/* where in a line of the message we are */
	char        last;		/* its byte before */
	uint64_t    size;		/* its bytes so far */
	bool        begun;		/* the sink has it */
	const char *refusal;		/* code of the answer to come, or NULL */
	struct err  why;		/* its text */

	bool        quit;		/* the session is over … */
	bool        gave_up;		/* … by our will */
	struct buf  out;		/* answers; the caller empties it */
};

/* Set up; the greeting is in s->out. */
void serve_init(struct serve *s, const char *hostname, uint64_t max_size_bytes,
    size_t max_recipients, bool utf8, const struct serve_sink *sink);
void serve_free(struct serve *s);

/* Take what came. After s->quit nothing more is taken. */
void serve_feed(struct serve *s, const char *bytes, size_t len);

#endif
