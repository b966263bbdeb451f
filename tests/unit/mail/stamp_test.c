#include "mail/stamp.h"

#include "check.h"
#include "child.h"

#include <locale.h>

static const struct {
	const char *zone;
	long long   time;
	const char *wanted;
} dates[] = {
	{ "UTC0", 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
	{ "UTC0", 1795478392, "Mon, 23 Nov 2026 23:59:52 +0000" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1795478392,
	    "Tue, 24 Nov 2026 00:59:52 +0100" },
	{ "CET-1CEST,M3.5.0,M10.5.0/3", 1782777600,
	    "Tue, 30 Jun 2026 02:00:00 +0200" },
	{ "EST5", 1795478392, "Mon, 23 Nov 2026 18:59:52 -0500" },
	{ "NST3:30", 1795478392, "Mon, 23 Nov 2026 20:29:52 -0330" },
	{ "NPT-5:45", 1795478392, "Tue, 24 Nov 2026 05:44:52 +0545" },
	{ "LMT0:00:30", 1795478392, "Mon, 23 Nov 2026 23:59:22 +0000" },
	{ "KIR-14", 1795478392, "Tue, 24 Nov 2026 13:59:52 +1400" },
	{ "nonsense/../../x", 1795478392, "Mon, 23 Nov 2026 23:59:52 +0000" },
	{ "UTC0", 951782400, "Tue, 29 Feb 2000 00:00:00 +0000" },
	{ "UTC0", 4294967296, "Sun, 7 Feb 2106 06:28:16 +0000" },
	{ "UTC0", 253402300799, "Fri, 31 Dec 9999 23:59:59 +0000" },
	{ "UTC0", 253402300800, "Thu, 1 Jan 1970 00:00:00 +0000" },
	{ "UTC0", -2208988800, "Mon, 1 Jan 1900 00:00:00 +0000" },
	{ "UTC0", -2208988801, "Thu, 1 Jan 1970 00:00:00 +0000" },
	{ "UTC0", INT64_MAX, "Thu, 1 Jan 1970 00:00:00 +0000" },
	{ "UTC0", INT64_MIN, "Thu, 1 Jan 1970 00:00:00 +0000" },
};

static void
test_dates(void)
{
	struct buf b;

	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		(void)setenv("TZ", dates[i].zone, 1);
		tzset();
		buf_reset(&b);
		stamp_date((time_t)dates[i].time, &b);
		check_text(buf_text(&b), dates[i].wanted, dates[i].zone);
	}
	(void)setlocale(LC_ALL, "de_DE.UTF-8");	/* where there is one */
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	buf_reset(&b);
	stamp_date(1795478392, &b);
	check_text(buf_text(&b), dates[1].wanted, "no locale changes it");
	buf_free(&b);
	buf_init(&b, 10);
	stamp_date(0, &b);
	check(b.full, "a buffer that is too small says so");
	buf_free(&b);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
test_ids(void)
{
	enum { COUNT = 20000 };
	static char ids[COUNT][STAMP_ID_MAX];
	struct err e = { 0 };
	bool good = true, sorted = true, different = true;

	for (int i = 0; i < COUNT; i++) {
		good = good && stamp_id(ids[i], &e) == 0 && strlen(ids[i]) == 32 &&
		    strspn(ids[i], "0123456789abcdef") == 32;
		sorted = sorted && (i == 0 ||
		    strncmp(ids[i - 1], ids[i], 16) <= 0);
	}
	check(good, "32 hexadecimal digits");
	check(sorted, "that sort by time");
	qsort(ids, COUNT, sizeof(ids[0]), by_text);
	for (int i = 1; i < COUNT; i++)
		different = different && strcmp(ids[i - 1], ids[i]) != 0;
	check(different, "never the same twice");
}

/* c->number: 1 without getrandom(2), 2 without /dev/urandom, 3 neither */
static void
make_one(struct child *c)
{
	if (c->number & 1)
		child_deny(SYS_getrandom, 0, 0, 0, (int)(c->number & 4 ? ENOSYS :
		    EAGAIN));
	if (c->number & 2)
		child_deny(SYS_openat, 0, 0, 0, ENOENT);
	c->value = stamp_id(c->text, &c->e);
}

static void
test_chance(void)
{
	struct child c = { .number = 1 };
	char first[STAMP_ID_MAX];

	check(child_run(&c, make_one) && c.value == 0, "early at boot");
	memcpy(first, c.text, sizeof(first));
	check(child_run(&c, make_one) && strcmp(first + 16, c.text + 16) != 0,
	    "names differ by chance all the same");
	c.number = 1 | 4;
	check(child_run(&c, make_one) && c.value == 0, "an old kernel");
	c.number = 2;
	check(child_run(&c, make_one) && c.value == 0, "without /dev");
	c.number = 3;
	check(child_run(&c, make_one) && c.value == -1, "no chance at all");
	check_number(c.e.status, EX_OSERR, "is an error of the system");
	check(strstr(c.e.text, "/dev/urandom") != NULL, "that names what is missing");
}

int
main(void)
{
	test_dates();
	test_ids();
	test_chance();
	return check_end();
}
