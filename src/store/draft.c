#include "store/draft.h"

#include "base/file.h"
#include "base/io.h"
#include "mail/stamp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_MODE = 0640,
	UNNAMED_MODE = 0600,
	HIDDEN_DRAFTS = 4,		/* at the same time in one process */
	LITTER_SECONDS = 36 * 3600,
	LITTER_LOOKED_AT = 1000,	/* names in one run */
	COPY_BYTES = 16384		/* of a stack that may be small */
};

/*
 * What a signal handler removes. A place is in use while its dir is not 0
 * (descriptors 0 to 2 are never ours); the name is written first and dir last.
 */
static struct {
	volatile sig_atomic_t dir;
	char                  name[64];
} hidden_drafts[HIDDEN_DRAFTS];

void (*draft_will_hide)(void);

static void
remember_hidden(int dir, const char *name)
{
	if (draft_will_hide != NULL)
		draft_will_hide();
	for (int i = 0; i < HIDDEN_DRAFTS; i++) {
		if (hidden_drafts[i].dir != 0)
			continue;
		(void)snprintf(hidden_drafts[i].name,
		    sizeof(hidden_drafts[i].name), "%s", name);
		hidden_drafts[i].dir = dir;
		return;
	}
}

static void
forget_hidden(int dir, const char *name)
{
	for (int i = 0; i < HIDDEN_DRAFTS; i++)
		if (hidden_drafts[i].dir == dir &&
		    strcmp(hidden_drafts[i].name, name) == 0)
			hidden_drafts[i].dir = 0;
}

void
draft_remove_hidden(void)
{
	for (int i = 0; i < HIDDEN_DRAFTS; i++)
		if (hidden_drafts[i].dir != 0)
			/* Nothing can be said from a handler. */
			(void)unlinkat(hidden_drafts[i].dir,
			    hidden_drafts[i].name, 0);
}

