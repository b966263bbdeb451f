#include "sendmail/hand.h"

#include "base/clock.h"
#include "base/proc.h"
#include "deliver/deliver.h"
#include "mail/eml.h"
#include "sendmail/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	GRACE_MILLISECONDS = 2000,	/* for the agent to say that it gave up */
	COPY_BYTES = 64 * 1024
};

/* What a queue file is to hold again: the recipients whose time will come. */
struct rest {
	bool  *recipients;
	size_t count;
};

/* The message behind its X-Sender block, from one file to another. */
static int
copy_message(int from, size_t offset, struct spool *to, struct err *e)
{
	struct buf piece;
	ssize_t n;
	int result = 0;

	buf_init(&piece, COPY_BYTES);
	do {
		char *room = buf_room(&piece, COPY_BYTES);

		if (room == NULL) {
			result = err_set(e, EX_OSERR, "no memory to copy the message");
			break;
		}
		do
			n = pread(from, room, COPY_BYTES, (off_t)offset);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			result = err_sys(e, EX_IOERR, "cannot read the message again");
		if (n <= 0)
			break;
		piece.len = (size_t)n;
		offset += (size_t)n;
		result = spool_write(to, &piece, e);
		buf_reset(&piece);
	} while (result == 0);
	buf_free(&piece);
	return result;
}

/*
 * A new file in the queue, for some of the recipients only. It takes the
 * place of the submission's file, which becomes the caller's in `old`.
 */
static int
queue_some(struct submission *b, const struct rest *rest, bool locked,
    struct spool *old, struct err *e)
{
	struct spool spool;
	struct buf block;
	int result;

	memset(&spool, 0, sizeof(spool));
	result = spool_open(&spool, b->context->settings.queue_directory, e);
	if (result != 0)
		return result < 0 ? -1 : err_set(e, EX_CANTCREAT,
		    "the queue's folder is gone");
	buf_init(&block, EML_BLOCK_MAX);
	eml_print(&b->envelope, true, rest->recipients, &block);
	if (spool_write(&spool, &block, e) != 0 ||
	    copy_message(submission_file(b), b->block, &spool, e) != 0 ||
	    spool_commit(&spool, b->id, locked, e) != 0) {
		spool_free(&spool);
		result = -1;
	} else {
		*old = b->spool;
		b->spool = spool;
		b->block = block.len;
	}
	buf_free(&block);
	return result;
}

/* Keep the message for those who wait: 0, or -1 with the reason. */
static int
queue_rest(struct submission *b, const struct rest *rest, bool locked,
    struct err *e)
{
	struct spool old;

	if (b->way == WAY_SEND_ONLY) {
		if (b->no_queue.text[0] == '\0')
			return err_set(e, EX_UNAVAILABLE, "no queue is set up");
		*e = b->no_queue;
		return -1;
	}
	if (rest->count < b->envelope.count) {
		if (queue_some(b, rest, locked, &old, e) != 0)
			return -1;
		spool_free(&old);	/* it never appeared */
		return 0;
	}
	return spool_commit(&b->spool, b->id, locked, e);
}

/* Those who were neither sent to nor refused. 0, or -1 (EX_OSERR). */
static int
find_rest(const struct delivery *d, struct rest *rest, struct err *e)
{
	rest->count = 0;
	rest->recipients = calloc(d->count, sizeof(*rest->recipients));
	if (rest->recipients == NULL)
		return err_set(e, EX_OSERR, "no memory for %zu recipients",
		    d->count);
	for (size_t i = 0; i < d->count; i++) {
		enum verdict_kind kind = d->verdicts[i].kind;

		rest->recipients[i] = kind == VERDICT_LATER ||
		    kind == VERDICT_NONE;
		rest->count += rest->recipients[i] ? 1 : 0;
	}
	return 0;
}

static const char *
status_word(enum verdict_kind kind, bool queued)
{
	if (kind == VERDICT_SENT)
		return "sent";
	if (kind == VERDICT_REFUSED)
		return "bounced";
	return queued ? "deferred" : "failed";
}

static void
log_verdicts(const struct submission *b, const struct delivery *d, bool queued)
{
	const struct context *c = b->context;

	for (size_t i = 0; i < d->count; i++) {
		const struct verdict *v = &d->verdicts[i];

		log_line(&c->log, v->kind == VERDICT_SENT ? LOG_LEVEL_INFO :
		    LOG_LEVEL_WARNING, "%s: from=<%s>, to=<%s>, relay=%s, step=%s, "
		    "dsn=%s, uid=%lu, status=%s (%s%s%s)", b->id,
		    b->envelope.sender.text, b->envelope.recipients[i].addr.text,
		    v->relay[0] != '\0' ? v->relay : "none", v->step,
		    v->dsn[0] != '\0' ? v->dsn : "-", (unsigned long)c->caller.uid,
		    status_word(v->kind, queued), v->text,
		    queued && v->kind == VERDICT_LATER ? "; queued as " : "",
		    queued && v->kind == VERDICT_LATER ? b->spool.id : "");
	}
}

