/* What a header says of the envelope, and what it looks like when it leaves. */
#include "sendmail/complete.h"

#include "check.h"

#include <stdlib.h>

enum { PLENTY = 1 << 20 };

static char nothing[] = "", site[] = "site@web.example";

/* Everything that a case may choose. */
struct given {
	const char      *sender;	/* the setting; NULL: "" */
	enum sender_mode mode;
	bool             received, undisclosed;
	const char      *full_name;	/* -F */
	const char      *gecos;
};

static struct setting_pair senders[] = {
	{ (char *)"www-data", (char *)"web", 1 },	/* only read */
	{ (char *)"old@x.example", (char *)"new@x.example", 2 },
	{ (char *)"broken", (char *)"no address@", 3 },
};
static struct setting_pair aliases[] = {
	{ (char *)"root", (char *)"ops@x.example, zz-second", 1 },
	{ (char *)"*", (char *)"all@x.example", 2 },
};

static struct settings settings;
static struct caller caller;
static struct completion completion;

static void
set_up(const struct given *g)
{
	memset(&settings, 0, sizeof(settings));
	settings.sender = g->sender != NULL ? site : nothing;
	settings.sender_mode = g->mode;
	settings.received = g->received;
	settings.undisclosed_recipients = g->undisclosed;
	settings.domain = (char *)"mail.example";
	settings.hostname = (char *)"host.mail.example";
	settings.senders = (struct setting_pairs){ senders, 3, 3 };
	settings.aliases = (struct setting_pairs){ aliases, 2, 2 };
	memset(&caller, 0, sizeof(caller));
	caller.uid = 33;
	memcpy(caller.login, "joe", 4);
	if (g->gecos != NULL)
		(void)snprintf(caller.full_name, sizeof(caller.full_name), "%s",
		    g->gecos);
	completion = (struct completion){ .settings = &settings,
		.caller = &caller, .domain = "mail.example",
		.hostname = "host.mail.example", .full_name = g->full_name,
		.id = "0123456789abcdef", .now = 864000 };
}

/* The envelope's sender. */

static const struct {
	const char      *given;		/* -f; NULL: none */
	const char      *setting;
	enum sender_mode mode;
	const char      *wanted;	/* NULL: EX_CONFIG */
} sender_cases[] = {
	{ NULL, NULL, SENDER_OFF, "joe@mail.example" },
	{ "", NULL, SENDER_OFF, "" },
	{ "", "set", SENDER_ALWAYS, "" },
	{ "a@b.example", NULL, SENDER_ALWAYS, "a@b.example" },
	{ "a@b.example", "set", SENDER_OFF, "a@b.example" },
	{ "a@b.example", "set", SENDER_UNQUALIFIED, "a@b.example" },
	{ "a@b.example", "set", SENDER_FOREIGN, "site@web.example" },
	{ "a@MAIL.example", "set", SENDER_FOREIGN, "a@MAIL.example" },
	{ "a@mail.example", "set", SENDER_ALWAYS, "site@web.example" },
	{ "a", NULL, SENDER_UNQUALIFIED, "a@mail.example" },
	{ "a", "set", SENDER_UNQUALIFIED, "site@web.example" },
	{ "a@localhost", "set", SENDER_UNQUALIFIED, "site@web.example" },
	{ "a", "set", SENDER_FOREIGN, "site@web.example" },
	{ "a", "set", SENDER_OFF, "a@mail.example" },
	{ NULL, "set", SENDER_UNQUALIFIED, "site@web.example" },
	{ "www-data", NULL, SENDER_OFF, "web@mail.example" },
	{ "WWW-Data", "set", SENDER_ALWAYS, "web@mail.example" },
	{ "www-data@mail.example", NULL, SENDER_OFF, "www-data@mail.example" },
	{ "old@x.example", NULL, SENDER_OFF, "new@x.example" },
	{ "broken", NULL, SENDER_OFF, NULL },
};

