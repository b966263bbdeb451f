/*
 * body.h - the message as it goes over the wire: read from the file block by
 * block, a dot doubled where it begins a line (RFC 5321, 4.5.2).
 *
 * Whoever wrote the file, no bare CR, bare LF or NUL leaves: each of LF, CR
 * LF, CR and CR CR LF is one CRLF. What is in order already, and has no dot to
 * double, is handed on as it was read.
 */
#ifndef OUTTRAY_SMTP_BODY_H
#define OUTTRAY_SMTP_BODY_H

#include "base/buf.h"
#include "base/err.h"
#include "mail/message.h"
#include "mail/recode.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { BODY_BLOCK = 64 * 1024 };

struct body {
	int        fd;		/* the caller's; read with pread(2) */
	off_t      start, end;	/* of the message in the file */
	off_t      at;		/* what is read next */
	char       last;	/* the byte that went out last; '\n' at the start */
	bool       held_cr;	/* that is CR, and another that did not go came behind */
	char      *block;	/* BODY_BLOCK bytes; ours */
	off_t      block_at;	/* where in the file the block's bytes are from … */
	size_t     block_len;	/* … and how many they are */
	struct buf mended;	/* a block that could not go as it was */
	struct buf front;	/* goes out in the place of … */
	size_t     skip;	/* … so many bytes at the start, lines mended */
	bool       changed;	/* there is a front */
	bool       front_due;	/* it has not gone out yet … */
	size_t     skip_left;	/* … and what it replaces has not been passed */
	struct buf doubled;	/* the block in which the front ends, or a recoded one */
	struct recode *recode;	/* what was found out about the parts; ours, or NULL */
	bool       recoding;	/* it is what goes out … */
	bool       line_start;	/* … and ended in a line's end */
	struct buf recoded;	/* a block of it, before dots are doubled */
	off_t      recoded_size;
};

/*
 * Open a file and read its first block; the message is all of it so far.
 * Returns 0, or -1 (EX_NOINPUT: no regular file; EX_IOERR; EX_OSERR). Zeroed
 * memory is safe to free.
 */
int body_init(struct body *b, int fd, struct err *e);
void body_free(struct body *b);

/* The message begins here in the file: where body_next begins. */
void body_start(struct body *b, off_t start);

/*
 * Put the first `len` bytes of the file (fewer, where it has fewer) to `out`,
 * as they are. 0, or -1 (EX_IOERR; EX_DATAERR: more than `out` takes).
 */
int body_peek(struct body *b, size_t len, struct buf *out, struct err *e);

/*
 * Put the header to `out`, line ends as they will leave, with the blank line
 * behind it if there is one (*blank). It ends before a line that is no field,
 * but for an mbox line at its start. The body is rewound. Returns 0, or -1
 * (EX_IOERR; EX_DATAERR: it is more than `out` takes).
 */
int body_head(struct body *b, struct buf *out, bool *blank, struct err *e);

/*
 * Read all of it to see what it is like, where nobody has told. The body is
 * rewound. Returns 0, or -1 (EX_IOERR, EX_OSERR).
 */
int body_measure(struct body *b, struct message_facts *facts, struct err *e);

/*
 * Read all of it to see which parts must be encoded for these rules; what is
 * found stands in b->recode until body_restore. Returns 0, or -1 (EX_IOERR,
 * EX_OSERR; EX_DATAERR: a part's header is too long).
 */
int body_scan(struct body *b, const struct recode_rules *rules, struct err *e);

/*
 * Behind body_scan: have it go out encoded. With `measure` it is read once
 * more, so that body_size tells what that comes to. 0, or -1 as above.
 */
int body_recode(struct body *b, bool measure, struct err *e);

/*
 * Have what `front` holds go out in the place of the first `skip` bytes. The
 * buffer is taken over. body_restore undoes it. Both rewind.
 */
void body_replace(struct body *b, struct buf *front, size_t skip);
void body_restore(struct body *b);

/* Bytes to go out, dots not doubled, line ends not mended. */
off_t body_size(const struct body *b);

/*
 * The next bytes to send, good until the next call; *last says that none
 * follow, and that they end in CRLF. Returns 0, or -1 (EX_IOERR; EX_OSERR;
 * also where the file ends before it should: then the message must not be
 * ended as if it were whole).
 */
int body_next(struct body *b, const char **bytes, size_t *len, bool *last,
    struct err *e);

/* Back to its start, for another server. */
void body_rewind(struct body *b);

#endif
