#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	LINKS_MAX = 40,		/* as the kernel follows, then ELOOP */
	NAME_BYTES = 64,	/* of a user, for people to read */
	PLACE_BYTES = 300	/* of a path in a sentence; longer ones are cut */
};

/* How far a path can be walked, and what stands in the way there. */
struct walk {
	enum { ALL_WELL, ABSENT, NO_FOLDER, LOOP, DENIED, UNKNOWN } stop;
	int         need;		/* R_OK, W_OK, X_OK */
	struct stat st;			/* of `at`, unless it is ABSENT */
	char        at[PATH_MAX];	/* the component, links replaced */
	char        link[PATH_MAX];	/* the last link that was followed, or "" */
};

static const char *const wants[] = {
	[FILE_READ] = "read", [FILE_WRITE_IN] = "create a file in",
	[FILE_SEARCH] = "look into"
};

/* -- names ------------------------------------------------------------- */

/*
 * The name of a user or group: from the file alone, since the libraries ask
 * servers that may be what is broken just now.
 */
static const char *
name_in(const char *file, unsigned long id, char name[NAME_BYTES])
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;

	(void)snprintf(name, NAME_BYTES, "%lu", id);
	while (f != NULL && getline(&line, &size, f) > 0) {
		char *password = strchr(line, ':');
		char *number = password != NULL ? strchr(password + 1, ':') : NULL;
		char *end;

		if (number == NULL || strtoul(number + 1, &end, 10) != id ||
		    end == number + 1 || *end != ':')
			continue;
		*password = '\0';
		(void)snprintf(name, NAME_BYTES, "%.32s", line);
		break;
	}
	free(line);
	if (f != NULL)
		(void)fclose(f);	/* only read from */
	return name;
}

/* "uid 33 (www-data)", or "uid 33" where nobody knows a name. */
static const char *
whoami(char text[NAME_BYTES])
{
	char name[NAME_BYTES];
	unsigned long uid = geteuid();

	(void)name_in("/etc/passwd", uid, name);
	if (name[0] >= '0' && name[0] <= '9')
		(void)snprintf(text, NAME_BYTES, "uid %lu", uid);
	else
		(void)snprintf(text, NAME_BYTES, "uid %lu (%.32s)", uid, name);
	return text;
}

/* -- the walk ---------------------------------------------------------- */

/* Replace the link at w->at by what it says; `rest` is what comes after it. */
static int
follow(struct walk *w, char rest[PATH_MAX])
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t len = readlink(w->at, target, sizeof(target) - 1);
	char *slash;

	if (len <= 0)
		return -1;
	target[len] = '\0';
	memcpy(w->link, w->at, sizeof(w->link));
	if (snprintf(joined, sizeof(joined), "%s/%s", target, rest) >=
	    (int)sizeof(joined)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(rest, joined, sizeof(joined));
	/* Back to the folder that the link is in, or to the root. */
	slash = strrchr(w->at, '/');
	if (target[0] == '/' || slash == w->at)
		memcpy(w->at, "/", 2);
	else
		*slash = '\0';	/* there is one: see walk() */
	return 0;
}

/* Take the next component from `rest` and put it behind w->at. */
static bool
step(struct walk *w, char rest[PATH_MAX])
{
	size_t skip = strspn(rest, "/");
	size_t len = strcspn(rest + skip, "/");
	size_t have = strlen(w->at);

	if (len == 0 || have + len + 2 > sizeof(w->at))
		return false;
	if (!(have > 0 && w->at[have - 1] == '/'))
		w->at[have++] = '/';
	memcpy(w->at + have, rest + skip, len);
	w->at[have + len] = '\0';
	memmove(rest, rest + skip + len, strlen(rest + skip + len) + 1);
	return true;
}

/* What the kernel says of a permission; ACLs and capabilities are in it. */
static bool
may(const char *path, int need)
{
	return faccessat(AT_FDCWD, path, need, AT_EACCESS) == 0;
}

