/* Answers of the shapes that servers give, and of those that they should not. */
#include "smtp/reply.h"

#include "check.h"

#include <stdlib.h>

static const struct {
	const char *lines[4];
	int         wanted;	/* of the last line */
	int         code;
	const char *text;
	const char *dsn;
} rows[] = {
	{ { "250-a", "250 b" }, 1, 250, "a\nb", "" },
	{ { "2500 ok" }, -1, 0, "", "" },
	{ { "250" }, 1, 250, "", "" },
	{ { "250 " }, 1, 250, "", "" },
	{ { "250-" }, 0, 250, "", "" },
	{ { "250-", "250 SIZE 1" }, 1, 250, "\nSIZE 1", "" },
	{ { "250-", "250-", "250" }, 1, 250, "\n\n", "" },
	{ { "550-", "550 5.1.1 no" }, 1, 550, "\n5.1.1 no", "5.1.1" },
	{ { "550 5.1.1", "550" }, 1, 550, "5.1.1\n", "5.1.1" },
	{ { "220 smtp ready" }, 1, 220, "smtp ready", "" },
	{ { "550-a", "451 b" }, 1, 451, "a\nb", "" },
	{ { "550 5.1.1 no such user" }, 1, 550, "5.1.1 no such user", "5.1.1" },
	{ { "550 5.1.1" }, 1, 550, "5.1.1", "5.1.1" },
	{ { "550-5.7.30 a", "550 5.7.30 b" }, 1, 550, "5.7.30 a\n5.7.30 b", "5.7.30" },
	{ { "550 2.0.0 contradicts" }, 1, 550, "2.0.0 contradicts", "" },
	{ { "550 5.1" }, 1, 550, "5.1", "" },
	{ { "550 5.1.1.1 x" }, 1, 550, "5.1.1.1 x", "" },
	{ { "550 5.1234.1 x" }, 1, 550, "5.1234.1 x", "" },
	{ { "550 5..1 x" }, 1, 550, "5..1 x", "" },
	{ { "554 \033]0;x\007 \r fake" }, 1, 554, "?]0;x? ? fake", "" },
	{ { "554 gr\303\274n" }, 1, 554, "gr??n", "" },
	{ { "" }, -1, 0, "", "" },
	{ { "25" }, -1, 0, "", "" },
	{ { "150 x" }, -1, 0, "", "" },
	{ { "650 x" }, -1, 0, "", "" },
	{ { "2a0 x" }, -1, 0, "", "" },
	{ { " 250 x" }, -1, 0, "", "" },
	{ { "HTTP/1.1 400 Bad Request" }, -1, 0, "", "" },
	{ { "250-ok", "A: b" }, -1, 250, "ok", "" },
};

static void
check_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char dsn[REPLY_DSN_MAX];
		struct reply r;
		struct err e = { 0 };
		int got = 0;

		reply_init(&r);
		for (size_t n = 0; n < 4 && rows[i].lines[n] != NULL; n++)
			got = reply_feed(&r, rows[i].lines[n],
			    strlen(rows[i].lines[n]), &e);
		check_number(got, rows[i].wanted, rows[i].lines[0]);
		check_number(r.code, rows[i].code, "its code");
		check_text(buf_text(&r.text), rows[i].text, "its text");
		reply_dsn(&r, dsn);
		check_text(dsn, rows[i].dsn, "its enhanced status");
		check(got >= 0 || e.status == EX_PROTOCOL, "EX_PROTOCOL");
		reply_free(&r);
	}
}

static void
check_ends(void)
{
	static char line[8192] = "250-";
	struct reply r = { 0 };
	struct err e;
	int lines = 0;

	memset(line + 4, 'x', sizeof(line) - 5);
	reply_init(&r);
	while (reply_feed(&r, "250-x", 5, &e) == 0 && lines < 10000)
		lines++;
	check_number(lines, REPLY_LINES_MAX, "so many lines are an answer");
	check_number(e.status, EX_PROTOCOL, "more are none");

	reply_reset(&r);
	lines = 0;
	while (reply_feed(&r, line, sizeof(line) - 1, &e) == 0 && lines < 10000)
		lines++;
	check(lines <= REPLY_BYTES_MAX / 8192, "nor are more bytes");
	check(r.text.size <= REPLY_BYTES_MAX + 1, "memory stays bounded");

	reply_reset(&r);
	check_number(reply_feed(&r, "250 ok", 6, &e), 1, "and it can be used again");
	reply_free(&r);
}

static void
check_print(void)
{
	struct reply r;
	struct buf out;
	struct err e;

	reply_init(&r);
	buf_init(&out, 100);
	(void)reply_feed(&r, "550-5.1.1 no", 12, &e);
	(void)reply_feed(&r, "550 such user", 13, &e);
	reply_print(&r, &out);
	check_text(buf_text(&out), "550 5.1.1 no such user", "in one line");
	check_number(reply_class(&r), 5, "its class");

	reply_reset(&r);
	buf_reset(&out);
	(void)reply_feed(&r, "550-", 4, &e);
	(void)reply_feed(&r, "550 5.1.1 no", 12, &e);
	reply_print(&r, &out);
	check_text(buf_text(&out), "550 5.1.1 no", "an empty line says nothing");
	buf_reset(&out);
	reply_words(&r, &out);
	check_text(buf_text(&out), "no", "nor do its words");
	buf_free(&out);
	reply_free(&r);
}

int
main(void)
{
	check_rows();
	check_ends();
	check_print();
	return check_end();
}
