#include "smtp/dialog.h"

#include "base/clock.h"
#include "base/io.h"
#include "smtp/steps.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct row {
	const char *name;	/* as in verdicts */
	int  seconds;		/* for the answer (RFC 5321, 4.5.3.2) */
	bool halts;		/* nothing may be said before its answer */
	int (*say)(struct session *s, struct err *e);
	int (*hear)(struct session *s, size_t who, struct err *e);
};

static const struct row rows[STEP_COUNT] = {
	[STEP_GREETING]  = { "greeting", 300, true,  NULL,         hear_greeting },
	[STEP_EHLO]      = { "EHLO",     300, true,  say_ehlo,     hear_ehlo },
	[STEP_HELO]      = { "HELO",     300, true,  say_helo,     hear_helo },
	[STEP_STARTTLS]  = { "STARTTLS", 120, true,  say_starttls, hear_starttls },
	[STEP_AUTH]      = { "AUTH",     120, true,  say_auth,     hear_auth },
	[STEP_AUTH_MORE] = { "AUTH",     120, true,  say_auth,     hear_auth },
	[STEP_MAIL]      = { "MAIL",     300, false, say_mail,     hear_mail },
	[STEP_RCPT]      = { "RCPT",     300, false, say_rcpt,     hear_rcpt },
	[STEP_DATA]      = { "DATA",     120, true,  say_data,     hear_data },
	[STEP_RSET]      = { "RSET",     300, false, say_rset,     hear_rset },
	[STEP_DOT]       = { "dot",      600, false, say_dot,      hear_dot },
	[STEP_QUIT]      = { "QUIT",       2, true,  say_quit,     hear_quit },
};

enum { COMMANDS_AHEAD = 32 * 1024 };	/* bytes, before some are sent */

/* What is said and heard, for -v. */

static void
show(const struct session *s, const char *mark, const char *text, size_t len)
{
	struct buf line;

	if (!s->settings->job_verbose)
		return;
	buf_init(&line, WIRE_LINE_MAX + 16);
	buf_puts(&line, mark);
	buf_put_printable(&line, text, len);
	buf_putc(&line, '\n');
	if (!line.full)
		(void)io_write(STDERR_FILENO, line.data, line.len); /* nobody minds */
	buf_free(&line);
}

void
remark(const struct session *s, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap); /* cut is fine */
	va_end(ap);
	show(s, "... ", text, strlen(text));
}

void
command(struct session *s, const char *format, ...)
{
	char text[2048];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(text)) {
		s->wire.out.full = true;	/* wire_send will refuse it */
		return;
	}
	show(s, ">>> ", text, (size_t)len);
	buf_put(&s->wire.out, text, (size_t)len);
	buf_puts(&s->wire.out, "\r\n");
}

void
secret_command(struct session *s, const struct buf *line, const char *shown)
{
	show(s, ">>> ", shown, strlen(shown));
	buf_put(&s->wire.out, buf_text(line), line->len);
	buf_puts(&s->wire.out, "\r\n");
}

/* A challenge tells too much: with our nonce passwords can be tried at home. */
static void
show_answer(const struct session *s, const char *line, size_t len)
{
	if (len > 3 && memcmp(line, "334", 3) == 0)
		show(s, "<<< ", "334 ***", 7);
	else
		show(s, "<<< ", line, len);
}

/* Trouble. */

int
refused(const struct session *s, int status, struct err *e)
{
	struct buf words;

	buf_init(&words, ERR_TEXT_MAX);
	reply_words(&s->reply, &words);
	(void)err_set(e, status, "%s", words.len > 0 ? buf_text(&words) :
	    "refused without a word");
	buf_free(&words);
	return -1;
}

static void
set_trouble(struct session *s, const char *step, const struct err *e, bool answered)
{
	s->trouble.e = *e;
	s->trouble.code = answered ? s->reply.code : 0;
	s->trouble.dsn[0] = '\0';
	if (answered)
		reply_dsn(&s->reply, s->trouble.dsn);
	(void)snprintf(s->trouble.step, sizeof(s->trouble.step), "%s", step);
	s->noted = true;
}

