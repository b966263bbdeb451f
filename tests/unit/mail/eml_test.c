/* The X-Sender and X-Receiver lines at the top of a file: printed, and read. */
#include "mail/eml.h"

#include "check.h"

#include <stdlib.h>

#define BLOCK "X-Sender: <a@x.example>\r\nX-Receiver: <b@y.example>\r\n"

static void
add(struct envelope *v, const char *text)
{
	struct addr a;
	struct err e;

	if (addr_parse(&a, text, strlen(text), &e) != 0 ||
	    envelope_add(v, &a, &e) != 1)
		abort();
}

static void
set_sender(struct envelope *v, const char *text)
{
	struct addr a;
	struct err e;

	if (addr_parse(&a, text, strlen(text), &e) != 0 ||
	    envelope_set_sender(v, &a, &e) != 0)
		abort();
	addr_free(&a);
}

static void
check_print(void)
{
	static const bool only[] = { true, false, true };
	struct envelope v;
	struct buf out;

	envelope_init(&v, 10);
	buf_init(&out, 1000);
	set_sender(&v, "a@x.example");
	add(&v, "b@y.example");
	add(&v, "\"c >\"@y.example");
	add(&v, "j\303\266rg@y.example");
	v.ret = RET_HDRS;
	v.envid = strdup("QQ+2B1");
	v.notify = NOTIFY_NEVER;
	v.recipients[0].notify = NOTIFY_FAILURE | NOTIFY_DELAY;
	v.recipients[0].orcpt = strdup("rfc822;b@y.example");
	eml_print(&v, true, NULL, &out);
	check_text(buf_text(&out),
	    "X-Sender: <a@x.example> RET=HDRS ENVID=QQ+2B1\r\n"
	    "X-Receiver: <b@y.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;b@y.example\r\n"
	    "X-Receiver: <\"c >\"@y.example> NOTIFY=NEVER\r\n"
	    "X-Receiver: <j\303\266rg@y.example> NOTIFY=NEVER\r\n", "all of it");
	buf_reset(&out);
	eml_print(&v, false, only, &out);
	check_text(buf_text(&out), "X-Sender: <a@x.example>\r\n"
	    "X-Receiver: <b@y.example>\r\nX-Receiver: <j\303\266rg@y.example>\r\n",
	    "some recipients, without parameters");
	buf_free(&out);
	set_sender(&v, "");
	buf_init(&out, 30);
	eml_print(&v, false, NULL, &out);
	check(strncmp(buf_text(&out), "X-Sender: <>\r\n", 14) == 0,
	    "the null sender");
	check(out.full, "what does not fit is told");
	buf_free(&out);
	envelope_free(&v);
}

