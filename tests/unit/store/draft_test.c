#include "base/io.h"
#include "store/draft.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/xattr.h>

static bool is_root;

/* Open in c->path, write, link as "x"; what failed first is in value. */
static void
make_x(struct child *c)
{
	struct draft d = { 0 };

	(void)umask(027);	/* as proc_start leaves it */
	c->value = draft_open(&d, c->path, &c->e);
	if (c->value == 0)
		c->value = draft_write(&d, "hello", 5, &c->e);
	if (c->value == 0)
		c->value = draft_sync_data(&d, &c->e);
	if (c->value == 0)
		c->value = draft_link(&d, "x", &c->e);
	if (c->value == 0)
		c->value = draft_sync_folder(&d, &c->e);
	draft_free(&d);
}

/* The flag, without the bits of O_DIRECTORY that are part of it. */
static void
deny_unnamed(int error)
{
	child_deny(SYS_openat, 2, O_TMPFILE & ~O_DIRECTORY,
	    O_TMPFILE & ~O_DIRECTORY, error);
}

static const char *
hidden_folder(const char *folder)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%.200s/.outtray-%ld", folder,
	    (long)geteuid());
	return path;
}

static void
test_appearing(void)
{
	struct child c = { .path = "in" };
	struct draft d = { 0 };
	struct err e = { 0 };
	struct stat st;

	check(mkdir("in", 0755) == 0, "a folder");
	(void)umask(027);
	check_number(draft_open(&d, "in", &e), 0, "a draft is opened");
	check_number(umask(022), 027, "the umask is as before");
	check_number(draft_write(&d, "one", 3, &e), 0, "and written");
	check_number(draft_write(&d, "", 0, &e), 0, "nothing can be written too");
	check_number(draft_write(&d, "two", 3, &e), 0, "and again");
	check_number((long long)d.written, 6, "the bytes are counted");
	check_number(child_count("in"), 0, "nobody sees it");
	check_number(draft_link(&d, "a", &e), 0, "it appears");
	check_text(child_read("in/a"), "onetwo", "complete");
	check(fcntl(d.fd, F_GETFD) & FD_CLOEXEC, "programs do not inherit it");
	check(fcntl(d.dir, F_GETFD) & FD_CLOEXEC, "nor its folder");
	draft_free(&d);
	check_number(d.fd, -1, "a free draft has no descriptor");
	check_text(child_read("in/a"), "onetwo", "the file stays");
	check(stat("in/a", &st) == 0 && st.st_nlink == 1, "with one name");
	check_number(st.st_mode & 07777, 0640,
	    "the folder's group may read it, under our umask");
	draft_free(&d);
	memset(&d, 0, sizeof(d));
	draft_free(&d);
	check(fcntl(0, F_GETFD) >= 0, "freeing zeroed memory closes nothing");

	check_number(draft_open(&d, "in", &e), 0, "another draft");
	check_number(draft_link(&d, "a", &e), 1, "a name that is taken is refused");
	check_text(child_read("in/a"), "onetwo", "and its file is left alone");
	check_number(draft_link(&d, "b", &e), 0, "the next name is free");
	draft_free(&d);
	check(symlink("nowhere", "in/x") == 0, "a link that leads nowhere");
	check(child_run(&c, make_x) && c.value == 1, "is a taken name as well");
	check(unlink("in/x") == 0 && access("in/nowhere", F_OK) != 0,
	    "and nothing was made behind it");

	check_number(draft_open(&d, "in", &e), 0, "a third");
	check_number(draft_write(&d, "x", 1, &e), 0, "is written");
	draft_free(&d);
	check_number(child_count("in"), 2, "and given up: it never was there");
}

