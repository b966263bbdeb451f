#include "sendmail/serve.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

/*
 * A sink that writes down what it got: "a@b>c@d:text;" for each message,
 * "!" where one was forgotten without an end. A sender "bad@x" is refused at
 * once as a bad message, "full@x" for want of space; a text with "reject" in
 * the middle, with "broken" for want of space.
 */
struct notes {
	struct buf text;
	bool       open;
	int        begun, forgotten;
};

static int
note_begin(void *self, const struct envelope *v, struct err *e)
{
	struct notes *n = self;

	n->begun++;
	if (strcmp(v->sender.text, "bad@x") == 0)
		return err_set(e, EX_DATAERR, "no good");
	if (strcmp(v->sender.text, "full@x") == 0)
		return err_set(e, EX_IOERR, "no space");
	n->open = true;
	buf_puts(&n->text, v->sender.text);
	if (v->ret != RET_UNSET)
		buf_puts(&n->text, v->ret == RET_HDRS ? " HDRS" : " FULL");
	if (v->envid != NULL)
		buf_printf(&n->text, " %s", v->envid);
	for (size_t i = 0; i < v->count; i++) {
		const struct recipient *r = &v->recipients[i];

		buf_printf(&n->text, "%c%s", i == 0 ? '>' : ',', r->addr.text);
		if (r->notify != 0)
			buf_printf(&n->text, " %u", r->notify);
		if (r->orcpt != NULL)
			buf_printf(&n->text, " %s", r->orcpt);
	}
	buf_putc(&n->text, ':');
	return 0;
}

/* Is the word in it? Then it ends with that, however large the piece was. */
static bool
ends_at(struct buf *text, const char *word)
{
	const char *at = strstr(buf_text(text), word);

	if (at == NULL)
		return false;
	text->len = (size_t)(at - text->data) + strlen(word);
	text->data[text->len] = '\0';
	return true;
}

static int
note_data(void *self, const char *bytes, size_t len, struct err *e)
{
	struct notes *n = self;

	for (size_t i = 0; i < len; i++) {	/* NULs are to be seen */
		if (bytes[i] != '\0')
			buf_putc(&n->text, bytes[i]);
		else
			buf_puts(&n->text, "[NUL]");
	}
	if (ends_at(&n->text, "reject"))
		return err_set(e, EX_DATAERR, "no good");
	if (ends_at(&n->text, "broken"))
		return err_set(e, EX_IOERR, "no space");
	return 0;
}

static void
note_finish(void *self, struct buf *reply)
{
	struct notes *n = self;

	n->open = false;
	buf_putc(&n->text, ';');
	buf_puts(reply, "250 2.0.0 Ok: kept");
}

static void
note_forget(void *self)
{
	struct notes *n = self;

	n->forgotten++;
	if (n->open)
		buf_putc(&n->text, '!');
	n->open = false;
}

enum { MAX_SIZE = 100, MAX_RECIPIENTS = 3, PLENTY = 4 * 1024 * 1024 };

struct heard {
	struct notes notes;
	struct buf   answers;
	bool         quit, gave_up;
};

static void
heard_free(struct heard *h)
{
	buf_free(&h->notes.text);
	buf_free(&h->answers);
}

/* The whole session, `piece` bytes at a time. */
static void
serve_all(struct heard *h, const char *input, size_t len, size_t piece, bool utf8)
{
	struct serve_sink sink = { &h->notes, note_begin, note_data, note_finish,
		note_forget };
	struct serve s;

	memset(h, 0, sizeof(*h));
	buf_init(&h->notes.text, PLENTY);
	buf_init(&h->answers, PLENTY);
	serve_init(&s, "me.test", MAX_SIZE, MAX_RECIPIENTS, utf8, &sink);
	for (size_t i = 0; i < len; i += piece) {
		size_t n = len - i < piece ? len - i : piece;
		char *copy = malloc(n);	/* of this size, so that ASan sees */

		if (copy == NULL)
			abort();
		memcpy(copy, input + i, n);
		serve_feed(&s, copy, n);
		free(copy);
		buf_put(&h->answers, buf_text(&s.out), s.out.len);
		buf_reset(&s.out);
	}
	buf_put(&h->answers, buf_text(&s.out), s.out.len);
	h->quit = s.quit;
	h->gave_up = s.gave_up;
	serve_free(&s);
}