static void
check_senders(void)
{
	for (size_t i = 0; i < sizeof(sender_cases) / sizeof(*sender_cases); i++) {
		const char *given = sender_cases[i].given;
		struct given g = { .sender = sender_cases[i].setting,
			.mode = sender_cases[i].mode };
		struct addr a = { 0 };
		struct envelope v;
		struct err e = { 0 };
		int result;

		set_up(&g);
		envelope_init(&v, 10);
		if (given != NULL && addr_parse(&a, given, strlen(given), &e) != 0)
			abort();
		result = complete_sender(&completion, given != NULL ? &a : NULL,
		    &v, &e);
		if (sender_cases[i].wanted == NULL)
			check(result == -1 && e.status == EX_CONFIG, given);
		else if (check(result == 0, given != NULL ? given : "(none)"))
			check_text(v.sender.text, sender_cases[i].wanted,
			    "becomes");
		addr_free(&a);
		envelope_free(&v);
	}
}

/* Recipients of -t. */

static const struct {
	const char *header, *wanted, *bad;
} recipient_cases[] = {
	{ "Subject: x\r\n", "", "" },
	{ "To: a@x\r\nCc: b@x\r\nBcc: c@x\r\n", "a@x b@x c@x ", "" },
	{ "To: a@x\r\nto: b@x\r\nTO : a@X\r\n", "a@x b@x ", "" },
	{ "Bcc: c@x\r\nTo: \"A, B\" <a@x>,\r\n b@x (b)\r\n", "a@x b@x c@x ", "" },
	{ "To: f: a@x, b@x;, c@x\r\nCc: none:;\r\n", "a@x b@x c@x ", "" },
	{ "To: root\r\n", "ops@x.example all@x.example ", "" },
	{ "To: zz-nobody\r\n", "all@x.example ", "" },
	{ "To: nobody@mail.example\r\n", "nobody@mail.example ", "" },
	{ "From: s@x\r\nReply-To: r@x\r\nSender: t@x\r\n", "", "" },
	{ "To: a@x\r\nResent-To: b@x\r\nResent-Cc: c@x\r\nBcc: d@x\r\n",
	    "b@x c@x ", "" },
	{ "To: a@x\r\nResent-Bcc: b@x\r\n", "b@x ", "" },
	{ "To: a@x\r\nResent-From: b@x\r\n", "a@x ", "" },
	{ "To:\r\nCc: ,\r\nBcc: <>\r\n", "", "" },
	{ "To: a@x, b@, c@x\r\n", "a@x c@x ", "To: " },
	{ "Cc: a@x b@x\r\nBcc: c@x\r\n", "c@x ", "Cc: " },
	{ "To: <a@x\r\n", "", "To: " },
};

static void
check_recipients(void)
{
	for (size_t i = 0; i < sizeof(recipient_cases) / sizeof(*recipient_cases);
	    i++) {
		const char *header = recipient_cases[i].header;
		const char *wrong = recipient_cases[i].bad;
		struct given g = { .mode = SENDER_OFF };
		struct envelope v;
		struct head h;
		struct buf bad, out;
		struct err e = { 0 };

		set_up(&g);
		envelope_init(&v, 10);
		buf_init(&bad, PLENTY);
		buf_init(&out, PLENTY);
		if (head_parse(&h, header, strlen(header), &e) != 0)
			abort();
		check_number(complete_recipients(&completion, &h, &v, &bad, &e), 0,
		    header);
		for (size_t n = 0; n < v.count; n++)
			buf_printf(&out, "%s ", v.recipients[n].addr.text);
		check_text(buf_text(&out), recipient_cases[i].wanted, header);
		check(wrong[0] == '\0' ? bad.len == 0 :
		    strncmp(buf_text(&bad), wrong, strlen(wrong)) == 0 &&
		    strchr(bad.data, '\n') == bad.data + bad.len - 1,
		    "what is no address is reported, in a line");
		head_free(&h);
		envelope_free(&v);
		buf_free(&bad);
		buf_free(&out);
	}
}

static void
check_too_many(void)
{
	static const char header[] = "To: a@x, b@x, c@x\r\n";
	struct given g = { .mode = SENDER_OFF };
	struct envelope v;
	struct head h;
	struct buf bad;
	struct err e = { 0 };

	set_up(&g);
	envelope_init(&v, 2);
	buf_init(&bad, PLENTY);
	if (head_parse(&h, header, strlen(header), &e) != 0)
		abort();
	check(complete_recipients(&completion, &h, &v, &bad, &e) == -1 &&
	    e.status == EX_DATAERR, "more recipients than are allowed");
	head_free(&h);
	envelope_free(&v);
	buf_free(&bad);
}

