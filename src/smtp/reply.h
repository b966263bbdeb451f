/*
 * reply.h - one answer of the server, gathered line by line (RFC 5321, 4.2).
 * It reads no socket: the dialog hands it lines, and so does the test.
 */
#ifndef OUTTRAY_SMTP_REPLY_H
#define OUTTRAY_SMTP_REPLY_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { REPLY_LINES_MAX = 100, REPLY_BYTES_MAX = 64 * 1024, REPLY_DSN_MAX = 16 };

struct reply {
	int        code;  /* 200 to 599; 0 before the first line */
	int        lines; /* so far */
	struct buf text;  /* printable ASCII, lines joined by '\n'; ours to free */
};

void reply_init(struct reply *r);
void reply_free(struct reply *r);	/* zeroed memory is safe to free */

/* Forget it all before the first line of the next answer. */
void reply_reset(struct reply *r);

/*
 * Add one line, its CRLF removed; the line is only read during the call.
 * Returns 1 when the answer is complete, 0 when another line is due, and
 * -1 (EX_PROTOCOL) when this is no SMTP answer, or a longer one than anybody
 * means (REPLY_LINES_MAX, REPLY_BYTES_MAX).
 */
int reply_feed(struct reply *r, const char *line, size_t len, struct err *e);

/* 2, 3, 4 or 5; 0 before the first line. */
int reply_class(const struct reply *r);

/*
 * The enhanced status ("5.1.1", RFC 3463) that the text begins with, or "".
 * One that contradicts the code ("550 2.0.0") is not believed.
 */
void reply_dsn(const struct reply *r, char dsn[REPLY_DSN_MAX]);

/* All of it in one line, as people read it: "550 5.1.1 no such user". */
void reply_print(const struct reply *r, struct buf *out);

/* The words alone, without code and enhanced status: "no such user". */
void reply_words(const struct reply *r, struct buf *out);

#endif
