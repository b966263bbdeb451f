#include "smtp/auth.h"

#include "base/base64.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	COMMAND_MAX = 510,	/* RFC 5321 (4.5.3.1.4), without CRLF */
	SECRET_MAX = 8192,	/* what fits a line in base64, and more */
	NAMES_MAX = 200,	/* of the offered, in an error's text */
	WORDS_MAX = 512,	/* of the server */
	FAULT_MAX = 400		/* of an OAuth error */
};

enum {
	WANTS_USER = 1,
	WANTS_SECRET = 2,
	WANTS_TLS = 4,		/* shows the secret to the network */
	WANTS_BINDING = 8,
	WANTS_MD5 = 16,
	BY_NAME = 32,		/* AUTH_AUTO does not take it */
	SERVER_FIRST = 64,	/* has no initial response */
	ALONE = 128,		/* never sends it with the command */
	TOKEN = 256		/* the secret is a token, named so in errors */
};

/*
 * The answer to a challenge (decoded; for the initial response there is
 * none) is put to `out`, not encoded. `a->step` is 0 for the first.
 * 0, or -1: the exchange is cancelled.
 */
typedef int answer_function(struct auth *a, const struct buf *challenge,
    struct buf *out, struct err *e);

struct auth_mechanism {
	const char      *name;
	enum auth_mode   mode;
	int              responses;	/* how many an exchange has at most */
	unsigned         wants;
	answer_function *answer;
};

static answer_function plain, login, cram_md5, scram, xoauth2, oauthbearer,
    external;

/* The strongest first: this order is AUTH_AUTO's. */
static const struct auth_mechanism mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS", AUTH_SCRAM_SHA_256, 3,
	    WANTS_USER | WANTS_SECRET | WANTS_BINDING, scram },
	{ "SCRAM-SHA-1-PLUS", AUTH_SCRAM_SHA_1, 3,
	    WANTS_USER | WANTS_SECRET | WANTS_BINDING, scram },
	{ "SCRAM-SHA-256", AUTH_SCRAM_SHA_256, 3,
	    WANTS_USER | WANTS_SECRET, scram },
	{ "SCRAM-SHA-1", AUTH_SCRAM_SHA_1, 3,
	    WANTS_USER | WANTS_SECRET, scram },
	{ "CRAM-MD5", AUTH_CRAM_MD5, 1,
	    WANTS_USER | WANTS_SECRET | WANTS_MD5 | SERVER_FIRST, cram_md5 },
	{ "PLAIN", AUTH_PLAIN, 1,
	    WANTS_USER | WANTS_SECRET | WANTS_TLS, plain },
	{ "LOGIN", AUTH_LOGIN, 2,
	    WANTS_USER | WANTS_SECRET | WANTS_TLS | SERVER_FIRST, login },
	{ "XOAUTH2", AUTH_XOAUTH2, 2, BY_NAME | TOKEN | ALONE |
	    WANTS_USER | WANTS_SECRET | WANTS_TLS, xoauth2 },
	{ "OAUTHBEARER", AUTH_OAUTHBEARER, 2, BY_NAME | TOKEN |
	    WANTS_SECRET | WANTS_TLS, oauthbearer },
	{ "EXTERNAL", AUTH_EXTERNAL, 1, BY_NAME, external },
};

enum { MECHANISMS = sizeof(mechanisms) / sizeof(mechanisms[0]) };

void
auth_free(struct auth *a)
{
	buf_free(&a->first);
	buf_free(&a->fault);
	scram_free(&a->scram);
	memset(a, 0, sizeof(*a));
}

const char *
auth_name(const struct auth *a)
{
	return a->mechanism != NULL ? a->mechanism->name : "";
}

const char *
auth_shown(const struct auth *a)
{
	return a->shown;
}

/*
 * The choice
 */

/* The next name in `*offered`, which moves behind it; 0 at the end. */
static size_t
next_name(const char **offered, const char **name)
{
	static const char blanks[] = " \t\r\n=";	/* '=': old "AUTH=LOGIN" */

	*name = *offered + strspn(*offered, blanks);
	*offered = *name + strcspn(*name, blanks);
	return (size_t)(*offered - *name);
}

