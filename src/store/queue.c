#include "store/queue.h"

#include "base/file.h"
#include "base/io.h"
#include "mail/eml.h"
#include "store/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 * 1024, LOCK_TEXT_MAX = 24 };

/* Names. */

static void
print_name(char text[SPOOL_NAME_MAX], const struct queue_name *n)
{
	(void)snprintf(text, SPOOL_NAME_MAX, "%s,S=%" PRIu64 ".eml", n->id, n->size);
}

static bool
take_id(char id[STAMP_ID_MAX], const char *name, size_t *len)
{
	*len = strspn(name, "0123456789abcdef");
	if (*len == 0 || *len >= STAMP_ID_MAX)
		return false;
	memcpy(id, name, *len);
	id[*len] = '\0';
	return true;
}

bool
queue_name_parse(struct queue_name *n, const char *name)
{
	char again[SPOOL_NAME_MAX];
	size_t len;

	memset(n, 0, sizeof(*n));
	if (!take_id(n->id, name, &len) || strncmp(name + len, ",S=", 3) != 0)
		return false;
	for (const char *c = name + len + 3; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(n->size, 10, &n->size) ||
		    __builtin_add_overflow(n->size, (uint64_t)(*c - '0'), &n->size))
			return false;
	/* One spelling only: the file is found again by what it is called. */
	print_name(again, n);
	return strcmp(again, name) == 0;
}

bool
queue_log_name_parse(char id[STAMP_ID_MAX], const char *name)
{
	size_t len;

	return take_id(id, name, &len) && strcmp(name + len, ".log") == 0;
}

/* Folders. */

static int
open_again(int dir, const char *path, int flags)
{
	int fd;

	do
		fd = openat(dir, path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	while (fd < 0 && errno == EINTR);
	return fd;
}

void
queue_init(struct queue *q)
{
	memset(q, 0, sizeof(*q));
	q->incoming = q->waiting = q->failed = q->lock = -1;
}

static int
open_folder(const struct queue *q, const char *name, bool make, int *fd,
    struct err *e)
{
	char *path = NULL;
	struct stat st;
	int result = -1;

	if (asprintf(&path, "%s/%s", q->directory, name) < 0)
		return err_set(e, EX_OSERR, "out of memory");
	if (make && mkdir(path, 0700) != 0 && errno != EEXIST)
		(void)file_explain(q->directory, FILE_WRITE_IN, errno, e);
	else if ((*fd = open_again(AT_FDCWD, path, O_RDONLY | O_DIRECTORY)) < 0)
		(void)file_explain(path, FILE_READ, errno, e);
	else if (fstat(*fd, &st) != 0)
		(void)err_sys(e, EX_IOERR, "cannot ask whose %s is", path);
	else if (st.st_uid != geteuid())
		(void)err_set(e, EX_CONFIG, "%s belongs to uid %ld, and this runs "
		    "as uid %ld: chown it", path, (long)st.st_uid, (long)geteuid());
	else
		result = 0;
	free(path);
	return result;
}

int
queue_open(struct queue *q, const char *directory, struct err *e)
{
	q->directory = strdup(directory);
	if (q->directory == NULL)
		return err_set(e, EX_OSERR, "out of memory");
	if (open_folder(q, "incoming", false, &q->incoming, e) != 0 ||
	    open_folder(q, "queue", true, &q->waiting, e) != 0 ||
	    open_folder(q, "failed", true, &q->failed, e) != 0) {
		queue_close(q);
		return -1;
	}
	return 0;
}

void
queue_close(struct queue *q)
{
	const int fds[] = { q->incoming, q->waiting, q->failed, q->lock };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);	/* what counts has been synced */
	free(q->directory);
	queue_init(q);
}

static int
lock_again(int fd)
{
	int n;

	do
		n = flock(fd, LOCK_EX | LOCK_NB);
	while (n != 0 && errno == EINTR);
	return n;
}

static long
read_pid(int fd)
{
	char text[LOCK_TEXT_MAX] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = n > 0 ? strtol(text, NULL, 10) : 0;

	return pid > 0 ? pid : 0;
}

int
queue_take_lock(struct queue *q, long *other, struct err *e)
{
	char text[LOCK_TEXT_MAX];
	int len;

	*other = 0;
	q->lock = open_again(q->waiting, ".lock", O_RDWR | O_CREAT);
	if (q->lock < 0) {
		(void)file_explain(q->directory, FILE_WRITE_IN, errno, e);
		return err_while(e, "its file queue/.lock");
	}
	if (lock_again(q->lock) != 0) {
		if (errno != EWOULDBLOCK)
			return err_sys(e, EX_IOERR, "cannot lock %s/queue/.lock",
			    q->directory);
		*other = read_pid(q->lock);
		return 1;
	}
	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	/* The number is for people; the lock is what counts. */
	if (ftruncate(q->lock, 0) == 0)
		(void)!pwrite(q->lock, text, (size_t)len, 0);
	return 0;
}

