#include "deliver/journal.h"

#include "check.h"

#include <stdlib.h>

/* Want of memory is a case here, under the sanitizer too. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

#define LATER0 "100 later 0 75 451 4.2.0 mx[192.0.2.1]:25 RCPT not now\n"
#define SENT1  "100 sent 1 0 250 2.0.0 mx[192.0.2.1]:25 dot ok\n"
#define DEATH0 "130 later 0 69 0 - - agent it ended without an answer\n"

static void
test_files(void)
{
	static const struct {
		const char *file;
		size_t      left, refused;
		unsigned    attempts, deaths, lines;
		const char *name;
	} cases[] = {
		{ "", 3, 0, 0, 0, 0, "nothing" },
		{ LATER0 SENT1, 2, 0, 1, 0, 2, "one waits, one was sent to" },
		{ LATER0 SENT1 "160 later 0 75 450 - - RCPT no\n", 2, 0, 2, 0, 3,
		    "put off twice" },
		{ LATER0 "160 sent 0 0 250 - - dot ok\n", 2, 0, 1, 0, 2, "then sent" },
		{ SENT1 "160 later 1 75 450 - - RCPT no\n", 2, 0, 0, 0, 2,
		    "sent stays sent" },
		{ "1 refused 2 67 550 5.1.1 - RCPT no\n160 sent 2 0 250 - - dot ok\n",
		    2, 1, 0, 0, 2, "refused stays refused" },
		{ DEATH0 DEATH0 DEATH0, 3, 0, 3, 3, 3, "three agents died" },
		{ DEATH0 "130 later 1 69 0 - - agent it ended\n", 3, 0, 1, 1, 2,
		    "one death, two recipients" },
		{ "130 unsure 0 69 0 - - dot it ended\n", 3, 0, 1, 1, 1,
		    "it died behind the dot" },
		{ "130 unsure 0 75 0 - mx[192.0.2.1]:25 dot no answer\n", 3, 0, 1, 0, 1,
		    "no death: the server's silence" },
		{ LATER0 "160 sent 0 0 250 - - dot ok", 3, 0, 1, 0, 1,
		    "a line without its end" },
		{ LATER0 "160 sen\n160 sent 0 0 250 - - dot ok\n", 2, 0, 1, 0, 2,
		    "a line that was cut and ended" },
		{ "160 sent 3 0 250 - - dot ok\n", 3, 0, 0, 0, 0, "no such recipient" },
		{ "160 sent 99999999999999999999 0 250 - - dot ok\n", 3, 0, 0, 0, 0,
		    "no such number" },
		{ "160 sent -1 0 250 - - dot ok\n", 3, 0, 0, 0, 0, "a minus" },
		{ "sent 0 0 250 - - dot ok\n", 3, 0, 0, 0, 0, "no time" },
		{ " 160 sent 0 0 250 - - dot ok\n", 3, 0, 0, 0, 0, "a blank first" },
		{ "1234567890123 sent 0 0 250 - - dot ok\n", 3, 0, 0, 0, 0,
		    "a time that is none" },
		{ "160 sent 0 75 250 - - dot ok\n", 3, 0, 0, 0, 0,
		    "sent, with a status" },
		{ "160 pending\n", 3, 0, 0, 0, 0, "what the agent says besides" },
		{ "\n\n\n" LATER0, 3, 0, 1, 0, 1, "empty lines" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t step = 1; step < 1000; step += 333) {
			struct journal j;
			struct err e = { 0 };
			const char *at = cases[i].file;
			size_t left = strlen(at);

			check(journal_init(&j, 3, &e) == 0, cases[i].name);
			for (; left > 0; ) {
				size_t n = step < left ? step : left;

				journal_feed(&j, at, n);
				at += n;
				left -= n;
			}
			check_number((long long)j.left, (long long)cases[i].left,
			    "who waits");
			check_number((long long)j.refused, (long long)cases[i].refused,
			    "refused");
			check_number(j.attempts, cases[i].attempts, "attempts");
			check_number(j.deaths, cases[i].deaths, "deaths");
			check_number(j.lines, cases[i].lines, "lines");
			journal_free(&j);
		}
}

static void
test_hostile(void)
{
	static char bytes[200000];
	struct journal j;
	struct err e = { 0 };

	check(journal_init(&j, 1, &e) == 0, "a journal");
	memset(bytes, '7', sizeof(bytes));
	journal_feed(&j, bytes, sizeof(bytes));
	journal_feed(&j, "\n", 1);
	journal_feed(&j, "160 sent\0 0 0 250 - - dot ok\n", 29);
	check_number((long long)j.left, 1, "a long line, and a NUL");
	check(j.line.size < 10000, "and memory does not grow");
	journal_feed(&j, "160 sent 0 0 250 - - dot ok\n", 28);
	check_number((long long)j.left, 0, "the next is read");
	srand(7);
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < 1000; i++)
			bytes[i] = (char)rand();
		journal_feed(&j, bytes, 1000);
	}
	check_number(j.lines, 1, "chance says nothing");
	journal_free(&j);
	journal_free(&j);
	check(journal_init(&j, (size_t)-1 / 2, &e) != 0 && e.status == EX_OSERR,
	    "too many recipients for the memory");
}

static void
test_round(void)
{
	struct verdict v = { .kind = VERDICT_LATER, .index = 1, .status = 75,
	    .code = 451, .dsn = "4.7.1", .relay = "mx[192.0.2.1]:25",
	    .step = "RCPT", .text = "come back later" };
	struct journal j;
	struct buf line;
	struct err e = { 0 };

	buf_init(&line, JOURNAL_LINE_MAX);
	journal_print(1764074482, &v, &line);
	check_text(buf_text(&line), "1764074482 later 1 75 451 4.7.1 "
	    "mx[192.0.2.1]:25 RCPT come back later\n", "a line");
	check(journal_init(&j, 2, &e) == 0, "a journal");
	journal_feed(&j, line.data, line.len);
	check(j.first == 1764074482 && j.last == j.first && j.attempts == 1,
	    "read again");
	v.kind = VERDICT_SENT;
	v.status = 0;
	buf_reset(&line);
	journal_print(-5, &v, &line);
	journal_feed(&j, line.data, line.len);
	check(j.last == 0 && !journal_waits(&j, 1) && journal_waits(&j, 0),
	    "a clock before 1970");
	check(!j.told, "nobody was told");
	buf_reset(&line);
	journal_print_told(1764074482, &line);
	journal_feed(&j, line.data, line.len);
	check(j.told && j.last == 0 && j.left == 1, "the sender was told: no try");
	journal_free(&j);
	buf_free(&line);
}

int
main(void)
{
	test_files();
	test_hostile();
	test_round();
	return check_end();
}
