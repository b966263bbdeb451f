/*
 * transfer.h - one message on its way: which of its recipients are decided,
 * and the verdicts about them on their way to whoever started us.
 *
 * States of a recipient:
 *	WAITING		not named to this server, or to be named again
 *	SAID		RCPT was sent, its answer is due
 *	ACCEPTED	the server took the address; the dot decides
 *	DECIDED		its verdict has been given
 */
#ifndef OUTTRAY_SMTP_TRANSFER_H
#define OUTTRAY_SMTP_TRANSFER_H

#include "base/buf.h"
#include "base/err.h"
#include "deliver/verdict.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "smtp/body.h"

#include <stdbool.h>
#include <stddef.h>

enum recipient_state { WAITING, SAID, ACCEPTED, DECIDED };

struct transfer {
	struct envelope      envelope;
	struct body          body;
	struct message_facts facts;
	unsigned char       *states;	/* of each recipient; ours */
	size_t               undecided;
	int                  answers;	/* where verdicts go; the caller's */
	struct buf           lines;	/* verdicts not written yet */
};

/*
 * Read the envelope of `file`; what the message is like is read from it, too,
 * where the settings do not say so (facts->size is 0).
 * Returns 0, or -1 (EX_DATAERR: no X-Sender block; EX_NOINPUT, EX_IOERR,
 * EX_OSERR). Zeroed memory is safe to free.
 */
int transfer_init(struct transfer *t, int file, int answers,
    const struct message_facts *facts, struct err *e);
void transfer_free(struct transfer *t);

/* The first recipient from number `from` on in this state, or t->envelope.count. */
size_t transfer_find(const struct transfer *t, enum recipient_state state,
    size_t from);

/* All in one state go into another (a new attempt: ACCEPTED, SAID to WAITING). */
void transfer_move(struct transfer *t, enum recipient_state from,
    enum recipient_state to);

/* This recipient's verdict; `index` is filled in. The first one counts. */
void transfer_decide(struct transfer *t, size_t who, struct verdict *v);

/* The same verdict for all in one state. */
void transfer_decide_all(struct transfer *t, enum recipient_state state,
    struct verdict *v);

/*
 * Write what was decided so far, and "pending" behind it if asked to. 0, or
 * -1 (EX_IOERR: nobody listens any more).
 */
int transfer_tell(struct transfer *t, bool pending, struct err *e);

#endif
