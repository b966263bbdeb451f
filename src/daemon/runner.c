#include "daemon/runner.h"

#include "base/clock.h"
#include "base/io.h"
#include "daemon/backoff.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum {
	SCAN_MILLISECONDS = 5 * 60 * 1000,	/* with inotify */
	BLIND_SCAN_MILLISECONDS = 5 * 1000,	/* without */
	SOON_MILLISECONDS = 1000,
	LATER_MILLISECONDS = 60 * 1000,		/* the disk, or memory, is full */
	LEFT_MILLISECONDS = 60 * 60 * 1000,	/* a file that cannot be sent */
	STOP_MILLISECONDS = 10 * 1000,		/* for a message under way … */
	ANSWER_MILLISECONDS = 60 * 1000		/* … whose answer is due */
};

#define NEVER INT64_MAX

/* Say what is wrong with a file, but not each time it is seen. */
static void
say_once(struct runner *r, const char *name, const struct err *e)
{
	uint32_t mark = backoff_chance(name, 0);

	for (size_t i = 0; i < r->said_count; i++)
		if (r->said[i] == mark)
			return;
	if (r->said_count == RUNNER_SAID_MAX)
		return;
	r->said[r->said_count++] = mark;
	log_line(&r->log, LOG_LEVEL_WARNING, "left alone: %s", e->text);
}

/* -- what comes in ----------------------------------------------------- */


static void
see_incoming(void *with, const char *name)
{
	struct runner *r = with;
	struct queue_name n;
	struct err e = { 0 };

	switch (queue_accept(&r->queue, name, &n, &e)) {
	case QUEUE_OK:
		r->earliest = 0;
		if (list_add(&r->list, &n, &e) != 0)
			/* It is in the queue; the next start finds it. */
			log_line(&r->log, LOG_LEVEL_ERROR, "%s: %s", n.id, e.text);
		break;
	case QUEUE_FAILED:
		say_once(r, name, &e);
		break;
	case QUEUE_LOCKED:
		r->unfinished = true;
		break;
	case QUEUE_GONE:
	case QUEUE_UNFINISHED:
		break;
	}
}

static void
scan_incoming(struct runner *r, int64_t now)
{
	int64_t wait = r->inotify >= 0 ? SCAN_MILLISECONDS :
	    BLIND_SCAN_MILLISECONDS;
	struct err e = { 0 };

	r->unfinished = false;
	if (queue_each(&r->queue, false, see_incoming, r, &e) != 0)
		say_once(r, e.text, &e);
	if (!r->list.sorted) {	/* the pass begins anew, with the oldest */
		list_tidy(&r->list);
		r->cursor = 0;
	}
	r->scans = r->unfinished ? r->scans + 1 : 0;
	/* One that is being delivered by its sendmail: a close tells its end. */
	if (r->unfinished)
		wait = backoff_delay(r->scans, SOON_MILLISECONDS, wait, 0);
	r->scan_at = now + wait;
}

/* At the start: each log's message must be known before it is litter. */
struct loading {
	struct runner *r;
	bool           logs;
	struct err    *failed;	/* its status is 0 as long as all is well */
};

static void
see_waiting(void *with, const char *name)
{
	struct loading *l = with;
	char id[STAMP_ID_MAX];
	struct queue_name n;
	struct err e = { 0 };

	if (l->logs) {
		if (queue_log_name_parse(id, name) &&
		    list_find(&l->r->list, id) == NULL)
			(void)queue_remove_log(&l->r->queue, id, &e);
	} else if (queue_name_parse(&n, name)) {
		/* With one that is missing here its log would be litter. */
		(void)list_add(&l->r->list, &n, l->failed);
	} else if (!queue_log_name_parse(id, name)) {
		(void)err_set(&e, EX_DATAERR, "%s is no name of a queued message",
		    name);
		say_once(l->r, name, &e);
	}
}

