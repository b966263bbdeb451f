#include "store/spool.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>
#include <sys/file.h>

enum { LOCKED = 1, SETTLE = 2, AGAIN = 4 };	/* child.number */

static bool is_root;

/* One message into c->path/incoming; what failed first is in value. */
static void
submit(struct child *c)
{
	struct spool p = { 0 };
	char first_id[STAMP_ID_MAX] = "";
	struct buf b;

	(void)umask(027);
	buf_init(&b, 100);
	buf_puts(&b, "twelve bytes");
	c->value = spool_open(&p, c->path, &c->e);
	if (c->value == 0)
		c->value = spool_write(&p, &b, &c->e);
	if (c->value == 0)
		c->value = stamp_id(first_id, &c->e);
	if (c->value == 0)
		c->value = spool_commit(&p, first_id, (c->number & LOCKED) != 0,
		    &c->e);
	if (c->value == 0)
		(void)snprintf(c->text, sizeof(c->text), "%s/incoming/%s",
		    c->path, p.name);
	if (c->value == 0 && (c->number & LOCKED) != 0) {
		int fd = open(c->text, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
			c->value = 99;
		(void)close(fd);
	}
	if (c->value == 0 && strncmp(p.name, p.id, 32) != 0)
		c->value = 98;
	if (c->value == 0 && (c->number & AGAIN) != 0)
		(void)unlink(c->text);
	if (c->value == 0 && (c->number & SETTLE) != 0)
		c->value = spool_settle(&p, &c->e);
	spool_free(&p);
	spool_free(&p);
	buf_free(&b);
}

static void
test_good(void)
{
	struct child c = { .path = "q" };
	struct stat st;
	int fd;

	check(mkdir("q", 0755) == 0, "a queue");
	check(child_run(&c, submit) && c.value == 1, "without its folder");
	check(mkdir("q/incoming", 0755) == 0, "with it");
	check(child_run(&c, submit) && c.value == 0, "a message is kept");
	check_text(child_read(c.text), "twelve bytes", "whole");
	check(strstr(c.text, ",S=12.eml") != NULL, "its name tells the size");
	check(strlen(strrchr(c.text, '/')) <= SPOOL_NAME_MAX, "(and is short)");
	check(stat(c.text, &st) == 0 && (st.st_mode & 07777) == 0640 &&
	    st.st_nlink == 1, "mode 0640, one name");
	check(unlink(c.text) == 0, "(taken)");

	c.number = LOCKED;
	check(child_run(&c, submit) && c.value == 0, "locked, no runner has it");
	fd = open(c.text, O_RDONLY | O_CLOEXEC);
	check(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0,
	    "until it is freed, or its holder dies");
	(void)close(fd);
	check(unlink(c.text) == 0, "(taken)");

	c.number = LOCKED | SETTLE;
	check(child_run(&c, submit) && c.value == 0, "delivered after all");
	check_number(child_count("q/incoming"), 0, "it is removed");
	c.number = SETTLE | AGAIN;
	check(child_run(&c, submit) && c.value == 0, "gone already: as good");
}

static void
no_unlink(struct child *c)
{
	child_deny(SYS_unlinkat, 0, 0, 0, EACCES);
	submit(c);
}

static void
no_sync(struct child *c)
{
	child_deny(SYS_fsync, 0, 0, 0, EIO);
	submit(c);
}

static void
no_sync_no_unlink(struct child *c)
{
	child_deny(SYS_unlinkat, 0, 0, 0, EACCES);
	no_sync(c);
}

static void
no_locks(struct child *c)
{
	c->number = LOCKED;
	child_deny(SYS_flock, 0, 0, 0, ENOLCK);
	submit(c);
}

static void
no_link(struct child *c)
{
	child_deny(SYS_linkat, 0, 0, 0, EDQUOT);
	submit(c);
}

static void
as_somebody(struct child *c)
{
	child_become(12345);
	submit(c);
}

static void
test_faults(void)
{
	static const struct {
		void      (*work)(struct child *);
		long        number;
		int         status;
		int         left;
		const char *words;
	} cases[] = {
		{ no_sync, 0, EX_IOERR, 0, "the file was removed again" },
		{ no_sync_no_unlink, 0, EX_IOERR, 1, "it may be delivered" },
		{ no_locks, 0, EX_IOERR, 0, "cannot lock a file in q/incoming" },
		{ no_link, 0, EX_IOERR, 0, "quota" },
		{ no_unlink, SETTLE, EX_IOERR, 1, "which has been delivered" },
	};
	struct child c = { .path = "q" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.number = cases[i].number;
		memset(&c.e, 0, sizeof(c.e));
		check(child_run(&c, cases[i].work), cases[i].words);
		check_number(c.value, -1, cases[i].words);
		check_number(c.e.status, cases[i].status, "its status");
		if (!check(strstr(c.e.text, cases[i].words) != NULL, "its words"))
			printf("# %s\n", c.e.text);
		check_number(child_count("q/incoming"), cases[i].left,
		    cases[i].left == 0 ? "nothing is left" : "it is still there");
		(void)unlink(child_find("q/incoming", ".eml"));
	}
	c.number = 0;
	check(rmdir("q/incoming") == 0 && symlink("gone", "q/incoming") == 0 &&
	    child_run(&c, submit) && c.value == 1, "a link to nowhere is no queue");
	check(unlink("q/incoming") == 0 && close(open("q/incoming",
	    O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0 &&
	    child_run(&c, submit) && c.value == -1, "a file is a mistake");
	check(strstr(c.e.text, "q/incoming is not a folder") != NULL, "said so");
	check(unlink("q/incoming") == 0 && mkdir("q/incoming", 0700) == 0,
	    "(a folder again)");
	if (!is_root) {
		child_skip("others", "not root");
		return;
	}
	check(child_run(&c, as_somebody) && c.value == -1, "no right to write");
	check(strstr(c.e.text, "search permission is missing for uid 12345") !=
	    NULL, "is no missing queue");
	check(chmod("q/incoming", 03733) == 0 && child_run(&c, as_somebody) &&
	    c.value == 0, "the folder as it is installed takes it");
	check(chmod("q", 0700) == 0 && child_run(&c, as_somebody) && c.value == -1,
	    "a queue that cannot be looked into");
	check(strstr(c.e.text, ": q is owned by root:root with mode 0700: search "
	    "permission is missing for uid 12345") != NULL, "is a mistake too");
}

int
main(void)
{
	is_root = geteuid() == 0;
	(void)umask(022);
	child_folder();
	test_good();
	test_faults();
	child_clean();
	return check_end();
}
