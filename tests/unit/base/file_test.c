#include "base/file.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/xattr.h>

static bool is_root;

/* The sentence without "file_test (uid N) cannot ". */
static const char *
said(const struct err *e)
{
	const char *at = strstr(e->text, ") cannot ");

	return at != NULL ? at + 9 : e->text;
}

static void
say(enum file_want want, const char *path, int cause, int status,
    const char *wanted)
{
	struct err e = { 0 };

	check_number(file_explain(path, want, cause, &e), -1, path);
	check_text(said(&e), wanted, "its words");
	check_number(e.status, status, "its status");
}

static void
test_where(void)
{
	char longer[6000];
	struct err e = { 0 };

	check(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0 &&
	    close(open("a/file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0 &&
	    symlink("../a/gone/x", "a/dangling") == 0 &&
	    symlink("b", "a/link") == 0 && symlink("loop2", "a/loop") == 0 &&
	    symlink("loop", "a/loop2") == 0 && symlink("file/", "a/filelink") == 0,
	    "folders, files, links");
	say(FILE_WRITE_IN, "a/c/d", ENOENT, EX_CANTCREAT,
	    "create a file in a/c/d: a/c does not exist");
	say(FILE_READ, "a/b/c", ENOENT, EX_NOINPUT,
	    "read a/b/c: a/b/c does not exist");
	say(FILE_SEARCH, "a/link/c", ENOENT, EX_NOINPUT,
	    "look into a/link/c: a/b/c does not exist (reached by the link a/link)");
	say(FILE_WRITE_IN, "/nowhere-at-all/x", ENOENT, EX_CANTCREAT,
	    "create a file in /nowhere-at-all/x: /nowhere-at-all does not exist");
	say(FILE_WRITE_IN, "a/dangling", ENOENT, EX_CANTCREAT,
	    "create a file in a/dangling: a/../a/gone does not exist "
	    "(reached by the link a/dangling)");
	say(FILE_WRITE_IN, "a/file", ENOTDIR, EX_CANTCREAT,
	    "create a file in a/file: a/file is not a folder");
	say(FILE_READ, "a//file/./x", ENOTDIR, EX_NOINPUT,
	    "read a//file/./x: a/file is not a folder");
	say(FILE_READ, "a/filelink", ENOTDIR, EX_NOINPUT,
	    "read a/filelink: Not a directory");
	say(FILE_READ, "a/loop/x", ELOOP, EX_NOINPUT,
	    "read a/loop/x: the links lead in a circle (reached by the link "
	    "a/loop2)");
	say(FILE_READ, "", ENOENT, EX_NOINPUT,
	    "read : No such file or directory");

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	(void)file_explain(longer, FILE_READ, ENAMETOOLONG, &e);
	check(strstr(e.text, "xx: File name too long") != NULL, "a long name");
	(void)file_explain("a\n\033[1m/b", FILE_READ, ENOENT, &e);
	check_text(said(&e), "read a??[1m/b: a??[1m does not exist",
	    "a name that would forge a line");
}

static void
test_others(void)
{
	static const struct {
		int         cause;
		int         status;
		const char *words;
	} cases[] = {
		{ EIO, EX_IOERR, "create a file in a: Input/output error" },
		{ ESTALE, EX_IOERR, "create a file in a: Stale file handle" },
		{ ETIMEDOUT, EX_IOERR, "create a file in a: Connection timed out" },
		{ ENOMEM, EX_OSERR, "create a file in a: Cannot allocate memory" },
		{ ENFILE, EX_OSERR,
		    "create a file in a: Too many open files in system" },
		{ EINVAL, EX_CANTCREAT, "create a file in a: Invalid argument" },
		{ ENAMETOOLONG, EX_CANTCREAT,
		    "create a file in a: File name too long" },
	};
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		say(FILE_WRITE_IN, "a", cases[i].cause, cases[i].status,
		    cases[i].words);
	(void)file_explain("a", FILE_WRITE_IN, ENOSPC, &e);
	check_number(e.status, EX_IOERR, "a full disk");
	check(strstr(e.text, "the file system mounted on /") != NULL &&
	    strstr(e.text, " kB are free") != NULL, "tells how full");
	(void)file_explain("a", FILE_WRITE_IN, EDQUOT, &e);
	check_number(e.status, EX_IOERR, "a quota");
	check(strstr(e.text, "the disk quota of uid ") != NULL, "tells whose");
	(void)file_explain("absent", FILE_WRITE_IN, ENOSPC, &e);
	check(strstr(e.text, "No space left on device") != NULL,
	    "a full disk that cannot be asked");
	check(strncmp(e.text, "file_test (uid ", 15) == 0,
	    "the program and its uid begin each sentence");
}

/* -- permissions ---------------------------------------------------------- */

static void
explain_as(struct child *c)
{
	child_become(12345);
	(void)file_explain(c->path, (enum file_want)c->number, c->value, &c->e);
}

static void
explain(const char *path, enum file_want want, int cause, const char *wanted)
{
	struct child c = { .number = (long)want, .value = cause };

	(void)snprintf(c.path, sizeof(c.path), "%s", path);
	check(child_run(&c, explain_as), path);
	check_text(said(&c.e), wanted, "its words");
}

/* u::rwx u:12345:--- g::rwx m::rwx o::rwx */
static const unsigned char acl[] = {
	2, 0, 0, 0,
	1, 0, 7, 0, 255, 255, 255, 255,
	2, 0, 0, 0, 0x39, 0x30, 0, 0,
	4, 0, 7, 0, 255, 255, 255, 255,
	16, 0, 7, 0, 255, 255, 255, 255,
	32, 0, 7, 0, 255, 255, 255, 255
};

static void
test_denied(void)
{
	check(mkdir("p", 0750) == 0 && mkdir("p/q", 0777) == 0 &&
	    mkdir("r", 0755) == 0 && mkdir("r/s", 0777) == 0 &&
	    chmod("r/s", 01733) == 0 && mkdir("w", 0755) == 0 &&
	    chown("w", 12345, 8) == 0 && chmod("w", 02575) == 0 &&
	    close(open("r/f", O_CREAT | O_WRONLY | O_CLOEXEC, 0640)) == 0 &&
	    symlink("../p/q", "r/l") == 0, "folders");
	explain("p/q", FILE_WRITE_IN, EACCES,
	    "create a file in p/q: p is owned by root:root with mode 0750: "
	    "search permission is missing for uid 12345");
	explain("r", FILE_WRITE_IN, EACCES,
	    "create a file in r: r is owned by root:root with mode 0755: "
	    "write permission is missing for uid 12345");
	explain("w", FILE_WRITE_IN, EACCES,
	    "create a file in w: w is owned by 12345:mail with mode 2575: "
	    "write permission is missing for uid 12345");
	explain("r/f", FILE_READ, EACCES,
	    "read r/f: r/f is owned by root:root with mode 0640: "
	    "read permission is missing for uid 12345");
	explain("p", FILE_SEARCH, EACCES,
	    "look into p: p is owned by root:root with mode 0750: "
	    "search permission is missing for uid 12345");
	explain("r/l", FILE_WRITE_IN, EACCES,
	    "create a file in r/l: r/../p is owned by root:root with mode 0750: "
	    "search permission is missing for uid 12345 (reached by the link r/l)");
	explain("r/s", FILE_WRITE_IN, EACCES,
	    "create a file in r/s: the modes allow it, so a sandbox or a security "
	    "module refuses it");
	check(mkdir("acl", 0777) == 0, "a folder");
	if (setxattr("acl", "system.posix_acl_access", acl, sizeof(acl), 0) != 0)
		child_skip("ACL", "no ACLs on this file system");
	else
		explain("acl", FILE_WRITE_IN, EACCES,
		    "create a file in acl: acl is owned by root:root with mode "
		    "0777 and an access control list: search permission is missing "
		    "for uid 12345");
}

static void
as_www_data(struct child *c)
{
	child_become(33);
	(void)file_explain(c->path, FILE_WRITE_IN, EACCES, &c->e);
}

static void
without_capabilities(struct child *c)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	if (syscall(SYS_capset, &head, none) != 0)
		_exit(97);
	(void)file_explain(c->path, FILE_WRITE_IN, EACCES, &c->e);
}

static void
test_names(void)
{
	struct child c = { .path = "r" };

	check(child_run(&c, as_www_data), "a user with a name");
	check_text(c.e.text, "file_test (uid 33) cannot create a file in r: r is "
	    "owned by root:root with mode 0755: write permission is missing for "
	    "uid 33 (www-data)", "is named");
	check(chown("r", 12345, 12345) == 0, "somebody else's folder");
	check(child_run(&c, without_capabilities), "root without its rights");
	check(strstr(c.e.text, "missing for uid 0 (root), which is without "
	    "CAP_DAC_OVERRIDE") != NULL, "is told so");
	check(chown("r", 0, 0) == 0, "(ours again)");
}

static void
test_immutable(void)
{
	int fd = open("r", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int flags = 0, set;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) {
		child_skip("chattr +i", "not on this file system");
		(void)close(fd);
		return;
	}
	set = flags | FS_IMMUTABLE_FL;
	if (ioctl(fd, FS_IOC_SETFLAGS, &set) != 0) {
		child_skip("chattr +i", "not allowed here");
	} else {
		check(open("r/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0,
		    "an immutable folder");
		say(FILE_WRITE_IN, "r", errno, EX_CANTCREAT, "create a file in r: "
		    "it is marked immutable or append-only (see lsattr)");
		check(ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0, "(mended)");
	}
	(void)close(fd);
}

/* -- mounts ----------------------------------------------------------------- */

static void
on_mount(struct child *c)
{
	if (!child_own_mounts() || mount("none", "a/b", "tmpfs", 0,
	    "size=64k,nr_inodes=3") != 0)
		_exit(96);
	if (mkdir("a/b/deep", 0755) != 0)
		_exit(95);
	if (c->number == EROFS)
		(void)mount(NULL, "a/b", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	else
		(void)mkdir("a/b/last", 0755);
	if (mkdir("a/b/deep/more", 0755) == 0 || errno != c->number)
		_exit(94);
	(void)file_explain("a/b/deep", FILE_WRITE_IN, (int)c->number, &c->e);
}

static void
test_mounts(void)
{
	struct child c = { .number = EROFS };
	char at[512], wanted[1024];

	if (getcwd(at, sizeof(at)) == NULL)
		at[0] = '\0';
	if (!child_run(&c, on_mount)) {
		child_skip("mounts", "no mounts of our own");
		return;
	}
	(void)snprintf(wanted, sizeof(wanted), "create a file in a/b/deep: the file "
	    "system mounted on %s/a/b is read-only (a systemd unit may need "
	    "ReadWritePaths=a/b/deep)", at);
	check_text(said(&c.e), wanted, "a read-only mount");
	c.number = ENOSPC;
	check(child_run(&c, on_mount), "no inodes");
	(void)snprintf(wanted, sizeof(wanted), "create a file in a/b/deep: no "
	    "inodes are free on the file system mounted on %s/a/b: 3 files are "
	    "too many", at);
	check_text(said(&c.e), wanted, "are told from no bytes");
}

static void
with_limits(struct child *c)
{
	struct rlimit files = { 5, 5 }, bytes = { 4096, 4096 };

	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)setrlimit(RLIMIT_FSIZE, &bytes);
	(void)file_explain("a", FILE_WRITE_IN, (int)c->number, &c->e);
}

static void
test_limits(void)
{
	struct child c = { .number = EMFILE };

	check(child_run(&c, with_limits), "too many descriptors");
	check_text(said(&c.e), "create a file in a: Too many open files: the limit "
	    "of this process is 5 descriptors (ulimit -n)", "names the limit");
	check_number(c.e.status, EX_OSERR, "its status");
	c.number = EFBIG;
	check(child_run(&c, with_limits), "too large a file");
	check_text(said(&c.e), "create a file in a: File too large: the limit of "
	    "this process is 4096 bytes a file (ulimit -f)", "names the limit");
	check_number(c.e.status, EX_IOERR, "its status");
}

static void
sync_denied(struct child *c)
{
	int fd = open("a/file", O_WRONLY | O_CLOEXEC);

	child_deny(SYS_fsync, 0, 0, 0, (int)c->number);
	child_deny(SYS_fdatasync, 0, 0, 0, (int)c->number);
	c->value = c->value == 1 ? file_sync(fd, "a", &c->e) :
	    file_sync_data(fd, "a", &c->e);
}

static void
test_sync(void)
{
	int fd = open("a/file", O_WRONLY | O_CLOEXEC);
	struct child c = { .number = EIO };
	struct err e = { 0 };

	check_number(file_sync(fd, "a", &e), 0, "synced");
	check_number(file_sync_data(fd, "a", &e), 0, "its data");
	(void)close(fd);
	for (int i = 0; i < 2; i++) {
		c.value = i;
		check(child_run(&c, sync_denied) && c.value == -1, "not synced");
		check(strncmp(c.e.text, "syncing a file: file_test (uid ", 31) == 0
		    && strcmp(said(&c.e), "create a file in a: Input/output error")
		    == 0, "said so");
		check_number(c.e.status, EX_IOERR, "its status");
	}
}

int
main(void)
{
	is_root = geteuid() == 0;
	(void)umask(0);
	child_folder();
	test_where();
	test_others();
	test_limits();
	test_sync();
	if (is_root) {
		test_denied();
		test_names();
		test_immutable();
		test_mounts();
	} else {
		child_skip("permissions, mounts", "not root");
	}
	child_clean();
	return check_end();
}
