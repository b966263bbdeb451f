#include "mail/encode.h"

#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { COLUMNS = ENCODE_LINE_MAX - 1 };	/* one is left for "=" */

static const char digits[] = "0123456789ABCDEF";

void
encode_start(struct encoder *e, enum encode_kind kind)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What stands for itself: printable ASCII but '=', and blanks inside a line. */
static bool
is_plain(char c)
{
	return (c > ' ' && c <= '~' && c != '=') || is_blank(c);
}

/* Quoted-printable. */

static void
soft_break(struct encoder *e, struct buf *out)
{
	buf_put(out, "=\r\n", 3);
	e->column = 0;
}

static void
put_escaped(struct encoder *e, char byte, struct buf *out)
{
	unsigned char c = (unsigned char)byte;
	char text[3] = { '=', digits[c >> 4], digits[c & 15] };

	if (e->column + 3 > COLUMNS)
		soft_break(e, out);
	buf_put(out, text, 3);
	e->column += 3;
}

/* Bytes that stand for themselves and are not cut apart. */
static void
put_unit(struct encoder *e, const char *bytes, size_t len, struct buf *out)
{
	if (e->column + len > COLUMNS)
		soft_break(e, out);
	if (e->column == 0 && bytes[0] == '-') {
		put_escaped(e, '-', out);
		return;
	}
	buf_put(out, bytes, len);
	e->column += len;
}

/*
 * How many bytes stand for themselves? Eight at a time: none is over 127,
 * under ' ', DEL or '='. What stops that (a tab, too) is looked at alone.
 */
static size_t
plain_length(const char *bytes, size_t len)
{
	const uint64_t ones = 0x0101010101010101U, high = ones * 0x80;
	uint64_t x, equals;
	size_t n = 0;

	for (; n + sizeof(x) <= len; n += sizeof(x)) {
		memcpy(&x, bytes + n, sizeof(x));
		equals = x ^ ones * '=';
		if (((x | (x - ones * ' ') | (x + ones) | (equals - ones)) & high) != 0)
			break;
	}
	while (n < len && is_plain(bytes[n]))
		n++;
	return n;
}

/* … and fit into the line, where a '-' must not begin it. */
static size_t
plain_run(const struct encoder *e, const char *bytes, size_t len)
{
	size_t room = COLUMNS - e->column;

	if (e->column == 0 && bytes[0] == '-')
		return 0;
	return plain_length(bytes, len < room ? len : room);
}

static size_t
put_run(struct encoder *e, const char *bytes, size_t len, struct buf *out)
{
	size_t n;

	if (e->column >= COLUMNS)
		soft_break(e, out);
	n = plain_run(e, bytes, len);
	buf_put(out, bytes, n);
	e->column += n;
	return n;
}

static void
quoted_text(struct encoder *e, const char *bytes, size_t len, struct buf *out)
{
	if (len == 0)
		return;
	for (size_t i = 0; i < e->held_len; i++)
		put_unit(e, &e->held[i], 1, out);
	e->held_len = 0;
	if (is_blank(bytes[len - 1]))
		e->held[e->held_len++] = bytes[--len];
	while (len > 0) {
		size_t n = put_run(e, bytes, len, out);

		if (n == 0) {
			put_escaped(e, *bytes, out);
			n = 1;
		}
		bytes += n;
		len -= n;
	}
}

static void
quoted_held(struct encoder *e, struct buf *out)
{
	for (size_t i = 0; i < e->held_len; i++)
		put_escaped(e, e->held[i], out);
	e->held_len = 0;
}

/* Base64. A line's end is put before the next line, as it may be the last. */

static void
put_group(struct encoder *e, struct buf *out)
{
	if (e->held_len == 0)
		return;
	if (e->column > 0)
		buf_put(out, "\r\n", 2);
	base64_print(e->held, e->held_len, out);
	e->column = e->held_len;
	e->held_len = 0;
}