/* The header. */

#define ADDED	"Date: Sun, 11 Jan 1970 00:00:00 +0000\r\n"
#define FROM	"From: s@x.example\r\n"
#define ID	"Message-ID: <0123456789abcdef@host.mail.example>\r\n"
#define FULL	"From: a@b.example\r\nDate: d\r\nMessage-ID: <1>\r\n"

static const struct {
	const char  *name, *header, *wanted;
	struct given given;
} head_cases[] = {
	{ "nothing there", "", ADDED FROM ID, { 0 } },
	{ "all there", FULL, FULL, { 0 } },
	{ "all there in other cases", "FROM: a@b\r\ndate: d\r\nmessage-id: <1>\r\n",
	    "FROM: a@b\r\ndate: d\r\nmessage-id: <1>\r\n", { 0 } },
	{ "blank before the colon", "To : a@x\r\n" FULL, "To: a@x\r\n" FULL, { 0 } },
	{ "what must not leave", "Bcc: a@x,\r\n b@x\r\nBCC : c@x\r\nResent-Bcc: d@x\r\n"
	    "Return-Path: <e@x>\r\nX-Sender: f\r\nX-Receiver: g\r\nBccX: h\r\n"
	    "Resent-Date: d\r\nResent-From: a@b\r\nResent-Message-ID: <2>\r\n" FULL,
	    "BccX: h\r\nResent-Date: d\r\nResent-From: a@b\r\n"
	    "Resent-Message-ID: <2>\r\n" FULL, { 0 } },
	{ "bytes that stay", "Subject:  \303\266\377 \t\r\n\tx  \r\nx-y:\r\n"
	    "To:\"A\" < a@x > (c),\r\n\tf : b@x ;\r\n" FULL,
	    "Subject:  \303\266\377 \t\r\n\tx  \r\nx-y:\r\n"
	    "To:\"A\" < a@x > (c),\r\n\tf : b@x ;\r\n" FULL, { 0 } },
	{ "bare addresses", "To: a, \"B\" <b> (c),\r\n\tf: d, e@x;\r\nCc:g\r\n" FULL,
	    "To: a@mail.example, \"B\" <b@mail.example> (c),\r\n"
	    "\tf: d@mail.example, e@x;\r\nCc: g@mail.example\r\n" FULL, { 0 } },
	{ "what is no address stays", "To: a b, c, <d\r\n" FULL,
	    "To: a b, c@mail.example, <d\r\n" FULL, { 0 } },
	{ "recipients are no senders", "To: www-data\r\nReply-To: www-data\r\n" FULL,
	    "To: www-data@mail.example\r\nReply-To: www-data@mail.example\r\n" FULL,
	    { 0 } },
	{ "[senders] in the header", "From: \"W\" <www-data>\r\nDate: d\r\n"
	    "Message-ID: <1>\r\n", "From: \"W\" <web@mail.example>\r\nDate: d\r\n"
	    "Message-ID: <1>\r\n", { 0 } },
	{ "an address that people can answer to", "From: Old <old@x.example>\r\n"
	    "Date: d\r\nMessage-ID: <1>\r\n", "From: Old <new@x.example>\r\n"
	    "Date: d\r\nMessage-ID: <1>\r\nReply-To: Old <old@x.example>\r\n", { 0 } },
	{ "unless there is one", "From: old@x.example\r\nReply-To: r@x\r\nDate: d\r\n"
	    "Message-ID: <1>\r\n", "From: new@x.example\r\nReply-To: r@x\r\nDate: d\r\n"
	    "Message-ID: <1>\r\n", { 0 } },
	{ "sender_mode = always", FULL "Sender: t@b.example\r\n",
	    "From: site@web.example\r\nDate: d\r\nMessage-ID: <1>\r\n"
	    "Sender: site@web.example\r\nReply-To: a@b.example\r\n",
	    { .sender = "set", .mode = SENDER_ALWAYS } },
	{ "sender_mode = unqualified", "From: a, b@x\r\nDate: d\r\nMessage-ID: <1>\r\n",
	    "From: site@web.example, b@x\r\nDate: d\r\nMessage-ID: <1>\r\n",
	    { .sender = "set", .mode = SENDER_UNQUALIFIED } },
	{ "-F", "", ADDED "From: \"J. Doe\" <s@x.example>\r\n" ID,
	    { .full_name = "J. Doe", .gecos = "Other" } },
	{ "the gecos field", "", ADDED "From: =?utf-8?Q?J=C3=B6e?= <s@x.example>\r\n" ID,
	    { .gecos = "J\303\266e" } },
	{ "-F of nothing", "", ADDED FROM ID, { .full_name = "", .gecos = "Joe" } },
	{ "a line break in a name", "", ADDED
	    "From: \"a Bcc: v@x\" <s@x.example>\r\n" ID, { .full_name = "a\nBcc: v@x" } },
	{ "Received", FULL, "Received: by host.mail.example (outtray, from userid 33)\r\n"
	    "\tid 0123456789abcdef; Sun, 11 Jan 1970 00:00:00 +0000\r\n" FULL,
	    { .received = true } },
	{ "nobody is named", FULL "Bcc: b@x\r\n", FULL "To: undisclosed-recipients:;\r\n",
	    { .undisclosed = true } },
	{ "somebody is", FULL "Cc: b@x\r\n", FULL "Cc: b@x\r\n",
	    { .undisclosed = true } },
	{ "sent again", "Resent-To: r\r\n" FULL, "Resent-To: r@mail.example\r\n" FULL
	    "Resent-" ADDED "Resent-" FROM "Resent-" ID, { 0 } },
};

