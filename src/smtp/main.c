/*
 * outtray-smtp - the delivery agent: one message to an SMTP smarthost.
 *
 *	0  the message file: X-Sender and X-Receiver lines, then the message
 *	1  verdicts, one line for each recipient (deliver/verdict.h)
 *	2  the dialog, where the job says verbose
 *	3  [smtp] settings and the job (settings_print_job)
 *
 * The exit is 0 when all verdicts have been told, else a sysexits status.
 *
 * The same program exists twice: outtray-smtp-tls is linked with OpenSSL,
 * whose loading costs more than a whole mail to a server on this host. This one
 * hands over to it, before anything is said, wherever TLS may be spoken.
 */
#include "base/io.h"
#include "base/proc.h"
#include "settings/places.h"
#include "settings/settings.h"
#include "smtp/agent.h"
#include "smtp/tls.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { SETTINGS_FD = 3, SETTINGS_MAX = 1024 * 1024 };

/* A password is in our memory: no core file, no debugger of the same user. */
static void
keep_memory_private(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);	/* lowering cannot fail */
#ifdef __linux__
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

static int
read_settings(struct buf *job, struct err *e)
{
	for (;;) {
		char *to = buf_room(job, 4096);
		ssize_t n;

		if (to == NULL)
			return err_set(e, EX_SOFTWARE, "the settings do not end");
		n = io_read(SETTINGS_FD, to, 4096);
		if (n < 0)
			return err_sys(e, EX_SOFTWARE, "cannot read the settings");
		if (n == 0)
			return 0;
		job->len += (size_t)n;
	}
}

/* Give the settings to the other program, through a pipe, as we got them. */
static int
hand_over(const struct buf *job, struct err *e)
{
	char name[] = "outtray-smtp-tls";
	char *argv[] = { name, NULL }, *environment[] = { NULL };
	int ends[2];

	if (pipe(ends) != 0)
		return err_sys(e, EX_OSERR, "cannot open a pipe");
	/* Nobody reads yet: what the pipe does not take at once is too much. */
	if (fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0 ||
	    io_write(ends[1], job->data, job->len) != 0)
		return err_set(e, EX_CONFIG, "the [smtp] settings are too long");
	(void)close(ends[1]);
	if (dup2(ends[0], SETTINGS_FD) < 0)
		return err_sys(e, EX_OSERR, "cannot hand over the settings");
	(void)close(ends[0]);
	(void)execve(place_agent_tls, argv, environment);
	return err_sys(e, EX_OSFILE, "cannot start %s", place_agent_tls);
}

static int
work(struct settings *s, struct buf *job, struct err *e)
{
	struct transfer t;
	int result;

	if (read_settings(job, e) != 0 ||
	    settings_parse_job(s, buf_text(job), job->len, e) != 0)
		return -1;
	if (!tls_linked && agent_needs_openssl(s))
		return hand_over(job, e);
	buf_free(job);
	result = transfer_init(&t, STDIN_FILENO, STDOUT_FILENO, &s->job_facts, e);
	if (result == 0)
		result = agent_run(s, &t, e);
	transfer_free(&t);
	return result;
}

int
main(void)
{
	struct settings s;
	struct buf job;
	struct err e;
	int result;

	keep_memory_private();
	buf_init(&job, SETTINGS_MAX);
	result = proc_start(SETTINGS_FD + 1, &e) < 0 ? -1 : settings_init(&s, &e);
	if (result == 0) {
		result = work(&s, &job, &e);
		settings_free(&s);
	}
	buf_free(&job);
	if (result == 0)
		return 0;
	(void)fprintf(stderr, "outtray-smtp: %s\n", e.text);
	return e.status;
}