static void
test_limits(void)
{
	struct draft d = { 0 };
	struct err e = { 0 };
	struct buf b;

	check_number(draft_open(&d, "in", &e), 0, "a draft with a limit");
	d.limit = 4;
	check_number(draft_write(&d, "abcd", 4, &e), 0, "takes as much");
	check_number(draft_write(&d, "e", 1, &e), -1, "and no byte more");
	check_number(e.status, EX_DATAERR, "which is the message's fault");
	check_text(e.text, "the message is larger than 4 bytes", "said so");
	draft_free(&d);

	buf_init(&b, 3);
	buf_puts(&b, "abc");
	check_number(draft_open(&d, "in", &e), 0, "a draft");
	check_number(draft_write_buf(&d, &b, &e), 0, "takes a buffer");
	buf_putc(&b, 'd');
	check_number(draft_write_buf(&d, &b, &e), -1, "but not one that is full");
	check_number(e.status, EX_SOFTWARE, "which is our fault");
	buf_free(&b);
	check_number(draft_lock(&d, &e), 0, "it can be locked");
	check_number(draft_link(&d, "locked", &e), 0, "before it appears");
	{
		int fd = open("in/locked", O_RDONLY | O_CLOEXEC);

		check(flock(fd, LOCK_EX | LOCK_NB) != 0, "others see the lock");
		draft_free(&d);
		check(flock(fd, LOCK_EX | LOCK_NB) == 0, "until it is freed");
		(void)close(fd);
	}
}

/* A folder's default ACL: u::rwx u:12345:rw- g::--- m::rwx o::--- */
static void
test_acl(void)
{
	static const unsigned char acl[] = {
		2, 0, 0, 0,
		1, 0, 7, 0, 255, 255, 255, 255,
		2, 0, 6, 0, 0x39, 0x30, 0, 0,
		4, 0, 0, 0, 255, 255, 255, 255,
		16, 0, 7, 0, 255, 255, 255, 255,
		32, 0, 0, 0, 255, 255, 255, 255
	};
	struct child c = { .path = "acl" };
	unsigned char got[256];
	ssize_t len;

	check(mkdir("acl", 0755) == 0, "a folder");
	if (setxattr("acl", "system.posix_acl_default", acl, sizeof(acl), 0) != 0) {
		child_skip("a default ACL", "no ACLs on this file system");
		return;
	}
	check(child_run(&c, make_x) && c.value == 0, "a file in it");
	len = getxattr("acl/x", "system.posix_acl_access", got, sizeof(got));
	check(len == sizeof(acl) && memcmp(got + 12, acl + 12, 8) == 0,
	    "has the entry of the server that takes it");
	check(len == sizeof(acl) && got[28] == 16 && got[30] == 4,
	    "and a mask that lets it read");
}

static void
read_it(struct child *c)
{
	child_become((unsigned)c->number);
	(void)snprintf(c->text, sizeof(c->text), "%s", child_read(c->path));
}

static void
test_readers(void)
{
	struct child c = { .path = "group" };
	struct stat st;

	if (!is_root) {
		child_skip("who may read it", "not root");
		return;
	}
	check(mkdir("group", 0755) == 0 && chown("group", 0, 12345) == 0 &&
	    chmod("group", 02775) == 0, "a folder of another group, set-gid");
	check(child_run(&c, make_x) && c.value == 0, "a file in it");
	check(stat("group/x", &st) == 0 && st.st_gid == 12345,
	    "belongs to the folder's group");
	(void)snprintf(c.path, sizeof(c.path), "group/x");
	c.number = 12345;
	check(child_run(&c, read_it), "that group");
	check_text(c.text, "hello", "can read it");
	c.number = 12346;
	check(child_run(&c, read_it), "any other");
	check_text(c.text, "", "cannot");
	(void)snprintf(c.path, sizeof(c.path), "acl/x");
	c.number = 12345;
	check(child_run(&c, read_it), "a user whom a default ACL names");
	check_text(c.text, "hello", "can read it, whatever our umask is");
}

/* -- where files cannot be unnamed -------------------------------------- */

static void
hide_it(struct child *c)
{
	struct draft d = { 0 };

	(void)umask(027);
	deny_unnamed((int)c->number);
	c->value = draft_open(&d, c->path, &c->e);
	if (c->value != 0)
		return;
	c->value = draft_write(&d, "hello", 5, &c->e);
	(void)snprintf(c->text, sizeof(c->text), "%d %d",
	    child_count(c->path), child_count(hidden_folder(c->path)));
	if (c->value == 0)
		c->value = draft_sync_data(&d, &c->e);
	if (c->value == 0)
		c->value = draft_link(&d, "x", &c->e);
	if (c->value == 0)
		c->value = draft_sync_folder(&d, &c->e);
	draft_free(&d);
}