static bool
is_end(const char *rest)
{
	return rest[strspn(rest, "/")] == '\0';
}

/* Look at w->at; true if the walk ends here. */
static bool
judge(struct walk *w, enum file_want want, bool last)
{
	int need = !last ? X_OK : want == FILE_READ ? R_OK :
	    want == FILE_SEARCH ? X_OK : W_OK;

	if (!S_ISDIR(w->st.st_mode) && (!last || want != FILE_READ)) {
		w->stop = NO_FOLDER;
		return true;
	}
	if (last && want == FILE_WRITE_IN && !may(w->at, X_OK))
		need = X_OK;
	w->need = need;
	if (!may(w->at, need)) {
		w->stop = DENIED;
		return true;
	}
	return last;
}

static void
walk(struct walk *w, const char *path, enum file_want want)
{
	char rest[PATH_MAX];
	int links = 0;

	memset(w, 0, sizeof(*w));
	if (snprintf(rest, sizeof(rest), "%s", path) >= (int)sizeof(rest)) {
		w->stop = UNKNOWN;
		return;
	}
	memcpy(w->at, path[0] == '/' ? "/" : ".", 2);
	for (;;) {
		if (lstat(w->at, &w->st) != 0) {
			w->stop = errno == ENOENT ? ABSENT : UNKNOWN;
			return;
		}
		if (S_ISLNK(w->st.st_mode)) {
			if (++links > LINKS_MAX || follow(w, rest) != 0) {
				w->stop = links > LINKS_MAX ? LOOP : UNKNOWN;
				return;
			}
			if (is_end(rest) || step(w, rest))
				continue;
			w->stop = UNKNOWN;
			return;
		}
		if (judge(w, want, is_end(rest)))
			return;
		if (!step(w, rest)) {
			w->stop = UNKNOWN;
			return;
		}
	}
}

/* -- sentences --------------------------------------------------------- */

/* Would owner, group and mode alone allow it? */
static bool
mode_allows(const struct stat *st, int need)
{
	gid_t groups[256];
	int n = getgroups(256, groups);
	bool member = st->st_gid == getegid();
	unsigned bits = st->st_mode;

	for (int i = 0; i < n; i++)
		member = member || groups[i] == st->st_gid;
	if (st->st_uid == geteuid())
		bits >>= 6;
	else if (member)
		bits >>= 3;
	return (bits & (unsigned)need) == (unsigned)need;
}

/* Who refuses what the modes allow. */
static void
say_who_refuses(const char *path, char *text)
{
	static const struct {
		unsigned long type;
		const char   *name;
	} servers[] = {
		{ 0x6969, "NFS" }, { 0xff534d42, "SMB" }, { 0xfe534d42, "SMB" },
		{ 0x517b, "SMB" }, { 0x65735546, "FUSE" }, { 0x01021997, "9p" },
		{ 0x00c36400, "Ceph" }, { 0x5346414f, "AFS" },
	};
	char label[128] = "";
	struct statfs fs;
	FILE *f;

	if (statfs(path, &fs) == 0)
		for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
			if (servers[i].type == ((unsigned long)fs.f_type & 0xffffffff)) {
				(void)snprintf(text, ERR_TEXT_MAX, "the modes allow "
				    "it, so the %s server refuses it",
				    servers[i].name);
				return;
			}
	f = fopen("/proc/self/attr/current", "re");
	if (f != NULL) {
		if (fgets(label, sizeof(label), f) == NULL)
			label[0] = '\0';
		label[strcspn(label, "\n")] = '\0';
		(void)fclose(f);	/* only read from */
	}
	if (label[0] != '\0' && strcmp(label, "unconfined") != 0)
		(void)snprintf(text, ERR_TEXT_MAX, "the modes allow it, so AppArmor "
		    "or SELinux refuses it: this program runs as \"%s\"", label);
	else
		(void)snprintf(text, ERR_TEXT_MAX, "the modes allow it, so a sandbox "
		    "or a security module refuses it");
}

