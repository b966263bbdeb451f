/*
 * runner.h - the loop of outtrayd: takes what comes into the spool, and brings
 * it to the server, oldest first and a few at a time.
 */
#ifndef OUTTRAY_DAEMON_RUNNER_H
#define OUTTRAY_DAEMON_RUNNER_H

#include "base/log.h"
#include "daemon/host.h"
#include "daemon/list.h"
#include "daemon/mission.h"
#include "settings/settings.h"
#include "store/queue.h"

enum { RUNNER_MISSIONS_MAX = 100, RUNNER_SAID_MAX = 512 };


struct runner {
	struct queue     queue;
	struct settings *settings;	/* the caller's; see `reload` */
	struct log       log;
	bool             once;		/* each that is due once, then end */
	bool             all;		/* all are due at first */
	/* Read the settings again into *settings, if they are good. */
	int            (*reload)(struct settings *settings, struct err *e);

	struct host_view host;
	struct list      list;
	size_t           cursor;	/* in the list: the pass under way */
	int64_t          earliest;	/* when a pass has something to do */
	struct mission   missions[RUNNER_MISSIONS_MAX];
	bool             used[RUNNER_MISSIONS_MAX];
	unsigned         busy;		/* how many are used */
	bool             unsynced;	/* something was removed or renamed */
	int              inotify;	/* -1 where there is none */
	int64_t          scan_at;	/* the next look at incoming */
	bool             unfinished;	/* something there is not ready yet */
	unsigned         scans;		/* … seen so many times in a row */
	uint32_t         said[RUNNER_SAID_MAX];	/* what was complained of */
	size_t           said_count;
	bool             stopping;
	int64_t          stop_at;
};

/*
 * Open the queue of the settings and read what waits there. 0, 1 where another
 * runner works on it (*other is its process number, 0 if unknown), or -1.
 */
int runner_open(struct runner *r, struct settings *s, long *other, struct err *e);
void runner_close(struct runner *r);

/*
 * Run until it is told to stop, or all is done (`once`). `signals` is a
 * descriptor of signalfd(2); SIGTERM and SIGINT stop, SIGHUP reloads, SIGUSR1
 * tries all now. Returns how many messages wait.
 */
size_t runner_run(struct runner *r, int signals);

#endif
