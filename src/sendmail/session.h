/*
 * session.h - sendmail -bs: a session on standard input and output.
 */
#ifndef OUTTRAY_SENDMAIL_SESSION_H
#define OUTTRAY_SENDMAIL_SESSION_H

#include "sendmail/submit.h"

enum { SESSION_IDLE_SECONDS = 300 };	/* RFC 5321 4.5.3.2.7 */

/*
 * A message gets one answer for all its recipients. Where it was sent to (or
 * kept for) some of them and not for others that is 554, which names the
 * others, also where they were only put off: a client that is told 451 sends
 * to all of them again, each time, and so the message comes twice or more. A
 * person who reads the 554 can send to the others.
 *
 * Serve until QUIT or the end of input. Returns the exit status: 0, or
 * EX_NOINPUT when the input ended within a message (which is then forgotten),
 * EX_PROTOCOL when too much of it was no SMTP, EX_IOERR when nobody reads our
 * answers.
 */
int session_run(struct context *c);

#endif