void
note_answer(struct session *s, enum step step, int status)
{
	struct err e;

	(void)refused(s, status, &e);
	set_trouble(s, rows[step].name, &e, true);
}

void
note_trouble(struct session *s, const char *step, const struct err *e)
{
	set_trouble(s, step, e, false);
}

/* Hearing. */

int64_t
step_deadline(const struct session *s, enum step step)
{
	int64_t until = clock_milliseconds() + rows[step].seconds * INT64_C(1000);

	if (step == STEP_DOT)
		return clock_milliseconds() +
		    (int64_t)s->settings->dot_timeout_seconds * 1000;
	/* A last word to who has what he wanted: that is ours to wait for. */
	if (step == STEP_QUIT && s->transfer != NULL && s->transfer->undecided == 0)
		return until;
	return s->deadline < until ? s->deadline : until;
}

/* Lines that have arrived: 1 a whole answer, 0 not yet, -1 no answer at all. */
static int
take_lines(struct session *s, struct err *e)
{
	const char *line;
	size_t len;
	int complete = 0;

	while (complete == 0 && wire_line(&s->wire, &line, &len)) {
		show_answer(s, line, len);
		complete = reply_feed(&s->reply, line, len, e);
	}
	return complete;
}

static int
read_reply(struct session *s, enum step step, struct err *e)
{
	int64_t until = step_deadline(s, step);
	int complete;

	reply_reset(&s->reply);
	while ((complete = take_lines(s, e)) == 0)
		if (wire_wait(&s->wire, until, e) != 0)
			return -1;
	return complete < 0 ? -1 : 0;
}

bool
early_refusal(struct session *s, struct err *e)
{
	reply_reset(&s->reply);
	return take_lines(s, e) == 1 && reply_class(&s->reply) >= 4;
}

/*
 * Something that we did not ask for. That the server is about to close may be said at any
 * time; all else would be taken for the answer to the next command.
 */
static int
out_of_turn(struct session *s, struct err *e)
{
	s->closing = true;
	if (early_refusal(s, e) && s->reply.code == 421)
		return refused(s, EX_TEMPFAIL, e);
	return err_set(e, EX_PROTOCOL, "the server said more than it was asked for");
}

static int
hear_one(struct session *s, struct err *e)
{
	struct said heard = s->said[s->first_said];
	int next;

	if (read_reply(s, heard.step, e) != 0) {
		s->closing = true;
		note_trouble(s, rows[heard.step].name, e);
		return -1;
	}
	s->first_said = (s->first_said + 1) % WINDOW;
	s->count_said--;
	if (rows[heard.step].halts)
		s->halted = false;
	/* It closes: whatever this was the answer to, nothing more will come. */
	if (s->reply.code == 421)
		s->closing = true;
	if (s->closing && heard.step < STEP_DOT)
		next = refused(s, EX_TEMPFAIL, e);
	else
		next = rows[heard.step].hear(s, heard.who, e);
	if (next < 0 && !s->noted)
		set_trouble(s, rows[heard.step].name, e, true);
	if (next >= 0 && next != STEP_WAIT)
		s->next = (enum step)next;
	return next < 0 ? -1 : 0;
}

/* Saying. */

static bool
may_say(const struct session *s)
{
	if (s->next == STEP_WAIT || s->next == STEP_END)
		return false;
	if (s->count_said == 0)
		return true;
	return s->ehlo.pipelining && !s->halted && s->count_said < WINDOW &&
	    s->wire.out.len < COMMANDS_AHEAD;
}