/* A login or settings at fault have a status of their own. */
static int
exit_of_later(const struct settings *s, int status)
{
	if (status == EX_NOPERM || status == EX_CONFIG || status == EX_PROTOCOL)
		return status;
	return (int)s->tempfail_exit;
}

static bool
said_before(const struct delivery *d, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (report_same(&d->verdicts[i], &d->verdicts[j]))
			return true;
	return false;
}

static void
report_refused(struct report *r, const struct verdict *v)
{
	r->refused++;
	if (r->status != 0)
		return;
	r->status = v->status;
	r->code = v->code;
}

/* A line for each kind of answer, and the first bad one's status. */
static void
report_all(struct submission *b, const struct delivery *d, struct report *r,
    const char *fate)
{
	int later = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct verdict *v = &d->verdicts[i];
		bool refused = v->kind == VERDICT_REFUSED;

		if (v->kind == VERDICT_SENT) {
			r->sent++;
			continue;
		}
		if (!said_before(d, i))
			report_verdicts(r, &b->envelope, d->verdicts, i, refused ?
			    "not kept" : fate);
		if (refused)
			report_refused(r, v);
		else if (later == 0)
			later = v->status;
	}
	if (r->kept == 0 && r->status == 0 && later != 0)
		r->status = exit_of_later(&b->context->settings, later);
	if (r->sent > 0 && r->sent < d->count && r->status != 0)
		report_line(r, "it was sent to the other %zu of %zu recipients",
		    r->sent, d->count);
}

/*
 * All verdicts are known. What the server has, or the queue will, must not end
 * with the status of a signal: so none comes between here and the exit. (A
 * session has other messages to be stopped in.)
 */
static void
conclude(struct submission *b, struct delivery *d, struct report *r)
{
	bool session = b->context->options.mode == MODE_SMTP;
	sigset_t before;
	char fate[2 * ERR_TEXT_MAX];
	struct rest rest = { 0 };
	struct err e = { 0 };
	bool queued;

	proc_hold_signals(&before);
	queued = find_rest(d, &rest, &e) == 0 && rest.count > 0 &&
	    queue_rest(b, &rest, false, &e) == 0;
	if (queued) {
		(void)snprintf(fate, sizeof(fate), "queued as %s", b->spool.id);
		r->kept = rest.count;
		memcpy(r->id, b->spool.id, sizeof(r->id));
	} else {
		(void)snprintf(fate, sizeof(fate), "nothing was kept: %s", e.text);
	}
	report_all(b, d, r, fate);
	log_verdicts(b, d, queued);
	free(rest.recipients);
	if (session)
		proc_release_signals(&before);
}

/* There was no agent, as `cause` says; signals as in conclude. */
static void
conclude_unsent(struct submission *b, const struct err *cause, struct report *r)
{
	struct rest all = { NULL, b->envelope.count };
	struct err why = { 0 };
	sigset_t before;
	bool queued;

	proc_hold_signals(&before);
	queued = queue_rest(b, &all, false, &why) == 0;
	if (queued) {
		report_line(r, "%s: queued as %s", cause->text, b->spool.id);
		r->kept = all.count;
		memcpy(r->id, b->spool.id, sizeof(r->id));
	} else {
		report_error(r, cause);
		report_line(r, "nothing was kept: %s", why.text);
	}
	log_line(&b->context->log, LOG_LEVEL_ERROR, "%s: from=<%s>, nrcpt=%zu, "
	    "uid=%lu, status=%s (%s%s%s)", b->id, b->envelope.sender.text,
	    b->envelope.count, (unsigned long)b->context->caller.uid,
	    status_word(VERDICT_LATER, queued), cause->text,
	    queued ? "; queued as " : "", queued ? b->spool.id : "");
	if (b->context->options.mode == MODE_SMTP)
		proc_release_signals(&before);
}

static int64_t
dot_deadline(const struct settings *s)
{
	return clock_milliseconds() + (int64_t)s->dot_timeout_seconds * 1000 +
	    GRACE_MILLISECONDS;
}

/*
 * A process that nobody waits for: it must not hold the caller's pipes, and
 * no signal of the caller's terminal is meant for it.
 */
static void
leave_caller(void)
{
	int null = open("/dev/null", O_RDWR);

	(void)setsid();		/* we were just forked: no group leader */
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		(void)dup2(null, fd);	/* at worst a pipe stays open */
	if (null > 2)
		(void)close(null);
}

