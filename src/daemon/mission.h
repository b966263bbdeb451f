/*
 * mission.h - one message of the queue on its way: read, tried for those who
 * wait, and its outcome written down before anything depends on it.
 */
#ifndef OUTTRAY_DAEMON_MISSION_H
#define OUTTRAY_DAEMON_MISSION_H

#include "base/log.h"
#include "daemon/courier.h"
#include "daemon/host.h"
#include "daemon/list.h"
#include "deliver/journal.h"
#include "mail/envelope.h"
#include "store/draft.h"
#include "store/queue.h"

#include <time.h>

enum { MISSION_DEATHS = 3 };	/* of agents; then it is set aside */

struct mission {
	const struct queue    *queue;
	const struct settings *settings;
	const struct log      *log;
	struct queue_name name;
	int              file;		/* locked; -1 */
	size_t           block;		/* bytes of the X-Sender block */
	struct envelope  envelope;
	struct journal   journal;
	size_t          *who;		/* of the recipients that are tried */
	size_t           count;
	struct message_facts facts;
	struct draft     copy;		/* for some of them only */
	struct courier   courier;
	struct buf       lines;		/* of the outcome, for the log */
	bool             reported;	/* something was put into the list */
};

/*
 * Read a message of the queue and what became of it so far. QUEUE_FAILED
 * with EX_DATAERR: it is no message. mission_close in each case.
 */
enum queue_result mission_open(struct mission *m, const struct queue *q,
    const struct settings *s, const struct log *log, const struct queue_name *n,
    struct err *e);
void mission_close(struct mission *m);

/* When it was handed over, as its name says: seconds since 1970. */
time_t mission_arrival(const struct mission *m);

/* Is there anybody who waits, and may it be tried? */
bool mission_is_over(const struct mission *m);

/*
 * Milliseconds until it may be tried again, `now` being the time of day in
 * seconds; 0 = now. A clock that was set back does not make it wait longer.
 */
int64_t mission_wait(const struct mission *m, int64_t now);

/* Start the agent, for those who wait. 0, or -1: nothing runs. */
int mission_start(struct mission *m, struct err *e);

/*
 * The courier was heard: log its verdicts, take them into the journal and
 * print the lines for it. What is the host's trouble is none of a message's;
 * it is only returned. After courier_stop (`stopped`) who waits just goes on
 * waiting. *why is the verdict about the host, or NULL.
 */
enum host_news mission_hear(struct mission *m, bool stopped,
    const struct verdict **why);

/*
 * Bring the outcome to disk: the message goes (1), or its log has the lines
 * (0). -1: it has not; m->lines are still to be written, and the message must
 * not be tried before they are. Reports to the sender are added to the list,
 * which makes pointers into it bad.
 */
int mission_settle(struct mission *m, struct list *list, struct err *e);

/* Set it aside with this reason: 1, or -1. */
int mission_give_up(struct mission *m, const char *reason, struct err *e);

#endif
