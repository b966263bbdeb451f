#include "smtp/auth.h"

#include "check.h"

#include <string.h>

static struct buf secret;

static struct auth_given
given(const char *user, const char *password)
{
	struct auth_given g = { .user = user, .secret = &secret, .host = "h",
		.port = 587, .confidential = true,
		.nonce = "rOprNGfwEbeRWgbNEkqO" };

	buf_reset(&secret);
	buf_puts(&secret, password);
	return g;
}

static struct auth_given
bound(struct auth_given g)
{
	g.binding_name = "tls-exporter";
	g.binding = "\0\1\2\xff";
	g.binding_len = 4;
	return g;
}

/*
 * Which one is taken
 */

enum { CLEAR = 1, BOUND = 2 };	/* not confidential; with channel binding */

static const struct {
	const char    *why;
	enum auth_mode mode;
	const char    *offered;
	int            how;
	const char    *name;	/* NULL: refused … */
	int            status;	/* … with this */
	const char    *says;	/* … and this in the sentence */
} choices[] = {
	{ "the strongest", AUTH_AUTO, "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 "
	    "SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS", BOUND,
	    "SCRAM-SHA-256-PLUS", 0, "" },
	{ "bound before longer digest", AUTH_AUTO,
	    "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", BOUND, "SCRAM-SHA-1-PLUS", 0, "" },
	{ "no binding, no -PLUS", AUTH_AUTO,
	    "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1", 0,
	    "SCRAM-SHA-256", 0, "" },
	{ "SCRAM-SHA-1", AUTH_AUTO, "CRAM-MD5 SCRAM-SHA-1 PLAIN", 0,
	    "SCRAM-SHA-1", 0, "" },
	{ "CRAM-MD5 before PLAIN", AUTH_AUTO, "PLAIN CRAM-MD5", 0,
	    "CRAM-MD5", 0, "" },
	{ "PLAIN before LOGIN", AUTH_AUTO, "LOGIN PLAIN", 0, "PLAIN", 0, "" },
	{ "LOGIN alone", AUTH_AUTO, "LOGIN", 0, "LOGIN", 0, "" },
	{ "any case", AUTH_AUTO, "gssapi  plain ", 0, "PLAIN", 0, "" },
	{ "the old form", AUTH_AUTO, "=LOGIN PLAIN", 0, "PLAIN", 0, "" },
	{ "in clear: no PLAIN", AUTH_AUTO, "PLAIN LOGIN", CLEAR,
	    NULL, EX_CONFIG, "allow_plaintext_auth" },
	{ "in clear: CRAM-MD5", AUTH_AUTO, "PLAIN LOGIN CRAM-MD5", CLEAR,
	    "CRAM-MD5", 0, "" },
	{ "in clear: SCRAM", AUTH_AUTO, "PLAIN SCRAM-SHA-256", CLEAR,
	    "SCRAM-SHA-256", 0, "" },
	{ "tokens never by itself", AUTH_AUTO, "XOAUTH2 OAUTHBEARER EXTERNAL",
	    0, NULL, EX_NOPERM, "XOAUTH2 OAUTHBEARER EXTERNAL" },
	{ "nothing known", AUTH_AUTO, "GSSAPI NTLM", 0, NULL, EX_NOPERM,
	    "GSSAPI NTLM" },
	{ "nothing offered", AUTH_AUTO, "", 0, NULL, EX_NOPERM,
	    "offers no login" },
	{ "nothing offered in clear", AUTH_PLAIN, " ", CLEAR, NULL, EX_NOPERM,
	    "starttls" },
	{ "a part of a name is no name", AUTH_AUTO, "PLAINTEXT XPLAIN PLAI", 0,
	    NULL, EX_NOPERM, "PLAINTEXT" },
	{ "by name", AUTH_LOGIN, "PLAIN LOGIN SCRAM-SHA-256", 0, "LOGIN", 0, "" },
	{ "by name, not offered", AUTH_SCRAM_SHA_256, "PLAIN LOGIN", 0, NULL,
	    EX_NOPERM, "AUTH SCRAM-SHA-256, only PLAIN LOGIN" },
	{ "by name, bound", AUTH_SCRAM_SHA_1,
	    "SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS", BOUND,
	    "SCRAM-SHA-1-PLUS", 0, "" },
	{ "PLAIN by name in clear", AUTH_PLAIN, "PLAIN", CLEAR, NULL, EX_CONFIG,
	    "password to the network" },
	{ "LOGIN by name in clear", AUTH_LOGIN, "LOGIN", CLEAR, NULL, EX_CONFIG,
	    "password to the network" },
	{ "a token in clear", AUTH_XOAUTH2, "XOAUTH2", CLEAR, NULL, EX_CONFIG,
	    "access token to the network" },
	{ "a token in clear", AUTH_OAUTHBEARER, "OAUTHBEARER", CLEAR, NULL,
	    EX_CONFIG, "access token to the network" },
	{ "XOAUTH2", AUTH_XOAUTH2, "PLAIN XOAUTH2", 0, "XOAUTH2", 0, "" },
	{ "OAUTHBEARER", AUTH_OAUTHBEARER, "OAUTHBEARER", 0, "OAUTHBEARER", 0,
	    "" },
	{ "EXTERNAL", AUTH_EXTERNAL, "EXTERNAL PLAIN", 0, "EXTERNAL", 0, "" },
	{ "off", AUTH_OFF, "PLAIN", 0, NULL, EX_SOFTWARE, "off" },
	{ "escapes in the offer", AUTH_AUTO, "\033[2J\r\nX", 0, NULL, EX_NOPERM,
	    "?[2J??X" },
};