/* Some were sent to and some must wait: theirs is a file of its own. */
static int
settle_some(struct submission *b, const struct rest *rest, struct err *e)
{
	struct spool old;
	sigset_t before;
	int result;

	proc_hold_signals(&before);
	result = queue_some(b, rest, false, &old, e);
	if (result == 0) {
		result = spool_settle(&old, e);
		spool_free(&old);
	}
	proc_release_signals(&before);
	return result;
}

/*
 * The caller was told that the message is kept for these, and nobody is left
 * to hear of a refusal: it stays for the queue's runner, who tells the sender.
 */
static void
put_off_refused(struct delivery *d, const struct rest *waiting)
{
	for (size_t i = 0; i < d->count; i++)
		if (waiting->recipients[i] &&
		    d->verdicts[i].kind == VERDICT_REFUSED)
			d->verdicts[i].kind = VERDICT_LATER;
}

/*
 * The answer comes, or does not. The file in the queue goes only when the
 * server has taken the message for all who are in it.
 */
static void
settle(struct submission *b, struct delivery *d, const struct rest *waiting)
{
	struct rest rest = { 0 };
	struct err e = { 0 };
	int result;

	if (delivery_wait(d, dot_deadline(&b->context->settings)) == 0)
		delivery_stop(d, "no answer to the final dot");
	put_off_refused(d, waiting);
	result = find_rest(d, &rest, &e);
	if (result == 0 && rest.count == 0)
		result = spool_settle(&b->spool, &e);
	else if (result == 0 && rest.count < waiting->count)
		result = settle_some(b, &rest, &e);
	if (result != 0)
		log_line(&b->context->log, LOG_LEVEL_ERROR, "%s: %s", b->spool.id,
		    e.text);
	log_verdicts(b, d, true);
	free(rest.recipients);
}

/* Those who were refused before the last bytes went out are known already. */
static void
report_pending(struct submission *b, const struct delivery *d, size_t waiting,
    struct report *r)
{
	r->kept = waiting;
	memcpy(r->id, b->spool.id, sizeof(r->id));
	report_line(r, "the server has not answered yet: queued as %s until it does "
	    "(uid %lu)", b->spool.id, (unsigned long)b->context->caller.uid);
	for (size_t i = 0; i < d->count; i++) {
		const struct verdict *v = &d->verdicts[i];

		if (v->kind != VERDICT_REFUSED)
			continue;
		if (!said_before(d, i))
			report_verdicts(r, &b->envelope, d->verdicts, i, "not kept");
		report_refused(r, v);
	}
}

/* The deadline is over and the last bytes may be out. */
static void
stay_for_answer(struct submission *b, struct delivery *d, struct report *r)
{
	bool session = b->context->options.mode == MODE_SMTP;
	struct rest rest = { 0 };
	struct err e = { 0 };
	sigset_t before;
	pid_t child;

	proc_hold_signals(&before);
	if (b->way != WAY_SEND || find_rest(d, &rest, &e) != 0 ||
	    queue_rest(b, &rest, true, &e) != 0) {
		proc_release_signals(&before);
		if (delivery_wait(d, dot_deadline(&b->context->settings)) == 0)
			delivery_stop(d, "no answer to the final dot: it may have "
			    "arrived");
		conclude(b, d, r);
		free(rest.recipients);
		return;
	}
	child = fork();
	if (child == 0)
		leave_caller();
	if (child <= 0 || session)
		proc_release_signals(&before);
	if (child <= 0)		/* where there is no process for it: wait here */
		settle(b, d, &rest);
	if (child == 0)
		_exit(0);	/* nobody is waiting for a status */
	report_pending(b, d, rest.count, r);
	free(rest.recipients);
}

void
hand_over(struct submission *b, struct report *r)
{
	struct settings *s = &b->context->settings;
	int64_t wait = (int64_t)s->deadline_seconds * 1000;
	int64_t deadline = clock_milliseconds() + wait;
	struct delivery d;
	struct err e = { 0 };

	signals_catch();
	s->job_facts = b->message.facts;
	s->job_facts.size = b->size;
	s->job_verbose = b->context->options.verbose;
	s->job_deadline_milliseconds = (uint64_t)(wait - wait / 20);
	if (delivery_start(&d, s, submission_file(b), b->envelope.count,
	    b->context->options.verbose, &e) != 0) {
		conclude_unsent(b, &e, r);
		return;
	}
	if (delivery_wait(&d, deadline) == 0 && !d.pending)
		delivery_stop(&d, "the deadline has passed");
	if (delivery_wait(&d, 0) == 0)
		stay_for_answer(b, &d, r);
	else
		conclude(b, &d, r);
	delivery_free(&d);
}
