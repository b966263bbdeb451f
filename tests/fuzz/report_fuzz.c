/*
 * A report about anything: the input is flags, texts that end in NUL (answer,
 * relay, step, status, ORCPT, ENVID, recipient, sender), then a header and a
 * body: a NUL between them, or a share of the rest, so that both can hold one.
 * What comes out is always CRLF, lines of 998 bytes at most, three parts,
 * and in each place only the fields that belong there.
 */
#include "mail/report.h"

#include "must.h"

enum { PLENTY = 64 * 1024 * 1024, TEXTS = 8, FLAGS = 3 };

/* The line at `at`, which must end in CRLF: its length without that. */
static size_t
line_at(const struct buf *out, size_t at)
{
	const char *line = out->data + at;
	const char *lf = memchr(line, '\n', out->len - at);
	size_t len;

	must(lf != NULL && lf > line && lf[-1] == '\r');
	len = (size_t)(lf - line) - 1;
	must(len <= 998 && memchr(line, '\r', len) == NULL &&
	    memchr(line, '\0', len) == NULL);
	return len;
}

static bool
begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

/* Which of the names (NULL-terminated) the line begins with; -1: none. */
static int
name_of(const char *line, size_t len, const char *const *names)
{
	for (int i = 0; names[i] != NULL; i++)
		if (begins(line, len, names[i]))
			return i;
	return -1;
}

/*
 * Fields of these names, each at most once, up to a blank line, which is taken
 * as well. Returns where the next line begins.
 */
static size_t
check_fields(const struct buf *out, size_t at, const char *const *names)
{
	unsigned seen = 0;
	size_t len;

	for (; (len = line_at(out, at)) > 0; at += len + 2) {
		const char *line = out->data + at;
		int name = name_of(line, len, names);

		if (*line == ' ' || *line == '\t') {
			must(seen != 0 && len > strspn(line, " \t"));
			continue;
		}
		must(name >= 0 && (seen & 1U << name) == 0);
		seen |= 1U << name;
	}
	must(seen != 0);
	return at + 2;
}

/* Up to the next line of the boundary, with `end` behind it, which is taken as well. */
static size_t
skip_part(const struct buf *out, size_t at, const char *boundary, const char *end)
{
	size_t len;

	while (len = line_at(out, at), !begins(out->data + at, len, boundary))
		at += len + 2;
	must(len == strlen(boundary) + strlen(end) &&
	    memcmp(out->data + at + strlen(boundary), end, strlen(end)) == 0);
	return at + len + 2;
}

static void
check_output(const struct delivery_report *r, const struct buf *out)
{
	static const char *const head[] = { "Date: ", "From: Mail Delivery System <",
	    "To: <", "Subject: ", "Message-ID: <", "In-Reply-To: <", "References: <",
	    "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
	    "Content-Type: multipart/report; ", "Content-Transfer-Encoding: ", NULL };
	static const char *const part[] = { "Content-Type: ",
	    "Content-Transfer-Encoding: ", NULL };
	static const char *const message[] = { "Original-Envelope-Id: ",
	    "Reporting-MTA: dns; ", "X-Outtray-Queue-ID: ", "X-Outtray-Sender: ",
	    "Arrival-Date: ", NULL };
	static const char *const recipient[] = { "Original-Recipient: ",
	    "Final-Recipient: ", "Action: ", "Status: ", "Remote-MTA: ",
	    "Diagnostic-Code: ", "Last-Attempt-Date: ", "Will-Retry-Until: ", NULL };
	char boundary[sizeof(r->boundary) + 2] = "--";
	size_t at, len;

	memcpy(boundary + 2, r->boundary, strlen(r->boundary) + 1);
	at = check_fields(out, 0, head);
	for (size_t i = 0; !r->eight_bit && i < out->len; i++)
		must(i < at || (unsigned char)out->data[i] < 128);
	at = skip_part(out, at, boundary, "");
	at = check_fields(out, at, part);
	at = skip_part(out, at, boundary, "");
	at = check_fields(out, at, part);
	at = check_fields(out, at, message);
	for (size_t i = 0; i < r->count; i++)
		at = check_fields(out, at, recipient);
	len = line_at(out, at);
	must(len == strlen(boundary) && begins(out->data + at, len, boundary));
	at = check_fields(out, at + len + 2, part);
	at = skip_part(out, at, boundary, "--");
	must(at == out->len);
}

