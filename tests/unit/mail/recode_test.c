/*
 * Messages for servers that take 7 bits, or 8, but no long lines: each whole
 * and byte by byte. In a case '\n' is CRLF, and "~" 1,000 times an x.
 */
#include "mail/recode.h"

#include "check.h"

#include <stdlib.h>

enum { EIGHT = 1, SAME = 2, BLOCKED = 4, ADDRESS = 8 };

static const struct {
	const char *name;
	int         rules;	/* EIGHT, and what comes of it; SAME: nothing needed */
	const char *input, *wanted;
} cases[] = {
	{ "plain", SAME, "A: b\n\nhello\n", NULL },
	{ "8 bit where it may be", EIGHT | SAME, "A: b\n\n\xc3\xbc\n", NULL },
	{ "no MIME, UTF-8", 0, "A: b\n\n\xc3\xbc and more of this\n",
	  "A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n=C3=BC and more of this\n" },
	{ "no MIME, no UTF-8", 0, "A: b\n\n\xfc and more of this\n",
	  "A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n=FC and more of this\n" },
	{ "no header", 0, "\n\xc3\xbcxxxxxxxxxxx\n",
	  "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n=C3=BCxxxxxxxxxxx\n" },
	{ "no blank line", 0, "A: b\n\xc3\xbcxxxxxxxxxxx\n",
	  "A: b\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n=C3=BCxxxxxxxxxxx\n" },
	{ "a charset stays", 0, "MIME-Version: 1.0\nContent-Type: text/html;\n"
	  " charset=koi8-r\nContent-Transfer-Encoding: 8bit\nB: c\n\n<p>\xc1 =20 </p>\n",
	  "MIME-Version: 1.0\nContent-Type: text/html;\n charset=koi8-r\nB: c\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n<p>=C1 =3D20 </p>\n" },
	{ "much of it is base64", 0, "MIME-Version: 1.0\nContent-Type: text/plain\n\n"
	  "\xfc\xfc\n", "MIME-Version: 1.0\nContent-Type: text/plain\n"
	  "Content-Transfer-Encoding: base64\n\n/PwNCg==\n" },
	{ "a part of a multipart", 0, "MIME-Version: 1.0\n"
	  "Content-Type: multipart/mixed; boundary=\"b b\"\n"
	  "Content-Transfer-Encoding: 8bit\n\npre\n--b b\n\nfirst\n--b b \n"
	  "Content-Type: text/plain\n\n\xc3\xbcxxxxxxxxxxxxx\n\n--b b--\nend\n",
	  "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b b\"\n"
	  "Content-Transfer-Encoding: 7bit\n\npre\n--b b\n\nfirst\n--b b \n"
	  "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n"
	  "=C3=BCxxxxxxxxxxxxx\n\n--b b--\nend\n" },
	{ "multiparts in each other", 0, "Content-Type: multipart/mixed; boundary=a\n\n"
	  "--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n\xfc\xfc\n"
	  "--b--\n\n--a\n\nx\n--b\n--a--\n",
	  "Content-Type: multipart/mixed; boundary=a\n\n"
	  "--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\n"
	  "Content-Transfer-Encoding: base64\n\n/Pw=\n"
	  "--b--\n\n--a\n\nx\n--b\n--a--\n" },
	{ "an inner multipart ends with the outer", 0,
	  "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
	  "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\xfc\xfc\n--a\n\n\xfc\xfc\n",
	  "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
	  "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	  "Content-Transfer-Encoding: base64\n\n/Pw=\n--a\n"
	  "Content-Transfer-Encoding: base64\n\n/PwNCg==\n" },
	{ "a boundary that never comes", 0,
	  "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n\n"
	  "--b\n\xc3\xbcxxxxxxxxxx\n--a--\n",
	  "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n"
	  "=2D-b\n=C3=BCxxxxxxxxxx\n=2D-a--\n" },
	{ "a multipart without boundary", 0,
	  "MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--\n\xc3\xbcxxxxxxxxxx\n",
	  "MIME-Version: 1.0\nContent-Type: multipart/mixed\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n=2D-\n=C3=BCxxxxxxxxxx\n" },
	{ "an empty part", 0, "Content-Type: multipart/mixed; boundary=a\n\n--a\n\n--a\n"
	  "--a\nX: y\n--a\n\n\n--a\n\n\xfc\n--a--\n",
	  "Content-Type: multipart/mixed; boundary=a\n\n--a\n\n--a\n"
	  "--a\nX: y\n--a\n\n\n--a\nContent-Transfer-Encoding: base64\n\n/A==\n--a--\n" },
	{ "a preamble and an epilogue", 0, "Content-Type: multipart/mixed; boundary=a\n\n"
	  "\xfc\n--a\n\nx\n--a--\n\xfc\n", "Content-Type: multipart/mixed; boundary=a\n\n"
	  "=FC\n--a\n\nx\n--a--\n=FC\n" },
	{ "a part's header", 0, "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
	  "Content-Type: a/b; name=\"\xc3\xbc\"\n\nx\n--a--\n",
	  "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
	  "Content-Type: a/b; name*=utf-8''%C3%BC\n\nx\n--a--\n" },
	{ "a message in it", 0, "Content-Type: message/rfc822\n\nSubject: \xc3\xbc\n\n\xfc\xfc\n",
	  "Content-Type: message/rfc822\n\nSubject: =?utf-8?Q?=C3=BC?=\nMIME-Version: 1.0\n"
	  "Content-Type: text/plain; charset=unknown-8bit\n"
	  "Content-Transfer-Encoding: base64\n\n/PwNCg==\n" },
	{ "a message in it where 8 bit may be", EIGHT | SAME,
	  "Content-Type: message/rfc822\n\nSubject: \xc3\xbc\n\n\xfc\xfc\n", NULL },
	{ "a message in it without blank line", 0, "Content-Type: message/rfc822\n\xfc\xfc\n",
	  "Content-Type: message/rfc822\n\nMIME-Version: 1.0\n"
	  "Content-Type: text/plain; charset=unknown-8bit\n"
	  "Content-Transfer-Encoding: base64\n\n/PwNCg==\n" },
	{ "a preamble without blank line", 0, "Content-Type: multipart/mixed; boundary=a\n"
	  "\xfc: x\n--a\n\nx\n--a--\n", "Content-Type: multipart/mixed; boundary=a\n\n"
	  "=FC: x\n--a\n\nx\n--a--\n" },
	{ "a boundary without blank line", 0, "Content-Type: multipart/mixed; boundary=a\n"
	  "--a\n\n\xfc\n--a--\n", "Content-Type: multipart/mixed; boundary=a\n--a\n"
	  "Content-Transfer-Encoding: base64\n\n/A==\n--a--\n" },
	{ "a type that is none", 0, "Content-Type: multipart/mi\xfc" "ed; boundary=a\n\n"
	  "--a\n\n\xfc and more of this\n", "Content-Type: "
	  "=?unknown-8bit?Q?multipart/mi=FCed?= ; boundary=a\nMIME-Version: 1.0\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n=2D-a\n\n=FC and more of this\n" },
	{ "a digest", 0, "Content-Type: multipart/digest; boundary=a\n\n--a\n\n"
	  "MIME-Version: 1.0\nContent-Type: a/b\n\n\xfc\n--a--\n",
	  "Content-Type: multipart/digest; boundary=a\n\n--a\n\n"
	  "MIME-Version: 1.0\nContent-Type: a/b\nContent-Transfer-Encoding: base64\n\n"
	  "/A==\n--a--\n" },
	{ "signed", BLOCKED, "Content-Type: multipart/signed; boundary=a\n\n--a\n\n\xfc\n"
	  "--a--\n", NULL },
	{ "signed, a part of it", BLOCKED, "Content-Type: multipart/mixed; boundary=b\n\n"
	  "--b\nContent-Type: multipart/signed; boundary=a\n\n--a\n\n\xfc\n--a--\n--b--\n",
	  NULL },
	{ "signed and in ASCII, beside another part", 0,
	  "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	  "Content-Type: multipart/signed; boundary=a\n\n--a\n\n~~\n--a--\n\n--b\n\n\xfc\n--b--\n",
	  "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	  "Content-Type: multipart/signed; boundary=a\n\n--a\n\n~~\n--a--\n\n--b\n"
	  "Content-Transfer-Encoding: base64\n\n/A==\n--b--\n" },
	{ "encrypted", BLOCKED, "Content-Type: multipart/encrypted; boundary=a\n\n\xfc\n",
	  NULL },
	{ "an unknown encoding", BLOCKED, "Content-Transfer-Encoding: x-uuencode\n\n\xfc\n",
	  NULL },
	{ "an address in a part", ADDRESS, "Content-Type: message/rfc822\n\n"
	  "To: <\xc3\xbc@x.test>\n\nx\n", NULL },
	{ "a part in quoted-printable with 8 bit", 0, "Content-Transfer-Encoding: "
	  "Quoted-Printable\n\na=20\xfc\n", "Content-Transfer-Encoding: "
	  "Quoted-Printable\n\na=20=FC\n" },
	{ "long lines alone", EIGHT, "Content-Type: text/plain\nMIME-Version: 1.0\n\n"
	  "~\n\xc3\xbc\n", "Content-Type: text/plain\nMIME-Version: 1.0\n"
	  "Content-Transfer-Encoding: quoted-printable\n\n+\n=C3=BC\n" },
	{ "998 bytes are not long", EIGHT | SAME, "A: b\n\n-\n", NULL },
};