static void
give_up(struct child *c)
{
	struct draft d = { 0 };

	deny_unnamed(EOPNOTSUPP);
	c->value = draft_open(&d, c->path, &c->e);
	if (c->number == 0)
		draft_free(&d);
	else if (c->number == 1)
		draft_remove_hidden();
}

static void
die(struct child *c)
{
	c->number = 2;		/* neither of both */
	give_up(c);
	_exit(0);
}

/* make_x where link and rename go wrong as c->text and c->number say. */
static void
hide_and_link(struct child *c)
{
	deny_unnamed(EOPNOTSUPP);
	if (strchr(c->text, 'l') != NULL)
		child_deny(SYS_linkat, 0, 0, 0, (int)c->number);
	if (strchr(c->text, '2') != NULL)
		child_deny(SYS_renameat2, 0, 0, 0, EINVAL);
#ifdef SYS_renameat
	if (strchr(c->text, 'r') != NULL)
		child_deny(SYS_renameat, 0, 0, 0, EACCES);
#endif
	if (strchr(c->text, 'u') != NULL)
		child_deny(SYS_unlinkat, 0, 0, 0, EIO);
	make_x(c);
}

static void
test_hidden(void)
{
	static const int refusals[] = { EOPNOTSUPP, EISDIR, EINVAL };
	struct child c = { .path = "plain" };
	struct stat st;

	check(mkdir("plain", 0755) == 0, "a folder");
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		c.number = refusals[i];
		check(child_run(&c, hide_it) && c.value == 0,
		    "no O_TMPFILE: it works by name");
		check_text(c.text, "1 1", "hidden in a folder of our own");
		check_text(child_read("plain/x"), "hello", "it appears");
		check(stat("plain/x", &st) == 0 && st.st_nlink == 1 &&
		    (st.st_mode & 07777) == 0640, "with one name, mode 0640");
		check_number(child_count(hidden_folder("plain")), 0,
		    "nothing stays hidden");
		check(unlink("plain/x") == 0, "(taken)");
	}
	check(stat(hidden_folder("plain"), &st) == 0 &&
	    (st.st_mode & 0777) == 0700, "that folder is ours alone");

	for (c.number = 0; c.number < 2; c.number++) {
		check(child_run(&c, give_up) && c.value == 0,
		    c.number == 0 ? "given up" : "a signal handler");
		check_number(child_count(hidden_folder("plain")), 0,
		    "leaves nothing");
	}
	check(child_run(&c, die) && child_count(hidden_folder("plain")) == 1,
	    "kill -9 leaves litter");
}

static void
test_litter(void)
{
	static const struct timeval old[2] = { { 0, 0 }, { 0, 0 } };
	static const struct {
		const char *name;
		bool        old, own, stays;
		const char *what;
	} cases[] = {
		{ "0123456789abcdef0123456789abcdef.tmp", true, true, false,
		    "litter from long ago goes" },
		{ "1123456789abcdef0123456789abcdef.tmp", false, true, true,
		    "what somebody may be writing stays" },
		{ "2123456789abcdef0123456789abcdef.tmp", true, false, true,
		    "another user's stays" },
		{ "3123456789abcdef0123456789abcdef.eml", true, true, true,
		    "another name stays" },
		{ "0123456789abcdef0123456789abcdef.tmpx", true, true, true,
		    "and so does a longer one" },
		{ "0123456789abcdef0123456789abcde.tmp", true, true, true,
		    "a shorter one" },
		{ "0123456789ABCDEF0123456789abcdef.tmp", true, true, true,
		    "one in capitals" },
	};
	struct child c = { .path = "plain" };
	char path[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%s",
		    hidden_folder("plain"), cases[i].name);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (cases[i].old)
			check(futimes(fd, old) == 0, "(old)");
		if (!cases[i].own && is_root)
			check(fchown(fd, 12345, 12345) == 0, "(another's)");
		(void)close(fd);
	}
	(void)snprintf(path, sizeof(path), "%s/%s", hidden_folder("plain"),
	    "4123456789abcdef0123456789abcdef.tmp");
	check(symlink("/etc/passwd", path) == 0, "(a link)");
	check(child_run(&c, give_up) && c.value == 0, "the next draft");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!cases[i].own && !is_root)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s",
		    hidden_folder("plain"), cases[i].name);
		check((access(path, F_OK) == 0) == cases[i].stays, cases[i].what);
	}
}

