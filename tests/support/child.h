/*
 * child.h - for unit tests: do something as another user, in mounts of its
 * own, or with a system call that fails, and see what came of it.
 *
 *	static void
 *	open_it(struct child *c)	(runs in a process of its own)
 *	{
 *		child_become(33);
 *		child_deny(SYS_fsync, 0, 0, 0, EIO);
 *		c->value = pickup_open(&p, c->path, &c->e);
 *	}
 *	struct child c = { .path = "in" };
 *	check(child_run(&c, open_it), "it ended by itself");
 */
#ifndef OUTTRAY_TESTS_CHILD_H
#define OUTTRAY_TESTS_CHILD_H

#include "base/err.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
	char       path[256];	/* in: what it works on */
	long       number;	/* in: what the test likes */
	int        value;	/* out: a result */
	struct err e;		/* out: and its error */
	char       text[4096];	/* out: more of it */
	int        status;	/* out: of waitpid(2) */
};

/* True if it came to the end of `work`; what it wrote into *c is there. */
static inline bool
child_run(struct child *c, void (*work)(struct child *))
{
	struct child *shared = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (shared == MAP_FAILED)
		return false;
	*shared = *c;
	(void)fflush(stdout);
	if ((pid = fork()) == 0) {
		work(shared);
		/* Not by exit: a sanitizer would look for leaks of the parent. */
		(void)fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &shared->status, 0) != pid)
		return false;
	*c = *shared;
	(void)munmap(shared, sizeof(*c));
	return WIFEXITED(c->status) && WEXITSTATUS(c->status) == 0;
}

/* From now on uid and gid `id`, with no groups and no way back. */
static inline void
child_become(unsigned id)
{
	if (setgroups(0, NULL) != 0 || setresgid(id, id, id) != 0 ||
	    setresuid(id, id, id) != 0)
		_exit(99);
}

/* Mounts that this process makes are seen by it alone. */
static inline bool
child_own_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/*
 * System call `number` fails with `error` from now on, where its argument
 * number `arg` has `value` in the bits of `mask` (0: always).
 */
static inline void
child_deny(long number, unsigned arg, uint32_t mask, uint32_t value, int error)
{
	const uint32_t at = (uint32_t)offsetof(struct seccomp_data, args) +
	    arg * (uint32_t)sizeof(uint64_t) +
	    (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(98);
}

/* How many names are in a folder; -1 if it cannot be read. */
static inline int
child_count(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	int n = 0;

	if (d == NULL)
		return -1;
	while ((entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			n++;
	(void)closedir(d);
	return n;
}

/* The path of the first file in `folder` whose name ends so; "" if none. */
static inline const char *
child_find(const char *folder, const char *ending)
{
	static char path[1024];
	DIR *d = opendir(folder);
	const struct dirent *entry;

	path[0] = '\0';
	while (d != NULL && (entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name), tail = strlen(ending);

		if (len >= tail && strcmp(entry->d_name + len - tail, ending) == 0) {
			(void)snprintf(path, sizeof(path), "%s/%s", folder,
			    entry->d_name);
			break;
		}
	}
	if (d != NULL)
		(void)closedir(d);
	return path;
}

/* What is in a small file; "" if it cannot be read. */
static inline const char *
child_read(const char *path)
{
	static char text[4096];
	FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		(void)fclose(f);
	}
	text[n] = '\0';
	return text;
}

/*
 * Go to a new empty folder that every user may enter; child_clean, called
 * there, removes it again.
 */
static inline void
child_folder(void)
{
	char path[256];
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(path, sizeof(path), "%s/outtray-unit.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(path) == NULL || chmod(path, 0755) != 0 || chdir(path) != 0) {
		printf("Bail out! no folder for the test: %s\n", path);
		exit(1);
	}
}

static inline void
child_clean(void)
{
	char path[4096];
	pid_t pid;

	if (getcwd(path, sizeof(path)) == NULL || chdir("/") != 0)
		return;
	if ((pid = fork()) == 0) {
		(void)execl("/bin/rm", "rm", "-rf", path, (char *)NULL);
		_exit(1);
	}
	(void)waitpid(pid, NULL, 0);
}

/* "ok N - NAME # SKIP REASON", for what a machine cannot do. */
#define child_skip(name, reason) \
	((void)printf("ok %d - %s # SKIP %s\n", ++check_count, (name), (reason)))

#endif
