/*
 * Delivery status notifications: one whole, byte for byte; then the rules, and
 * what hostile words, addresses and headers must not become.
 */
#include "mail/report.h"

#include "check.h"

#include <stdlib.h>
#include <time.h>

#define LEN(list) (sizeof(list) / sizeof((list)[0]))

enum { PLENTY = 8 * 1024 * 1024 };

static const char id[] = "0123456789abcdef0123456789abcdef";
static const char report[] = "0123456789abcdef0123456789abcdeff000";

/* A message from sender@here.test to one recipient, and its failure. */
struct example {
	struct envelope        envelope;
	struct report_outcome  outcome;
	struct delivery_report report;
	struct buf             out;
};

static struct addr
address(const char *text)
{
	struct addr a = { 0 };
	struct err e = { 0 };

	if (addr_parse(&a, text, strlen(text), &e) != 0)
		abort();
	return a;
}

static void
example_init(struct example *x, const char *sender, const char *recipient)
{
	struct addr from = address(sender), to = address(recipient);
	struct err e = { 0 };

	memset(x, 0, sizeof(*x));
	envelope_init(&x->envelope, 10);
	if (envelope_set_sender(&x->envelope, &from, &e) != 0 ||
	    envelope_add(&x->envelope, &to, &e) != 1)
		abort();
	addr_free(&from);
	x->outcome = (struct report_outcome) {
		.kind = REPORT_FAILED, .recipient = &x->envelope.recipients[0],
		.code = 550, .dsn = "5.1.1", .step = "RCPT",
		.relay = "mx.test[192.0.2.1]:587", .text = "nobody of that name",
		.last_attempt = 1764068500
	};
	x->report = (struct delivery_report) {
		.id = report, .hostname = "host.here.test", .domain = "here.test",
		.date = 1764068502, .original_id = id, .arrival = 1764068400,
		.envelope = &x->envelope,
		.head = "Subject: s\r\nTo: a@b.test\r\n", .head_len = 26,
		.outcomes = &x->outcome, .count = 1
	};
	buf_init(&x->out, PLENTY);
}

static void
example_free(struct example *x)
{
	free(x->envelope.envid);
	x->envelope.envid = NULL;
	envelope_free(&x->envelope);
	buf_free(&x->out);
}

/* The report with this body, NULL for none: 0 or -1. */
static int
compose(struct example *x, const char *body, struct err *e)
{
	buf_reset(&x->out);
	if (report_begin(&x->report, &x->out, e) != 0)
		return -1;
	if (x->report.whole && body != NULL &&
	    report_body(&x->report, body, strlen(body), &x->out, e) != 0)
		return -1;
	return report_end(&x->report, &x->out, e);
}

static void
test_whole_report(void)
{
	static const char wanted[] =
	    "Date: Tue, 25 Nov 2025 11:01:42 +0000\r\n"
	    "From: Mail Delivery System <MAILER-DAEMON@here.test>\r\n"
	    "To: <sender@here.test>\r\n"
	    "Subject: Undelivered mail: your message came back\r\n"
	    "Message-ID: <0123456789abcdef0123456789abcdeff000@host.here.test>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"=_0123456789abcdef0123456789abcdeff000_0\"\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "--=_0123456789abcdef0123456789abcdeff000_0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "This is the mail system at host.here.test.\r\n"
	    "\r\n"
	    "Your mail could not be delivered to these recipients. This is permanent: it\r\n"
	    "will not be tried again.\r\n"
	    "\r\n"
	    "<a@b.test>\r\n"
	    "    Tried last on Tue, 25 Nov 2025 11:01:40 +0000. The server\r\n"
	    "    mx.test[192.0.2.1]:587 answered at the step RCPT:\r\n"
	    "        550 5.1.1 nobody of that name\r\n"
	    "    Look for a mistake in the address, and ask the recipient for the right\r\n"
	    "    one.\r\n"
	    "\r\n"
	    "Behind this text stand the same facts for programs, and your mail's header.\r\n"
	    "If you need help, send all of it to postmaster@here.test.\r\n"
	    "\r\n"
	    "--=_0123456789abcdef0123456789abcdeff000_0\r\n"
	    "Content-Type: message/delivery-status\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Original-Envelope-Id: QQ=1\r\n"
	    "Reporting-MTA: dns; host.here.test\r\n"
	    "X-Outtray-Queue-ID: 0123456789abcdef0123456789abcdef\r\n"
	    "X-Outtray-Sender: rfc822; sender@here.test\r\n"
	    "Arrival-Date: Tue, 25 Nov 2025 11:00:00 +0000\r\n"
	    "\r\n"
	    "Original-Recipient: rfc822; a+b@b.test\r\n"
	    "Final-Recipient: rfc822; a@b.test\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: dns; mx.test\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 nobody of that name\r\n"
	    "Last-Attempt-Date: Tue, 25 Nov 2025 11:01:40 +0000\r\n"
	    "\r\n"
	    "--=_0123456789abcdef0123456789abcdeff000_0\r\n"
	    "Content-Type: text/rfc822-headers\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Subject: s\r\n"
	    "To: a@b.test\r\n"
	    "\r\n"
	    "--=_0123456789abcdef0123456789abcdeff000_0--\r\n";
	struct example x;
	struct err e = { 0 };

	example_init(&x, "sender@here.test", "a@b.test");
	x.envelope.envid = strdup("QQ+3D1");
	x.envelope.recipients[0].orcpt = strdup("rfc822;a+2Bb@b.test");
	check_number(compose(&x, NULL, &e), 0, "a report is made");
	check_text(buf_text(&x.out), wanted, "byte for byte");
	check_number(compose(&x, NULL, &e), 0, "and made again");
	check_text(buf_text(&x.out), wanted, "it is the same");
	example_free(&x);
}

