/*
 * The block of X-Sender and X-Receiver lines. What is read is printed, and
 * then reads as the same envelope; the first byte says how much of the input
 * is there at first: less of it may ask for more, but is never something else.
 */
#include "mail/eml.h"

#include "must.h"

enum { RECIPIENTS_MAX = 50 };

static void
check_text(const char *a, const char *b)
{
	must((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0));
}

static void
check_same(const struct envelope *a, const struct envelope *b)
{
	must(a->count == b->count && a->ret == b->ret);
	check_text(a->sender.text, b->sender.text);
	check_text(a->envid, b->envid);
	for (size_t i = 0; i < a->count; i++) {
		const struct recipient *x = &a->recipients[i];
		const struct recipient *y = &b->recipients[i];

		check_text(x->addr.text, y->addr.text);
		check_text(x->orcpt, y->orcpt);
		must(x->notify == y->notify && x->addr.utf8 == y->addr.utf8);
	}
}

static void
check_round_trip(const struct envelope *v)
{
	struct envelope again;
	struct err e = { 0 };
	struct buf block;
	size_t len;

	buf_init(&block, 1 << 20);
	eml_print(v, true, NULL, &block);
	len = block.len;
	must_be_lines(buf_text(&block), len, "\r\n", true);
	buf_puts(&block, "Date: x\r\n");
	envelope_init(&again, RECIPIENTS_MAX);
	must(eml_parse(&again, block.data, block.len, &e) == (long)len);
	check_same(v, &again);
	envelope_free(&again);
	buf_free(&block);
}

/* What a part of the bytes comes to, given what all of them came to. */
static void
check_part(const char *bytes, size_t part, long whole)
{
	struct envelope v;
	struct err e = { 0 };
	long length;

	envelope_init(&v, RECIPIENTS_MAX);
	length = eml_parse(&v, bytes, part, &e);
	must(length == 0 || length == whole);
	envelope_free(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct envelope v;
	struct err e = { 0 };
	long length;

	if (size < 1)
		return 0;
	envelope_init(&v, RECIPIENTS_MAX);
	length = eml_parse(&v, bytes, size - 1, &e);
	if (length > 0) {
		must(length <= (long)size - 1 && v.has_sender && v.count > 0 &&
		    v.count <= RECIPIENTS_MAX && bytes[length - 1] == '\n');
		check_round_trip(&v);
	} else if (length < 0) {
		must_say(&e, EX_DATAERR);
	}
	check_part(bytes, (size - 1) * data[0] / 255, length);
	envelope_free(&v);
	return 0;
}
