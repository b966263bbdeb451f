#include "daemon/backoff.h"
#include "daemon/host.h"

#include "check.h"

static void
test_backoff(void)
{
	static const struct {
		unsigned tries;
		long long middle;	/* without the chance */
	} cases[] = {
		{ 1, 5000 }, { 2, 10000 }, { 3, 20000 }, { 4, 40000 }, { 6, 160000 },
		{ 7, 300000 }, { 8, 300000 }, { 4000000000u, 300000 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t least = INT64_MAX, most = 0;

		for (unsigned chance = 0; chance < 200; chance++) {
			int64_t d = backoff_delay(cases[i].tries, 5000, 300000, chance);

			least = d < least ? d : least;
			most = d > most ? d : most;
		}
		check_number(least, cases[i].middle * 80 / 100, "the shortest");
		check_number(most, cases[i].middle * 120 / 100, "the longest");
	}
	check_number(backoff_delay(0, 5000, 300000, 20), 5000, "no try is one");
	check(backoff_delay(90, INT64_MAX / 4, INT64_MAX / 2, 40) > 0,
	    "no overflow");
	check(backoff_chance("a", 1) == backoff_chance("a", 1), "the same again");
	check(backoff_chance("a", 1) != backoff_chance("b", 1) &&
	    backoff_chance("a", 1) != backoff_chance("a", 2), "and others");
}

static void
test_news(void)
{
	static const struct {
		enum verdict_kind kind;
		int               status, code;
		const char       *step;
		enum host_news    news;
	} cases[] = {
		{ VERDICT_NONE, 0, 0, "", HOST_SILENT },
		{ VERDICT_SENT, 0, 250, "dot", HOST_FINE },
		{ VERDICT_REFUSED, EX_NOUSER, 550, "RCPT", HOST_FINE },
		{ VERDICT_LATER, EX_TEMPFAIL, 451, "RCPT", HOST_FINE },
		{ VERDICT_LATER, EX_TEMPFAIL, 452, "MAIL", HOST_FINE },
		{ VERDICT_LATER, EX_TEMPFAIL, 421, "dot", HOST_BUSY },
		{ VERDICT_LATER, EX_TEMPFAIL, 421, "greeting", HOST_BUSY },
		{ VERDICT_LATER, EX_UNAVAILABLE, 554, "greeting", HOST_BUSY },
		{ VERDICT_LATER, EX_TEMPFAIL, 0, "lookup", HOST_BUSY },
		{ VERDICT_LATER, EX_TEMPFAIL, 0, "connect", HOST_BUSY },
		{ VERDICT_LATER, EX_TEMPFAIL, 454, "STARTTLS", HOST_BUSY },
		{ VERDICT_LATER, EX_TEMPFAIL, 0, "TLS", HOST_BUSY },
		{ VERDICT_LATER, EX_TEMPFAIL, 454, "AUTH", HOST_BUSY },
		{ VERDICT_LATER, EX_NOPERM, 535, "AUTH", HOST_STOPS },
		{ VERDICT_LATER, EX_NOPERM, 530, "MAIL", HOST_STOPS },
		{ VERDICT_LATER, EX_UNAVAILABLE, 0, "TLS", HOST_STOPS },
		{ VERDICT_LATER, EX_CONFIG, 0, "settings", HOST_STOPS },
		{ VERDICT_LATER, EX_TEMPFAIL, 0, "body", HOST_SILENT },
		{ VERDICT_LATER, EX_UNAVAILABLE, 0, "agent", HOST_SILENT },
		{ VERDICT_LATER, EX_UNAVAILABLE, 0, "dot", HOST_SILENT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict v = { .kind = cases[i].kind,
		    .status = cases[i].status, .code = cases[i].code };

		(void)snprintf(v.step, sizeof(v.step), "%s", cases[i].step);
		check_number(host_news(&v), cases[i].news, cases[i].step);
	}
}

static void
test_growth(void)
{
	struct host_view h;

	host_init(&h, 3);
	check_number(host_room(&h, 0, 1), 1, "one at first");
	check_number(host_room(&h, 1, 1), 0, "and no second");
	(void)host_hear(&h, HOST_FINE, 0, 1, 0);
	check_number(host_room(&h, 0, 1), 2, "two when one was well");
	for (int i = 0; i < 9; i++)
		(void)host_hear(&h, HOST_FINE, 0, 1, 0);
	check_number(host_room(&h, 0, 1), 3, "never more than the settings say");
	check_number(host_room(&h, 5, 1), 0, "more than there may be");
	check_number(host_hear(&h, HOST_BUSY, 2, 1, 0), 0, "others work: no wait");
	check_number(host_room(&h, 2, 1), 0, "but no third");
	check_number(host_room(&h, 0, 1), 2, "two still");
	for (int i = 0; i < 19; i++)
		(void)host_hear(&h, HOST_FINE, 1, 1, 0);
	check_number(host_room(&h, 0, 1), 2, "not yet");
	(void)host_hear(&h, HOST_FINE, 1, 1, 0);
	check_number(host_room(&h, 0, 1), 3, "one more after twenty");
	(void)host_hear(&h, HOST_SILENT, 0, 1, 0);
	check_number(host_room(&h, 0, 1), 3, "what says nothing changes nothing");
}

static void
test_trouble(void)
{
	struct host_view h;

	host_init(&h, 4);
	check_number(host_hear(&h, HOST_BUSY, 0, 1000, 20), 5000, "five seconds");
	check_number(host_room(&h, 0, 5999), 0, "closed");
	check_number(host_room(&h, 0, 6000), 1, "one probe");
	check_number(host_room(&h, 1, 6000), 0, "only one");
	check_number(host_hear(&h, HOST_BUSY, 0, 6000, 20), 10000, "then ten");
	for (int i = 0; i < 20; i++)
		(void)host_hear(&h, HOST_BUSY, 0, 6000, 20);
	check_number(host_hear(&h, HOST_BUSY, 0, 6000, 20), 300000, "at most 5 min");
	(void)host_hear(&h, HOST_FINE, 0, 6000, 20);
	check_number(host_room(&h, 0, 6000), 2, "open again at once");
	check_number(host_hear(&h, HOST_BUSY, 0, 1000, 20), 5000, "from the start");
	check_number(host_hear(&h, HOST_STOPS, 3, 1000, 20), 3600000,
	    "a refused login: an hour, whatever others do");
	check(h.stopped && host_room(&h, 0, 3600999) == 0, "and nothing before");
	check_number(host_room(&h, 0, 3601000), 1, "then one");
	host_open(&h, 2);
	check(!h.stopped && host_room(&h, 0, 1001) == 1, "other settings");
}

int
main(void)
{
	test_backoff();
	test_news();
	test_growth();
	test_trouble();
	return check_end();
}