static int
load(struct runner *r, struct err *e)
{
	struct loading l = { r, false, e };

	e->status = 0;
	if (queue_each(&r->queue, true, see_waiting, &l, e) != 0 || e->status != 0)
		return -1;
	list_tidy(&r->list);
	l.logs = true;
	return queue_each(&r->queue, true, see_waiting, &l, e);
}

/* Without it, on a network or with too many watches, there is the scan. */
static void
watch(struct runner *r)
{
	char *path = NULL;

	if (asprintf(&path, "%s/incoming", r->queue.directory) < 0)
		return;
	r->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->inotify >= 0 && inotify_add_watch(r->inotify, path, IN_ONLYDIR |
	    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
		(void)close(r->inotify);
		r->inotify = -1;
	}
	free(path);
}

int
runner_open(struct runner *r, struct settings *s, long *other, struct err *e)
{
	int n;

	queue_init(&r->queue);
	r->settings = s;
	r->inotify = -1;
	host_init(&r->host, (unsigned)s->max_connections);
	if (queue_open(&r->queue, s->queue_directory, e) != 0)
		return -1;
	n = queue_take_lock(&r->queue, other, e);
	if (n != 0)
		return n;
	watch(r);
	return load(r, e);
}

void
runner_close(struct runner *r)
{
	if (r->inotify >= 0)
		(void)close(r->inotify);
	r->inotify = -1;
	list_free(&r->list);
	queue_close(&r->queue);
}

/* -- one message ------------------------------------------------------- */

static void
set_due(struct runner *r, struct waiting *w, int64_t due)
{
	w->due = due;
	w->busy = false;
	if (due < r->earliest)
		r->earliest = due;
}

/* With --once each message has one try. */
static void
try_again(struct runner *r, struct waiting *w, int64_t delay)
{
	set_due(r, w, r->once ? NEVER : clock_milliseconds() + delay);
}

/* The lines that its log could not take: what they say must not be forgotten. */
static bool
write_unwritten(struct runner *r, struct waiting *w)
{
	struct err e = { 0 };
	struct buf lines;
	int n;

	if (w->unwritten == NULL)
		return true;
	buf_init(&lines, strlen(w->unwritten) + 1);
	buf_puts(&lines, w->unwritten);
	n = queue_add_log(&r->queue, w->name.id, &lines, &e);
	buf_free(&lines);
	if (n != 0) {
		set_due(r, w, clock_milliseconds() + LATER_MILLISECONDS);
		return false;
	}
	free(w->unwritten);
	w->unwritten = NULL;
	return true;
}

/* Bring its outcome to disk; then it is gone, or due again. */
static void
settle(struct runner *r, struct mission *m, struct waiting *w, int64_t delay)
{
	struct err e = { 0 };
	int n = mission_settle(m, &r->list, &e);

	if (m->reported)	/* the list is another now, and has more in it */
		r->earliest = 0;
	w = list_find(&r->list, m->name.id);
	r->unsynced = r->unsynced || n > 0;
	if (n > 0) {
		w->done = true;
		w->busy = false;
		return;
	}
	if (e.text[0] != '\0')
		log_line(&r->log, LOG_LEVEL_ERROR, "%s: %s", m->name.id, e.text);
	if (n < 0 && w->unwritten == NULL)
		w->unwritten = strdup(buf_text(&m->lines));
	if (e.text[0] != '\0')
		delay = LATER_MILLISECONDS;
	else if (m->journal.attempts > 0 && delay == 0)
		delay = mission_wait(m, (int64_t)time(NULL));
	try_again(r, w, delay);
}

/* It is no message: nobody can be sent to, and nobody told. */
static void
set_aside(struct runner *r, struct mission *m, struct waiting *w,
    const struct err *why)
{
	struct err e = { 0 };

	if (mission_give_up(m, why->text, &e) > 0) {
		w->done = r->unsynced = true;
		return;
	}
	log_line(&r->log, LOG_LEVEL_ERROR, "%s: %s", m->name.id, e.text);
	try_again(r, w, LATER_MILLISECONDS);
}

