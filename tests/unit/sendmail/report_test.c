/* What a run came to, in lines that people read. */
#include "sendmail/report.h"

#include "check.h"

#include <stdlib.h>
#include <unistd.h>

static void
check_errors(void)
{
	struct report r;
	struct err e = { 0 };

	report_init(&r);
	check(r.status == 0 && r.lines.len == 0, "nothing yet");
	report_line(&r, "%d of %s", 1, "two");
	check_number(r.status, 0, "a line sets no status");
	(void)err_set(&e, EX_DATAERR, "first");
	report_error(&r, &e);
	(void)err_set(&e, EX_CONFIG, "second");
	report_error(&r, &e);
	check_number(r.status, EX_DATAERR, "the first error's status stays");
	check_text(buf_text(&r.lines), "1 of two\nfirst\nsecond\n", "a line each");
	report_free(&r);
	report_free(&r);

	report_init(&r);
	report_line(&r, "%s", "a\nsendmail: \033]0;x\007b\r\t\303\266");
	check_text(buf_text(&r.lines), "a?sendmail: ?]0;x?b????\n",
	    "nothing makes a second line or moves a cursor");
	report_free(&r);
}

static void
check_full(void)
{
	static char text[1000];
	struct report r;

	memset(text, 'x', sizeof(text) - 1);
	report_init(&r);
	for (int i = 0; i < 1000; i++)
		report_line(&r, "%s", text);
	check(r.lines.full && r.lines.len <= REPORT_MAX, "memory stays bounded");
	check(strstr(buf_text(&r.lines), "\n\n") == NULL,
	    "what does not fit leaves no empty line");
	report_free(&r);
}

static void
check_same(void)
{
	struct verdict a, b;

	memset(&a, 0, sizeof(a));
	a.kind = VERDICT_LATER;
	a.code = 451;
	memcpy(a.step, "RCPT", 5);
	memcpy(a.relay, "r", 2);
	verdict_set_text(&a, "busy");
	b = a;
	b.index = 5;
	check(report_same(&a, &b), "the recipient does not count");
	b.kind = VERDICT_REFUSED;
	check(!report_same(&a, &b), "the kind does");
	b = a;
	b.code = 450;
	check(!report_same(&a, &b), "so does the code");
	b = a;
	memcpy(b.step, "MAIL", 5);
	check(!report_same(&a, &b), "the step");
	b = a;
	memcpy(b.relay, "s", 2);
	check(!report_same(&a, &b), "the server");
	b = a;
	verdict_set_text(&b, "busy.");
	check(!report_same(&a, &b), "and its words");
}

/* Recipients u0@x, u1@x … */
static void
add_recipients(struct envelope *v, size_t count)
{
	envelope_init(v, count);
	for (size_t i = 0; i < count; i++) {
		struct addr a;
		struct err e;
		char text[40];

		(void)snprintf(text, sizeof(text), "u%zu@x", i);
		if (addr_parse(&a, text, strlen(text), &e) != 0 ||
		    envelope_add(v, &a, &e) != 1)
			abort();
	}
}

/* The line about verdict number `first`, our uid in it replaced by "UID". */
static const char *
line_of(const struct envelope *v, const struct verdict *verdicts, size_t first)
{
	static char text[REPORT_LINE_MAX + 2];
	char uid[40];
	struct report r;
	char *at;

	report_init(&r);
	report_verdicts(&r, v, verdicts, first, "queued");
	(void)snprintf(text, sizeof(text), "%s", buf_text(&r.lines));
	report_free(&r);
	(void)snprintf(uid, sizeof(uid), "; uid %lu)\n", (unsigned long)getuid());
	at = strstr(text, uid);
	if (at != NULL)
		memcpy(at, ")\n", 3);
	return text;
}

static void
check_verdicts(void)
{
	enum { COUNT = 9 };
	struct verdict v[COUNT];
	struct envelope envelope;

	add_recipients(&envelope, COUNT);
	memset(v, 0, sizeof(v));
	for (size_t i = 0; i < COUNT; i++) {
		v[i].kind = VERDICT_LATER;
		v[i].status = EX_TEMPFAIL;
		v[i].index = i;
		verdict_set_text(&v[i], "no route");
		memcpy(v[i].step, "connect", 8);
	}
	v[1].kind = v[3].kind = VERDICT_REFUSED;
	v[1].code = v[3].code = 550;
	memcpy(v[1].dsn, "5.1.1", 6);
	memcpy(v[1].relay, "r[192.0.2.1]:25", 16);
	memcpy(v[1].step, "RCPT", 5);
	verdict_set_text(&v[1], "no \033such\nuser");
	v[3] = v[1];
	check_text(line_of(&envelope, v, 0), "<u0@x>, <u2@x>, <u4@x>, <u5@x>, "
	    "<u6@x> and 2 more: connect: no route (temporary; queued)\n",
	    "those who are alike share a line");
	check_text(line_of(&envelope, v, 1), "<u1@x>, <u3@x>: r[192.0.2.1]:25: "
	    "RCPT: 550 5.1.1 no ?such?user (permanent; queued)\n",
	    "who, where, at which step, the server's words");
	check_text(line_of(&envelope, v, 3), "<u3@x>: r[192.0.2.1]:25: "
	    "RCPT: 550 5.1.1 no ?such?user (permanent; queued)\n",
	    "from the one given on");
	memset(&v[8], 0, sizeof(v[8]));
	check_text(line_of(&envelope, v, 8), "<u8@x>:  (temporary; queued)\n",
	    "nothing known");
	envelope_free(&envelope);
}

int
main(void)
{
	check_errors();
	check_full();
	check_same();
	check_verdicts();
	return check_end();
}
