/*
 * Content in quoted-printable and base64: each case in one piece and byte by
 * byte, as a piece may end anywhere.
 */
#include "mail/encode.h"

#include "check.h"

static const struct {
	const char *name;
	enum encode_kind kind;
	const char *input, *wanted;	/* '\n' in the input is a line's end */
} cases[] = {
	{ "nothing", ENCODE_NOTHING, "a \xfc=\n", "a \xfc=\r\n" },
	{ "plain text", ENCODE_QUOTED, "Hello, you\n", "Hello, you\r\n" },
	{ "8 bit and '='", ENCODE_QUOTED, "\xc3\xbc=x\n", "=C3=BC=3Dx\r\n" },
	{ "a control character", ENCODE_QUOTED, "a\x01" "b\x7f\n", "a=01b=7F\r\n" },
	{ "blanks at an end", ENCODE_QUOTED, "a b  \nc\t\n", "a b =20\r\nc=09\r\n" },
	{ "a blank line", ENCODE_QUOTED, "\n \n", "\r\n=20\r\n" },
	{ "a dash begins a line", ENCODE_QUOTED, "--x\n-\n a-\n", "=2D-x\r\n=2D\r\n a-\r\n" },
	{ "no line end", ENCODE_QUOTED, "a ", "a=20" },
	{ "75 bytes", ENCODE_QUOTED,
	  "000000000011111111112222222222333333333344444444445555555555666666666677777\n",
	  "000000000011111111112222222222333333333344444444445555555555666666666677777\r\n" },
	{ "76 bytes", ENCODE_QUOTED,
	  "0000000000111111111122222222223333333333444444444455555555556666666666777777\n",
	  "000000000011111111112222222222333333333344444444445555555555666666666677777=\r\n"
	  "7\r\n" },
	{ "an escape is not cut", ENCODE_QUOTED,
	  "0000000000111111111122222222223333333333444444444455555555556666666666777\xfc\n",
	  "0000000000111111111122222222223333333333444444444455555555556666666666777=\r\n"
	  "=FC\r\n" },
	{ "a dash behind a break", ENCODE_QUOTED,
	  "000000000011111111112222222222333333333344444444445555555555666666666677777--\n",
	  "000000000011111111112222222222333333333344444444445555555555666666666677777=\r\n"
	  "=2D-\r\n" },
	{ "base64", ENCODE_BASE64, "abc\n", "YWJjDQo=" },
	{ "base64 of nothing", ENCODE_BASE64, "", "" },
	{ "base64, a whole line", ENCODE_BASE64,
	  "0000000000111111111122222222223333333333444444444455555555\n",
	  "MDAwMDAwMDAwMDExMTExMTExMTEyMjIyMjIyMjIyMzMzMzMzMzMzMzQ0NDQ0NDQ0NDQ1NTU1NTU1\r\n"
	  "NQ0K" },
	{ "mending leaves what is in order", ENCODE_MEND_QUOTED,
	  "a=20b=\nc=C3=BC \n=3d\n", "a=20b=\r\nc=C3=BC \r\n=3d\r\n" },
	{ "mending a long line", ENCODE_MEND_QUOTED,
	  "00000000001111111111222222222233333333334444444444555555555566666666667777=20x\n",
	  "00000000001111111111222222222233333333334444444444555555555566666666667777=\r\n"
	  "=20x\r\n" },
	{ "mending 8 bit", ENCODE_MEND_QUOTED, "a\xfc=\xfc\n", "a=FC=3D=FC\r\n" },
	{ "mending what is no escape", ENCODE_MEND_QUOTED, "=x =4y ==41\n",
	  "=3Dx =3D4y =3D=41\r\n" },
	{ "mending a soft break with blanks", ENCODE_MEND_QUOTED, "a= \t\nb\n",
	  "a= \t\r\nb\r\n" },
	{ "mending base64", ENCODE_MEND_BASE64, "YW\xfcJj\n--\n", "YW Jj\r\n --\r\n" },
	{ "mending a long base64 line", ENCODE_MEND_BASE64,
	  "0000000000111111111122222222223333333333444444444455555555556666666666777777A=\n",
	  "0000000000111111111122222222223333333333444444444455555555556666666666777777\r\n"
	  "A=\r\n" },
};

static void
give(struct encoder *e, const char *bytes, size_t len, size_t piece,
    struct buf *out)
{
	for (size_t n; len > 0; bytes += n, len -= n) {
		n = len < piece ? len : piece;
		encode_text(e, bytes, n, out);
	}
}

static void
run(size_t number, size_t piece)
{
	struct encoder e;
	struct buf out;

	encode_start(&e, cases[number].kind);
	buf_init(&out, 10000);
	for (const char *c = cases[number].input; *c != '\0'; ) {
		size_t len = strcspn(c, "\n");

		give(&e, c, len, piece, &out);
		if (c[len] == '\n')
			encode_line_end(&e, &out);
		c += len + (c[len] == '\n');
	}
	encode_end(&e, &out);
	check_text(buf_text(&out), cases[number].wanted, cases[number].name);
	buf_free(&out);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(i, 1000);
		run(i, 1);
	}
	return check_end();
}