static void
compose(struct delivery_report *r, const char *body, size_t len)
{
	struct buf out;
	struct err e = { 0 };
	bool bad = false;

	buf_init(&out, PLENTY);
	if (report_begin(r, &out, &e) != 0) {
		must(e.status == EX_SOFTWARE && out.len == 0 &&
		    report_is_answer(r->head, r->head_len));
		buf_free(&out);
		return;
	}
	if (r->whole)
		bad = report_body(r, body, len / 2, &out, &e) != 0 ||
		    report_body(r, body + len / 2, len - len / 2, &out, &e) != 0;
	if (bad) {
		must(e.status == EX_DATAERR);
		buf_reset(&out);
		r->whole = false;
		must(report_begin(r, &out, &e) == 0);
	}
	must(report_end(r, &out, &e) == 0);
	check_output(r, &out);
	buf_free(&out);
}

/* An address of the text, or where it is none, this one. */
static struct addr
address(const char *text, const char *instead)
{
	struct addr a = { 0 };
	struct err e = { 0 };

	if (addr_parse(&a, text, strlen(text), &e) != 0 || addr_is_null(&a)) {
		addr_free(&a);
		must(addr_parse(&a, instead, strlen(instead), &e) == 0);
	}
	return a;
}

/* The header's length; *body is where the body begins. */
static size_t
head_length(uint8_t flag, const char *rest, size_t len, size_t *body)
{
	const char *nul = memchr(rest, '\0', len);
	size_t head_len = (flag & 1) != 0 ? len * flag / 255 :
	    nul != NULL ? (size_t)(nul - rest) : len;

	*body = head_len + ((flag & 1) == 0 && nul != NULL ? 1 : 0);
	return head_len;
}

/* Outcomes of each kind, so that stories are told and told again. */
static void
run(const uint8_t flags[FLAGS], char *const texts[TEXTS], const char *rest, size_t len)
{
	struct envelope v;
	struct report_outcome outcomes[3];
	struct addr a = address(texts[6], "a@b.test"), s = address(texts[7], "s@b.test");
	struct err e = { 0 };
	size_t body = 0, head_len = head_length(flags[2], rest, len, &body);
	struct delivery_report r = { .id = "0a.f00", .hostname = "host.test",
		.domain = "b.test", .date = flags[1], .original_id = "0a",
		.envelope = &v, .head = rest, .head_len = head_len,
		.outcomes = outcomes, .count = 1U + (flags[0] >> 6) % 3,
		.eight_bit = (flags[0] & 1) != 0, .whole = (flags[0] & 2) != 0 };

	envelope_init(&v, 1);
	must(envelope_set_sender(&v, &s, &e) == 0 && envelope_add(&v, &a, &e) == 1);
	addr_free(&s);
	v.envid = texts[5];
	v.recipients[0].orcpt = texts[4];
	for (unsigned i = 0; i < 3; i++)
		outcomes[i] = (struct report_outcome) {
			.kind = (enum report_kind)(((flags[0] >> 2 & 15) + i * (flags[1] & 1)) % 3),
			.recipient = &v.recipients[0], .code = flags[1] / 16 * 50,
			.text = texts[0], .relay = texts[1], .step = texts[2],
			.dsn = texts[3], .retry_until = flags[1] & 2,
			.last_attempt = flags[1] & 4 };
	compose(&r, rest + body, len - body);
	v.envid = v.recipients[0].orcpt = NULL;	/* not the envelope's to free */
	envelope_free(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy, *at, *texts[TEXTS], none[] = "";
	size_t left;

	if (size < FLAGS || (copy = malloc(size - FLAGS + 1)) == NULL)
		return 0;
	left = size - FLAGS;
	memcpy(copy, data + FLAGS, left);
	copy[left] = '\0';
	at = copy;
	for (size_t i = 0; i < TEXTS; i++) {
		char *end = memchr(at, '\0', left);

		texts[i] = end != NULL ? at : none;
		if (end != NULL) {
			left -= (size_t)(end - at) + 1;
			at = end + 1;
		}
	}
	run(data, texts, at, left);
	free(copy);
	return 0;
}
