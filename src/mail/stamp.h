/*
 * stamp.h - what the first system puts on a message: Date (RFC 5322 3.3),
 * Message-ID (3.6.4), Received (RFC 5321 4.4), and names that no other
 * message has.
 */
#ifndef OUTTRAY_MAIL_STAMP_H
#define OUTTRAY_MAIL_STAMP_H

#include "base/buf.h"
#include "base/err.h"

#include <time.h>

enum { STAMP_ID_MAX = 40 };	/* with the final NUL */

/*
 * A name: 16 hexadecimal digits of time, 16 of chance, so that names sort by
 * time and no two hosts, restarts or process numbers make one twice; only
 * [0-9a-f]. Returns 0, or -1 (EX_OSERR: no randomness).
 */
int stamp_id(char id[STAMP_ID_MAX], struct err *e);

/* "Mon, 23 Nov 2026 23:59:52 +0000", in local time. */
void stamp_date(time_t t, struct buf *out);

#endif
