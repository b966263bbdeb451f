/*
 * What the settings make of files, variables and jobs. Files are given as
 * text through a folder of this test's own.
 */
#include "settings/settings.h"

#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/outtray-settings-XXXXXX";
static char path[256], path_variable[300];

static void
write_bytes(const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0)
		abort();
}

/* Load a file with this text and these variables (NULL after the last). */
static int
load(struct settings *s, const char *text, const char *const variables[], struct err *e)
{
	char *environment[16] = { path_variable };

	for (size_t i = 0; variables != NULL && variables[i] != NULL; i++)
		environment[i + 1] = (char *)variables[i];	/* only read */
	write_bytes(text, strlen(text));
	if (settings_init(s, e) != 0)
		abort();
	return settings_load(s, NULL, environment, e);
}

static void
defaults(void)
{
	struct settings s;
	struct err e;
	char *none[] = { NULL };

	check(settings_init(&s, &e) == 0, "defaults are good values");
	check_number(s.deadline_seconds, 10, "deadline");
	check_number((long long)s.max_size, 50 << 20, "max_size");
	check_number(s.sender_mode, SENDER_UNQUALIFIED, "sender_mode");
	check_number(s.dot_timeout_seconds, 600, "dot_timeout");
	check(s.received && !s.allow_plaintext_auth, "yes and no");
	check_text(s.log, "syslog", "log");
	check_text(s.user, "", "a text that is not set is empty");
	(void)settings_load(&s, NULL, none, &e);
	check_number(s.transport, TRANSPORT_PICKUP, "without a host: pickup");
	settings_free(&s);
}

static void
good_file(void)
{
	struct settings s;
	struct err e = { 0 };

	check(load(&s, "; a comment\r\n[SMTP]\r\nhost = a.example b:25\r\n"
	    "  user=me ; and # more\r\npassword: a;b ;c #d\r\ntls = OFF\r\n"
	    "[outtray]\ndeadline = 1h\nmax_size = 3 MB\n[aliases]\n"
	    "Root = ops@example.com", NULL, &e) == 0, "a good file");
	check_text(e.text, "", "no error");
	check_number(s.transport, TRANSPORT_SMTP, "a host makes smtp");
	check_text(s.smtp_host, "a.example b:25", "host");
	check_text(s.user, "me ; and # more", "no comments behind a value");
	check_text(buf_text(&s.password), "a;b ;c #d", "nor in a password");
	check_number(s.tls, TLS_OFF, "words in any case");
	check_number(s.deadline_seconds, 3600, "1h");
	check_number((long long)s.max_size, 3 << 20, "3 MB");
	check_text(setting_pairs_find(&s.aliases, "rOOT"), "ops@example.com", "alias");
	check(setting_pairs_find(&s.senders, "root") == NULL, "no sender");
	check(s.anything_set, "something was set");
	settings_free(&s);
}

static const struct {
	const char *text, *line, *words;
} bad_files[] = {
	{ "[smtp]\nhots = a\n", ":2: ", "\"host\" meant" },
	{ "[smpt]\n", ":1: ", "[smtp] meant" },
	{ "[outtray]\nhost = a\n", ":2: ", "\"host\" of [smtp] meant" },
	{ "\n\n[smtp]\nport = 70000\n", ":4: ", "from 1 to 65535" },
	{ "[smtp]\ntls = maybe\n", ":2: ", "auto, starttls, implicit or off" },
	{ "[outtray]\ndeadline = soon\n", ":2: ", "from 1s to 1h" },
	{ "[outtray]\nreceived = perhaps\n", ":2: ", "yes or no" },
	{ "[smtp]\nhost = a\nhost = b\n", ":3: ", "line 2" },
	{ "[aliases]\nroot = a\nROOT = b\n", ":3: ", "line 2" },
	{ "host = a\n", ":1: ", "before the first section" },
	{ "[smtp]\nhost\n", ":2: ", "no \"key = value\"" },
	{ "[smtp\nhost = a\n", ":1: ", "']'" },
	{ "[smtp] host = a\n", ":1: ", "only a comment" },
	{ "[smtp]\nhost = a\001b\n", ":2: ", "control character" },
	{ "[outtray]\ntransport = smtp\n", "", "needs a host" },
};