/* "220 250 354": the code of the last line of each answer. */
static void
put_codes(const struct buf *answers, struct buf *codes)
{
	const char *line = buf_text(answers);

	while (*line != '\0') {
		const char *end = strstr(line, "\r\n");

		if (end == NULL || end - line < 4)
			break;
		if (line[3] == ' ') {
			if (codes->len > 0)
				buf_putc(codes, ' ');
			buf_put(codes, line, 3);
		}
		line = end + 2;
	}
	buf_puts(codes, line);	/* what is no line shows up in the comparison */
}

#define HELLO "EHLO x\r\n"
#define FROM "MAIL FROM:<a@b>\r\n"
#define TO "RCPT TO:<c@d>\r\n"
#define START HELLO FROM TO "DATA\r\n"
#define LF_START "EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nDATA\n"

static const struct session {
	const char *why, *input, *codes, *notes;
} sessions[] = {
	{ "nothing at all", "", "220", "" },
	{ "QUIT", "QUIT\r\n", "220 221", "" },
	{ "nothing is heard after QUIT", "QUIT\r\n" START "x\r\n.\r\n",
	    "220 221", "" },
	{ "one message", START "S: x\r\n\r\nhi\r\n.\r\nQUIT\r\n",
	    "220 250 250 250 354 250 221", "a@b>c@d:S: x\r\n\r\nhi\r\n;" },
	{ "one message with LF", LF_START "S: x\n\nhi\n.\nQUIT\n",
	    "220 250 250 250 354 250 221", "a@b>c@d:S: x\n\nhi\n;" },
	{ "any case, blanks at the end and behind the colon",
	    "ehlo x \r\nmail from: <a@b> \r\nRcpt tO:  <c@d>\r\ndata  \r\nx\r\n"
	    ".\r\nquit \r\n",
	    "220 250 250 250 354 250 221", "a@b>c@d:x\r\n;" },
	{ "HELO", "HELO x\r\n" FROM TO "DATA\r\nx\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:x\r\n;" },
	{ "an empty message", START ".\r\n", "220 250 250 250 354 250",
	    "a@b>c@d:;" },
	{ "two messages", START "1\r\n.\r\n" FROM "RCPT TO:<e@f>\r\nDATA\r\n2\r\n"
	    ".\r\n", "220 250 250 250 354 250 250 250 354 250",
	    "a@b>c@d:1\r\n;a@b>e@f:2\r\n;" },
	{ "the second has nothing of the first", START "1\r\n.\r\nDATA\r\n2\r\n"
	    ".\r\n", "220 250 250 250 354 250 354 503", "a@b>c@d:1\r\n;" },
	{ "the null sender", HELLO "MAIL FROM:<>\r\n" TO "DATA\r\nx\r\n.\r\n",
	    "220 250 250 250 354 250", ">c@d:x\r\n;" },
	{ "without brackets", HELLO "MAIL FROM:a@b SIZE=1\r\nRCPT TO:c@d\r\n"
	    "DATA\r\nx\r\n.\r\n", "220 250 250 250 354 250", "a@b>c@d:x\r\n;" },
	{ "without domain", HELLO "MAIL FROM:<root>\r\nRCPT TO:<www>\r\nDATA\r\n"
	    "x\r\n.\r\n", "220 250 250 250 354 250", "root>www:x\r\n;" },
	{ "quotes, dashes, routes", HELLO "MAIL FROM:<\"a >\\\" b\"@c>\r\n"
	    "RCPT TO:<-oQ/x@y>\r\nRCPT TO:<@h1,@h2:e@f>\r\nDATA\r\nx\r\n.\r\n",
	    "220 250 250 250 250 354 250",
	    "\"a >\\\" b\"@c>-oQ/x@y,e@f:x\r\n;" },
	{ "the same recipient twice is one", HELLO FROM TO "RCPT TO:<c@D>\r\n"
	    "DATA\r\nx\r\n.\r\n", "220 250 250 250 250 354 250",
	    "a@b>c@d:x\r\n;" },

	/* dots */
	{ "dots are undone", START "..\r\n.x\r\n...\r\nx.\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:.\r\nx\r\n..\r\nx.\r\n;" },
	{ "dots are undone with LF", LF_START "..\n.x\n...\nx.\n.\n",
	    "220 250 250 250 354 250", "a@b>c@d:.\nx\n..\nx.\n;" },
	{ "LF . LF within CRLF is text", START "a\n.\nMAIL FROM:<e@v>\r\n.\r\n",
	    "220 250 250 250 354 250",
	    "a@b>c@d:a\n.\nMAIL FROM:<e@v>\r\n;" },
	{ "LF . CRLF within CRLF is text", START "a\n.\r\nRSET\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:a\n.\r\nRSET\r\n;" },
	{ "CRLF . LF within CRLF is text", START "a\r\n.\nRSET\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:a\r\n\nRSET\r\n;" },
	{ "CRLF . CR x is text", START "a\r\n.\rx\r\n.\r\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:a\r\n\rx\r\n\r\r\n;" },
	{ "CR . CR is text", START "a\r.\rRSET\r.\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:a\r.\rRSET\r.\r\n;" },
	{ "CRLF . NUL CRLF is text", START "a\r\n.^\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:a\r\n[NUL]\r\n;" },
	{ "a text that begins with LF . CRLF", START "\n.\r\nx\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:\n.\r\nx\r\n;" },
	{ "after DATA LF both forms end", LF_START "a\r\n.\r\nNOOP\n",
	    "220 250 250 250 354 250 250", "a@b>c@d:a\r\n;" },
	{ "the line of DATA decides, not those before", "EHLO x\n" "MAIL "
	    "FROM:<a@b>\n" TO "DATA\r\na\n.\nb\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:a\n.\nb\r\n;" },
	{ "each message anew", START "a\n.\n\r\n.\r\nMAIL FROM:<a@b>\nRCPT "
	    "TO:<c@d>\nDATA\nb\n.\nNOOP\n",
	    "220 250 250 250 354 250 250 250 354 250 250",
	    "a@b>c@d:a\n.\n\r\n;a@b>c@d:b\n;" },
	{ "NULs go on to who leaves them out", START "a^b\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b>c@d:a[NUL]b\r\n;" },

	/* the end within */
	{ "the end within a message", START "half", "220 250 250 250 354",
	    "a@b>c@d:half!" },
	{ "the end behind the dot", START "half\r\n.", "220 250 250 250 354",
	    "a@b>c@d:half\r\n!" },
	{ "the end behind dot and CR", START "half\r\n.\r",
	    "220 250 250 250 354", "a@b>c@d:half\r\n!" },
	{ "LF behind the dot is not enough", START "half\r\n.\n",
	    "220 250 250 250 354", "a@b>c@d:half\r\n\n!" },
	{ "the end within a command", HELLO "MAIL FROM:<a@b>", "220 250", "" },

	/* order */
	{ "MAIL before EHLO", FROM HELLO FROM, "220 503 250 250", "" },
	{ "RCPT before MAIL", HELLO TO, "220 250 503", "" },
	{ "MAIL twice", HELLO FROM "MAIL FROM:<x@y>\r\n" TO "DATA\r\n.\r\n",
	    "220 250 250 503 250 354 250", "a@b>c@d:;" },
	{ "RSET forgets", HELLO FROM TO "RSET\r\n" TO FROM "RCPT TO:<e@f>\r\n"
	    "DATA\r\n.\r\n", "220 250 250 250 250 503 250 250 354 250",
	    "a@b>e@f:;" },
	{ "EHLO forgets", HELLO FROM TO HELLO TO, "220 250 250 250 250 503",
	    "" },
	{ "NOOP and VRFY forget nothing", HELLO FROM "NOOP x\r\nVRFY a\r\n"
	    "HELP\r\n" TO "NOOP\r\nDATA\r\n.\r\n",
	    "220 250 250 250 252 214 250 250 354 250", "a@b>c@d:;" },
	{ "without a greeting", "NOOP\r\nRSET\r\nVRFY a\r\nHELP\r\nEHLO\r\n"
	    "HELO \r\nVRFY\r\n", "220 250 250 252 214 501 501 501", "" },

	/* the text of a message that cannot be taken is read over */
	{ "no recipient was taken", HELLO FROM "RCPT TO:<>\r\nDATA\r\nMAIL "
	    "FROM:<e@v>\r\nRCPT TO:<v@w>\r\nDATA\r\n.\r\nNOOP\r\n",
	    "220 250 250 501 354 554 250", "" },
	{ "the sender was not taken", HELLO "MAIL FROM:<a b@c>\r\n" TO "DATA\r\n"
	    FROM "RCPT TO:<v@w>\r\nDATA\r\n.\r\nNOOP\r\n",
	    "220 250 501 503 354 503 250", "" },
	{ "nobody was greeted", FROM TO "DATA\r\n" HELLO FROM TO "DATA\r\n.\r\n"
	    "NOOP\r\n", "220 503 503 354 503 250", "" },
	{ "the same with LF", "EHLO x\nMAIL FROM:<a@b>\nRCPT TO:<>\nDATA\n"
	    "RSET\n.\nNOOP\n", "220 250 250 501 354 554 250", "" },
	{ "DATA with an argument is no DATA", HELLO FROM TO "DATA x\r\nNOOP\r\n",
	    "220 250 250 250 501 250", "" },

	/* refused by where it goes */
	{ "refused at once", HELLO "MAIL FROM:<bad@x>\r\n" TO "DATA\r\nx\r\n"
	    ".\r\n" FROM TO "DATA\r\n.\r\n",
	    "220 250 250 250 354 554 250 250 354 250", "a@b>c@d:;" },
	{ "no space at once", HELLO "MAIL FROM:<full@x>\r\n" TO "DATA\r\nx\r\n"
	    ".\r\nNOOP\r\n", "220 250 250 250 354 451 250", "" },
	{ "refused in the middle", START "reject\r\nmore\r\n.\r\nNOOP\r\n",
	    "220 250 250 250 354 554 250", "a@b>c@d:reject!" },
	{ "no space in the middle", START "broken\r\nmore\r\n.\r\nNOOP\r\n",
	    "220 250 250 250 354 451 250", "a@b>c@d:broken!" },

	/* limits */
	{ "too many recipients", HELLO FROM TO "RCPT TO:<2@d>\r\nRCPT TO:<3@d>"
	    "\r\nRCPT TO:<4@d>\r\nRCPT TO:<5@d>\r\nDATA\r\n.\r\n",
	    "220 250 250 250 250 250 452 452 354 250",
	    "a@b>c@d,2@d,3@d:;" },
	{ "SIZE is honoured", HELLO "MAIL FROM:<a@b> SIZE=101\r\nMAIL FROM:<a@b>"
	    " SIZE=100\r\n", "220 250 552 250", "" },
	{ "SIZE beyond all numbers", HELLO "MAIL FROM:<a@b> "
	    "SIZE=99999999999999999999\r\n", "220 250 552", "" },
	{ "SIZE is a number", HELLO "MAIL FROM:<a@b> SIZE=-1\r\nMAIL FROM:<a@b> "
	    "SIZE=\r\nMAIL FROM:<a@b> SIZE\r\nMAIL FROM:<a@b> SIZE=1x\r\nMAIL "
	    "FROM:<a@b> SIZE=+1\r\nMAIL FROM:<a@b> SIZE=111111111111111111111"
	    "\r\n", "220 250 501 501 501 501 501 501", "" },

	/* parameters */
	{ "all of MAIL", HELLO "MAIL FROM:<a@b> SIZE=5 BODY=8BITMIME RET=HDRS "
	    "ENVID=QQ+2B1 AUTH=<>\r\n" TO "DATA\r\n.\r\n",
	    "220 250 250 250 354 250", "a@b HDRS QQ+2B1>c@d:;" },
	{ "all of RCPT", HELLO FROM "RCPT TO:<c@d> NOTIFY=SUCCESS,DELAY "
	    "ORCPT=rfc822;x+40y\r\nRCPT TO:<e@f> notify=never\r\nDATA\r\n.\r\n",
	    "220 250 250 250 250 354 250",
	    "a@b>c@d 10 rfc822;x+40y,e@f 1:;" },
	{ "none of them", HELLO "MAIL FROM:<a@b> X=1\r\nMAIL FROM:<a@b> SMTPUTF8"
	    "\r\nMAIL FROM:<a@b>,<c@d>\r\nMAIL FROM:<a@b> NOTIFY=NEVER\r\n" FROM
	    "RCPT TO:<c@d> X\r\nRCPT TO:<c@d> RET=FULL\r\nRCPT TO:<c@d>x\r\n",
	    "220 250 555 555 555 555 250 555 555 555", "" },
	{ "values that are none", HELLO "MAIL FROM:<a@b> BODY=9BIT\r\nMAIL "
	    "FROM:<a@b> RET=ALL\r\nMAIL FROM:<a@b> ENVID=a+\r\nMAIL FROM:<a@b> "
	    "ENVID=\r\nMAIL FROM:<a@b> ENVID=1 ENVID=2\r\n" FROM
	    "RCPT TO:<c@d> NOTIFY=X\r\nRCPT TO:<c@d> NOTIFY=NEVER,DELAY\r\n"
	    "RCPT TO:<c@d> ORCPT=c@d\r\nRCPT TO:<c@d> ORCPT=;c@d\r\n"
	    "RCPT TO:<c@d> ORCPT=rfc822;+zz\r\n"
	    "RCPT TO:<c@d> ORCPT=rfc822;a ORCPT=rfc822;b\r\n",
	    "220 250 501 501 501 501 501 250 501 501 501 501 501 501", "" },
	{ "a refused RCPT leaves nothing", HELLO FROM "RCPT TO:<c@d> X\r\n"
	    "RCPT TO:<e@f>\r\nDATA\r\n.\r\n", "220 250 250 555 250 354 250",
	    "a@b>e@f:;" },
	{ "a refused MAIL leaves nothing", HELLO "MAIL FROM:<a@b> RET=FULL "
	    "ENVID=1 X\r\n" FROM TO "DATA\r\n.\r\n",
	    "220 250 555 250 250 354 250", "a@b>c@d:;" },

	/* addresses */
	{ "no addresses", HELLO "MAIL FROM:\r\nMAIL FROM:<\r\nMAIL FROM:<a@b\r\n"
	    "MAIL FROM\r\nMAIL TO:<a@b>\r\nMAIL FROM:<a@b, c@d>\r\n"
	    "MAIL FROM:<a@b>>\r\nMAIL <a@b>\r\n",
	    "220 250 501 501 501 501 501 501 555 501", "" },
	{ "bytes over 127 without SMTPUTF8", HELLO "MAIL FROM:<\xc3\xa4@b>\r\n"
	    FROM "RCPT TO:<\xc3\xa4@b>\r\nRCPT TO:<\xff@b>\r\n",
	    "220 250 553 250 553 501", "" },

	/* what is no command */
	{ "unknown ones", "STARTTLS\r\nAUTH PLAIN AA==\r\nEXPN x\r\nBDAT 1\r\n"
	    "\r\nEHLOx y\r\nEHL x\r\n\tNOOP\r\n NOOP\r\nNOOP\r\n",
	    "220 500 500 500 500 500 500 500 500 500 250", "" },
	{ "control characters", HELLO "MAIL FROM:<a@b>\rRCPT TO:<c@d>\r\n"
	    "MAIL FROM:<a^@b>\r\nNO\177OP\r\nMAIL FROM:<\033[2J@b>\r\n" TO,
	    "220 250 500 500 500 500 503", "" },
	{ "twenty in a row are too many", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n"
	    "13\n14\n15\n16\n17\n18\n19\n20\nNOOP\n", "220 500 500 500 500 500 500"
	    " 500 500 500 500 500 500 500 500 500 500 500 500 500 421", "" },
	{ "a good one between", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\nNOOP\n"
	    "13\n14\n15\n16\n17\n18\n19\n20\nNOOP\n", "220 500 500 500 500 500 500"
	    " 500 500 500 500 500 500 250 500 500 500 500 500 500 500 500 250",
	    "" },
};

