/*
 * Header fields that must fit: what is in order stays, what is too long is
 * folded, what is not ASCII is encoded, and addresses are never touched.
 */
#include "mail/field.h"

#include "check.h"

#include <stdlib.h>

/* "~N c~" in a case is N times the byte c. */
static void
expand(const char *text, struct buf *out)
{
	while (*text != '\0') {
		if (*text != '~') {
			buf_putc(out, *text++);
			continue;
		}
		char *behind;
		unsigned long n = strtoul(text + 1, &behind, 10);

		while (n-- > 0)
			buf_putc(out, behind[1]);
		text = behind + 3;
	}
}

static const struct {
	const char *name, *field;
	bool        ascii, fits;
	const char *wanted;		/* NULL: as it was */
} cases[] = {
	{ "plain", "Subject: hello there\r\n", true, true, NULL },
	{ "998 bytes stay", "Subject: ~988 a~ \r\n", true, true, NULL },
	{ "UTF-8 stays where it may", "Subject: \xc3\xbc\r\n", false, true, NULL },
	{ "no field", "From someone \xc3\xbc\r\n", true, true, NULL },
	{ "a word", "Subject: gr\xc3\xbc\xc3\x9f dich\r\n", true, true,
	  "Subject: =?utf-8?Q?gr=C3=BC=C3=9F?= dich\r\n" },
	{ "no blank before the value", "Subject:\xc3\xbc\r\n", true, true,
	  "Subject: =?utf-8?Q?=C3=BC?=\r\n" },
	{ "words together", "Subject: a \xc3\xbc  \xc3\xa4 b\r\n", true, true,
	  "Subject: a =?utf-8?Q?=C3=BC__=C3=A4?= b\r\n" },
	{ "behind an encoded word", "Subject: =?utf-8?Q?a?= \xc3\xbc\r\n", true, true,
	  "Subject: =?utf-8?Q?a?= =?utf-8?Q?_=C3=BC?=\r\n" },
	{ "before an encoded word", "Subject: \xc3\xbc =?utf-8?Q?a?=\r\n", true, true,
	  "Subject: =?utf-8?Q?=C3=BC_?= =?utf-8?Q?a?=\r\n" },
	{ "folded already", "Subject: a\r\n \xc3\xbc\r\n\tb\r\n", true, true,
	  "Subject: a\r\n =?utf-8?Q?=C3=BC?=\r\n\tb\r\n" },
	{ "no UTF-8", "Subject: \xfc\r\n", true, true,
	  "Subject: =?iso-8859-1?Q?=FC?=\r\n" },
	{ "a long text", "Subject: ~60 a~ ~60 b~ ~900 c~\r\n", true, true,
	  "Subject: ~60 a~\r\n ~60 b~\r\n ~900 c~\r\n" },
	{ "display names", "To: J\xc3\xbcrgen M <j@x.test>, \"A \xc3\xa4, b\" <a@x>\r\n",
	  true, true, "To: =?utf-8?Q?J=C3=BCrgen?= M <j@x.test>, "
	  "=?utf-8?Q?A_=C3=A4=2C_b?= <a@x>\r\n" },
	{ "a name without blank", "To: \"\xc3\xa4\"<a@x>\r\n", true, true,
	  "To: =?utf-8?Q?=C3=A4?= <a@x>\r\n" },
	{ "a comment", "To: a@x (\xc3\xa4 b \\\xc3\xbc)\r\n", true, true,
	  "To: a@x (=?utf-8?Q?=C3=A4?= b =?utf-8?Q?=C3=BC?=)\r\n" },
	{ "an at sign in a name", "To: j\xc3\xbc@home <j@x>\r\n", true, true,
	  "To: =?utf-8?Q?j=C3=BC=40home?= <j@x>\r\n" },
	{ "an address", "To: <j\xc3\xbc@x>\r\n", true, false, NULL },
	{ "a bare address", "To: a@x, j\xc3\xbc@x\r\n", true, false, NULL },
	{ "a quoted local part", "To: \"j \xc3\xbc\"@x\r\n", true, false, NULL },
	{ "an address that may stay", "To: <j\xc3\xbc@x>\r\n", false, true, NULL },
	{ "a list without blanks", "To: ~500 a~@x,~500 b~@x\r\n", true, true,
	  "To: ~500 a~@x,\r\n ~500 b~@x\r\n" },
	{ "a comma in quotes", "To: \"x,y\" <~500 a~@x>,\"u, v\" <~500 b~@x>\r\n", true,
	  true, "To: \"x,y\"\r\n <~500 a~@x>,\r\n \"u, v\"\r\n <~500 b~@x>\r\n" },
	{ "a file's name", "Content-Disposition: attachment; filename=\"\xc3\xbc b.pdf\"\r\n",
	  true, true, "Content-Disposition: attachment; filename*=utf-8''%C3%BC%20b.pdf\r\n" },
	{ "an unquoted name", "Content-Type: a/b; name=\xc3\xbc b.pdf; x=y\r\n", true,
	  true, "Content-Type: a/b; name*=utf-8''%C3%BC%20b.pdf; x=y\r\n" },
	{ "a type with more behind it", "Content-Type: a/b \xc3\xbc =x; c=d\r\n", true,
	  true, "Content-Type: a/b =?utf-8?Q?=C3=BC?= =x; c=d\r\n" },
	{ "a boundary is left alone", "Content-Type: a/b; boundary=\xc3\xbc\r\n", true,
	  false, NULL },
	{ "an open quote", "To: \"\xc3\xbc <a@x>\r\n", true, true,
	  "To: \" =?utf-8?Q?=C3=BC?= <a@x>\r\n" },
};

