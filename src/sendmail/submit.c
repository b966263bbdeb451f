#include "sendmail/submit.h"

#include "base/proc.h"
#include "mail/dots.h"
#include "mail/eml.h"
#include "sendmail/complete.h"
#include "sendmail/hand.h"
#include "settings/aliases.h"

#include <string.h>
#include <time.h>

/* Bytes gathered before they are written; a smaller message is one write. */
enum { FLUSH_BYTES = 64 * 1024, OUT_MAX = 64 * 1024 * 1024 };

static int
set_dsn(struct submission *b, const struct options *o, struct err *e)
{
	b->envelope.notify = o->notify;
	b->envelope.ret = o->ret;
	if (o->envid == NULL)
		return 0;
	b->envelope.envid = strdup(o->envid);
	return b->envelope.envid != NULL ? 0 : err_set(e, EX_OSERR, "no memory");
}

static bool
wants_dsn(const struct envelope *v)
{
	return v->notify != 0 || v->ret != RET_UNSET || v->envid != NULL;
}

/* RFC 3461 4.2: whom the sender had named, before any alias. */
static int
remember_original(struct recipient *r, const struct addr *original, struct err *e)
{
	struct buf text;

	buf_init(&text, ORCPT_MAX);
	buf_puts(&text, "rfc822;");
	xtext_print(original->text, strlen(original->text), &text);
	if (text.full) {		/* too long to be asked for */
		buf_free(&text);
		return 0;
	}
	r->orcpt = strdup(text.data);
	buf_free(&text);
	return r->orcpt != NULL ? 0 : err_set(e, EX_OSERR, "no memory");
}

/* One recipient with what his aliases make of him; takes `a` over. */
static int
add_recipient(struct submission *b, struct addr *a, unsigned notify,
    const char *orcpt, struct err *e)
{
	struct envelope *v = &b->envelope;
	size_t first = v->count;
	struct addr original = { 0 };
	int result = -1;

	if (addr_copy(&original, a, e) != 0 ||
	    addr_qualify(&original, buf_text(&b->context->domain), e) != 0 ||
	    aliases_expand(&b->context->settings, a, v, e) != 0)
		goto out;
	for (; first < v->count; first++) {
		struct recipient *r = &v->recipients[first];

		r->notify = notify;
		if (orcpt != NULL && (r->orcpt = strdup(orcpt)) == NULL) {
			(void)err_set(e, EX_OSERR, "no memory");
			goto out;
		}
		if (orcpt == NULL && (wants_dsn(v) || notify != 0) &&
		    remember_original(r, &original, e) != 0)
			goto out;
	}
	result = 0;
out:
	addr_free(&original);
	addr_free(a);
	return result;
}

static int
add_operand(struct submission *b, const char *text, struct err *e)
{
	struct addr_list list;
	struct addr a = { 0 };
	int found, count = 0;

	addr_list_init(&list, text, strlen(text), true);
	while ((found = addr_list_next(&list, &a, NULL, e)) > 0) {
		count++;
		if (add_recipient(b, &a, 0, NULL, e) != 0)
			return -1;
	}
	if (found < 0)
		return err_while(e, "recipient %s", text);
	return count > 0 ? 0 : err_set(e, EX_USAGE, "an empty recipient");
}

/* The envelope of an SMTP session. */
static int
add_given(struct submission *b, const struct envelope *given, struct err *e)
{
	struct envelope *v = &b->envelope;
	struct addr a = { 0 };

	v->ret = given->ret;
	if (given->envid != NULL && (v->envid = strdup(given->envid)) == NULL)
		return err_set(e, EX_OSERR, "no memory");
	if (envelope_set_sender(v, &given->sender, e) != 0)
		return -1;
	for (size_t i = 0; i < given->count; i++) {
		const struct recipient *r = &given->recipients[i];

		if (addr_copy(&a, &r->addr, e) != 0 ||
		    add_recipient(b, &a, r->notify, r->orcpt, e) != 0)
			return -1;
	}
	return 0;
}

int
submission_begin(struct submission *b, struct context *c,
    const struct envelope *given, bool dot_ends, struct err *e)
{
	const struct options *o = &c->options;

	memset(b, 0, sizeof(*b));
	b->context = c;
	b->line_start = true;
	b->draft.fd = b->pickup.draft.fd = b->spool.draft.fd = -1;
	message_init(&b->message, dot_ends);
	envelope_init(&b->envelope, (size_t)c->settings.max_recipients);
	buf_init(&b->bad, REPORT_MAX);
	buf_init(&b->body, OUT_MAX);
	buf_init(&b->out, OUT_MAX);
	if (stamp_id(b->id, e) != 0)
		return -1;
	if (given != NULL)
		return add_given(b, given, e);
	if (set_dsn(b, o, e) != 0)
		return -1;
	for (int i = 0; i < o->operand_count; i++)
		if (add_operand(b, o->operands[i], e) != 0)
			return -1;
	if (b->envelope.count == 0 && !o->read_recipients)
		return err_set(e, EX_USAGE, "no recipient was given (and no -t)");
	return 0;
}

