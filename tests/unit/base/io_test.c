#include "base/io.h"

#include "base/clock.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

static void
on_alarm(int number)
{
	(void)number;
}

/* A signal each millisecond, and no call that begins again by itself. */
static void
interrupt_often(void)
{
	struct sigaction a = { .sa_handler = on_alarm };
	struct itimerval every = { { 0, 1000 }, { 0, 1000 } };

	(void)sigaction(SIGALRM, &a, NULL);
	(void)setitimer(ITIMER_REAL, &every, NULL);
}

/* Write a megabyte into a small pipe whose reader is slow. */
static void
write_slowly(struct child *c)
{
	static char bytes[1 << 20];
	int ends[2];
	pid_t reader;

	c->value = -1;
	if (pipe(ends) != 0)
		return;
	if ((reader = fork()) == 0) {
		long total = 0;
		ssize_t n;

		(void)close(ends[1]);
		interrupt_often();
		while ((n = io_read(ends[0], bytes, 5000)) > 0)
			total += n;
		_exit(n == 0 && total == sizeof(bytes) ? 0 : 1);
	}
	(void)close(ends[0]);
	interrupt_often();
	c->value = io_write(ends[1], bytes, sizeof(bytes));
	(void)close(ends[1]);
	while (waitpid(reader, &c->status, 0) < 0 && errno == EINTR)
		;
	c->number = c->status;
}

static void
wait_in_vain(struct child *c)
{
	int ends[2];
	int64_t start = clock_milliseconds();

	if (pipe(ends) != 0)
		return;
	interrupt_often();
	c->value = io_wait_readable(ends[0], 50);
	c->number = (long)(clock_milliseconds() - start);
}

int
main(void)
{
	struct child c = { .value = 9 };
	char bytes[8];
	int ends[2], fd;

	check(child_run(&c, write_slowly) && c.value == 0,
	    "a long write into a pipe, with many signals");
	check_number(c.number, 0, "comes whole at the other end");
	c.value = 9;
	check(child_run(&c, wait_in_vain) && c.value == 0, "waiting ends");
	check(c.number >= 49 && c.number < 5000, "in time, whatever signals come");

	(void)signal(SIGPIPE, SIG_IGN);
	check(pipe(ends) == 0, "a pipe");
	check_number(io_wait_readable(ends[0], 0), 0, "empty");
	check_number(io_write(ends[1], "abc", 3), 0, "written");
	check_number(io_wait_readable(ends[0], 1000), 1, "readable");
	check_number(io_read(ends[0], bytes, 2), 2, "read in part");
	check_number(io_read(ends[0], bytes, sizeof(bytes)), 1, "and the rest");
	check_number(io_write(ends[1], NULL, 0), 0, "nothing is written at once");
	(void)close(ends[1]);
	check_number(io_wait_readable(ends[0], 1000), 1, "its end can be read");
	check_number(io_read(ends[0], bytes, sizeof(bytes)), 0, "as nothing");
	(void)close(ends[0]);

	check(pipe(ends) == 0 && close(ends[0]) == 0, "a pipe that nobody reads");
	check(io_write(ends[1], "x", 1) == -1 && errno == EPIPE, "EPIPE");
	(void)close(ends[1]);
	check(io_write(ends[1], "x", 1) == -1 && errno == EBADF, "EBADF");
	check(io_read(ends[1], bytes, 1) == -1 && errno == EBADF, "for both");
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	check(io_write(fd, "x", 1) == -1 && errno == ENOSPC, "ENOSPC");
	(void)close(fd);
	fd = open("/", O_RDONLY | O_CLOEXEC);
	check(io_read(fd, bytes, 1) == -1 && errno == EISDIR, "EISDIR");
	(void)close(fd);
	return check_end();
}
