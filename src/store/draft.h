/*
 * draft.h - a file that nobody can see until it is complete.
 *
 * O_TMPFILE where the file system can, so that a kill at any point leaves
 * nothing; else a hidden name in a folder beside, which is removed when the
 * draft is given up (and by the signal handler of main: draft_hidden_path).
 */
#ifndef OUTTRAY_STORE_DRAFT_H
#define OUTTRAY_STORE_DRAFT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct draft {
	int      fd;		/* open for reading and writing; -1 when free */
	int      dir;		/* of the folder it will appear in, or -1 */
	char    *directory;	/* its path, for messages; NULL if none */
	char     hidden[64];	/* its name while it is hidden; "" = unnamed */
	uint64_t written;	/* bytes */
	uint64_t limit;		/* 0 = none */
};

/* In a folder where it is to appear. Mode of the file: 0640. */
int draft_open(struct draft *d, const char *directory, struct err *e);

/*
 * Unnamed and never to appear: memory (memfd_create) where `bytes` is
 * known to be small, else the first of the `places` (NULL-terminated) that takes a file. The
 * error names each place that was tried and why it failed (EX_CANTCREAT).
 */
int draft_open_unnamed(struct draft *d, bool small, const char *const places[],
    struct err *e);

/*
 * Append; a full buffer is refused (EX_SOFTWARE). ENOSPC, EDQUOT, EFBIG, EIO are
 * explained as file_explain does.
 */
int draft_write(struct draft *d, const void *bytes, size_t len, struct err *e);
int draft_write_buf(struct draft *d, const struct buf *b, struct err *e);

/*
 * Let it appear as `name`; an existing file is never replaced. Returns 0, 1
 * if the name is taken (choose another), or -1.
 */
int draft_link(struct draft *d, const char *name, struct err *e);

/* Close it; what has not been linked is gone. Zeroed memory: fd must be -1. */
void draft_free(struct draft *d);

#endif
