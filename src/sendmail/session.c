#include "sendmail/session.h"

#include "base/io.h"
#include "sendmail/serve.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, REPLY_TEXT_MAX = 400 };

struct session {
	struct context   *context;
	struct submission submission;
	bool              begun;
};

static int
begin(void *self, const struct envelope *v, struct err *e)
{
	struct session *s = self;

	s->begun = true;
	return submission_begin(&s->submission, s->context, v, false, e);
}

static int
data(void *self, const char *bytes, size_t len, struct err *e)
{
	struct session *s = self;

	return submission_feed(&s->submission, bytes, len, e);
}

/*
 * RFC 5321 4.2.1 by what went wrong. There is one answer for all recipients;
 * where some got the message and some did not it says for ever: see session.h.
 */
static const char *
code_of(const struct report *r)
{
	if (r->refused > 0 || r->sent > 0 || r->kept > 0 || r->status == EX_DATAERR || r->status == EX_USAGE ||
	    r->status == EX_NOUSER)
		return "554 5.0.0";
	return "451 4.3.0";
}

static void
finish(void *self, struct buf *reply)
{
	struct session *s = self;
	struct report r;

	report_init(&r);
	submission_end(&s->submission, &r);
	if (r.status == 0) {
		buf_printf(reply, "250 2.0.0 Ok: %s %s",
		    r.kept > 0 ? "kept as" : "sent", r.id);
	} else {
		const char *text = buf_text(&r.lines);
		size_t len = strcspn(text, "\n");

		buf_printf(reply, "%s ", code_of(&r));
		if (r.sent > 0 || r.kept > 0)
			buf_printf(reply, "not for all: sent to %zu, kept for %zu; ",
			    r.sent, r.kept);
		buf_put_printable(reply, text,
		    len < REPLY_TEXT_MAX ? len : REPLY_TEXT_MAX);
	}
	report_free(&r);
}

/*
 * The agents and waiting processes of earlier messages that have ended by now:
 * nobody else asks for them before the session ends.
 */
static void
reap_ended(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static void
forget(void *self)
{
	struct session *s = self;

	if (s->begun)
		submission_free(&s->submission);
	s->begun = false;
	reap_ended();
}

static int
flush(struct serve *s)
{
	int result = io_write(STDOUT_FILENO, buf_text(&s->out), s->out.len);

	buf_reset(&s->out);
	return result;
}

/* What a client that says nothing is told. */
static int
say_timeout(void)
{
	static const char text[] = "421 4.4.2 Nothing was said for too long\r\n";

	(void)io_write(STDOUT_FILENO, text, sizeof(text) - 1); /* a courtesy */
	return EX_NOINPUT;
}

static int
converse(struct serve *s)
{
	static char bytes[READ_BYTES];
	ssize_t n;

	while (!s->quit) {
		if (flush(s) != 0)
			return EX_IOERR;
		if (io_wait_readable(STDIN_FILENO, SESSION_IDLE_SECONDS * 1000) == 0)
			return say_timeout();
		n = io_read(STDIN_FILENO, bytes, sizeof(bytes));
		if (n <= 0)
			return s->in_data ? EX_NOINPUT : n < 0 ? EX_IOERR : EX_OK;
		serve_feed(s, bytes, (size_t)n);
	}
	if (flush(s) != 0)
		return EX_IOERR;
	return s->gave_up ? EX_PROTOCOL : EX_OK;
}

int
session_run(struct context *c)
{
	struct session session = { .context = c, .begun = false };
	struct serve_sink sink = { &session, begin, data, finish, forget };
	struct serve s;
	int status;

	/* Only a folder takes every address; a server is not asked beforehand. */
	serve_init(&s, buf_text(&c->hostname), c->settings.max_size,
	    (size_t)c->settings.max_recipients,
	    c->settings.transport == TRANSPORT_PICKUP, &sink);
	status = converse(&s);
	serve_free(&s);
	return status;
}
