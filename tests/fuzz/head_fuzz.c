/*
 * Standard input becomes a message that leaves: read in pieces, its header
 * completed and printed. The first byte is a set of choices, the second the
 * size of a piece. In pieces it must come to the same as whole; only CRLF and
 * no NUL leaves; nothing that must not leave does; the fields that are not
 * ours to change stay to the byte and in their order; and what has left reads
 * as the same header and body again.
 */
#include "mail/head.h"
#include "mail/message.h"
#include "sendmail/complete.h"

#include "must.h"

#include <strings.h>

enum { PLENTY = 8 * 1024 * 1024, RECIPIENTS_MAX = 100 };

enum {			/* the first byte */
	DOT_ENDS = 1, RECEIVED = 2, UNDISCLOSED = 4, NULL_SENDER = 8,
	NAMED = 16, REWRITE = 32 | 64 | 128
};

/* Never printed; and changed at most in their addresses. */
static const char *const gone[] = { "Bcc", "Resent-Bcc", "Return-Path",
	"X-Sender", "X-Receiver" };
static const char *const edited[] = { "From", "Sender", "Reply-To", "To", "Cc",
	"Resent-From", "Resent-Sender", "Resent-Reply-To", "Resent-To",
	"Resent-Cc" };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* A message read: header (in m.head) and body. */
struct reading {
	struct message m;
	struct buf     body;
};

static void
read_message(struct reading *r, bool dot_ends, const char *bytes, size_t len,
    size_t piece)
{
	struct err e = { 0 };

	message_init(&r->m, dot_ends);
	buf_init(&r->body, PLENTY);
	while (len > 0) {
		size_t n = len < piece ? len : piece;

		must(message_feed(&r->m, bytes, n, &r->body, &e) == 0);
		bytes += n;
		len -= n;
	}
	must(message_end(&r->m, &r->body, &e) == 0);
}