/* "~" and "+" (the same in quoted-printable), "\n". */
static void
expand(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_puts(out, "\r\n");
		else if (*text != '~' && (*text != '+' || text[1] != '\n'))
			buf_putc(out, *text);
		for (int i = 0; i < 1000 && (*text == '~' ||
		    (*text == '+' && text[1] == '\n')); i++) {
			if (*text == '+' && i > 0 && i % 75 == 0)
				buf_puts(out, "=\r\n");
			buf_putc(out, 'x');
		}
	}
}

static void
give(struct recode *r, const struct buf *input, size_t piece, struct buf *out)
{
	struct err e;

	for (size_t at = 0; at < input->len; at += piece)
		if (recode_feed(r, input->data + at, input->len - at < piece ?
		    input->len - at : piece, out, &e) != 0)
			abort();
	if (recode_end(r, out, &e) != 0)
		abort();
}

static void
run(size_t number, size_t piece)
{
	int wanted = cases[number].rules;
	struct recode_rules rules = { (wanted & EIGHT) != 0, false };
	struct buf input, output, out;
	struct recode r;

	buf_init(&input, 100000);
	buf_init(&output, 100000);
	buf_init(&out, 100000);
	expand(cases[number].input, &input);
	expand(cases[number].wanted != NULL ? cases[number].wanted :
	    cases[number].input, &output);
	recode_init(&r, &rules);
	give(&r, &input, piece, NULL);
	check(r.blocked == ((wanted & BLOCKED) != 0) &&
	    r.address == ((wanted & ADDRESS) != 0), cases[number].name);
	if ((wanted & (BLOCKED | ADDRESS)) == 0) {
		check(r.needed == ((wanted & SAME) == 0), cases[number].name);
		recode_emit(&r);
		give(&r, &input, piece, &out);
		check_text(buf_text(&out), output.data, cases[number].name);
		buf_reset(&out);
		recode_emit(&r);
		give(&r, &input, piece, &out);
		check_text(buf_text(&out), output.data, "once more");
	}
	recode_free(&r);
	buf_free(&input);
	buf_free(&output);
	buf_free(&out);
}