/* '^' stands for NUL in the sessions above. */
static size_t
with_nuls(const char *text, char *bytes, size_t size)
{
	size_t len = strlen(text);

	if (len > size)
		abort();
	for (size_t i = 0; i < len; i++)
		bytes[i] = text[i] == '^' ? '\0' : text[i];
	return len;
}

static void
test_sessions(void)
{
	static const size_t pieces[] = { 100000, 1, 2, 3, 7 };
	static char bytes[10000];

	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++) {
		size_t len = with_nuls(sessions[i].input, bytes, sizeof(bytes));

		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
			struct heard h;
			struct buf codes;

			buf_init(&codes, PLENTY);
			serve_all(&h, bytes, len, pieces[j], false);
			put_codes(&h.answers, &codes);
			check_text(buf_text(&codes), sessions[i].codes,
			    sessions[i].why);
			check_text(buf_text(&h.notes.text), sessions[i].notes,
			    sessions[i].why);
			check_number(h.notes.forgotten, h.notes.begun,
			    "each message begun is forgotten once");
			buf_free(&codes);
			heard_free(&h);
		}
	}
}

static void
test_extensions(void)
{
	static const char input[] = "EHLO x\r\nMAIL FROM:<\xc3\xa4@b> SMTPUTF8\r\n"
	    "RCPT TO:<\xc3\xb6@d>\r\nDATA\r\n.\r\n";
	struct heard h;

	serve_all(&h, input, sizeof(input) - 1, 1000, true);
	check_text(buf_text(&h.answers), "220 me.test ESMTP outtray\r\n"
	    "250-me.test\r\n250-PIPELINING\r\n250-SIZE 100\r\n250-8BITMIME\r\n"
	    "250-DSN\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
	    "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"
	    "354 End the message with a line of one dot\r\n"
	    "250 2.0.0 Ok: kept\r\n", "where SMTPUTF8 is taken");
	check_text(buf_text(&h.notes.text), "\xc3\xa4@b>\xc3\xb6@d:;",
	    "the addresses go on");
	heard_free(&h);

	serve_all(&h, "EHLO x\r\n", 8, 1000, false);
	check(strstr(buf_text(&h.answers), "SMTPUTF8") == NULL,
	    "where it is not taken, it is not offered");
	check(strstr(buf_text(&h.answers), "STARTTLS") == NULL, "nor STARTTLS");
	heard_free(&h);
}

