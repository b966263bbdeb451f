#include "smtp/dial.h"

#include "base/clock.h"
#include "base/io.h"
#include "smtp/lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	STAGGER_MILLISECONDS = 250,	/* RFC 8305, 8 */
	SHOWN_MAX = 300			/* bytes of an address as text */
};

static const char blanks[] = " \t\r\n,";

static int
parse_port(const char *text, unsigned *port)
{
	unsigned n = 0;

	for (; *text >= '0' && *text <= '9' && n <= 65535; text++)
		n = n * 10 + (unsigned)(*text - '0');
	if (*text != '\0' || n == 0 || n > 65535)
		return -1;
	*port = n;
	return 0;
}

/* "[::1]:25", "[192.0.2.1]", "::1", "name", "name:25": name and port apart. */
static int
split_port(const char *entry, char *name, size_t size, const char **port)
{
	const char *start = entry, *end;

	*port = NULL;
	if (entry[0] == '[') {
		start = entry + 1;
		end = strchr(entry, ']');
		if (end == NULL || (end[1] != ':' && end[1] != '\0'))
			return -1;
		if (end[1] == ':')
			*port = end + 2;
	} else {
		end = strchr(entry, ':');
		/* More than one colon: an IPv6 address without brackets. */
		if (end != NULL && strchr(end + 1, ':') == NULL)
			*port = end + 1;
		else
			end = entry + strlen(entry);
	}
	if (end == start || (size_t)(end - start) >= size)
		return -1;
	memcpy(name, start, (size_t)(end - start));
	name[end - start] = '\0';
	return 0;
}

static bool
is_literal(const char *name)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, bytes) == 1 ||
	    inet_pton(AF_INET6, name, bytes) == 1;
}

static bool
is_name(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-._") == strlen(name);
}

static int
parse_entry(struct host *h, const char *entry, unsigned default_port,
    struct err *e)
{
	const char *port;

	memset(h, 0, sizeof(*h));
	if (strncmp(entry, "unix:", 5) == 0) {
		if (entry[5] != '/')
			return err_set(e, EX_CONFIG, "[smtp] host: \"%s\" needs a "
			    "path that begins with /", entry);
		h->is_path = true;
		memcpy(h->name, entry + 5, strlen(entry + 5));
		return 0;
	}
	h->port = default_port;
	if (split_port(entry, h->name, sizeof(h->name), &port) != 0 ||
	    (port != NULL && parse_port(port, &h->port) != 0) ||
	    !(is_name(h->name) || is_literal(h->name)))
		return err_set(e, EX_CONFIG, "[smtp] host: \"%s\" is not NAME, "
		    "NAME:PORT, [ADDRESS]:PORT or unix:/PATH", entry);
	return 0;
}

int
host_next(struct host *h, const char **list, unsigned default_port,
    struct err *e)
{
	char entry[HOST_NAME_MAX_BYTES];
	const char *start = *list + strspn(*list, blanks);
	size_t len = strcspn(start, blanks);

	*list = start + len;
	if (len == 0)
		return 0;
	if (len >= sizeof(entry))
		return err_set(e, EX_CONFIG, "[smtp] host: \"%.60s...\" is too long",
		    start);
	memcpy(entry, start, len);
	entry[len] = '\0';
	return parse_entry(h, entry, default_port, e) == 0 ? 1 : -1;
}

static bool
is_localhost(const char *name)
{
	return strcasecmp(name, "localhost") == 0 ||
	    strcasecmp(name, "localhost.localdomain") == 0;
}

static bool
is_loopback(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET6) {
		const struct in6_addr *six =
		    &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(six) ||
		    (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
	}
	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)a)
		    ->sin_addr.s_addr) >> 24 == 127;
	return a->sa_family == AF_UNIX;
}

