/* The setting `host`, and the addresses that need no name server. */
#include "smtp/dial.h"

#include "base/clock.h"
#include "check.h"
#include "child.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

enum { SOON = 20000 };

/* A list, and what is read from it: "name:port " each, "!" where it is wrong. */
static const struct {
	const char *list, *wanted;
} lists[] = {
	{ "", "" },
	{ " \t,", "" },
	{ "mail.example.com", "mail.example.com:587 " },
	{ "a b:25,c", "a:587 b:25 c:587 " },
	{ " a , b ", "a:587 b:587 " },
	{ "a\r\nb", "a:587 b:587 " },
	{ "a:65535 a:1", "a:65535 a:1 " },
	{ "192.0.2.1:25", "192.0.2.1:25 " },
	{ "[192.0.2.1]:25", "192.0.2.1:25 " },
	{ "[2001:db8::1]:25", "2001:db8::1:25 " },
	{ "[2001:db8::1]", "2001:db8::1:587 " },
	{ "2001:db8::1", "2001:db8::1:587 " },
	{ "::1", "::1:587 " },
	{ "unix:/run/smtp", "(/run/smtp) " },
	{ "unix:/a:b", "(/a:b) " },
	{ "a:0", "!" },
	{ "a:65536", "!" },
	{ "a:99999999999999999999", "!" },
	{ "a:", "!" },
	{ "a:smtp", "!" },
	{ "a:25x", "!" },
	{ "a:-1", "!" },
	{ ":25", "!" },
	{ ":::", "!" },
	{ "a:b:c", "!" },
	{ "[]:25", "!" },
	{ "[::1", "!" },
	{ "[::1]25", "!" },
	{ "[::1]:", "!" },
	{ "::g", "!" },
	{ "a/b", "!" },
	{ "a@b", "!" },
	{ "a;b", "!" },
	{ "smtp://a", "!" },
	{ "m\303\274ller.example", "!" },
	{ "unix:", "!" },
	{ "unix:run/smtp", "!" },
	{ "a b:x c", "a:587 !" },
};

static void
check_lists(void)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *list = lists[i].list;
		struct host h;
		struct err e = { 0 };
		struct buf out;
		int found;

		buf_init(&out, 1000);
		while ((found = host_next(&h, &list, 587, &e)) == 1) {
			if (h.is_path)
				buf_printf(&out, "(%s) ", h.name);
			else
				buf_printf(&out, "%s:%u ", h.name, h.port);
		}
		if (found < 0)
			buf_putc(&out, '!');
		check_text(buf_text(&out), lists[i].wanted, lists[i].list);
		check(found == 0 || (e.status == EX_CONFIG &&
		    strstr(e.text, "[smtp] host") != NULL), "the key is named");
		buf_free(&out);
	}
}

static void
check_long_entry(void)
{
	char text[HOST_NAME_MAX_BYTES + 1];
	const char *list = text;
	struct host h;
	struct err e;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	check(host_next(&h, &list, 25, &e) == -1 && e.status == EX_CONFIG,
	    "an entry that is too long");
	list = text + 1;
	check(host_next(&h, &list, 25, &e) == 1 &&
	    strlen(h.name) == HOST_NAME_MAX_BYTES - 1, "the longest one");
}

static bool
next_host(struct host *h, const char *entry)
{
	struct err e;

	return host_next(h, &entry, 25, &e) == 1;
}

static void
check_local(void)
{
	static const struct { const char *entry; bool local; } hosts[] = {
		{ "localhost", true }, { "LocalHost:25", true },
		{ "localhost.localdomain", true }, { "127.0.0.1", true },
		{ "127.255.0.9", true }, { "[::1]:25", true },
		{ "::ffff:127.0.0.1", true }, { "unix:/run/smtp", true },
		{ "mail.example.com", false }, { "localhost.example.com", false },
		{ "128.0.0.1", false }, { "0.0.0.0", false }, { "::", false },
		{ "10.0.0.1", false }, { "fe80::1", false },
		{ "::ffff:10.0.0.1", false }, { "127.0.0.1.example.com", false },
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct host h;

		check(next_host(&h, hosts[i].entry) &&
		    host_is_local(&h) == hosts[i].local, hosts[i].entry);
	}
}

static void
check_lookup(void)
{
	static const struct {
		const char *entry;
		size_t      count;
		int         family;
	} hosts[] = {
		{ "192.0.2.1", 1, AF_INET }, { "[2001:db8::1]:25", 1, AF_INET6 },
		{ "localhost", 2, AF_INET6 }, { "unix:/run/smtp", 1, AF_UNIX },
	};
	static char path[200] = "unix:/";
	struct dial d;
	struct host h;
	struct err e;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		check(next_host(&h, hosts[i].entry) &&
		    dial_lookup(&d, &h, clock_milliseconds(), &e) == 0 &&
		    d.count == hosts[i].count && d.next == 0 &&
		    d.addresses[0].ss_family == hosts[i].family, hosts[i].entry);
	memset(path + 6, 'x', sizeof(path) - 7);
	check(next_host(&h, path) &&
	    dial_lookup(&d, &h, clock_milliseconds(), &e) == -1 &&
	    e.status == EX_CONFIG, "a path that no socket can have");
	path[5 + sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1] = '\0';
	check(next_host(&h, path) &&
	    dial_lookup(&d, &h, clock_milliseconds(), &e) == 0, "the longest path");
}