static bool
is_immutable(const char *path)
{
	struct statx sx;

	return statx(AT_FDCWD, path, 0, STATX_MODE, &sx) == 0 &&
	    (sx.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0;
}

static int
say_denied(const struct walk *w, const char *at, char *text)
{
	const char *right = w->need == X_OK ? "search" :
	    w->need == W_OK ? "write" : "read";
	bool acl = getxattr(w->at, "system.posix_acl_access", NULL, 0) > 0;
	char owner[NAME_BYTES], group[NAME_BYTES], us[NAME_BYTES];

	return snprintf(text, ERR_TEXT_MAX, "%.*s is owned by %s:%s with mode "
	    "%04o%s: %s permission is missing for %s%s", PLACE_BYTES, at,
	    name_in("/etc/passwd", w->st.st_uid, owner),
	    name_in("/etc/group", w->st.st_gid, group),
	    (unsigned)w->st.st_mode & 07777,
	    acl ? " and an access control list" : "", right, whoami(us),
	    geteuid() == 0 ? ", which is without CAP_DAC_OVERRIDE" : "");
}

/* What the walk found; 0 if that is nothing, else how long the words are. */
static int
say_stop(const struct walk *w, char *text)
{
	/* "./" was put before a path that begins here. */
	const char *at = strncmp(w->at, "./", 2) == 0 ? w->at + 2 : w->at;

	switch (w->stop) {
	case ABSENT:
		return snprintf(text, ERR_TEXT_MAX, "%.*s does not exist",
		    PLACE_BYTES, at);
	case NO_FOLDER:
		return snprintf(text, ERR_TEXT_MAX, "%.*s is not a folder",
		    PLACE_BYTES, at);
	case LOOP:
		return snprintf(text, ERR_TEXT_MAX, "the links lead in a circle");
	case DENIED:
		if (mode_allows(&w->st, w->need) &&
		    getxattr(w->at, "system.posix_acl_access", NULL, 0) <= 0)
			return 0;
		return say_denied(w, at, text);
	default:
		return 0;
	}
}

/* EACCES, EPERM, ENOENT, ENOTDIR, ELOOP: where the walk ends is the reason. */
static void
say_where(const char *path, enum file_want want, int cause, char *text)
{
	static struct walk w;	/* large, and the stack may be small */
	int len;

	walk(&w, path, want);
	len = say_stop(&w, text);
	if (len > 0 && w.link[0] != '\0')
		(void)snprintf(text + len, ERR_TEXT_MAX - (size_t)len,
		    " (reached by the link %.*s)", PLACE_BYTES,
		    strncmp(w.link, "./", 2) == 0 ? w.link + 2 : w.link);
	if (len > 0)
		return;
	if (cause == EPERM && is_immutable(path))
		(void)snprintf(text, ERR_TEXT_MAX, "it is marked immutable or "
		    "append-only (see lsattr)");
	else if (cause == EACCES || cause == EPERM)
		say_who_refuses(path, text);
	else
		(void)snprintf(text, ERR_TEXT_MAX, "%s", strerror(cause));
}

/* The folder on which the file system of `path` is mounted. */
static void
find_mount(const char *path, char at[PATH_MAX])
{
	struct statx here, above;
	char parent[PATH_MAX], *slash;

	if (realpath(path, at) == NULL)
		(void)snprintf(at, PATH_MAX, "%s", path);
	while ((slash = strrchr(at, '/')) != NULL && at[1] != '\0') {
		memcpy(parent, at, PATH_MAX);
		parent[slash == at ? 1 : slash - at] = '\0';
		if (statx(AT_FDCWD, at, 0, STATX_MNT_ID, &here) != 0 ||
		    statx(AT_FDCWD, parent, 0, STATX_MNT_ID, &above) != 0 ||
		    here.stx_mnt_id != above.stx_mnt_id ||
		    here.stx_dev_major != above.stx_dev_major ||
		    here.stx_dev_minor != above.stx_dev_minor)
			return;
		memcpy(at, parent, PATH_MAX);
	}
}

static void
say_read_only(const char *path, enum file_want want, int cause, char *text)
{
	char at[PATH_MAX];

	(void)want;
	(void)cause;
	find_mount(path, at);
	(void)snprintf(text, ERR_TEXT_MAX, "the file system mounted on %.*s is "
	    "read-only (a systemd unit may need ReadWritePaths=%.*s)",
	    PLACE_BYTES, at, PLACE_BYTES, path);
}

static void
say_full(const char *path, enum file_want want, int cause, char *text)
{
	struct statvfs fs;
	char at[PATH_MAX];

	(void)want;
	find_mount(path, at);
	if (statvfs(path, &fs) != 0)
		(void)snprintf(text, ERR_TEXT_MAX, "%s", strerror(cause));
	else if (fs.f_files > 0 && fs.f_favail == 0)
		(void)snprintf(text, ERR_TEXT_MAX, "no inodes are free on the file "
		    "system mounted on %.*s: %llu files are too many",
		    PLACE_BYTES, at, (unsigned long long)fs.f_files);
	else
		(void)snprintf(text, ERR_TEXT_MAX, "the file system mounted on %.*s "
		    "is full: %llu of %llu kB are free", PLACE_BYTES, at,
		    (unsigned long long)fs.f_bavail * fs.f_frsize / 1024,
		    (unsigned long long)fs.f_blocks * fs.f_frsize / 1024);
}

static void
say_quota(const char *path, enum file_want want, int cause, char *text)
{
	char us[NAME_BYTES];

	(void)path;
	(void)want;
	(void)cause;
	(void)snprintf(text, ERR_TEXT_MAX, "the disk quota of %s, its group or the "
	    "project is used up", whoami(us));
}

static const struct {
	int    cause;
	int    status;		/* 0: as `want` says */
	void (*say)(const char *path, enum file_want want, int cause, char *text);
} causes[] = {
	{ EACCES,	0,		say_where },
	{ EPERM,	0,		say_where },
	{ ENOENT,	0,		say_where },
	{ ENOTDIR,	0,		say_where },
	{ ELOOP,	0,		say_where },
	{ EROFS,	0,		say_read_only },
	{ ENOSPC,	EX_IOERR,	say_full },
	{ EDQUOT,	EX_IOERR,	say_quota },
	{ EFBIG,	EX_IOERR,	NULL },
	{ EMFILE,	EX_OSERR,	NULL },
	{ EIO,		EX_IOERR,	NULL },
	{ ESTALE,	EX_IOERR,	NULL },
	{ ETIMEDOUT,	EX_IOERR,	NULL },
	{ ENFILE,	EX_OSERR,	NULL },
	{ ENOMEM,	EX_OSERR,	NULL },
};

int
file_explain(const char *path, enum file_want want, int cause, struct err *e)
{
	int status = want == FILE_WRITE_IN ? EX_CANTCREAT : EX_NOINPUT;
	char text[ERR_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "%s", err_words(cause));
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].cause != cause)
			continue;
		if (causes[i].status != 0)
			status = causes[i].status;
		if (causes[i].say != NULL)
			causes[i].say(path, want, cause, text);
	}
	return err_set(e, status, "%.32s (uid %ld) cannot %s %.*s: %s",
	    program_invocation_short_name, (long)geteuid(), wants[want],
	    PLACE_BYTES, path, text);
}

/* -- syncing ----------------------------------------------------------- */

static int
sync_with(int (*call)(int), int fd, const char *path, struct err *e)
{
	int n;

	do
		n = call(fd);
	while (n != 0 && errno == EINTR);
	if (n == 0)
		return 0;
	(void)file_explain(path, FILE_WRITE_IN, errno, e);
	return err_while(e, "syncing a file");
}

int
file_sync(int fd, const char *path, struct err *e)
{
	return sync_with(fsync, fd, path, e);
}

int
file_sync_data(int fd, const char *path, struct err *e)
{
	return sync_with(fdatasync, fd, path, e);
}