/* Deeper than anybody looks, and more parts than are remembered one by one. */
static void
check_limits(void)
{
	struct recode_rules rules = { false, false };
	struct buf input, out;
	struct recode r;

	buf_init(&input, 10000000);
	buf_init(&out, 20000000);
	for (int i = 0; i < 100; i++)
		buf_printf(&input, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n"
		    "--b%d\r\n", i, i);
	buf_puts(&input, "\r\n\xfc\r\n");
	recode_init(&r, &rules);
	give(&r, &input, 65536, NULL);
	recode_emit(&r);
	give(&r, &input, 65536, &out);
	check(!bytes_8bit(out.data, out.len) && strstr(out.data, "=2D-b99\r\n") &&
	    strstr(out.data, "\r\n--b49\r\n"), "deep ones are leaves");
	recode_free(&r);
	buf_reset(&input);
	buf_reset(&out);
	buf_puts(&input, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < RECODE_PARTS_MAX + 10; i++)
		buf_printf(&input, "--b\r\n\r\n%s\r\n", i % 2 != 0 ? "\xfc" : "x");
	recode_init(&r, &rules);
	give(&r, &input, 65536, NULL);
	check(r.count == RECODE_PARTS_MAX, "parts that are remembered");
	recode_emit(&r);
	give(&r, &input, 65536, &out);
	check(!bytes_8bit(out.data, out.len), "many parts");
	recode_free(&r);
	buf_free(&input);
	buf_free(&out);
}

static void
check_header_limit(void)
{
	struct recode_rules rules = { false, false };
	struct recode r;
	struct err e = { 0 };
	static char line[] = "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n";
	int result = 0;

	recode_init(&r, &rules);
	for (size_t i = 0; i < RECODE_HEAD_MAX && result == 0; i += sizeof(line))
		result = recode_feed(&r, line, sizeof(line) - 1, NULL, &e);
	for (size_t i = 0; i < sizeof(line) * 100 && result == 0; i++)
		result = recode_feed(&r, line, sizeof(line) - 1, NULL, &e);
	check(result == -1 && e.status == EX_DATAERR, "a header without end");
	recode_free(&r);
	check(recode_frozen("A: b\r\nDKIM-Signature: x\r\n\r\n", 29), "a signature");
	check(!recode_frozen("A: DKIM-Signature: x\r\n\r\n", 25), "no signature");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(i, 100000);
		run(i, 1);
		run(i, 7);
	}
	check_limits();
	check_header_limit();
	return check_end();
}
