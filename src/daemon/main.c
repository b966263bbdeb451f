/*
 * outtrayd: brings the mail that waits in the queue to the server.
 */
#include "base/io.h"
#include "base/proc.h"
#include "daemon/listing.h"
#include "daemon/owner.h"
#include "daemon/runner.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char usage[] =
	"usage: outtrayd [--once] [--now] [-f] [-C file]\n"
	"       outtrayd --list [-C file]\n"
	"See outtrayd(8).\n";

struct options {
	bool        once, now, list, help, version;
	const char *settings_file;
};

static struct options options;
static char **environment_given;

static int
fail(const struct err *e)
{
	(void)fprintf(stderr, "outtrayd: %s\n", e->text);
	return e->status;
}

static int
options_read(struct options *o, int argc, char **argv, struct err *e)
{
	static const struct option names[] = {
		{ "once", no_argument, NULL, '1' },
		{ "now", no_argument, NULL, 'n' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "fC:h", names, NULL)) != -1) {
		if (c == '1')
			o->once = true;
		else if (c == 'n')
			o->now = true;
		else if (c == 'l')
			o->list = true;
		else if (c == 'h')
			o->help = true;
		else if (c == 'V')
			o->version = true;
		else if (c == 'C' && o->settings_file == NULL)
			o->settings_file = optarg;
		else if (c != 'f')	/* it never leaves the foreground */
			return err_set(e, EX_USAGE, "%s is not understood; "
			    "see outtrayd --help", argv[optind - 1]);
	}
	return optind == argc ? 0 :
	    err_set(e, EX_USAGE, "%s is not understood; see outtrayd --help",
	    argv[optind]);
}

static int
settings_read(struct settings *s, struct err *e)
{
	if (settings_init(s, e) == 0 &&
	    settings_load(s, options.settings_file, environment_given, e) == 0 &&
	    settings_read_secrets(s, environment_given, e) == 0)
		return 0;
	settings_free(s);
	return -1;
}

/* Good settings take the place of the old ones, but the queue stays where it is. */
static int
settings_again(struct settings *s, struct err *e)
{
	struct settings fresh;

	if (settings_read(&fresh, e) != 0)
		return -1;
	settings_free(s);
	*s = fresh;
	return 0;
}

static int
open_signals(struct err *e)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);	/* cannot fail so */
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd >= 0 ? fd : err_sys(e, EX_OSERR, "cannot wait for signals");
}

static int
say(const char *text)
{
	return io_write(STDOUT_FILENO, text, strlen(text)) == 0 ? EX_OK : EX_IOERR;
}

static int
list(const char *directory)
{
	struct queue q;
	struct err e = { 0 };
	int n;

	queue_init(&q);
	n = queue_open(&q, directory, &e);
	if (n == 0)
		n = listing_print(&q, STDOUT_FILENO, &e);
	queue_close(&q);
	return n == 0 ? EX_OK : fail(&e);
}

static int
run(struct runner *r, struct settings *s, struct err *e)
{
	int signals = open_signals(e);
	long other = 0;
	size_t left;
	int n;

	if (signals < 0)
		return fail(e);
	r->log.program = "outtrayd";
	r->log.target = s->log;
	r->log.json = s->log_format == LOG_FORMAT_JSON;
	r->reload = settings_again;
	r->once = options.once;
	r->all = options.now;
	n = runner_open(r, s, &other, e);
	if (n == 0) {
		left = runner_run(r, signals);
		n = options.once && left > 0 ?
		    err_set(e, EX_TEMPFAIL, "%zu of the queue's messages wait", left) :
		    0;
	} else if (n > 0) {
		n = options.now && other > 0 && kill((pid_t)other, SIGUSR1) == 0 ?
		    say("The outtrayd that runs tries all mail now\n") :
		    err_set(e, EX_TEMPFAIL, "another outtrayd (process %ld) runs "
		    "this queue already", other);
	}
	runner_close(r);
	(void)close(signals);
	return n == 0 ? EX_OK : fail(e);
}

int
main(int argc, char **argv, char **environment)
{
	struct settings s;
	struct runner *r;
	struct err e = { 0 };
	int status;

	environment_given = environment;
	if (proc_start(3, &e) < 0 || options_read(&options, argc, argv, &e) != 0)
		return fail(&e);
	if (options.help)
		return say(usage);
	if (options.version)
		return say("outtrayd " OUTTRAY_VERSION "\n");
	/* Read before root's rights go: the file may be root's and no other's. */
	if (settings_read(&s, &e) != 0)
		return fail(&e);
	if (owner_become(s.queue_directory, &e) != 0) {
		settings_free(&s);
		return fail(&e);
	}
	if (options.list) {
		status = list(s.queue_directory);
		settings_free(&s);
		return status;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		(void)err_set(&e, EX_OSERR, "out of memory");
		status = fail(&e);
	} else {
		status = run(r, &s, &e);
	}
	free(r);
	settings_free(&s);
	return status;
}