static void
test_wanted(void)
{
	static const struct {
		const char *sender;
		unsigned    notify, of_all;
		bool        failed, delayed, relayed;
	} list[] = {
		{ "s@x", 0, 0, true, false, false },
		{ "s@x", NOTIFY_NEVER, 0, false, false, false },
		{ "s@x", 0, NOTIFY_NEVER, false, false, false },
		{ "s@x", NOTIFY_FAILURE, NOTIFY_NEVER, true, false, false },
		{ "s@x", NOTIFY_FAILURE | NOTIFY_DELAY, 0, true, true, false },
		{ "s@x", NOTIFY_DELAY, 0, false, true, false },
		{ "s@x", NOTIFY_SUCCESS, NOTIFY_FAILURE, false, false, true },
		{ "", 0, 0, false, false, false },
		{ "", NOTIFY_FAILURE | NOTIFY_DELAY | NOTIFY_SUCCESS, 0,
		  false, false, false },
	};

	for (size_t i = 0; i < LEN(list); i++) {
		struct envelope v = { .notify = list[i].of_all };
		struct recipient r = { .notify = list[i].notify };

		v.sender = address(list[i].sender);
		check(report_wanted(&v, &r, REPORT_FAILED) == list[i].failed &&
		    report_wanted(&v, &r, REPORT_DELAYED) == list[i].delayed &&
		    report_wanted(&v, &r, REPORT_RELAYED) == list[i].relayed,
		    "whether a report is wanted");
		addr_free(&v.sender);
	}
}

static void
test_answers(void)
{
	static const struct { const char *head; bool answer; } list[] = {
		{ "", false },
		{ "Subject: auto-replied\r\n", false },
		{ "Auto-Submitted: auto-replied\r\n", true },
		{ "auto-submitted:\r\n\tAUTO-REPLIED (vacation)\r\n", true },
		{ "Auto-Submitted: auto-generated\r\n", false },	/* cron */
		{ "Auto-Submitted: no\r\n", false },
		{ "Auto-Submitted: no\r\nA: b\r\nAuto-Submitted: auto-replied\r\n", true },
		{ "Content-Type: multipart/report; report-type=delivery-status\r\n", true },
		{ "Content-Type: multipart/mixed; x=\"multipart/report\"\r\n", false },
		{ "no field\r\n", false },
		{ "Auto-Submitted: auto-replied\r\nno field\r\n", true },
	};

	for (size_t i = 0; i < LEN(list); i++)
		check(report_is_answer(list[i].head, strlen(list[i].head)) ==
		    list[i].answer, list[i].head);
}

static void
test_id(void)
{
	char a[STAMP_ID_MAX], b[STAMP_ID_MAX];
	struct err e = { 0 };

	check_number(report_id(a, id, REPORT_FAILED, 0, &e), 0, "an id");
	check_text(a, report, "it is the message's own and four digits");
	check_number(report_id(a, id, REPORT_FAILED, 0, &e), 0, "again");
	check_text(a, report, "it is the same");
	check(report_id(b, id, REPORT_DELAYED, 0, &e) == 0 && strcmp(a, b) != 0,
	    "another kind, another id");
	check(report_id(b, id, REPORT_FAILED, 4095, &e) == 0 && strcmp(a, b) != 0,
	    "another number, another id");
	check(report_id(b, id, REPORT_FAILED, 4096, &e) == -1 &&
	    e.status == EX_SOFTWARE, "not over 4095");
	check(report_id(b, "../x", REPORT_FAILED, 0, &e) == -1, "no path");
	check(report_id(b, "a\r\nb", REPORT_FAILED, 0, &e) == -1, "no line end");
	check(report_id(b, "", REPORT_FAILED, 0, &e) == -1, "no empty id");
	check(report_id(b, "012345678901234567890123456789012345", REPORT_FAILED,
	    0, &e) == -1, "none that leaves no room");
}

static bool
has(const struct example *x, const char *text)
{
	return strstr(buf_text(&x->out), text) != NULL;
}

