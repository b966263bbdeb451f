/* A dot before each line that begins with one, wherever the pieces end. */
#include "mail/dots.h"

#include "check.h"

static const struct {
	const char *name, *input, *wanted;
} cases[] = {
	{ "nothing", "", "" },
	{ "no dot", "a\r\nb\r\n", "a\r\nb\r\n" },
	{ "a dot first", ".\r\n", "..\r\n" },
	{ "two dots", "..\r\n", "...\r\n" },
	{ "a dot behind a line end", "a\r\n.b\r\n", "a\r\n..b\r\n" },
	{ "each of several lines", ".\r\n.\r\n.", "..\r\n..\r\n.." },
	{ "dots within a line stay", "a.b\r\nc.\r\n", "a.b\r\nc.\r\n" },
	{ "a blank before it", " .\r\n", " .\r\n" },
	{ "behind LF alone as well", "a\n.\n", "a\n..\n" },
	{ "behind CR alone no line begins", "a\r.\r", "a\r.\r" },
	{ "blank lines", "\r\n\r\n.", "\r\n\r\n.." },
	{ "no line end", ".a", "..a" },
};

static void
run(const char *name, const char *input, size_t len, const char *wanted,
    size_t piece)
{
	struct buf out;
	bool line_start = true;
	char text[100];

	(void)snprintf(text, sizeof(text), "%s, in pieces of %zu", name, piece);
	buf_init(&out, 1000);
	for (size_t at = 0; at < len; at += piece)
		dots_double(input + at, len - at < piece ? len - at : piece,
		    &line_start, &out);
	check_text(buf_text(&out), wanted, text);
	check(line_start == (len == 0 || input[len - 1] == '\n'),
	    "whether a line begins is known");
	buf_free(&out);
}

static void
check_limits(void)
{
	static const char nul[] = "a\0.\n\0.\n.\n";
	struct buf out;
	bool line_start = true;

	buf_init(&out, 100);
	dots_double(nul, sizeof(nul) - 1, &line_start, &out);
	check(out.len == sizeof(nul) && memcmp(out.data, "a\0.\n\0.\n..\n",
	    sizeof(nul)) == 0, "a NUL is a byte like others");
	buf_free(&out);

	buf_init(&out, 4);
	line_start = true;
	dots_double(".\r\n.\r\n", 6, &line_start, &out);
	check(out.full && out.len <= 4, "what does not fit is told");
	buf_free(&out);
}

int
main(void)
{
	static const size_t pieces[] = { 1, 2, 3, 1000 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++)
			run(cases[i].name, cases[i].input,
			    strlen(cases[i].input), cases[i].wanted, pieces[p]);
	check_limits();
	return check_end();
}