static void
test_no_hard_links(void)
{
	static const struct {
		const char *denied;	/* see hide_and_link */
		int         error;
		int         value;
		bool        there;
		const char *what;
	} cases[] = {
		{ "l", EPERM, 0, true, "no hard links: renamed" },
		{ "l", EOPNOTSUPP, 0, true, "the same, said otherwise" },
		{ "l2", EPERM, 0, true, "no RENAME_NOREPLACE either" },
		{ "l2r", EPERM, -1, false, "nor any rename: it fails" },
		{ "l", ENOSPC, -1, false, "no space for the link: it fails" },
		{ "l", EDQUOT, -1, false, "quota" },
		{ "l", EIO, -1, false, "an error of the disk" },
		{ "l", EROFS, -1, false, "read-only" },
		{ "u", 0, -1, true, "the hidden name stays: it fails" },
	};
	struct child c;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&c, 0, sizeof(c));
		(void)snprintf(c.path, sizeof(c.path), "nolink");
		(void)snprintf(c.text, sizeof(c.text), "%s", cases[i].denied);
		c.number = cases[i].error;
		check(mkdir("nolink", 0755) == 0, "a folder");
		check(child_run(&c, hide_and_link), cases[i].what);
		check_number(c.value, cases[i].value, cases[i].what);
		check((access("nolink/x", F_OK) == 0) == cases[i].there,
		    cases[i].there ? "it is there" : "it is not there");
		if (c.value == 0) {
			check_text(child_read("nolink/x"), "hello", "complete");
			check_number(child_count(hidden_folder("nolink")), 0,
			    "and nothing is hidden");
			check(child_run(&c, hide_and_link) && c.value == 1,
			    "a taken name is refused then too");
			check_text(child_read("nolink/x"), "hello", "unchanged");
		}
		check((strstr(c.e.text, "it may be delivered") != NULL) ==
		    (c.value == -1 && cases[i].there),
		    "what stays visible against our will is admitted");
		check(system("rm -rf nolink") == 0, "(removed)");
	}
}

static void
test_foreign_folder(void)
{
	struct child c = { .path = "trap", .number = EOPNOTSUPP };
	char wanted[256];

	check(mkdir("trap", 0755) == 0, "a folder");
	check(symlink("/tmp", hidden_folder("trap")) == 0,
	    "where somebody put a link for our own");
	check(child_run(&c, hide_it) && c.value == -1, "is refused");
	check(strstr(c.e.text, hidden_folder("trap")) != NULL, "by name");
	check(unlink(hidden_folder("trap")) == 0, "(removed)");
	if (!is_root) {
		child_skip("another's folder", "not root");
		return;
	}
	check(mkdir(hidden_folder("trap"), 0777) == 0 &&
	    chown(hidden_folder("trap"), 12345, 12345) == 0,
	    "so is a folder that belongs to somebody");
	check(child_run(&c, hide_it) && c.value == -1, "else");
	(void)snprintf(wanted, sizeof(wanted), "%s belongs to uid 12345 and not to "
	    "uid 0, which needs it: remove it", hidden_folder("trap"));
	check_text(c.e.text, wanted, "with the remedy");
	check_number(child_count(hidden_folder("trap")), 0, "nothing is left in it");
}

/* -- where no descriptor can be linked ---------------------------------- */

static void
link_otherwise(struct child *c)
{
	if (c->number == 1)
		child_deny(SYS_linkat, 4, AT_EMPTY_PATH, AT_EMPTY_PATH, ENOENT);
	else
		child_deny(SYS_linkat, 0, 0, 0, ENOENT);
	make_x(c);
}