static size_t
times(const struct example *x, const char *text)
{
	size_t n = 0;

	for (const char *at = strstr(buf_text(&x->out), text); at != NULL;
	    at = strstr(at + 1, text))
		n++;
	return n;
}

static void
test_status(void)
{
	static const struct {
		enum report_kind kind;
		int              code;
		const char      *dsn, *status;
	} list[] = {
		{ REPORT_FAILED, 550, "5.1.1", "5.1.1" },
		{ REPORT_FAILED, 550, "", "5.0.0" },
		{ REPORT_FAILED, 550, NULL, "5.0.0" },
		{ REPORT_FAILED, 0, "", "5.0.0" },
		{ REPORT_FAILED, 553, "", "5.1.3" },
		{ REPORT_FAILED, 556, "", "5.1.10" },
		{ REPORT_FAILED, 421, "", "4.3.2" },
		{ REPORT_FAILED, 451, "", "4.0.0" },	/* given up */
		{ REPORT_FAILED, 0, "4.4.7", "4.4.7" },
		{ REPORT_FAILED, 550, "2.1.5", "5.0.0" },
		{ REPORT_FAILED, 250, "", "5.0.0" },
		{ REPORT_FAILED, 550, "5.1.1\r\nX: y", "5.0.0" },
		{ REPORT_FAILED, 550, "5.1", "5.0.0" },
		{ REPORT_FAILED, 550, "5..1", "5.0.0" },
		{ REPORT_FAILED, 550, "5.1.1000", "5.0.0" },
		{ REPORT_DELAYED, 451, "4.7.1", "4.7.1" },
		{ REPORT_DELAYED, 0, "", "4.0.0" },
		{ REPORT_DELAYED, 550, "5.1.1", "4.0.0" },
		{ REPORT_DELAYED, 421, "", "4.3.2" },
		{ REPORT_RELAYED, 250, "2.1.5", "2.1.5" },
		{ REPORT_RELAYED, 250, "", "2.0.0" },
		{ REPORT_RELAYED, 0, "5.0.0", "2.0.0" },
	};

	for (size_t i = 0; i < LEN(list); i++) {
		struct example x;
		struct err e = { 0 };
		char wanted[40];

		example_init(&x, "s@here.test", "a@b.test");
		x.outcome.kind = list[i].kind;
		x.outcome.code = list[i].code;
		x.outcome.dsn = list[i].dsn;
		(void)snprintf(wanted, sizeof(wanted), "\r\nStatus: %s\r\n",
		    list[i].status);
		check(compose(&x, NULL, &e) == 0 && has(&x, wanted), wanted);
		example_free(&x);
	}
}

/* Texts that are no more than words, and where they stand. */
static void
test_words(void)
{
	static const struct { const char *text, *field; } list[] = {
		{ "no", "Diagnostic-Code: smtp; 550 5.1.1 no\r\n" },
		{ "", "Diagnostic-Code: smtp; 550 5.1.1\r\n" },
		{ NULL, "Diagnostic-Code: smtp; 550 5.1.1\r\n" },
		{ "\r\n\r\n", "Diagnostic-Code: smtp; 550 5.1.1\r\n" },
		{ "  a \t  b  ", "Diagnostic-Code: smtp; 550 5.1.1 a b\r\n" },
		{ "no\r\nBcc: v@evil.test\r\n\r\n--x",
		  "Diagnostic-Code: smtp; 550 5.1.1 no Bcc: v@evil.test --x\r\n" },
		{ "\x1b]0;x\x07\xe4", "Diagnostic-Code: smtp; 550 5.1.1 ]0;x ?\r\n" },
		{ "one two three four five six seven eight nine ten eleven",
		  "Diagnostic-Code: smtp; 550 5.1.1 one two three four five six "
		  "seven eight\r\n nine ten eleven\r\n" },
	};
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	for (size_t i = 0; i < LEN(list); i++) {
		x.outcome.text = list[i].text;
		check(compose(&x, NULL, &e) == 0 && has(&x, list[i].field),
		    list[i].field);
	}
	x.outcome.code = 0;
	x.outcome.text = "no host found";
	check(compose(&x, NULL, &e) == 0 &&
	    has(&x, "Diagnostic-Code: x-outtray; no host found\r\n") &&
	    has(&x, "With the server"), "words of ours are no server's");
	x.outcome.text = "";
	check(compose(&x, NULL, &e) == 0 && !has(&x, "Diagnostic-Code"),
	    "no words, no field");
	example_free(&x);
}

static void
test_endless_words(void)
{
	static char text[65536];
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	memset(text, 'x', sizeof(text) - 1);
	x.outcome.text = x.outcome.relay = x.outcome.step = text;
	check(compose(&x, NULL, &e) == 0 && x.out.len < 8192,
	    "endless words are cut");
	check(has(&x, "xxx ...\r\n"), "and that is said");
	example_free(&x);
}

