#include "store/pickup.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>

static bool is_root;

/* One message into c->path; what failed first is in value. */
static void
submit(struct child *c)
{
	struct pickup p = { 0 };
	char first_id[STAMP_ID_MAX] = "";
	struct buf b;

	(void)umask(027);
	buf_init(&b, 100);
	buf_puts(&b, "X-Sender: <a@example.net>\r\n");
	c->value = pickup_open(&p, c->path, &c->e);
	if (c->value == 0)
		c->value = pickup_write(&p, &b, &c->e);
	if (c->value == 0)
		c->value = pickup_write(&p, &b, &c->e);
	if (c->value == 0)
		c->value = stamp_id(first_id, &c->e);
	if (c->value == 0)
		c->value = pickup_commit(&p, first_id, &c->e);
	if (c->value == 0 && strcmp(p.id, first_id) != 0)
		c->number = 1;	/* it was taken */
	(void)snprintf(c->text, sizeof(c->text), "%s/%s.eml", c->path, p.id);
	pickup_free(&p);
	buf_free(&b);
}

static void
test_good(void)
{
	struct child c = { .path = "in" };
	char first[sizeof(c.text)];
	struct stat st;

	check(mkdir("in", 0755) == 0, "a folder");
	check(child_run(&c, submit) && c.value == 0, "a message is kept");
	check_text(child_read(c.text), "X-Sender: <a@example.net>\r\n"
	    "X-Sender: <a@example.net>\r\n", "whole, under the name of its id");
	check(stat(c.text, &st) == 0 && (st.st_mode & 07777) == 0640 &&
	    st.st_nlink == 1, "mode 0640, one name");
	memcpy(first, c.text, sizeof(first));
	check(child_run(&c, submit) && strcmp(first, c.text) < 0,
	    "the next one's name is another, and later");
	check_number(child_count("in"), 2, "nothing else is there");
	check(strspn(strrchr(c.text, '/') + 1, "0123456789abcdef") == 32,
	    "a name that each file system takes");
}

static void
open_only(struct child *c)
{
	struct pickup p = { 0 };

	c->value = pickup_open(&p, c->path, &c->e);
	pickup_free(&p);
	pickup_free(&p);
}

static void
as_somebody(struct child *c)
{
	child_become(12345);
	submit(c);
}

static void
test_drop_box(void)
{
	struct child c = { .path = "drop" };

	if (!is_root) {
		child_skip("a drop box", "not root");
		return;
	}
	check(mkdir("drop", 0700) == 0 && chmod("drop", 01733) == 0,
	    "a folder that others may not read");
	check(child_run(&c, as_somebody) && c.value == 0, "takes a message");
	check(child_count("drop") == 1 && access(c.text, F_OK) == 0, "whole");
	check(chmod("drop", 0755) == 0, "a folder that others may not write");
	check(child_run(&c, as_somebody) && c.value == -1, "takes none");
	check_number(c.e.status, EX_CANTCREAT, "its status");
	check(strstr(c.e.text, "write permission is missing") != NULL, "said so");
	check_number(child_count("drop"), 1, "nothing new is there");
}

/* -- a step that fails ---------------------------------------------------- */

struct fault {
	const char *what;
	long        number;	/* system call */
	unsigned    arg;
	uint32_t    mask, value;
	int         error;
	bool        no_unlink;	/* and what is there cannot be removed */
	bool        no_names;	/* O_TMPFILE is not to be had */
	int         wanted;	/* of pickup_commit */
	const char *words;	/* in the error */
};