/* An address literal to a socket address: its length, or 0. */
static socklen_t
literal_address(const char *name, unsigned port, struct sockaddr_storage *to)
{
	struct sockaddr_in6 *six = (void *)to;
	struct sockaddr_in *four = (void *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, name, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof(*four);
	}
	if (inet_pton(AF_INET6, name, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		return sizeof(*six);
	}
	return 0;
}

bool
host_is_local(const struct host *h)
{
	struct sockaddr_storage a = { 0 };

	return h->is_path || is_localhost(h->name) ||
	    (literal_address(h->name, h->port, &a) > 0 &&
	    is_loopback((const struct sockaddr *)&a));
}

static void
add_literal(struct dial *d, const char *name)
{
	d->lengths[d->count] = literal_address(name, d->host.port,
	    &d->addresses[d->count]);
	if (d->lengths[d->count] > 0)
		d->count++;
}

static int
add_path(struct dial *d, struct err *e)
{
	struct sockaddr_un *a = (void *)&d->addresses[0];
	size_t len = strlen(d->host.name);

	if (len >= sizeof(a->sun_path))
		return err_set(e, EX_CONFIG, "[smtp] host: the path of a socket "
		    "has at most %zu bytes: %s", sizeof(a->sun_path) - 1,
		    d->host.name);
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	memcpy(a->sun_path, d->host.name, len);
	d->lengths[0] = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	d->count = 1;
	return 0;
}

int
dial_lookup(struct dial *d, const struct host *h, int64_t deadline,
    struct err *e)
{
	memset(d, 0, sizeof(*d));
	d->host = *h;
	if (h->is_path)
		return add_path(d, e);
	add_literal(d, h->name);
	if (d->count > 0)
		return 0;
	/* RFC 6761, 6.3: this name is never asked for. */
	if (is_localhost(h->name)) {
		add_literal(d, "::1");
		add_literal(d, "127.0.0.1");
		return 0;
	}
	return lookup_name(d, deadline, e);
}

/* One address we are connecting to. */
struct attempt {
	int     fd;		/* -1: none, or given up */
	int64_t until;
};

static void
show_address(const struct dial *d, size_t i, char text[SHOWN_MAX])
{
	const struct sockaddr *a = (const struct sockaddr *)&d->addresses[i];
	char bytes[INET6_ADDRSTRLEN] = "?";
	bool six = a->sa_family == AF_INET6;

	if (d->host.is_path) {
		(void)snprintf(text, SHOWN_MAX, "unix:%s", d->host.name);
		return;
	}
	(void)inet_ntop(a->sa_family, six ?
	    (const void *)&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr :
	    (const void *)&((const struct sockaddr_in *)(const void *)a)->sin_addr,
	    bytes, sizeof(bytes));
	(void)snprintf(text, SHOWN_MAX, "[%s]:%u", bytes, d->host.port);
}

/* "name[address]:port"; the name is left out where it is the address. */
static void
show_relay(const struct dial *d, size_t i, char relay[VERDICT_RELAY_MAX])
{
	char address[SHOWN_MAX];
	bool named = !d->host.is_path && !is_literal(d->host.name);

	show_address(d, i, address);
	if (named)
		(void)snprintf(relay, VERDICT_RELAY_MAX, "%s%.60s",
		    d->host.name, address);
	else
		(void)snprintf(relay, VERDICT_RELAY_MAX, "%s", address);
}

/* Add "; [address]:port: reason" to what is known of the failures. */
static void
note_failure(const struct dial *d, size_t i, int cause, struct err *e)
{
	char address[SHOWN_MAX];

	show_address(d, i, address);
	(void)err_set(e, EX_TEMPFAIL, "%s%s%s: %s", e->text,
	    e->text[0] != '\0' ? "; " : "", address, err_words(cause));
}

/* Our own address: 0 where it suits, EAFNOSUPPORT for the other family. */
static int
bind_source(int fd, const char *source, int family)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = literal_address(source, 0, &a);

	if (a.ss_family != family)
		return EAFNOSUPPORT;
	return bind(fd, (const struct sockaddr *)&a, len) == 0 ? 0 : errno;
}

/* Begin to connect: 0, or errno. */
static int
begin(const struct dial *d, size_t i, const struct settings *s,
    struct attempt *t)
{
	const struct sockaddr *a = (const struct sockaddr *)&d->addresses[i];
	int one = 1, cause = 0;
	int fd = socket(a->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	if (a->sa_family != AF_UNIX) {
		/* Each of our writes is a whole turn of the dialog. */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (s->source_address[0] != '\0')
			cause = bind_source(fd, s->source_address, a->sa_family);
	}
	if (cause == 0 && connect(fd, a, d->lengths[i]) != 0)
		cause = errno;
	if (cause != 0 && cause != EINPROGRESS && cause != EINTR) {
		(void)close(fd);
		return cause;
	}
	t->fd = fd;
	t->until = clock_milliseconds() + (int64_t)s->connect_timeout_seconds * 1000;
	return 0;
}

/* Start the next address that can be started at all; false if none is left. */
static bool
begin_next(struct dial *d, const struct settings *s, struct attempt *attempts,
    struct err *e)
{
	while (d->next < d->count) {
		size_t i = d->next++;
		int cause = begin(d, i, s, &attempts[i]);

		if (cause == 0)
			return true;
		note_failure(d, i, cause, e);
	}
	return false;
}

static void
give_up(const struct dial *d, size_t i, struct attempt *attempts, int cause,
    struct err *e)
{
	(void)close(attempts[i].fd);
	attempts[i].fd = -1;
	note_failure(d, i, cause, e);
}

/*
 * Wait until one of the attempts has an end, or `until`. Returns the number
 * of the one that is connected, or -1; those that failed are given up.
 */
static int
wait_for_one(const struct dial *d, struct attempt *attempts, int64_t until,
    struct err *e)
{
	struct pollfd polled[DIAL_ADDRESSES_MAX];