static void
test_relay(void)
{
	static const struct { const char *relay, *mta; } list[] = {
		{ "mx.test[192.0.2.1]:587", "Remote-MTA: dns; mx.test\r\n" },
		{ "[192.0.2.1]:25", "Remote-MTA: dns; [192.0.2.1]\r\n" },
		{ "[IPv6:2001:db8::1]:25", "Remote-MTA: dns; [IPv6:2001:db8::1]\r\n" },
		{ "", NULL }, { NULL, NULL }, { "/run/lmtp.sock", NULL },
		{ "mx test[x]", NULL }, { "mx\r\nX: y", NULL }, { "[", NULL },
	};
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	for (size_t i = 0; i < LEN(list); i++) {
		x.outcome.relay = list[i].relay;
		check(compose(&x, NULL, &e) == 0 && (list[i].mta != NULL ?
		    has(&x, list[i].mta) : !has(&x, "Remote-MTA")), "the server's name");
	}
	example_free(&x);
}

static void
test_parameters(void)
{
	static const struct { const char *orcpt, *field; } list[] = {
		{ "rfc822;b@c", "Original-Recipient: rfc822; b@c\r\n" },
		{ "RFC822;j+20d@c", "Original-Recipient: RFC822; j d@c\r\n" },
		{ "rfc822;j+C3+A4@c", "Original-Recipient: rfc822; j+C3+A4@c\r\n" },
		{ "utf-8;j\\x{E4}@c", "Original-Recipient: utf-8; j\\x{E4}@c\r\n" },
		{ "x400;a;b", "Original-Recipient: x400; a;b\r\n" },
		{ NULL, NULL }, { "b@c", NULL }, { ";b", NULL }, { "rfc822;", NULL },
		{ "rfc822;b+0D+0AX", NULL }, { "rfc822;b\r\nX: y", NULL },
		{ "rfc822 ;b", NULL },
	};
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	for (size_t i = 0; i < LEN(list); i++) {
		free(x.envelope.recipients[0].orcpt);
		x.envelope.recipients[0].orcpt =
		    list[i].orcpt != NULL ? strdup(list[i].orcpt) : NULL;
		check(compose(&x, NULL, &e) == 0 && (list[i].field != NULL ?
		    has(&x, list[i].field) : !has(&x, "Original-Recipient")),
		    "ORCPT= comes back");
	}
	x.envelope.envid = strdup("a\r\nX: y");
	check(compose(&x, NULL, &e) == 0 && !has(&x, "Original-Envelope-Id"),
	    "an ENVID= that is none does not");
	example_free(&x);
}

static void
test_kinds(void)
{
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	x.outcome.kind = REPORT_DELAYED;
	x.outcome.code = 451;
	x.outcome.dsn = "4.2.0";
	x.outcome.retry_until = 1764500400;
	check(compose(&x, NULL, &e) == 0 && has(&x, "Subject: Delayed mail") &&
	    has(&x, "temporary") && has(&x, "Action: delayed\r\nStatus: 4.2.0\r\n") &&
	    has(&x, "Will-Retry-Until: Sun, 30 Nov 2025 11:00:00 +0000\r\n") &&
	    has(&x, "It will be tried until Sun, 30 Nov 2025"), "a delay");
	x.outcome.kind = REPORT_RELAYED;
	x.outcome.code = 250;
	check(compose(&x, NULL, &e) == 0 && has(&x, "Subject: Delivery report") &&
	    has(&x, "Action: relayed\r\nStatus: 2.0.0\r\n") &&
	    !has(&x, "Will-Retry-Until"), "handed on");
	example_free(&x);
}

/* Several recipients: one story is told once, each has its fields. */
static void
test_many(void)
{
	struct example x;
	struct report_outcome outcomes[4];
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	for (size_t i = 0; i < LEN(outcomes); i++)
		outcomes[i] = x.outcome;
	outcomes[1].text = "another reason";
	outcomes[3].kind = REPORT_DELAYED;
	x.report.outcomes = outcomes;
	x.report.count = LEN(outcomes);
	check_number(compose(&x, NULL, &e), 0, "four recipients");
	check_number((long long)times(&x, "Final-Recipient: "), 4, "four groups");
	check_number((long long)times(&x, "<a@b.test>\r\n"), 4, "four are named");
	check_number((long long)times(&x, "        550 5.1.1 nobody"), 3,
	    "told anew where another came between, or of another kind");
	outcomes[1].text = outcomes[0].text;
	check(compose(&x, NULL, &e) == 0 &&
	    times(&x, "        550 5.1.1 nobody") == 2, "told once to its kind");
	example_free(&x);
}

