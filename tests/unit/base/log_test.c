#include "base/log.h"

#include "base/clock.h"

#include "check.h"
#include "child.h"

#include <ctype.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

static bool
matches(const char *text, const char *pattern)
{
	regex_t r;
	bool yes;

	if (regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	yes = regexec(&r, text, 0, NULL, 0) == 0;
	regfree(&r);
	if (!yes)
		printf("# got %s\n", text);
	return yes;
}

static struct log
to(const char *target, bool json)
{
	return (struct log){ .program = "sendmail", .target = target, .json = json };
}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}"

static const char hostile[] =
    "a\nb\r\n\033[2J\"q\"\\ \177\303\244\t<14>Jan  1 00:00:00 forged";

/* -- files -------------------------------------------------------------- */

static void
test_file(void)
{
	struct log l = to("here.log", false);
	struct stat st;

	(void)umask(027);
	errno = ENXIO;
	log_line(&l, LOG_LEVEL_INFO, "id=%s", "one");
	check_number(errno, ENXIO, "errno stays");
	check(umask(022) == 027, "and the umask");
	check(matches(child_read("here.log"), "^" TIME " outtray\\[[0-9]+\\]: "
	    "sendmail: id=one\n$"), "a line with time, process and program");
	check(stat("here.log", &st) == 0 && (st.st_mode & 07777) == 0640,
	    "mode 0640");
	log_line(&l, LOG_LEVEL_ERROR, "id=%s", "two");
	check(matches(child_read("here.log"), "one\n.*sendmail: id=two\n$"),
	    "the next is put behind it");
	check(unlink("here.log") == 0, "(rotated)");
	log_line(&l, LOG_LEVEL_WARNING, "%s", hostile);
	check(matches(child_read("here.log"), "^[^\n]*: a\\?b\\?\\?\\?\\[2J\"q\"\\\\ "
	    "\\?\\?\\?\\?<14>Jan  1 00:00:00 forged\n$"),
	    "nothing in it makes a line or moves a cursor");
	check(unlink("here.log") == 0, "(rotated)");
	l = to("here.log", true);
	log_line(&l, LOG_LEVEL_WARNING, "%s", hostile);
	check(matches(child_read("here.log"), "^\\{\"time\":\"" TIME "\",\"program\":"
	    "\"sendmail\",\"pid\":[0-9]+,\"uid\":[0-9]+,\"level\":\"warning\","
	    "\"text\":\"a\\?b\\?\\?\\?\\[2J\\\\\"q\\\\\"\\\\\\\\ \\?\\?\\?\\?<14>Jan"
	    "  1 00:00:00 forged\"\\}\n$"), "the same in JSON");
	check(unlink("here.log") == 0, "(rotated)");
}

static void
test_length(void)
{
	char text[5000];
	struct log l = to("here.log", false);

	for (int json = 0; json < 2; json++) {
		const char *got;

		l.json = json == 1;
		memset(text, json == 1 ? '"' : 'x', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		log_line(&l, LOG_LEVEL_INFO, "%s", text);
		got = child_read("here.log");
		check(strlen(got) > 1500 && strlen(got) <= 2048,
		    "a line is cut at 2 kB");
		check(strchr(got, '\n') == got + strlen(got) - 1, "and ends");
		if (json == 1)
			check(matches(got, "(\\\\\"){700}\"\\}\n$"),
			    "as an object still");
		check(unlink("here.log") == 0, "(rotated)");
	}
}

/* Many processes at once: no line is torn. */
static void
write_many(struct child *c)
{
	struct log l = to("many.log", false);
	pid_t pids[8];

	for (int i = 0; i < 8; i++) {
		if ((pids[i] = fork()) == 0) {
			for (int n = 0; n < 100; n++)
				log_line(&l, LOG_LEVEL_INFO, "%0100d", n);
			_exit(0);
		}
	}
	for (int i = 0; i < 8; i++)
		(void)waitpid(pids[i], NULL, 0);
	(void)c;
}

static void
test_many(void)
{
	struct child c = { .value = 0 };
	char line[4096];
	int good = 0;
	FILE *f;

	check(child_run(&c, write_many), "many write at once");
	f = fopen("many.log", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strlen(line) > 100 && strstr(line, "]: sendmail: 0000") != NULL &&
		    strchr(line, '\n') == line + strlen(line) - 1)
			good++;
	if (f != NULL)
		(void)fclose(f);
	check_number(good, 800, "and each line is whole");
}

/* -- syslog --------------------------------------------------------------- */

enum { DGRAM = SOCK_DGRAM, STREAM = SOCK_STREAM, NONE = 0 };

/* A /dev of our own with a listener in it; -1 if it cannot be had. */
static int
listen_at_dev(int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd;

	if (!child_own_mounts() || mount("none", "/dev", "tmpfs", 0, "size=64k") != 0)
		return -1;
	if (type == NONE)
		return 0;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    chmod("/dev/log", 0666) != 0 || (type == STREAM && listen(fd, 5) != 0))
		return -1;
	return fd;
}

/* Log to c->path; c->number is the listener's type; what it got is c->text. */
static void
log_to(struct child *c)
{
	struct log l = to(c->path, c->value == 1);
	int fd = listen_at_dev((int)c->number);

	c->value = -1;
	if (fd < 0)
		return;
	log_line(&l, LOG_LEVEL_ERROR, "%s", hostile);
	c->value = 0;
	if (c->number == STREAM)
		fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (c->number != NONE)
		c->value = (int)recv(fd, c->text, sizeof(c->text) - 1, MSG_DONTWAIT);
}

