#include "mail/envelope.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

#define LEN(list) (sizeof(list) / sizeof((list)[0]))

static int
add(struct envelope *v, const char *text, struct err *e)
{
	struct addr a;
	int r;

	if (addr_parse(&a, text, strlen(text), e) != 0)
		return -2;
	r = envelope_add(v, &a, e);
	check(a.text == NULL, "the address was taken over");
	return r;
}

static void
test_recipients(void)
{
	static const struct { const char *text; int r; } list[] = {
		{ "a@x.example", 1 }, { "a@x.example", 0 },
		{ "a@X.Example", 0 }, { "A@x.example", 1 },
		{ "<a@x.example>", 0 }, { "\"a\"@x.example", 0 },
		{ "a", 1 }, { "a", 0 }, { "<>", -1 }, { "b@x.example", 1 },
	};
	struct envelope v;
	struct err e = { 0 };

	envelope_init(&v, 4);
	check(envelope_last(&v) == NULL, "nobody is the last of none");
	for (size_t i = 0; i < LEN(list); i++)
		check_number(add(&v, list[i].text, &e), list[i].r, list[i].text);
	check_number((long long)v.count, 4, "no duplicates");
	check_text(v.recipients[0].addr.text, "a@x.example",
	    "the first form stays");
	check_text(envelope_last(&v)->addr.text, "b@x.example", "the last one");
	check(envelope_last(&v)->notify == 0 && envelope_last(&v)->orcpt == NULL,
	    "nothing was asked of it");
	check(add(&v, "c@x.example", &e) == -1 && e.status == EX_DATAERR &&
	    strstr(e.text, "max_recipients") != NULL,
	    "the one over the limit is refused and the key named");
	check_number(add(&v, "a@x.EXAMPLE", &e), 0, "a known one fits always");
	envelope_last(&v)->orcpt = strdup("rfc822;b");
	envelope_free(&v);
	envelope_free(&v);
	check(v.count == 0 && v.recipients == NULL, "free twice is safe");
}

static void
test_many(void)
{
	enum { MANY = 20000 };
	struct envelope v;
	struct err e = { 0 };
	char text[64];
	int fresh = 0, known = 0;

	envelope_init(&v, MANY);
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < MANY; i++) {
			struct addr a = { 0 };
			int r;

			(void)snprintf(text, sizeof(text), "u%d@%s.example", i,
			    turn == 0 ? "host" : "HOST");
			(void)addr_parse(&a, text, strlen(text), &e);
			r = envelope_add(&v, &a, &e);
			fresh += r == 1;
			known += r == 0;
		}
	}
	check_number(fresh, MANY, "20,000 recipients");
	check_number(known, MANY, "each known when it comes again");
	check_text(v.recipients[MANY - 1].addr.text, "u19999@host.example",
	    "in the order in which they came");
	envelope_free(&v);
}

static void
test_sender(void)
{
	struct envelope v;
	struct addr a;
	struct err e = { 0 };

	envelope_init(&v, 10);
	check(!v.has_sender && !envelope_utf8(&v), "no sender at first");
	check(addr_parse(&a, "", 0, &e) == 0 &&
	    envelope_set_sender(&v, &a, &e) == 0 && v.has_sender &&
	    addr_is_null(&v.sender), "the null sender is one");
	addr_free(&a);
	check(addr_parse(&a, "j\xc3\xb6@x", 5, &e) == 0 &&
	    envelope_set_sender(&v, &a, &e) == 0 && v.sender.text != a.text,
	    "another takes its place, as a copy");
	check(envelope_utf8(&v), "a UTF-8 sender needs SMTPUTF8");
	addr_free(&a);
	envelope_free(&v);

	envelope_init(&v, 10);
	(void)add(&v, "a@x", &e);
	check(!envelope_utf8(&v), "ASCII does not");
	(void)add(&v, "\xc3\xb6@x", &e);
	(void)add(&v, "b@x", &e);
	check(envelope_utf8(&v), "a UTF-8 recipient does");
	envelope_free(&v);
}