static void
test_choices(void)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		struct auth_given g = given("user", "pencil");
		struct err e = { .status = 0 };
		struct auth a;
		int result;

		if ((choices[i].how & BOUND) != 0)
			g = bound(g);
		g.confidential = (choices[i].how & CLEAR) == 0;
		result = auth_choose(&a, choices[i].mode, choices[i].offered, &g,
		    &e);
		if (choices[i].name != NULL) {
			check_number(result, 0, choices[i].why);
			check_text(auth_name(&a), choices[i].name,
			    choices[i].why);
		} else {
			check_number(result, -1, choices[i].why);
			check_number(e.status, choices[i].status,
			    choices[i].why);
			check(strstr(e.text, choices[i].says) != NULL, e.text);
		}
		auth_free(&a);
	}
}

/*
 * What is said
 */

struct turn {
	int         code;
	const char *text;	/* of the server */
	const char *line;	/* ours; NULL: the end */
};

#define SCRAM_COMMAND "AUTH SCRAM-SHA-256 " \
	"biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8="
#define SCRAM_CHALLENGE "cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ" \
	"1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY="
#define SCRAM_PROOF "Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFU" \
	"Q0FmdXhGSWxqKWhObEYkazAscD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc" \
	"3FtbWl6N0FuZFZRPQ=="
#define SCRAM_SIGNED "dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw" \
	"5NUc0PQ=="
#define SCRAM_FORGED "dj03cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw" \
	"5NUc0PQ=="

