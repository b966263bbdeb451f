/* Verdicts as lines and back; the agent that writes them may have been led astray. */
#include "deliver/verdict.h"

#include "check.h"

static const char *
printed(const struct verdict *v, struct buf *out)
{
	buf_reset(out);
	verdict_print(v, out);
	return buf_text(out);
}

static void
check_round_trips(void)
{
	static const char *const lines[] = {
		"sent 0 0 250 2.0.0 smtp.example.com[192.0.2.1]:587 dot queued as 4kX9\n",
		"later 12 75 0 - - connect [192.0.2.1]:587: Connection refused\n",
		"unsure 1 75 0 - unix:/run/smtp dot the connection was lost\n",
		"refused 1000 67 550 5.1.1 [::1]:25 RCPT 550 5.1.1 no - really\n",
		"later 0 78 0 - - settings -\n",
	};
	struct verdict v;
	struct buf out;
	struct err e;

	buf_init(&out, VERDICT_LINE_MAX);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		check_number(verdict_parse(&v, lines[i], strlen(lines[i]) - 1, &e),
		    0, lines[i]);
		check_text(printed(&v, &out), lines[i], "is printed as it was");
		check(v.maybe_twice == (strncmp(lines[i], "unsure", 6) == 0),
		    "only \"unsure\" may arrive twice");
	}
	check_number(verdict_parse(&v, "pending", 7, &e), 1, "pending");
	buf_free(&out);
}

static void
check_refusals(void)
{
	static const char *const lines[] = {
		"", "sent", "sent 0 0 250 2.0.0 relay dot", "pendin", "pending ",
		"gone 0 0 250 - - dot x",
		"sent -1 0 250 - - dot x",
		"sent 99999999999999999999999 0 250 - - dot x",
		"sent 0 256 250 - - dot x",
		"sent 0 0 1000 - - dot x",
		"sent 0 0 2x0 - - dot x",
		"sent  0 0 250 - - dot x",
		"sent 0 0 250 1.2.3.4.5.6.7.8.9.10 - dot x",
		"sent 0 0 250 - re\033lay dot x",
		"sent 0 0 250 - - a-step-that-is-too-long x",
		"sent 0 0 250 - - dot ",
		"sent 0 69 250 - - dot x",
		"later 0 0 451 - - dot x",
		"unsure 0 0 0 - - dot x",
		"refused 0 0 550 - - dot x",
		"refused 0 75 550 - - dot x",
	};
	struct verdict v = { .index = 77 };
	struct err e;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		check(verdict_parse(&v, lines[i], strlen(lines[i]), &e) == -1 &&
		    e.status == EX_SOFTWARE && v.index == 77, lines[i]);
}

static void
check_text_is_tamed(void)
{
	static const char escape[] = "later 0 75 0 - - dot a\033]0;x\007\rb";
	static char long_line[4096] = "later 0 75 0 - - dot ";
	struct verdict v = { .kind = VERDICT_SENT };
	struct buf out;
	struct err e;

	check_number(verdict_parse(&v, escape, strlen(escape), &e), 0, "escapes");
	check_text(v.text, "a?]0;x??b", "a text is made printable");
	memset(long_line + strlen(long_line), 'x', 3000);
	check_number(verdict_parse(&v, long_line, strlen(long_line), &e), 0, "long");
	check_number((long long)strlen(v.text), VERDICT_TEXT_MAX - 1, "and is cut");

	buf_init(&out, VERDICT_LINE_MAX);
	memset(&v, 0, sizeof(v));
	memcpy(v.relay, "a b\nsent", 9);
	memcpy(v.text, "c\nsent 0", 9);
	check_text(printed(&v, &out), "later 0 0 0 - a_b?sent - c?sent 0\n",
	    "no field makes a second line or field");
	buf_free(&out);
}

int
main(void)
{
	check_round_trips();
	check_refusals();
	check_text_is_tamed();
	return check_end();
}
