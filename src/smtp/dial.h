/*
 * dial.h - from the setting `host` to a connected socket.
 *
 * All addresses of a host are tried, IPv6 and IPv4 in turn, each a quarter of
 * a second after the one before unless that failed already (RFC 8305); the
 * first that answers is taken. What is slow by nature, asking for a name,
 * happens in a child process that is ended with the deadline.
 */
#ifndef OUTTRAY_SMTP_DIAL_H
#define OUTTRAY_SMTP_DIAL_H

#include "base/err.h"
#include "deliver/verdict.h"
#include "settings/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { HOST_NAME_MAX_BYTES = 256, DIAL_ADDRESSES_MAX = 16 };

/* One entry of the setting: "name", "name:port", "[::1]:25", "unix:/path". */
struct host {
	char     name[HOST_NAME_MAX_BYTES]; /* without brackets; or the path */
	unsigned port;			/* 0 for a unix socket */
	bool     is_path;		/* "unix:" */
};

/*
 * The next entry of a list with blanks (or commas) between; *list moves on
 * behind it. Returns 1, 0 at the end, or -1 (EX_CONFIG).
 */
int host_next(struct host *h, const char **list, unsigned default_port,
    struct err *e);

/* Nobody else can listen in: a unix socket, a loopback address, "localhost". */
bool host_is_local(const struct host *h);

struct dial {
	struct host host;
	size_t      count, next;	/* addresses: found, and the first not tried */
	struct sockaddr_storage addresses[DIAL_ADDRESSES_MAX];
	socklen_t   lengths[DIAL_ADDRESSES_MAX];
};

/*
 * Find the addresses of a host. Literals, paths and "localhost" need nobody's
 * help. Returns 0, or -1: EX_UNAVAILABLE where there is no such name, EX_TEMPFAIL where the
 * name servers did not say so by `deadline` (clock_milliseconds), EX_CONFIG for a path that is too
 * long.
 */
int dial_lookup(struct dial *d, const struct host *h, int64_t deadline,
    struct err *e);

/*
 * Connect to the next address that answers within connect_timeout. Returns a
 * non-blocking socket, the caller's to close; `relay` says whose:
 * "name[192.0.2.1]:587". -1 (EX_TEMPFAIL; EX_CONFIG for a source_address that
 * is none) when all have been tried: the sentence names each and its reason.
 */
int dial_connect(struct dial *d, const struct settings *s, int64_t deadline,
    char relay[VERDICT_RELAY_MAX], struct err *e);

/* The end of a socket that is on a loopback address, or no network at all. */
bool dial_is_local(int fd);

/* Our own end as EHLO wants it, "[192.0.2.7]" or "[IPv6:2001:db8::7]" (RFC 5321, 4.1.3). */
void dial_own_literal(int fd, char *text, size_t size);

#endif