static void
test_giving_up(void)
{
	struct heard h;

	serve_all(&h, "QUIT\n", 5, 10, false);
	check(h.quit && !h.gave_up, "QUIT ends the session in peace");
	heard_free(&h);
	serve_all(&h, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", 20, 10, false);
	check(h.quit && h.gave_up, "twenty empty lines do not");
	heard_free(&h);
}

static void
test_size(void)
{
	static const struct {
		size_t      len;	/* of the only line, with CRLF */
		const char *codes;
	} table[] = {
		{ MAX_SIZE, "220 250 250 250 354 250 250" },
		{ MAX_SIZE + 1, "220 250 250 250 354 552 250" },
		{ 100000, "220 250 250 250 354 552 250" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct heard h;
		struct buf input, codes;

		buf_init(&input, PLENTY);
		buf_init(&codes, PLENTY);
		buf_puts(&input, START);
		for (size_t j = 0; j < table[i].len - 2; j++)
			buf_putc(&input, 'x');
		buf_puts(&input, "\r\n.\r\nNOOP\r\n");
		serve_all(&h, input.data, input.len, 1000, false);
		put_codes(&h.answers, &codes);
		check_text(buf_text(&codes), table[i].codes, "of max_size");
		check(h.notes.text.len <= MAX_SIZE + 10, "no more goes on");
		heard_free(&h);
		buf_free(&input);
		buf_free(&codes);
	}
}

static void
test_long_lines(void)
{
	static const struct {
		size_t      len;	/* without the end */
		const char *end, *codes;
	} table[] = {
		{ SERVE_LINE_MAX - 1, "\r\n", "220 250 250" },
		{ SERVE_LINE_MAX, "\n", "220 250 250" },
		{ SERVE_LINE_MAX + 1, "\n", "220 500 250" },
		{ 1000000, "\r\n", "220 500 250" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (size_t piece = 1000; piece <= PLENTY; piece *= 64) {
			struct heard h;
			struct buf input, codes;

			buf_init(&input, PLENTY);
			buf_init(&codes, PLENTY);
			buf_puts(&input, "NOOP ");
			while (input.len < table[i].len)
				buf_putc(&input, 'x');
			buf_puts(&input, table[i].end);
			buf_puts(&input, "NOOP\r\n");
			serve_all(&h, input.data, input.len, piece, false);
			put_codes(&h.answers, &codes);
			check_text(buf_text(&codes), table[i].codes, "a long line");
			heard_free(&h);
			buf_free(&input);
			buf_free(&codes);
		}
	}
}

/* However hostile the input, what we hold stays small. */
static void
test_garbage(void)
{
	struct heard h;
	struct buf input;
	unsigned random = 1;
	bool sound = true;

	buf_init(&input, PLENTY);
	for (int i = 0; i < 1024 * 1024; i++) {
		random = random * 1103515245 + 12345;
		buf_putc(&input, (char)(random >> 16));
	}
	serve_all(&h, input.data, input.len, 4096, false);
	check(h.quit && h.gave_up, "a megabyte of garbage ends the session");
	check(h.answers.len < 10000, "with few words");
	for (size_t i = 0; i < h.answers.len; i++) {
		char c = h.answers.data[i];

		sound = sound && ((c >= ' ' && c <= '~') || c == '\r' || c == '\n');
	}
	check(sound, "none of which is garbage");
	heard_free(&h);
	buf_free(&input);
}

int
main(void)
{
	test_sessions();
	test_extensions();
	test_giving_up();
	test_size();
	test_long_lines();
	test_garbage();
	return check_end();
}