/* A socket that listens on loopback, and its port. */
static int
listen_there(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 ||
	    listen(fd, 5) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		abort();
	*port = ntohs(a.sin_port);
	return fd;
}

static int
dial(const char *entry, const struct settings *s, int64_t wait,
    char relay[VERDICT_RELAY_MAX], struct err *e)
{
	struct dial d;
	struct host h;
	int64_t deadline = clock_milliseconds() + wait;

	if (!next_host(&h, entry) || dial_lookup(&d, &h, deadline, e) != 0)
		abort();
	return dial_connect(&d, s, deadline, relay, e);
}

static void
check_connect(void)
{
	char entry[100], wanted[100], relay[VERDICT_RELAY_MAX], own[100];
	struct settings s;
	struct err e;
	unsigned port;
	int server = listen_there(&port), fd;

	if (settings_init(&s, &e) != 0)
		abort();
	(void)snprintf(entry, sizeof(entry), "127.0.0.1:%u", port);
	(void)snprintf(wanted, sizeof(wanted), "[127.0.0.1]:%u", port);
	fd = dial(entry, &s, SOON, relay, &e);
	check(fd >= 0, "connected");
	check_text(relay, wanted, "to that address");
	check(dial_is_local(fd), "on this host");
	dial_own_literal(fd, own, sizeof(own));
	check_text(own, "[127.0.0.1]", "from there");
	(void)close(fd);

	/* On ::1 nobody listens. */
	(void)snprintf(entry, sizeof(entry), "localhost:%u", port);
	(void)snprintf(wanted, sizeof(wanted), "localhost[127.0.0.1]:%u", port);
	fd = dial(entry, &s, SOON, relay, &e);
	check(fd >= 0, "the next address");
	check_text(relay, wanted, "is taken");
	(void)close(fd);

	check(dial(entry, &s, 0, relay, &e) == -1 && e.status == EX_TEMPFAIL,
	    "behind the deadline nothing is tried");
	(void)close(server);
	check(dial(entry, &s, SOON, relay, &e) == -1 && e.status == EX_TEMPFAIL &&
	    strstr(e.text, "[127.0.0.1]") != NULL &&
	    strstr(e.text, "[::1]") != NULL, "each that failed is named");
	settings_free(&s);
}

static void
check_source(void)
{
	static const struct { const char *source; int status; } list[] = {
		{ "localhost", EX_CONFIG }, { "127.0.0", EX_CONFIG },
		{ "127.0.0.1:25", EX_CONFIG }, { "192.0.2.1", EX_TEMPFAIL },
		{ "::1", EX_TEMPFAIL }, { "127.0.0.9", 0 },
	};
	char entry[100], source[40], relay[VERDICT_RELAY_MAX], own[100];
	unsigned port;
	int server = listen_there(&port);

	(void)snprintf(entry, sizeof(entry), "127.0.0.1:%u", port);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct settings s;
		struct err e = { 0 };
		char *unset;
		int fd;

		if (settings_init(&s, &e) != 0)
			abort();
		unset = s.source_address;
		(void)snprintf(source, sizeof(source), "%s", list[i].source);
		s.source_address = source;
		fd = dial(entry, &s, SOON, relay, &e);
		check((fd >= 0) == (list[i].status == 0) &&
		    (fd >= 0 || e.status == list[i].status), list[i].source);
		if (fd >= 0) {
			dial_own_literal(fd, own, sizeof(own));
			check_text(own, "[127.0.0.9]", "from there");
			(void)close(fd);
		}
		s.source_address = unset;
		settings_free(&s);
	}
	(void)close(server);
}

static void
check_path(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "socket" };
	char folder[200], entry[256], relay[VERDICT_RELAY_MAX], own[100];
	struct settings s;
	struct err e;
	int server = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	if (settings_init(&s, &e) != 0 || getcwd(folder, sizeof(folder)) == NULL ||
	    bind(server, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(server, 5) != 0)
		abort();
	(void)snprintf(entry, sizeof(entry), "unix:%s/socket", folder);
	fd = dial(entry, &s, SOON, relay, &e);
	check(fd >= 0 && dial_is_local(fd), "a socket");
	check_text(relay, entry, "is named by its path");
	dial_own_literal(fd, own, sizeof(own));
	check_text(own, "[127.0.0.1]", "and we are this host");
	(void)close(fd);
	(void)close(server);
	(void)snprintf(entry, sizeof(entry), "unix:%s/nowhere", folder);
	check(dial(entry, &s, SOON, relay, &e) == -1 && e.status == EX_TEMPFAIL,
	    "no socket");
	check_text(relay, entry, "is named so as well");
	check(!dial_is_local(-1), "what is no socket is not on this host");
	settings_free(&s);
}

int
main(void)
{
	child_folder();
	check_lists();
	check_long_entry();
	check_local();
	check_lookup();
	check_connect();
	check_source();
	check_path();
	child_clean();
	return check_end();
}
