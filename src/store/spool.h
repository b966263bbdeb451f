/*
 * spool.h - our own queue: a message in the folder "incoming" is promised.
 *
 * States of a message in incoming (each left by one link or unlink):
 *	unnamed or hidden	not promised; a crash forgets it
 *	ID,S=SIZE.eml, shorter than SIZE	not promised: the link came to disk
 *		before the bytes did, and nobody was told that it was kept
 *	ID,S=SIZE.eml, whole	promised
 *	the same, locked (flock)	somebody is delivering it just now
 *
 * The size in the name is what lets one fsync after the link be enough.
 */
#ifndef OUTTRAY_STORE_SPOOL_H
#define OUTTRAY_STORE_SPOOL_H

#include "mail/stamp.h"
#include "store/draft.h"

#include <stdbool.h>

enum { SPOOL_NAME_MAX = 80 };

struct spool {
	struct draft draft;
	char id[STAMP_ID_MAX];
	char name[SPOOL_NAME_MAX];	/* after commit: in incoming */
};

/*
 * Begin a message in <directory>/incoming. Returns 0, 1 if there is no such
 * folder (this system keeps no queue), or -1.
 */
int spool_open(struct spool *p, const char *directory, struct err *e);
int spool_write(struct spool *p, const struct buf *b, struct err *e);

/*
 * Promise it: link, then one fsync. Its id is `first_id` (of stamp_id), or
 * another where that is taken. `locked` takes the lock first, which is held until
 * spool_free (or spool_settle) so that no runner takes it meanwhile. Signals
 * that end the program have to be held meanwhile: see proc_hold_signals.
 */
int spool_commit(struct spool *p, const char *first_id, bool locked,
    struct err *e);

/* The message was delivered after all: remove it again. */
int spool_settle(struct spool *p, struct err *e);
void spool_free(struct spool *p);

#endif
