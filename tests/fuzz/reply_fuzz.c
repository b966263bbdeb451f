/*
 * A server's answer, line by line, and what it offers if it was one to EHLO.
 * Texts stay printable, each line of the answer is one of the text, a status
 * fits its code, and neither the case of a keyword nor what the first line
 * greets with counts.
 */
#include "smtp/ehlo.h"
#include "smtp/reply.h"

#include "must.h"

#include <ctype.h>

static void
check_printable(const struct buf *b, bool lines)
{
	must(strlen(buf_text(b)) == b->len);
	for (size_t i = 0; i < b->len; i++)
		must((b->data[i] >= ' ' && b->data[i] <= '~') ||
		    (lines && b->data[i] == '\n'));
}

static void
check_reply(const struct reply *r, bool complete)
{
	struct buf one, words;
	char dsn[REPLY_DSN_MAX];
	int breaks = 0;

	check_printable(&r->text, true);
	must(r->code >= 200 && r->code <= 599 && reply_class(r) == r->code / 100);
	for (const char *c = buf_text(&r->text); *c != '\0'; c++)
		breaks += *c == '\n';
	must(!complete || breaks == r->lines - 1);
	reply_dsn(r, dsn);
	must(dsn[0] == '\0' || dsn[0] - '0' == reply_class(r));
	must(strlen(dsn) < REPLY_DSN_MAX && strspn(dsn, "0123456789.") == strlen(dsn));
	buf_init(&one, 2 * REPLY_BYTES_MAX);
	buf_init(&words, 2 * REPLY_BYTES_MAX);
	reply_print(r, &one);
	reply_words(r, &words);
	check_printable(&one, false);
	check_printable(&words, false);
	must(!one.full && !words.full && words.len <= one.len);
	must(strcmp(buf_text(&one) + one.len - words.len, buf_text(&words)) == 0);
	buf_free(&one);
	buf_free(&words);
}

static void
check_offers(const char *text)
{
	struct ehlo o, other;
	char *changed = strdup(text);

	must(changed != NULL);
	ehlo_parse(&o, text);
	must(memchr(o.auth, '\0', sizeof(o.auth)) != NULL);
	must(strpbrk(o.auth, "\r\n") == NULL);
	must(o.size || o.size_limit == 0);
	for (char *c = changed; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	for (char *c = changed; *c != '\0' && *c != '\n'; c++)
		*c = 'x';
	ehlo_parse(&other, changed);
	must(o.pipelining == other.pipelining && o.starttls == other.starttls &&
	    o.eight_bit == other.eight_bit && o.smtputf8 == other.smtputf8 &&
	    o.dsn == other.dsn && o.size == other.size &&
	    o.size_limit == other.size_limit &&
	    o.recipients_limit == other.recipients_limit &&
	    strlen(o.auth) == strlen(other.auth));
	free(changed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size;
	struct reply r;
	struct err e = { 0 };
	int result = 0;

	reply_init(&r);
	while (line < end) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));

		if (result != 0)
			reply_reset(&r);
		result = reply_feed(&r, line,
		    (size_t)((lf != NULL ? lf : end) - line), &e);
		must(r.lines <= REPLY_LINES_MAX + 1 &&
		    r.text.len <= REPLY_BYTES_MAX);
		if (result < 0)
			must_say(&e, EX_PROTOCOL);
		else
			check_reply(&r, result == 1);
		if (result == 1)
			check_offers(buf_text(&r.text));
		line = lf != NULL ? lf + 1 : end;
	}
	reply_free(&r);
	return 0;
}
