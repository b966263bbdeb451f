#include "mail/name.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* An encoded word has at most 75 bytes; "=?unknown-8bit?Q??=" takes 19. */
enum { WORD_BYTES = 54 };

static const char atom_specials[] = "()<>[]:;@\\,.\"";

static bool
is_8bit(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name > 127)
			return true;
	return false;
}

/* The length of the UTF-8 character at `c`, 0 if there is none. */
static size_t
utf8_length(const char *c)
{
	unsigned char lead = (unsigned char)*c;
	size_t len = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 :
	    lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < len; i++)
		if (((unsigned char)c[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static bool
is_utf8(const char *name)
{
	while (*name != '\0') {
		size_t len = utf8_length(name);

		if (len == 0)
			return false;
		name += len;
	}
	return true;
}

/* RFC 2047 5 (3): what may stand for itself in a phrase's encoded word. */
static void
put_q(struct buf *out, unsigned char c)
{
	if (c == ' ' || c < ' ' || c == 127)
		buf_putc(out, '_');
	else if (c < 128 && (isalnum(c) || strchr("!*+-/", c) != NULL))
		buf_putc(out, (char)c);
	else
		buf_printf(out, "=%02X", c);
}

static void
print_encoded(const char *name, struct buf *out)
{
	bool utf8 = is_utf8(name);
	const char *open = utf8 ? "=?utf-8?Q?" : "=?unknown-8bit?Q?";
	size_t used = 0;

	buf_puts(out, open);
	while (*name != '\0') {
		size_t len = utf8 ? utf8_length(name) : 1;

		/* A character is not cut in two. */
		if (used + 3 * len > WORD_BYTES) {
			buf_puts(out, "?= ");
			buf_puts(out, open);
			used = 0;
		}
		for (size_t i = 0; i < len; i++)
			put_q(out, (unsigned char)name[i]);
		used += 3 * len;
		name += len;
	}
	buf_puts(out, "?=");
}

static void
print_quoted(const char *name, struct buf *out)
{
	buf_putc(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *name < ' ' || *name == 127 ? ' ' : *name);
	}
	buf_putc(out, '"');
}

void
name_print(const char *name, struct buf *out)
{
	bool plain = true;

	if (is_8bit(name)) {
		print_encoded(name, out);
		return;
	}
	for (const char *c = name; *c != '\0'; c++)
		if (*c < ' ' || *c == 127 || strchr(atom_specials, *c) != NULL)
			plain = false;
	if (plain)
		buf_puts(out, name);
	else
		print_quoted(name, out);
}
