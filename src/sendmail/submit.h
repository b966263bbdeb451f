/*
 * submit.h - one message on its way from its bytes to where it is kept.
 *
 * The bytes come piece by piece; memory does not grow with the body. A
 * message that is complete goes into the pickup folder, into the queue, or to
 * the delivery agent and then, if that has to be tried again, into the queue.
 * Nothing is visible or sent before the input has ended well.
 */
#ifndef OUTTRAY_SENDMAIL_SUBMIT_H
#define OUTTRAY_SENDMAIL_SUBMIT_H

#include "base/log.h"
#include "mail/head.h"
#include "mail/message.h"
#include "sendmail/caller.h"
#include "sendmail/options.h"
#include "sendmail/report.h"
#include "settings/settings.h"
#include "store/pickup.h"
#include "store/spool.h"

/* What all messages of one run share. */
struct context {
	struct settings settings;
	struct options  options;
	struct caller   caller;
	struct buf      domain, hostname;
	const char     *full_name;	/* -F, else $NAME, else NULL */
	const char     *temp_directory;	/* $TMPDIR or NULL */
	struct log      log;
};

enum way {
	WAY_PICKUP,	/* a file in a pickup folder */
	WAY_QUEUE,	/* a file in the queue, whatever happens */
	WAY_SEND,	/* to the agent; the queue's file is at hand */
	WAY_SEND_ONLY	/* to the agent, from an unnamed file: no queue here */
};

struct submission {
	struct context  *context;
	struct envelope  envelope;
	struct message   message;
	struct head      head;
	struct buf       bad;		/* what the header names and is no address */
	struct buf       body, out;	/* not yet in the file */
	bool             ready;		/* envelope and header are complete */
	bool             opened;	/* the file is open */
	bool             line_start;	/* for doubled dots */
	uint64_t         size;		/* header, blank line and body so far */
	size_t           block;		/* bytes of the X-Sender block */
	enum way         way;
	struct pickup    pickup;
	struct spool     spool;
	struct draft     draft;
	struct err       no_queue;	/* why there is none: "" if not set up */
	char             id[STAMP_ID_MAX];
};

/*
 * Begin. With `given` the envelope is that of an SMTP session (its addresses
 * are copied); without, the sender is that of -f and the recipients are those
 * of the operands (and of the header with -t). 0, or -1 (EX_USAGE: an operand
 * that is no address, EX_DATAERR, EX_CONFIG); submission_free in each case.
 */
int submission_begin(struct submission *b, struct context *c,
    const struct envelope *given, bool dot_ends, struct err *e);

/* The next bytes. 0, or -1: nothing will be sent. */
int submission_feed(struct submission *b, const char *bytes, size_t len,
    struct err *e);

/*
 * The input has ended well: keep or send the message. What came of it is in
 * the report, which the caller has set up. May fork: see hand.h.
 */
void submission_end(struct submission *b, struct report *r);

void submission_free(struct submission *b);

/* The bytes of the message's file are all written: its descriptor. */
int submission_file(const struct submission *b);

#endif
