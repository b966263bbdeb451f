#include "deliver/deliver.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "settings/places.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The agent of this process, for its signal handler; 0 when there is none. */
static volatile sig_atomic_t running_agent;

/* Secrets, host list and all: [smtp] is far smaller. */
enum { JOB_MAX = 1024 * 1024 };

static int
open_pipe(int ends[2], struct err *e)
{
	if (pipe2(ends, O_CLOEXEC) == 0)
		return 0;
	ends[0] = ends[1] = -1;
	return err_sys(e, EX_OSERR, "cannot open a pipe");
}

static void
close_open(int fd)
{
	if (fd >= 0)
		(void)close(fd);	/* a pipe has nothing to report */
}

/*
 * The settings hold the password, so they go through a pipe and not through
 * arguments or environment. They fit into it (64 kB) by far; a longer host
 * list is written while the agent reads.
 */
static int
write_job(const struct settings *s, int fd, struct err *e)
{
	struct buf job;
	int result = 0;

	buf_init(&job, JOB_MAX);
	settings_print_job(s, &job);
	if (job.full)
		result = err_set(e, EX_CONFIG, "the [smtp] settings are too long");
	else if (io_write(fd, job.data, job.len) != 0)
		result = err_sys(e, EX_OSERR, "cannot hand the settings to %s",
		    place_agent);
	buf_free(&job);
	return result;
}

static int
start_agent(struct delivery *d, int file, int job, int answers, bool verbose,
    struct err *e)
{
	char name[] = "outtray-smtp";
	char *argv[] = { name, NULL };
	char *environment[] = { NULL };
	/* Without -v the agent may outlive us: it keeps nothing of ours open. */
	int fds[] = { file, answers, verbose ? STDERR_FILENO : -1, job };

	if (lseek(file, 0, SEEK_SET) < 0)
		return err_sys(e, EX_IOERR, "cannot go back in the message");
	d->pid = proc_spawn(place_agent, argv, environment, fds, 4, e);
	running_agent = d->pid > 0 ? d->pid : 0;
	return d->pid < 0 ? -1 : 0;
}

void
delivery_kill_agent(void)
{
	if (running_agent > 0)
		(void)kill((pid_t)running_agent, SIGKILL);
}

static void
reap(struct delivery *d)
{
	running_agent = 0;
	if (d->pid > 0)
		d->status = proc_wait(d->pid);
	d->pid = -1;
}

int
delivery_start(struct delivery *d, const struct settings *s, int file,
    size_t recipients, bool verbose, struct err *e)
{
	int job[2] = { -1, -1 }, answers[2] = { -1, -1 };
	int result = -1;

	memset(d, 0, sizeof(*d));
	d->pid = -1;
	d->answers = -1;
	d->count = recipients;
	buf_init(&d->line, VERDICT_LINE_MAX);
	d->verdicts = calloc(recipients, sizeof(*d->verdicts));
	if (d->verdicts == NULL) {
		(void)err_set(e, EX_OSERR, "no memory for %zu recipients",
		    recipients);
		goto out;
	}
	if (open_pipe(job, e) != 0 || open_pipe(answers, e) != 0 ||
	    start_agent(d, file, job[0], answers[1], verbose, e) != 0)
		goto out;
	close_open(job[0]);
	job[0] = -1;
	if (write_job(s, job[1], e) != 0)
		goto out;
	d->answers = answers[0];
	answers[0] = -1;
	result = 0;
out:
	close_open(job[0]);
	close_open(job[1]);
	close_open(answers[0]);
	close_open(answers[1]);
	if (result != 0) {
		delivery_kill_agent();	/* it never got what it needs to send */
		reap(d);
		delivery_free(d);
	}
	return result;
}

static void
take_line(struct delivery *d)
{
	struct verdict v;
	struct err ignored;
	int kind = verdict_parse(&v, buf_text(&d->line), d->line.len, &ignored);

	if (kind == 1)
		d->pending = true;
	/* A line that is none tells nothing; its recipient stays unknown. */
	if (kind == 0 && v.index < d->count)
		d->verdicts[v.index] = v;
	buf_reset(&d->line);
}

static void
take_answers(struct delivery *d, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\n')
			take_line(d);
		else
			buf_putc(&d->line, bytes[i]);
	}
}

static bool
all_known(const struct delivery *d)
{
	for (size_t i = 0; i < d->count; i++)
		if (d->verdicts[i].kind == VERDICT_NONE)
			return false;
	return true;
}

/* The agent has ended, or was ended, before it had said all. */
static void
give_up_on_rest(struct delivery *d, const char *text)
{
	for (size_t i = 0; i < d->count; i++) {
		struct verdict *v = &d->verdicts[i];

		if (v->kind != VERDICT_NONE)
			continue;
		v->kind = VERDICT_LATER;
		v->index = i;
		v->status = EX_UNAVAILABLE;
		v->maybe_twice = d->pending;
		(void)strncpy(v->step, d->pending ? "dot" : "agent",
		    sizeof(v->step) - 1);
		(void)strncpy(v->text, text, sizeof(v->text) - 1);
	}
}

/* What it said before it ended counts, "pending" above all. */
static void
hear_rest(struct delivery *d, const char *text)
{
	char bytes[4096];
	ssize_t n;

	while ((n = io_read(d->answers, bytes, sizeof(bytes))) > 0)
		take_answers(d, bytes, (size_t)n);
	give_up_on_rest(d, text);
}

int
delivery_wait(struct delivery *d, int64_t deadline)
{
	char bytes[4096];
	ssize_t n;

	while (!all_known(d)) {
		int ready = io_wait_readable(d->answers, clock_left(deadline));

		if (ready == 0)
			return 0;
		/* Where there is no memory to ask, reading waits as well. */
		n = io_read(d->answers, bytes, sizeof(bytes));
		if (n <= 0) {
			reap(d);
			hear_rest(d, "the delivery agent ended without an answer");
			return 1;
		}
		take_answers(d, bytes, (size_t)n);
	}
	return 1;
}

void
delivery_stop(struct delivery *d, const char *text)
{
	if (d->pid > 0)
		(void)kill(d->pid, SIGKILL);	/* it may have ended already */
	reap(d);
	hear_rest(d, text);
}

void
delivery_free(struct delivery *d)
{
	running_agent = 0;
	close_open(d->answers);
	free(d->verdicts);
	buf_free(&d->line);
	memset(d, 0, sizeof(*d));
	d->answers = -1;
	d->pid = -1;
}
