#include "sendmail/complete.h"

#include "mail/name.h"
#include "mail/stamp.h"
#include "settings/aliases.h"

#include <string.h>
#include <strings.h>

/* Which fields hold addresses, and what is done with them. */
enum {
	IS_RECIPIENT = 1,	/* -t reads it */
	IS_RESENT    = 2,
	IS_SENDER    = 4,	/* rewritten as the envelope's sender is */
	IS_DROPPED   = 8
};

static const struct {
	const char *name;
	unsigned    use;
} fields[] = {
	{ "From",            IS_SENDER },
	{ "Sender",          IS_SENDER },
	{ "Reply-To",        0 },
	{ "To",              IS_RECIPIENT },
	{ "Cc",              IS_RECIPIENT },
	{ "Bcc",             IS_RECIPIENT | IS_DROPPED },
	{ "Resent-From",     IS_RESENT },
	{ "Resent-Sender",   IS_RESENT },
	{ "Resent-Reply-To", IS_RESENT },
	{ "Resent-To",       IS_RESENT | IS_RECIPIENT },
	{ "Resent-Cc",       IS_RESENT | IS_RECIPIENT },
	{ "Resent-Bcc",      IS_RESENT | IS_RECIPIENT | IS_DROPPED },
	{ "Return-Path",     IS_DROPPED },
	{ "X-Sender",        IS_DROPPED },
	{ "X-Receiver",      IS_DROPPED },
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

static bool
in_domain(const struct addr *a, const char *domain)
{
	return strcasecmp(addr_domain(a), domain) == 0;
}

/* What the settings put in the place of a sender's address; NULL: nothing. */
static const char *
replacement(const struct completion *c, const struct addr *a)
{
	const struct settings *s = c->settings;
	const char *mapped = setting_pairs_find(&s->senders, a->text);
	bool bare = !addr_has_domain(a) || in_domain(a, "localhost");

	if (mapped != NULL)
		return mapped;
	if (s->sender[0] == '\0' || s->sender_mode == SENDER_OFF)
		return NULL;
	if (s->sender_mode == SENDER_ALWAYS ||
	    (s->sender_mode == SENDER_UNQUALIFIED && bare) ||
	    (s->sender_mode == SENDER_FOREIGN && (bare || !in_domain(a, c->domain))))
		return s->sender;
	return NULL;
}

static bool
is_bare_mapped(const struct completion *c, const struct addr *a)
{
	return !addr_has_domain(a) && replacement(c, a) != NULL;
}

/* Rewrite and qualify a sender's address in place. */
static int
rewrite(const struct completion *c, struct addr *a, struct err *e)
{
	const char *text = addr_is_null(a) ? NULL : replacement(c, a);
	struct addr new = { 0 };

	if (text == NULL)
		return addr_qualify(a, c->domain, e);
	if (addr_parse(&new, text, strlen(text), e) != 0) {
		e->status = EX_CONFIG;
		return err_while(e, "sender for %s", a->text);
	}
	addr_free(a);
	*a = new;
	return addr_qualify(a, c->domain, e);
}

int
complete_sender(const struct completion *c, const struct addr *given,
    struct envelope *v, struct err *e)
{
	const char *login = c->caller->login;
	struct addr a = { 0 };
	int result;

	if (given != NULL)
		result = addr_copy(&a, given, e);
	else
		result = addr_parse(&a, login, strlen(login), e);
	if (result == 0)
		result = rewrite(c, &a, e);
	if (result == 0)
		result = envelope_set_sender(v, &a, e);
	addr_free(&a);
	return result;
}

static void
report_bad(struct buf *bad, const char *field, const struct err *e)
{
	buf_puts(bad, field);
	buf_puts(bad, ": ");
	buf_puts(bad, e->text);
	buf_putc(bad, '\n');
}

static int
recipients_of_field(const struct completion *c, const struct head *h, long field,
    const char *name, struct envelope *v, struct buf *bad, struct err *e)
{
	struct addr_list list;
	struct addr a = { 0 };
	size_t len;
	const char *value = head_value(h, field, &len);
	int found;

	addr_list_init(&list, value, len, false);
	while ((found = addr_list_next(&list, &a, NULL, e)) != 0) {
		if (found < 0) {
			report_bad(bad, name, e);
			continue;
		}
		if (addr_is_null(&a)) {
			addr_free(&a);
			continue;
		}
		if (aliases_expand(c->settings, &a, v, e) != 0)
			return -1;
	}
	return 0;
}

static bool
is_resent(const struct head *h)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (fields[i].use & IS_RESENT && fields[i].use & IS_RECIPIENT &&
		    head_find(h, fields[i].name, 0) >= 0)
			return true;
	return false;
}

