/*
 * pickup.h - a folder from which another server takes .eml files (IIS,
 * Exchange, a drain).
 *
 * A file appears complete or not at all, and is on disk before pickup_commit
 * returns: written, synced, linked, and the folder synced; where the folder
 * may not be read (a drop box, mode 1733) the file is synced once more.
 */
#ifndef OUTTRAY_STORE_PICKUP_H
#define OUTTRAY_STORE_PICKUP_H

#include "mail/stamp.h"
#include "store/draft.h"

struct pickup {
	struct draft draft;
	char id[STAMP_ID_MAX];	/* after commit: the file is "<id>.eml" */
};

int pickup_open(struct pickup *p, const char *directory, struct err *e);
int pickup_write(struct pickup *p, const struct buf *b, struct err *e);
/*
 * The file is called `first_id` (of stamp_id), or by another id where that is
 * taken. Signals that end the program have to be held meanwhile: see
 * proc_hold_signals. 0: it is kept. -1: it is not, and no file of that name is left (where even
 * taking it back failed, the sentence says so).
 */
int pickup_commit(struct pickup *p, const char *first_id, struct err *e);
void pickup_free(struct pickup *p);

#endif
