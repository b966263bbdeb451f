#include "mail/report_parts.h"

#include "mail/utf8.h"

#include <string.h>

/* A line of these fields may have 998 bytes; names take some. */
enum { ADDRESS_LINE_MAX = 900 };

/* The reply codes whose meaning leaves one status (RFC 5321 4.2.3, RFC 3463). */
static const struct {
	int         code;
	const char *status;
} meanings[] = {
	{ 421, "4.3.2" }, { 454, "4.7.0" }, { 455, "4.5.4" },
	{ 500, "5.5.2" }, { 501, "5.5.4" }, { 502, "5.5.1" }, { 503, "5.5.1" },
	{ 504, "5.5.4" }, { 521, "5.3.2" }, { 530, "5.7.0" }, { 534, "5.7.9" },
	{ 535, "5.7.8" }, { 538, "5.7.11" }, { 551, "5.1.6" }, { 553, "5.1.3" },
	{ 555, "5.5.4" }, { 556, "5.1.10" },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
report_is_status(const char *text)
{
	if (text == NULL || !is_digit(*text++))
		return false;
	for (int i = 0; i < 2; i++) {
		size_t digits = 0;

		if (*text++ != '.')
			return false;
		while (digits < 3 && is_digit(*text)) {
			digits++;
			text++;
		}
		if (digits == 0)
			return false;
	}
	return *text == '\0';
}

/* What was given up after temporary failures has failed with a 4. */
static bool
class_fits(enum report_kind kind, char class)
{
	switch (kind) {
	case REPORT_FAILED:
		return class == '5' || class == '4';
	case REPORT_DELAYED:
		return class == '4';
	default:
		return class == '2';
	}
}

void
report_status_code(const struct report_outcome *o, struct buf *out)
{
	static const char classes[] = { '5', '4', '2' };
	char class = classes[o->kind], said = (char)('0' + o->code / 100 % 10);

	if (report_is_status(o->dsn) && class_fits(o->kind, *o->dsn)) {
		buf_puts(out, o->dsn);
		return;
	}
	if (class_fits(o->kind, said))
		class = said;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].code == o->code && *meanings[i].status == class) {
			buf_puts(out, meanings[i].status);
			return;
		}
	buf_printf(out, "%c.0.0", class);
}

/* utf-8-addr-xtext: ASCII that says the same (RFC 6533 3). */
static void
put_utf8_xtext(const char *text, struct buf *out)
{
	size_t line = out->len, left = strlen(text), len;
	uint32_t c;

	for (; (len = utf8_character(text, left, &c)) > 0; text += len, left -= len) {
		if (out->len - line > ADDRESS_LINE_MAX) {
			buf_puts(out, "\r\n ");
			line = out->len;
		}
		if (c <= ' ' || c > '~' || strchr("\\+=", (int)c) != NULL)
			buf_printf(out, "\\x{%02X}", (unsigned)c);
		else
			buf_putc(out, (char)c);
	}
}

/* "rfc822; a@b", or what RFC 6533 has in its place. */
static void
put_typed_address(const struct delivery_report *r, const struct addr *a,
    struct buf *out)
{
	if (!a->utf8) {
		buf_printf(out, "rfc822; %s\r\n", a->text);
		return;
	}
	buf_puts(out, "utf-8; ");
	if (r->global)
		buf_puts(out, a->text);
	else
		put_utf8_xtext(a->text, out);
	buf_puts(out, "\r\n");
}

/*
 * xtext made text again; as it stands where that would be no printable ASCII.
 */
static void
put_xtext(const char *xtext, struct buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t start = out->len;

	for (const char *c = xtext; *c != '\0'; c++) {
		char value = *c;

		if (*c == '+') {
			value = (char)((strchr(digits, c[1]) - digits) * 16 +
			    (strchr(digits, c[2]) - digits));
			c += 2;
		}
		if (value < ' ' || value > '~') {
			out->len = start;
			buf_puts(out, xtext);
			return;
		}
		buf_putc(out, value);
	}
}

