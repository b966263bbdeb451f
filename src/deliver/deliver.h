/*
 * deliver.h - hand a message to the agent and hear what became of it.
 */
#ifndef OUTTRAY_DELIVER_DELIVER_H
#define OUTTRAY_DELIVER_DELIVER_H

#include "base/err.h"
#include "deliver/verdict.h"
#include "mail/message.h"
#include "settings/settings.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct delivery {
	pid_t           pid;		/* the agent's; -1 when it has ended … */
	int             status;		/* … as waitpid(2) says, or -1 */
	int             answers;	/* its standard output; -1 when read */
	bool            pending;	/* the last bytes may be out */
	size_t          count;		/* recipients */
	struct verdict *verdicts;	/* one each; ours to free */
	struct buf      line;
};

/*
 * Start the agent on `file` (its offset is set to 0; an X-Sender block, then
 * the message), with [smtp] and the job of `s`. With `verbose` its dialogue
 * goes to our standard error. Returns 0, or -1 (EX_OSERR, EX_OSFILE: no
 * agent; EX_CONFIG); then nothing is left to free.
 */
int delivery_start(struct delivery *d, const struct settings *s, int file,
    size_t recipients, bool verbose, struct err *e);

/*
 * Read answers until each recipient has one, the agent ends, or `deadline`
 * (of clock_milliseconds) passes. Returns 1 when all is known, 0 when the
 * time is over. Who has no answer when the agent has ended becomes
 * VERDICT_LATER.
 */
int delivery_wait(struct delivery *d, int64_t deadline);

/*
 * End the agent and read what it had said; who has no answer then becomes
 * VERDICT_LATER with that text. All is known afterwards.
 */
void delivery_stop(struct delivery *d, const char *text);

/* For signal handlers: end the agent that runs, if one does. */
void delivery_kill_agent(void);

/* Free all. An agent that still runs is left alone. */
void delivery_free(struct delivery *d);

#endif
