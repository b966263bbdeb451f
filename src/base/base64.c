#include "base/base64.h"

#include <stdint.h>

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
put_group(char **to, uint32_t group)
{
	*(*to)++ = letters[group >> 18];
	*(*to)++ = letters[group >> 12 & 63];
	*(*to)++ = letters[group >> 6 & 63];
	*(*to)++ = letters[group & 63];
}

void
base64_print(const void *bytes, size_t len, struct buf *out)
{
	const unsigned char *from = bytes;
	size_t i = 0;
	char *to;

	if (len == 0)
		return;
	if (len > SIZE_MAX / 2) {
		out->full = true;
		return;
	}
	to = buf_room(out, (len + 2) / 3 * 4);
	if (to == NULL)
		return;
	for (; i + 3 <= len; i += 3)
		put_group(&to, (uint32_t)from[i] << 16 |
		    (uint32_t)from[i + 1] << 8 | from[i + 2]);
	if (i < len) {
		put_group(&to, (uint32_t)from[i] << 16 |
		    (i + 1 < len ? (uint32_t)from[i + 1] << 8 : 0));
		to[-1] = '=';
		if (i + 1 == len)
			to[-2] = '=';
	}
	out->len += (len + 2) / 3 * 4;
	out->data[out->len] = '\0';
}

/* 0 to 63, or 64 for what is no letter of the alphabet. */
static uint32_t
letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four letters to 1, 2 or 3 bytes; 0 where they are none. */
static size_t
parse_group(const char *text, bool last, unsigned char bytes[3])
{
	uint32_t group = 0;
	size_t count = 3;

	if (last && text[3] == '=')
		count = text[2] == '=' ? 1 : 2;
	for (size_t i = 0; i < 4; i++) {
		uint32_t value = i <= count ? letter_value(text[i]) : 0;

		if (value > 63)
			return 0;
		group = group << 6 | value;
	}
	if ((group & (count == 1 ? 0xffff : count == 2 ? 0xff : 0)) != 0)
		return 0;
	bytes[0] = (unsigned char)(group >> 16);
	bytes[1] = (unsigned char)(group >> 8);
	bytes[2] = (unsigned char)group;
	return count;
}

int
base64_parse(const char *text, size_t len, struct buf *out)
{
	size_t before = out->len;

	if (len % 4 != 0 || out->full)
		return -1;
	for (size_t i = 0; i < len; i += 4) {
		unsigned char bytes[3] = { 0 };
		size_t count = parse_group(text + i, i + 4 == len, bytes);

		buf_put(out, bytes, count);
		if (count == 0 || out->full) {
			out->len = before;
			if (out->data != NULL)
				out->data[before] = '\0';
			return -1;
		}
	}
	return 0;
}
