#include "daemon/bounce.h"

#include "mail/eml.h"
#include "mail/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	BODY_BYTES = 64 * 1024,
	EVERY_REPORT = 256		/* on one message: see report_id */
};

/* What one report says, while the log is read for it. */
struct bounce {
	struct mission *m;
	unsigned  number;	/* of the report */
	size_t    refused;	/* whom the sender wants to hear of, so far */
	size_t    count;
	struct report_outcome outcomes[BOUNCE_RECIPIENTS];
	struct verdict verdicts[BOUNCE_RECIPIENTS];
	char      head[REPORT_HEAD_MAX];
	size_t    head_len;
	off_t     body;		/* where in the file it begins */
};

static void
see_verdict(void *with, int64_t seconds, const struct verdict *v)
{
	struct bounce *b = with;
	const struct envelope *envelope = &b->m->envelope;
	const struct recipient *r = &envelope->recipients[v->index];
	struct verdict *kept = &b->verdicts[b->count];

	if (v->kind != VERDICT_REFUSED ||
	    !report_wanted(envelope, r, REPORT_FAILED) ||
	    b->refused++ / BOUNCE_RECIPIENTS != b->number)
		return;
	*kept = *v;
	b->outcomes[b->count++] = (struct report_outcome) {
		.kind = REPORT_FAILED, .recipient = r, .code = v->code,
		.dsn = kept->dsn, .relay = kept->relay, .step = kept->step,
		.text = kept->text, .last_attempt = (time_t)seconds
	};
}

static void
feed(void *with, const char *bytes, size_t len)
{
	journal_feed(with, bytes, len);
}

/* Find the outcomes of report number b->number: 0 or -1. */
static int
find_outcomes(struct bounce *b, struct err *e)
{
	struct journal j;
	int result;

	b->count = b->refused = 0;
	if (journal_init(&j, b->m->envelope.count, e) != 0)
		return -1;
	j.see = see_verdict;
	j.with = b;
	result = queue_read_log(b->m->queue, b->m->name.id, feed, &j, e);
	journal_free(&j);
	return result;
}

/* The header's lines, as many of them as a report takes. */
static int
read_head(struct bounce *b, struct err *e)
{
	off_t start = (off_t)b->m->block;
	const char *end;
	ssize_t n;

	do
		n = pread(b->m->file, b->head, sizeof(b->head), start);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, EX_IOERR, "cannot read the header");
	b->head_len = (size_t)n;
	end = memmem(b->head, b->head_len, "\r\n\r\n", 4);
	if (end != NULL) {
		b->head_len = (size_t)(end - b->head) + 2;
		b->body = start + (off_t)b->head_len + 2;
		return 0;
	}
	while (b->head_len > 0 && b->head[b->head_len - 1] != '\n')
		b->head_len--;
	b->body = start + n;
	return 0;
}

static int
put_body(struct bounce *b, struct delivery_report *r, struct buf *out,
    struct err *e)
{
	static char bytes[BODY_BYTES];
	off_t at = b->body;
	ssize_t n;

	while ((n = pread(b->m->file, bytes, sizeof(bytes), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, EX_IOERR, "cannot read the message");
		if (report_body(r, bytes, (size_t)n, out, e) != 0)
			return -1;
		at += n;
	}
	return 0;
}

/* The whole file of a report. `out` is begun anew. */
static int
compose(struct bounce *b, struct delivery_report *r, struct buf *out,
    struct err *e)
{
	struct envelope v;
	int result = -1;

	buf_reset(out);
	envelope_init(&v, 1);
	if (report_envelope(r, &v, e) == 0) {
		eml_print(&v, true, NULL, out);
		result = report_begin(r, out, e);
	}
	if (result == 0 && r->whole)
		result = put_body(b, r, out, e);
	if (result == 0)
		result = report_end(r, out, e);
	envelope_free(&v);
	return result;
}

/* A body that cannot go back as it is: the header alone. */
static int
compose_either(struct bounce *b, struct delivery_report *r, struct buf *out,
    struct err *e)
{
	if (compose(b, r, out, e) == 0)
		return 0;
	if (!r->whole || e->status != EX_DATAERR)
		return -1;
	r->whole = false;
	return compose(b, r, out, e);
}

static int
send_one(struct bounce *b, const char *id, struct list *list, struct err *e)
{
	const struct settings *s = b->m->settings;
	struct delivery_report r;
	struct queue_name name;
	struct buf out, hostname, domain;
	int result;

	buf_init(&hostname, 1024);
	buf_init(&domain, 1024);
	buf_init(&out, REPORT_BEGIN_MAX + 2 * REPORT_WHOLE_MAX +
	    b->count * REPORT_OUTCOME_MAX);
	settings_hostname(s, &hostname);
	settings_domain(s, &domain);
	memset(&r, 0, sizeof(r));
	r.id = id;
	r.hostname = buf_text(&hostname);
	r.domain = buf_text(&domain);
	r.date = time(NULL);
	r.original_id = b->m->name.id;
	r.arrival = mission_arrival(b->m);
	r.envelope = &b->m->envelope;
	r.head = b->head;
	r.head_len = b->head_len;
	r.outcomes = b->outcomes;
	r.count = b->count;
	r.whole = report_whole(&r, b->m->name.size);
	result = compose_either(b, &r, &out, e);
	if (result == 0)
		result = queue_add(b->m->queue, id, &out, &name, e);
	if (result == 0) {
		log_line(b->m->log, LOG_LEVEL_INFO, "%s: sender non-delivery "
		    "notification: %s", b->m->name.id, id);
		b->m->reported = true;
		result = list_insert(list, &name, e);
	}
	buf_free(&hostname);
	buf_free(&domain);
	buf_free(&out);
	return result < 0 ? -1 : 0;
}

static int
send_all(struct bounce *b, struct list *list, struct err *e)
{
	char id[STAMP_ID_MAX];

	if (read_head(b, e) != 0)
		return -1;
	if (report_is_answer(b->head, b->head_len))
		return 0;
	for (b->number = 0; b->number < EVERY_REPORT; b->number++) {
		if (find_outcomes(b, e) != 0)
			return -1;
		if (b->count == 0)
			return 0;
		if (report_id(id, b->m->name.id, REPORT_FAILED, b->number, e) != 0)
			return -1;
		if (list_find(list, id) == NULL && send_one(b, id, list, e) != 0)
			return -1;
		if (b->count < BOUNCE_RECIPIENTS)
			return 0;
	}
	return 0;
}

int
bounce_send(struct mission *m, struct list *list, struct err *e)
{
	struct bounce *b;
	int result;

	if (addr_is_null(&m->envelope.sender))
		return 0;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return err_set(e, EX_OSERR, "no memory for a report");
	b->m = m;
	result = send_all(b, list, e);
	free(b);
	/* What no later try would mend must not keep the message in the queue. */
	if (result != 0 && (e->status == EX_CONFIG || e->status == EX_SOFTWARE ||
	    e->status == EX_DATAERR)) {
		log_line(m->log, LOG_LEVEL_ERROR, "%s: the sender is not told: %s",
		    m->name.id, e->text);
		memset(e, 0, sizeof(*e));
		result = 0;
	}
	return result;
}
