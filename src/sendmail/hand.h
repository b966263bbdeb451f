/*
 * hand.h - interactive hand-over: the agent has until the deadline, and what
 * it cannot bring to the server now goes into the queue.
 */
#ifndef OUTTRAY_SENDMAIL_HAND_H
#define OUTTRAY_SENDMAIL_HAND_H

#include "sendmail/submit.h"

/*
 * Hand the message over (way SEND or SEND_ONLY).
 *
 * Where the deadline passes after the last bytes may have gone out, the
 * message is put into the queue, locked, and a process of its own stays to
 * hear the server's answer (dot_timeout) and to take out again whom the
 * server took it for: that process ends in here and never returns. A refusal
 * that comes so late leaves it in the queue, as the caller was told that it is
 * there. Without a queue the answer is waited for.
 */
void hand_over(struct submission *b, struct report *r);

#endif
