#include "daemon/mission.h"

#include "base/io.h"
#include "daemon/backoff.h"
#include "daemon/bounce.h"
#include "mail/eml.h"
#include "mail/facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	PIECE_BYTES = 64 * 1024,
	SMALL_BYTES = 256 * 1024,		/* copied in memory */
	LINES_MAX = 64 * 1024 * 1024,
	REASON_MAX = 4 * 1024 * 1024,
	LINE_BYTES = 512,			/* of a log, more than is usual */
	STAMP_DIGITS = 16
};

/* Reading. */

/* Each piece of the file from the message on: 0, or -1 (of `take`, or EX_IOERR). */
static int
each_piece(const struct mission *m, int (*take)(void *with, const char *bytes,
    size_t len, struct err *e), void *with, struct err *e)
{
	char *bytes = malloc(PIECE_BYTES);
	off_t at = (off_t)m->block;
	int result = 0;
	ssize_t n;

	if (bytes == NULL)
		return err_set(e, EX_OSERR, "no memory to read the message");
	do {
		do
			n = pread(m->file, bytes, PIECE_BYTES, at);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			result = err_sys(e, EX_IOERR, "cannot read the message");
		else if (n > 0)
			result = take(with, bytes, (size_t)n, e);
		at += n;
	} while (n > 0 && result == 0);
	free(bytes);
	return result;
}

static int
feed_facts(void *with, const char *bytes, size_t len, struct err *e)
{
	(void)e;
	facts_feed(with, bytes, len);
	return 0;
}

static void
feed_journal(void *with, const char *bytes, size_t len)
{
	journal_feed(with, bytes, len);
}

enum queue_result
mission_open(struct mission *m, const struct queue *q, const struct settings *s,
    const struct log *log, const struct queue_name *n, struct err *e)
{
	enum queue_result result;
	long block;

	memset(m, 0, sizeof(*m));
	m->queue = q;
	m->settings = s;
	m->log = log;
	m->name = *n;
	m->file = m->copy.fd = -1;
	buf_init(&m->lines, LINES_MAX);
	result = queue_take(q, n, &m->file, e);
	if (result != QUEUE_OK)
		return result;
	block = queue_read_envelope(m->file, &m->envelope, e);
	if (block < 0)
		return QUEUE_FAILED;
	m->block = (size_t)block;
	if (journal_init(&m->journal, m->envelope.count, e) != 0 ||
	    queue_read_log(q, n->id, feed_journal, &m->journal, e) != 0)
		return QUEUE_FAILED;
	return QUEUE_OK;
}

void
mission_close(struct mission *m)
{
	if (m->file >= 0)
		(void)close(m->file);	/* only read from; the lock goes with it */
	m->file = -1;
	free(m->who);
	m->who = NULL;
	draft_free(&m->copy);
	envelope_free(&m->envelope);
	journal_free(&m->journal);
	buf_free(&m->lines);
}

bool
mission_is_over(const struct mission *m)
{
	return m->journal.left == 0 || m->journal.deaths >= MISSION_DEATHS;
}

int64_t
mission_wait(const struct mission *m, int64_t now)
{
	const struct setting_range *retry = &m->settings->retry;
	const struct journal *j = &m->journal;
	int64_t delay;

	if (j->attempts == 0)
		return 0;
	delay = backoff_delay(j->attempts, (int64_t)retry->least * 1000,
	    (int64_t)retry->most * 1000, backoff_chance(m->name.id, j->attempts));
	if (now > j->last)
		delay -= (now - j->last) * 1000;
	return delay > 0 ? delay : 0;
}

/* Trying. */

static int
find_who(struct mission *m, bool **waits, struct err *e)
{
	size_t count = m->envelope.count;

	*waits = calloc(count, sizeof(**waits));
	m->who = calloc(count, sizeof(*m->who));
	m->count = 0;
	if (*waits == NULL || m->who == NULL)
		return err_set(e, EX_OSERR, "no memory for %zu recipients", count);
	for (size_t i = 0; i < count; i++) {
		(*waits)[i] = journal_waits(&m->journal, i);
		if ((*waits)[i])
			m->who[m->count++] = i;
	}
	return 0;
}

static int
feed_copy(void *with, const char *bytes, size_t len, struct err *e)
{
	return draft_write(with, bytes, len, e);
}