	for (size_t i = 0; i < d->count; i++) {
		polled[i].fd = attempts[i].fd;
		polled[i].events = POLLOUT;
		polled[i].revents = 0;
		if (attempts[i].fd >= 0 && attempts[i].until < until)
			until = attempts[i].until;
	}
	(void)poll(polled, d->count, clock_left(until)); /* revents say enough */
	for (size_t i = 0; i < d->count; i++) {
		socklen_t len = sizeof(int);
		int cause = 0;

		if (attempts[i].fd < 0)
			continue;
		if (polled[i].revents != 0)
			(void)getsockopt(attempts[i].fd, SOL_SOCKET, SO_ERROR,
			    &cause, &len);
		else if (clock_left(attempts[i].until) == 0)
			cause = ETIMEDOUT;
		else
			continue;
		if (cause == 0)
			return (int)i;
		give_up(d, i, attempts, cause, e);
	}
	return -1;
}

static bool
any_open(const struct dial *d, const struct attempt *attempts)
{
	for (size_t i = 0; i < d->count; i++)
		if (attempts[i].fd >= 0)
			return true;
	return false;
}

static int
first_connected(struct dial *d, const struct settings *s,
    struct attempt *attempts, int64_t deadline, struct err *e)
{
	int64_t next_start = 0;

	while (clock_left(deadline) > 0) {
		bool idle = !any_open(d, attempts);
		int64_t until = deadline;
		int winner;

		if (idle || clock_left(next_start) == 0) {
			if (!begin_next(d, s, attempts, e) && idle)
				return -1;
			next_start = clock_milliseconds() + STAGGER_MILLISECONDS;
		}
		if (d->next < d->count && next_start < until)
			until = next_start;
		winner = wait_for_one(d, attempts, until, e);
		if (winner >= 0)
			return winner;
	}
	for (size_t i = 0; i < d->count; i++)
		if (attempts[i].fd >= 0)
			give_up(d, i, attempts, ETIMEDOUT, e);
	return -1;
}

int
dial_connect(struct dial *d, const struct settings *s, int64_t deadline,
    char relay[VERDICT_RELAY_MAX], struct err *e)
{
	struct attempt attempts[DIAL_ADDRESSES_MAX];
	struct sockaddr_storage source;
	int winner, fd;

	if (d->host.is_path)
		(void)snprintf(relay, VERDICT_RELAY_MAX, "unix:%s", d->host.name);
	else
		(void)snprintf(relay, VERDICT_RELAY_MAX, "%s:%u", d->host.name,
		    d->host.port);
	if (s->source_address[0] != '\0' &&
	    literal_address(s->source_address, 0, &source) == 0)
		return err_set(e, EX_CONFIG, "[smtp] source_address: \"%s\" is no "
		    "address", s->source_address);
	for (size_t i = 0; i < DIAL_ADDRESSES_MAX; i++)
		attempts[i].fd = -1;
	e->text[0] = '\0';
	winner = first_connected(d, s, attempts, deadline, e);
	fd = winner < 0 ? -1 : attempts[winner].fd;
	if (winner >= 0)
		show_relay(d, (size_t)winner, relay);
	for (size_t i = 0; i < d->count; i++)
		if (attempts[i].fd >= 0 && attempts[i].fd != fd)
			(void)close(attempts[i].fd);
	if (fd < 0 && e->text[0] == '\0')
		(void)err_set(e, EX_TEMPFAIL, "no address of %s is left to be "
		    "tried in time", d->host.name);
	return fd;
}

bool
dial_is_local(int fd)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof(a);

	return getpeername(fd, (struct sockaddr *)&a, &len) == 0 &&
	    is_loopback((const struct sockaddr *)&a);
}

void
dial_own_literal(int fd, char *text, size_t size)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof(a);
	char bytes[INET6_ADDRSTRLEN] = "127.0.0.1";
	const struct sockaddr_in6 *six = (const void *)&a;
	const struct sockaddr_in *four = (const void *)&a;
	bool is_six;

	memset(&a, 0, sizeof(a));
	(void)getsockname(fd, (struct sockaddr *)&a, &len); /* then AF_UNSPEC */
	is_six = a.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);
	if (is_six)
		(void)inet_ntop(AF_INET6, &six->sin6_addr, bytes, sizeof(bytes));
	else if (a.ss_family == AF_INET)
		(void)inet_ntop(AF_INET, &four->sin_addr, bytes, sizeof(bytes));
	(void)snprintf(text, size, "[%s%s]", is_six ? "IPv6:" : "", bytes);
}
