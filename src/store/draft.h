/*
 * draft.h - a file that nobody can see until it is complete.
 *
 * O_TMPFILE where the file system can, so that a kill at any point leaves
 * nothing. Where it cannot (NFS, SMB, some FUSE), a file "<id>.tmp" in a folder
 * of our own within, ".outtray-<uid>", which draft_free and
 * draft_remove_hidden take away again; what a kill -9 left there goes 36 hours
 * later, with the next draft.
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
	int      hidden_dir;	/* of the folder where it is hidden, or -1 */
	char    *directory;	/* its path, for messages; NULL if none */
	char     hidden[64];	/* its name while it is hidden; "" = unnamed */
	bool     named;		/* it was made by name: no O_TMPFILE there */
	bool     readable;	/* the folder may be read, and so synced */
	bool     locked;	/* draft_lock was called */
	uint64_t written;	/* bytes */
	uint64_t limit;		/* 0 = none; set it after draft_open */
};

/*
 * In a folder where it is to appear. The file is for its owner to write and
 * for the folder's group to read: mode 0640 (under the umask that proc_start
 * sets), or what the folder's default ACL makes of that, so that another server
 * can take it.
 */
int draft_open(struct draft *d, const char *directory, struct err *e);

/*
 * Unnamed and never to appear, mode 0600: memory (memfd_create) where it is
 * known to be small, else the first of the `places` (NULL-terminated) that
 * takes a file. The error names each place that was tried and why it failed
 * (EX_CANTCREAT).
 */
int draft_open_unnamed(struct draft *d, bool small, const char *const places[],
    struct err *e);

/*
 * Append; a full buffer is refused (EX_SOFTWARE), what goes over the limit too
 * (EX_DATAERR). ENOSPC, EDQUOT, EFBIG, EIO are explained as file_explain does.
 */
int draft_write(struct draft *d, const void *bytes, size_t len, struct err *e);
int draft_write_buf(struct draft *d, const struct buf *b, struct err *e);

/* Lock it (flock) until draft_free: EX_IOERR where there are no locks. */
int draft_lock(struct draft *d, struct err *e);

/*
 * The bytes to the disk (before the link), the file with its names (after
 * it); errors that a network file system keeps for close(2) count. EX_IOERR.
 */
int draft_sync_data(struct draft *d, struct err *e);
int draft_sync_file(struct draft *d, struct err *e);

/*
 * The folder to the disk. Where it may not be read (a drop box, mode 1733) or
 * cannot be synced, the file is synced once more, which does the same.
 */
int draft_sync_folder(struct draft *d, struct err *e);

/*
 * Let it appear as `name`; an existing file is never replaced. Returns 0, 1
 * if the name is taken (choose another), or -1 and then it has not appeared.
 */
int draft_link(struct draft *d, const char *name, struct err *e);

/*
 * A step after draft_link failed, as `e` says: remove `name` again and add to
 * the sentence what came of it (removed; or it may be delivered). Returns -1.
 */
int draft_take_back(struct draft *d, const char *name, struct err *e);

/* Close it; what has not been linked is gone. Zeroed memory is safe. */
void draft_free(struct draft *d);

/*
 * For signal handlers: remove what is hidden in any draft of this process.
 * draft_will_hide, unless NULL, is called right before a file is hidden by
 * name: time to set such handlers.
 */
void draft_remove_hidden(void);
extern void (*draft_will_hide)(void);

#endif
