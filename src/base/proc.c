#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SPAWN_MAX = 8,			/* descriptors handed to another program */
	MOST_DESCRIPTORS = 65536,	/* looked at where the kernel cannot */
	STACK_USED = 32 * 1024		/* at most, and more than we do */
};

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4u
#endif

static int
open_first_three(struct err *e)
{
	struct pollfd three[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };
	int stdin_was_closed = 0;

	/* One call tells which are open; without it each is asked. */
	bool known = poll(three, 3, 0) >= 0;

	for (int fd = 0; fd < 3; fd++) {
		if (known ? (three[fd].revents & POLLNVAL) == 0 :
		    fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* The lowest free number is fd itself; there may be no /dev. */
		if (open("/dev/null", O_RDWR) != fd &&
		    open("/", O_RDONLY | O_DIRECTORY) != fd)
			return err_sys(e, EX_OSERR, "descriptor %d was closed, and "
			    "/dev/null cannot be opened in its place", fd);
		if (fd == 0)
			stdin_was_closed = 1;
	}
	return stdin_was_closed;
}

static int
close_one(int fd)
{
	return close(fd);	/* most of them are not open */
}

static int
keep_from_children(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/*
 * All from `first` on, by the kernel if it can (`flags`), else one by one. Not
 * up to RLIMIT_NOFILE: it may have been lowered after they were opened.
 */
static void
each_from(int first, unsigned flags, int (*call)(int))
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)first, ~0U, flags) == 0)
		return;
#endif
	(void)flags;
	for (int fd = first; fd < MOST_DESCRIPTORS; fd++)
		(void)call(fd);
}

/* A function of its own: entering it is what makes the stack grow. */
static void __attribute__((noinline))
grow_stack(void)
{
	volatile char used[STACK_USED];

	for (size_t i = 0; i < sizeof(used); i += 1024)
		used[i] = 0;
}

/*
 * A stack that may not grow kills us wherever we are, behind the keeping of a
 * mail as well. So it grows here, where nothing was done yet. (Arguments and
 * environment count for the limit: then this may be what kills us.)
 */
static int
reserve_stack(struct err *e)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) == 0 &&
	    limit.rlim_cur < PROC_STACK_MIN)
		return err_set(e, EX_OSERR, "the stack of this process is limited to "
		    "%llu bytes (ulimit -s): it needs %d",
		    (unsigned long long)limit.rlim_cur, PROC_STACK_MIN);
	grow_stack();
	return 0;
}

int
proc_start(int first_closed, struct err *e)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rlimit none = { 0, 0 };
	int stdin_was_closed = open_first_three(e);

	if (stdin_was_closed < 0)
		return -1;
	each_from(first_closed, 0, close_one);
	(void)sigaction(SIGPIPE, &ignore, NULL);	/* cannot fail so */
	/* A file over the caller's `ulimit -f` is an error, not a death. */
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	(void)umask(027);
	/* Passwords go through our memory: they shall not stay on a disk. */
	(void)setrlimit(RLIMIT_CORE, &none);
	return reserve_stack(e) != 0 ? -1 : stdin_was_closed;
}

void
proc_hold_signals(sigset_t *before)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
	    SIGTRAP, SIGSYS };
	sigset_t held;

	(void)sigfillset(&held);
	/* A fault that is held kills without its handler: let it come. */
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		(void)sigdelset(&held, faults[i]);
	(void)sigprocmask(SIG_BLOCK, &held, before);	/* cannot fail so */
}

void
proc_release_signals(const sigset_t *before)
{
	(void)sigprocmask(SIG_SETMASK, before, NULL);	/* cannot fail so */
}

/*
 * A plain dup2 of one descriptor after another could overwrite one that is
 * still to come, and leaves close-on-exec set where both numbers agree. So
 * all are copied above the range first.
 */
static int
copy_above(const int *fds, int count, int *copies)
{
	for (int i = 0; i < count; i++) {
		if (fds[i] < 0)
			copies[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		else
			copies[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SPAWN_MAX);
		if (copies[i] < 0) {
			/* The limit may be below the first number asked for. */
			if (errno == EINVAL)
				errno = EMFILE;
			return -1;
		}
	}
	return 0;
}

static int
spawn_with(const char *path, char *const argv[], char *const environment[],
    const int *copies, int count, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, normal;
	int cause = 0;

	(void)sigemptyset(&none);
	(void)sigemptyset(&normal);
	(void)sigaddset(&normal, SIGTERM);
	(void)sigaddset(&normal, SIGINT);
	(void)sigaddset(&normal, SIGHUP);
	if ((cause = posix_spawn_file_actions_init(&actions)) != 0)
		return cause;
	if ((cause = posix_spawnattr_init(&attributes)) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return cause;
	}
	for (int i = 0; i < count && cause == 0; i++)
		cause = posix_spawn_file_actions_adddup2(&actions, copies[i], i);
	if (cause == 0)
		cause = posix_spawnattr_setflags(&attributes,
		    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (cause == 0)
		cause = posix_spawnattr_setsigmask(&attributes, &none);
	if (cause == 0)
		cause = posix_spawnattr_setsigdefault(&attributes, &normal);
	if (cause == 0)
		cause = posix_spawn(pid, path, &actions, &attributes, argv,
		    environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return cause;
}

pid_t
proc_spawn(const char *path, char *const argv[], char *const environment[],
    const int *fds, int count, struct err *e)
{
	struct sigaction normal = { .sa_handler = SIG_DFL };
	int copies[SPAWN_MAX];
	pid_t pid = -1;
	int cause;

	if (count > SPAWN_MAX)
		return err_set(e, EX_SOFTWARE, "%d descriptors for %s", count, path);
	/* With SIGCHLD ignored by our caller waitpid(2) would find no child. */
	(void)sigaction(SIGCHLD, &normal, NULL);	/* cannot fail so */
	for (int i = 0; i < SPAWN_MAX; i++)
		copies[i] = -1;
	each_from(3, CLOSE_RANGE_CLOEXEC, keep_from_children);
	cause = copy_above(fds, count, copies) != 0 ? errno :
	    spawn_with(path, argv, environment, copies, count, &pid);
	for (int i = 0; i < SPAWN_MAX; i++)
		if (copies[i] >= 0)
			(void)close(copies[i]);
	if (cause == 0)
		return pid;
	if (cause == EAGAIN)
		return err_set(e, EX_OSERR, "cannot start %s: uid %lu or its service "
		    "may have no more processes (ulimit -u, TasksMax)", path,
		    (unsigned long)getuid());
	errno = cause;
	return err_sys(e, cause == ENOENT || cause == EACCES ? EX_OSFILE : EX_OSERR,
	    "cannot start %s", path);
}

int
proc_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			return -1;
	return status;
}