static int
open_again(int dir, const char *path, int flags, mode_t mode)
{
	int fd;

	/* Network and FUSE file systems can be interrupted here. */
	do
		fd = openat(dir, path, flags | O_CLOEXEC, mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

/*
 * The program's umask takes nothing from our modes, and chmod(2) afterwards
 * would overwrite the mask of an ACL that the folder gave the file.
 */
static int
create(int dir, const char *path, int flags, mode_t mode)
{
	return open_again(dir, path, flags | O_RDWR, mode);
}

static bool
has_no_unnamed_files(int cause)
{
	/* EISDIR: kernels and file systems that know the flag's other half. */
	return cause == EOPNOTSUPP || cause == EISDIR || cause == EINVAL ||
	    cause == ENOSYS;
}

/* "<32 hexadecimal digits>.tmp": a name that hide() below gave. */
static bool
is_litter_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 32 &&
	    strcmp(name + 32, ".tmp") == 0;
}

/*
 * Age is told by comparing with the file just made, not with our clock: on a
 * network both times are then the server's.
 */
static void
remove_litter(int hidden_dir, const struct stat *ours)
{
	int fd = open_again(hidden_dir, ".", O_RDONLY | O_DIRECTORY, 0);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	struct stat st;

	if (d == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;		/* litter is no reason to keep a mail */
	}
	for (int i = 0; i < LITTER_LOOKED_AT && (entry = readdir(d)) != NULL; i++)
		if (is_litter_name(entry->d_name) &&
		    fstatat(hidden_dir, entry->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_uid == ours->st_uid &&
		    ours->st_mtime - st.st_mtime > LITTER_SECONDS)
			(void)unlinkat(hidden_dir, entry->d_name, 0);
	(void)closedir(d);	/* only read from */
}

static int
open_hidden_folder(const struct draft *d, const char *folder, struct err *e)
{
	int fd;

	if (mkdirat(d->dir, folder, 0700) != 0 && errno != EEXIST) {
		(void)file_explain(d->directory, FILE_WRITE_IN, errno, e);
		return err_while(e, "making the folder %s", folder);
	}
	fd = open_again(d->dir, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0)
		return err_sys(e, EX_CANTCREAT, "cannot open the folder %s/%s",
		    d->directory, folder);
	return fd;
}

/* A hidden file by name, where there are no unnamed ones. */
static int
hide(struct draft *d, struct err *e)
{
	char folder[32], id[STAMP_ID_MAX], name[sizeof(d->hidden)];
	struct stat in, st;
	int dir, fd;

	if (stamp_id(id, e) != 0)
		return -1;
	(void)snprintf(folder, sizeof(folder), ".outtray-%ld", (long)geteuid());
	(void)snprintf(name, sizeof(name), "%s.tmp", id);
	if ((dir = open_hidden_folder(d, folder, e)) < 0)
		return -1;
	remember_hidden(dir, name);
	fd = create(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
	if (fd < 0) {
		(void)file_explain(d->directory, FILE_WRITE_IN, errno, e);
		(void)err_while(e, "in its folder %s", folder);
		goto fail;
	}
	/*
	 * Whoever owns the folder could put another file under our name. Our
	 * uid may look different there (root squash), our file's tells.
	 */
	if (fstat(dir, &in) != 0 || fstat(fd, &st) != 0) {
		(void)err_sys(e, EX_CANTCREAT, "cannot ask whose %s/%s is",
		    d->directory, folder);
		goto fail;
	}
	if (in.st_uid != st.st_uid) {
		(void)err_set(e, EX_CANTCREAT, "%s/%s belongs to uid %ld and not "
		    "to uid %ld, which needs it: remove it", d->directory, folder,
		    (long)in.st_uid, (long)st.st_uid);
		goto fail;
	}
	remove_litter(dir, &st);
	d->fd = fd;
	d->hidden_dir = dir;
	d->named = true;
	memcpy(d->hidden, name, sizeof(name));
	return 0;
fail:
	if (fd >= 0) {
		(void)unlinkat(dir, name, 0);
		(void)close(fd);
	}
	forget_hidden(dir, name);
	(void)close(dir);
	return -1;
}

static void
clear(struct draft *d)
{
	memset(d, 0, sizeof(*d));
	d->fd = d->dir = d->hidden_dir = -1;
}

/* To be synced later, where it may be read; a drop box (mode 1733) may not. */
static void
open_folder(struct draft *d)
{
	d->dir = open_again(AT_FDCWD, d->directory, O_RDONLY | O_DIRECTORY, 0);
	d->readable = d->dir >= 0;
	if (d->dir < 0 && errno == EACCES)
		d->dir = open_again(AT_FDCWD, d->directory,
		    O_PATH | O_DIRECTORY, 0);
}

int
draft_open(struct draft *d, const char *directory, struct err *e)
{
	clear(d);
	d->directory = strdup(directory);
	if (d->directory == NULL)
		return err_sys(e, EX_OSERR, "opening %s", directory);
	open_folder(d);
	if (d->dir >= 0)
		d->fd = create(d->dir, ".", O_TMPFILE, FILE_MODE);
	if (d->fd >= 0)
		return 0;
	if (d->dir >= 0 && has_no_unnamed_files(errno)) {
		if (hide(d, e) == 0)
			return 0;
	} else {
		(void)file_explain(directory, FILE_WRITE_IN, errno, e);
	}
	draft_free(d);
	return -1;
}

static int
open_memory(void)
{
	int fd = -1;

#ifdef MFD_NOEXEC_SEAL
	fd = memfd_create("message", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno != EINVAL)
		return -1;
#endif
	return fd >= 0 ? fd : memfd_create("message", MFD_CLOEXEC);
}

/* The name is gone before anything is written under it. */
static int
open_nameless(int dir)
{
	char id[STAMP_ID_MAX], name[64];
	struct err ignored;
	int cause, fd;

	if (stamp_id(id, &ignored) != 0) {
		errno = EAGAIN;
		return -1;
	}
	(void)snprintf(name, sizeof(name), ".outtray-%s.tmp", id);
	remember_hidden(dir, name);
	fd = create(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW, UNNAMED_MODE);
	cause = errno;
	if (fd >= 0 && unlinkat(dir, name, 0) != 0) {
		cause = errno;
		(void)close(fd);
		fd = -1;
	}
	forget_hidden(dir, name);
	errno = cause;
	return fd;
}

static int
open_unnamed_in(const char *place)
{
	int dir = open_again(AT_FDCWD, place, O_PATH | O_DIRECTORY, 0);
	int cause, fd;

	if (dir < 0)
		return -1;
	fd = create(dir, ".", O_TMPFILE | O_EXCL, UNNAMED_MODE);
	if (fd < 0 && has_no_unnamed_files(errno))
		fd = open_nameless(dir);
	cause = errno;
	(void)close(dir);
	errno = cause;
	return fd;
}

int
draft_open_unnamed(struct draft *d, bool small, const char *const places[],
    struct err *e)
{
	struct buf tried;
	struct err why = { 0 };
	int status = EX_CANTCREAT;

	clear(d);
	if (small && (d->fd = open_memory()) >= 0)
		return 0;
	buf_init(&tried, ERR_TEXT_MAX);
	for (size_t i = 0; places[i] != NULL && d->fd < 0; i++) {
		if ((d->fd = open_unnamed_in(places[i])) >= 0) {
			/* NULL here costs a name in a message, no more. */
			d->directory = strdup(places[i]);
			break;
		}
		(void)file_explain(places[i], FILE_WRITE_IN, errno, &why);
		buf_printf(&tried, "%s%s", i > 0 ? "; " : "", why.text);
		status = why.status;
	}
	if (d->fd < 0)
		(void)err_set(e, status, "no place for the message: %s",
		    tried.len > 0 ? buf_text(&tried) : "none is set");
	buf_free(&tried);
	return d->fd >= 0 ? 0 : -1;
}

static int
explain_write(const struct draft *d, int cause, struct err *e)
{
	if (d->directory != NULL)
		return file_explain(d->directory, FILE_WRITE_IN, cause, e);
	errno = cause;
	return err_sys(e, EX_OSERR, "cannot hold the message in memory");
}

int
draft_write(struct draft *d, const void *bytes, size_t len, struct err *e)
{
	if (d->limit > 0 && len > d->limit - d->written)
		return err_set(e, EX_DATAERR, "the message is larger than "
		    "%llu bytes", (unsigned long long)d->limit);
	if (io_write(d->fd, bytes, len) != 0)
		return explain_write(d, errno, e);
	d->written += len;
	return 0;
}

int
draft_write_buf(struct draft *d, const struct buf *b, struct err *e)
{
	if (b->full)
		return err_set(e, EX_SOFTWARE,
		    "a part of the message did not fit into its buffer");
	return draft_write(d, b->data, b->len, e);
}

int
draft_lock(struct draft *d, struct err *e)
{
	int n;

	do
		n = flock(d->fd, LOCK_EX | LOCK_NB);
	while (n != 0 && errno == EINTR);
	if (n != 0)
		return err_sys(e, EX_IOERR, "cannot lock a file in %s",
		    d->directory);
	d->locked = true;
	return 0;
}

/*
 * NFS, SMB and FUSE report late errors at close(2), of any descriptor of the
 * file: so of a second one, since ours is still needed.
 */
static int
close_check(const struct draft *d, struct err *e)
{
	int fd = d->named ? fcntl(d->fd, F_DUPFD_CLOEXEC, 3) : -1;

	if (fd >= 0 && close(fd) != 0 && errno != EINTR)
		return explain_write(d, errno, e);
	return 0;
}

int
draft_sync_file(struct draft *d, struct err *e)
{
	return file_sync(d->fd, d->directory, e) != 0 ? -1 : close_check(d, e);
}

int
draft_sync_data(struct draft *d, struct err *e)
{
	return d->named ? draft_sync_file(d, e) :
	    file_sync_data(d->fd, d->directory, e);
}

int
draft_sync_folder(struct draft *d, struct err *e)
{
	int n;

	if (!d->readable)
		return draft_sync_file(d, e);
	do
		n = fsync(d->dir);
	while (n != 0 && errno == EINTR);
	if (n == 0)
		return 0;
	/* Some file systems sync no folders. */
	if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)
		return draft_sync_file(d, e);
	(void)file_explain(d->directory, FILE_WRITE_IN, errno, e);
	return err_while(e, "syncing the folder");
}

/* Is `name` our file? A call repeated by the network fails with EEXIST. */
static bool
is_ours(const struct draft *d, const char *name)
{
	struct stat a, b;

	return fstat(d->fd, &a) == 0 &&
	    fstatat(d->dir, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int
link_again(int from, const char *path, int to, const char *name, int flags)
{
	int n;

	do
		n = linkat(from, path, to, name, flags);
	while (n != 0 && errno == EINTR);
	return n;
}

/* The trouble is the file system's, so another way to link has the same. */
static bool
is_final(int cause)
{
	return cause == EEXIST || cause == ENOSPC || cause == EDQUOT ||
	    cause == EIO || cause == EROFS || cause == ENOMEM;
}

/* By descriptor; before Linux 6.10 that takes a capability, so by /proc. */
static int
link_unnamed(const struct draft *d, const char *name)
{
	char path[32];

	if (link_again(d->fd, "", d->dir, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (is_final(errno))
		return -1;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", d->fd);
	return link_again(AT_FDCWD, path, d->dir, name, AT_SYMLINK_FOLLOW);
}

static int
copy_bytes(int from, int to)
{
	char bytes[COPY_BYTES];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(from, bytes, sizeof(bytes), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || io_write(to, bytes, (size_t)n) != 0)
			return -1;
		at += n;
	}
	return 0;
}

/* An unnamed file that nothing can link (no /proc): copy it to a hidden one. */
static int
become_hidden(struct draft *d, struct err *e)
{
	int old = d->fd;
	bool failed;

	d->fd = -1;
	if (hide(d, e) != 0) {
		d->fd = old;
		return -1;
	}
	failed = (copy_bytes(old, d->fd) != 0 && explain_write(d, errno, e) != 0)
	    || (d->locked && draft_lock(d, e) != 0)
	    || draft_sync_data(d, e) != 0;
	(void)close(old);	/* only read from */
	return failed ? -1 : 0;
}

static void
unhide(struct draft *d)
{
	forget_hidden(d->hidden_dir, d->hidden);
	d->hidden[0] = '\0';
}

/* Without hard links (SMB, FAT): 0, or -1 with errno. */
static int
rename_hidden(struct draft *d, const char *name)
{
	struct stat st;
	int n;

	do
		n = renameat2(d->hidden_dir, d->hidden, d->dir, name,
		    RENAME_NOREPLACE);
	while (n != 0 && errno == EINTR);
	if (n == 0 || is_final(errno))
		return n;
	if (errno == ENOENT && is_ours(d, name))
		return 0;	/* the first of two requests had worked */
	if (fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(d->hidden_dir, d->hidden, d->dir, name);
}

static int
link_hidden(struct draft *d, const char *name)
{
	if (link_again(d->hidden_dir, d->hidden, d->dir, name, 0) != 0) {
		if (errno == EEXIST && is_ours(d, name))
			;	/* as above */
		else if (is_final(errno) || rename_hidden(d, name) != 0)
			return -1;
	}
	/* A second name would make readers think it is still being written. */
	if (unlinkat(d->hidden_dir, d->hidden, 0) != 0 && errno != ENOENT) {
		int cause = errno;

		(void)unlinkat(d->dir, name, 0);
		errno = cause;
		return -1;
	}
	unhide(d);
	return 0;
}

int
draft_link(struct draft *d, const char *name, struct err *e)
{
	int n = -1;

	if (!d->named) {
		n = link_unnamed(d, name);
		if (n != 0 && !is_final(errno) && become_hidden(d, e) != 0)
			return -1;
	}
	if (n != 0 && d->named)
		n = link_hidden(d, name);
	if (n == 0 || (errno == EEXIST && is_ours(d, name)))
		return 0;
	if (errno == EEXIST)
		return 1;
	(void)file_explain(d->directory, FILE_WRITE_IN, errno, e);
	/* A server that could not answer may have done it all the same. */
	return is_ours(d, name) ? draft_take_back(d, name, e) : -1;
}

int
draft_take_back(struct draft *d, const char *name, struct err *e)
{
	const char *outcome = "the file was removed again";
	int n;

	do
		n = unlinkat(d->dir, name, 0);
	while (n != 0 && errno == EINTR);
	if (n != 0)
		outcome = errno == ENOENT ?
		    "but it was taken already: it may be delivered" :
		    "and it could not be removed again: it may be delivered";
	return err_set(e, e->status, "%s; %s (%s)", e->text, outcome, name);
}

void
draft_free(struct draft *d)
{
	if (d->hidden[0] != '\0') {
		/* Litter, if this fails; a later run removes it. */
		(void)unlinkat(d->hidden_dir, d->hidden, 0);
		unhide(d);
	}
	/* Descriptors 0 to 2 are never ours: zeroed memory is a free draft. */
	if (d->fd > 0)
		(void)close(d->fd);	/* what counts has been synced */
	if (d->hidden_dir > 0)
		(void)close(d->hidden_dir);
	if (d->dir > 0)
		(void)close(d->dir);
	free(d->directory);
	clear(d);
}
