#include "mail/report_parts.h"

#include "mail/head.h"
#include "mail/utf8.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_BYTES = 998, QP_COLUMNS = 76, MESSAGE_ID_MAX = 250, NUMBER_MAX = 4095 };

bool
report_wanted(const struct envelope *v, const struct recipient *r,
    enum report_kind kind)
{
	static const unsigned bits[] = {
		NOTIFY_FAILURE, NOTIFY_DELAY, NOTIFY_SUCCESS
	};
	unsigned notify = r->notify != 0 ? r->notify : v->notify;

	if (addr_is_null(&v->sender) || (notify & NOTIFY_NEVER) != 0)
		return false;
	if (notify == 0)
		notify = NOTIFY_FAILURE;
	return (notify & bits[kind]) != 0;
}

/* Does a field of that name begin with this word? */
static bool
field_begins(const struct head *h, const char *name, const char *word)
{
	for (long i = head_find(h, name, 0); i >= 0;
	    i = head_find(h, name, (size_t)i + 1)) {
		size_t len;
		const char *value = head_value(h, i, &len);

		while (len > 0 && strchr(" \t\r\n", *value) != NULL) {
			value++;
			len--;
		}
		if (len >= strlen(word) && strncasecmp(value, word, strlen(word)) == 0)
			return true;
	}
	return false;
}

bool
report_is_answer(const char *head, size_t len)
{
	struct head h;
	struct err e = { 0 };
	bool answer;

	/* Where a line is no field, those before it were read. */
	(void)head_parse(&h, head, len, &e);
	answer = field_begins(&h, "Auto-Submitted", "auto-replied") ||
	    field_begins(&h, "Content-Type", "multipart/report");
	head_free(&h);
	return answer;
}

static bool
id_valid(const char *id)
{
	size_t len = id != NULL ? strlen(id) : 0;

	return len > 0 && len < STAMP_ID_MAX && strspn(id, "0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-") == len;
}

int
report_id(char id[STAMP_ID_MAX], const char *original_id,
    enum report_kind kind, unsigned number, struct err *e)
{
	static const char kinds[] = { 'f', 'd', 'a' };

	if (!id_valid(original_id) || strlen(original_id) + 5 > STAMP_ID_MAX ||
	    number > NUMBER_MAX)
		return err_set(e, EX_SOFTWARE, "\"%.80s\" is no id that a report's "
		    "can be made of (number %u)", original_id, number);
	(void)snprintf(id, STAMP_ID_MAX, "%s%c%03x", original_id, kinds[kind], number);
	return 0;
}

static bool
has_kind(const struct delivery_report *r, enum report_kind kind)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->outcomes[i].kind == kind)
			return true;
	return false;
}

bool
report_whole(const struct delivery_report *r, uint64_t size)
{
	return r->envelope->ret == RET_FULL && has_kind(r, REPORT_FAILED) &&
	    size <= REPORT_WHOLE_MAX;
}

static const struct addr *
report_to(const struct delivery_report *r)
{
	return r->to != NULL ? r->to : &r->envelope->sender;
}

static bool
has_8bit(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 128)
		text++;
	return *text != '\0';
}

/*
 * RFC 6533's types, where they say more than ASCII can: they go unharmed only
 * where 8 bits do.
 */
static bool
needs_global(const struct delivery_report *r)
{
	bool utf8 = r->envelope->sender.utf8 || report_to(r)->utf8 ||
	    has_8bit(r->hostname);

	for (size_t i = 0; i < r->count; i++)
		utf8 = utf8 || r->outcomes[i].recipient->addr.utf8;
	return utf8 && r->eight_bit;
}

/* What is made here is 7bit, but for what those types are for. */
static const char *
encoding(const struct delivery_report *r)
{
	return r->eight_bit && (r->global || r->whole) ? "8bit" : "7bit";
}