/* What is read is printed again; NULL stands for what is no such file. */
static const struct {
	const char *name, *bytes;
	long        length;	/* of the block; -1 where there is none */
	const char *printed;
} cases[] = {
	{ "a block", BLOCK "Subject: x\r\n", sizeof(BLOCK) - 1, BLOCK },
	{ "no message", BLOCK "\r\n", sizeof(BLOCK) - 1, BLOCK },
	{ "LF alone", "X-Sender: <a@x.example>\nX-Receiver: <b@y.example>\n\n",
	    52 - 2, BLOCK },
	{ "any case, no blank", "x-sender:<a@x.example>\r\nX-RECEIVER:<b@y.example>\r\n\r\n",
	    50, BLOCK },
	{ "the receiver first", "X-Receiver: <b@y.example>\r\nX-Sender: <a@x.example>\r\n\r\n",
	    sizeof(BLOCK) - 1, BLOCK },
	{ "a receiver twice", BLOCK "X-Receiver: <b@Y.example> NOTIFY=NEVER\r\n\r\n",
	    sizeof(BLOCK) - 1 + 40, BLOCK },
	{ "the null sender", "X-Sender: <>\r\nX-Receiver: <b@y>\r\n\r\n", 33,
	    "X-Sender: <>\r\nX-Receiver: <b@y>\r\n" },
	{ "'>' within quotes", "X-Sender: <\"a\\\">\"@x>\r\nX-Receiver: <b@y> NOTIFY=NEVER\r\n\r\n",
	    54, "X-Sender: <\"a\\\">\"@x>\r\nX-Receiver: <b@y> NOTIFY=NEVER\r\n" },
	{ "parameters", "X-Sender: <a@x> ret=full  envid=Q\r\n"
	    "X-Receiver: <b@y> ORCPT=rfc822;b@y notify=delay,success\r\n\r\n", 92,
	    "X-Sender: <a@x> RET=FULL ENVID=Q\r\n"
	    "X-Receiver: <b@y> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@y\r\n" },
	{ "parameters that are none", "X-Sender: <a@x> RET=ALL ENVID=+0D+0A BODY= = x\r\n"
	    "X-Receiver: <b@y> NOTIFY=NEVER,DELAY ORCPT=a\177b NOTIFY\r\n\r\n", 103,
	    "X-Sender: <a@x>\r\nX-Receiver: <b@y>\r\n" },
	{ "a word too long for its key", "X-Sender: <a@x> RET=FULLFULLFULL\r\n"
	    "X-Receiver: <b@y> NOTIFY=SUCCESS,SUCCESS,SUCCESS,SUCCESS,SUCCESS,"
	    "SUCCESS,SUCCESS,SUCCESS,SUCCESS\r\n\r\n",
	    132, "X-Sender: <a@x>\r\nX-Receiver: <b@y>\r\n" },
	{ "a parameter twice: the first", "X-Sender: <a@x> ENVID=1 ENVID=2\r\n"
	    "X-Receiver: <b@y> ORCPT=x;1 ORCPT=x;2\r\n\r\n", 72,
	    "X-Sender: <a@x> ENVID=1\r\nX-Receiver: <b@y> ORCPT=x;1\r\n" },
	{ "nothing", "", 0, NULL },
	{ "a line that does not end", "X-Sender: <a@x>", 0, NULL },
	{ "a block that does not end", BLOCK, 0, NULL },
	{ "a message", "Subject: x\r\n\r\n", -1, NULL },
	{ "a blank line", "\r\n" BLOCK "\r\n", -1, NULL },
	{ "no sender", "X-Receiver: <b@y>\r\n\r\n", -1, NULL },
	{ "no receiver", "X-Sender: <a@x>\r\n\r\n", -1, NULL },
	{ "two senders", BLOCK "X-Sender: <c@x>\r\n\r\n", -1, NULL },
	{ "the null receiver", "X-Sender: <a@x>\r\nX-Receiver: <>\r\n\r\n", -1, NULL },
	{ "no brackets", "X-Sender: a@x\r\nX-Receiver: <b@y>\r\n\r\n", -1, NULL },
	{ "no address", "X-Sender: <a@x>\r\nX-Receiver: <b@>\r\n\r\n", -1, NULL },
	{ "two addresses", "X-Sender: <a@x>\r\nX-Receiver: <b@y,c@y>\r\n\r\n", -1, NULL },
	{ "an open quote", "X-Sender: <\"a@x>\r\nX-Receiver: <b@y>\r\n\r\n", -1, NULL },
	{ "a folded line", "X-Sender: <a@x>\r\nX-Receiver:\r\n <b@y>\r\n\r\n", -1, NULL },
	{ "a CR within", "X-Sender: <a@x>\r\nX-Receiver: <b\r@y>\r\n\r\n", -1, NULL },
};

static void
check_case(size_t i)
{
	struct envelope v;
	struct buf out;
	struct err e = { 0 };
	const char *bytes = cases[i].bytes;
	long got;

	envelope_init(&v, 10);
	buf_init(&out, 1000);
	got = eml_parse(&v, bytes, strlen(bytes), &e);
	check_number(got, cases[i].length, cases[i].name);
	if (got > 0) {
		eml_print(&v, true, NULL, &out);
		check_text(buf_text(&out), cases[i].printed, cases[i].name);
	}
	check(got >= 0 || (e.status == EX_DATAERR && e.text[0] != '\0'),
	    "why not");
	envelope_free(&v);
	buf_free(&out);
}

/* However little is there, it asks for more and says nothing else. */
static void
check_parts(void)
{
	static const char bytes[] = BLOCK "Subject: x\r\n";
	size_t asked = 0;

	for (size_t len = 0; len < sizeof(bytes) - 1; len++) {
		struct envelope v;
		struct err e;

		envelope_init(&v, 10);
		asked += eml_parse(&v, bytes, len, &e) == 0;
		envelope_free(&v);
	}
	check_number((long long)asked, sizeof(bytes) - 1,
	    "each part of it asks for more");
}

static void
check_limits(void)
{
	static const char bytes[] = BLOCK "X-Receiver: <c@y>\r\n\r\n";
	static const char nul[] = "X-Sender: <a@x>\r\nX-Receiver: <b\0@y>\r\n\r\n";
	struct envelope v;
	struct err e;

	envelope_init(&v, 1);
	check(eml_parse(&v, bytes, sizeof(bytes) - 1, &e) == -1 &&
	    e.status == EX_DATAERR, "more receivers than the envelope takes");
	envelope_free(&v);
	envelope_init(&v, 10);
	check(eml_parse(&v, nul, sizeof(nul) - 1, &e) == -1 &&
	    e.status == EX_DATAERR, "a NUL within an address");
	envelope_free(&v);
}

int
main(void)
{
	check_print();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(i);
	check_parts();
	check_limits();
	return check_end();
}