static void
test_header(void)
{
	static const struct { const char *head, *part; } list[] = {
		{ "", "7bit\r\n\r\n\r\n--=_" },
		{ "A: b\tc\r\n d\r\n", "7bit\r\n\r\nA: b\tc\r\n d\r\n\r\n--=_" },
		{ "A: \xe4=\r\n", "quoted-printable\r\n\r\nA: =E4=3D\r\n\r\n--=_" },
		{ "A: b \x1b\r\nC: d \r\n",
		  "quoted-printable\r\n\r\nA: b =1B\r\nC: d=20\r\n\r\n--=_" },
		{ "A: b\n\nC\r", "quoted-printable\r\n\r\nA: b=0A=0AC=0D\r\n\r\n--=_" },
		{ "A: b", "quoted-printable\r\n\r\nA: b\r\n\r\n--=_" },
	};
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	for (size_t i = 0; i < LEN(list); i++) {
		x.report.head = list[i].head;
		x.report.head_len = strlen(list[i].head);
		check(compose(&x, NULL, &e) == 0 && has(&x, list[i].part),
		    list[i].part);
	}
	x.report.head = "A: =_0123456789abcdef0123456789abcdeff000_0\r\n"
	    "--=_0123456789abcdef0123456789abcdeff000_1--\r\n";
	x.report.head_len = strlen(x.report.head);
	check(compose(&x, NULL, &e) == 0 &&
	    times(&x, "\r\n--=_0123456789abcdef0123456789abcdeff000_2") == 4,
	    "a boundary that is in the header is not taken");
	example_free(&x);
}

static void
test_long_header(void)
{
	static char head[2 * REPORT_HEAD_MAX];
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	memset(head, 'x', sizeof(head));
	for (size_t i = 100; i <= sizeof(head); i += 100)
		memcpy(head + i - 2, "\r\n", 2);
	x.report.head = head;
	x.report.head_len = sizeof(head) / 100 * 100;
	x.report.whole = true;
	check(compose(&x, "the rest\r\n", &e) == 0 && x.out.len < REPORT_HEAD_MAX + 4096 &&
	    x.out.len > REPORT_HEAD_MAX && !x.report.whole && !has(&x, "the rest"),
	    "of a long header some lines go back");
	example_free(&x);
}

static void
test_references(void)
{
	static const struct { const char *head; bool taken; } list[] = {
		{ "Message-ID: <a.b@c>\r\n", true },
		{ "message-id:<a.b@c>\r\n", true },
		{ "Message-ID: a.b@c\r\n", false },
		{ "Message-ID: <>\r\n", false },
		{ "Message-ID: <a b@c>\r\n", false },
		{ "Message-ID: <a@b> <c@d>\r\n", false },
		{ "Message-ID: <a\r\n X: y@c>\r\n", false },
		{ "Message-ID: <a\xe4@c>\r\n", false },
		{ "Message-ID:\r\n", false },
	};
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	for (size_t i = 0; i < LEN(list); i++) {
		x.report.head = list[i].head;
		x.report.head_len = strlen(list[i].head);
		check(compose(&x, NULL, &e) == 0 && (list[i].taken ?
		    has(&x, "\r\nIn-Reply-To: <a.b@c>\r\nReferences: <a.b@c>\r\n") :
		    !has(&x, "In-Reply-To") && !has(&x, "References")), list[i].head);
	}
	example_free(&x);
}

static void
test_body(void)
{
	static const struct { const char *body; bool eight_bit; int result; } list[] = {
		{ "", false, 0 }, { "x\r\ny\r\n", false, 0 }, { "x", false, 0 },
		{ "x\r", false, 0 }, { "\xe4\r\n", true, 0 },
		{ "\xe4\r\n", false, -1 }, { "x\n", true, -1 },
		{ "x\r\r\n", true, -1 }, { "x\ry\r\n", true, -1 },
		{ "--=_0123456789abcdef0123456789abcdeff000_0\r\n", false, -1 },
		{ "x\r\n--=_0123456789abcdef0123456789abcdeff000_0--", false, -1 },
		{ "x --=_0123456789abcdef0123456789abcdeff000_0\r\n", false, 0 },
		{ "--=_0123456789abcdef0123456789abcdeff000_\r\n", false, 0 },
	};

	for (size_t i = 0; i < LEN(list); i++) {
		struct example x;
		struct err e = { 0 };

		example_init(&x, "s@here.test", "a@b.test");
		x.report.whole = true;
		x.report.eight_bit = list[i].eight_bit;
		check_number(compose(&x, list[i].body, &e), list[i].result, "a body");
		check(x.report.whole && (list[i].result == 0 ?
		    has(&x, "Content-Type: message/rfc822\r\n") &&
		    has(&x, list[i].eight_bit ? "8bit\r\n\r\nSubject: s\r\nTo: a@b.test\r\n\r\n" :
		    "7bit\r\n\r\nSubject: s\r\nTo: a@b.test\r\n\r\n") :
		    e.status == EX_DATAERR), list[i].body);
		x.report.whole = false;
		check(compose(&x, NULL, &e) == 0 && has(&x, "text/rfc822-headers"),
		    "without it there is always one");
		example_free(&x);
	}
}