static bool
offers(const char *offered, const char *wanted)
{
	const char *name;
	size_t len;

	while ((len = next_name(&offered, &name)) > 0)
		if (len == strlen(wanted) && strncasecmp(name, wanted, len) == 0)
			return true;
	return false;
}

static bool
offers_binding(const char *offered)
{
	static const char plus[] = "-PLUS";
	const size_t plus_len = sizeof(plus) - 1;
	const char *name;
	size_t len;

	while ((len = next_name(&offered, &name)) > 0)
		if (len > plus_len &&
		    strncasecmp(name + len - plus_len, plus, plus_len) == 0)
			return true;
	return false;
}

static bool
has_binding(const struct auth_given *g)
{
	return g->binding_name != NULL && g->binding_name[0] != '\0' &&
	    g->binding != NULL && g->binding_len > 0;
}

static bool
md5_works(void)
{
	struct err ignored;
	struct buf out;
	bool works;

	buf_init(&out, 64);
	works = scram_hmac_md5("k", 1, "", 0, &out, &ignored) == 0;
	buf_free(&out);
	return works;
}

static bool
fits(const struct auth_mechanism *m, enum auth_mode mode, const char *offered,
    const struct auth_given *g)
{
	if (mode == AUTH_AUTO ? (m->wants & BY_NAME) != 0 : m->mode != mode)
		return false;
	if (!offers(offered, m->name))
		return false;
	if ((m->wants & WANTS_BINDING) != 0 && !has_binding(g))
		return false;
	if (mode != AUTH_AUTO)	/* what is missing is an error then */
		return true;
	return ((m->wants & WANTS_TLS) == 0 || g->confidential) &&
	    ((m->wants & WANTS_MD5) == 0 || md5_works());
}

static const char *
mode_name(enum auth_mode mode)
{
	const char *name = "this login";

	for (size_t i = 0; i < MECHANISMS; i++)
		if (mechanisms[i].mode == mode)
			name = mechanisms[i].name;
	return name;
}

static int
nothing_fits(enum auth_mode mode, const char *offered,
    const struct auth_given *g, struct err *e)
{
	bool clear = offers(offered, "PLAIN") || offers(offered, "LOGIN");
	const char *rest = offered, *first;

	if (next_name(&rest, &first) == 0)
		return err_set(e, EX_NOPERM, "the server offers no login "
		    "(AUTH)%s", g->confidential ? "" : " on this connection: "
		    "set [smtp] tls = starttls or implicit");
	if (mode != AUTH_AUTO)
		return err_set(e, EX_NOPERM, "the server does not offer AUTH "
		    "%s, only %.*s: set [smtp] auth to one of these",
		    mode_name(mode), NAMES_MAX, offered);
	if (clear && !g->confidential)
		return err_set(e, EX_CONFIG, "no password is sent over an "
		    "unencrypted connection (the server offers AUTH %.*s): "
		    "use [smtp] tls, or allow_plaintext_auth = yes",
		    NAMES_MAX, offered);
	return err_set(e, EX_NOPERM, "none of the logins that the server offers "
	    "(AUTH %.*s) can be chosen by itself: set [smtp] auth",
	    NAMES_MAX, offered);
}

/* Printable ASCII without blanks: no token can become anything else. */
static bool
token_valid(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] <= ' ' || b->data[i] > '~')
			return false;
	return true;
}

static const char *
secret_name(const struct auth_mechanism *m)
{
	return (m->wants & TOKEN) != 0 ? "access token" : "password";
}

static int
check_given(const struct auth_mechanism *m, const struct auth_given *g,
    struct err *e)
{
	const char *what = secret_name(m);