/* The host's trouble: one line for it, whatever waits. */
static void
hear_host(struct runner *r, const char *id, enum host_news news, unsigned others,
    const char *text)
{
	int64_t now = clock_milliseconds(), delay;

	delay = host_hear(&r->host, news, others, now,
	    backoff_chance(id, (unsigned)now));
	if (delay > 0)
		log_line(&r->log, news == HOST_STOPS ? LOG_LEVEL_ERROR :
		    LOG_LEVEL_WARNING, "%s, tried with %s: %s; all mail is kept, and "
		    "the next try is in %lld s", news == HOST_STOPS ?
		    "the server cannot be used" : "the server takes nothing now", id,
		    text, (long long)(delay + 999) / 1000);
}

static void
hear_verdict(struct runner *r, const char *id, enum host_news news,
    const struct verdict *v)
{
	char text[VERDICT_LINE_MAX], code[16] = "";

	if (v->code > 0)
		(void)snprintf(code, sizeof(code), "%d ", v->code);
	(void)snprintf(text, sizeof(text), "%s: %s: %s%s", v->relay, v->step, code,
	    v->text);
	hear_host(r, id, news, r->busy - 1, text);
}

/* Look at it, and start an agent: 1, or 0 where none was needed (now). */
static int
begin(struct runner *r, struct mission *m, struct waiting *w)
{
	struct err e = { 0 };
	int64_t wait;

	switch (mission_open(m, &r->queue, r->settings, &r->log, &w->name, &e)) {
	case QUEUE_OK:
		break;
	case QUEUE_LOCKED:	/* the agent of a runner that was killed */
		set_due(r, w, clock_milliseconds() + SOON_MILLISECONDS);
		return 0;
	case QUEUE_GONE:
		w->done = true;
		return 0;
	case QUEUE_UNFINISHED:
		say_once(r, w->name.id, &e);
		try_again(r, w, LEFT_MILLISECONDS);
		return 0;
	case QUEUE_FAILED:
		if (m->file >= 0 && e.status == EX_DATAERR) {
			set_aside(r, m, w, &e);
			return 0;
		}
		say_once(r, w->name.id, &e);
		try_again(r, w, LATER_MILLISECONDS);
		return 0;
	}
	wait = w->due == 0 && !r->all ? mission_wait(m, (int64_t)time(NULL)) : 0;
	if (mission_is_over(m)) {
		settle(r, m, w, 0);
	} else if (wait > 0) {
		set_due(r, w, clock_milliseconds() + wait);
	} else if (mission_start(m, &e) == 0) {
		return 1;
	} else if (e.status == EX_IOERR || e.status == EX_CANTCREAT) {
		log_line(&r->log, LOG_LEVEL_ERROR, "%s: %s", w->name.id, e.text);
		try_again(r, w, LATER_MILLISECONDS);
	} else {		/* no agent: others would fare no better */
		set_due(r, w, clock_milliseconds());
		hear_host(r, w->name.id, e.status == EX_CONFIG ? HOST_STOPS :
		    HOST_BUSY, 0, e.text);
	}
	return 0;
}

static void
attempt(struct runner *r, struct waiting *w)
{
	size_t i = 0;

	if (!write_unwritten(r, w))
		return;
	while (r->used[i])
		i++;
	if (begin(r, &r->missions[i], w) > 0) {
		w->busy = r->used[i] = true;
		r->busy++;
	} else {
		mission_close(&r->missions[i]);
	}
}