/* Lines too long, a NUL, too much: piece by piece. */
static void
test_body_pieces(void)
{
	static char piece[500];
	struct example x;
	struct err e = { 0 };
	int result = 0, turns = 0;

	memset(piece, 'x', sizeof(piece));
	example_init(&x, "s@here.test", "a@b.test");
	x.report.whole = true;
	check(report_begin(&x.report, &x.out, &e) == 0 &&
	    report_body(&x.report, piece, 500, &x.out, &e) == 0 &&
	    report_body(&x.report, piece, 498, &x.out, &e) == 0, "998 bytes");
	check(report_body(&x.report, piece, 1, &x.out, &e) == -1, "no more");
	check(report_begin(&x.report, &x.out, &e) == 0 &&
	    report_body(&x.report, "a\0b", 3, &x.out, &e) == -1, "no NUL");
	check(report_begin(&x.report, &x.out, &e) == 0 &&
	    report_body(&x.report, "x\r\n--=_0123456789abcdef01234", 28, &x.out, &e) == 0 &&
	    report_body(&x.report, "56789abcdeff000_0", 17, &x.out, &e) == -1,
	    "no boundary in pieces");
	memcpy(piece + 498, "\r\n", 2);
	for (result = report_begin(&x.report, &x.out, &e); result == 0; turns++)
		result = report_body(&x.report, piece, 500, &x.out, &e);
	check(turns > REPORT_WHOLE_MAX / 500 - 2 && turns < REPORT_WHOLE_MAX / 500 + 2 &&
	    e.status == EX_DATAERR, "no more than the limit");
	example_free(&x);
}

static void
test_whole(void)
{
	struct example x;

	example_init(&x, "s@here.test", "a@b.test");
	check(!report_whole(&x.report, 100), "unless it was asked for: the header");
	x.envelope.ret = RET_HDRS;
	check(!report_whole(&x.report, 100), "RET=HDRS");
	x.envelope.ret = RET_FULL;
	check(report_whole(&x.report, REPORT_WHOLE_MAX), "RET=FULL");
	check(!report_whole(&x.report, (uint64_t)REPORT_WHOLE_MAX + 1), "too large");
	x.outcome.kind = REPORT_DELAYED;
	check(!report_whole(&x.report, 100), "not of a delay");
	example_free(&x);
}

static void
test_utf8(void)
{
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "j\xc3\xb6+=@b\xe2\x82\xac.test");
	check(compose(&x, NULL, &e) == 0 &&
	    has(&x, "Final-Recipient: utf-8; j\\x{F6}\\x{2B}\\x{3D}@b\\x{20AC}.test\r\n") &&
	    has(&x, "report-type=delivery-status;") &&
	    has(&x, "<j=C3=B6+=3D@b=E2=82=AC.test>"), "in 7 bits: escaped");
	x.report.eight_bit = true;
	x.report.head = "Subject: \xc3\xa4\r\n";
	x.report.head_len = strlen(x.report.head);
	check(compose(&x, NULL, &e) == 0 &&
	    has(&x, "Final-Recipient: utf-8; j\xc3\xb6+=@b\xe2\x82\xac.test\r\n") &&
	    has(&x, "report-type=global-delivery-status;") &&
	    has(&x, "Content-Type: message/global-delivery-status\r\n") &&
	    has(&x, "Content-Type: message/global-headers\r\n") &&
	    has(&x, "8bit\r\n\r\nSubject: \xc3\xa4\r\n"), "in 8 bits: as it is");
	x.report.whole = true;
	check(compose(&x, "\xe4\r\n", &e) == 0 &&
	    has(&x, "Content-Type: message/global\r\n"), "the whole message as well");
	x.report.whole = false;
	x.report.head = "Subject: \xe4\r\n";
	x.report.head_len = strlen(x.report.head);
	check(compose(&x, NULL, &e) == 0 && has(&x, "text/rfc822-headers\r\n") &&
	    has(&x, "Subject: =E4\r\n"), "what is no UTF-8 is never called so");
	example_free(&x);
}

/* An address as long as they come, each character of which takes nine bytes. */
static void
test_long_utf8(void)
{
	char text[ADDR_TEXT_MAX + 1] = "";
	struct example x;
	struct err e = { 0 };
	size_t len = 0;

	while (len + 4 + 7 <= ADDR_TEXT_MAX) {
		memcpy(text + len, "\xf0\x9f\x98\x80", 4);
		len += 4;
	}
	memcpy(text + len, "@b.test", 8);
	example_init(&x, "s@here.test", text);
	check_number(compose(&x, NULL, &e), 0, "a long address of UTF-8");
	for (const char *line = buf_text(&x.out), *end; *line != '\0'; line = end + 2) {
		end = strstr(line, "\r\n");
		if (end == NULL || end - line > 998) {
			check(false, "makes no line over 998 bytes");
			break;
		}
	}
	check_number((long long)times(&x, "\\x{1F600}"), 223, "none of it is lost");
	example_free(&x);
}

