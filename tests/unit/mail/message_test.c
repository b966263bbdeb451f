/*
 * Standard input becomes a header and a body: each case whole and in pieces
 * of several lengths, since a read may end anywhere.
 */
#include "mail/message.h"

#include "mail/head.h"

#include "check.h"

#include <stdlib.h>

static const struct {
	const char *name, *input;
	bool        dot_ends;
	const char *head, *body;
	unsigned    nuls, ignored;	/* '~' in the input stands for NUL */
} cases[] = {
	{ "LF", "A: b\n\nx\ny\n", false, "A: b\r\n", "x\r\ny\r\n", 0, 0 },
	{ "CRLF", "A: b\r\n\r\nx\r\ny\r\n", false, "A: b\r\n", "x\r\ny\r\n", 0, 0 },
	{ "CR", "A: b\r\rx\ry\r", false, "A: b\r\n", "x\r\ny\r\n", 0, 0 },
	{ "CR CR LF", "A: b\r\r\n\r\r\nx\r\r\n", false, "A: b\r\n", "x\r\n", 0, 0 },
	{ "CR CR CR LF", "\nx\r\r\r\ny", false, "", "x\r\n\r\ny\r\n", 0, 0 },
	{ "mixed", "A: b\r\nC: d\n\r\nx\ny\r\nz\rw", false, "A: b\r\nC: d\r\n",
	  "x\r\ny\r\nz\r\nw\r\n", 0, 0 },
	{ "blank lines", "\n\n\na\n\n", false, "", "\r\n\r\na\r\n\r\n", 0, 0 },
	{ "nothing", "", false, "", "", 0, 0 },
	{ "a header without line end", "A: b", false, "A: b\r\n", "", 0, 0 },
	{ "a header without blank line", "A: b\nx\ny\n", false, "A: b\r\n",
	  "x\r\ny\r\n", 0, 0 },
	{ "no header", "x y\nA: b\n", false, "", "x y\r\nA: b\r\n", 0, 0 },
	{ "folded", "A: b\n\tc\n d\n\nx", false, "A: b\r\n\tc\r\n d\r\n", "x\r\n", 0, 0 },
	{ "a folded line first is body", " a\nB: c\n", false, "", " a\r\nB: c\r\n", 0, 0 },
	{ "blank before the colon", "To : b\n\nx\n", false, "To : b\r\n", "x\r\n", 0, 0 },
	{ "mbox", "From a@b now\n>From c\nA: b\n\nFrom d\n", false, "A: b\r\n",
	  "From d\r\n", 0, 0 },
	{ "a field with a blank before its colon", "From \t: a@b\nA: b\n", false,
	  "From \t: a@b\r\nA: b\r\n", "", 0, 0 },
	{ "mbox line inside is none", "A: b\nFrom x\n", false, "A: b\r\n", "From x\r\n", 0, 0 },
	{ "NUL", "A: b~c\n\nx~y~\n", false, "A: bc\r\n", "xy\r\n", 3, 0 },
	{ "NUL between CR and LF", "\nx\r~\ny", false, "", "x\r\ny\r\n", 1, 0 },
	{ "a dot ends", "\nx\n.\ny\nz", true, "", "x\r\n", 0, 3 },
	{ "a dot with CRLF ends", "\r\nx\r\n.\r\ny", true, "", "x\r\n", 0, 1 },
	{ "a dot ends in the header", "A: b\n.\nC: d\n", true, "A: b\r\n", "", 0, 5 },
	{ "a dot at the end of input ends", "\nx\n.", true, "", "x\r\n", 0, 0 },
	{ "a dot does not end", "\nx\n.\ny", false, "", "x\r\n.\r\ny\r\n", 0, 0 },
	{ "two dots, a dot and more", "\n..\n.x\n. \n", true, "", "..\r\n.x\r\n. \r\n", 0, 0 },
	{ "a dot after a CR", "\nx\r.\ry", true, "", "x\r\n", 0, 1 },
	{ "a dot and NUL", "\nx\n.~\ny", true, "", "x\r\n", 1, 1 },
	{ "8 bit", "A: b\n\n\xc3\xa4\n", false, "A: b\r\n", "\xc3\xa4\r\n", 0, 0 },
};

static void
run(size_t number, size_t piece)
{
	struct message m;
	struct buf body, input;
	struct err e = { 0 };
	char name[100];

	(void)snprintf(name, sizeof(name), "%s, in pieces of %zu",
	    cases[number].name, piece);
	message_init(&m, cases[number].dot_ends);
	buf_init(&body, 65536);
	buf_init(&input, 65536);
	buf_puts(&input, cases[number].input);
	for (size_t i = 0; i < input.len; i++)
		if (input.data[i] == '~')
			input.data[i] = '\0';
	for (size_t at = 0; at < input.len; at += piece) {
		size_t len = input.len - at < piece ? input.len - at : piece;

		if (message_feed(&m, input.data + at, len, &body, &e) != 0)
			abort();
	}
	if (message_end(&m, &body, &e) != 0)
		abort();
	check_text(buf_text(&m.head), cases[number].head, name);
	check_text(buf_text(&body), cases[number].body, name);
	check_number((long long)m.nuls, cases[number].nuls, "NULs");
	/* What came as NUL behind the end is not told apart. */
	check_number((long long)m.ignored, cases[number].ignored, "ignored");
	message_free(&m);
	buf_free(&body);
	buf_free(&input);
}

static void
facts(void)
{
	struct message m;
	struct buf body;
	struct err e = { 0 };
	static const char text[] = "Subject: \xc3\xa4\n\n12345\n123456789\r\n\xe4\n";

	message_init(&m, false);
	buf_init(&body, 65536);
	check_number(message_feed(&m, text, sizeof(text) - 1, &body, &e), 0, "taken");
	check_number(message_end(&m, &body, &e), 0, "ended");
	check_number((long long)m.facts.longest_line, 11, "the longest line is the header's");
	check(m.facts.head_8bit, "8 bit in the header");
	check(m.facts.body_8bit, "8 bit in the body");
	message_free(&m);
	buf_free(&body);
}

/* Lines without end: a field has its limit, a text has none. */
static void
endless(void)
{
	static char piece[65536];
	struct message m;
	struct buf body;
	struct err e = { 0 };
	size_t total = 0;
	int result = 0;

	memset(piece, 'x', sizeof(piece));
	message_init(&m, true);
	buf_init(&body, 4 * (size_t)HEAD_MAX);
	for (int i = 0; i < 64 && result == 0; i++) {
		result = message_feed(&m, piece, sizeof(piece), &body, &e);
		total += body.len;
		buf_reset(&body);
	}
	check_number(result, 0, "a text of one endless line is taken");
	check_number((long long)total, 64 * 65536LL, "to the last byte");
	message_free(&m);

	message_init(&m, true);
	result = message_feed(&m, "A: ", 3, &body, &e);
	for (int i = 0; i < 64 && result == 0; i++)
		result = message_feed(&m, piece, sizeof(piece), &body, &e);
	check_number(result, -1, "an endless header field is refused");
	check_number(e.status, EX_DATAERR, "as bad data");
	message_free(&m);
	buf_free(&body);
}

int
main(void)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 1000 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++)
			run(i, pieces[p]);
	facts();
	endless();
	return check_end();
}
