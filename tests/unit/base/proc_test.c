#include "base/proc.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

/* -- proc_start ----------------------------------------------------------- */

/* Closes the descriptors in c->path ("02"), starts, says what is open. */
static void
start(struct child *c)
{
	size_t len = 0;

	for (const char *p = c->path; *p != '\0'; p++)
		(void)close(*p - '0');
	c->value = proc_start(3, &c->e);
	for (int fd = 0; fd < 2000; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			len += (size_t)snprintf(c->text + len,
			    sizeof(c->text) - len, "%d ", fd);
}

static void
start_with_leaks(struct child *c)
{
	struct rlimit limit = { 4, 4 };

	(void)dup2(0, 3);
	(void)dup2(0, 4);
	(void)dup2(0, 77);
	(void)dup2(0, 1000);
	if (c->number != 0) {
		(void)setrlimit(RLIMIT_NOFILE, &limit);
		child_deny(SYS_close_range, 0, 0, 0, ENOSYS);
	}
	start(c);
}

static void
start_without_null(struct child *c)
{
	child_deny(SYS_openat, 2, O_DIRECTORY, 0, ENOENT);
	start(c);
}

static void
start_without_room(struct child *c)
{
	struct rlimit limit = { 0, 0 };

	(void)setrlimit(RLIMIT_NOFILE, &limit);
	start(c);
}

static void
test_descriptors(void)
{
	static const struct {
		const char *closed;
		int         value;
		const char *what;
	} cases[] = {
		{ "", 0, "all are open" }, { "0", 1, "no standard input" },
		{ "1", 0, "no standard output" }, { "2", 0, "no standard error" },
		{ "12", 0, "neither of both" }, { "012", 1, "none at all" },
	};
	struct child c;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&c, 0, sizeof(c));
		(void)snprintf(c.path, sizeof(c.path), "%s", cases[i].closed);
		check(child_run(&c, start), cases[i].what);
		check_number(c.value, cases[i].value, "is told");
		check_text(c.text, "0 1 2 ", "and mended");
	}
	memset(&c, 0, sizeof(c));
	check(child_run(&c, start_with_leaks), "descriptors of our caller's");
	check_text(c.text, "0 1 2 ", "are closed");
	c.number = 1;
	check(child_run(&c, start_with_leaks),
	    "an old kernel, and a limit below what is open");
	check_text(c.text, "0 1 2 ", "change nothing");
	memcpy(c.path, "02", 3);
	check(child_run(&c, start_without_null) && c.value == 1, "no /dev/null");
	check_text(c.text, "0 1 2 ", "is no reason to stop");
	memcpy(c.path, "1", 2);
	check(child_run(&c, start_without_room) && c.value == -1,
	    "no descriptors at all");
	check_number(c.e.status, EX_OSERR, "is one");
	check_text(c.e.text, "descriptor 1 was closed, and /dev/null cannot be "
	    "opened in its place: Too many open files: the "
	    "limit of this process is 0 descriptors (ulimit -n)", "that is said");
}