/* All that is hostile at once fits into what report.h says. */
static void
test_largest(void)
{
	static char head[REPORT_HEAD_MAX + 1000], text[4096];
	struct report_outcome outcomes[3];
	struct example x;
	struct err e = { 0 };
	char addr[ADDR_TEXT_MAX + 1] = "";
	size_t len = 0;

	while (len + 2 + 7 <= ADDR_TEXT_MAX) {
		memcpy(addr + len, "\xc3\xa4", 2);
		len += 2;
	}
	memcpy(addr + len, "@b.test", 8);
	memset(text, '=', sizeof(text) - 1);
	memset(head, 0x1b, sizeof(head));
	for (size_t i = 10; i <= sizeof(head); i += 10)
		head[i - 1] = '\n';
	example_init(&x, addr, addr);
	x.envelope.recipients[0].orcpt = strndup("rfc822;a", ORCPT_MAX);
	x.outcome.text = x.outcome.relay = x.outcome.step = text;
	for (size_t i = 0; i < LEN(outcomes); i++) {
		outcomes[i] = x.outcome;
		outcomes[i].kind = (enum report_kind)i;
		outcomes[i].retry_until = 1764500400;
	}
	x.report.outcomes = outcomes;
	x.report.count = LEN(outcomes);
	x.report.head = head;
	x.report.head_len = sizeof(head);
	x.out.limit = REPORT_BEGIN_MAX + LEN(outcomes) * REPORT_OUTCOME_MAX;
	check_number(compose(&x, NULL, &e), 0, "the largest report fits");
	check(x.out.len > (size_t)3 * REPORT_HEAD_MAX, "it is large");
	example_free(&x);
}

static void
test_host_utf8(void)
{
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	x.report.hostname = "h\xc3\xb6st.test";
	check(compose(&x, NULL, &e) == 0 &&
	    has(&x, "\r\nReporting-MTA: dns; h??st.test\r\n"), "a UTF-8 host in 7 bits");
	x.report.eight_bit = true;
	check(compose(&x, NULL, &e) == 0 &&
	    has(&x, "\r\nReporting-MTA: dns; h\xc3\xb6st.test\r\n") &&
	    has(&x, "report-type=global-delivery-status"), "in 8 bits");
	x.report.hostname = "host.test";
	check(compose(&x, NULL, &e) == 0 && !has(&x, "8bit"),
	    "8bit is said only where it is needed");
	example_free(&x);
}

static void
test_refused(void)
{
	struct example x;
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	x.report.hostname = "host\r\nBcc: v@evil.test";
	check(compose(&x, NULL, &e) == -1 && e.status == EX_CONFIG &&
	    x.out.len == 0, "a host's name that is none");
	x.report.hostname = "host.here.test";
	x.report.domain = "";
	check(compose(&x, NULL, &e) == -1 && e.status == EX_CONFIG, "no domain");
	x.report.domain = "here.test";
	x.report.id = "a\"b";
	check(compose(&x, NULL, &e) == -1 && e.status == EX_SOFTWARE, "a bad id");
	x.report.id = report;
	x.report.count = 0;
	check(compose(&x, NULL, &e) == -1 && e.status == EX_SOFTWARE, "no outcome");
	x.report.count = REPORT_COUNT_MAX + 1;
	check(compose(&x, NULL, &e) == -1 && e.status == EX_SOFTWARE, "too many");
	x.report.count = 1;
	x.report.head = "Auto-Submitted: auto-replied\r\n";
	x.report.head_len = strlen(x.report.head);
	check(compose(&x, NULL, &e) == -1 && e.status == EX_SOFTWARE,
	    "a report of a report");
	x.report.head_len = 0;
	x.out.limit = 3000;
	check(compose(&x, NULL, &e) == 0, "within the limit");
	for (x.out.limit = 0; x.out.limit < 1500; x.out.limit += 100)
		if (compose(&x, NULL, &e) != -1 || e.status != EX_OSERR)
			check(false, "over the limit");
	example_free(&x);

	example_init(&x, "", "a@b.test");
	check(compose(&x, NULL, &e) == -1 && e.status == EX_SOFTWARE,
	    "nobody to tell");
	example_free(&x);
}

static void
test_envelope(void)
{
	struct example x;
	struct envelope v;
	struct addr other = address("ops@here.test");
	struct err e = { 0 };

	example_init(&x, "s@here.test", "a@b.test");
	envelope_init(&v, 2);
	check(report_envelope(&x.report, &v, &e) == 0 && v.has_sender &&
	    addr_is_null(&v.sender) && v.count == 1 &&
	    v.recipients[0].notify == NOTIFY_NEVER, "from nobody, once");
	check_text(v.recipients[0].addr.text, "s@here.test", "to the sender");
	envelope_free(&v);
	x.report.to = &other;
	envelope_init(&v, 2);
	check(report_envelope(&x.report, &v, &e) == 0 && v.count == 1, "or else");
	check_text(v.recipients[0].addr.text, "ops@here.test", "to another");
	check(compose(&x, NULL, &e) == 0 && has(&x, "\r\nTo: <ops@here.test>\r\n") &&
	    has(&x, "X-Outtray-Sender: rfc822; s@here.test\r\n"), "who reads whose it was");
	envelope_free(&v);
	addr_free(&other);
	example_free(&x);

	example_init(&x, "", "a@b.test");
	envelope_init(&v, 2);
	check(report_envelope(&x.report, &v, &e) == -1 && e.status == EX_SOFTWARE,
	    "nobody to tell, no envelope");
	envelope_free(&v);
	example_free(&x);
}