static int
find_recipients(struct submission *b, const struct completion *with,
    bool read, struct err *e)
{
	struct envelope *v = &b->envelope;
	size_t known = v->count;

	if (read && complete_recipients(with, &b->head, v, &b->bad, e) != 0)
		return -1;
	if (wants_dsn(v))
		for (size_t i = known; i < v->count; i++)
			if (remember_original(&v->recipients[i],
			    &v->recipients[i].addr, e) != 0)
				return -1;
	if (v->count > 0)
		return 0;
	if (b->bad.len > 0)
		return err_set(e, EX_DATAERR, "no recipient that is an address: %s",
		    b->bad.data);
	return err_set(e, EX_USAGE, "-t, but neither To, Cc nor Bcc names anybody");
}

/* The header is whole: complete it and the envelope, and print both. */
static int
prepare(struct submission *b, struct err *e)
{
	struct context *c = b->context;
	bool session = b->envelope.has_sender;	/* add_given has set it */
	struct completion with = {
		.settings = &c->settings, .caller = &c->caller,
		.domain = buf_text(&c->domain), .hostname = buf_text(&c->hostname),
		.full_name = c->full_name, .id = b->id, .now = time(NULL),
	};
	const struct addr *sender = session ? &b->envelope.sender :
	    c->options.has_sender ? &c->options.sender : NULL;

	b->ready = true;
	if (head_parse(&b->head, buf_text(&b->message.head), b->message.head.len,
	    e) != 0 ||
	    find_recipients(b, &with, !session && c->options.read_recipients, e) != 0 ||
	    complete_sender(&with, sender, &b->envelope, e) != 0 ||
	    complete_head(&with, &b->head, &b->envelope, e) != 0)
		return -1;
	eml_print(&b->envelope, c->settings.transport == TRANSPORT_SMTP, NULL,
	    &b->out);
	b->block = b->out.len;
	head_print(&b->head, &b->out);
	buf_put(&b->out, "\r\n", 2);
	b->size = b->out.len - b->block;
	message_measure(&b->message.facts, buf_text(&b->out) + b->block,
	    b->size);
	return b->out.full ? err_set(e, EX_OSERR, "no memory for the header") : 0;
}

/* For sending at once: best where it could stay if it has to. */
static int
open_to_send(struct submission *b, bool small, struct err *e)
{
	const struct settings *s = &b->context->settings;
	const char *places[] = { s->queue_directory, "/tmp", NULL, NULL };

	b->way = WAY_SEND;
	switch (spool_open(&b->spool, s->queue_directory, e)) {
	case 0:
		return 0;
	case -1:
		b->no_queue = *e;
		break;
	default:
		break;
	}
	b->way = WAY_SEND_ONLY;
	if (b->context->temp_directory != NULL) {
		places[1] = b->context->temp_directory;
		places[2] = "/tmp";
	}
	return draft_open_unnamed(&b->draft, small, places, e);
}

static int
open_file(struct submission *b, bool small, struct err *e)
{
	const struct settings *s = &b->context->settings;
	int result;

	b->opened = true;
	if (s->transport == TRANSPORT_PICKUP) {
		b->way = WAY_PICKUP;
		return pickup_open(&b->pickup, s->pickup_directory, e);
	}
	if (s->delivery != DELIVERY_QUEUE && !b->context->options.queue_only)
		return open_to_send(b, small, e);
	b->way = WAY_QUEUE;
	result = spool_open(&b->spool, s->queue_directory, e);
	if (result == 1 && s->delivery != DELIVERY_QUEUE)
		return open_to_send(b, small, e);	/* -odq, but no queue */
	return result != 1 ? result : err_set(e, EX_CANTCREAT, "delivery = queue, "
	    "but there is no folder %s/incoming", s->queue_directory);
}

static int
write_out(struct submission *b, struct err *e)
{
	int result;

	if (b->way == WAY_PICKUP)
		result = pickup_write(&b->pickup, &b->out, e);
	else if (b->way == WAY_SEND_ONLY)
		result = draft_write_buf(&b->draft, &b->out, e);
	else
		result = spool_write(&b->spool, &b->out, e);
	buf_reset(&b->out);
	return result;
}

static int
take_body(struct submission *b, struct err *e)
{
	const struct settings *s = &b->context->settings;

	b->size += b->body.len;
	if (s->transport == TRANSPORT_PICKUP && s->dots == DOTS_DOUBLED)
		dots_double(buf_text(&b->body), b->body.len, &b->line_start, &b->out);
	else
		buf_put(&b->out, buf_text(&b->body), b->body.len);
	if (b->body.full || b->out.full)
		return err_set(e, EX_OSERR, "no memory for the message");
	buf_reset(&b->body);
	if (b->size > s->max_size)
		return err_set(e, EX_DATAERR, "the message is larger than "
		    "max_size (%llu bytes)", (unsigned long long)s->max_size);
	return 0;
}

