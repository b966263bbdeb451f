/*
 * report_parts.h - the parts of a report that are made here: report.c puts
 * them together. For the files report*.c only.
 */
#ifndef OUTTRAY_MAIL_REPORT_PARTS_H
#define OUTTRAY_MAIL_REPORT_PARTS_H

#include "mail/report.h"

enum { REPORT_WORDS_MAX = 900 };	/* bytes of a text from outside */

/* The part for people; 8-bit where addresses are. */
void report_explain(const struct delivery_report *r, struct buf *out);

/* The fields for programs (RFC 3464 2); 8-bit only where r->global is set. */
void report_status(const struct delivery_report *r, struct buf *out);

/* A status of RFC 3463: a digit, then twice a dot and one to three digits. */
bool report_is_status(const char *text);

/* "5.1.1": the server's own where it fits the kind, else what its code tells. */
void report_status_code(const struct report_outcome *o, struct buf *out);

/*
 * A text from outside as words of printable ASCII with single spaces between
 * them, in lines of 76 bytes if the words allow that; each line begins with
 * `indent` but the first where `column` bytes are in it already.
 */
void report_words(const char *text, size_t column, const char *indent,
    struct buf *out);

#endif
