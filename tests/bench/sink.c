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

/* Take one command or a piece of a message; false when more has to come. */
static bool
take(struct session *s)
{
	const char *end = s->data ? "\r\n.\r\n" : "\n", *text = "250 ok\r\n";
	char *at = memmem(s->bytes, s->len, end, strlen(end));
	size_t used;

	if (at == NULL) {
		/* What may be the beginning of the end stays. */
		used = s->data && s->len > 4 ? s->len - 4 : 0;
	} else {
		used = (size_t)(at - s->bytes) + strlen(end);
		if (s->data)
			s->data = false;
		else
			text = answer(s, s->bytes);
		if (send(s->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
			return false;
	}
	s->len -= used;
	memmove(s->bytes, s->bytes + used, s->len);
	return at != NULL;
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