static bool
is_xtext(const char *text, size_t max)
{
	return text != NULL && strlen(text) <= max &&
	    xtext_valid(text, strlen(text));
}

/* ORCPT= is "type;xtext"; that of type utf-8 has an escape of its own. */
static void
put_original_recipient(const struct recipient *p, struct buf *out)
{
	size_t type;

	if (!is_xtext(p->orcpt, ORCPT_MAX))
		return;
	type = strspn(p->orcpt, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (type == 0 || p->orcpt[type] != ';' || p->orcpt[type + 1] == '\0')
		return;
	buf_printf(out, "Original-Recipient: %.*s; ", (int)type, p->orcpt);
	put_xtext(p->orcpt + type + 1, out);
	buf_puts(out, "\r\n");
}

static void
put_date(const char *field, time_t t, struct buf *out)
{
	if (t == 0)
		return;
	buf_printf(out, "%s: ", field);
	stamp_date(t, out);
	buf_puts(out, "\r\n");
}

/* "dns; name" of "name[address]:port"; a socket in the file system has none. */
static void
put_mta(const struct delivery_report *r, const char *field, const char *name,
    struct buf *out)
{
	size_t len = name != NULL ? strcspn(name, "[:") : 0;

	if (len == 0 && name != NULL && name[0] == '[')
		len = strcspn(name, "]") + 1;
	if (len == 0 || len > strlen(name) || !addr_domain_valid(name, len))
		return;
	buf_printf(out, "%s: dns; ", field);
	if (r->global)
		buf_put(out, name, len);
	else
		buf_put_printable(out, name, len);
	buf_puts(out, "\r\n");
}

static void
put_diagnostic(const struct report_outcome *o, struct buf *out)
{
	size_t start = out->len;

	if (o->code == 0 && (o->text == NULL || o->text[0] == '\0'))
		return;
	buf_puts(out, "Diagnostic-Code: ");
	if (o->code == 0)
		buf_puts(out, "x-outtray;");
	else
		buf_printf(out, "smtp; %d", o->code);
	if (o->code != 0 && report_is_status(o->dsn))
		buf_printf(out, " %s", o->dsn);
	report_words(o->text, out->len - start, " ", out);
	buf_puts(out, "\r\n");
}

static void
put_outcome(const struct delivery_report *r, const struct report_outcome *o,
    struct buf *out)
{
	static const char *const actions[] = { "failed", "delayed", "relayed" };

	buf_puts(out, "\r\n");
	put_original_recipient(o->recipient, out);
	buf_puts(out, "Final-Recipient: ");
	put_typed_address(r, &o->recipient->addr, out);
	buf_printf(out, "Action: %s\r\nStatus: ", actions[o->kind]);
	report_status_code(o, out);
	buf_puts(out, "\r\n");
	put_mta(r, "Remote-MTA", o->relay, out);
	put_diagnostic(o, out);
	put_date("Last-Attempt-Date", o->last_attempt, out);
	if (o->kind == REPORT_DELAYED)
		put_date("Will-Retry-Until", o->retry_until, out);
}

void
report_status(const struct delivery_report *r, struct buf *out)
{
	const struct envelope *v = r->envelope;

	if (is_xtext(v->envid, ENVID_MAX)) {
		buf_puts(out, "Original-Envelope-Id: ");
		put_xtext(v->envid, out);
		buf_puts(out, "\r\n");
	}
	put_mta(r, "Reporting-MTA", r->hostname, out);
	buf_printf(out, "X-Outtray-Queue-ID: %s\r\n", r->original_id);
	if (!addr_is_null(&v->sender)) {
		buf_puts(out, "X-Outtray-Sender: ");
		put_typed_address(r, &v->sender, out);
	}
	put_date("Arrival-Date", r->arrival, out);
	for (size_t i = 0; i < r->count; i++)
		put_outcome(r, &r->outcomes[i], out);
}
