/*
 * courier.h - who brings a message to the server: an agent of its own for
 * each, started, listened to without waiting, and seen off.
 */
#ifndef OUTTRAY_DAEMON_COURIER_H
#define OUTTRAY_DAEMON_COURIER_H

#include "deliver/deliver.h"

struct courier {
	struct delivery delivery;	/* its verdicts, when courier_hear says so */
	bool    started;
	bool    heard;			/* all verdicts are known; it says goodbye */
	bool    unfit;			/* it could not work at all: no fault of the
					   message's, and no verdict counts */
	int64_t leaves;			/* when it is ended, once heard */
};

/* As delivery_start; `s` has the facts of the message as its job. */
int courier_start(struct courier *c, const struct settings *s, int file,
    size_t recipients, struct err *e);

/* To be polled for input as long as it is started. */
int courier_descriptor(const struct courier *c);

/*
 * Take what it has said. 1 when the verdicts are known now, 0 else. It is
 * there until courier_is_gone.
 */
int courier_hear(struct courier *c);

/* Has it ended? Then everything is freed, and it can be started again. */
bool courier_is_gone(struct courier *c, int64_t now);

/* End it: who has no verdict gets VERDICT_LATER with this text. */
void courier_stop(struct courier *c, const char *text);

#endif
