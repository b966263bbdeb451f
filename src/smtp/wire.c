#include "smtp/wire.h"

#include "base/clock.h"
#include "smtp/tls.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
wire_init(struct wire *w, int fd)
{
	w->fd = fd;
	w->tls = NULL;
	w->sent = w->start = w->end = 0;
	w->skipping = w->ended = false;
	buf_init(&w->out, WIRE_OUT_MAX);
}

void
wire_free(struct wire *w)
{
	tls_free(w->tls);
	if (w->fd >= 0)
		(void)close(w->fd);	/* all that mattered was answered */
	buf_free(&w->out);
	wire_init(w, -1);
}

bool
wire_has_input(const struct wire *w)
{
	return w->start < w->end;
}

/* Take `len` bytes off the front. */
static void
take(struct wire *w, size_t len)
{
	w->start += len;
	if (w->start == w->end)
		w->start = w->end = 0;
}

bool
wire_line(struct wire *w, const char **line, size_t *len)
{
	char *from = w->in + w->start, *lf;
	size_t have = w->end - w->start;

	lf = have > 0 ? memchr(from, '\n', have) : NULL;
	if (w->skipping) {
		take(w, lf != NULL ? (size_t)(lf - from) + 1 : have);
		if (lf == NULL)
			return false;
		w->skipping = false;
		return wire_line(w, line, len);
	}
	if (lf == NULL && have < sizeof(w->in))
		return false;
	*line = from;
	*len = lf != NULL ? (size_t)(lf - from) : have;
	w->skipping = lf == NULL;
	take(w, *len + (lf != NULL));
	if (*len > 0 && from[*len - 1] == '\r')
		(*len)--;
	return true;
}

/*
 * One read or write; TLS has its own opinion on what it waits for. Returns the
 * bytes moved, 0 at the end of input, or -1 with errno: EAGAIN and in *events
 * what to poll for, EPROTO and *e.
 */
static ssize_t
read_some(struct wire *w, void *bytes, size_t size, short *events, struct err *e)
{
	*events = POLLIN;
	if (w->tls != NULL)
		return tls_read(w->tls, bytes, size, events, e);
	return recv(w->fd, bytes, size, 0);
}

static ssize_t
write_some(struct wire *w, const void *bytes, size_t len, short *events,
    struct err *e)
{
	*events = POLLOUT;
	if (w->tls != NULL)
		return tls_write(w->tls, bytes, len, events, e);
	return send(w->fd, bytes, len, MSG_NOSIGNAL);
}

static bool
not_now(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static int
lost(struct err *e)
{
	if (errno == EPROTO)
		return -1;	/* TLS has said what it is */
	if (errno == ECONNRESET || errno == EPIPE)
		return err_set(e, EX_TEMPFAIL, "the server closed the connection");
	return err_sys(e, EX_TEMPFAIL, "the connection was lost");
}

/*
 * Take in what there is room for. Returns 1 if something arrived (or the end
 * was reached), 0 if not, -1 when the connection is lost.
 */
static int
receive(struct wire *w, short *events, struct err *e)
{
	ssize_t n;

	if (w->ended || w->end == sizeof(w->in)) {
		if (w->start == 0) {
			*events = 0;
			return 0;
		}
		memmove(w->in, w->in + w->start, w->end - w->start);
		w->end -= w->start;
		w->start = 0;
	}
	n = read_some(w, w->in + w->end, sizeof(w->in) - w->end, events, e);
	if (n < 0)
		return not_now() ? 0 : lost(e);
	if (n == 0)
		w->ended = true;
	w->end += (size_t)n;
	return 1;
}

/* Returns 1 when `bytes` are all sent, 0 if not, -1 when the connection is lost. */
static int
transmit(struct wire *w, const char *bytes, size_t len, size_t *sent,
    short *events, struct err *e)
{
	*events = 0;
	while (*sent < len) {
		ssize_t n = write_some(w, bytes + *sent, len - *sent, events, e);

		if (n < 0)
			return not_now() ? 0 : lost(e);
		*sent += (size_t)n;
	}
	*events = 0;
	return 1;
}

/* Asked before each turn: a server that never pauses must not go on for ever. */
static int
in_time(int64_t deadline, struct err *e)
{
	if (clock_left(deadline) == 0)
		return err_set(e, EX_TEMPFAIL, "no answer in time");
	return 0;
}

static int
wait_for(struct wire *w, short events, int64_t deadline, struct err *e)
{
	struct pollfd p = { .fd = w->fd, .events = events };

	if (poll(&p, 1, clock_left(deadline)) < 0 && errno != EINTR)
		return err_sys(e, EX_OSERR, "cannot wait for the server");
	return 0;
}

/* The out buffer has gone: its memory is used again, secrets in it wiped. */
static void
forget_sent(struct wire *w)
{
	if (w->sent > 0 && w->sent == w->out.len) {
		explicit_bzero(w->out.data, w->out.len);
		buf_reset(&w->out);
		w->sent = 0;
	}
}

static int
refuse_full(const struct wire *w, struct err *e)
{
	if (w->out.full)
		return err_set(e, EX_SOFTWARE, "a command is too long to be sent");
	return 0;
}

int
wire_look(struct wire *w, struct err *e)
{
	short events;

	if (receive(w, &events, e) < 0)
		return -1;
	if (w->ended && w->end == w->start)
		return err_set(e, EX_TEMPFAIL, "the server closed the connection");
	return 0;
}

int
wire_wait(struct wire *w, int64_t deadline, struct err *e)
{
	/* TLS may hold bytes that poll(2) does not know of. */
	bool look = w->tls != NULL;

	if (refuse_full(w, e) != 0)
		return -1;
	for (;; look = true) {
		short in_events = POLLIN, out_events;
		int all, some;

		if (in_time(deadline, e) != 0)
			return -1;
		all = transmit(w, w->out.data, w->out.len, &w->sent,
		    &out_events, e);
		forget_sent(w);
		/* A server that refuses and closes has often said why before. */
		some = look || all < 0 ? receive(w, &in_events, e) : 0;
		if (some > 0 && w->end > w->start)
			return 0;
		if (w->ended)
			return err_set(e, EX_TEMPFAIL,
			    "the server closed the connection");
		if (all < 0 || some < 0)
			return -1;
		if (wait_for(w, (short)(in_events | out_events), deadline, e) != 0)
			return -1;
	}
}

int
wire_send(struct wire *w, const void *bytes, size_t len, int64_t deadline,
    struct err *e)
{
	struct err ignored;
	size_t sent = 0;

	if (refuse_full(w, e) != 0)
		return -1;
	for (;;) {
		short in_events = 0, out_events;
		int all;

		if (in_time(deadline, e) != 0)
			return -1;
		all = transmit(w, w->out.data, w->out.len, &w->sent,
		    &out_events, e);
		forget_sent(w);
		if (all > 0)
			all = transmit(w, bytes, len, &sent, &out_events, e);
		if (all > 0)
			return 0;
		/* Now that we must wait anyway: has the server something to say? */
		if (receive(w, &in_events, all < 0 ? &ignored : e) < 0 || all < 0)
			return -1;
		if (w->ended)
			return err_set(e, EX_TEMPFAIL,
			    "the server closed the connection");
		if (wait_for(w, (short)(in_events | out_events), deadline, e) != 0)
			return -1;
	}
}