static void
start_with_signals(struct child *c)
{
	struct rlimit limit = { 1, 1 };
	int fd;

	(void)umask(0);
	c->value = proc_start(3, &c->e);
	c->number = umask(0);
	fd = open(c->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	(void)setrlimit(RLIMIT_FSIZE, &limit);
	if (write(fd, "xy", 2) != 1 || write(fd, "y", 1) != -1 || errno != EFBIG)
		c->value = 2;
}

static void
crash(struct child *c)
{
	(void)proc_start(3, &c->e);
	(void)signal(SIGQUIT, SIG_DFL);
	(void)raise(SIGQUIT);
}

static void
test_surroundings(void)
{
	struct child c = { .path = "file" };

	check(child_run(&c, start_with_signals), "a full file is no death");
	check_number(c.value, 0, "but an error");
	check_number(c.number, 027, "the umask is 027");
	check(!child_run(&c, crash) && WIFSIGNALED(c.status) &&
	    !WCOREDUMP(c.status), "no core is dumped");
}

static void
hold(struct child *c)
{
	sigset_t before;

	(void)signal(SIGTERM, SIG_DFL);
	proc_hold_signals(&before);
	(void)raise(SIGTERM);
	(void)raise(SIGHUP);
	c->value = 5;
	if (c->number == 0)
		_exit(0);
	proc_release_signals(&before);
	c->value = 6;
}

static void
test_holding(void)
{
	struct child c = { .number = 0 };

	check(child_run(&c, hold) && c.value == 5, "signals wait");
	c.number = 1;
	check(!child_run(&c, hold) && WIFSIGNALED(c.status), "and come");
	check_number(c.value, 5, "when they are released");
}

/* -- proc_spawn ------------------------------------------------------------ */

/* What `sh -c COMMAND` writes when its descriptors 0 to count-1 are `fds`. */
static const char *
say(const char *command, int *fds, int count, int out)
{
	static char text[ERR_TEXT_MAX];
	static char sh[] = "sh", flag[] = "-c", variable[] = "A=b";
	char script[256];
	char *argv[] = { sh, flag, script, NULL };
	char *environment[] = { variable, NULL };
	struct err e = { 0 };
	int ends[2];
	ssize_t n = 0;
	size_t len = 0;
	pid_t pid;

	(void)snprintf(script, sizeof(script), "%s", command);
	if (pipe(ends) != 0)
		return "no pipe";
	fds[out] = ends[1];
	pid = proc_spawn("/bin/sh", argv, environment, fds, count, &e);
	(void)close(ends[1]);
	if (pid < 0) {
		(void)snprintf(text, sizeof(text), "%s", e.text);
	} else {
		while ((n = read(ends[0], text + len, sizeof(text) - 1 - len)) > 0)
			len += (size_t)n;
		text[len] = '\0';
		n = proc_wait(pid);
		if (n != 0)
			(void)snprintf(text, sizeof(text), "status %d", (int)n);
	}
	(void)close(ends[0]);
	return text;
}

static int
file_saying(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)!write(fd, name, strlen(name));
	(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

static void
test_spawn(void)
{
	int fds[8] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	int a, b, leak;

	check_text(say("cat; echo $A $HOME$USER", fds, 3, 1), "b\n",
	    "nothing on its input, and our environment");
	a = file_saying("first");
	b = file_saying("second");
	leak = dup2(a, 9);	/* not close-on-exec */
	fds[0] = a;
	check_text(say("cat", fds, 3, 1), "first", "a file on its input");
	fds[0] = b;
	fds[3] = a;
	fds[4] = b;
	(void)lseek(a, 0, SEEK_SET);
	check_text(say("cat; cat <&3; cat <&4", fds, 5, 1), "secondfirst",
	    "and on others");
	(void)lseek(a, 0, SEEK_SET);
	fds[0] = leak;
	fds[3] = -1;
	check_text(say("cat; cat <&3; ls /proc/self/fd | wc -l", fds, 4, 1),
	    "first5\n", "no more than it is given");
	(void)close(leak);
	(void)close(a);
	(void)close(b);
}

static int
spawn(const char *path, int count, struct err *e)
{
	static char name[] = "x";
	char *argv[] = { name, NULL }, *environment[] = { NULL };
	int fds[16] = { -1, -1, -1, -1, -1, -1, -1, -1, -1 };
	pid_t pid = proc_spawn(path, argv, environment, fds, count, e);

	return pid < 0 ? -1 : proc_wait(pid);
}

static void
test_spawn_signals(void)
{
	int fds[3] = { -1, -1, -1 };
	sigset_t before;

	(void)signal(SIGCHLD, SIG_IGN);	/* its end is heard of all the same */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	proc_hold_signals(&before);
	check_text(say("kill -TERM $$; echo alive", fds, 3, 1), "status 15",
	    "signals that we hold or ignore do their work there");
	proc_release_signals(&before);
	check_text(say("kill -PIPE $$; echo alive", fds, 3, 1), "alive\n",
	    "but for SIGPIPE");
	(void)signal(SIGTERM, SIG_DFL);
}

static void
spawn_without_descriptors(struct child *c)
{
	struct rlimit limit = { 3, 3 };

	(void)setrlimit(RLIMIT_NOFILE, &limit);
	c->value = spawn("/bin/true", 3, &c->e);
}

static void
test_spawn_failures(void)
{
	struct child c = { .value = 0 };
	struct err e = { 0 };
	int fd;

	check_number(spawn("/bin/true", 3, &e), 0, "it ends well");
	check(WEXITSTATUS(spawn("/bin/false", 3, &e)) == 1, "or not");
	check_number(spawn("./absent", 3, &e), -1, "there is no such program");
	check_number(e.status, EX_OSFILE, "its status");
	check_text(e.text, "cannot start ./absent: No such file or directory",
	    "its words");
	fd = file_saying("plain");
	(void)close(fd);
	check_number(spawn("./plain", 3, &e), -1, "it may not be executed");
	check_number(e.status, EX_OSFILE, "its status");
	check_number(spawn("/bin/true", 9, &e), -1, "too many descriptors");
	check_number(e.status, EX_SOFTWARE, "its status");
	check(child_run(&c, spawn_without_descriptors) && c.value == -1,
	    "no descriptors left");
	check_number(c.e.status, EX_OSERR, "its status");
	check_number(proc_wait(1), -1, "no child of ours");
}

int
main(void)
{
	child_folder();
	test_descriptors();
	test_surroundings();
	test_holding();
	test_spawn();
	test_spawn_signals();
	test_spawn_failures();
	child_clean();
	return check_end();
}