static int
say_one(struct session *s, struct err *e)
{
	enum step step = s->next;
	size_t at = (s->first_said + s->count_said) % WINDOW;
	int next = STEP_WAIT;

	if (s->count_said == 0 && step != STEP_GREETING &&
	    wire_has_input(&s->wire)) {
		next = out_of_turn(s, e);
	} else {
		s->said[at].step = step;
		s->said[at].who = s->cursor;
		s->count_said++;
		s->halted = rows[step].halts;
		if (rows[step].say != NULL)
			next = rows[step].say(s, e);
	}
	if (next < 0 && !s->noted)
		note_trouble(s, rows[step].name, e);
	if (next >= 0)
		s->next = rows[step].halts ? STEP_WAIT : (enum step)next;
	return next < 0 ? -1 : 0;
}

/*
 * Say and hear until nothing is left to say and all is answered. -1 with
 * s->trouble when the session has ended before.
 */
static int
run(struct session *s, enum step first)
{
	struct err e = { 0 };
	int result = 0;

	s->next = first;
	while (result == 0) {
		s->noted = false;
		while (result == 0 && may_say(s))
			result = say_one(s, &e);
		/* The answer to QUIT is for session_close: nobody waits for it. */
		if (result == 0 && (s->count_said == 0 ||
		    s->said[s->first_said].step == STEP_QUIT))
			return 0;
		if (result == 0)
			result = hear_one(s, &e);
	}
	/* Answers that are still due would be taken for others. */
	if (s->count_said > 0)
		s->closing = true;
	return -1;
}

/* A server that waits for TLS says nothing, or what is no greeting. */
static void
hint_at_tls(struct trouble *t)
{
	(void)err_set(&t->e, t->e.status, "%s (if this port speaks TLS from the "
	    "start: [smtp] tls = implicit)", t->e.text);
}

int
session_open(struct session *s, const struct settings *settings,
    const struct host *h, int fd, const char *relay, int64_t deadline)
{
	enum tls_mode mode;
	struct err e = { 0 };

	memset(s, 0, sizeof(*s));
	s->settings = settings;
	s->host = h;
	s->deadline = deadline;
	(void)snprintf(s->relay, sizeof(s->relay), "%s", relay);
	wire_init(&s->wire, fd);
	reply_init(&s->reply);
	buf_init(&s->auth_line, AUTH_LINE_MAX);
	buf_init(&s->binding, 256);
	s->local = dial_is_local(fd);
	remark(s, "connected to %s", relay);

	mode = tls_mode_for(settings, h, s->local);
	if (mode != TLS_OFF) {
		/* The greeting is on its way; meanwhile there is work to do. */
		s->tls_ready = tls_new(settings, h->name, &e);
		if (s->tls_ready == NULL) {
			note_trouble(s, "TLS", &e);
			return -1;
		}
	}
	if (mode == TLS_IMPLICIT && hello_tls(s, &e) != 0)
		return -1;
	if (run(s, STEP_GREETING) == 0)
		return 0;
	if (mode != TLS_IMPLICIT && s->reply.code == 0 &&
	    strcmp(s->trouble.step, rows[STEP_GREETING].name) == 0)
		hint_at_tls(&s->trouble);
	return -1;
}

int
session_send(struct session *s, struct transfer *t, bool last, int64_t deadline)
{
	struct err e;
	int result = 0;

	s->transfer = t;
	s->last = last;
	s->deadline = deadline;
	s->trouble.e.text[0] = '\0';
	s->dot_said = false;
	if (transaction_possible(s)) {
		result = run(s, STEP_MAIL);
		if (result != 0)
			transaction_lost(s);
	}
	if (transfer_tell(t, false, &e) != 0) {
		note_trouble(s, "dot", &e);
		return -1;
	}
	return result;
}

void
session_close(struct session *s)
{
	struct err ignored;

	if (s->wire.fd >= 0 && !s->closing && s->count_said == 0)
		(void)run(s, STEP_QUIT);
	/* Unread answers at close(2) would reset the connection under them. */
	while (!s->closing && s->count_said > 0)
		s->closing = hear_one(s, &ignored) != 0;
	wire_free(&s->wire);
	tls_free(s->tls_ready);
	auth_free(&s->auth);
	reply_free(&s->reply);
	buf_free(&s->auth_line);
	buf_free(&s->binding);
}
