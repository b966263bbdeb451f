/*
 * listing.h - the mail that waits, for people and for the programs that read
 * what mailq(1) prints: the layout is that of Postfix.
 */
#ifndef OUTTRAY_DAEMON_LISTING_H
#define OUTTRAY_DAEMON_LISTING_H

#include "store/queue.h"

/*
 * Print what waits in incoming and in queue to a descriptor, oldest first:
 * who sends, who still waits, and what was said to the last of them who was put
 * off; "*" behind the id: it is on its way just now. Nothing is taken, moved or
 * changed, so it can be called while a runner works. 0, or -1 (EX_IOERR,
 * EX_OSERR).
 */
int listing_print(const struct queue *q, int to, struct err *e);

#endif