static void
bad_file(void)
{
	for (size_t i = 0; i < sizeof(bad_files) / sizeof(bad_files[0]); i++) {
		struct settings s;
		struct err e = { 0 };

		check_number(load(&s, bad_files[i].text, NULL, &e), -1,
		    bad_files[i].text);
		check_number(e.status, EX_CONFIG, "its status");
		if (!check(strstr(e.text, bad_files[i].line) != NULL &&
		    strstr(e.text, bad_files[i].words) != NULL, "its words"))
			printf("# got \"%s\"\n", e.text);
		settings_free(&s);
	}
}

static void
environment(void)
{
	struct settings s;
	struct err e = { 0 };
	const char *good[] = { "OUTTRAY_SMTP_HOST=c", "OUTTRAY_DEADLINE=3s",
	    "OUTTRAY_ALIASES_ROOT=x@y", "OUTTRAY_SMTP_PORT=", "OUTTRAY_PEERS=z", NULL };
	const char *bad[] = { "OUTTRAY_SMTP_HOTS=c", NULL };
	const char *worse[] = { "OUTTRAY_DEADLINE=c", NULL };

	check(load(&s, "[smtp]\nhost = a\nport = 25\n", good, &e) == 0, "variables");
	check_text(s.smtp_host, "c", "a variable wins over the file");
	check_number(s.smtp_port, 25, "an empty one counts as not set");
	check_number(s.deadline_seconds, 3, "[outtray] is not said twice");
	check_text(setting_pairs_find(&s.aliases, "root"), "x@y", "alias");
	settings_free(&s);
	check(load(&s, "", bad, &e) != 0 && e.status == EX_CONFIG &&
	    strstr(e.text, "OUTTRAY_SMTP_HOST meant") != NULL, "a misspelt one");
	settings_free(&s);
	check(load(&s, "", worse, &e) != 0 &&
	    strstr(e.text, "OUTTRAY_DEADLINE") != NULL, "a bad one");
	settings_free(&s);
}

static void
job(void)
{
	struct settings s, agent;
	struct err e = { 0 };
	struct buf text;

	(void)load(&s, "[smtp]\nhost = a b\nuser = u\npassword = p=q;r\n"
	    "auth = login\ndot_timeout = 61s\n[pickup]\ndots = doubled\n", NULL, &e);
	s.job_verbose = true;
	s.job_facts.size = 12345;
	s.job_facts.body_8bit = true;
	buf_init(&text, 65536);
	settings_print_job(&s, &text);
	check(settings_init(&agent, &e) == 0 && settings_parse_job(&agent,
	    buf_text(&text), text.len, &e) == 0, "a job is read as it was printed");
	check_text(agent.smtp_host, "a b", "host");
	check_text(buf_text(&agent.password), "p=q;r", "password");
	check_number(agent.auth, AUTH_LOGIN, "auth");
	check_number(agent.dot_timeout_seconds, 61, "dot_timeout");
	check_number(agent.dots, DOTS_PLAIN, "what the agent need not know");
	check(agent.job_verbose && agent.job_facts.body_8bit &&
	    !agent.job_facts.head_8bit && agent.job_facts.size == 12345, "facts");
	check(settings_parse_job(&agent, "smtp.x=y\n", 9, &e) != 0 &&
	    e.status == EX_SOFTWARE, "an unknown line");
	check(settings_parse_job(&agent, "smtp.host=y", 11, &e) != 0, "no line");
	buf_free(&text);
	settings_free(&s);
	settings_free(&agent);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/outtray.ini", folder);
	(void)snprintf(path_variable, sizeof(path_variable), "OUTTRAY_CONFIG=%s", path);
	defaults();
	good_file();
	bad_file();
	environment();
	job();
	(void)unlink(path);
	(void)rmdir(folder);
	return check_end();
}
