#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

int
err_sys(struct err *e, int status, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	int cause = errno;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap); /* cut is fine */
	va_end(ap);
	return err_set(e, status, "%s: %s", text, strerror(cause));
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