int
submission_feed(struct submission *b, const char *bytes, size_t len,
    struct err *e)
{
	if (message_feed(&b->message, bytes, len, &b->body, e) != 0)
		return -1;
	if (!b->message.in_body)
		return 0;
	if ((!b->ready && prepare(b, e) != 0) || take_body(b, e) != 0)
		return -1;
	if (b->out.len < FLUSH_BYTES)
		return 0;
	if (!b->opened && open_file(b, false, e) != 0)
		return -1;
	return write_out(b, e);
}

static int
complete_file(struct submission *b, struct err *e)
{
	if (message_end(&b->message, &b->body, e) != 0 ||
	    (!b->ready && prepare(b, e) != 0) || take_body(b, e) != 0 ||
	    (!b->opened && open_file(b, true, e) != 0))
		return -1;
	return b->out.len > 0 ? write_out(b, e) : 0;
}

static void
log_kept(struct submission *b, const char *id, const char *where)
{
	const struct context *c = b->context;

	log_line(&c->log, LOG_LEVEL_INFO, "%s: from=<%s>, size=%llu, nrcpt=%zu, "
	    "uid=%lu, status=%s", id, b->envelope.sender.text,
	    (unsigned long long)b->size, b->envelope.count,
	    (unsigned long)c->caller.uid, where);
}

static void
warn_of_ignored(struct submission *b, struct report *r)
{
	const struct message *m = &b->message;

	if (m->ignored > 0) {
		report_line(r, "a line of one dot ended the message (no -i): %llu "
		    "bytes behind it were ignored", (unsigned long long)m->ignored);
		log_line(&b->context->log, LOG_LEVEL_WARNING, "%s: %llu bytes behind "
		    "a line of one dot were ignored", b->id,
		    (unsigned long long)m->ignored);
	}
	if (m->nuls > 0)
		report_line(r, "%llu NUL bytes were left out of the message",
		    (unsigned long long)m->nuls);
}

/* What the header named and is no address was not sent to: that is said. */
static void
report_bad(struct submission *b, struct report *r)
{
	if (b->bad.len == 0)
		return;
	if (r->status == 0)
		r->status = EX_DATAERR;
	for (const char *line = b->bad.data; *line != '\0'; ) {
		size_t len = strcspn(line, "\n");

		report_line(r, "no address, not sent to: %.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
	r->refused++;
}

void
submission_end(struct submission *b, struct report *r)
{
	struct err e = { 0 };
	bool failed = complete_file(b, &e) != 0;
	bool keeps = b->way == WAY_PICKUP || b->way == WAY_QUEUE;
	sigset_t before;

	(void)memcpy(r->id, b->id, sizeof(r->id));
	/*
	 * What is kept must not end with the status of a signal, so none comes
	 * between here and the exit. A session has other messages to be stopped in.
	 */
	if (keeps)
		proc_hold_signals(&before);
	if (!failed && b->way == WAY_PICKUP)
		failed = pickup_commit(&b->pickup, b->id, &e) != 0;
	if (!failed && b->way == WAY_QUEUE)
		failed = spool_commit(&b->spool, b->id, false, &e) != 0;
	if (keeps && (failed || b->context->options.mode == MODE_SMTP))
		proc_release_signals(&before);
	if (failed) {
		report_error(r, &e);
		log_line(&b->context->log, LOG_LEVEL_ERROR, "%s: from=<%s>, uid=%lu, "
		    "status=rejected (%s)", b->id, b->envelope.sender.text != NULL ?
		    b->envelope.sender.text : "",
		    (unsigned long)b->context->caller.uid, e.text);
		return;
	}
	warn_of_ignored(b, r);
	if (b->way == WAY_SEND || b->way == WAY_SEND_ONLY) {
		hand_over(b, r);
	} else {
		const char *id = b->way == WAY_PICKUP ? b->pickup.id : b->spool.id;

		(void)memcpy(r->id, id, sizeof(r->id));
		r->kept = b->envelope.count;
		log_kept(b, id, b->way == WAY_PICKUP ? "pickup" : "queued");
	}
	report_bad(b, r);
}

int
submission_file(const struct submission *b)
{
	return b->way == WAY_SEND ? b->spool.draft.fd : b->draft.fd;
}

void
submission_free(struct submission *b)
{
	pickup_free(&b->pickup);
	spool_free(&b->spool);
	draft_free(&b->draft);
	head_free(&b->head);
	message_free(&b->message);
	envelope_free(&b->envelope);
	buf_free(&b->bad);
	buf_free(&b->body);
	buf_free(&b->out);
}
