/*
 * Handing over to an agent. In the agent's place stands a script, put over it
 * by a mount that this process alone sees.
 */
#include "deliver/deliver.h"

#include "base/clock.h"
#include "base/proc.h"
#include "check.h"
#include "child.h"
#include "settings/places.h"

#include <fcntl.h>

enum { LONG = 60000, RECIPIENTS = 3 };

/* The agent from now on; like ours it takes its settings before all else. */
static void
set_agent(const char *script)
{
	int fd = open("agent", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (fd < 0 || dprintf(fd, "#!/bin/sh\njob=$(cat <&3)\n%s\n", script) < 0 || close(fd) != 0)
		abort();
}

static bool
put_over_agent(void)
{
	set_agent("exit 1");
	return child_own_mounts() && access(place_agent, X_OK) == 0 &&
	    mount("agent", place_agent, NULL, MS_BIND, NULL) == 0;
}

static int
new_file(const char *text)
{
	int fd = open("message", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	return fd;
}

/* What is known: the kind's first letter (in capitals: maybe twice) and text of each. */
static const char *
known(const struct delivery *d)
{
	static char text[4096];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < d->count; i++) {
		const struct verdict *v = &d->verdicts[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%c:%s ",
		    v->maybe_twice ? 'L' : "-slr"[v->kind], v->text);
		check(v->kind == VERDICT_NONE || v->index == i, "its number");
		check((v->kind == VERDICT_SENT || v->kind == VERDICT_NONE) ==
		    (v->status == 0), "its status");
	}
	return text;
}

static void
start(struct delivery *d, struct settings *s, int file)
{
	struct err e = { 0 };

	if (!check(delivery_start(d, s, file, RECIPIENTS, false, &e) == 0, "started"))
		printf("# %s\n", e.text);
}

/* Agents that end by themselves, and what is known then. */
static const struct {
	const char *name, *script;
	bool        pending;
	const char *known;
} cases[] = {
	{ "all is said", "echo sent 0 0 250 - r dot ok; echo refused 1 67 550 - r RCPT no;"
	    " echo later 2 75 451 - r RCPT busy", false, "s:ok r:no l:busy " },
	{ "in any order", "echo sent 2 0 250 - r dot c; echo pending;"
	    " echo sent 0 0 250 - r dot a; echo sent 1 0 250 - r dot b", true,
	    "s:a s:b s:c " },
	{ "unsure", "echo pending; for i in 0 1 2; do"
	    " echo unsure $i 75 0 - r dot lost; done", true, "L:lost L:lost L:lost " },
	{ "nothing is said", "exit 0", false,
	    "l:the delivery agent ended without an answer "
	    "l:the delivery agent ended without an answer "
	    "l:the delivery agent ended without an answer " },
	{ "it dies behind the dot", "echo pending; echo sent 1 0 250 - r dot b;"
	    " kill -9 $$", true, "L:the delivery agent ended without an answer s:b "
	    "L:the delivery agent ended without an answer " },
	{ "half a line", "echo sent 0 0 250 - r dot a; echo sent 2 0 250 - r dot c;"
	    " printf 'sent 1 0 250 - r dot b'", false,
	    "s:a l:the delivery agent ended without an answer s:c " },
	{ "nonsense", "echo sent 0 0 250 - r dot a; echo; echo hello;"
	    " echo sent 3 0 250 - r dot d; echo sent -1 0 250 - r dot e;"
	    " echo sent 1 75 250 - r dot f; echo refused 2 67 550 - r RCPT no", false,
	    "s:a l:the delivery agent ended without an answer r:no " },
	{ "a line without end", "head -c 100000 /dev/zero | tr '\\0' x; echo;"
	    " echo sent 0 0 250 - r dot a; echo sent 1 0 250 - r dot b;"
	    " echo sent 2 0 250 - r dot c", false, "s:a s:b s:c " },
	{ "it gets the message and the settings", "read -r word;"
	    " echo later 0 75 0 - r dot \"${word%?}\";"
	    " echo later 1 75 0 - r dot \"$(echo \"$job\" | grep -c ^smtp.password=pencil)\";"
	    " echo later 2 75 0 - r dot \"$#$(env | grep -cv -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD=)\"",
	    false, "l:X-Sender: l:1 l:00 " },
};

static void
check_ends(struct settings *s)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int file = new_file("X-Sender:\r\n");
		struct delivery d;

		set_agent(cases[i].script);
		start(&d, s, file);
		check_number(delivery_wait(&d, clock_milliseconds() + LONG), 1,
		    cases[i].name);
		check_text(known(&d), cases[i].known, cases[i].name);
		check(d.pending == cases[i].pending, "whether the dot was out");
		delivery_free(&d);
		(void)close(file);
	}
}

