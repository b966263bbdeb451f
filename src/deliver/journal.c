#include "deliver/journal.h"

#include <stdlib.h>
#include <string.h>

enum { TIME_DIGITS_MAX = 12 };

int
journal_init(struct journal *j, size_t recipients, struct err *e)
{
	memset(j, 0, sizeof(*j));
	buf_init(&j->line, JOURNAL_LINE_MAX);
	j->places = calloc(recipients, sizeof(*j->places));
	if (j->places == NULL)
		return err_set(e, EX_OSERR, "no memory for %zu recipients",
		    recipients);
	j->count = j->left = recipients;
	return 0;
}

void
journal_free(struct journal *j)
{
	free(j->places);
	buf_free(&j->line);
	memset(j, 0, sizeof(*j));
}

bool
journal_is_death(const struct verdict *v)
{
	return v->kind == VERDICT_LATER && v->relay[0] == '\0' && v->code == 0 &&
	    (strcmp(v->step, "agent") == 0 || strcmp(v->step, "dot") == 0);
}

/* A recipient who was sent to or refused is never tried again. */
static void
take_verdict(struct journal *j, int64_t seconds, const struct verdict *v)
{
	struct journal_place *p = &j->places[v->index];

	if (p->kind == VERDICT_SENT || p->kind == VERDICT_REFUSED)
		return;
	p->kind = (unsigned char)v->kind;
	if (j->see != NULL)
		j->see(j->with, seconds, v);
	if (v->kind != VERDICT_LATER) {
		j->left--;
		j->refused += v->kind == VERDICT_REFUSED ? 1 : 0;
		return;
	}
	if (++p->laters > j->attempts) {
		j->attempts = p->laters;
		j->deaths += journal_is_death(v) ? 1 : 0;
	}
}

/* "SECONDS " at the start of the line: how long that is, 0 if it is not there. */
static size_t
parse_time(const char *line, int64_t *seconds)
{
	size_t digits = strspn(line, "0123456789");

	if (digits == 0 || digits > TIME_DIGITS_MAX || line[digits] != ' ')
		return 0;
	*seconds = 0;
	for (size_t i = 0; i < digits; i++)
		*seconds = 10 * *seconds + (line[i] - '0');
	return digits + 1;
}

static void
take_line(struct journal *j)
{
	const char *line = buf_text(&j->line);
	struct verdict v;
	struct err ignored;
	int64_t seconds = 0;
	size_t at = parse_time(line, &seconds);

	if (at > 0 && strcmp(line + at, "told") == 0)
		j->told = true;
	if (at == 0 || strlen(line) != j->line.len ||
	    verdict_parse(&v, line + at, j->line.len - at, &ignored) != 0 ||
	    v.index >= j->count)
		return;
	if (j->lines++ == 0)
		j->first = seconds;
	j->last = seconds;
	take_verdict(j, seconds, &v);
}

void
journal_feed(struct journal *j, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *lf = memchr(bytes, '\n', len);
		size_t n = lf != NULL ? (size_t)(lf - bytes) : len;

		buf_put(&j->line, bytes, n);
		j->over = j->over || j->line.full;
		if (lf != NULL) {
			if (!j->over)
				take_line(j);
			buf_reset(&j->line);
			j->over = false;
			n++;
		}
		bytes += n;
		len -= n;
	}
}

void
journal_print(int64_t seconds, const struct verdict *v, struct buf *out)
{
	buf_printf(out, "%lld ", (long long)(seconds > 0 ? seconds : 0));
	verdict_print(v, out);
}

void
journal_print_told(int64_t seconds, struct buf *out)
{
	buf_printf(out, "%lld told\n", (long long)(seconds > 0 ? seconds : 0));
}

bool
journal_waits(const struct journal *j, size_t index)
{
	return j->places[index].kind != VERDICT_SENT &&
	    j->places[index].kind != VERDICT_REFUSED;
}
