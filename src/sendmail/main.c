/*
 * sendmail: a message on standard input, kept or sent before it exits.
 */
#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "sendmail/session.h"
#include "sendmail/signals.h"
#include "sendmail/submit.h"
#include "sendmail/verify.h"
#include "settings/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_BYTES = 64 * 1024,
	DRAIN_MILLISECONDS = 10000,	/* for what a caller still writes … */
	DRAIN_IDLE_MILLISECONDS = 200	/* … while it does write */
};

static const char usage[] =
	"usage: sendmail [-t] [-i] [-v] [-f sender] [-F name] [-N notify] "
	"[-R return] [-V envid]\n"
	"                [-C file] [recipient ...]\n"
	"       sendmail -bs | -bv address ... | -bp | -bi | -q\n"
	"See sendmail(8) and outtray.ini(5).\n";

/* Not from the heap: what is said may be that there is no memory. */
static void
complain_bytes(const char *text, size_t len)
{
	static const char name[] = "sendmail: ";
	static char line[sizeof(name) + REPORT_LINE_MAX];
	size_t end = sizeof(name) - 1;

	if (len > REPORT_LINE_MAX)
		len = REPORT_LINE_MAX;
	memcpy(line, name, end);
	memcpy(line + end, text, len);
	line[end + len] = '\n';
	/* With standard error gone there is nobody to tell. */
	(void)io_write(STDERR_FILENO, line, end + len + 1);
}

static void
complain(const char *text)
{
	complain_bytes(text, strlen(text));
}

static void
print_report(const struct report *r)
{
	for (const char *line = buf_text(&r->lines); *line != '\0'; ) {
		size_t len = strcspn(line, "\n");

		complain_bytes(line, len);
		line += len + (line[len] == '\n');
	}
	if (r->lines.full)
		complain("no memory for all that there is to say");
}

static const char *
variable(char *const environment[], const char *name)
{
	size_t len = strlen(name);

	for (; *environment != NULL; environment++)
		if (strncmp(*environment, name, len) == 0 &&
		    (*environment)[len] == '=' && (*environment)[len + 1] != '\0')
			return *environment + len + 1;
	return NULL;
}

/* 1 with data in *len, 0 at the end, -1. */
static int
read_input(char *bytes, size_t *len, struct err *e)
{
	ssize_t n;

	while ((n = io_read(STDIN_FILENO, bytes, READ_BYTES)) < 0 && errno == EAGAIN)
		if (io_wait_readable(STDIN_FILENO, -1) < 0)
			break;
	if (n < 0)
		return err_sys(e, EX_IOERR,
		    "cannot read the message from standard input");
	*len = (size_t)n;
	return n > 0 ? 1 : 0;
}

/*
 * A caller that is still writing when we give up would die of SIGPIPE and
 * never read our exit status. Only what comes without a pause is read, as
 * there may be no message at all.
 */
static void
drain_input(void)
{
	static char bytes[READ_BYTES];
	int64_t deadline = clock_milliseconds() + DRAIN_MILLISECONDS;
	struct stat st;

	if (fstat(STDIN_FILENO, &st) != 0 || !(S_ISFIFO(st.st_mode) ||
	    S_ISSOCK(st.st_mode)))
		return;
	while (clock_left(deadline) > 0 &&
	    io_wait_readable(STDIN_FILENO, DRAIN_IDLE_MILLISECONDS) > 0 &&
	    io_read(STDIN_FILENO, bytes, sizeof(bytes)) > 0)
		continue;
}

static int
fail(const struct err *e)
{
	complain(e->text);
	drain_input();
	return e->status;
}

static int
context_init(struct context *c, char *const environment[], struct err *e)
{
	const char *name = variable(environment, "NAME");

	if (settings_init(&c->settings, e) != 0 ||
	    settings_load(&c->settings, c->options.settings_file, environment, e) != 0)
		return -1;
	if (c->settings.transport == TRANSPORT_SMTP &&
	    settings_read_secrets(&c->settings, environment, e) != 0)
		return -1;
	if (!c->settings.anything_set &&
	    access(c->settings.pickup_directory, F_OK) != 0 && errno == ENOENT)
		return err_set(e, EX_CONFIG, "nothing is set up: name a smarthost "
		    "(OUTTRAY_SMTP_HOST, or host in the section [smtp] of "
		    "outtray.ini) or a pickup folder");
	caller_find(&c->caller);
	buf_init(&c->domain, 1024);
	buf_init(&c->hostname, 1024);
	settings_domain(&c->settings, &c->domain);
	settings_hostname(&c->settings, &c->hostname);
	c->full_name = c->options.full_name != NULL ? c->options.full_name : name;
	c->temp_directory = variable(environment, "TMPDIR");
	c->log.program = "sendmail";
	c->log.target = c->settings.log;
	c->log.json = c->settings.log_format == LOG_FORMAT_JSON;
	return 0;
}

