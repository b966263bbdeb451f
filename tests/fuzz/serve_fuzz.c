/*
 * A client that may say anything, in any pieces: the input's first byte is
 * the size of a piece. Whole or in pieces the session must come to the same,
 * answers must stay lines of printable ASCII, every message begun must be
 * forgotten once, and none may begin without a recipient.
 */
#include "sendmail/serve.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_SIZE = 500, MAX_RECIPIENTS = 4, PLENTY = 16 * 1024 * 1024 };

struct sink {
	struct buf text;
	bool       open;
};

static int
begin(void *self, const struct envelope *v, struct err *e)
{
	struct sink *s = self;

	(void)e;
	if (s->open || v->count == 0 || v->count > MAX_RECIPIENTS || !v->has_sender)
		abort();
	s->open = true;
	buf_printf(&s->text, "[%s>%zu]", v->sender.text, v->count);
	return 0;
}

static int
data_bytes(void *self, const char *bytes, size_t len, struct err *e)
{
	struct sink *s = self;

	(void)e;
	if (!s->open || len == 0)
		abort();
	buf_put(&s->text, bytes, len);
	return 0;
}

static void
finish(void *self, struct buf *reply)
{
	struct sink *s = self;

	if (!s->open)
		abort();
	buf_puts(&s->text, "[sent]");
	buf_puts(reply, "250 2.0.0 Ok");
}

static void
forget(void *self)
{
	struct sink *s = self;

	if (!s->open)
		abort();
	s->open = false;
}

static void
check_answers(const struct buf *answers)
{
	for (size_t i = 0; i < answers->len; i++) {
		char c = answers->data[i];
		char next = answers->data[i + 1];	/* or the NUL behind */

		if ((c < ' ' || c > '~') && c != '\r' && c != '\n')
			abort();
		if ((c == '\r') != (next == '\n'))
			abort();
	}
}

static void
serve_all(const char *bytes, size_t len, size_t piece, struct sink *sink,
    struct buf *answers)
{
	struct serve_sink to = { sink, begin, data_bytes, finish, forget };
	struct serve s;

	memset(sink, 0, sizeof(*sink));
	buf_init(&sink->text, PLENTY);
	buf_init(answers, PLENTY);
	serve_init(&s, "me.test", MAX_SIZE, MAX_RECIPIENTS, true, &to);
	while (len > 0) {
		size_t n = len < piece ? len : piece;

		serve_feed(&s, bytes, n);
		bytes += n;
		len -= n;
		buf_put(answers, buf_text(&s.out), s.out.len);
		buf_reset(&s.out);
	}
	serve_free(&s);
	if (sink->open || sink->text.full || answers->full)
		abort();
	check_answers(answers);
}

static bool
same(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct sink whole, pieces;
	struct buf answers, again;

	if (size < 2)
		return 0;
	serve_all(bytes, size - 1, size, &whole, &answers);
	serve_all(bytes, size - 1, (size_t)data[0] % 16 + 1, &pieces, &again);
	if (!same(&answers, &again) || !same(&whole.text, &pieces.text))
		abort();
	buf_free(&whole.text);
	buf_free(&pieces.text);
	buf_free(&answers);
	buf_free(&again);
	return 0;
}