static int
check_input(const struct delivery_report *r, struct err *e)
{
	if (!addr_domain_valid(r->hostname, strlen(r->hostname)))
		return err_set(e, EX_CONFIG, "\"%.80s\" is no name of a host to "
		    "report as: set hostname in [outtray]", r->hostname);
	if (!addr_domain_valid(r->domain, strlen(r->domain)))
		return err_set(e, EX_CONFIG, "\"%.80s\" is no domain to report "
		    "from: set domain in [outtray]", r->domain);
	if (!id_valid(r->id) || !id_valid(r->original_id))
		return err_set(e, EX_SOFTWARE, "a report's id that is none");
	if (addr_is_null(report_to(r)) || r->count == 0 || r->count > REPORT_COUNT_MAX)
		return err_set(e, EX_SOFTWARE, "report %s: nobody to tell, or nothing, "
		    "or too much (%zu recipients)", r->id, r->count);
	if (report_is_answer(r->head, r->head_len))
		return err_set(e, EX_SOFTWARE, "report %s: %s is a report or an "
		    "automatic answer itself", r->id, r->original_id);
	return 0;
}

/* A boundary that is nowhere in the header; report_body looks in the body. */
static void
choose_boundary(struct delivery_report *r)
{
	unsigned turn = 0;

	do
		(void)snprintf(r->boundary, sizeof(r->boundary), "=_%s_%x",
		    r->id, turn++);
	while (r->head_len > 0 && memmem(r->head, r->head_len, r->boundary,
	    strlen(r->boundary)) != NULL);
}

static void
put_boundary(const struct delivery_report *r, const char *end, struct buf *out)
{
	buf_printf(out, "--%s%s\r\n", r->boundary, end);
}

/*
 * The original's Message-ID, for readers that show which mail this answers: only
 * one as it should be, since it is the one thing that gets into our header.
 */
static void
put_references(const struct delivery_report *r, struct buf *out)
{
	struct head h;
	struct err e = { 0 };
	const char *id = "";
	size_t len = 0, inner = 0;
	long field = -1;

	if (head_parse(&h, r->head, r->head_len, &e) == 0)
		field = head_find(&h, "Message-ID", 0);
	if (field >= 0)
		id = head_value(&h, field, &len);
	for (; len > 0 && (*id == ' ' || *id == '\t'); len--)
		id++;
	while (inner + 2 < len && id[inner + 1] > ' ' && id[inner + 1] <= '~' &&
	    strchr("<>()\"\\", id[inner + 1]) == NULL)
		inner++;
	if (len <= MESSAGE_ID_MAX && inner > 0 && inner + 2 == len &&
	    id[0] == '<' && id[len - 1] == '>')
		buf_printf(out, "In-Reply-To: %.*s\r\nReferences: %.*s\r\n",
		    (int)len, id, (int)len, id);
	head_free(&h);
}

static void
put_head(const struct delivery_report *r, struct buf *out)
{
	const char *subject = has_kind(r, REPORT_FAILED) ?
	    "Undelivered mail: your message came back" :
	    has_kind(r, REPORT_DELAYED) ? "Delayed mail: your message is still waiting" :
	    "Delivery report: your message was handed on";

	buf_puts(out, "Date: ");
	stamp_date(r->date, out);
	buf_printf(out, "\r\nFrom: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
	    "To: <%s>\r\n"
	    "Subject: %s\r\n"
	    "Message-ID: <%s@%s>\r\n",
	    r->domain, report_to(r)->text, subject, r->id, r->hostname);
	put_references(r, out);
	buf_printf(out, "Auto-Submitted: auto-replied\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=%s;\r\n"
	    "\tboundary=\"%s\"\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    r->global ? "global-delivery-status" : "delivery-status",
	    r->boundary, encoding(r));
}

/*
 * Lines that may go as they are: printable, tabs, CRLF, not too long; ASCII or,
 * where `utf8` is set, UTF-8.
 */
