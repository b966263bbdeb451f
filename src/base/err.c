#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

int
err_set(struct err *e, int status, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	/* Through a second buffer: an argument may be the old sentence. */
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap); /* cut is fine */
	va_end(ap);
	make_printable(text);
	memcpy(e->text, text, sizeof(text));
	e->status = status;
	return -1;
}

const char *
err_words(int cause)
{
	static const struct {
		int         cause, resource;
		const char *unit;
		char        letter;
	} limits[] = {
		{ EMFILE, RLIMIT_NOFILE, "descriptors", 'n' },
		{ EFBIG, RLIMIT_FSIZE, "bytes a file", 'f' },
	};
	static char text[160];
	struct rlimit limit;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].cause != cause ||
		    getrlimit(limits[i].resource, &limit) != 0 ||
		    limit.rlim_cur == RLIM_INFINITY)
			continue;
		(void)snprintf(text, sizeof(text), "%s: the limit of this process is "
		    "%llu %s (ulimit -%c)", strerror(cause),
		    (unsigned long long)limit.rlim_cur, limits[i].unit,
		    limits[i].letter);
		return text;
	}
	return strerror(cause);
}

int
err_sys(struct err *e, int status, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	int cause = errno;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap); /* cut is fine */
	va_end(ap);
	return err_set(e, status, "%s: %s", text, err_words(cause));
}

int
err_while(struct err *e, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap); /* cut is fine */
	va_end(ap);
	return err_set(e, e->status, "%s: %s", text, e->text);
}