	for (const char *c = g->user; *c != '\0'; c++)
		if ((*c > 0 && *c < ' ') || *c == 0x7f)
			return err_set(e, EX_CONFIG,
			    "[smtp] user has a control character");
	if ((m->wants & WANTS_USER) != 0 && g->user[0] == '\0')
		return err_set(e, EX_CONFIG, "AUTH %s needs [smtp] user",
		    m->name);
	if ((m->wants & WANTS_SECRET) == 0)
		return 0;
	if (g->secret == NULL || g->secret->len == 0)
		return err_set(e, EX_CONFIG, "AUTH %s needs the %s of user %s: "
		    "set [smtp] password_file", m->name, what, g->user);
	if (g->secret->len > SECRET_MAX)
		return err_set(e, EX_CONFIG, "the %s has more than %d bytes",
		    what, SECRET_MAX);
	if (memchr(g->secret->data, '\0', g->secret->len) != NULL)
		return err_set(e, EX_CONFIG, "the %s has a NUL byte", what);
	if ((m->wants & TOKEN) != 0 && !token_valid(g->secret))
		return err_set(e, EX_CONFIG, "the access token has a blank or "
		    "another character that no token has");
	if ((m->wants & WANTS_TLS) != 0 && !g->confidential)
		return err_set(e, EX_CONFIG, "AUTH %s would show the %s to the "
		    "network: use [smtp] tls, or allow_plaintext_auth = yes",
		    m->name, what);
	return 0;
}

int
auth_choose(struct auth *a, enum auth_mode mode, const char *offered,
    const struct auth_given *given, struct err *e)
{
	memset(a, 0, sizeof(*a));
	buf_init(&a->first, AUTH_LINE_MAX);
	buf_init(&a->fault, FAULT_MAX);
	if (mode == AUTH_OFF)
		return err_set(e, EX_SOFTWARE, "a login was begun that is off");
	for (size_t i = 0; i < MECHANISMS && a->mechanism == NULL; i++)
		if (fits(&mechanisms[i], mode, offered, given))
			a->mechanism = &mechanisms[i];
	if (a->mechanism == NULL)
		return nothing_fits(mode, offered, given, e);
	a->given = given;

	/* By "y" a server sees that its offer of -PLUS was cut out on the way. */
	if ((a->mechanism->wants & WANTS_BINDING) != 0)
		a->binding = SCRAM_BINDING_USED;
	else if (has_binding(given) && !offers_binding(offered))
		a->binding = SCRAM_BINDING_UNUSED;
	return check_given(a->mechanism, given, e);
}

/*
 * The mechanisms
 */

static int
plain(struct auth *a, const struct buf *challenge, struct buf *out,
    struct err *e)
{
	(void)challenge;	/* has no meaning in PLAIN; is empty */
	(void)e;
	buf_putc(out, '\0');
	buf_puts(out, a->given->user);
	buf_putc(out, '\0');
	buf_put(out, a->given->secret->data, a->given->secret->len);
	a->complete = true;
	return 0;
}

/*
 * Two questions in the same order from every server; their words differ
 * ("Username:", "User Name", nothing), so nobody reads them.
 */
static int
login(struct auth *a, const struct buf *challenge, struct buf *out,
    struct err *e)
{
	(void)challenge;
	(void)e;
	if (a->step == 0) {
		buf_puts(out, a->given->user);
	} else {
		buf_put(out, a->given->secret->data, a->given->secret->len);
		a->complete = true;
	}
	return 0;
}

static int
cram_md5(struct auth *a, const struct buf *challenge, struct buf *out,
    struct err *e)
{
	const struct buf *secret = a->given->secret;

	if (challenge->len == 0)
		return err_set(e, EX_PROTOCOL,
		    "the server's CRAM-MD5 challenge is empty");
	buf_puts(out, a->given->user);
	buf_putc(out, ' ');
	a->complete = true;
	return scram_hmac_md5(secret->data, secret->len, challenge->data,
	    challenge->len, out, e);
}

static int
scram(struct auth *a, const struct buf *challenge, struct buf *out,
    struct err *e)
{
	const struct auth_given *g = a->given;
	int result;

