/* Display names of passwd entries, -F and $NAME, as a header can hold them. */
#include "mail/name.h"

#include "check.h"

static const struct {
	const char *name, *wanted;
} cases[] = {
	{ "", "" },
	{ "Joe", "Joe" },
	{ "Joe Doe", "Joe Doe" },
	{ "O'Neill-Smith", "O'Neill-Smith" },
	{ "!#$%&'*+-/=?^_`{|}~", "!#$%&'*+-/=?^_`{|}~" },
	{ "=?utf-8?Q?J=C3=B6rg?=", "=?utf-8?Q?J=C3=B6rg?=" },
	{ "J. Doe", "\"J. Doe\"" },
	{ "Doe, Joe", "\"Doe, Joe\"" },
	{ "Joe <root@x>", "\"Joe <root@x>\"" },
	{ "Joe (ops)", "\"Joe (ops)\"" },
	{ "a:b;c[d]", "\"a:b;c[d]\"" },
	{ "The \"Boss\"", "\"The \\\"Boss\\\"\"" },
	{ "back\\slash", "\"back\\\\slash\"" },
	{ "\"", "\"\\\"\"" },
	{ "a\r\nBcc: v@evil.example", "\"a  Bcc: v@evil.example\"" },
	{ "a\tb", "\"a b\"" },
	{ "a\033[1mb\177", "\"a [1mb \"" },
	{ "J\303\266rg", "=?utf-8?Q?J=C3=B6rg?=" },
	{ "J\303\266rg Doe", "=?utf-8?Q?J=C3=B6rg_Doe?=" },
	{ "\303\266 <a@b>, \"c\" _ = ?", "=?utf-8?Q?=C3=B6_=3Ca=40b=3E=2C_"
	    "=22c=22_=5F_=3D_?= =?utf-8?Q?=3F?=" },
	{ "\303\266\r\nBcc: v", "=?utf-8?Q?=C3=B6__Bcc=3A_v?=" },
	{ "\360\237\223\247", "=?utf-8?Q?=F0=9F=93=A7?=" },
	/* Latin-1, cut characters, and what only looks like UTF-8 (RFC 3629). */
	{ "J\366rg", "=?unknown-8bit?Q?J=F6rg?=" },
	{ "a\303", "=?unknown-8bit?Q?a=C3?=" },
	{ "\342\202", "=?unknown-8bit?Q?=E2=82?=" },
	{ "\300\200", "=?unknown-8bit?Q?=C0=80?=" },
	{ "\340\200\200", "=?unknown-8bit?Q?=E0=80=80?=" },
	{ "\355\240\200", "=?unknown-8bit?Q?=ED=A0=80?=" },
	{ "\360\200\200\200", "=?unknown-8bit?Q?=F0=80=80=80?=" },
	{ "\364\220\200\200", "=?unknown-8bit?Q?=F4=90=80=80?=" },
	{ "\377", "=?unknown-8bit?Q?=FF?=" },
};

/* RFC 2047, 2: an encoded word has at most 75 bytes, and whole characters. */
static void
check_long(const char *character, const char *encoded, const char *name)
{
	char text[400] = "";
	struct buf out;
	size_t words = 0, characters = 0;

	for (size_t len = 0; len + strlen(character) < sizeof(text);
	    len += strlen(character))
		memcpy(text + len, character, strlen(character) + 1);
	buf_init(&out, 10000);
	name_print(text, &out);
	for (char *word = out.data, *end; word != NULL; word = end) {
		end = strstr(word, "?= ");
		if (end != NULL) {
			end[2] = '\0';
			end += 3;
		}
		words++;
		check(strlen(word) <= 75, name);
		for (char *c = word; (c = strstr(c, encoded)) != NULL;
		    c += strlen(encoded))
			characters++;
	}
	check(words > 3, "it takes several words");
	check_number((long long)characters,
	    (long long)(strlen(text) / strlen(character)), "all are there, whole");
	buf_free(&out);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out;

		buf_init(&out, 1000);
		name_print(cases[i].name, &out);
		check_text(buf_text(&out), cases[i].wanted, cases[i].name);
		buf_free(&out);
	}
	check_long("\303\266", "=C3=B6", "two bytes each");
	check_long("\342\202\254", "=E2=82=AC", "three bytes each");
	check_long("\360\237\223\247", "=F0=9F=93=A7", "four bytes each");
	check_long("\366", "=F6", "no UTF-8");
	return check_end();
}