static const struct exchange {
	const char    *why;
	enum auth_mode mode;
	const char    *user, *secret;
	const char    *command;
	struct turn    turns[6];
	int            status;	/* 0: logged in */
	const char    *says;
} exchanges[] = {
	{ "PLAIN", AUTH_PLAIN, "user@x", "pa ss",
	    "AUTH PLAIN AHVzZXJAeABwYSBzcw==",
	    { { 235, "2.7.0 ok", NULL } }, 0, "" },
	{ "PLAIN refused", AUTH_PLAIN, "user@x", "pa ss",
	    "AUTH PLAIN AHVzZXJAeABwYSBzcw==",
	    { { 535, "5.7.8 no\nsecond line", NULL } }, EX_NOPERM,
	    "refused AUTH PLAIN of user@x: 535 5.7.8 no second line" },
	{ "PLAIN not now", AUTH_PLAIN, "user@x", "pa ss",
	    "AUTH PLAIN AHVzZXJAeABwYSBzcw==",
	    { { 454, "4.7.0 later", NULL } }, EX_TEMPFAIL, "454 4.7.0 later" },
	{ "PLAIN, an answer that is none", AUTH_PLAIN, "user@x", "pa ss",
	    "AUTH PLAIN AHVzZXJAeABwYSBzcw==",
	    { { 250, "fine", NULL } }, EX_PROTOCOL, "250" },
	{ "PLAIN, a challenge too many", AUTH_PLAIN, "user@x", "pa ss",
	    "AUTH PLAIN AHVzZXJAeABwYSBzcw==",
	    { { 334, "", "*" }, { 501, "5.7.0 cancelled", NULL } },
	    EX_PROTOCOL, "asks for more" },
	{ "yes to a cancelled login is no yes", AUTH_PLAIN, "user@x", "pa ss",
	    "AUTH PLAIN AHVzZXJAeABwYSBzcw==",
	    { { 334, "", "*" }, { 235, "welcome", NULL } },
	    EX_PROTOCOL, "asks for more" },
	{ "Microsoft", AUTH_PLAIN, "user@x", "pa ss",
	    "AUTH PLAIN AHVzZXJAeABwYSBzcw==",
	    { { 535, "5.7.139 Authentication unsuccessful", NULL } },
	    EX_NOPERM, "use auth = xoauth2" },
	{ "5.7.90 is not 5.7.9", AUTH_PLAIN, "user@x", "pa ss",
	    "AUTH PLAIN AHVzZXJAeABwYSBzcw==",
	    { { 535, "5.7.90 no", NULL } }, EX_NOPERM, "5.7.90 no" },

	{ "LOGIN", AUTH_LOGIN, "user@x", "pa ss", "AUTH LOGIN",
	    { { 334, "VXNlcm5hbWU6", "dXNlckB4" },
	    { 334, "UGFzc3dvcmQ6", "cGEgc3M=" }, { 235, "", NULL } }, 0, "" },
	{ "LOGIN, without words", AUTH_LOGIN, "user@x", "pa ss", "AUTH LOGIN",
	    { { 334, "", "dXNlckB4" }, { 334, "", "cGEgc3M=" },
	    { 235, "", NULL } }, 0, "" },
	{ "LOGIN, asking thrice", AUTH_LOGIN, "user@x", "pa ss", "AUTH LOGIN",
	    { { 334, "", "dXNlckB4" }, { 334, "", "cGEgc3M=" },
	    { 334, "UGFzc3dvcmQ6", "*" }, { 501, "", NULL } },
	    EX_PROTOCOL, "asks for more" },
	{ "LOGIN, yes before the password", AUTH_LOGIN, "user@x", "pa ss",
	    "AUTH LOGIN", { { 334, "", "dXNlckB4" }, { 235, "", NULL } },
	    EX_PROTOCOL, "before AUTH LOGIN was at its end" },
	{ "LOGIN, no such user", AUTH_LOGIN, "user@x", "pa ss", "AUTH LOGIN",
	    { { 334, "", "dXNlckB4" }, { 535, "who?", NULL } }, EX_NOPERM,
	    "535 who?" },
	{ "LOGIN, plain words", AUTH_LOGIN, "user@x", "pa ss", "AUTH LOGIN",
	    { { 334, "Username:", "*" }, { 501, "", NULL } }, EX_PROTOCOL,
	    "not base64" },

	{ "CRAM-MD5", AUTH_CRAM_MD5, "user@x", "pa ss", "AUTH CRAM-MD5",
	    { { 334, "PDFAeD4=", "dXNlckB4IDAzZjI5YzY4MTRlYzg3OWZlY2Q2MDljYWQ0Mm"
	    "ZiYTJk" }, { 235, "", NULL } }, 0, "" },
	{ "CRAM-MD5 of RFC 2195", AUTH_CRAM_MD5, "tim", "tanstaaftanstaaf",
	    "AUTH CRAM-MD5", { { 334, "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVz"
	    "dG9uLm1jaS5uZXQ+", "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzO"
	    "Dkw" }, { 235, "", NULL } }, 0, "" },
	{ "CRAM-MD5, nothing asked", AUTH_CRAM_MD5, "u", "p", "AUTH CRAM-MD5",
	    { { 334, "", "*" }, { 501, "", NULL } }, EX_PROTOCOL, "empty" },
	{ "CRAM-MD5, yes before all", AUTH_CRAM_MD5, "u", "p", "AUTH CRAM-MD5",
	    { { 235, "", NULL } }, EX_PROTOCOL, "before" },

	{ "SCRAM", AUTH_SCRAM_SHA_256, "user", "pencil", SCRAM_COMMAND,
	    { { 334, SCRAM_CHALLENGE, SCRAM_PROOF },
	    { 334, SCRAM_SIGNED, "" }, { 235, "", NULL } }, 0, "" },
	{ "SCRAM, blanks around", AUTH_SCRAM_SHA_256, "user", "pencil",
	    SCRAM_COMMAND, { { 334, " " SCRAM_CHALLENGE " ", SCRAM_PROOF },
	    { 334, SCRAM_SIGNED "\r", "" }, { 235, "", NULL } }, 0, "" },
	{ "SCRAM, wrong signature", AUTH_SCRAM_SHA_256, "user", "pencil",
	    SCRAM_COMMAND, { { 334, SCRAM_CHALLENGE, SCRAM_PROOF },
	    { 334, SCRAM_FORGED, "*" }, { 235, "", NULL } }, EX_PROTOCOL,
	    "does not know the password" },
	{ "SCRAM, no signature", AUTH_SCRAM_SHA_256, "user", "pencil",
	    SCRAM_COMMAND, { { 334, SCRAM_CHALLENGE, SCRAM_PROOF },
	    { 235, "", NULL } }, EX_PROTOCOL, "has not shown who it is" },
	{ "SCRAM, yes at once", AUTH_SCRAM_SHA_256, "user", "pencil",
	    SCRAM_COMMAND, { { 235, "", NULL } }, EX_PROTOCOL, "has not shown" },
	{ "SCRAM, 9,000,000 iterations", AUTH_SCRAM_SHA_256, "user", "pencil",
	    SCRAM_COMMAND, { { 334, "cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodixzPVcyMlp"
	    "hSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTkwMDAwMDA=", "*" },
	    { 501, "", NULL } }, EX_PROTOCOL, "9000000" },
	{ "SCRAM, another's nonce", AUTH_SCRAM_SHA_256, "user", "pencil",
	    SCRAM_COMMAND, { { 334, "cj14eHh4LHM9VzIyWmFKMFNOWTdzb0VzVUVqYjZnUT0"
	    "9LGk9NDA5Ng==", "*" }, { 501, "", NULL } }, EX_PROTOCOL, "nonce" },
	{ "SCRAM, refused", AUTH_SCRAM_SHA_256, "user", "pencil",
	    SCRAM_COMMAND, { { 334, SCRAM_CHALLENGE, SCRAM_PROOF },
	    { 535, "5.7.8 wrong", NULL } }, EX_NOPERM, "535 5.7.8 wrong" },
	{ "SCRAM, on and on", AUTH_SCRAM_SHA_256, "user", "pencil",
	    SCRAM_COMMAND, { { 334, SCRAM_CHALLENGE, SCRAM_PROOF },
	    { 334, SCRAM_SIGNED, "" }, { 334, "", "*" }, { 501, "", NULL } },
	    EX_PROTOCOL, "asks for more" },
	{ "SCRAM, with a Latin-1 password", AUTH_SCRAM_SHA_256, "user", "\xe4",
	    NULL, { { 0, NULL, NULL } }, EX_CONFIG, "UTF-8" },

	{ "XOAUTH2", AUTH_XOAUTH2, "user@x", "tok", "AUTH XOAUTH2",
	    { { 334, "", "dXNlcj11c2VyQHgBYXV0aD1CZWFyZXIgdG9rAQE=" },
	    { 235, "", NULL } }, 0, "" },
	{ "XOAUTH2 refused", AUTH_XOAUTH2, "user@x", "tok", "AUTH XOAUTH2",
	    { { 334, "", "dXNlcj11c2VyQHgBYXV0aD1CZWFyZXIgdG9rAQE=" },
	    { 334, "eyJzdGF0dXMiOiI0MDEifQ==", "" },
	    { 535, "5.7.8 no", NULL } }, EX_NOPERM,
	    "535 5.7.8 no: {\"status\":\"401\"}" },
	{ "XOAUTH2, yes after no", AUTH_XOAUTH2, "user@x", "tok", "AUTH XOAUTH2",
	    { { 334, "", "dXNlcj11c2VyQHgBYXV0aD1CZWFyZXIgdG9rAQE=" },
	    { 334, "eyJzdGF0dXMiOiI0MDEifQ==", "" }, { 235, "", NULL } },
	    EX_PROTOCOL, "before" },
	{ "XOAUTH2, explaining for ever", AUTH_XOAUTH2, "user@x", "tok",
	    "AUTH XOAUTH2",
	    { { 334, "", "dXNlcj11c2VyQHgBYXV0aD1CZWFyZXIgdG9rAQE=" },
	    { 334, "eyJ9", "" }, { 334, "eyJ9", "*" }, { 501, "", NULL } },
	    EX_PROTOCOL, "asks for more" },
	{ "XOAUTH2, escapes in the explanation", AUTH_XOAUTH2, "user@x", "tok",
	    "AUTH XOAUTH2",
	    { { 334, "", "dXNlcj11c2VyQHgBYXV0aD1CZWFyZXIgdG9rAQE=" },
	    { 334, "G1syShtbMko=", "" }, { 535, "no", NULL } }, EX_NOPERM,
	    "535 no: ?[2J?[2J" },
	{ "a token with a blank", AUTH_XOAUTH2, "user@x", "tok\nen", NULL,
	    { { 0, NULL, NULL } }, EX_CONFIG, "blank" },

	{ "OAUTHBEARER", AUTH_OAUTHBEARER, "user@x", "tok", "AUTH OAUTHBEARER "
	    "bixhPXVzZXJAeCwBaG9zdD1oAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHRvawEB",
	    { { 235, "", NULL } }, 0, "" },
	{ "OAUTHBEARER refused", AUTH_OAUTHBEARER, "user@x", "tok",
	    "AUTH OAUTHBEARER "
	    "bixhPXVzZXJAeCwBaG9zdD1oAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHRvawEB",
	    { { 334, "eyJzdGF0dXMiOiI0MDEifQ==", "AQ==" },
	    { 535, "no", NULL } }, EX_NOPERM, "{\"status\":\"401\"}" },

	{ "EXTERNAL, by the certificate", AUTH_EXTERNAL, "", "",
	    "AUTH EXTERNAL =", { { 235, "", NULL } }, 0, "" },
	{ "EXTERNAL, by name", AUTH_EXTERNAL, "user@x", "",
	    "AUTH EXTERNAL dXNlckB4", { { 235, "", NULL } }, 0, "" },
	{ "EXTERNAL refused", AUTH_EXTERNAL, "", "", "AUTH EXTERNAL =",
	    { { 535, "no", NULL } }, EX_NOPERM, "of the certificate" },

	{ "no user", AUTH_PLAIN, "", "p", NULL, { { 0, NULL, NULL } },
	    EX_CONFIG, "needs [smtp] user" },
	{ "no password", AUTH_PLAIN, "u", "", NULL, { { 0, NULL, NULL } },
	    EX_CONFIG, "password_file" },
	{ "a line break in the user", AUTH_PLAIN, "u\r\nMAIL", "p", NULL,
	    { { 0, NULL, NULL } }, EX_CONFIG, "control" },
};