/* Its verdicts are known. The agent may still be saying goodbye. */
static void
conclude(struct runner *r, struct mission *m, bool stopped)
{
	struct waiting *w = list_find(&r->list, m->name.id);
	const struct verdict *why = NULL;
	enum host_news news = mission_hear(m, stopped, &why);
	int64_t delay = 0;

	if (why != NULL)
		hear_verdict(r, m->name.id, news, why);
	/* Another one is tried next: this may be what the server minds. */
	if ((news == HOST_BUSY || news == HOST_STOPS) && !m->courier.unfit &&
	    !host_is_before_message(why))
		delay = (int64_t)r->settings->retry.least * 1000;
	if (w == NULL)
		return;
	if (m->lines.len > 0 || mission_is_over(m))
		settle(r, m, w, delay);
	else			/* the host's trouble is no try of its own */
		set_due(r, w, clock_milliseconds() + delay);
}

static void
see_off(struct runner *r, size_t i, int64_t now)
{
	if (!courier_is_gone(&r->missions[i].courier, now))
		return;
	mission_close(&r->missions[i]);
	r->used[i] = false;
	r->busy--;
}

/* -- the loop ---------------------------------------------------------- */

/* Start what is due, oldest first, as many as the host takes. */
static void
dispatch(struct runner *r)
{
	int64_t now = clock_milliseconds();

	while (!r->stopping && host_room(&r->host, r->busy, now) > 0) {
		struct waiting *w;

		if (r->cursor >= r->list.count) {
			if (now < r->earliest)
				return;
			list_tidy(&r->list);
			r->cursor = 0;
			r->earliest = NEVER;
			if (r->list.count == 0)
				return;
		}
		w = &r->list.entries[r->cursor++];
		if (w->done || w->busy)
			continue;
		if (w->due > now)
			set_due(r, w, w->due);
		else
			attempt(r, w);
		now = clock_milliseconds();
	}
}

static void
reload(struct runner *r)
{
	struct err e = { 0 };

	/* The agents that run have theirs already. */
	if (r->reload(r->settings, &e) != 0) {
		log_line(&r->log, LOG_LEVEL_ERROR, "the settings stay as they were: "
		    "%s", e.text);
		return;
	}
	r->log.target = r->settings->log;
	r->log.json = r->settings->log_format == LOG_FORMAT_JSON;
	host_open(&r->host, (unsigned)r->settings->max_connections);
	log_line(&r->log, LOG_LEVEL_INFO, "the settings were read again");
}

static void
try_all(struct runner *r, int64_t now)
{
	for (size_t i = 0; i < r->list.count; i++)
		if (r->list.entries[i].due > now)
			r->list.entries[i].due = now;
	r->earliest = 0;
	r->scan_at = 0;
	host_open(&r->host, (unsigned)r->settings->max_connections);
}

static void
take_signals(struct runner *r, int signals)
{
	struct signalfd_siginfo s;
	int64_t now = clock_milliseconds();

	while (io_wait_readable(signals, 0) > 0 &&
	    read(signals, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
		if (s.ssi_signo == SIGHUP) {
			reload(r);
		} else if (s.ssi_signo == SIGUSR1) {
			try_all(r, now);
		} else if (!r->stopping) {
			r->stopping = true;
			r->stop_at = now + STOP_MILLISECONDS;
		}
	}
}

static void
drain(int fd)
{
	char bytes[4096];

	while (io_read(fd, bytes, sizeof(bytes)) > 0)
		continue;
}

/* Those that have had their time when we are to stop. */
static void
stop_late(struct runner *r, int64_t now)
{
	for (size_t i = 0; i < RUNNER_MISSIONS_MAX; i++) {
		struct mission *m = &r->missions[i];
		int64_t end = r->stop_at;

		if (!r->used[i] || m->courier.heard)
			continue;
		if (m->courier.delivery.pending)
			end += ANSWER_MILLISECONDS - STOP_MILLISECONDS;
		if (now < end)
			continue;
		courier_stop(&m->courier, "the queue's runner was stopped");
		conclude(r, m, true);
	}
}

/* When must something be done without being told? NEVER, or that time. */
static int64_t
next_time(const struct runner *r, int64_t now)
{
	int64_t next = r->once ? NEVER : r->scan_at;
	int64_t work = r->cursor < r->list.count ? now : r->earliest;

	if (r->host.closed_until > work)
		work = r->host.closed_until;
	if (!r->stopping && work < next && r->list.count > 0 &&
	    host_room(&r->host, r->busy, work) > 0)
		next = work;
	for (size_t i = 0; i < RUNNER_MISSIONS_MAX && r->busy > 0; i++)
		if (r->used[i] && r->missions[i].courier.heard &&
		    r->missions[i].courier.leaves < next)
			next = r->missions[i].courier.leaves;
	if (r->stopping && r->busy > 0 && now + SOON_MILLISECONDS < next)
		next = now + SOON_MILLISECONDS;
	return next;
}

static void
hear(struct runner *r, const struct pollfd *p, const size_t *whose, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mission *m = &r->missions[whose[i]];

		if (p[i].revents != 0 && courier_hear(&m->courier) > 0)
			conclude(r, m, false);
	}
	for (size_t i = 0; i < RUNNER_MISSIONS_MAX && r->busy > 0; i++)
		if (r->used[i])
			see_off(r, i, clock_milliseconds());
}