/* The header as it leaves; `sender` is the envelope's. */
static void
complete(const char *header, const char *sender, struct buf *out)
{
	struct envelope v;
	struct head h;
	struct addr a;
	struct err e = { 0 };

	envelope_init(&v, 10);
	buf_init(out, PLENTY);
	if (head_parse(&h, header, strlen(header), &e) != 0 ||
	    addr_parse(&a, sender, strlen(sender), &e) != 0 ||
	    envelope_set_sender(&v, &a, &e) != 0)
		abort();
	check_number(complete_head(&completion, &h, &v, &e), 0, "edited");
	head_print(&h, out);
	addr_free(&a);
	head_free(&h);
	envelope_free(&v);
}

static void
check_heads(void)
{
	struct given plain = { .mode = SENDER_OFF };
	struct buf out;

	for (size_t i = 0; i < sizeof(head_cases) / sizeof(head_cases[0]); i++) {
		set_up(&head_cases[i].given);
		complete(head_cases[i].header, "s@x.example", &out);
		check_text(buf_text(&out), head_cases[i].wanted, head_cases[i].name);
		buf_free(&out);
	}
	set_up(&plain);
	complete("Date: d\r\nMessage-ID: <1>\r\n", "", &out);
	check_text(buf_text(&out), "Date: d\r\nMessage-ID: <1>\r\n"
	    "From: MAILER-DAEMON@mail.example\r\n", "the null sender has a name");
	buf_free(&out);
	completion.hostname = "host";
	complete(FROM "Date: d\r\n", "s@x.example", &out);
	check_text(buf_text(&out), FROM "Date: d\r\n"
	    "Message-ID: <0123456789abcdef@mail.example>\r\n",
	    "a host without a dot makes no id");
	buf_free(&out);
}

static void
check_bad_settings(void)
{
	static const char header[] = "From: broken\r\n";
	struct given g = { .mode = SENDER_OFF };
	struct envelope v;
	struct head h;
	struct err e = { 0 };

	set_up(&g);
	envelope_init(&v, 10);
	if (head_parse(&h, header, strlen(header), &e) != 0)
		abort();
	check(complete_head(&completion, &h, &v, &e) == -1 &&
	    e.status == EX_CONFIG && strstr(e.text, "broken") != NULL,
	    "a sender that is no address is the settings' fault");
	head_free(&h);
	envelope_free(&v);
}

int
main(void)
{
	(void)setenv("TZ", "UTC", 1);
	check_senders();
	check_recipients();
	check_too_many();
	check_heads();
	check_bad_settings();
	return check_end();
}
