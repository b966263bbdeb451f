#include "mail/words.h"

#include "mail/utf8.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* An encoded word has at most 75 bytes; "=?unknown-8bit?Q??=" takes 19. */
enum { WORD_BYTES = 54 };

bool
bytes_8bit(const char *bytes, size_t len)
{
	uint64_t word, high = 0;
	size_t i = 0;

	for (; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		high |= word;
	}
	for (; i < len; i++)
		high |= (uint64_t)(unsigned char)bytes[i];
	return (high & 0x8080808080808080U) != 0;
}

/* RFC 2047 5 (3): what may stand for itself in a phrase's encoded word. */
static void
put_q(struct buf *out, unsigned char c)
{
	if (c == ' ')
		buf_putc(out, '_');
	else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || (c != 0 && strchr("!*+-/", c) != NULL))
		buf_putc(out, (char)c);
	else
		buf_printf(out, "=%02X", c);
}

void
words_print(const char *bytes, size_t len, const char *charset, struct buf *out)
{
	bool utf8 = strcasecmp(charset, "utf-8") == 0;
	size_t used = 0;

	buf_printf(out, "=?%s?Q?", charset);
	while (len > 0) {
		uint32_t unused;
		size_t n = utf8 ? utf8_character(bytes, len, &unused) : 1;

		/* A character is not cut in two. */
		if (used + 3 * n > WORD_BYTES) {
			buf_printf(out, "?= =?%s?Q?", charset);
			used = 0;
		}
		for (size_t i = 0; i < n; i++)
			put_q(out, (unsigned char)bytes[i]);
		used += 3 * n;
		bytes += n;
		len -= n;
	}
	buf_puts(out, "?=");
}
