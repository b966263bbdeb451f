#include "sendmail/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_MAX = 5 };		/* recipients that one line names */

void
report_init(struct report *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->lines, REPORT_MAX);
}

void
report_free(struct report *r)
{
	buf_free(&r->lines);
}

void
report_line(struct report *r, const char *format, ...)
{
	char text[2 * ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap); /* cut is fine */
	va_end(ap);
	buf_put_printable(&r->lines, text, strlen(text));
	buf_putc(&r->lines, '\n');
}

void
report_error(struct report *r, const struct err *e)
{
	if (r->status == 0)
		r->status = e->status;
	report_line(r, "%s", e->text);
}

bool
report_same(const struct verdict *a, const struct verdict *b)
{
	return a->kind == b->kind && a->code == b->code &&
	    strcmp(a->step, b->step) == 0 && strcmp(a->relay, b->relay) == 0 &&
	    strcmp(a->text, b->text) == 0;
}

static void
print_names(const struct envelope *v, const struct verdict *verdicts,
    size_t first, struct buf *out)
{
	size_t named = 0, more = 0;

	for (size_t i = first; i < v->count; i++) {
		if (!report_same(&verdicts[first], &verdicts[i]))
			continue;
		if (named == NAMES_MAX) {
			more++;
			continue;
		}
		buf_printf(out, "%s<%s>", named++ > 0 ? ", " : "",
		    v->recipients[i].addr.text);
	}
	if (more > 0)
		buf_printf(out, " and %zu more", more);
}

void
report_verdicts(struct report *r, const struct envelope *v,
    const struct verdict *verdicts, size_t first, const char *fate)
{
	const struct verdict *x = &verdicts[first];
	struct buf line;

	buf_init(&line, REPORT_LINE_MAX);
	print_names(v, verdicts, first, &line);
	buf_puts(&line, ": ");
	if (x->relay[0] != '\0')
		buf_printf(&line, "%s: ", x->relay);
	if (x->step[0] != '\0')
		buf_printf(&line, "%s: ", x->step);
	if (x->code != 0)
		buf_printf(&line, "%d ", x->code);
	if (x->dsn[0] != '\0')
		buf_printf(&line, "%s ", x->dsn);
	buf_printf(&line, "%s (%s; %s; uid %lu)", x->text,
	    x->kind == VERDICT_REFUSED ? "permanent" : "temporary", fate,
	    (unsigned long)getuid());
	buf_put_printable(&r->lines, buf_text(&line), line.len);
	buf_putc(&r->lines, '\n');
	buf_free(&line);
}
