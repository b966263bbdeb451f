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

/* One variable beside a file that sets host, user and the alias www-data. */
static const struct {
	const char *variable;
	const char *host, *user, *alias; /* what is set then */
	const char *wanted;	/* or the sentence */
} variables[] = {
	{ "OUTTRAY_SMTP_HOST=c", "c", "u", "w@x", NULL },
	{ "OUTTRAY_SMTP_HOST=", "a", "u", "w@x", NULL },
	{ "OUTTRAY_SMTP_USER=a b", "a", "a b", "w@x", NULL },
	{ "OUTTRAY_ALIASES_WWW_DATA=y@z", "a", "u", "y@z", NULL },
	{ "OUTTRAY_ALIASES_www-data=y@z", "a", "u", "y@z", NULL },
	{ "OUTTRAY_ALIASES=y@z", "a", "u", "w@x", NULL },
	{ "OUTTRAY_PEERS=c", "a", "u", "w@x", NULL },
	{ "OUTTRAY_LIBRARY=c", "a", "u", "w@x", NULL },
	{ "OUTTRAY_=c", "a", "u", "w@x", NULL },
	{ "OUTTRAY=c", "a", "u", "w@x", NULL },
	{ "OUTTRAY_SMTP_HOST", "a", "u", "w@x", NULL },
	{ "XOUTTRAY_SMTP_HOST=c", "a", "u", "w@x", NULL },
	{ "outtray_smtp_host=c", "a", "u", "w@x", NULL },
	/* What Kubernetes sets for services named outtray and outtray-smtp. */
	{ "OUTTRAY_PORT=tcp://10.0.0.1:25", "a", "u", "w@x", NULL },
	{ "OUTTRAY_PORT_25_TCP_ADDR=10.0.0.1", "a", "u", "w@x", NULL },
	{ "OUTTRAY_SERVICE_HOST=10.0.0.1", "a", "u", "w@x", NULL },
	{ "OUTTRAY_SMTP_PORT=tcp://10.0.0.1:25", "a", "u", "w@x", NULL },
	{ "OUTTRAY_SMTP_PORT_25_TCP=tcp://10.0.0.1:25", "a", "u", "w@x", NULL },
	{ "OUTTRAY_SMTP_SERVICE_HOST=10.0.0.1", "a", "u", "w@x", NULL },
	{ "OUTTRAY_SMTP_SERVICE_PORT_SMTP=25", "a", "u", "w@x", NULL },

	{ "OUTTRAY_SMTP_HOTS=c", NULL, NULL, NULL, "OUTTRAY_SMTP_HOTS: there is no "
	    "such setting; is OUTTRAY_SMTP_HOST meant?" },
	{ "OUTTRAY_SMPT_HOST=c", NULL, NULL, NULL, "OUTTRAY_SMPT_HOST: there is no "
	    "such setting; is OUTTRAY_SMTP_HOST meant?" },
	{ "OUTTRAY_HOST=c", NULL, NULL, NULL, "OUTTRAY_HOST: there is no such "
	    "setting; is OUTTRAY_SMTP_HOST meant?" },
	{ "OUTTRAY_PASSWORD=c", NULL, NULL, NULL, "OUTTRAY_PASSWORD: there is no "
	    "such setting; is OUTTRAY_SMTP_PASSWORD meant?" },
	{ "OUTTRAY_TRANSPROT=c", NULL, NULL, NULL, "OUTTRAY_TRANSPROT: there is no "
	    "such setting; is OUTTRAY_TRANSPORT meant?" },
	{ "OUTTRAY_OUTTRAY_DOMAIN=c", NULL, NULL, NULL, "OUTTRAY_OUTTRAY_DOMAIN: there "
	    "is no such setting; is OUTTRAY_DOMAIN meant?" },
	{ "OUTTRAY_CONFGI=c", NULL, NULL, NULL, "OUTTRAY_CONFGI: there is no such "
	    "setting; is OUTTRAY_CONFIG meant?" },
	{ "OUTTRAY_SMTP_XYZZYPLUGH=c", NULL, NULL, NULL, "OUTTRAY_SMTP_XYZZYPLUGH: "
	    "[smtp] has no such key" },
	{ "OUTTRAY_SMTP_PORT=99999", NULL, NULL, NULL, "OUTTRAY_SMTP_PORT: port = 99999: a "
	    "number from 1 to 65535 is wanted" },
	{ "OUTTRAY_DOMAIN=\"x.example\"", NULL, NULL, NULL, "OUTTRAY_DOMAIN: domain: a "
	    "value stands without quotes" },
	{ "OUTTRAY_HOSTNAME=x\r\nMAIL FROM:<y>", NULL, NULL, NULL, "OUTTRAY_HOSTNAME: "
	    "hostname: there is a control character in it" },
	{ "OUTTRAY_SMTP_HOST=tcp://x", NULL, NULL, NULL, "OUTTRAY_SMTP_HOST: host = tcp://x: "
	    "NAME, NAME:PORT, [ADDRESS]:PORT or unix:/PATH is wanted" },
	{ "OUTTRAY_SENDERS=a@b", NULL, NULL, NULL, "OUTTRAY_SENDERS: one sender for all "
	    "is sender with sender_mode = always, in [outtray]" },
	{ "OUTTRAY_ALIASES_=a@b", NULL, NULL, NULL, "OUTTRAY_ALIASES_: [aliases] has no "
	    "such key" },
	{ "OUTTRAY_SENDERS_ROOT=a b", NULL, NULL, NULL, "OUTTRAY_SENDERS_ROOT: ROOT = a b: "
	    "an address is wanted" },
};