/* The exchange up to its end; what the last call returned. */
static int
talk(const struct exchange *x, struct auth *a, struct buf *line, struct err *e)
{
	int result = 1;

	if (auth_command(a, line, e) != 0)
		return -1;
	check_text(buf_text(line), x->command, x->why);
	for (const struct turn *t = x->turns; result == 1; t++) {
		result = auth_hear(a, t->code, t->text, strlen(t->text), line, e);
		if (!check(result == 1 ? t->line != NULL : t->line == NULL,
		    "it goes on as long as it should"))
			return -1;
		if (result == 1)
			check_text(buf_text(line), t->line, x->why);
	}
	return result;
}

static void
test_exchanges(void)
{
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		const struct exchange *x = &exchanges[i];
		struct auth_given g = given(x->user, x->secret);
		struct err e = { .status = 0 };
		struct buf line;
		struct auth a;
		int result;

		buf_init(&line, AUTH_LINE_MAX);
		result = auth_choose(&a, x->mode, "PLAIN LOGIN CRAM-MD5 "
		    "SCRAM-SHA-256 XOAUTH2 OAUTHBEARER EXTERNAL", &g, &e);
		if (result == 0)
			result = talk(x, &a, &line, &e);
		check_number(result == 0 ? 0 : e.status, x->status, x->why);
		check(strstr(e.text, x->says) != NULL, e.text);
		auth_free(&a);
		buf_free(&line);
	}
}