static void
context_free(struct context *c)
{
	settings_free(&c->settings);
	options_free(&c->options);
	buf_free(&c->domain);
	buf_free(&c->hostname);
}

static int
read_message(struct submission *b, struct context *c, struct err *e)
{
	static char bytes[READ_BYTES];
	bool dot_ends = !c->options.keep_dot && c->settings.lone_dot == LONE_DOT_END;
	size_t len = 0;
	int more;

	if (submission_begin(b, c, NULL, dot_ends, e) != 0)
		return -1;
	while ((more = read_input(bytes, &len, e)) > 0)
		if (submission_feed(b, bytes, len, e) != 0)
			return -1;
	return more;
}

static int
submit(struct context *c)
{
	/* Not freed where it is kept: the kernel does that faster. */
	static struct submission b;
	struct report r;
	struct err e = { 0 };
	int status;

	report_init(&r);
	if (read_message(&b, c, &e) != 0) {
		report_error(&r, &e);
		log_line(&c->log, LOG_LEVEL_ERROR, "uid=%lu, status=rejected (%s)",
		    (unsigned long)c->caller.uid, e.text);
		drain_input();
	} else {
		submission_end(&b, &r);
	}
	if (r.kept == 0)
		submission_free(&b);
	print_report(&r);
	status = r.status;
	report_free(&r);
	return status;
}

static int
say(const char *text)
{
	return io_write(STDOUT_FILENO, text, strlen(text)) == 0 ? EX_OK : EX_IOERR;
}

/* What needs neither settings nor a message. */
static int
answer(const struct options *o)
{
	switch (o->mode) {
	case MODE_HELP:
		return say(usage);
	case MODE_VERSION:
		return say("outtray " OUTTRAY_VERSION "\n");
	case MODE_ALIASES:	/* aliases are read when they are needed */
	case MODE_STATUS:
		return EX_OK;
	default:
		return -1;
	}
}

static bool
has_queue(const struct settings *s)
{
	char *incoming = NULL;
	bool has;

	if (asprintf(&incoming, "%s/incoming", s->queue_directory) < 0)
		return true;
	has = access(incoming, F_OK) == 0 || errno != ENOENT;
	free(incoming);
	return has;
}

/* -q, -bp: who may run the queue, or see it, is the runner's to say. */
static int
run_queue(const struct options *o, char **environment)
{
	char name[] = "outtrayd", once[] = "--once", now[] = "--now", file[] = "-C";
	char list[] = "--list";
	char *path = o->settings_file != NULL ? strdup(o->settings_file) : NULL;
	char *run[] = { name, once, now, path != NULL ? file : NULL, path, NULL };
	char *print[] = { name, list, path != NULL ? file : NULL, path, NULL };
	struct settings s;
	struct err e = { 0 };
	bool has;

	if (settings_init(&s, &e) != 0 ||
	    settings_load(&s, o->settings_file, environment, &e) != 0)
		return free(path), fail(&e);
	has = has_queue(&s);
	settings_free(&s);
	if (has) {
		(void)execve(place_runner, o->mode == MODE_LIST ? print : run,
		    environment);
		(void)err_sys(&e, EX_OSFILE, "cannot start %s", place_runner);
	}
	free(path);
	return has ? fail(&e) : say("Mail queue is empty\n");
}

static int
run(struct context *c, bool stdin_was_closed)
{
	if (c->options.late_option != NULL)
		complain("what looks like an option behind a recipient is taken for "
		    "a recipient; options go first");
	if (c->options.mode == MODE_VERIFY)
		return verify(c);
	if (stdin_was_closed)
		return complain("standard input is closed: there is no message"),
		    EX_NOINPUT;
	return c->options.mode == MODE_SMTP ? session_run(c) : submit(c);
}

int
main(int argc, char **argv, char **environment)
{
	struct context c;
	struct err e = { 0 };
	int stdin_was_closed = proc_start(3, &e);
	int status;

	if (stdin_was_closed < 0)
		return fail(&e);
	memset(&c, 0, sizeof(c));
	draft_will_hide = signals_catch;
	if (options_parse(&c.options, argc, argv, &e) != 0)
		status = fail(&e);
	else if (c.options.mode == MODE_RUN || c.options.mode == MODE_LIST)
		status = run_queue(&c.options, environment);
	else if ((status = answer(&c.options)) < 0)
		status = context_init(&c, environment, &e) != 0 ? fail(&e) :
		    run(&c, stdin_was_closed == 1);
	context_free(&c);
	return status;
}
