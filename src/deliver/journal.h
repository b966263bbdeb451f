/*
 * journal.h - what became of each recipient of a queued message so far: the
 * lines of queue/ID.log (store/queue.h). A line is a verdict with the
 * time in seconds before it:
 *
 *	1764074482 later 0 75 451 4.2.0 mx.example.com[192.0.2.1]:25 RCPT not now
 *
 * Files can be cut by a power failure, and disks err: a line that is none is
 * passed over, one without its end too, and one that names no recipient.
 */
#ifndef OUTTRAY_DELIVER_JOURNAL_H
#define OUTTRAY_DELIVER_JOURNAL_H

#include "deliver/verdict.h"

#include <stdint.h>

enum { JOURNAL_LINE_MAX = VERDICT_LINE_MAX + 24 };

struct journal {
	size_t   count;		/* recipients */
	struct journal_place {
		unsigned char kind;	/* the last one of enum verdict_kind, but
					   SENT and REFUSED stay */
		unsigned      laters;
	} *places;		/* one each; ours to free */
	size_t   left;		/* neither sent to nor refused */
	size_t   refused;
	unsigned attempts;	/* the most that one recipient was put off */
	unsigned deaths;	/* attempts in which the agent died */
	int64_t  first, last;	/* the time of the first line, and of the last */
	unsigned lines;		/* how many counted */
	bool     told;		/* the sender has a report: "1764074482 told" */
	struct buf line;	/* one that has not ended yet */
	bool     over;		/* … and is too long to be one */

	/* Unless NULL: called with each verdict on somebody who waited till then. */
	void   (*see)(void *with, int64_t seconds, const struct verdict *v);
	void    *with;
};

/* 0, or -1 (EX_OSERR). Zeroed memory is safe to free. */
int journal_init(struct journal *j, size_t recipients, struct err *e);
void journal_free(struct journal *j);

/* The next bytes of the file. */
void journal_feed(struct journal *j, const char *bytes, size_t len);

/* Print one line. */
void journal_print(int64_t seconds, const struct verdict *v, struct buf *out);

/* Print the line that says that the sender has a report. */
void journal_print_told(int64_t seconds, struct buf *out);

/* Is this recipient to be tried (again)? */
bool journal_waits(const struct journal *j, size_t index);

/* Is this what delivery_wait says where the agent died? */
bool journal_is_death(const struct verdict *v);

#endif
