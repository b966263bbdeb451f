/* The header as fields: what is edited, and that all else stays to the byte. */
#include "mail/head.h"

#include "check.h"

#include <stdlib.h>

static const char usual[] = "Received: a\r\n\tb\r\nTo: x@a,\r\n y@b\r\n"
	"Subject:  odd \303\266 \r\nto:z@c\r\nX-Empty:\r\nX-Empty: \r\n";

static void
check_printed(const struct head *h, const char *wanted, const char *name)
{
	struct buf out;

	buf_init(&out, 4 * (size_t)HEAD_MAX);
	head_print(h, &out);
	check_text(buf_text(&out), wanted, name);
	check(!out.full, "it fits");
	buf_free(&out);
}

static const struct {
	const char *name, *bytes;
	long        count;	/* of fields; -1: it is refused */
	const char *printed;	/* NULL: as it was */
} cases[] = {
	{ "none", "", 0, NULL },
	{ "one", "A: b\r\n", 1, NULL },
	{ "the usual", usual, 6, NULL },
	{ "no value", "A:\r\n", 1, NULL },
	{ "colons in the value", "A: b: c\r\n", 1, NULL },
	{ "blank before the colon", "To : x\r\n", 1, "To: x\r\n" },
	{ "blanks before the colon, folded", "To \t:\r\n x\r\n", 1, "To:\r\n x\r\n" },
	{ "a blank line of a folded field", "A: b\r\n \r\n c\r\n", 1, NULL },
	{ "no line end", "A: b", 1, NULL },
	{ "no colon", "A b\r\n", -1, "" },
	{ "a colon first", ": b\r\n", -1, "" },
	{ "a folded line first", " b\r\nA: b\r\n", -1, "" },
	{ "a blank line", "A: b\r\n\r\n", -1, "" },
	{ "a colon only in the next line", "A\r\n: b\r\n", -1, "" },
};

static void
check_parse(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *printed = cases[i].printed;
		struct head h;
		struct err e = { 0 };
		int result = head_parse(&h, cases[i].bytes,
		    strlen(cases[i].bytes), &e);

		check(cases[i].count < 0 ? result == -1 && e.status == EX_DATAERR :
		    result == 0 && (long)h.count == cases[i].count, cases[i].name);
		if (result == 0)
			check_printed(&h, printed != NULL ? printed :
			    cases[i].bytes, cases[i].name);
		head_free(&h);
		head_free(&h);
	}
}

/* The value of the first field of that name from `from` on. */
static const char *
value(const struct head *h, const char *name, size_t from)
{
	static char text[200];
	long field = head_find(h, name, from);
	const char *bytes;
	size_t len;

	if (field < 0)
		return "(none)";
	bytes = head_value(h, field, &len);
	if (len >= sizeof(text))
		abort();
	memcpy(text, bytes, len);
	text[len] = '\0';
	return text;
}

static void
check_find(void)
{
	struct head h;
	struct err e;

	if (head_parse(&h, usual, sizeof(usual) - 1, &e) != 0)
		abort();
	check_number(head_find(&h, "To", 0), 1, "the first of its name");
	check_number(head_find(&h, "TO", 2), 3, "the next, in any case");
	check_number(head_find(&h, "To", 4), -1, "there is no third");
	check_number(head_find(&h, "To", 100), -1, "nor one behind the end");
	check_number(head_find(&h, "T", 0), -1, "half a name is none");
	check_number(head_find(&h, "To:", 0), -1, "the colon is no part of it");
	check_number(head_find(&h, "", 0), -1, "nothing has no name");
	check_text(value(&h, "To", 0), " x@a,\r\n y@b", "a value, as it is folded");
	check_text(value(&h, "To", 2), "z@c", "one without a blank");
	check_text(value(&h, "Subject", 0), "  odd \303\266 ", "blanks at its ends");
	check_text(value(&h, "X-Empty", 0), "", "none at all");
	check_text(value(&h, "X-Empty", 5), " ", "nothing but a blank");
	head_drop(&h, 1);
	check_number(head_find(&h, "To", 0), 3, "a dropped one is not found");
	head_free(&h);
}

static void
check_edit(void)
{
	struct head h;
	struct err e;

	if (head_parse(&h, usual, sizeof(usual) - 1, &e) != 0)
		abort();
	head_drop_all(&h, "x-empty");
	head_drop_all(&h, "X-Nowhere");
	check_number(head_replace(&h, 1, "v@w", 3, &e), 0, "replaced");
	check_number(head_replace(&h, 3, "\r\n\tu@w,\r\n\tt@w", 13, &e), 0, "folded");
	head_add(&h, "Date", "today");
	buf_puts(&h.front, "Received: by us\r\n");
	check_printed(&h, "Received: by us\r\nReceived: a\r\n\tb\r\nTo: v@w\r\n"
	    "Subject:  odd \303\266 \r\nto: \r\n\tu@w,\r\n\tt@w\r\nDate: today\r\n",
	    "what was not touched is as it was");
	check_text(value(&h, "To", 0), " v@w", "the new value is found");
	check_number(head_replace(&h, 1, " again", 6, &e), 0, "replaced twice");
	check_number(head_replace(&h, 3, "", 0, &e), 0, "by nothing");
	check_text(value(&h, "To", 0), " again", "its own blank is kept");
	check_text(value(&h, "To", 2), "", "an empty one");
	head_free(&h);

	if (head_parse(&h, "To\t : x\r\n", 9, &e) != 0)
		abort();
	check_number(head_replace(&h, 0, "y", 1, &e), 0, "replaced");
	check_printed(&h, "To: y\r\n", "without the blanks before the colon");
	head_free(&h);
}

static void
check_limits(void)
{
	static char many[HEAD_MAX];
	struct head h;
	struct err e;
	struct buf out;

	for (size_t i = 0; i + 4 <= sizeof(many); i += 4)
		memcpy(many + i, "A:\r\n", 4);
	check_number(head_parse(&h, many, sizeof(many), &e), 0, "many fields");
	check_number((long long)h.count, sizeof(many) / 4, "each is one");
	head_drop_all(&h, "a");
	check_printed(&h, "", "and all can be dropped");
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	head_add(&h, "B", many);
	buf_init(&out, 4 * (size_t)HEAD_MAX);
	head_print(&h, &out);
	check(out.full, "what was added and did not fit is told");
	buf_free(&out);
	head_free(&h);
}

int
main(void)
{
	check_parse();
	check_find();
	check_edit();
	check_limits();
	return check_end();
}