/*
 * Flags, lengths, masks
 */

static const struct {
	const char    *why, *offered;
	enum auth_mode mode;
	bool           bound;
	const char    *command;
} flags[] = {
	{ "n without TLS", "SCRAM-SHA-256", AUTH_AUTO, false, SCRAM_COMMAND },
	{ "n without TLS, whatever is offered",
	    "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", AUTH_AUTO, false,
	    SCRAM_COMMAND },
	{ "y when the offer is missing", "SCRAM-SHA-256", AUTH_AUTO, true,
	    "AUTH SCRAM-SHA-256 eSwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=" },
	{ "n where the server can bind with another digest",
	    "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", AUTH_SCRAM_SHA_256, true,
	    SCRAM_COMMAND },
	{ "p when bound", "SCRAM-SHA-256 SCRAM-SHA-256-PLUS", AUTH_AUTO, true,
	    "AUTH SCRAM-SHA-256-PLUS cD10bHMtZXhwb3J0ZXIsLG49dXNlcixyPXJPcHJOR2Z"
	    "3RWJlUldnYk5Fa3FP" },
};

static void
test_flags(void)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct auth_given g = given("user", "pencil");
		struct err e;
		struct auth a;
		struct buf line;

		if (flags[i].bound)
			g = bound(g);
		buf_init(&line, AUTH_LINE_MAX);
		check_number(auth_choose(&a, flags[i].mode, flags[i].offered, &g,
		    &e), 0, flags[i].why);
		check_number(auth_command(&a, &line, &e), 0, flags[i].why);
		check_text(buf_text(&line), flags[i].command, flags[i].why);
		auth_free(&a);
		buf_free(&line);
	}
}

