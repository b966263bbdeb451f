/*
 * hello.c - the steps before the first message: greeting, EHLO or HELO,
 * STARTTLS, AUTH.
 */
#include "smtp/steps.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OWN_NAME_MAX = 256 };

/* 4xx: this server, but not now. 5xx: not this server, until somebody mends it. */
static int
status_of_host(const struct session *s)
{
	switch (reply_class(&s->reply)) {
	case 4:  return EX_TEMPFAIL;
	case 5:  return EX_UNAVAILABLE;
	default: return EX_PROTOCOL;
	}
}

enum tls_mode
tls_mode_for(const struct settings *settings, const struct host *h, bool local)
{
	if (settings->tls != TLS_AUTO)
		return settings->tls;
	if (h->port == 465)
		return TLS_IMPLICIT;
	return local ? TLS_OFF : TLS_STARTTLS;
}

int
hear_greeting(struct session *s, size_t who, struct err *e)
{
	(void)who;
	if (s->reply.code != 220)
		return refused(s, status_of_host(s), e);
	return STEP_EHLO;
}

/*
 * RFC 5321, 4.1.4: a name that means us, else our address. "localhost" means
 * everybody, and strict servers refuse it.
 */
static void
own_name(const struct session *s, char *name, size_t size)
{
	struct buf host;

	buf_init(&host, OWN_NAME_MAX - 1);
	settings_hostname(s->settings, &host);
	if (!host.full && strchr(buf_text(&host), '.') != NULL &&
	    strncasecmp(buf_text(&host), "localhost", 9) != 0 &&
	    addr_domain_valid(buf_text(&host), host.len))
		memcpy(name, buf_text(&host), host.len + 1);
	else
		dial_own_literal(s->wire.fd, name, size);
	buf_free(&host);
}

static int
say_hello(struct session *s, const char *word)
{
	char name[OWN_NAME_MAX];

	own_name(s, name, sizeof(name));
	command(s, "%s %s", word, name);
	return STEP_WAIT;
}

int
say_ehlo(struct session *s, struct err *e)
{
	(void)e;
	return say_hello(s, "EHLO");
}

int
say_helo(struct session *s, struct err *e)
{
	(void)e;
	return say_hello(s, "HELO");
}

static bool
wants_tls(const struct session *s)
{
	return !s->encrypted &&
	    tls_mode_for(s->settings, s->host, s->local) == TLS_STARTTLS;
}

static bool
wants_login(const struct session *s)
{
	const struct settings *c = s->settings;

	return !s->logged_in && c->auth != AUTH_OFF &&
	    (c->user[0] != '\0' || c->auth == AUTH_EXTERNAL);
}

static int
begin_login(struct session *s, struct err *e)
{
	const struct settings *c = s->settings;
	struct auth_given *g = &s->given;

	memset(g, 0, sizeof(*g));
	g->user = c->user;
	g->secret = &c->password;
	g->host = s->host->is_path ? "" : s->host->name;
	g->port = s->host->port;
	g->confidential = s->encrypted || s->local || c->allow_plaintext_auth;
	g->binding_name = "";
	if (s->encrypted) {
		const char *name = tls_binding(s->wire.tls, &s->binding);

		g->binding_name = name != NULL ? name : "";
		g->binding = name != NULL ? s->binding.data : NULL;
		g->binding_len = name != NULL ? s->binding.len : 0;
	}
	auth_free(&s->auth);
	if (auth_choose(&s->auth, c->auth, s->ehlo.auth, g, e) != 0 ||
	    auth_command(&s->auth, &s->auth_line, e) != 0) {
		note_trouble(s, "AUTH", e);
		return -1;
	}
	return STEP_AUTH;
}

int
hear_ehlo(struct session *s, size_t who, struct err *e)
{
	(void)who;
	if (reply_class(&s->reply) == 5 && !wants_tls(s) && !wants_login(s))
		return STEP_HELO;
	if (s->reply.code != 250)
		return refused(s, status_of_host(s), e);
	ehlo_parse(&s->ehlo, buf_text(&s->reply.text));
	if (wants_tls(s)) {
		if (s->ehlo.starttls)
			return STEP_STARTTLS;
		(void)err_set(e, EX_UNAVAILABLE, "the server offers no STARTTLS; "
		    "nothing was sent without it (see [smtp] tls)");
		note_trouble(s, "EHLO", e);
		return -1;
	}
	return wants_login(s) ? begin_login(s, e) : STEP_END;
}

int
hear_helo(struct session *s, size_t who, struct err *e)
{
	(void)who;
	memset(&s->ehlo, 0, sizeof(s->ehlo));
	if (s->reply.code != 250)
		return refused(s, status_of_host(s), e);
	return STEP_END;
}

int
say_starttls(struct session *s, struct err *e)
{
	(void)e;
	command(s, "STARTTLS");
	return STEP_WAIT;
}

int
hello_tls(struct session *s, struct err *e)
{
	struct buf what;

	memset(&s->ehlo, 0, sizeof(s->ehlo));
	if (tls_handshake(s->tls_ready, s->wire.fd, s->deadline, e) != 0) {
		s->closing = true;
		note_trouble(s, "TLS", e);
		return -1;
	}
	s->wire.tls = s->tls_ready;
	s->tls_ready = NULL;
	s->encrypted = true;
	if (s->settings->job_verbose) {
		buf_init(&what, 256);
		tls_describe(s->wire.tls, &what);
		remark(s, "%s", buf_text(&what));
		buf_free(&what);
	}
	return 0;
}

int
hear_starttls(struct session *s, size_t who, struct err *e)
{
	(void)who;
	if (s->reply.code != 220)
		return refused(s, status_of_host(s), e);
	/*
	 * Whoever sits between us and the server can put answers here; behind the
	 * handshake they would pass for the server's own (CVE-2021-38371).
	 */
	if (wire_has_input(&s->wire)) {
		s->closing = true;
		(void)err_set(e, EX_PROTOCOL, "something was said in plain text "
		    "behind the answer to STARTTLS; this is an attack or a broken "
		    "server");
		note_trouble(s, "STARTTLS", e);
		return -1;
	}
	return hello_tls(s, e) != 0 ? -1 : STEP_EHLO;
}

int
say_auth(struct session *s, struct err *e)
{
	(void)e;
	secret_command(s, &s->auth_line, auth_shown(&s->auth));
	return STEP_WAIT;
}

int
hear_auth(struct session *s, size_t who, struct err *e)
{
	int more = auth_hear(&s->auth, s->reply.code, buf_text(&s->reply.text),
	    s->reply.text.len, &s->auth_line, e);

	(void)who;
	if (more == 1)
		return STEP_AUTH_MORE;
	buf_free(&s->auth_line);
	if (more < 0)
		return -1;
	s->logged_in = true;
	return STEP_END;
}
