/*
 * queue.h - what the queue's runner does with the files of the spool.
 *
 * States of a message, each left by one rename, link or unlink:
 *	incoming/ID,S=SIZE.eml	promised (spool.h); shorter than SIZE: never was
 *	queue/ID,S=SIZE.eml	accepted by the runner, and never changed
 *	the same, locked (flock)	an agent has it
 *	with queue/ID.log	somebody was sent to, refused or put off: lines
 *				of deliver/journal.h, only added to, on disk
 *				before anything depends on them
 *	failed/ID.eml		given up; failed/ID.reason came before it
 *	none of them		delivered
 *
 * A log without a message, and a reason without one, are litter of a crash
 * between two steps. The size stays in the name, so that a power failure right
 * after the rename leaves a file that can be told from a whole one.
 */
#ifndef OUTTRAY_STORE_QUEUE_H
#define OUTTRAY_STORE_QUEUE_H

#include "mail/envelope.h"
#include "mail/stamp.h"

#include <stdbool.h>
#include <stdint.h>

enum { QUEUE_RECIPIENTS_MAX = 1000000, QUEUE_LITTER_SECONDS = 36 * 3600 };

struct queue {
	char *directory;
	int   incoming, waiting, failed;	/* the folders; -1 */
	int   lock;				/* -1 */
};

struct queue_name {
	char     id[STAMP_ID_MAX];
	uint64_t size;
};

enum queue_result {
	QUEUE_FAILED = -1,	/* *e says what is wrong with it */
	QUEUE_OK,
	QUEUE_LOCKED,		/* somebody works on it */
	QUEUE_GONE,		/* it is not there (any more) */
	QUEUE_UNFINISHED	/* never promised, or not yet */
};

/* "ID,S=SIZE.eml" as spool.h makes it; false for all other names. */
bool queue_name_parse(struct queue_name *n, const char *name);

/* "ID.log": its ID. */
bool queue_log_name_parse(char id[STAMP_ID_MAX], const char *name);

/*
 * Open the spool, and make its folders queue and failed (mode 0700) where
 * they are missing. They have to be ours (geteuid). 0, or -1 (EX_NOINPUT,
 * EX_CANTCREAT, EX_CONFIG: another's). Zeroed memory is not a closed queue: call queue_init.
 */
void queue_init(struct queue *q);
int queue_open(struct queue *q, const char *directory, struct err *e);
void queue_close(struct queue *q);

/*
 * Only one runner works on a spool: 0, 1 where another does, whose process
 * number is put into *other (0 if unknown), or -1.
 */
int queue_take_lock(struct queue *q, long *other, struct err *e);

/*
 * Call `see` for each name in incoming, or (`waiting`) in queue, but "." and
 * ".."; names with a leading dot are nobody's mail and left out. 0, or -1.
 */
int queue_each(const struct queue *q, bool waiting,
    void (*see)(void *with, const char *name), void *with, struct err *e);

/*
 * Take a file of incoming over. QUEUE_FAILED for what no sendmail of ours put
 * there (a link, a folder, a FIFO, a hard link, another name or size): it is
 * left as it is. A file shorter than its name says is removed after 36 hours.
 */
enum queue_result queue_accept(const struct queue *q, const char *name,
    struct queue_name *n, struct err *e);

/*
 * Put a message of the runner's own into queue: 0 when it is on disk, 1 where
 * that name is taken already, or -1.
 */
int queue_add(const struct queue *q, const char *id, const struct buf *message,
    struct queue_name *n, struct err *e);

/* Open one of queue for reading, locked; the caller closes it. */
enum queue_result queue_take(const struct queue *q, const struct queue_name *n,
    int *file, struct err *e);

/*
 * Open one for reading as it is, in whichever folder it waits, without taking
 * it; *busy: somebody works on it just now. QUEUE_OK, QUEUE_GONE, or
 * QUEUE_FAILED as above.
 */
enum queue_result queue_look(const struct queue *q, const struct queue_name *n,
    int *file, bool *busy, struct err *e);

/*
 * Its envelope into one that was given to envelope_init: how long the block
 * is, or -1 (EX_DATAERR: it has none; EX_IOERR).
 */
long queue_read_envelope(int file, struct envelope *v, struct err *e);

/* Hand the bytes of its log to `take`, none where there is no log. 0, or -1. */
int queue_read_log(const struct queue *q, const char *id,
    void (*take)(void *with, const char *bytes, size_t len), void *with,
    struct err *e);

/*
 * Make sure that its log can take `bytes` more, where the file system can say
 * so: to be asked before anybody is sent to. 0, or -1 (EX_IOERR, EX_CANTCREAT).
 */
int queue_reserve_log(const struct queue *q, const char *id, size_t bytes,
    struct err *e);

/*
 * Add lines to the log; they are on disk when it returns 0. A line that a
 * crash had cut off is ended first.
 */
int queue_add_log(const struct queue *q, const char *id, const struct buf *lines,
    struct err *e);

/* Delivered: the message goes, then its log. */
int queue_remove(const struct queue *q, const struct queue_name *n, struct err *e);
int queue_remove_log(const struct queue *q, const char *id, struct err *e);

/* Given up: the reason comes to disk, then the message moves, then the log goes. */
int queue_give_up(const struct queue *q, const struct queue_name *n,
    const struct buf *reason, struct err *e);

/* What was renamed and removed so far is on disk when it returns 0. */
int queue_sync(const struct queue *q, struct err *e);

#endif