/* A file of the same message that names only those who wait. */
static int
copy_for(struct mission *m, const bool *waits, struct err *e)
{
	char *place = NULL;
	const char *places[] = { NULL, NULL };
	struct buf block;
	int result = -1;

	if (asprintf(&place, "%s/queue", m->queue->directory) < 0)
		return err_set(e, EX_OSERR, "out of memory");
	places[0] = place;
	buf_init(&block, EML_BLOCK_MAX);
	eml_print(&m->envelope, true, waits, &block);
	if (draft_open_unnamed(&m->copy, m->name.size <= SMALL_BYTES, places,
	    e) == 0 && draft_write_buf(&m->copy, &block, e) == 0)
		result = each_piece(m, feed_copy, &m->copy, e);
	buf_free(&block);
	free(place);
	return result;
}

/*
 * With a full disk it could not be written down who was sent to, and those
 * would be sent to again. Of one recipient that the message is gone tells it.
 */
static int
reserve_log(const struct mission *m, struct err *e)
{
	return m->envelope.count == 1 ? 0 : queue_reserve_log(m->queue,
	    m->name.id, m->count * LINE_BYTES, e);
}

int
mission_start(struct mission *m, struct err *e)
{
	struct settings job = *m->settings;	/* only its job differs */
	struct facts facts = { .line = 0 };
	bool *waits = NULL;
	int result = -1;

	if (find_who(m, &waits, e) == 0 && reserve_log(m, e) == 0 &&
	    each_piece(m, feed_facts, &facts, e) == 0 &&
	    (m->count == m->envelope.count || copy_for(m, waits, e) == 0)) {
		facts_end(&facts);
		job.job_facts = facts.found;
		job.job_deadline_milliseconds = 0;
		job.job_verbose = false;
		result = courier_start(&m->courier, &job, m->copy.fd > 0 ?
		    m->copy.fd : m->file, m->count, e);
	}
	free(waits);
	return result;
}

/* The outcome. */

/* Nanoseconds since 1970. */
static unsigned long long
arrival(const struct mission *m)
{
	char digits[STAMP_DIGITS + 1] = "";

	memcpy(digits, m->name.id, STAMP_DIGITS);
	return strtoull(digits, NULL, 16);
}

time_t
mission_arrival(const struct mission *m)
{
	return (time_t)(arrival(m) / 1000000000u);
}

static double
age(const struct mission *m)
{
	struct timespec now;
	double seconds;

	/* It cannot fail for this clock and a good pointer. */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9 -
	    (double)arrival(m) / 1e9;
	return seconds > 0 ? seconds : 0;
}

static const struct fate {
	const char    *word, *dsn;
	enum log_level level;
} fates[] = {
	[VERDICT_NONE] = { "deferred", "4.0.0", LOG_LEVEL_WARNING },
	[VERDICT_SENT] = { "sent", "2.0.0", LOG_LEVEL_INFO },
	[VERDICT_LATER] = { "deferred", "4.0.0", LOG_LEVEL_WARNING },
	[VERDICT_REFUSED] = { "bounced", "5.0.0", LOG_LEVEL_WARNING },
};

static void
log_verdict(const struct mission *m, const struct verdict *v)
{
	const struct fate *f = &fates[v->kind];
	char code[16] = "";

	if (v->code > 0)
		(void)snprintf(code, sizeof(code), "%d ", v->code);
	log_line(m->log, f->level, "%s: to=<%s>, relay=%s, delay=%.2f, dsn=%s, "
	    "status=%s (%s: %s%s)", m->name.id,
	    m->envelope.recipients[v->index].addr.text,
	    v->relay[0] != '\0' ? v->relay : "none", age(m),
	    v->dsn[0] != '\0' ? v->dsn : f->dsn, f->word, v->step, code, v->text);
}

/* It was put off for too long: that ends it. */
static void
expire(const struct mission *m, int64_t now, struct verdict *v)
{
	const struct journal *j = &m->journal;
	char text[VERDICT_TEXT_MAX];

	if (v->kind != VERDICT_LATER || j->lines == 0 ||
	    now - j->first < (int64_t)m->settings->lifetime_seconds)
		return;
	(void)snprintf(text, sizeof(text), "given up after %" PRId64 " seconds: "
	    "%.400s", now - j->first, v->text);
	verdict_set_text(v, text);
	v->kind = VERDICT_REFUSED;
	v->status = EX_UNAVAILABLE;
}