	if (a->step == 0) {
		struct scram_login first = {
			.digest = a->mechanism->mode == AUTH_SCRAM_SHA_1 ?
			    SCRAM_SHA_1 : SCRAM_SHA_256,
			.user = g->user,
			.password = g->secret->data,
			.password_len = g->secret->len,
			.binding = a->binding,
			.binding_name = g->binding_name,
			.binding_bytes = g->binding,
			.binding_len = g->binding_len,
			.nonce = g->nonce,
		};

		return scram_first(&a->scram, &first, out, e);
	}
	result = scram_next(&a->scram, buf_text(challenge), challenge->len,
	    out, e);
	a->complete = scram_proved(&a->scram);
	return result;
}

/* The server explains in JSON why it refuses, and wants an answer to that. */
static void
hear_fault(struct auth *a, const struct buf *challenge)
{
	size_t len = challenge->len < FAULT_MAX ? challenge->len : FAULT_MAX;

	a->complete = false;
	buf_reset(&a->fault);
	buf_put_printable(&a->fault, buf_text(challenge), len);
}

static int
xoauth2(struct auth *a, const struct buf *challenge, struct buf *out,
    struct err *e)
{
	(void)e;
	if (a->step > 0) {
		hear_fault(a, challenge);
		return 0;
	}
	buf_printf(out, "user=%s\001auth=Bearer ", a->given->user);
	buf_put(out, a->given->secret->data, a->given->secret->len);
	buf_puts(out, "\001\001");
	a->complete = true;
	return 0;
}

static int
oauthbearer(struct auth *a, const struct buf *challenge, struct buf *out,
    struct err *e)
{
	const struct auth_given *g = a->given;

	(void)e;
	if (a->step > 0) {
		hear_fault(a, challenge);
		buf_putc(out, '\001');	/* RFC 7628 (3.2.3) */
		return 0;
	}
	buf_puts(out, "n,");
	if (g->user[0] != '\0')
		buf_puts(out, "a=");
	scram_print_name(g->user, strlen(g->user), out);
	buf_puts(out, ",\001");
	if (g->host != NULL && g->host[0] != '\0')
		buf_printf(out, "host=%s\001", g->host);
	if (g->port != 0)
		buf_printf(out, "port=%u\001", g->port);
	buf_puts(out, "auth=Bearer ");
	buf_put(out, g->secret->data, g->secret->len);
	buf_puts(out, "\001\001");
	a->complete = true;
	return 0;
}

static int
external(struct auth *a, const struct buf *challenge, struct buf *out,
    struct err *e)
{
	(void)challenge;
	(void)e;
	buf_puts(out, a->given->user);	/* none: who the certificate says */
	a->complete = true;
	return 0;
}

/*
 * The exchange
 */

/* The response to a challenge, in base64, in place of what `line` held. */
static int
respond(struct auth *a, const struct buf *challenge, struct buf *line,
    struct err *e)
{
	struct buf response;
	int result;

	buf_init(&response, AUTH_LINE_MAX);
	buf_reset(line);
	result = a->mechanism->answer(a, challenge, &response, e);
	a->step++;
	base64_print(response.data, response.len, line);
	if (result == 0 && (response.full || line->full ||
	    line->len > AUTH_LINE_MAX - 2))
		result = err_set(e, EX_CONFIG, "user and %s are too long for "
		    "AUTH %s", secret_name(a->mechanism), auth_name(a));
	buf_free(&response);
	return result;
}

int
auth_command(struct auth *a, struct buf *line, struct err *e)
{
	const struct auth_mechanism *m = a->mechanism;
	const struct buf nothing = { .len = 0 };

	(void)snprintf(a->shown, sizeof(a->shown), "AUTH %s", m->name);
	buf_reset(line);
	buf_puts(line, a->shown);
	if ((m->wants & SERVER_FIRST) != 0)
		return 0;
	if (respond(a, &nothing, &a->first, e) != 0)
		return -1;
	if (a->first.len == 0)
		buf_putc(&a->first, '=');	/* RFC 4954 (4): empty, but there */
	if ((m->wants & ALONE) == 0 &&
	    line->len + 1 + a->first.len <= COMMAND_MAX) {
		buf_putc(line, ' ');
		buf_put(line, a->first.data, a->first.len);
		buf_free(&a->first);
		(void)snprintf(a->shown, sizeof(a->shown), "AUTH %s ***", m->name);
	}
	return 0;
}