static void
environment(void)
{
	static const char text[] = "[smtp]\nhost = a\nuser = u\npassword = p\n"
	    "[aliases]\nwww-data = w@x\n";

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *list[] = { variables[i].variable, NULL };
		struct settings s;
		struct err e = { 0 };
		int result = load(&s, text, list, &e);

		if (variables[i].wanted != NULL) {
			check(result == -1 && e.status == EX_CONFIG, list[0]);
			check_text(e.text, variables[i].wanted, "the sentence");
		} else if (check(result == 0, list[0])) {
			check_text(s.smtp_host, variables[i].host, "host");
			check_text(s.user, variables[i].user, "user");
			check_text(setting_pairs_find(&s.aliases, "www-data"),
			    variables[i].alias, "alias");
		}
		settings_free(&s);
	}
}

/* The alias of a variable is found by the login's name, and by no other. */
static void
alias_of_variable(void)
{
	const char *list[] = { "OUTTRAY_ALIASES_SMART_D=a@b", "OUTTRAY_ALIASES=c@d",
	    NULL };
	struct settings s;
	struct err e = { 0 };

	check_number(load(&s, "[aliases]\na_b = x@y\n", list, &e), 0, "variables");
	check_text(setting_pairs_find(&s.aliases, "smart-d"), "a@b", "'_' for '-'");
	check_text(setting_pairs_find(&s.aliases, "smart_d"), "a@b", "or for itself");
	check_text(setting_pairs_find(&s.aliases, "*"), "c@d", "for all others");
	check(setting_pairs_find(&s.aliases, "a-b") == NULL,
	    "a file means what it says");
	settings_free(&s);
}

