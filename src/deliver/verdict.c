#include "deliver/verdict.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

static const struct {
	const char        *word;
	enum verdict_kind  kind;
	bool               maybe_twice;
} kinds[] = {
	{ "sent",    VERDICT_SENT,    false },
	{ "later",   VERDICT_LATER,   false },
	{ "unsure",  VERDICT_LATER,   true },
	{ "refused", VERDICT_REFUSED, false },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

void
verdict_set_text(struct verdict *v, const char *text)
{
	size_t len = strnlen(text, sizeof(v->text) - 1);

	memcpy(v->text, text, len);
	v->text[len] = '\0';
}

static const char *
kind_word(const struct verdict *v)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].kind == v->kind &&
		    kinds[i].maybe_twice == (v->kind == VERDICT_LATER && v->maybe_twice))
			return kinds[i].word;
	return "later";		/* nothing known is no reason to give up */
}

/* A word of the line: no blanks in it, never empty. */
static void
put_word(struct buf *out, const char *word)
{
	size_t start = out->len;

	buf_put_printable(out, word, strlen(word));
	for (size_t i = start; i < out->len; i++)
		if (out->data[i] == ' ')
			out->data[i] = '_';
	if (out->len == start)
		buf_putc(out, '-');
	buf_putc(out, ' ');
}

void
verdict_print(const struct verdict *v, struct buf *out)
{
	buf_printf(out, "%s %zu %d %d ", kind_word(v), v->index, v->status, v->code);
	put_word(out, v->dsn);
	put_word(out, v->relay);
	put_word(out, v->step);
	if (v->text[0] == '\0')
		buf_putc(out, '-');
	buf_put_printable(out, v->text, strlen(v->text));
	buf_putc(out, '\n');
}

/* Each of these takes its part off the front of the line: false if it is not there. */
struct rest {
	const char *next, *end;
};

static bool
take_word(struct rest *r, char *word, size_t size)
{
	const char *blank = memchr(r->next, ' ', (size_t)(r->end - r->next));
	size_t len;

	if (blank == NULL)
		return false;
	len = (size_t)(blank - r->next);
	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (r->next[i] < '!' || r->next[i] > '~')
			return false;
	memcpy(word, r->next, len);
	word[len] = '\0';
	if (strcmp(word, "-") == 0)
		word[0] = '\0';
	r->next = blank + 1;
	return true;
}

static bool
take_number(struct rest *r, size_t max, size_t *number)
{
	char word[24];
	size_t n = 0;

	if (!take_word(r, word, sizeof(word)) || word[0] == '\0')
		return false;
	for (const char *c = word; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || n > (max - (size_t)(*c - '0')) / 10)
			return false;
		n = n * 10 + (size_t)(*c - '0');
	}
	*number = n;
	return true;
}

static bool
take_kind(struct rest *r, struct verdict *v)
{
	char word[16];

	if (!take_word(r, word, sizeof(word)))
		return false;
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].word, word) == 0) {
			v->kind = kinds[i].kind;
			v->maybe_twice = kinds[i].maybe_twice;
			return true;
		}
	return false;
}

static bool
take_text(struct rest *r, char *text, size_t size)
{
	size_t len = (size_t)(r->end - r->next);

	if (len == 0)
		return false;
	if (len >= size)
		len = size - 1;
	for (size_t i = 0; i < len; i++)
		text[i] = r->next[i] < ' ' || r->next[i] > '~' ? '?' : r->next[i];
	text[len] = '\0';
	if (strcmp(text, "-") == 0)
		text[0] = '\0';
	return true;
}

/*
 * What a run of sendmail exits with comes from here: a mail that was not sent
 * must not end with 0, and one that was refused not with "try again".
 */
static bool
status_fits(enum verdict_kind kind, size_t status)
{
	if (kind == VERDICT_SENT)
		return status == 0;
	return status != 0 && (kind == VERDICT_LATER || status != EX_TEMPFAIL);
}

int
verdict_parse(struct verdict *v, const char *line, size_t len, struct err *e)
{
	struct rest r = { line, line + len };
	struct verdict got;
	size_t status, code;

	memset(&got, 0, sizeof(got));
	if (len == 7 && memcmp(line, "pending", 7) == 0)
		return 1;
	if (!take_kind(&r, &got) || !take_number(&r, SIZE_MAX, &got.index) ||
	    !take_number(&r, 255, &status) || !status_fits(got.kind, status) ||
	    !take_number(&r, 999, &code) ||
	    !take_word(&r, got.dsn, sizeof(got.dsn)) ||
	    !take_word(&r, got.relay, sizeof(got.relay)) ||
	    !take_word(&r, got.step, sizeof(got.step)) ||
	    !take_text(&r, got.text, sizeof(got.text)))
		return err_set(e, EX_SOFTWARE,
		    "the delivery agent said what is no verdict: %.*s",
		    len > 200 ? 200 : (int)len, line);
	got.status = (int)status;
	got.code = (int)code;
	*v = got;
	return 0;
}
