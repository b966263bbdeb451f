/*
 * bounce.h - the sender of a message that could not be sent to everybody is
 * told so: reports (mail/report.h) are put into the queue like any mail.
 */
#ifndef OUTTRAY_DAEMON_BOUNCE_H
#define OUTTRAY_DAEMON_BOUNCE_H

#include "daemon/list.h"
#include "daemon/mission.h"

enum { BOUNCE_RECIPIENTS = 500 };	/* in one report; the others get their own */

/*
 * Put what the sender is to be told of those who were refused into the queue
 * and the list, unless it is there: their names do not depend on when they are
 * made. 0, also where nothing is to be told, or nobody can be (that is
 * logged); -1 where it has to be tried again (no memory, a full disk).
 */
int bounce_send(struct mission *m, struct list *list, struct err *e);

#endif