int
complete_recipients(const struct completion *c, const struct head *h,
    struct envelope *v, struct buf *bad, struct err *e)
{
	unsigned wanted = IS_RECIPIENT | (is_resent(h) ? IS_RESENT : 0);

	for (size_t i = 0; i < FIELDS; i++) {
		const char *name = fields[i].name;

		if ((fields[i].use & (IS_RECIPIENT | IS_RESENT)) != wanted)
			continue;
		for (long f = head_find(h, name, 0); f >= 0;
		    f = head_find(h, name, (size_t)f + 1))
			if (recipients_of_field(c, h, f, name, v, bad, e) != 0)
				return -1;
	}
	return 0;
}

/*
 * The address at `place` as it must read; *change says whether it differs.
 * A header's own spelling is kept wherever nothing must be changed.
 */
static int
edit_address(const struct completion *c, struct addr *a, bool sender,
    bool *change, struct err *e)
{
	*change = !addr_is_null(a) &&
	    (!addr_has_domain(a) || (sender && replacement(c, a) != NULL));
	if (!*change)
		return 0;
	return sender ? rewrite(c, a, e) : addr_qualify(a, c->domain, e);
}

/* Addresses of one field; the rest of its value stays to the byte. */
static int
edit_field(const struct completion *c, struct head *h, long field, bool sender,
    struct err *e)
{
	struct addr_list list;
	struct addr_place place;
	struct addr a = { 0 };
	struct buf out;
	size_t len, copied = 0;
	const char *value = head_value(h, field, &len);
	struct err unused;
	int found, result = 0;

	buf_init(&out, 4 * (size_t)HEAD_MAX);
	addr_list_init(&list, value, len, false);
	while (result == 0 &&
	    (found = addr_list_next(&list, &a, &place, &unused)) != 0) {
		bool change = false;

		if (found > 0)
			result = edit_address(c, &a, sender, &change, e);
		if (change && result == 0) {
			buf_put(&out, value + copied, place.spec - copied);
			buf_puts(&out, a.text);
			copied = place.spec + place.spec_len;
		}
		addr_free(&a);
	}
	if (result == 0 && copied > 0) {
		buf_put(&out, value + copied, len - copied);
		result = out.full ? err_set(e, EX_OSERR, "no memory for a header") :
		    head_replace(h, field, out.data, out.len, e);
	}
	buf_free(&out);
	return result;
}

/*
 * Where From is about to lose an address that people can answer to, it goes
 * to Reply-To, unless the message has one.
 */
static int
keep_reply_address(const struct completion *c, struct head *h, struct err *e)
{
	long from = head_find(h, "From", 0);
	struct addr_list list;
	struct addr a = { 0 };
	struct buf value;
	const char *text;
	size_t len;
	bool keep;

	if (from < 0 || head_find(h, "Reply-To", 0) >= 0)
		return 0;
	text = head_value(h, from, &len);
	addr_list_init(&list, text, len, false);
	if (addr_list_next(&list, &a, NULL, e) != 1)
		return 0;
	keep = addr_has_domain(&a) && !in_domain(&a, "localhost") &&
	    replacement(c, &a) != NULL && !is_bare_mapped(c, &a);
	addr_free(&a);
	if (!keep)
		return 0;
	buf_init(&value, HEAD_MAX);
	while (len > 0 && (*text == ' ' || *text == '\t'))
		text++, len--;
	buf_put(&value, text, len);
	head_add(h, "Reply-To", buf_text(&value));
	buf_free(&value);
	return 0;
}

