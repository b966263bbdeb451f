/*
 * sink.c - an SMTP server that takes every message and keeps none, faster
 * than any client sends: for messages of 100 MB.
 *
 *   sink FILE      listens on a port of 127.0.0.1 that it writes to FILE
 *
 * One client at a time; PIPELINING, no TLS. Ends with SIGTERM.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TAIL = 32 };		/* "\r\n.\r\nQUIT\r\n" and more */

struct session {
	int    fd;
	bool   data;		/* within a message */
	size_t len;
	char   bytes[1 << 18];
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static const char *
answer(struct session *s, const char *line)
{
	if (strncasecmp(line, "EHLO", 4) == 0)
		return "250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
		    "250 SIZE 1000000000\r\n";
	if (strncasecmp(line, "DATA", 4) == 0) {
		s->data = true;
		return "354 go on\r\n";
	}
	return strncasecmp(line, "QUIT", 4) == 0 ? "221 bye\r\n" : "250 ok\r\n";
}

static void
drop(struct session *s, size_t n)
{
	s->len -= n;
	memmove(s->bytes, s->bytes + n, s->len);
}

/*
 * Take one command or a piece of a message; false when more has to come.
 * Behind the end of a message a client sends one command at most before it has
 * its answer, so the end is looked for in the last bytes only.
 */
static bool
take(struct session *s)
{
	const char *end = s->data ? "\r\n.\r\n" : "\n", *text = "250 ok\r\n";
	char *at;

	if (s->data && s->len > TAIL)
		drop(s, s->len - TAIL);
	at = memmem(s->bytes, s->len, end, strlen(end));
	if (at == NULL)
		return false;
	if (s->data)
		s->data = false;
	else
		text = answer(s, s->bytes);
	drop(s, (size_t)(at - s->bytes) + strlen(end));
	return send(s->fd, text, strlen(text), MSG_NOSIGNAL) > 0;
}

static void
serve(int fd)
{
	static struct session s;
	ssize_t n;

	s = (struct session){ .fd = fd };
	if (send(fd, "220 sink.test ESMTP\r\n", 21, MSG_NOSIGNAL) < 0)
		return;
	while ((n = read(fd, s.bytes + s.len, sizeof(s.bytes) - s.len)) > 0) {
		s.len += (size_t)n;
		while (take(&s))
			;
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int server = socket(AF_INET, SOCK_STREAM, 0), fd;
	FILE *f;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (argc != 2 || server < 0 ||
	    bind(server, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(server, 8) != 0 ||
	    getsockname(server, (struct sockaddr *)&at, &size) != 0)
		die("sink");
	if ((f = fopen(argv[1], "w")) == NULL ||
	    fprintf(f, "%d\n", ntohs(at.sin_port)) < 0 || fclose(f) != 0)
		die(argv[1]);
	while ((fd = accept(server, NULL, NULL)) >= 0) {
		serve(fd);
		(void)close(fd);	/* nothing was written that matters */
	}
	die("accept");
}
