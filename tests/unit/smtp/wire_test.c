/* Lines and bytes of a connection, and how long it may take. */
#include "smtp/wire.h"

#include "base/clock.h"
#include "check.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOON = 5000 };

/* A wire and the server's end of it, which is not blocking either. */
static int
connected(struct wire *w)
{
	int ends[2] = { -1, -1 };

	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0,
	    "a connection");
	wire_init(w, ends[0]);
	return ends[1];
}

static void
put(int server, const char *text)
{
	ssize_t len = (ssize_t)strlen(text);

	check(send(server, text, (size_t)len, 0) == len, "the server speaks");
}

/* The next line that has arrived, as text; "(none)" where there is none. */
static const char *
next_line(struct wire *w)
{
	static char text[WIRE_LINE_MAX + 1];
	const char *line;
	size_t len;

	if (!wire_line(w, &line, &len))
		return "(none)";
	memcpy(text, line, len);
	text[len] = '\0';
	return text;
}

static void
lines_arrive(void)
{
	struct err e = { 0 };
	struct wire w;
	int server = connected(&w);

	check_text(next_line(&w), "(none)", "nothing has arrived");
	put(server, "250-a\r\n250 b\n250");
	check(wire_wait(&w, clock_milliseconds() + SOON, &e) == 0, "it arrives");
	check_text(next_line(&w), "250-a", "a line with CRLF");
	check_text(next_line(&w), "250 b", "a line with LF");
	check_text(next_line(&w), "(none)", "half a line is none");
	put(server, " c\r\n");
	check(wire_wait(&w, clock_milliseconds() + SOON, &e) == 0, "the rest");
	check_text(next_line(&w), "250 c", "the line is whole");
	(void)close(server);
	check(wire_wait(&w, clock_milliseconds() + SOON, &e) == -1 &&
	    e.status == EX_TEMPFAIL, "the end is no line");
	wire_free(&w);
}

static void
overlong_line(void)
{
	struct err e = { 0 };
	char many[4096 + 1];
	struct wire w;
	int server = connected(&w);
	int waits = 0;

	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	for (int i = 0; i < 5; i++)
		put(server, many);
	put(server, "\r\n250 b\r\n");
	while (w.end < sizeof(w.in) && waits++ < 100 &&
	    wire_wait(&w, clock_milliseconds() + SOON, &e) == 0)
		continue;
	check_number((long long)strlen(next_line(&w)), WIRE_LINE_MAX, "it is cut");
	check_text(next_line(&w), "(none)", "its rest is no line");
	check(wire_wait(&w, clock_milliseconds() + SOON, &e) == 0, "more arrives");
	check_text(next_line(&w), "250 b", "the line behind it is whole");
	(void)close(server);
	wire_free(&w);
}

/* Bytes that never pause keep poll(2) content; only the clock ends it. */
static void
deadline_passed(void)
{
	struct err e = { 0 };
	struct wire w;
	int server = connected(&w);
	char byte;

	put(server, "250-endless");
	check(wire_wait(&w, clock_milliseconds(), &e) == -1 &&
	    e.status == EX_TEMPFAIL, "nothing more is read behind the deadline");
	check_text(e.text, "no answer in time", "the reason");
	check(wire_send(&w, "x", 1, clock_milliseconds(), &e) == -1 &&
	    e.status == EX_TEMPFAIL, "nor sent");
	check(recv(server, &byte, 1, 0) == -1, "not one byte");
	(void)close(server);
	wire_free(&w);
}

static void
looked_at(void)
{
	struct err e = { 0 };
	struct wire w;
	int server = connected(&w);

	check(wire_look(&w, &e) == 0 && !wire_has_input(&w), "nothing is well");
	put(server, "250 a\r\n");
	check(shutdown(server, SHUT_WR) == 0, "the server says no more");
	check(wire_look(&w, &e) == 0 && wire_has_input(&w), "words are well");
	check(wire_look(&w, &e) == 0, "also before the end");
	check_text(next_line(&w), "250 a", "they can be taken");
	check(wire_look(&w, &e) == -1 && e.status == EX_TEMPFAIL, "the end is not");
	check_text(e.text, "the server closed the connection", "the reason");
	(void)close(server);
	wire_free(&w);
}

int
main(void)
{
	lines_arrive();
	overlong_line();
	deadline_passed();
	looked_at();
	return check_end();
}