static void
check_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct field_rules rules = { cases[i].ascii, "iso-8859-1" };
		struct buf field, wanted, out;

		buf_init(&field, 10000);
		buf_init(&wanted, 10000);
		buf_init(&out, 10000);
		expand(cases[i].field, &field);
		expand(cases[i].wanted != NULL ? cases[i].wanted : cases[i].field,
		    &wanted);
		check(field_fit(field.data, field.len, &rules, &out) ==
		    cases[i].fits, cases[i].name);
		check_text(buf_text(&out), wanted.data, cases[i].name);
		buf_free(&field);
		buf_free(&wanted);
		buf_free(&out);
	}
}

/* Whatever is too long becomes lines that fit. */
static void
check_lengths(void)
{
	static const char *const fields[] = {
		"Subject: ~3000 a~\r\n", "Subject: a~2000  ~b\r\n",
		"X: ~900 a~~90  ~~900 b~\r\n", "To: \"~3000 a~\" <b@x>\r\n",
		"Content-Type: a/b; name=\"~3000 a~\"\r\n",
		"To: (~3000 a~) b@x\r\n", "Cc: ~1500 ,~\r\n",
	};
	struct field_rules rules = { false, "unknown-8bit" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct buf field, out;

		buf_init(&field, 10000);
		buf_init(&out, 100000);
		expand(fields[i], &field);
		check(field_fit(field.data, field.len, &rules, &out) &&
		    !lines_too_long(buf_text(&out), out.len), fields[i]);
		buf_free(&field);
		buf_free(&out);
	}
}

static void
check_borders(void)
{
	check(field_length("A: b\r\n c\r\n\td\r\nE: f\r\n", 22) == 14, "folded");
	check(field_length("A: b", 4) == 4, "without end");
	check(field_is("To : b\r\n", 8, "to"), "a blank before the colon");
	check(!field_is("Tom: b\r\n", 8, "to"), "a longer name");
	check(!field_begins("x y: z", 6) && !field_begins(": z", 3) &&
	    field_begins("x: z", 4), "what begins a field");
}

int
main(void)
{
	check_cases();
	check_lengths();
	check_borders();
	return check_end();
}