static bool
is_plain(const char *bytes, size_t len, bool utf8)
{
	size_t line = 0;

	for (size_t i = 0; i < len; i++, line++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\r' && i + 1 < len && bytes[i + 1] == '\n') {
			if (line > LINE_MAX_BYTES)
				return false;
			i++;
			line = (size_t)-1;
		} else if (c != '\t' && (c < ' ' || c == 127 || (c > 127 && !utf8))) {
			return false;
		}
	}
	return line == 0 && (!utf8 || utf8_valid(bytes, len));
}

/* Quoted-printable (RFC 2045 6.7) of whole lines. */
static void
put_quoted(const char *bytes, size_t len, struct buf *out)
{
	size_t column = 0;

	for (size_t i = 0; i < len; i++) {
		bool line_end = i + 1 < len && bytes[i] == '\r' && bytes[i + 1] == '\n';
		bool last = i + 1 == len || bytes[i + 1] == '\r';
		bool plain = bytes[i] != '=' && bytes[i] >= ' ' && bytes[i] <= '~' &&
		    !(last && bytes[i] == ' ');

		if (line_end) {
			buf_puts(out, "\r\n");
			column = 0;
			i++;
			continue;
		}
		if (column + (plain ? 1 : 3) > QP_COLUMNS - 1) {
			buf_puts(out, "=\r\n");
			column = 0;
		}
		if (plain)
			buf_putc(out, bytes[i]);
		else
			buf_printf(out, "=%02X", (unsigned)(unsigned char)bytes[i]);
		column += plain ? 1 : 3;
	}
	if (column > 0)
		buf_puts(out, "\r\n");
}

static void
begin_part(const struct delivery_report *r, const char *type,
    const char *encoding, struct buf *out)
{
	put_boundary(r, "", out);
	buf_printf(out, "Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n",
	    type, encoding);
}

/* A part of text: as it is where that can be, else quoted-printable. */
static void
put_text_part(const struct delivery_report *r, const char *type,
    const char *bytes, size_t len, struct buf *out)
{
	if (is_plain(bytes, len, false)) {
		begin_part(r, type, "7bit", out);
		buf_put(out, bytes, len);
	} else {
		begin_part(r, type, "quoted-printable", out);
		put_quoted(bytes, len, out);
	}
	buf_puts(out, "\r\n");
}

static void
put_explanation(const struct delivery_report *r, struct buf *out)
{
	struct buf text;

	buf_init(&text, out->limit);
	report_explain(r, &text);
	put_text_part(r, "text/plain; charset=utf-8", buf_text(&text), text.len, out);
	out->full = out->full || text.full;
	buf_free(&text);
}

static void
put_status(const struct delivery_report *r, struct buf *out)
{
	begin_part(r, r->global ? "message/global-delivery-status" :
	    "message/delivery-status", r->global ? "8bit" : "7bit", out);
	report_status(r, out);
	buf_puts(out, "\r\n");
}

/* The whole lines of the header that go back. */
static size_t
returned_head(const struct delivery_report *r)
{
	size_t len = r->head_len;

	if (len <= REPORT_HEAD_MAX)
		return len;
	len = REPORT_HEAD_MAX;
	while (len > 0 && r->head[len - 1] != '\n')
		len--;
	return len;
}

static int
no_memory(const struct delivery_report *r, struct err *e)
{
	return err_set(e, EX_OSERR, "report %s: no memory, or over the limit", r->id);
}

static int
cannot_go_back(const struct delivery_report *r, const char *why, struct err *e)
{
	return err_set(e, EX_DATAERR, "report %s: the message cannot go back whole: %s",
	    r->id, why);
}

