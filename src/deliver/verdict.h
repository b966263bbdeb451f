/*
 * verdict.h - what became of one recipient, and the line that says so.
 *
 * The agent prints for each recipient, in any order,
 *
 *	KIND INDEX STATUS CODE DSN RELAY STEP TEXT
 *
 *	sent 0 0 250 2.0.0 smtp.example.com[192.0.2.1]:587 dot queued as 4kX9
 *
 * KIND being sent, later, refused, or unsure (later, and maybe_twice);
 * and, right before it sends the last bytes of a message, one line "pending":
 * from there on the server may have the message without our knowing.
 */
#ifndef OUTTRAY_DELIVER_VERDICT_H
#define OUTTRAY_DELIVER_VERDICT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum verdict_kind {
	VERDICT_NONE,		/* nothing known (yet) */
	VERDICT_SENT,		/* the server has it: its answer was read */
	VERDICT_LATER,		/* not now; keep it and try again */
	VERDICT_REFUSED		/* never; tell the sender */
};

enum { VERDICT_TEXT_MAX = 512, VERDICT_RELAY_MAX = 320, VERDICT_LINE_MAX = 1024 };

struct verdict {
	enum verdict_kind kind;
	size_t index;		/* of the recipient in the file, from 0 */
	int    status;		/* sysexits; 0 for sent. EX_NOUSER: this
				   recipient; EX_UNAVAILABLE: the service;
				   EX_NOPERM: login; EX_CONFIG: settings;
				   EX_PROTOCOL; EX_DATAERR: the message */
	int    code;		/* the server's, 0 where it gave none */
	char   dsn[16];		/* "5.1.1", or "" (RFC 3463) */
	char   relay[VERDICT_RELAY_MAX]; /* "name[address]:port", or "" */
	char   step[16];	/* lookup connect greeting EHLO STARTTLS TLS AUTH MAIL RCPT
				   DATA body dot settings */
	bool   maybe_twice;	/* later, but the dot was out: kept text says so */
	char   text[VERDICT_TEXT_MAX];	/* the server's words, or ours; printable */
};

/* Set the text; too long a one is cut. */
void verdict_set_text(struct verdict *v, const char *text);

/* The line, with '\n'. Empty strings are printed as "-"; blanks in all but TEXT as '_'. */
void verdict_print(const struct verdict *v, struct buf *out);

/*
 * The line without '\n' to a verdict. Returns 0, 1 for the "pending" line (*v is
 * untouched), or -1 (EX_SOFTWARE: no verdict, or one whose status is not that
 * of its kind: 0 for sent and only for it, EX_TEMPFAIL never for refused).
 */
int verdict_parse(struct verdict *v, const char *line, size_t len, struct err *e);

#endif