static void
free_reading(struct reading *r)
{
	message_free(&r->m);
	buf_free(&r->body);
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void
check_same(const struct reading *a, const struct reading *b)
{
	const struct message_facts *x = &a->m.facts, *y = &b->m.facts;

	must(same(&a->m.head, &b->m.head) && same(&a->body, &b->body));
	must(x->longest_line == y->longest_line && x->head_8bit == y->head_8bit &&
	    x->body_8bit == y->body_8bit);
}

/* Whole lines, CR and LF in pairs alone, no NUL. */
static void
check_clean(const struct buf *b)
{
	const char *bytes = buf_text(b);

	must(memchr(bytes, '\0', b->len) == NULL);
	must(b->len == 0 || bytes[b->len - 1] == '\n');
	for (size_t i = 0; i < b->len; i++)
		must((bytes[i] == '\n') == (i > 0 && bytes[i - 1] == '\r'));
}

static bool
is_one_of(const struct head_field *f, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (f->name_len == strlen(names[i]) &&
		    strncasecmp(f->bytes, names[i], f->name_len) == 0)
			return true;
	return false;
}

/* "Name : value" without the blank, which is not sent. */
static bool
field_is(const struct head_field *f, const struct head_field *sent)
{
	size_t rest = f->len - f->value;

	return sent->name_len == f->name_len &&
	    memcmp(sent->bytes, f->bytes, f->name_len) == 0 &&
	    sent->value == f->name_len + 1 && sent->len - sent->value == rest &&
	    memcmp(sent->bytes + sent->value, f->bytes + f->value, rest) == 0;
}

/* A value without its addresses: names, comments, commas and folds. */
static void
around_addresses(const struct head *h, size_t field, struct buf *out)
{
	struct addr_list list;
	struct addr_place place;
	struct addr a;
	struct err e;
	size_t len, copied;
	const char *value = head_value(h, (long)field, &len);
	int found;

	buf_init(out, PLENTY);
	copied = strspn(value, " \t");	/* a CR or LF stands behind it */
	addr_list_init(&list, value, len, false);
	while ((found = addr_list_next(&list, &a, &place, &e)) != 0) {
		if (found < 0)
			continue;
		buf_put(out, value + copied, place.spec - copied);
		copied = place.spec + place.spec_len;
		addr_free(&a);
	}
	buf_put(out, value + copied, len - copied);
}

static void
check_edited(const struct head *was, size_t i, const struct head *sent, size_t at)
{
	const struct head_field *f = &was->fields[i], *g = &sent->fields[at];
	struct buf before, after;

	must(g->name_len == f->name_len &&
	    strncasecmp(g->bytes, f->bytes, f->name_len) == 0);
	around_addresses(was, i, &before);
	around_addresses(sent, at, &after);
	must(same(&before, &after));
	buf_free(&before);
	buf_free(&after);
}

/* Field by field; what was added stands before and behind. */
static void
check_kept(const struct reading *r, const struct head *sent, size_t front)
{
	struct head was;
	struct err e = { 0 };
	size_t at = front;

	must(head_parse(&was, buf_text(&r->m.head), r->m.head.len, &e) == 0);
	for (size_t i = 0; i < was.count; i++) {
		const struct head_field *f = &was.fields[i];

		if (is_one_of(f, gone, COUNT(gone)))
			continue;
		must(at < sent->count);
		if (is_one_of(f, edited, COUNT(edited)))
			check_edited(&was, i, sent, at);
		else
			must(field_is(f, &sent->fields[at]));
		at++;
	}
	head_free(&was);
}

static void
check_sent(const struct reading *r, const struct buf *printed, unsigned choices)
{
	struct reading again;
	struct head sent;
	struct err e = { 0 };
	struct buf all;

	check_clean(printed);
	must(head_parse(&sent, buf_text(printed), printed->len, &e) == 0);
	for (size_t i = 0; i < COUNT(gone); i++)
		must(head_find(&sent, gone[i], 0) < 0);
	must(head_find(&sent, "Date", 0) >= 0 && head_find(&sent, "From", 0) >= 0 &&
	    head_find(&sent, "Message-ID", 0) >= 0);
	check_kept(r, &sent, (choices & RECEIVED) != 0 ? 1 : 0);
	head_free(&sent);

	buf_init(&all, PLENTY);
	buf_put(&all, printed->data, printed->len);
	buf_puts(&all, "\r\n");
	buf_put(&all, buf_text(&r->body), r->body.len);
	read_message(&again, false, all.data, all.len, all.len);
	must(same(&again.m.head, printed) && same(&again.body, &r->body));
	free_reading(&again);
	buf_free(&all);
}

static void
set_up(struct completion *c, struct settings *s, struct caller *caller,
    unsigned choices)
{
	static char domain[] = "mail.example", host[] = "host.example", none[] = "";
	static char sender[] = "site@mail.example", list[] = "ops@mail.example";
	static char star[] = "*", www[] = "www-data", web[] = "web";
	static struct setting_pair alias = { star, list, 1 };
	static struct setting_pair mapped = { www, web, 2 };

	memset(s, 0, sizeof(*s));
	s->domain = domain;
	s->hostname = host;
	s->received = (choices & RECEIVED) != 0;
	s->undisclosed_recipients = (choices & UNDISCLOSED) != 0;
	s->sender_mode = (enum sender_mode)((choices & REWRITE) >> 5 & 3);
	s->sender = (choices & REWRITE) != 0 ? sender : none;
	s->aliases = (struct setting_pairs){ &alias, 1, 1 };
	s->senders = (struct setting_pairs){ &mapped, 1, 1 };
	*caller = (struct caller){ 33, "www-data", "Web, \"The\" S\xc3\xb6rver" };
	*c = (struct completion){ s, caller, domain, host,
		(choices & NAMED) != 0 ? "J. Doe" : NULL, "0123456789abcdef", 1 };
}

static void
check_recipients(const struct envelope *v, const struct buf *bad)
{
	must(!bad->full);
	must_be_lines(buf_text(bad), bad->len, "\n", false);
	for (size_t i = 0; i < v->count; i++)
		must(addr_has_domain(&v->recipients[i].addr));
}

static void
complete(const struct reading *r, unsigned choices)
{
	struct settings s;
	struct caller caller;
	struct completion c;
	struct envelope v;
	struct head h;
	struct addr none = { 0 };
	struct err e = { 0 };
	struct buf bad, printed;

	set_up(&c, &s, &caller, choices);
	envelope_init(&v, RECIPIENTS_MAX);
	buf_init(&bad, PLENTY);
	buf_init(&printed, PLENTY);
	must(head_parse(&h, buf_text(&r->m.head), r->m.head.len, &e) == 0);
	must(addr_parse(&none, "", 0, &e) == 0);
	must(complete_sender(&c, (choices & NULL_SENDER) != 0 ? &none : NULL, &v,
	    &e) == 0);
	if (complete_recipients(&c, &h, &v, &bad, &e) != 0)
		must_say(&e, EX_DATAERR);
	check_recipients(&v, &bad);
	must(complete_head(&c, &h, &v, &e) == 0);
	head_print(&h, &printed);
	must(!printed.full);
	check_sent(r, &printed, choices);
	addr_free(&none);
	head_free(&h);
	envelope_free(&v);
	buf_free(&bad);
	buf_free(&printed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 2;
	struct reading whole, pieces;

	if (size < 3)
		return 0;
	size -= 2;
	read_message(&whole, (data[0] & DOT_ENDS) != 0, bytes, size, size);
	read_message(&pieces, (data[0] & DOT_ENDS) != 0, bytes, size,
	    (size_t)data[1] % 16 + 1);
	check_same(&whole, &pieces);
	check_clean(&whole.m.head);
	check_clean(&whole.body);
	complete(&whole, data[0]);
	free_reading(&whole);
	free_reading(&pieces);
	return 0;
}