int
queue_each(const struct queue *q, bool waiting,
    void (*see)(void *with, const char *name), void *with, struct err *e)
{
	int fd = open_again(waiting ? q->waiting : q->incoming, ".",
	    O_RDONLY | O_DIRECTORY);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;
	int cause;

	if (d == NULL) {
		(void)err_sys(e, EX_IOERR, "cannot list %s/%s", q->directory,
		    waiting ? "queue" : "incoming");
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	errno = 0;
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] != '.')
			see(with, entry->d_name);
		errno = 0;
	}
	cause = errno;
	(void)closedir(d);	/* only read from */
	errno = cause;
	return cause == 0 ? 0 : err_sys(e, EX_IOERR, "cannot list %s/%s",
	    q->directory, waiting ? "queue" : "incoming");
}

/* Messages. */

/* A file of this name and size that is nothing but a file. */
static enum queue_result
look(int dir, const char *name, uint64_t size, int *file, struct stat *st,
    struct err *e)
{
	int fd = open_again(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return QUEUE_GONE;
	if (fd < 0) {
		(void)err_sys(e, EX_NOINPUT, "cannot open %s", name);
		return QUEUE_FAILED;
	}
	if (fstat(fd, st) != 0)
		(void)err_sys(e, EX_IOERR, "cannot look at %s", name);
	else if (!S_ISREG(st->st_mode))
		(void)err_set(e, EX_DATAERR, "%s is no regular file", name);
	else if (st->st_nlink == 0)
		return (void)close(fd), QUEUE_GONE;
	else if (st->st_nlink != 1)
		(void)err_set(e, EX_DATAERR, "%s is a file with other names", name);
	else if ((uint64_t)st->st_size > size)
		(void)err_set(e, EX_DATAERR, "%s is larger than its name says", name);
	else
		return *file = fd, QUEUE_OK;
	(void)close(fd);	/* only looked at */
	return QUEUE_FAILED;
}

/* The same, locked. */
static enum queue_result
take(int dir, const char *name, uint64_t size, int *file, struct stat *st,
    struct err *e)
{
	enum queue_result result = look(dir, name, size, file, st, e);

	if (result != QUEUE_OK || lock_again(*file) == 0)
		return result;
	result = errno == EWOULDBLOCK ? QUEUE_LOCKED : QUEUE_FAILED;
	if (result == QUEUE_FAILED)
		(void)err_sys(e, EX_IOERR, "cannot lock %s", name);
	(void)close(*file);	/* only looked at */
	return result;
}

static bool
is_file(int dir, const char *name, const struct stat *wanted)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == wanted->st_dev && st.st_ino == wanted->st_ino;
}

