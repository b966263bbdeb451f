#include "smtp/agent.h"

#include "base/clock.h"
#include "smtp/dialog.h"
#include "smtp/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SESSIONS_PER_HOST = 3,	/* addresses that answered, but not well */
	UNLIMITED_SECONDS = 24 * 60 * 60
};

/* What became of the hosts tried so far; the last one's trouble leads. */
struct attempts {
	struct trouble last;
	char           relay[VERDICT_RELAY_MAX];
	struct buf     story;	/* "relay: why; relay: why" */
	size_t         hosts;
};

static void
note_attempt(struct attempts *a, const struct trouble *t, const char *relay)
{
	a->last = *t;
	(void)snprintf(a->relay, sizeof(a->relay), "%s", relay);
	if (a->hosts++ > 0)
		buf_puts(&a->story, "; ");
	buf_printf(&a->story, "%s: %s: ", relay, t->step);
	if (t->code > 0)
		buf_printf(&a->story, "%d ", t->code);
	buf_puts(&a->story, t->e.text);
}

static void
note_failure(struct attempts *a, const char *step, const struct err *e,
    const char *relay)
{
	struct trouble t;

	memset(&t, 0, sizeof(t));
	t.e = *e;
	(void)snprintf(t.step, sizeof(t.step), "%s", step);
	note_attempt(a, &t, relay);
}

/* Nobody took it for these: later, and why. */
static void
put_off(struct transfer *t, const struct attempts *a)
{
	const struct trouble *last = &a->last;
	struct verdict v;

	memset(&v, 0, sizeof(v));
	v.kind = VERDICT_LATER;
	v.status = last->e.status != 0 ? last->e.status : EX_TEMPFAIL;
	v.code = last->code;
	memcpy(v.dsn, last->dsn, sizeof(v.dsn));
	memcpy(v.step, last->step, sizeof(v.step));
	memcpy(v.relay, a->relay, sizeof(v.relay));
	/* One host: its relay, step and code are fields of their own. */
	verdict_set_text(&v, a->hosts > 1 ? buf_text(&a->story) : last->e.text);
	transfer_decide_all(t, WAITING, &v);
}

/* What a session ended with. */
enum outcome {
	DONE,		/* nobody is left, or no other host would do better */
	NEXT_ADDRESS,	/* it never got as far as the message */
	NEXT_HOST
};

/*
 * One connection. A refused login is not tried elsewhere: the account, not
 * the host, is at fault, and more failures lock it.
 */
static enum outcome
try_session(struct session *s, const struct settings *settings,
    struct transfer *t, const struct host *h, int fd, const char *relay,
    int64_t open_deadline, int64_t deadline, struct attempts *a)
{
	enum outcome result = NEXT_HOST;

	if (session_open(s, settings, h, fd, relay, open_deadline) != 0) {
		result = s->trouble.e.status == EX_NOPERM ||
		    s->trouble.e.status == EX_CONFIG ? DONE : NEXT_ADDRESS;
	} else if (session_send(s, t, true, deadline) == 0 &&
	    s->trouble.e.text[0] == '\0' && t->undecided > 0) {
		(void)err_set(&s->trouble.e, EX_TEMPFAIL,
		    "the server took no more recipients");
		(void)snprintf(s->trouble.step, sizeof(s->trouble.step), "RCPT");
	}
	if (t->undecided == 0)
		result = DONE;
	else
		note_attempt(a, &s->trouble, relay);
	session_close(s);
	return result;
}

static enum outcome
try_host(struct session *s, const struct settings *settings, struct transfer *t,
    const struct host *h, int64_t open_deadline, int64_t deadline,
    struct attempts *a)
{
	enum outcome result = NEXT_ADDRESS;
	char relay[VERDICT_RELAY_MAX];
	struct dial d;
	struct err e;

	(void)snprintf(relay, sizeof(relay), "%s%s", h->is_path ? "unix:" : "",
	    h->name);
	if (dial_lookup(&d, h, open_deadline, &e) != 0) {
		note_failure(a, "lookup", &e, relay);
		return NEXT_HOST;
	}
	for (int i = 0; i < SESSIONS_PER_HOST && result == NEXT_ADDRESS &&
	    d.next < d.count; i++) {
		int fd = dial_connect(&d, settings, open_deadline, relay, &e);

		if (fd < 0)
			note_failure(a, "connect", &e, relay);
		else
			result = try_session(s, settings, t, h, fd, relay,
			    open_deadline, deadline, a);
	}
	return result;
}

/* The time of a host that does not answer is the time of those behind it. */
static int64_t
share(int64_t deadline, const char *rest, unsigned port)
{
	int64_t now = clock_milliseconds();
	struct host h;
	struct err ignored;
	int hosts = 1;

	while (host_next(&h, &rest, port, &ignored) > 0)
		hosts++;
	return deadline > now ? now + (deadline - now) / hosts : deadline;
}

static int64_t
job_deadline(const struct settings *settings)
{
	uint64_t limit = settings->job_deadline_milliseconds;

	/* None given: then only each step's own time counts. */
	if (limit == 0 || limit > UNLIMITED_SECONDS * UINT64_C(1000))
		limit = UNLIMITED_SECONDS * UINT64_C(1000);
	return clock_milliseconds() + (int64_t)limit;
}

int
agent_run(const struct settings *settings, struct transfer *t, struct err *e)
{
	int64_t deadline = job_deadline(settings);
	const char *list = settings->smtp_host;
	unsigned port = (unsigned)settings->smtp_port;
	struct attempts a = { .hosts = 0 };
	enum outcome result = NEXT_HOST;
	struct session *s = malloc(sizeof(*s));
	struct host h;
	int more = 0;

	buf_init(&a.story, ERR_TEXT_MAX * 4);
	if (s == NULL)
		return err_set(e, EX_OSERR, "no memory for a session");
	while (result != DONE && (more = host_next(&h, &list, port, e)) > 0)
		result = try_host(s, settings, t, &h, share(deadline, list, port),
		    deadline, &a);
	if (more < 0)
		note_failure(&a, "settings", e, "");
	else if (a.hosts == 0 && t->undecided > 0) {
		(void)err_set(e, EX_CONFIG, "[smtp] host is not set");
		note_failure(&a, "settings", e, "");
	}
	put_off(t, &a);
	buf_free(&a.story);
	free(s);
	return transfer_tell(t, false, e);
}

bool
agent_needs_openssl(const struct settings *settings)
{
	const char *list = settings->smtp_host;
	struct host h;
	struct err ignored;

	if (settings->user[0] != '\0' && settings->auth != AUTH_OFF &&
	    settings->auth != AUTH_PLAIN && settings->auth != AUTH_LOGIN &&
	    settings->auth != AUTH_XOAUTH2)
		return true;
	while (host_next(&h, &list, (unsigned)settings->smtp_port, &ignored) > 0)
		if (tls_mode_for(settings, &h, host_is_local(&h)) != TLS_OFF)
			return true;
	return false;
}
