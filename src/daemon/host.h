/*
 * host.h - the one view that the runner has of the smarthost: what its
 * answers say about itself, and not about a message.
 *
 * It begins with one connection, so that a wrong password is tried once, and
 * each message that it answers allows one more. Trouble before a transaction,
 * and 421 anywhere, is the host's. While other connections work, it has no
 * more than those, and more only after ten messages on each; where none
 * does it is left alone, 5 seconds at first and up to 5 minutes, and is then
 * tried with one. A login or a certificate that is refused, and settings that
 * cannot work, stop it for an hour. Times are milliseconds of any one clock.
 */
#ifndef OUTTRAY_DAEMON_HOST_H
#define OUTTRAY_DAEMON_HOST_H

#include "deliver/verdict.h"

#include <stdint.h>

enum {
	HOST_LEAST_MILLISECONDS = 5 * 1000,
	HOST_MOST_MILLISECONDS = 5 * 60 * 1000,
	HOST_STOP_MILLISECONDS = 60 * 60 * 1000
};

enum host_news {
	HOST_SILENT,	/* it says nothing about the host */
	HOST_FINE,	/* it answered a transaction */
	HOST_BUSY,	/* not now */
	HOST_STOPS	/* not before somebody has mended something */
};

struct host_view {
	unsigned most;		/* connections, as the settings say */
	unsigned limit;		/* … and as its answers say: 1 to most */
	unsigned failures;	/* in a row, with no other connection */
	unsigned good;		/* messages since `limit` last changed */
	bool     shrunk;	/* it has had too many */
	bool     stopped;
	int64_t  closed_until;	/* 0 = open */
};

void host_init(struct host_view *h, unsigned most);

/* Was that met before a transaction, so that no message can be the cause? */
bool host_is_before_message(const struct verdict *v);

/* What does this verdict say of the host? */
enum host_news host_news(const struct verdict *v);

/*
 * Hear news; `others` is how many connections are at work besides. Returns
 * the milliseconds for which it is left alone from now on, or 0.
 */
int64_t host_hear(struct host_view *h, enum host_news news, unsigned others,
    int64_t now, unsigned chance);

/* How many connections may be opened now, where `busy` are at work? */
unsigned host_room(const struct host_view *h, unsigned busy, int64_t now);

/* Somebody says that it is well again, or that there are other settings. */
void host_open(struct host_view *h, unsigned most);

#endif