static void
test_no_proc(void)
{
	struct child c = { .path = "in", .number = 1 };

	(void)unlink("in/x");
	check(child_run(&c, link_otherwise) && c.value == 0,
	    "an old kernel: linked by /proc");
	check_text(child_read("in/x"), "hello", "complete");
	check(unlink("in/x") == 0, "(taken)");
	c.number = 2;
	check(child_run(&c, link_otherwise) && c.value == 0,
	    "no /proc either: copied to a hidden file");
	check_text(child_read("in/x"), "hello", "complete");
	check_number(child_count(hidden_folder("in")), 0, "nothing is hidden");
	check(child_run(&c, link_otherwise) && c.value == 1,
	    "a taken name is seen there too");
	check(unlink("in/x") == 0 && rmdir(hidden_folder("in")) == 0, "(removed)");
}

/* -- what goes wrong ----------------------------------------------------- */

static void
as_nobody(struct child *c)
{
	child_become(12345);
	make_x(c);
}

static void
without_descriptors(struct child *c)
{
	struct rlimit limit = { 3, 3 };

	(void)setrlimit(RLIMIT_NOFILE, &limit);
	make_x(c);
}

static void
with_small_files(struct child *c)
{
	struct rlimit limit = { 3, 3 };

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	make_x(c);
}

/* On a file system of 64 kB and 4 inodes; c->text: what is used up first. */
static void
on_full_disk(struct child *c)
{
	static char block[4096];
	struct draft d = { 0 };

	if (!child_own_mounts() || mount("none", "small", "tmpfs", 0,
	    "size=64k,nr_inodes=4,mode=0755") != 0) {
		c->value = 77;
		return;
	}
	if (strcmp(c->text, "inodes") == 0)
		for (int i = 0; i < 4; i++) {
			(void)snprintf(c->path, sizeof(c->path), "small/%d", i);
			(void)close(open(c->path, O_CREAT | O_WRONLY | O_CLOEXEC,
			    0600));
		}
	if (strcmp(c->text, "ro") == 0)
		(void)mount(NULL, "small", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	c->value = draft_open(&d, "small", &c->e);
	for (int i = 0; i < 32 && c->value == 0; i++)
		c->value = draft_write(&d, block, sizeof(block), &c->e);
	draft_free(&d);
	c->number = child_count("small");
}

static void
test_failures(void)
{
	static const struct {
		const char *path;
		void      (*work)(struct child *);
		int         status;
		const char *words;
	} cases[] = {
		{ "absent", make_x, EX_CANTCREAT, "absent does not exist" },
		{ "in/a", make_x, EX_CANTCREAT, "in/a is not a folder" },
		{ "in/a/b", make_x, EX_CANTCREAT, "in/a is not a folder" },
		{ "loop", make_x, EX_CANTCREAT, "the links lead in a circle" },
		{ "in", without_descriptors, EX_OSERR, "3 descriptors (ulimit -n)" },
		{ "in", with_small_files, EX_IOERR, "3 bytes a file (ulimit -f)" },
	};
	static const struct {
		const char *what;
		int         status;
		const char *words;
	} disks[] = {
		{ "bytes", EX_IOERR, "small is full: 0 of 64 kB are free" },
		{ "inodes", EX_IOERR, "no inodes are free" },
		{ "ro", EX_CANTCREAT, "small is read-only" },
	};
	struct child c = { .path = "in" };

	check(symlink("loop", "loop") == 0, "a loop of links");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&c, 0, sizeof(c));
		(void)snprintf(c.path, sizeof(c.path), "%s", cases[i].path);
		check(child_run(&c, cases[i].work) && c.value == -1,
		    cases[i].words);
		check_number(c.e.status, cases[i].status, "its status");
		if (!check(strstr(c.e.text, cases[i].words) != NULL, "its words"))
			printf("# %s\n", c.e.text);
	}
	if (!is_root) {
		child_skip("other users and mounts", "not root");
		return;
	}
	check(child_run(&c, as_nobody) && c.value == -1, "no right to write");
	check(strstr(c.e.text, "(uid 12345) cannot create a file in in: in is "
	    "owned by root:root with mode 0755: write permission is missing for "
	    "uid 12345") != NULL, "is said with owner, mode and uid");
	check(mkdir("small", 0755) == 0, "a mount point");
	for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		memset(&c, 0, sizeof(c));
		(void)snprintf(c.text, sizeof(c.text), "%s", disks[i].what);
		if (!child_run(&c, on_full_disk) || c.value == 77) {
			child_skip(disks[i].what, "no mounts of our own");
			continue;
		}
		check_number(c.value, -1, disks[i].what);
		check_number(c.e.status, disks[i].status, "its status");
		if (!check(strstr(c.e.text, disks[i].words) != NULL, "its words"))
			printf("# %s\n", c.e.text);
		check_number(c.number, i == 1 ? 3 : 0, "nothing is left of it");
	}
}

