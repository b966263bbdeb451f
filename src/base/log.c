#include "base/log.h"

#include "base/clock.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 2048,
	TEXT_MAX_BYTES = LINE_MAX_BYTES - 256,	/* what goes round it is less */
	FACILITY_MAIL = 2 << 3,
	SYSLOG_MILLISECONDS = 1000
};

static const struct {
	const char *name;
	int         severity;	/* RFC 5424, 6.2.1 */
} levels[] = {
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_ERROR] = { "error", 3 },
};

static const struct tm *
now(struct tm *tm)
{
	time_t t = time(NULL);

	return localtime_r(&t, tm) != NULL ? tm : gmtime_r(&t, tm);
}

/* RFC 3339, which people, sort(1) and programs read. */
static void
print_time(char *to, size_t size)
{
	struct tm tm;
	long east;

	(void)now(&tm);
	east = tm.tm_gmtoff / 60;
	(void)snprintf(to, size, "%04d-%02d-%02dT%02d:%02d:%02d%c%02ld:%02ld",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, east < 0 ? '-' : '+', (east < 0 ? -east : east) / 60,
	    (east < 0 ? -east : east) % 60);
}

/* The text is printable, so that only these two need an escape. */
static void
print_json(char *to, size_t size, const struct log *l, enum log_level level,
    const char *text)
{
	char when[96];
	size_t len;

	print_time(when, sizeof(when));
	len = (size_t)snprintf(to, size, "{\"time\":\"%s\",\"program\":\"%.32s\","
	    "\"pid\":%ld,\"uid\":%ld,\"level\":\"%s\",\"text\":\"", when,
	    l->program, (long)getpid(), (long)getuid(), levels[level].name);
	for (; *text != '\0' && len + sizeof("\\x\"}") <= size; text++) {
		if (*text == '"' || *text == '\\')
			to[len++] = '\\';
		to[len++] = *text;
	}
	memcpy(to + len, "\"}", sizeof("\"}"));
}

/*
 * One datagram as syslog(3) makes it. Not by syslog(3), which waits for ever
 * where the log's daemon is stuck: a mail must not hang on that.
 */
static void
send_syslog(enum log_level level, const char *message)
{
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
	};
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int64_t deadline = clock_milliseconds() + SYSLOG_MILLISECONDS;
	char line[LINE_MAX_BYTES + 128];
	struct pollfd p = { .events = POLLOUT };
	struct tm tm;
	int type = SOCK_DGRAM;
	int len;

	(void)now(&tm);
	len = snprintf(line, sizeof(line), "<%d>%s %2d %02d:%02d:%02d "
	    "outtray[%ld]: %s", FACILITY_MAIL | levels[level].severity,
	    months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    (long)getpid(), message);
again:
	p.fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p.fd < 0)
		return;
	if (connect(p.fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		bool is_stream = errno == EPROTOTYPE && type == SOCK_DGRAM;

		(void)close(p.fd);
		if (!is_stream)
			return;
		type = SOCK_STREAM;
		len++;		/* lines of a stream end with the NUL */
		goto again;
	}
	while (send(p.fd, line, (size_t)len, MSG_NOSIGNAL) < 0 &&
	    (errno == EAGAIN || errno == EINTR) && clock_left(deadline) > 0)
		(void)poll(&p, 1, clock_left(deadline));
	(void)close(p.fd);
}

/* 0, or -1 with errno. Not a FIFO or a device that could make us wait. */
static int
append(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
	    O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	int cause, n = -1;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		errno = EINVAL;
	else
		n = io_write(fd, line, strlen(line));
	cause = errno;
	(void)close(fd);	/* written at once, or not at all */
	errno = cause;
	return n;
}

static void
log_to_file(const struct log *l, enum log_level level, const char *message)
{
	char line[LINE_MAX_BYTES + 128], when[96];

	print_time(when, sizeof(when));
	if (l->json)
		(void)snprintf(line, sizeof(line), "%s\n", message);
	else
		(void)snprintf(line, sizeof(line), "%s outtray[%ld]: %s\n", when,
		    (long)getpid(), message);
	/* The line matters more than where it goes. */
	if (append(l->target, line) != 0)
		send_syslog(level, message);
}

void
log_line(const struct log *l, enum log_level level, const char *format, ...)
{
	char text[TEXT_MAX_BYTES], message[LINE_MAX_BYTES];
	int cause = errno;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap); /* cut is fine */
	va_end(ap);
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (l->json)
		print_json(message, sizeof(message), l, level, text);
	else
		(void)snprintf(message, sizeof(message), "%.32s: %s", l->program,
		    text);
	if (strcmp(l->target, "syslog") == 0) {
		send_syslog(level, message);
	} else if (strcmp(l->target, "stderr") == 0) {
		size_t len = strlen(message);

		message[len] = '\n';	/* in place of the NUL */
		(void)io_write(2, message, len + 1);
	} else {
		log_to_file(l, level, message);
	}
	errno = cause;
}
