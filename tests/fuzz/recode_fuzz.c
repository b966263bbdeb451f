/*
 * Messages, and content alone, for servers that take little. Content that is
 * encoded decodes to itself, in short lines of ASCII. Of a message no byte over
 * 127 is left where none may be, its parts are as many as before, nothing is
 * left to do to what came out, and the pieces it is given in do not matter.
 */
#include "mail/encode.h"
#include "mail/field.h"
#include "mail/recode.h"

#include "base/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { EIGHT_BIT = 1, UTF8 = 2, CONTENT = 4, BASE64 = 8, OUT_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* CR and LF become line ends in order, NUL a blank: what the agent gives. */
static void
put_mended(const char *bytes, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\r' || bytes[i] == '\n')
			buf_puts(out, "\r\n");
		else
			buf_putc(out, bytes[i] == '\0' ? ' ' : bytes[i]);
	}
	if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_puts(out, "\r\n");
}

/* Content alone. */

static unsigned
digit(char c)
{
	must((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'));
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10;
}

static void
decode_quoted(const struct buf *from, struct buf *out)
{
	const char *c = buf_text(from), *end = c + from->len;

	for (; c < end; c++) {
		must(c[0] != '\r' || (c[1] == '\n' && (c == from->data ||
		    (c[-1] != ' ' && c[-1] != '\t'))));
		if (*c != '=') {
			buf_putc(out, *c);
		} else if (c[1] == '\r') {
			c += 2;
		} else {
			buf_putc(out, (char)(digit(c[1]) << 4 | digit(c[2])));
			c += 2;
		}
	}
}

static void
decode_base64(const struct buf *from, struct buf *out)
{
	struct buf letters;

	buf_init(&letters, OUT_MAX);
	for (size_t i = 0; i < from->len; i++)
		if (from->data[i] != '\r' && from->data[i] != '\n')
			buf_putc(&letters, from->data[i]);
	must(base64_parse(buf_text(&letters), letters.len, out) == 0);
	buf_free(&letters);
}

static void
check_short(const struct buf *b)
{
	size_t column = 0;

	for (size_t i = 0; i < b->len; i++) {
		must((unsigned char)b->data[i] < 128);
		must(column > 0 || b->data[i] != '-');
		column = b->data[i] == '\n' ? 0 : column + 1;
		must(column <= 77);	/* with the CR */
	}
}

static void
check_content(const struct buf *text, bool base64)
{
	struct encoder e;
	struct buf encoded, decoded;
	const char *c = buf_text(text), *end = c + text->len;

	buf_init(&encoded, OUT_MAX);
	buf_init(&decoded, OUT_MAX);
	encode_start(&e, base64 ? ENCODE_BASE64 : ENCODE_QUOTED);
	for (; c < end; c++) {
		if (*c == '\n')
			encode_line_end(&e, &encoded);
		else if (*c != '\r')
			encode_text(&e, c, 1, &encoded);
	}
	encode_end(&e, &encoded);
	check_short(&encoded);
	(base64 ? decode_base64 : decode_quoted)(&encoded, &decoded);
	must(decoded.len == text->len &&
	    memcmp(buf_text(&decoded), buf_text(text), text->len) == 0);
	buf_free(&encoded);
	buf_free(&decoded);
}

/* Messages. */

static void
give(struct recode *r, const struct buf *input, size_t piece, struct buf *out)
{
	struct err e;

	for (size_t at = 0; at < input->len; at += piece)
		must(recode_feed(r, input->data + at, input->len - at < piece ?
		    input->len - at : piece, out, &e) == 0);
	must(recode_end(r, out, &e) == 0);
}

static bool
has_8bit(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if ((unsigned char)b->data[i] > 127)
			return true;
	return false;
}

/* What came out is looked at as a message of its own. */
static void
check_again(const struct recode *first, const struct buf *out)
{
	struct recode again;

	recode_init(&again, &first->rules);
	give(&again, out, out->len + 1, NULL);
	must(again.count == first->count && !again.blocked && !again.address);
	must(!again.needed || lines_too_long(out->data, out->len));
	recode_free(&again);
}

static void
check_message(const struct buf *message, const struct recode_rules *rules)
{
	struct recode r;
	struct buf out, other;
	bool fits;

	buf_init(&out, OUT_MAX);
	buf_init(&other, OUT_MAX);
	fits = recode_head(buf_text(message), message->len, rules, &other);
	recode_init(&r, rules);
	give(&r, message, message->len + 1, NULL);
	if (fits && !r.blocked && !r.address) {
		recode_emit(&r);
		give(&r, message, message->len + 1, &out);
		recode_emit(&r);
		buf_reset(&other);
		give(&r, message, 3, &other);
		must(out.len == other.len &&
		    memcmp(buf_text(&out), buf_text(&other), out.len) == 0);
		if (!rules->eight_bit && !rules->utf8)
			must(!has_8bit(&out) || memcmp(message->data, "From ", 5) == 0);
		if (!rules->utf8 && out.len > 0)
			check_again(&r, &out);
	}
	recode_free(&r);
	buf_free(&out);
	buf_free(&other);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf message;

	if (size < 1)
		return 0;
	buf_init(&message, OUT_MAX);
	put_mended((const char *)data + 1, size - 1, &message);
	if ((data[0] & CONTENT) != 0)
		check_content(&message, (data[0] & BASE64) != 0);
	else
		check_message(&message, &(struct recode_rules){
		    (data[0] & EIGHT_BIT) != 0, (data[0] & UTF8) != 0 });
	buf_free(&message);
	return 0;
}