/* Of one that does not end: what it said before counts. */
static void
check_stop(struct settings *s)
{
	int file = new_file("x");
	struct delivery d;
	int64_t deadline = clock_milliseconds() + LONG;

	set_agent("echo sent 1 0 250 - r dot b; echo pending; exec sleep 1000");
	start(&d, s, file);
	check_number(delivery_wait(&d, clock_milliseconds()), 0, "no time");
	while (!d.pending && clock_left(deadline) > 0)
		check_number(delivery_wait(&d, clock_milliseconds() + 20), 0, "still at it");
	check_text(known(&d), "-: s:b -: ", "one is known");
	check(d.pid > 0 && kill(d.pid, 0) == 0, "the agent runs");
	delivery_stop(&d, "it took too long");
	check(d.pid == -1, "and is ended");
	check_text(known(&d), "L:it took too long s:b L:it took too long ",
	    "what was said counts, \"pending\" above all");
	delivery_free(&d);

	set_agent("exec sleep 1000");
	start(&d, s, file);
	delivery_kill_agent();
	check_number(delivery_wait(&d, clock_milliseconds() + LONG), 1,
	    "ended by a signal handler");
	check(d.verdicts[0].kind == VERDICT_LATER && !d.verdicts[0].maybe_twice &&
	    d.verdicts[0].status == EX_UNAVAILABLE, "all come later");
	delivery_free(&d);
	delivery_kill_agent();
	(void)close(file);
}

/* It ends without its settings, of which there are more than a pipe holds. */
static void
check_deaf_agent(const struct settings *given)
{
	static char many[16000];
	struct settings s = *given;
	struct delivery d;
	struct err e = { 0 };
	int file = new_file("x"), fd = open("agent", O_WRONLY | O_TRUNC);

	if (fd < 0 || dprintf(fd, "#!/bin/sh\nexit 0\n") < 0 || close(fd) != 0)
		abort();
	memset(many, 'x', sizeof(many) - 1);
	s.smtp_host = s.user = s.tls_ca_file = s.tls_client_cert = many;
	s.tls_client_key = many;
	while (waitpid(-1, NULL, 0) > 0)	/* agents that had said all */
		continue;
	check(delivery_start(&d, &s, file, 1, false, &e) == -1 &&
	    e.status == EX_OSERR, "an agent that does not listen");
	check(d.pid == -1 && d.verdicts == NULL, "nothing is left to free");
	check(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD,
	    "and no process to wait for");
	(void)close(file);
}

static void
check_bad_starts(struct settings *s)
{
	struct delivery d;
	struct err e = { 0 };
	int ends[2], file = new_file("x");

	if (pipe2(ends, O_CLOEXEC) != 0)
		abort();
	check(delivery_start(&d, s, ends[0], 1, false, &e) == -1 &&
	    e.status == EX_IOERR, "a pipe has no beginning to go back to");
	if (chmod("agent", 0644) != 0)
		abort();
	check(delivery_start(&d, s, file, 1, false, &e) == -1 &&
	    e.status == EX_OSFILE && strstr(e.text, place_agent) != NULL,
	    "no agent to execute");
	check(d.pid == -1 && d.answers == -1 && d.verdicts == NULL,
	    "nothing is left to free");
	(void)chmod("agent", 0755);
	(void)close(file);
}

int
main(void)
{
	static const char job[] = "smtp.host=h.example\nsmtp.password=pencil\n";
	struct settings s;
	struct err e;

	if (proc_start(3, &e) < 0 || settings_init(&s, &e) != 0 ||
	    settings_parse_job(&s, job, sizeof(job) - 1, &e) != 0)
		abort();
	child_folder();
	if (put_over_agent()) {
		check_ends(&s);
		check_stop(&s);
		check_bad_starts(&s);
		check_deaf_agent(&s);
	} else {
		child_skip("an agent of the test's own",
		    "no mounts may be made here");
	}
	settings_free(&s);
	child_clean();
	return check_end();
}