/* -- unnamed drafts ------------------------------------------------------ */

static const char *const places[] = { "absent", "in/a", "in", "deep", NULL };

static void
open_somewhere(struct child *c)
{
	static const char *const none[] = { NULL };
	struct draft d = { 0 };
	char bytes[8] = "";

	if (strchr(c->text, 'm') != NULL)
		child_deny(SYS_memfd_create, 0, 0, 0, ENOSYS);
	if (strchr(c->text, 's') != NULL)
		child_deny(SYS_memfd_create, 1, 8, 8, EINVAL);
	if (strchr(c->text, 't') != NULL)
		deny_unnamed(EOPNOTSUPP);
	if (strchr(c->text, 'o') != NULL)
		child_deny(SYS_openat, 0, 0, 0, EMFILE);
	if (strchr(c->text, 'u') != NULL)
		child_deny(SYS_unlinkat, 0, 0, 0, EIO);
	c->value = draft_open_unnamed(&d, c->number == 1,
	    strchr(c->text, '0') != NULL ? none : places, &c->e);
	if (c->value == 0)
		c->value = draft_write(&d, "hello", 5, &c->e);
	if (c->value == 0 && (pread(d.fd, bytes, 5, 0) != 5 ||
	    strcmp(bytes, "hello") != 0))
		c->value = 1;
	(void)snprintf(c->text, sizeof(c->text), "%s",
	    d.directory != NULL ? d.directory : "memory");
	draft_free(&d);
}

static void
test_unnamed(void)
{
	static const struct {
		const char *denied;	/* see open_somewhere */
		bool        small;
		const char *place;
	} cases[] = {
		{ "", true, "memory" }, { "s", true, "memory" },
		{ "m", true, "in" }, { "", false, "in" }, { "t", false, "in" },
		{ "mt", true, "in" },
	};
	struct child c;
	int before = child_count("in");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&c, 0, sizeof(c));
		(void)snprintf(c.text, sizeof(c.text), "%s", cases[i].denied);
		c.number = cases[i].small;
		check(child_run(&c, open_somewhere) && c.value == 0, "unnamed");
		check_text(c.text, cases[i].place, "in the first place there is");
		check_number(child_count("in"), before, "which shows nothing of it");
	}
	memset(&c, 0, sizeof(c));
	memcpy(c.text, "0", 2);
	check(child_run(&c, open_somewhere) && c.value == -1, "no place at all");
	check_text(c.e.text, "no place for the message: none is set", "is said");
	memcpy(c.text, "o", 2);
	check(child_run(&c, open_somewhere) && c.value == -1, "all places fail");
	for (size_t i = 0; places[i] != NULL; i++) {
		char words[64];

		(void)snprintf(words, sizeof(words), "cannot create a file in %s: ",
		    places[i]);
		check(strstr(c.e.text, words) != NULL, "each is named");
	}
	check_number(c.e.status, EX_OSERR, "the status is the last one's");
	memcpy(c.text, "tu", 3);
	check(child_run(&c, open_somewhere) && c.value == -1,
	    "a name that cannot be removed is no unnamed file");
}

int
main(void)
{
	is_root = geteuid() == 0;
	(void)umask(022);
	child_folder();
	test_appearing();
	test_limits();
	test_acl();
	test_readers();
	test_hidden();
	test_litter();
	test_no_hard_links();
	test_foreign_folder();
	test_no_proc();
	test_failures();
	test_unnamed();
	child_clean();
	return check_end();
}