static void
test_long_secrets(void)
{
	static char text[9001];
	struct auth_given g;
	struct err e;
	struct auth a;
	struct buf line;

	buf_init(&line, AUTH_LINE_MAX);
	memset(text, 'a', 2000);
	g = given("u", text);
	check_number(auth_choose(&a, AUTH_PLAIN, "PLAIN", &g, &e), 0,
	    "a password of 2000 bytes");
	check_number(auth_command(&a, &line, &e), 0, "makes a command");
	check_text(buf_text(&line), "AUTH PLAIN", "without initial response");
	check_text(auth_shown(&a), "AUTH PLAIN", "shown as it is");
	check_number(auth_hear(&a, 334, "", 0, &line, &e), 1, "goes on");
	check(line.len == 2672 && strncmp(line.data, "AHUAYWFhYW", 10) == 0,
	    "with the response");
	check_number(auth_hear(&a, 235, "ok", 2, &line, &e), 0, "to the end");
	auth_free(&a);

	memset(text, 'a', 8000);
	g = given("u", text);
	check_number(auth_choose(&a, AUTH_OAUTHBEARER, "OAUTHBEARER", &g, &e), 0,
	    "a token of 8000 bytes");
	check_number(auth_command(&a, &line, &e), 0, "fits");
	check_number(auth_hear(&a, 334, "", 0, &line, &e), 1, "and goes");
	check(line.len > 10000 && line.len <= AUTH_LINE_MAX - 2, "in one line");
	auth_free(&a);

	memset(text, 'a', 9000);
	g = given("u", text);
	check_number(auth_choose(&a, AUTH_XOAUTH2, "XOAUTH2", &g, &e), -1,
	    "a token of 9000 bytes is too long");
	check_number(e.status, EX_CONFIG, "which is a matter of settings");
	auth_free(&a);

	g = given(text, "p");
	check_number(auth_choose(&a, AUTH_PLAIN, "PLAIN", &g, &e), 0, "a user");
	memset(text, 'a', 9000);
	check_number(auth_command(&a, &line, &e), 0, "of 9000 bytes just fits");
	auth_free(&a);

	buf_reset(&secret);
	buf_put(&secret, "a\0b", 3);
	g.user = "u";
	check_number(auth_choose(&a, AUTH_PLAIN, "PLAIN", &g, &e), -1,
	    "a NUL in the password is refused");
	auth_free(&a);
	buf_free(&line);
}