static void
add_received(const struct completion *c, struct head *h)
{
	buf_printf(&h->front, "Received: by %s (outtray, from userid %lu)\r\n"
	    "\tid %s; ", c->hostname, (unsigned long)c->caller->uid, c->id);
	stamp_date(c->now, &h->front);
	buf_put(&h->front, "\r\n", 2);
}

static void
add_from(const struct completion *c, struct head *h, const char *name,
    const struct envelope *v)
{
	const char *full = c->full_name != NULL ? c->full_name :
	    c->caller->full_name;
	struct buf value;

	buf_init(&value, HEAD_MAX);
	if (*full != '\0') {
		name_print(full, &value);
		buf_puts(&value, " <");
	}
	if (addr_is_null(&v->sender))
		buf_printf(&value, "MAILER-DAEMON@%s", c->domain);
	else
		buf_puts(&value, v->sender.text);
	if (*full != '\0')
		buf_putc(&value, '>');
	head_add(h, name, buf_text(&value));
	buf_free(&value);
}

static void
add_date(const struct completion *c, struct head *h, const char *name)
{
	struct buf value;

	buf_init(&value, 100);
	stamp_date(c->now, &value);
	head_add(h, name, buf_text(&value));
	buf_free(&value);
}

static void
add_message_id(const struct completion *c, struct head *h, const char *name)
{
	struct buf value;

	buf_init(&value, 2048);
	buf_printf(&value, "<%s@%s>", c->id,
	    strchr(c->hostname, '.') != NULL ? c->hostname : c->domain);
	head_add(h, name, buf_text(&value));
	buf_free(&value);
}

static void
add_missing(const struct completion *c, struct head *h, bool resent,
    const struct envelope *v)
{
	const char *date = resent ? "Resent-Date" : "Date";
	const char *from = resent ? "Resent-From" : "From";
	const char *id = resent ? "Resent-Message-ID" : "Message-ID";

	if (head_find(h, date, 0) < 0)
		add_date(c, h, date);
	if (head_find(h, from, 0) < 0)
		add_from(c, h, from, v);
	if (head_find(h, id, 0) < 0)
		add_message_id(c, h, id);
}

static bool
names_nobody(const struct head *h)
{
	return head_find(h, "To", 0) < 0 && head_find(h, "Cc", 0) < 0 &&
	    head_find(h, "Resent-To", 0) < 0 && head_find(h, "Resent-Cc", 0) < 0;
}

int
complete_head(const struct completion *c, struct head *h,
    const struct envelope *v, struct err *e)
{
	bool resent = is_resent(h);

	if (keep_reply_address(c, h, e) != 0)
		return -1;
	for (size_t i = 0; i < FIELDS; i++) {
		const char *name = fields[i].name;

		if (fields[i].use & IS_DROPPED) {
			head_drop_all(h, name);
			continue;
		}
		for (long f = head_find(h, name, 0); f >= 0;
		    f = head_find(h, name, (size_t)f + 1))
			if (edit_field(c, h, f, fields[i].use & IS_SENDER, e) != 0)
				return -1;
	}
	if (c->settings->received)
		add_received(c, h);
	if (resent)
		add_missing(c, h, true, v);
	add_missing(c, h, false, v);
	if (c->settings->undisclosed_recipients && names_nobody(h))
		head_add(h, "To", "undisclosed-recipients:;");
	if (h->front.full || h->back.full)
		return err_set(e, EX_OSERR, "no memory for the message's header");
	return 0;
}
