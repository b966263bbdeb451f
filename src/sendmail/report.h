/*
 * report.h - what a run of sendmail came to: the exit status, and a line for
 * each thing that a person must know.
 */
#ifndef OUTTRAY_SENDMAIL_REPORT_H
#define OUTTRAY_SENDMAIL_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "deliver/verdict.h"
#include "mail/envelope.h"
#include "mail/stamp.h"

enum {
	REPORT_MAX = 256 * 1024,	/* bytes in all */
	REPORT_LINE_MAX = 16 * 1024	/* longer lines are cut */
};

struct report {
	int        status;		/* 0: every recipient was sent to or kept for */
	char       id[STAMP_ID_MAX];	/* of what was kept, or of the message */
	struct buf lines;		/* for standard error, each with '\n';
					   `full` where some did not fit */
	int        code;		/* the server's to the first who was
					   refused, for -bs; 0 = none */
	size_t     sent, kept, refused;	/* recipients */
};

void report_init(struct report *r);
void report_free(struct report *r);

/* Take over an error: its line, and its status where none was set before. */
void report_error(struct report *r, const struct err *e);

/* Only a line. */
void report_line(struct report *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Say what became of those recipients whose verdicts are like that of number
 * `first` (all of them in one line): who, which server, which step, its words,
 * whether for ever, and `fate`: where the mail is now.
 */
void report_verdicts(struct report *r, const struct envelope *v,
    const struct verdict *verdicts, size_t first, const char *fate);

/* Alike: one line can speak for both. */
bool report_same(const struct verdict *a, const struct verdict *b);

#endif
