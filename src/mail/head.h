/*
 * head.h - the header of a message, edited as little as possible (RFC 5322
 * 2.2, 3.6): bytes that stay are bytes unchanged, and their order is kept.
 *
 * A field is named by its number (0 … count - 1), which stays the same when
 * others are dropped or added.
 */
#ifndef OUTTRAY_MAIL_HEAD_H
#define OUTTRAY_MAIL_HEAD_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { HEAD_MAX = 1024 * 1024 };	/* bytes */

struct head_field {
	const char *bytes;	/* name, colon, value, last CRLF */
	size_t      len;
	size_t      name_len;	/* without blanks before the colon */
	size_t      value;	/* offset of the value, behind the colon */
	char       *own;	/* allocated for a replaced field, or NULL */
	bool        dropped;
};

struct head {
	struct head_field *fields;
	size_t             count, allocated;
	struct buf         front;	/* whole lines that go before all others */
	struct buf         back;	/* whole lines that go behind all others */
};

/*
 * Divide the header `bytes` (whole lines with CRLF, without the blank line)
 * into fields. The bytes must outlive the head. Returns 0, or -1
 * (EX_DATAERR: a line that belongs to no field; EX_OSERR).
 */
int head_parse(struct head *h, const char *bytes, size_t len, struct err *e);
void head_free(struct head *h);		/* zeroed memory is safe to free */

/* The first field of that name from number `from` on (any case), or -1. */
long head_find(const struct head *h, const char *name, size_t from);

/* Its value: folded as it stands, without the final CRLF. Not ours to change. */
const char *head_value(const struct head *h, long field, size_t *len);

/* Drop one field; drop all of a name. */
void head_drop(struct head *h, long field);
void head_drop_all(struct head *h, const char *name);

/*
 * Put `value` (no CRLF at its end; folded lines begin with a blank) in the
 * place of the field's value. 0, or -1 (EX_OSERR).
 */
int head_replace(struct head *h, long field, const char *value, size_t len,
    struct err *e);

/* Add "name: value" behind all fields; `value` as for head_replace. */
void head_add(struct head *h, const char *name, const char *value);

/*
 * Print the header: what was put in front, the fields that were not dropped,
 * what was added; without the blank line. `out->full` tells that it failed.
 */
void head_print(const struct head *h, struct buf *out);

#endif