static void
test_notify(void)
{
	static const struct {
		const char *text;
		unsigned    bits;	/* 0: refused */
		const char *printed;
	} list[] = {
		{ "never", NOTIFY_NEVER, "NEVER" },
		{ "NEVER", NOTIFY_NEVER, "NEVER" },
		{ "failure,delay", NOTIFY_FAILURE | NOTIFY_DELAY, "FAILURE,DELAY" },
		{ "Delay,SUCCESS,failure",
		    NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY,
		    "SUCCESS,FAILURE,DELAY" },
		{ "failure,failure", NOTIFY_FAILURE, "FAILURE" },
		{ "success", NOTIFY_SUCCESS, "SUCCESS" },
		{ "", 0, "" }, { "bogus", 0, "" }, { "failure,", 0, "" },
		{ ",failure", 0, "" }, { "failure,,delay", 0, "" },
		{ "never,failure", 0, "" }, { "fail", 0, "" },
		{ "failure delay", 0, "" }, { "failure\n", 0, "" },
		{ "failure,delay\r\nRCPT TO:<v@evil>", 0, "" },
	};

	for (size_t i = 0; i < LEN(list); i++) {
		struct err e = { 0 };
		struct buf b;
		unsigned bits = 0;
		int r = notify_parse(&bits, list[i].text, &e);

		buf_init(&b, 100);
		check(list[i].bits != 0 ? r == 0 : r == -1 &&
		    e.status == EX_USAGE && strchr(e.text, '\n') == NULL,
		    list[i].text);
		check_number(bits, list[i].bits, list[i].text);
		notify_print(bits, &b);
		check_text(buf_text(&b), list[i].printed, list[i].text);
		buf_free(&b);
	}
}

static void
test_ret(void)
{
	static const struct { const char *text; int r; enum ret ret; } list[] = {
		{ "full", 0, RET_FULL }, { "HDRS", 0, RET_HDRS },
		{ "", -1, RET_UNSET }, { "head", -1, RET_UNSET },
		{ "full ", -1, RET_UNSET }, { "hdrs\r\n", -1, RET_UNSET },
	};

	for (size_t i = 0; i < LEN(list); i++) {
		struct err e = { 0 };
		enum ret ret = RET_UNSET;

		check_number(ret_parse(&ret, list[i].text, &e), list[i].r,
		    list[i].text);
		check(ret == list[i].ret &&
		    (list[i].r == 0 || e.status == EX_USAGE), list[i].text);
	}
}

static void
test_xtext(void)
{
	static const struct { const char *text; bool valid; } list[] = {
		{ "QQ314159", true }, { "a+2Bb+3Dc", true }, { "+20", true },
		{ "", false }, { "a b", false }, { "a=b", false },
		{ "a+b", false }, { "a+", false }, { "a+2", false },
		{ "a+2b", false }, { "+0D+0A", false }, { "+00", false },
		{ "+7F", false }, { "a\r\nb", false }, { "\xc3\xa4", false },
		{ "a\x7f", false },
	};
	struct buf b;

	for (size_t i = 0; i < LEN(list); i++)
		check(xtext_valid(list[i].text, strlen(list[i].text)) ==
		    list[i].valid, list[i].text);
	check(!xtext_valid("+\0" "0", 3), "a NUL is no digit");
	check(!xtext_valid("a\0b", 3), "nor a character");
	buf_init(&b, 100);
	xtext_print("\"j d\"@x+=\r\n\xc3\xa4~", 14, &b);
	check_text(buf_text(&b), "\"j+20d\"@x+2B+3D+0D+0A+C3+A4~", "printed");
	buf_free(&b);
}

int
main(void)
{
	test_recipients();
	test_many();
	test_sender();
	test_notify();
	test_ret();
	test_xtext();
	return check_end();
}