static const struct fault faults[] = {
	{ "data cannot be synced", SYS_fdatasync, 0, 0, 0, EIO, false, false,
	    -1, "syncing a file: " },
	{ "the disk is full at the sync", SYS_fdatasync, 0, 0, 0, ENOSPC, false,
	    false, -1, "is full" },
	{ "quota at the sync", SYS_fdatasync, 0, 0, 0, EDQUOT, false, false,
	    -1, "quota" },
	{ "no space for the name", SYS_linkat, 0, 0, 0, ENOSPC, false, false,
	    -1, "is full" },
	{ "no memory for the name", SYS_linkat, 0, 0, 0, ENOMEM, false, false,
	    -1, "Cannot allocate memory" },
	{ "the folder cannot be synced", SYS_fsync, 0, 0, 0, EIO, false, false,
	    -1, "the file was removed again" },
	{ "nor the file removed", SYS_fsync, 0, 0, 0, EIO, true, false,
	    -1, "could not be removed again: it may be delivered" },
	{ "folders are never synced there", SYS_fsync, 0, 0, 0, EINVAL, false,
	    false, -1, "the file was removed again" },
	{ "the folder cannot be opened", SYS_openat, 2, O_RDWR | O_PATH, 0,
	    EACCES, false, false, 0, "" },
	{ "no descriptor for the folder", SYS_openat, 2, O_RDWR | O_PATH, 0,
	    EMFILE, false, false, -1, "open files" },
	{ "hidden: data cannot be synced", SYS_fsync, 0, 0, 0, EIO, false, true,
	    -1, "syncing a file: " },
	{ "hidden: no space for the name", SYS_linkat, 0, 0, 0, ENOSPC, false,
	    true, -1, "is full" },
	{ "hidden: a late error at close", SYS_close, 0, 0, 0, EIO, false, true,
	    -1, "Input/output error" },
	{ "hidden: quota at close", SYS_close, 0, 0, 0, EDQUOT, false, true,
	    -1, "quota" },
	{ "no chance for a name", SYS_getrandom, 0, 0, 0, EAGAIN, false, false,
	    0, "" },
	{ "no clock", SYS_clock_gettime, 0, 0, 0, EPERM, false, false, 0, "" },
};

static void
with_fault(struct child *c)
{
	const struct fault *f = &faults[c->number];

	if (f->no_names)
		child_deny(SYS_openat, 2, O_TMPFILE & ~O_DIRECTORY,
		    O_TMPFILE & ~O_DIRECTORY, EOPNOTSUPP);
	child_deny(f->number, f->arg, f->mask, f->value, f->error);
	if (f->no_unlink)
		child_deny(SYS_unlinkat, 0, 0, 0, EPERM);
	submit(c);
}

static void
test_faults(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *f = &faults[i];
		struct child c = { .path = "fault", .number = (long)i };

		check(mkdir("fault", 0755) == 0, "a folder");
		check(child_run(&c, with_fault), f->what);
		check_number(c.value, f->wanted, f->what);
		if (!check(strstr(c.e.text, f->words) != NULL, "its words"))
			printf("# %s\n", c.e.text);
		if (c.value == 0)
			check(strlen(child_read(c.text)) == 54, "it is there, whole");
		else
			check(c.e.status >= EX__BASE && c.e.status <= EX__MAX,
			    "a status");
		check((child_find("fault", ".eml")[0] != '\0') ==
		    (c.value == 0 || f->no_unlink),
		    c.value == 0 ? "visible" : "nothing is visible");
		check(system("rm -rf fault") == 0, "(removed)");
	}
}

/* -- readers -------------------------------------------------------------- */

static void
taken_early(struct child *c)
{
	child_deny(SYS_fsync, 0, 0, 0, EIO);
	child_deny(SYS_unlinkat, 0, 0, 0, ENOENT);	/* as if it were gone */
	submit(c);
}

static void
test_taken(void)
{
	struct child c = { .path = "in" };

	check(child_run(&c, taken_early) && c.value == -1,
	    "taken before the folder could be synced");
	check(strstr(c.e.text, "it was taken already: it may be delivered") != NULL,
	    "is admitted");
}

static void
test_absent(void)
{
	struct child c = { .path = "in" };

	(void)snprintf(c.path, sizeof(c.path), "absent");
	check(child_run(&c, open_only) && c.value == -1, "no folder");
	check_number(c.e.status, EX_CANTCREAT, "its status");
	check(strstr(c.e.text, "absent does not exist") != NULL, "its words");
}

int
main(void)
{
	is_root = geteuid() == 0;
	(void)umask(022);
	child_folder();
	test_good();
	test_drop_box();
	test_faults();
	test_taken();
	test_absent();
	child_clean();
	return check_end();
}