static void
base64_text(struct encoder *e, const char *bytes, size_t len, struct buf *out)
{
	while (len > 0) {
		size_t n = ENCODE_GROUP - e->held_len;

		if (n > len)
			n = len;
		memcpy(e->held + e->held_len, bytes, n);
		e->held_len += n;
		bytes += n;
		len -= n;
		if (e->held_len == ENCODE_GROUP)
			put_group(e, out);
	}
}

/* Mending. */

static bool
is_8bit(char c)
{
	return (unsigned char)c > 127;
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') ||
	    (c >= 'a' && c <= 'f');
}

/* What was held back goes out. A '=' that began nothing stood for itself. */
static void
mend_held(struct encoder *e, struct buf *out)
{
	for (size_t i = 0; i < e->held_len; i++)
		if (e->held[i] == '=')
			put_escaped(e, '=', out);
		else
			put_unit(e, &e->held[i], 1, out);
	e->held_len = 0;
}

/*
 * Held are blanks, as a line that ends in some must not be broken there, or a
 * '=' with either blanks or one digit behind it.
 */
static void
mend_quoted(struct encoder *e, char c, struct buf *out)
{
	bool escape = e->held_len > 0 && e->held[0] == '=';
	bool digit = e->held_len == 2 && is_hex(e->held[1]);

	if (escape && is_hex(c) && (e->held_len == 1 || digit)) {
		e->held[e->held_len++] = c;
		if (e->held_len == 3) {
			e->held_len = 0;
			put_unit(e, e->held, 3, out);
		}
		return;
	}
	if (!is_blank(c) || digit || e->held_len == sizeof(e->held))
		mend_held(e, out);
	if (c == '=' || is_blank(c))
		e->held[e->held_len++] = c;
	else if (is_8bit(c))
		put_escaped(e, c, out);
	else
		put_unit(e, &c, 1, out);
}

static void
mend_text(struct encoder *e, const char *bytes, size_t len, struct buf *out)
{
	size_t n = 0, ink;

	for (; len > 0; bytes += n, len -= n) {
		/* Blanks behind a run may end the line. */
		ink = e->held_len > 0 ? 0 : plain_length(bytes, len);
		while (ink > 0 && is_blank(bytes[ink - 1]))
			ink--;
		n = ink > 0 ? put_run(e, bytes, ink, out) : 0;
		if (n == 0)
			mend_quoted(e, bytes[n++], out);
	}
}

static void
mend_base64(struct encoder *e, char c, struct buf *out)
{
	if (e->column >= ENCODE_LINE_MAX) {
		buf_put(out, "\r\n", 2);
		e->column = 0;
	}
	if (e->column == 0 && c == '-') {
		buf_putc(out, ' ');
		e->column++;
	}
	buf_putc(out, is_8bit(c) ? ' ' : c);
	e->column++;
}

/* All of them. */

void
encode_text(struct encoder *e, const char *bytes, size_t len, struct buf *out)
{
	switch (e->kind) {
	case ENCODE_NOTHING:
		buf_put(out, bytes, len);
		e->column += len;
		break;
	case ENCODE_QUOTED:
		quoted_text(e, bytes, len, out);
		break;
	case ENCODE_BASE64:
		base64_text(e, bytes, len, out);
		break;
	case ENCODE_MEND_QUOTED:
		mend_text(e, bytes, len, out);
		break;
	case ENCODE_MEND_BASE64:
		for (size_t i = 0; i < len; i++)
			mend_base64(e, bytes[i], out);
		break;
	}
}

void
encode_line_end(struct encoder *e, struct buf *out)
{
	if (e->kind == ENCODE_BASE64) {
		base64_text(e, "\r\n", 2, out);
		return;
	}
	encode_end(e, out);
	buf_put(out, "\r\n", 2);
	e->column = 0;
}

/* Of what is mended, trailing blanks and a '=' that joins lines stay. */
void
encode_end(struct encoder *e, struct buf *out)
{
	if (e->kind == ENCODE_QUOTED) {
		quoted_held(e, out);
	} else if (e->kind == ENCODE_BASE64) {
		put_group(e, out);
	} else if (e->kind == ENCODE_MEND_QUOTED) {
		buf_put(out, e->held, e->held_len);
		e->column += e->held_len;
		e->held_len = 0;
	}
}
