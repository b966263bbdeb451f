/* What servers offer in their answers to EHLO, and what of it is understood. */
#include "smtp/ehlo.h"

#include "check.h"

enum {
	PIPELINING = 1, STARTTLS = 2, EIGHT_BIT = 4, UTF8 = 8, DSN = 16, SIZE = 32
};

static const struct {
	const char *text;
	unsigned    can;
	uint64_t    size, recipients;
	const char *auth;
} cases[] = {
	{ "", 0, 0, 0, "" },
	{ "me.example", 0, 0, 0, "" },
	{ "PIPELINING", 0, 0, 0, "" },
	{ "me\nPIPELINING\nSTARTTLS\n8BITMIME\nSMTPUTF8\nDSN\nSIZE 1000",
	    PIPELINING | STARTTLS | EIGHT_BIT | UTF8 | DSN | SIZE, 1000, 0, "" },
	{ "me\npipelining\nStartTLS\n8bitmime", PIPELINING | STARTTLS | EIGHT_BIT,
	    0, 0, "" },
	{ "\nPIPELINING", PIPELINING, 0, 0, "" },
	{ "me\n\nPIPELINING\n", PIPELINING, 0, 0, "" },
	{ "me\nPIPELINING yes", PIPELINING, 0, 0, "" },
	{ "me\nPIPELININGS\nXDSN\nSTARTTL\n-DSN\n DSN", 0, 0, 0, "" },
	{ "me\nCHUNKING\nHELP\nVRFY\nX-ANONYMOUSTLS", 0, 0, 0, "" },
	{ "me\nSIZE", SIZE, 0, 0, "" },
	{ "me\nSIZE 0", SIZE, 0, 0, "" },
	{ "me\nSIZE=35882577", SIZE, 35882577, 0, "" },
	{ "me\nSIZE 12x", SIZE, 12, 0, "" },
	{ "me\nSIZE -1", SIZE, 0, 0, "" },
	{ "me\nSIZE x", SIZE, 0, 0, "" },
	{ "me\nSIZE 18446744073709551615", SIZE, UINT64_MAX, 0, "" },
	{ "me\nSIZE 99999999999999999999999999", SIZE, UINT64_MAX, 0, "" },
	{ "me\nSIZE 10\nSIZE 20", SIZE, 20, 0, "" },
	{ "me\nAUTH PLAIN LOGIN", 0, 0, 0, "PLAIN LOGIN" },
	{ "me\nAUTH=LOGIN PLAIN", 0, 0, 0, "LOGIN PLAIN" },
	{ "me\nAUTH PLAIN\nauth=LOGIN", 0, 0, 0, "PLAIN LOGIN" },
	{ "me\nAUTH", 0, 0, 0, "" },
	{ "me\nAUTH ", 0, 0, 0, "" },
	{ "me\nLIMITS RCPTMAX=20", 0, 0, 20, "" },
	{ "me\nLIMITS MAILMAX=5 rcptmax=100 RCPTDOMAINMAX=1", 0, 0, 100, "" },
	{ "me\nLIMITS RCPTMAX=", 0, 0, 0, "" },
	{ "me\nLIMITS RCPTMAX", 0, 0, 0, "" },
	{ "me\nLIMITS XRCPTMAX=3", 0, 0, 0, "" },
	{ "me\nLIMITS  RCPTMAX=7 ", 0, 0, 7, "" },
	{ "me\nLIMITS RCPTMAX=0", 0, 0, 0, "" },
};

static unsigned
what(const struct ehlo *o)
{
	return (o->pipelining ? PIPELINING : 0) | (o->starttls ? STARTTLS : 0) |
	    (o->eight_bit ? EIGHT_BIT : 0) | (o->smtputf8 ? UTF8 : 0) |
	    (o->dsn ? DSN : 0) | (o->size ? SIZE : 0);
}

static void
check_long(void)
{
	static char text[2000] = "me\nAUTH PLAIN\nAUTH ";
	struct ehlo o;
	size_t start = strlen(text);

	memset(text + start, 'X', EHLO_AUTH_MAX);
	ehlo_parse(&o, text);
	check_text(o.auth, "PLAIN", "a line that does not fit is left out whole");
	text[start + EHLO_AUTH_MAX - strlen("PLAIN") - 2] = '\0';
	ehlo_parse(&o, text);
	check_number((long long)strlen(o.auth), EHLO_AUTH_MAX - 1,
	    "one that just fits is kept");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;
		struct ehlo o;

		memset(&o, 0xff, sizeof(o));
		ehlo_parse(&o, text);
		check_number(what(&o), cases[i].can, text);
		check(o.size_limit == cases[i].size, "its size");
		check(o.recipients_limit == cases[i].recipients, "its limit");
		check_text(o.auth, cases[i].auth, "its mechanisms");
	}
	check_long();
	return check_end();
}
