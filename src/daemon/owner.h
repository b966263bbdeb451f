/*
 * owner.h - who works on a spool: the owner of its folder incoming, and
 * never root.
 */
#ifndef OUTTRAY_DAEMON_OWNER_H
#define OUTTRAY_DAEMON_OWNER_H

#include "base/err.h"

/*
 * Become the owner of <directory>/incoming, with its group and no others and
 * no way back; for root alone, who also makes the folders queue and failed for
 * him. 0 when we are the owner now, or -1 (EX_CONFIG: there is no such folder,
 * or it is root's; EX_NOPERM: it is another user's; EX_OSERR). The sentence
 * says what to type.
 */
int owner_become(const char *directory, struct err *e);

#endif