static int
rename_new(int from, const char *name, int to, const char *as)
{
	int n;

	do
		n = renameat2(from, name, to, as, RENAME_NOREPLACE);
	while (n != 0 && errno == EINTR);
	/* A file system without the flag: nobody else makes names in `to`. */
	if (n != 0 && errno == EINVAL) {
		if (faccessat(to, as, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			errno = EEXIST;
			return -1;
		}
		n = renameat(from, name, to, as);
	}
	return n;
}

/*
 * Who owns the file may have put another in its place meanwhile: what then
 * was renamed goes back.
 */
static enum queue_result
move_in(const struct queue *q, const char *name, const struct stat *st,
    struct err *e)
{
	if (rename_new(q->incoming, name, q->waiting, name) != 0) {
		if (errno == ENOENT)
			return QUEUE_GONE;
		return (enum queue_result)err_sys(e, EX_IOERR, "cannot move %s from "
		    "incoming to queue", name);
	}
	if (is_file(q->waiting, name, st))
		return QUEUE_OK;
	(void)rename_new(q->waiting, name, q->incoming, name);
	return (enum queue_result)err_set(e, EX_DATAERR, "%s was replaced while it "
	    "was taken over", name);
}

static void
remove_old(int dir, const char *name, const struct stat *st)
{
	time_t now = time(NULL);

	if (now - st->st_ctime > QUEUE_LITTER_SECONDS)
		(void)unlinkat(dir, name, 0);	/* else at the next scan */
}

enum queue_result
queue_accept(const struct queue *q, const char *name, struct queue_name *n,
    struct err *e)
{
	enum queue_result result;
	struct stat st;
	int fd;

	if (!queue_name_parse(n, name))
		return (enum queue_result)err_set(e, EX_DATAERR, "%s is no name of "
		    "a queued message", name);
	result = take(q->incoming, name, n->size, &fd, &st, e);
	if (result != QUEUE_OK)
		return result;
	if ((uint64_t)st.st_size < n->size) {
		remove_old(q->incoming, name, &st);
		result = QUEUE_UNFINISHED;
	} else {
		result = move_in(q, name, &st, e);
	}
	(void)close(fd);
	return result;
}

enum queue_result
queue_take(const struct queue *q, const struct queue_name *n, int *file,
    struct err *e)
{
	char name[SPOOL_NAME_MAX];
	enum queue_result result;
	struct stat st;

	print_name(name, n);
	result = take(q->waiting, name, n->size, file, &st, e);
	if (result != QUEUE_OK || (uint64_t)st.st_size == n->size)
		return result;
	(void)close(*file);
	remove_old(q->waiting, name, &st);
	(void)err_set(e, EX_DATAERR, "%s is shorter than its name says", name);
	return QUEUE_UNFINISHED;
}

int
queue_add(const struct queue *q, const char *id, const struct buf *message,
    struct queue_name *n, struct err *e)
{
	char name[SPOOL_NAME_MAX], *path = NULL;
	struct draft d;
	int result;

	memset(n, 0, sizeof(*n));
	memcpy(n->id, id, strnlen(id, sizeof(n->id) - 1));
	n->size = message->len;
	print_name(name, n);
	if (asprintf(&path, "%s/queue", q->directory) < 0)
		return err_set(e, EX_OSERR, "out of memory");
	result = draft_open(&d, path, e);
	free(path);
	if (result != 0)
		return -1;
	result = draft_write_buf(&d, message, e);
	if (result == 0)
		result = draft_link(&d, name, e);
	/* As in spool.h: its name says how long it has to be. */
	if (result == 0 && draft_sync_file(&d, e) != 0)
		result = draft_take_back(&d, name, e);
	draft_free(&d);
	return result;
}

enum queue_result
queue_look(const struct queue *q, const struct queue_name *n, int *file,
    bool *busy, struct err *e)
{
	const int folders[] = { q->incoming, q->waiting };
	enum queue_result result = QUEUE_GONE;
	char name[SPOOL_NAME_MAX];
	struct stat st;

	print_name(name, n);
	/* It goes one way only, so the second look finds what the first missed. */
	for (size_t i = 0; i < 2 && result == QUEUE_GONE; i++)
		result = look(folders[i], name, n->size, file, &st, e);
	*busy = result == QUEUE_OK && lock_again(*file) != 0;
	if (result == QUEUE_OK && !*busy)
		(void)flock(*file, LOCK_UN);	/* it was ours for a moment */
	return result;
}

long
queue_read_envelope(int file, struct envelope *v, struct err *e)
{
	struct buf block;
	size_t wanted = BLOCK_BYTES;
	long length = 0;
	ssize_t n = 1;

	buf_init(&block, EML_BLOCK_MAX + 1);
	while (length == 0 && n > 0) {
		char *to = buf_room(&block, wanted);

		if (to == NULL) {
			length = err_set(e, EX_DATAERR, "its envelope is too long");
			break;
		}
		do
			n = pread(file, to, wanted, (off_t)block.len);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			length = err_sys(e, EX_IOERR, "cannot read it");
		if (n <= 0)
			break;
		block.len += (size_t)n;
		envelope_free(v);
		envelope_init(v, QUEUE_RECIPIENTS_MAX);
		length = eml_parse(v, block.data, block.len, e);
		wanted = block.len;
	}
	buf_free(&block);
	return length != 0 ? length :
	    err_set(e, EX_DATAERR, "its envelope does not end");
}

/* Logs. */

static void
print_log_name(char text[SPOOL_NAME_MAX], const char *id)
{
	(void)snprintf(text, SPOOL_NAME_MAX, "%s.log", id);
}

int
queue_read_log(const struct queue *q, const char *id,
    void (*take_bytes)(void *with, const char *bytes, size_t len), void *with,
    struct err *e)
{
	char name[SPOOL_NAME_MAX], bytes[4096];
	ssize_t n = -1;
	int fd;

	print_log_name(name, id);
	fd = open_again(q->waiting, name, O_RDONLY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	while (fd >= 0 && (n = io_read(fd, bytes, sizeof(bytes))) > 0)
		take_bytes(with, bytes, (size_t)n);
	if (n < 0)
		(void)err_sys(e, EX_IOERR, "cannot read %s", name);
	if (fd >= 0)
		(void)close(fd);	/* only read from */
	return n < 0 ? -1 : 0;
}

/* Has it no lines yet, or does it end within one? */
static int
look_at_log(int fd, bool *is_new, bool *cut)
{
	struct stat st;
	char last = '\n';

	if (fstat(fd, &st) != 0)
		return -1;
	if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1)
		return -1;
	*is_new = st.st_size == 0;
	*cut = last != '\n';
	return 0;
}

static int
open_log(const struct queue *q, const char *name, struct err *e)
{
	int fd = open_again(q->waiting, name, O_RDWR | O_APPEND | O_CREAT);

	if (fd < 0) {
		(void)file_explain(q->directory, FILE_WRITE_IN, errno, e);
		(void)err_while(e, "%s", name);
	}
	return fd;
}

int
queue_reserve_log(const struct queue *q, const char *id, size_t bytes,
    struct err *e)
{
	char name[SPOOL_NAME_MAX];
	int fd, n;

	print_log_name(name, id);
	fd = open_log(q, name, e);
	if (fd < 0)
		return -1;
	do
		n = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes);
	while (n != 0 && errno == EINTR);
	/* Others, such as EOPNOTSUPP, say nothing about the room that there is. */
	if (n != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
		n = file_explain(q->directory, FILE_WRITE_IN, errno, e);
	else
		n = 0;
	(void)close(fd);	/* nothing was written */
	return n;
}

int
queue_add_log(const struct queue *q, const char *id, const struct buf *lines,
    struct err *e)
{
	char name[SPOOL_NAME_MAX];
	bool is_new = false, cut = false;
	int fd, result = -1;

	print_log_name(name, id);
	fd = open_log(q, name, e);
	if (fd < 0)
		return -1;
	if (look_at_log(fd, &is_new, &cut) != 0)
		(void)err_sys(e, EX_IOERR, "cannot look at %s", name);
	else if (lines->full)
		(void)err_set(e, EX_OSERR, "no memory for the lines of %s", name);
	else if ((cut && io_write(fd, "\n", 1) != 0) ||
	    io_write(fd, lines->data, lines->len) != 0)
		(void)file_explain(q->directory, FILE_WRITE_IN, errno, e);
	/* A new log has to be found again, and its message beside it. */
	else if (file_sync_data(fd, q->directory, e) == 0)
		result = is_new ? queue_sync(q, e) : 0;
	(void)close(fd);	/* synced */
	return result;
}

static int
remove_name(const struct queue *q, const char *name, struct err *e)
{
	int n;

	do
		n = unlinkat(q->waiting, name, 0);
	while (n != 0 && errno == EINTR);
	if (n == 0 || errno == ENOENT)
		return 0;
	(void)file_explain(q->directory, FILE_WRITE_IN, errno, e);
	return err_while(e, "removing queue/%s", name);
}

int
queue_remove_log(const struct queue *q, const char *id, struct err *e)
{
	char name[SPOOL_NAME_MAX];

	print_log_name(name, id);
	return remove_name(q, name, e);
}

int
queue_remove(const struct queue *q, const struct queue_name *n, struct err *e)
{
	char name[SPOOL_NAME_MAX];

	print_name(name, n);
	return remove_name(q, name, e) != 0 ? -1 : queue_remove_log(q, n->id, e);
}

static int
write_reason(const struct queue *q, const char *id, const struct buf *reason,
    struct err *e)
{
	char name[SPOOL_NAME_MAX];
	int fd, result = -1;

	(void)snprintf(name, sizeof(name), "%s.reason", id);
	/* One that a crash left without its message is written anew. */
	fd = open_again(q->failed, name, O_WRONLY | O_CREAT | O_TRUNC);
	if (fd < 0 || io_write(fd, reason->data, reason->len) != 0)
		(void)file_explain(q->directory, FILE_WRITE_IN, errno, e);
	else
		result = file_sync(fd, q->directory, e);
	if (fd >= 0)
		(void)close(fd);	/* synced */
	return result;
}

int
queue_give_up(const struct queue *q, const struct queue_name *n,
    const struct buf *reason, struct err *e)
{
	char name[SPOOL_NAME_MAX], as[SPOOL_NAME_MAX];

	print_name(name, n);
	(void)snprintf(as, sizeof(as), "%s.eml", n->id);
	if (write_reason(q, n->id, reason, e) != 0 ||
	    file_sync(q->failed, q->directory, e) != 0)
		return err_while(e, "writing failed/%s.reason", n->id);
	if (rename_new(q->waiting, name, q->failed, as) != 0 && errno != ENOENT)
		return err_sys(e, EX_IOERR, "cannot move %s from queue to failed",
		    name);
	return queue_remove_log(q, n->id, e);
}

int
queue_sync(const struct queue *q, struct err *e)
{
	return file_sync(q->waiting, q->directory, e);
}
