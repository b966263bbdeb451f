/*
 * wire.h - the connection: lines in, bytes out, in plain text or TLS, never
 * for longer than the caller says.
 *
 * The socket is non-blocking. What is to be sent gathers in `out`, so that
 * several commands leave together; what arrives waits in `in`, which is as
 * large as the longest line that we keep. Whoever waits for one direction
 * serves the other as well: two sides that both only write would wait for
 * each other for ever (RFC 2920, 3.1).
 */
#ifndef OUTTRAY_SMTP_WIRE_H
#define OUTTRAY_SMTP_WIRE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIRE_LINE_MAX = 16 * 1024,	/* of a line so much is kept (AUTH needs 12 kB) */
	WIRE_OUT_MAX  = 64 * 1024	/* commands on their way */
};

struct tls;

struct wire {
	int         fd;		/* -1 when closed; ours to close */
	struct tls *tls;	/* NULL while in plain text; ours */
	struct buf  out;	/* to be sent; write with buf_put… */
	size_t      sent;	/* of `out`, already */
	size_t      start, end;	/* what has arrived and was not taken */
	bool        skipping;	/* the rest of an overlong line */
	bool        ended;	/* no more will arrive */
	char        in[WIRE_LINE_MAX];
};

/* Takes the socket over. */
void wire_init(struct wire *w, int fd);

/* Closes (with TLS's own farewell) and wipes. Safe after wire_init. */
void wire_free(struct wire *w);

/*
 * The next whole line that has arrived, without CRLF or LF; one longer than
 * WIRE_LINE_MAX is cut. Does not wait. The bytes are good until the next
 * call of any wire function.
 */
bool wire_line(struct wire *w, const char **line, size_t *len);

/* Has anything arrived that was not taken? Does not look at the socket. */
bool wire_has_input(const struct wire *w);

/*
 * Take in what has arrived, without waiting. Returns 0, or -1 (as wire_wait)
 * where that is the end of the connection and nothing else.
 */
int wire_look(struct wire *w, struct err *e);

/*
 * Wait until something has arrived, sending `out` meanwhile. Returns 0, or
 * -1 (EX_TEMPFAIL: lost, or `deadline` (clock_milliseconds) passed, even
 * where something has arrived; EX_PROTOCOL from TLS).
 */
int wire_wait(struct wire *w, int64_t deadline, struct err *e);

/*
 * Send `out` and then these bytes, all of them, taking in what arrives as far as
 * there is room. Returns 0 or -1 as wire_wait. A buffer that was too full
 * is refused (EX_SOFTWARE) before anything is sent.
 */
int wire_send(struct wire *w, const void *bytes, size_t len, int64_t deadline,
    struct err *e);

#endif