/* As it stands in a file, FOLDER/NAME.eml, for a reader that is not ours. */
static void
write_report(struct example *x, const char *folder, const char *name,
    const char *body)
{
	struct err e = { 0 };
	char path[512];
	FILE *f;

	if (compose(x, body, &e) != 0)
		abort();
	(void)snprintf(path, sizeof(path), "%s/%s.eml", folder, name);
	if ((f = fopen(path, "wb")) == NULL ||
	    fwrite(x->out.data, 1, x->out.len, f) != x->out.len || fclose(f) != 0)
		abort();
}

static void
write_hostile(const char *folder)
{
	static const char head[] =
	    "Subject: s\r\nX: \x1b[2J\r\n\r\n--=_0123456789abcdef0123456789abcdeff000_0\r\n"
	    "Content-Type: text/html\r\n\r\n<b>\nA: b\r"
	    "\r\n--=_0123456789abcdef0123456789abcdeff000_0--\r\n";
	struct example x;

	example_init(&x, "s@here.test", "\"a b\"@b.test");
	x.outcome.text = "no\r\nFinal-Recipient: rfc822; v@evil.test\r\n\r\n"
	    "Action: delivered\r\n--=_0123456789abcdef0123456789abcdeff000_0--\r\nx\x1b";
	x.outcome.dsn = "2.0.0\r\nX-Evil: dsn";
	x.outcome.relay = "mx\r\nX-Evil: relay[192.0.2.1]";
	x.outcome.step = "RCPT\r\n\r\nX-Evil: step";
	x.envelope.envid = strdup("a\r\nX-Evil: envid");
	x.envelope.recipients[0].orcpt = strdup("rfc822;a\r\nX-Evil: orcpt");
	x.report.head = head;
	x.report.head_len = sizeof(head) - 1;
	write_report(&x, folder, "hostile", NULL);
	example_free(&x);
}

static void
write_examples(const char *folder)
{
	struct report_outcome outcomes[2];
	struct example x;

	example_init(&x, "sender@here.test", "a@b.test");
	x.envelope.envid = strdup("QQ+3D1");
	x.envelope.recipients[0].orcpt = strdup("rfc822;a+2Bb@b.test");
	write_report(&x, folder, "failed", NULL);

	outcomes[0] = outcomes[1] = x.outcome;
	outcomes[0].kind = REPORT_DELAYED;
	outcomes[0].code = 0;
	outcomes[0].dsn = outcomes[0].relay = "";
	outcomes[0].text = "the connection was lost while the server was to answer, "
	    "and it was lost once more";
	outcomes[0].retry_until = 1764500400;
	outcomes[1].kind = REPORT_RELAYED;
	outcomes[1].code = 250;
	outcomes[1].dsn = "2.1.5";
	x.report.outcomes = outcomes;
	x.report.count = 2;
	write_report(&x, folder, "others", NULL);
	x.report.outcomes = &x.outcome;
	x.report.count = 1;

	x.report.whole = x.report.eight_bit = true;
	write_report(&x, folder, "whole", "gr\xc3\xbc\xc3\x9f" "e\r\n--\r\n.\r\n");
	example_free(&x);
	write_hostile(folder);

	example_init(&x, "j\xc3\xb6@here.test", "a\xc3\xa4@b.test");
	x.report.head = "Subject: \xc3\xa4\r\n";
	x.report.head_len = strlen(x.report.head);
	write_report(&x, folder, "utf8-in-7bit", NULL);
	x.report.eight_bit = true;
	write_report(&x, folder, "utf8", NULL);
	example_free(&x);
}

/* With a folder as argument: only write examples there. */
int
main(int argc, char **argv)
{
	(void)setenv("TZ", "UTC", 1);
	if (argc == 2) {
		write_examples(argv[1]);
		return 0;
	}
	test_whole_report();
	test_wanted();
	test_answers();
	test_id();
	test_status();
	test_words();
	test_endless_words();
	test_relay();
	test_parameters();
	test_kinds();
	test_many();
	test_header();
	test_long_header();
	test_references();
	test_body();
	test_body_pieces();
	test_whole();
	test_utf8();
	test_long_utf8();
	test_largest();
	test_host_utf8();
	test_refused();
	test_envelope();
	return check_end();
}
