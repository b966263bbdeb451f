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
static const char report[] = "0123456789abcdef0123456789abcdeff00";

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
	    "Message-ID: <0123456789abcdef0123456789abcdeff00@host.here.test>\r\n"
	    "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"=_0123456789abcdef0123456789abcdeff00_0\"\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "--=_0123456789abcdef0123456789abcdeff00_0\r\n"
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
	    "--=_0123456789abcdef0123456789abcdeff00_0\r\n"
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
	    "--=_0123456789abcdef0123456789abcdeff00_0\r\n"
	    "Content-Type: text/rfc822-headers\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Subject: s\r\n"
	    "To: a@b.test\r\n"
	    "\r\n"
	    "--=_0123456789abcdef0123456789abcdeff00_0--\r\n";
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
	check_text(a, report, "it is the message's own and three digits");
	check_number(report_id(a, id, REPORT_FAILED, 0, &e), 0, "again");
	check_text(a, report, "it is the same");
	check(report_id(b, id, REPORT_DELAYED, 0, &e) == 0 && strcmp(a, b) != 0,
	    "another kind, another id");
	check(report_id(b, id, REPORT_FAILED, 255, &e) == 0 && strcmp(a, b) != 0,
	    "another number, another id");
	check(report_id(b, id, REPORT_FAILED, 256, &e) == -1 &&
	    e.status == EX_SOFTWARE, "not over 255");
	check(report_id(b, "../x", REPORT_FAILED, 0, &e) == -1, "no path");
	check(report_id(b, "a\r\nb", REPORT_FAILED, 0, &e) == -1, "no line end");
	check(report_id(b, "", REPORT_FAILED, 0, &e) == -1, "no empty id");
	check(report_id(b, "0123456789012345678901234567890123456", REPORT_FAILED,
	    0, &e) == -1, "none that leaves no room");
}

int
main(void)
{
	(void)setenv("TZ", "UTC", 1);
	test_whole_report();
	test_wanted();
	test_answers();
	test_id();
	return check_end();
}
