/*
 * err.h - why something failed: a sysexits(3) status and one sentence.
 *
 * The place that knows the cause sets it; each caller may say what it was
 * doing. Whatever goes into the sentence is made printable ASCII there, so
 * that a server's answer or a file's name can neither forge a line of a log
 * nor move the cursor of a terminal. Too long a sentence is cut.
 */
#ifndef OUTTRAY_BASE_ERR_H
#define OUTTRAY_BASE_ERR_H

#include <stddef.h>
#include <sysexits.h>

enum { ERR_TEXT_MAX = 1024 };	/* bytes, with the final NUL */

struct err {
	int  status;			/* EX_USAGE … EX_CONFIG; 0 = none yet */
	char text[ERR_TEXT_MAX];	/* "" = none yet */
};

/* Set status and sentence. Always returns -1, so that it can be returned. */
int err_set(struct err *e, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with ": " and the words for errno behind it. */
int err_sys(struct err *e, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The words for `cause`, an errno; where a limit of this process was reached,
 * with what it is and how the caller's shell names it. Good until the next
 * call.
 */
const char *err_words(int cause);

/* Put "…: " before the sentence; the status stays. Always returns -1. */
int err_while(struct err *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