static void
wait_and_hear(struct runner *r, int signals, int64_t until)
{
	struct pollfd p[RUNNER_MISSIONS_MAX + 2];
	size_t whose[RUNNER_MISSIONS_MAX], count = 0;
	int n;

	p[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = r->inotify, .events = POLLIN };
	for (size_t i = 0; i < RUNNER_MISSIONS_MAX && count < r->busy; i++) {
		if (!r->used[i])
			continue;
		p[2 + count] = (struct pollfd){ .events = POLLIN,
		    .fd = courier_descriptor(&r->missions[i].courier) };
		whose[count++] = i;
	}
	n = poll(p, 2 + count, until == NEVER ? -1 : clock_left(until));
	if (n < 0)
		return;		/* EINTR, or no memory: the loop comes again */
	if (p[0].revents != 0)
		take_signals(r, signals);
	if (p[1].revents != 0) {
		drain(r->inotify);
		r->scan_at = 0;
	}
	hear(r, p + 2, whose, count);
}

/* Nothing to be done now, nor under way: then --once is at its end. */
static bool
is_done(const struct runner *r)
{
	int64_t now = clock_milliseconds();

	if (r->busy > 0)
		return false;
	if (r->stopping)
		return true;
	return r->once && (now < r->host.closed_until ||
	    (r->cursor >= r->list.count && now < r->earliest));
}

static void
sync_removed(struct runner *r)
{
	struct err e = { 0 };

	if (!r->unsynced)
		return;
	/* After a power failure they would be sent again, not lost. */
	if (queue_sync(&r->queue, &e) != 0)
		say_once(r, e.text, &e);
	r->unsynced = false;
}

/* What is in no log by now would be forgotten. */
static void
write_at_end(struct runner *r)
{
	for (size_t i = 0; i < r->list.count; i++)
		if (!write_unwritten(r, &r->list.entries[i]))
			log_line(&r->log, LOG_LEVEL_ERROR, "%s: what became of it "
			    "could not be written down: some may get it twice",
			    r->list.entries[i].name.id);
}

size_t
runner_run(struct runner *r, int signals)
{
	for (;;) {
		int64_t now = clock_milliseconds();

		if (!r->stopping && now >= r->scan_at)
			scan_incoming(r, now);
		dispatch(r);
		if (r->busy == 0)
			sync_removed(r);
		if (is_done(r))
			break;
		now = clock_milliseconds();
		wait_and_hear(r, signals, next_time(r, now));
		if (r->stopping)
			stop_late(r, clock_milliseconds());
	}
	write_at_end(r);
	list_tidy(&r->list);
	return r->list.count;
}