/* What the words of the large providers mean, for those who meet them first. */
static const char *
remedy(const char *words)
{
	static const struct {
		const char *code, *remedy;
	} table[] = {
		{ "5.7.139", " (Microsoft: logins by password are switched off "
		    "for this mailbox or organisation: use auth = xoauth2)" },
		{ "5.7.30", " (Microsoft: logins by password are no longer "
		    "taken: use auth = xoauth2)" },
		{ "5.7.57", " (Microsoft: the login is missing or switched off "
		    "for this mailbox)" },
		{ "5.7.9", " (Google: needs an app password, or auth = xoauth2)" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *at = strstr(words, table[i].code);
		size_t len = strlen(table[i].code);

		if (at != NULL && (at[len] < '0' || at[len] > '9'))
			return table[i].remedy;
	}
	return "";
}

static int
refused(struct auth *a, int code, const char *text, size_t len, struct err *e)
{
	int status = code >= 500 && code < 600 ? EX_NOPERM :
	    code >= 400 && code < 500 ? EX_TEMPFAIL : EX_PROTOCOL;
	struct buf words;

	buf_init(&words, WORDS_MAX);
	for (size_t i = 0; i < len && i < WORDS_MAX; i++)
		buf_putc(&words, text[i] == '\n' ? ' ' : text[i]);
	(void)err_set(e, status, "%s AUTH %s of %s: %d %s%s%s%s",
	    status == EX_PROTOCOL ? "no answer that is one to" :
	    "the server refused", auth_name(a),
	    a->given->user[0] != '\0' ? a->given->user : "the certificate",
	    code, buf_text(&words), a->fault.len > 0 ? ": " : "",
	    buf_text(&a->fault), remedy(buf_text(&words)));
	buf_free(&words);
	return -1;
}

/* 334: `line` becomes the response. 0, or -1: the exchange is to be cancelled. */
static int
hear_challenge(struct auth *a, const char *text, size_t len, struct buf *line,
    struct err *e)
{
	struct buf challenge;
	int result;

	if (a->first.len > 0) {
		buf_put(line, a->first.data, a->first.len);
		buf_free(&a->first);
		return 0;
	}
	if (a->step >= a->mechanism->responses)
		return err_set(e, EX_PROTOCOL, "the server asks for more than "
		    "AUTH %s has to say", auth_name(a));
	buf_init(&challenge, AUTH_LINE_MAX);
	if (len > AUTH_LINE_MAX || base64_parse(text, len, &challenge) != 0)
		result = err_set(e, EX_PROTOCOL, "the server's challenge for "
		    "AUTH %s is %s", auth_name(a),
		    len > AUTH_LINE_MAX ? "too long" : "not base64");
	else
		result = respond(a, &challenge, line, e);
	buf_free(&challenge);
	return result;
}

int
auth_hear(struct auth *a, int code, const char *text, size_t len,
    struct buf *line, struct err *e)
{
	buf_reset(line);
	for (; len > 0 && text[0] == ' '; len--)
		text++;
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\r'))
		len--;
	if (a->cancelled) {
		*e = a->failure;
		return -1;
	}
	if (code == 235)
		return a->complete ? 0 : err_set(e, EX_PROTOCOL, "the server "
		    "said yes before AUTH %s was at its end, so it has not "
		    "shown who it is", auth_name(a));
	if (code != 334)
		return refused(a, code, text, len, e);

	if (hear_challenge(a, text, len, line, &a->failure) != 0) {
		a->cancelled = true;
		buf_reset(line);
		buf_putc(line, '*');
	}
	(void)snprintf(a->shown, sizeof(a->shown), "%s",
	    a->cancelled ? "*" : line->len > 0 ? "***" : "");
	return 1;
}