static void
password_in_two_places(void)
{
	static const struct {
		const char *text, *variables[3], *password, *file;
	} cases[] = {
		{ "[smtp]\nuser = u\npassword = p\n", { NULL }, "p", "" },
		{ "[smtp]\nuser = u\npassword = p\n",
		    { "OUTTRAY_SMTP_PASSWORD=q" }, "q", "" },
		{ "[smtp]\nuser = u\npassword = p\n",
		    { "OUTTRAY_SMTP_PASSWORD_FILE=/f" }, "", "/f" },
		{ "[smtp]\nuser = u\npassword_file = /g\n",
		    { "OUTTRAY_SMTP_PASSWORD=q" }, "q", "" },
		{ "[smtp]\nuser = u\npassword = p\npassword_file = /g\n", { NULL },
		    NULL, "outtray.ini: password (line 3) and password_file "
		    "(line 4) are both set: which is meant?" },
		{ "", { "OUTTRAY_SMTP_PASSWORD=q", "OUTTRAY_SMTP_PASSWORD_FILE=/f" },
		    NULL, "OUTTRAY_SMTP_PASSWORD and OUTTRAY_SMTP_PASSWORD_FILE are "
		    "both set: which is meant?" },
		{ "[smtp]\npassword = p\n", { NULL }, NULL,
		    "outtray.ini: [smtp] has a password but no user" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings s;
		struct err e = { 0 };
		int result = load(&s, cases[i].text, cases[i].variables, &e);

		if (cases[i].password != NULL && check(result == 0, "one wins")) {
			check_text(buf_text(&s.password), cases[i].password, "text");
			check_text(s.password_file, cases[i].file, "file");
		} else if (!check(result == -1 && e.status == EX_CONFIG &&
		    strstr(e.text, cases[i].file) != NULL, "which is meant?"))
			printf("# got \"%s\"\n", e.text);
		settings_free(&s);
	}
}

/* Good each for itself, and yet not together. */
static void
together(void)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "[outtray]\ntransport = smtp\n", "needs a host" },
		{ "[smtp]\ntls_client_cert = /c\n", "tls_client_key is missing" },
		{ "[smtp]\ntls_client_key = /c\n", "tls_client_cert is missing" },
		{ "[smtp]\npassword_file = /c\n", "no user" },
		{ "[outtray]\nsender_mode = always\n", "always needs a sender" },
		{ "[outtray]\nsender_mode = foreign\n", "foreign needs a sender" },
		{ "[outtray]\nsender_mode = unqualified\n", NULL },
		{ "[outtray]\nsender_mode = always\nsender = a@b\n", NULL },
		{ "[smtp]\nuser = u\n", NULL },
		{ "[outtray]\ntransport = pickup\n[smtp]\nhost = a\n", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings s;
		struct err e = { 0 };
		int result = load(&s, cases[i].text, NULL, &e);

		if (cases[i].wanted == NULL)
			check_number(result, 0, cases[i].text);
		else
			check(result == -1 && e.status == EX_CONFIG &&
			    strstr(e.text, cases[i].wanted) != NULL &&
			    strstr(e.text, path) != NULL, cases[i].text);
		if (result == 0)
			check(s.transport == TRANSPORT_PICKUP, "pickup");
		settings_free(&s);
	}
}

static void
names(void)
{
	struct settings s;
	struct err e = { 0 };
	struct buf name;

	buf_init(&name, 1024);
	(void)load(&s, "[outtray]\nhostname = web1.example\n", NULL, &e);
	settings_hostname(&s, &name);
	check_text(buf_text(&name), "web1.example", "the host's name as set");
	settings_free(&s);

	buf_reset(&name);
	(void)load(&s, "[outtray]\ndomain = example.com\n", NULL, &e);
	settings_domain(&s, &name);
	check_text(buf_text(&name), "example.com", "the domain as set");
	buf_reset(&name);
	settings_hostname(&s, &name);
	check(name.len > 0 && strpbrk(buf_text(&name), " \r\n<>") == NULL,
	    "the system's own name");
	settings_free(&s);

	buf_reset(&name);
	(void)load(&s, "", NULL, &e);
	settings_domain(&s, &name);
	check(strpbrk(buf_text(&name), ".[") != NULL, "a domain has a dot");
	settings_free(&s);
	buf_free(&name);
}

/* A job of another version, or no job at all. */
static void
bad_job(void)
{
	static const char *const jobs[] = {
		"smtp.x=y\n", "smtp.host=y", "x\n", "=\n", "job.size=\n1", "job.size=x\n",
		"job.size=99999999999999999999\n", "job.colour=1\n", "a=b.c\n",
		"smtp.tls=maybe\n", "pickup.directory=/x\n", "smtp.password_file=/x\n",
		"outtray.domain=x\n", "aliases.root=x\n",
	};

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		struct settings s;
		struct err e = { 0 };

		(void)settings_init(&s, &e);
		check(settings_parse_job(&s, jobs[i], strlen(jobs[i]), &e) == -1 &&
		    e.status == EX_SOFTWARE, jobs[i]);
		settings_free(&s);
	}
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
	check(settings_parse_job(&agent, "smtp.host=\0\n", 12, &e) != 0, "a NUL");
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
	environment();
	alias_of_variable();
	password_in_two_places();
	together();
	names();
	job();
	bad_job();
	(void)unlink(path);
	(void)rmdir(folder);
	return check_end();
}