static void
log_to_as_somebody(struct child *c)
{
	struct log l = to(c->path, false);
	int fd = listen_at_dev(DGRAM);

	c->value = -1;
	if (fd < 0)
		return;
	child_become(12345);
	log_line(&l, LOG_LEVEL_ERROR, "%s", hostile);
	c->value = (int)recv(fd, c->text, sizeof(c->text) - 1, MSG_DONTWAIT);
}

/* Nobody reads; c->number: how long the last line took. */
static void
log_to_the_stuck(struct child *c)
{
	struct log l = to("syslog", false);
	int64_t start = clock_milliseconds();
	int fd = listen_at_dev(DGRAM);

	c->value = -1;
	if (fd < 0)
		return;
	for (c->value = 0; c->value < 10000; c->value++) {
		start = clock_milliseconds();
		log_line(&l, LOG_LEVEL_INFO, "x");
		if (clock_milliseconds() - start > 500)
			break;
	}
	c->number = (long)(clock_milliseconds() - start);
}

#define SYSLOG(severity) "^<" severity ">(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|" \
	"Oct|Nov|Dec) [ 1-3][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} outtray\\[[0-9]+\\]: "

static void
test_syslog(void)
{
	struct child c = { .path = "syslog", .number = DGRAM };

	if (!child_run(&c, log_to) || c.value < 0) {
		child_skip("syslog", "no mounts of our own");
		return;
	}
	check(matches(c.text, SYSLOG("19") "sendmail: a\\?b\\?\\?\\?\\[2J[^\n]*"
	    "forged$"), "a datagram: mail.err, time, tag");
	c.value = 1;
	check(child_run(&c, log_to) && matches(c.text, SYSLOG("19")
	    "\\{\"time\":\"" TIME "\".*forged\"\\}$"), "JSON in it");
	c.number = STREAM;
	c.value = 0;
	check(child_run(&c, log_to), "a stream");
	check(matches(c.text, SYSLOG("19") "sendmail: a.*forged$"), "has the same");
	check_number(c.value, (long long)strlen(c.text) + 1, "with a NUL behind it");
	c.number = NONE;
	check(child_run(&c, log_to) && c.value == 0, "no /dev/log: nothing happens");
	check(child_run(&c, log_to_the_stuck), "a daemon that is stuck");
	check(c.number > 500 && c.number < 5000, "is waited for, but not for long");
}

static void
test_fallback(void)
{
	static const struct {
		const char *path;
		const char *what;
	} cases[] = {
		{ "link.log", "a link is not followed" },
		{ "fifo.log", "a FIFO without a reader" },
		{ "folder", "a folder" },
		{ "absent/x.log", "a folder that is missing" },
		{ "socket.log", "a socket" },
		{ "/proc/version", "a file that takes nothing" },
	};
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = "socket.log" };
	struct child c;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(symlink("target.log", "link.log") == 0 && mkfifo("fifo.log", 0600) == 0
	    && mkdir("folder", 0755) == 0 &&
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0, "odd things");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&c, 0, sizeof(c));
		(void)snprintf(c.path, sizeof(c.path), "%s", cases[i].path);
		c.number = DGRAM;
		if (!child_run(&c, log_to) || (c.value < 0 && c.text[0] == '\0')) {
			child_skip(cases[i].what, "no mounts of our own");
			continue;
		}
		check(matches(c.text, SYSLOG("19") "sendmail: a.*forged$"),
		    cases[i].what);
	}
	check(access("target.log", F_OK) != 0, "nothing was made behind the link");
	(void)close(fd);
	check(close(open("mine.log", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0,
	    "a file of ours");
	memset(&c, 0, sizeof(c));
	(void)snprintf(c.path, sizeof(c.path), "mine.log");
	if (child_run(&c, log_to_as_somebody) && c.value >= 0)
		check(matches(c.text, SYSLOG("19") "sendmail: a"),
		    "somebody else's line goes to syslog");
	else
		child_skip("somebody else's line", "no mounts of our own");
	check_text(child_read("mine.log"), "", "and not into it");
}

/* -- standard error --------------------------------------------------------- */

static void
log_to_stderr(struct child *c)
{
	struct log l = to("stderr", c->value == 1);
	int ends[2];

	if (pipe(ends) != 0 || dup2(ends[1], 2) != 2)
		return;
	(void)close(ends[1]);
	log_line(&l, LOG_LEVEL_INFO, "%s", hostile);
	(void)close(2);
	c->number = read(ends[0], c->text, sizeof(c->text) - 1);
	/* Nobody there: no SIGPIPE of ours, no change of errno. */
	errno = 0;
	log_line(&l, LOG_LEVEL_INFO, "%s", hostile);
	c->value = errno;
}

static void
test_stderr(void)
{
	struct child c = { .value = 0 };

	check(child_run(&c, log_to_stderr), "standard error");
	check(matches(c.text, "^sendmail: a\\?b[^\n]*forged\n$"),
	    "gets program and text");
	check_number(c.value, 0, "and may be closed");
	memset(&c, 0, sizeof(c));
	c.value = 1;
	check(child_run(&c, log_to_stderr), "standard error");
	check(matches(c.text, "^\\{\"time\":[^\n]*forged\"\\}\n$"), "gets JSON");
}

static void
without_descriptors(struct child *c)
{
	struct log l = to("here.log", false);
	struct rlimit limit = { 3, 3 };

	(void)setrlimit(RLIMIT_NOFILE, &limit);
	log_line(&l, LOG_LEVEL_INFO, "x");
	l = to("syslog", false);
	log_line(&l, LOG_LEVEL_INFO, "x");
	c->value = 5;
}

int
main(void)
{
	struct child c = { .value = 0 };

	child_folder();
	test_file();
	test_length();
	test_many();
	test_syslog();
	test_fallback();
	test_stderr();
	check(child_run(&c, without_descriptors) && c.value == 5,
	    "without a descriptor there is no log, and no more to it");
	child_clean();
	return check_end();
}
