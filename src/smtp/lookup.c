#include "smtp/lookup.h"

#include "base/clock.h"
#include "base/io.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child writes: first this, then `count` addresses. */
struct answer {
	int    failure;		/* EAI_… */
	int    cause;		/* errno for EAI_SYSTEM */
	size_t count;
};

struct address {
	struct sockaddr_storage address;
	socklen_t               len;
};

static size_t
collect(const struct addrinfo *list, struct address *found)
{
	size_t count = 0;

	for (; list != NULL && count < DIAL_ADDRESSES_MAX; list = list->ai_next) {
		if (list->ai_family != AF_INET && list->ai_family != AF_INET6)
			continue;
		memset(&found[count], 0, sizeof(found[count]));
		memcpy(&found[count].address, list->ai_addr, list->ai_addrlen);
		found[count++].len = list->ai_addrlen;
	}
	return count;
}

/*
 * In the child: whoever ends the agent does not know of us. So its answers are
 * not held open here, and the time is counted here too.
 */
static void
stand_alone(int64_t deadline)
{
	(void)close(STDIN_FILENO);	/* the message */
	(void)close(STDOUT_FILENO);	/* verdicts */
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm((unsigned)clock_left(deadline) / 1000 + 1);
}

/* In the child: ask, write, end. */
static void
ask(const struct host *h, int to)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV };
	struct address found[DIAL_ADDRESSES_MAX];
	struct addrinfo *list = NULL;
	struct answer a = { 0, 0, 0 };
	char port[8];

	(void)snprintf(port, sizeof(port), "%u", h->port);
	a.failure = getaddrinfo(h->name, port, &hints, &list);
	a.cause = errno;
	if (a.failure == 0)
		a.count = collect(list, found);
	if (io_write(to, &a, sizeof(a)) == 0 && a.count > 0)
		(void)io_write(to, found, a.count * sizeof(found[0]));
	_exit(0);
}

/* All `size` bytes by the deadline: 0 or -1. */
static int
read_all(int fd, void *bytes, size_t size, int64_t deadline)
{
	char *to = bytes;

	while (size > 0) {
		ssize_t n;

		if (io_wait_readable(fd, clock_left(deadline)) <= 0)
			return -1;
		n = io_read(fd, to, size);
		if (n <= 0)
			return -1;
		to += n;
		size -= (size_t)n;
	}
	return 0;
}

/* RFC 8305, 4: the families in turn, so that a dead one costs little. */
static void
interleave(const struct address *found, size_t count, struct dial *d)
{
	bool used[DIAL_ADDRESSES_MAX] = { false };
	int family = found[0].address.ss_family;

	while (d->count < count) {
		size_t i = 0;

		while (i < count && (used[i] || found[i].address.ss_family != family))
			i++;
		if (i < count) {
			used[i] = true;
			d->addresses[d->count] = found[i].address;
			d->lengths[d->count++] = found[i].len;
		}
		family = family == AF_INET6 ? AF_INET : AF_INET6;
	}
}

static int
explain(const char *name, const struct answer *a, struct err *e)
{
	/* A name server that is away for a minute must cost no mail. */
	if (a->failure == EAI_AGAIN)
		return err_set(e, EX_TEMPFAIL, "the name servers do not answer "
		    "for %s", name);
	if (a->failure == EAI_SYSTEM)
		return err_set(e, EX_TEMPFAIL, "cannot look up %s: %s", name,
		    err_words(a->cause));
	return err_set(e, EX_UNAVAILABLE, "cannot find %s: %s", name,
	    a->failure == 0 ? "it has no address" : gai_strerror(a->failure));
}

static int
hear(struct dial *d, int from, int64_t deadline, struct err *e)
{
	struct address found[DIAL_ADDRESSES_MAX] = { 0 };
	struct answer a;

	if (read_all(from, &a, sizeof(a), deadline) != 0)
		return err_set(e, EX_TEMPFAIL, "no address of %s could be found "
		    "in time", d->host.name);
	if (a.failure != 0 || a.count == 0 || a.count > DIAL_ADDRESSES_MAX)
		return explain(d->host.name, &a, e);
	if (read_all(from, found, a.count * sizeof(found[0]), deadline) != 0)
		return err_set(e, EX_TEMPFAIL, "the addresses of %s were lost",
		    d->host.name);
	interleave(found, a.count, d);
	return 0;
}

int
lookup_name(struct dial *d, int64_t deadline, struct err *e)
{
	int ends[2], result;
	pid_t child;

	if (pipe(ends) != 0)
		return err_sys(e, EX_OSERR, "cannot open a pipe");
	child = fork();
	if (child == 0) {
		(void)close(ends[0]);
		stand_alone(deadline);
		ask(&d->host, ends[1]);
	}
	(void)close(ends[1]);
	if (child < 0) {
		(void)close(ends[0]);
		return err_sys(e, EX_OSERR, "cannot start a process to look up %s",
		    d->host.name);
	}
	result = hear(d, ends[0], deadline, e);
	(void)close(ends[0]);
	(void)kill(child, SIGKILL);	/* it has ended, or it hangs */
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
	return result;
}
