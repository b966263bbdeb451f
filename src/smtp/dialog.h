/*
 * dialog.h - the turns of an SMTP session (RFC 5321; pipelining: RFC 2920).
 *
 * Each step of the dialog is a row of a table: how it is said, how its answer
 * is heard, how long that may take, and whether anything may be said before
 * it was heard. There is one loop for all: with PIPELINING its window is
 * larger than one.
 *
 *	session_open	greeting, EHLO, STARTTLS, AUTH: once for a connection
 *	session_send	MAIL, RCPT, DATA, the message: once for each message
 *	session_close	QUIT, where it was not said behind the dot already
 */
#ifndef OUTTRAY_SMTP_DIALOG_H
#define OUTTRAY_SMTP_DIALOG_H

#include "base/buf.h"
#include "base/err.h"
#include "deliver/verdict.h"
#include "settings/settings.h"
#include "smtp/auth.h"
#include "smtp/dial.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"
#include "smtp/tls.h"
#include "smtp/transfer.h"
#include "smtp/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum step {
	STEP_GREETING, STEP_EHLO, STEP_HELO, STEP_STARTTLS, STEP_AUTH, STEP_AUTH_MORE,
	STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_RSET, STEP_DOT, STEP_QUIT,
	STEP_COUNT,
	STEP_WAIT,	/* nothing can be said before an answer was heard */
	STEP_END	/* nothing more is to be said */
};

/* Steps said whose answers are due: the window of the pipeline. */
enum { WINDOW = 500 };

struct said {
	enum step step;
	size_t    who;		/* for RCPT: the recipient's number */
};

/* Why the server did not do what we wanted. */
struct trouble {
	struct err e;			/* text "" = there was none */
	int        code;		/* the server's, 0 where it was not an answer */
	char       dsn[REPLY_DSN_MAX];
	char       step[16];		/* as in struct verdict */
};

/* One connection. */
struct session {
	const struct settings *settings;
	const struct host     *host;
	char            relay[VERDICT_RELAY_MAX];
	struct wire     wire;
	struct tls     *tls_ready;	/* made ready, not yet on the wire; ours */
	bool            local;		/* nobody else can listen in */
	bool            encrypted, logged_in;
	bool            closing;	/* there is nobody to say QUIT to */
	struct ehlo     ehlo;
	struct reply    reply;		/* the last answer */
	int64_t         deadline;	/* clock_milliseconds: until the final dot */
	struct trouble  trouble;
	bool            noted;		/* the step in hand has told its trouble */

	struct auth       auth;
	struct auth_given given;
	struct buf        auth_line, binding;

	/* The dialog: what comes next, and what was said and not answered. */
	enum step   next;
	struct said said[WINDOW];
	size_t      first_said, count_said;
	bool        halted;
	int64_t     since;		/* the last answer was heard, or the first said */

	/* The transaction. */
	struct transfer *transfer;
	bool        utf8, eight_bit;	/* to be said with MAIL */
	size_t      cursor;		/* recipients before it were named */
	size_t      named, accepted;	/* in this transaction */
	bool        failed;		/* MAIL was refused: no message goes out */
	bool        data_said, dot_said;
	bool        last;		/* no other message follows: QUIT behind the dot */
};

/*
 * Take over the connected socket and get as far as MAIL. Returns 0, or -1
 * with s->trouble; all of it is trouble of the server or the login, none of a message. In
 * any case session_close must follow. `deadline` is for this call alone.
 */
int session_open(struct session *s, const struct settings *settings,
    const struct host *h, int fd, const char *relay, int64_t deadline);

/*
 * Send one message to those recipients that are WAITING. What the server decided is
 * decided in *t. Returns 0, or -1 with s->trouble when the session is of no
 * more use. Recipients may be left WAITING then, or after 0 where the server had a
 * temporary reason (s->trouble) not to take the message.
 */
int session_send(struct session *s, struct transfer *t, bool last,
    int64_t deadline);

/* Say QUIT if there is still somebody to say it to, close, and free all. */
void session_close(struct session *s);

#endif