/* One byte of what goes back: why it cannot, or NULL. */
static const char *
look_at(struct delivery_report *r, char c)
{
	bool was_cr = r->cr;

	r->cr = c == '\r';
	if (was_cr != (c == '\n') || c == '\0')
		return "a line end that is no CRLF, or a NUL";
	if (c == '\r')
		return NULL;
	if (c == '\n') {
		r->line_len = r->matched = 0;
		return NULL;
	}
	if ((unsigned char)c > 127 && !r->eight_bit)
		return "8-bit characters";
	if (++r->line_len > LINE_MAX_BYTES)
		return "a line over 998 bytes";
	/* "--" and the boundary, at a line's beginning. */
	if (r->matched + 1 == r->line_len) {
		if (r->matched < 2 ? c == '-' : c == r->boundary[r->matched - 2])
			r->matched++;
		if (r->matched == strlen(r->boundary) + 2)
			return "it holds the report's boundary";
	}
	return NULL;
}

static const char *
look_at_all(struct delivery_report *r, const char *bytes, size_t len)
{
	const char *wrong = NULL;

	r->returned += len;
	if (r->returned > REPORT_WHOLE_MAX)
		return "it is too large";
	for (size_t i = 0; i < len && wrong == NULL; i++)
		wrong = look_at(r, bytes[i]);
	return wrong;
}

/*
 * The part that ends the report, up to where the body goes. A header with UTF-8
 * in it has types of its own, where those are understood.
 */
static void
put_returned(const struct delivery_report *r, struct buf *out)
{
	size_t len = r->whole ? r->head_len : returned_head(r);
	bool utf8 = r->global && !is_plain(r->head, len, false) &&
	    is_plain(r->head, len, true);

	if (!r->whole && !utf8) {
		put_text_part(r, "text/rfc822-headers", r->head, len, out);
		return;
	}
	begin_part(r, !r->whole ? "message/global-headers" : utf8 ?
	    "message/global" : "message/rfc822", encoding(r), out);
	buf_put(out, r->head, len);
	buf_puts(out, "\r\n");
}

int
report_begin(struct delivery_report *r, struct buf *out, struct err *e)
{
	if (check_input(r, e) != 0)
		return -1;
	r->global = needs_global(r);
	choose_boundary(r);
	r->returned = 0;
	r->line_len = r->matched = 0;
	r->cr = false;
	if (r->whole && (look_at_all(r, r->head, r->head_len) != NULL ||
	    r->line_len > 0 || r->cr || r->head_len > REPORT_HEAD_MAX))
		r->whole = false;
	put_head(r, out);
	put_explanation(r, out);
	put_status(r, out);
	put_returned(r, out);
	return out->full ? no_memory(r, e) : 0;
}

int
report_body(struct delivery_report *r, const char *bytes, size_t len,
    struct buf *out, struct err *e)
{
	const char *wrong = look_at_all(r, bytes, len);

	if (wrong != NULL)
		return cannot_go_back(r, wrong, e);
	buf_put(out, bytes, len);
	return out->full ? no_memory(r, e) : 0;
}

int
report_end(struct delivery_report *r, struct buf *out, struct err *e)
{
	if (r->whole) {
		if (r->cr || r->line_len > 0)
			buf_puts(out, r->cr ? "\n" : "\r\n");
		buf_puts(out, "\r\n");
	}
	put_boundary(r, "--", out);
	return out->full ? no_memory(r, e) : 0;
}

int
report_envelope(const struct delivery_report *r, struct envelope *v, struct err *e)
{
	struct addr none, to = { 0 };
	int result = -1;

	if (addr_is_null(report_to(r)))
		return err_set(e, EX_SOFTWARE, "report %s: nobody to tell", r->id);
	if (addr_parse(&none, "", 0, e) != 0)
		return -1;
	if (envelope_set_sender(v, &none, e) == 0 &&
	    addr_copy(&to, report_to(r), e) == 0 &&
	    envelope_add(v, &to, e) == 1) {
		envelope_last(v)->notify = NOTIFY_NEVER;
		result = 0;
	}
	addr_free(&none);
	addr_free(&to);
	return result;
}