static void
test_hostile_challenges(void)
{
	static char text[100001];
	struct auth_given g = given("u", "p");
	struct err e;
	struct auth a;
	struct buf line;

	buf_init(&line, AUTH_LINE_MAX);
	memset(text, 'A', sizeof(text) - 1);
	check_number(auth_choose(&a, AUTH_CRAM_MD5, "CRAM-MD5", &g, &e), 0, "a");
	check_number(auth_command(&a, &line, &e), 0, "login");
	check_number(auth_hear(&a, 334, text, sizeof(text) - 1, &line, &e), 1,
	    "with a challenge of 100 kB");
	check_text(buf_text(&line), "*", "is cancelled");
	check_text(auth_shown(&a), "*", "visibly");
	check_number(auth_hear(&a, 334, "", 0, &line, &e), -1,
	    "and over, even if the server goes on");
	check(strstr(e.text, "too long") != NULL, e.text);
	auth_free(&a);
	buf_free(&line);
}

static void
test_masks(void)
{
	struct auth_given g = given("user@x", "pa ss");
	struct err e;
	struct auth a;
	struct buf line;

	buf_init(&line, AUTH_LINE_MAX);
	(void)auth_choose(&a, AUTH_PLAIN, "PLAIN", &g, &e);
	(void)auth_command(&a, &line, &e);
	check_text(auth_shown(&a), "AUTH PLAIN ***", "an initial response");
	auth_free(&a);

	(void)auth_choose(&a, AUTH_LOGIN, "LOGIN", &g, &e);
	(void)auth_command(&a, &line, &e);
	check_text(auth_shown(&a), "AUTH LOGIN", "a command alone");
	(void)auth_hear(&a, 334, "", 0, &line, &e);
	check_text(auth_shown(&a), "***", "a response");
	auth_free(&a);

	g = given("u@x", "t");
	(void)auth_choose(&a, AUTH_XOAUTH2, "XOAUTH2", &g, &e);
	(void)auth_command(&a, &line, &e);
	(void)auth_hear(&a, 334, "", 0, &line, &e);
	(void)auth_hear(&a, 334, "eyJ9", 4, &line, &e);
	check_text(auth_shown(&a), "", "an empty line");
	auth_free(&a);
	buf_free(&line);
}

int
main(void)
{
	buf_init(&secret, 100000);
	test_choices();
	test_exchanges();
	test_flags();
	test_long_secrets();
	test_hostile_challenges();
	test_masks();
	buf_free(&secret);
	return check_end();
}