enum host_news
mission_hear(struct mission *m, bool stopped, const struct verdict **why)
{
	const struct verdict *verdicts = m->courier.delivery.verdicts;
	enum host_news all = HOST_SILENT;
	int64_t now = (int64_t)time(NULL);

	*why = NULL;
	for (size_t i = 0; i < m->count; i++) {
		struct verdict v = verdicts[i];
		enum host_news news = stopped ? HOST_SILENT : host_news(&v);

		if (m->courier.unfit)
			news = HOST_BUSY;
		if (news > all) {
			all = news;
			*why = &verdicts[i];
		}
		if (news == HOST_BUSY || news == HOST_STOPS ||
		    (stopped && v.kind == VERDICT_LATER))
			continue;
		v.index = m->who[i];
		expire(m, now, &v);
		log_verdict(m, &v);
		journal_print(now, &v, &m->lines);
	}
	if (m->lines.len > 0)
		journal_feed(&m->journal, m->lines.data, m->lines.len);
	return all;
}

static void
feed_text(void *with, const char *bytes, size_t len)
{
	buf_put(with, bytes, len);
}

static void
print_reason(const struct mission *m, const char *reason, struct buf *out)
{
	static const char *const words[] = { "waits", "was sent to", "waits",
	    "was refused" };
	const char *directory = m->queue->directory, *id = m->name.id;
	struct err ignored;

	buf_printf(out, "Reason: %s\n", reason);
	if (m->envelope.has_sender)
		buf_printf(out, "From: <%s>\n", m->envelope.sender.text);
	for (size_t i = 0; i < m->journal.count; i++)
		buf_printf(out, "To: <%s>, number %zu, %s\n",
		    m->envelope.recipients[i].addr.text, i,
		    words[m->journal.places[i].kind]);
	buf_printf(out, "To try it again, for all of them:\n"
	    "\tmv %s/failed/%s.eml '%s/incoming/%s,S=%" PRIu64 ".eml'\n",
	    directory, id, directory, id, m->name.size);
	buf_puts(out, "What was tried (second, fate, number, status, code, DSN, "
	    "relay, step, words):\n");
	/* What of it cannot be read, or is too long, is in the system's log. */
	(void)queue_read_log(m->queue, id, feed_text, out, &ignored);
}

int
mission_give_up(struct mission *m, const char *reason, struct err *e)
{
	struct buf text;
	int result;

	buf_init(&text, REASON_MAX);
	print_reason(m, reason, &text);
	result = queue_give_up(m->queue, &m->name, &text, e);
	buf_free(&text);
	if (result != 0)
		return -1;
	log_line(m->log, LOG_LEVEL_WARNING, "%s: from=<%s>, kept in %s/failed (%s)",
	    m->name.id, m->envelope.has_sender ? m->envelope.sender.text : "",
	    m->queue->directory, reason);
	log_line(m->log, LOG_LEVEL_INFO, "%s: removed", m->name.id);
	return 1;
}

/* Else each try to move the message to failed would send another report. */
static int
note_told(struct mission *m, struct err *e)
{
	journal_print_told((int64_t)time(NULL), &m->lines);
	if (queue_add_log(m->queue, m->name.id, &m->lines, e) != 0)
		return -1;
	buf_reset(&m->lines);
	return 0;
}

int
mission_settle(struct mission *m, struct list *list, struct err *e)
{
	const struct journal *j = &m->journal;

	/* All were sent to: that the message is gone is the record. */
	if (j->left == 0 && j->refused == 0 &&
	    queue_remove(m->queue, &m->name, e) == 0) {
		log_line(m->log, LOG_LEVEL_INFO, "%s: removed", m->name.id);
		return 1;
	}
	if (m->lines.len > 0 &&
	    queue_add_log(m->queue, m->name.id, &m->lines, e) != 0)
		return -1;
	buf_reset(&m->lines);
	if (j->left == 0 && j->refused > 0) {
		if (!j->told && bounce_send(m, list, e) != 0)
			return 0;
		if (m->reported && note_told(m, e) != 0)
			return -1;
		return mission_give_up(m, "not everybody could be sent to", e) < 0 ?
		    0 : 1;
	}
	if (j->deaths >= MISSION_DEATHS)
		return mission_give_up(m, "the delivery agent died on it", e) < 0 ?
		    0 : 1;
	return 0;
}
