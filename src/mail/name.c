#include "mail/name.h"

#include "mail/utf8.h"

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
	size_t left = strlen(name);
	bool utf8 = utf8_valid(name, left);
	const char *open = utf8 ? "=?utf-8?Q?" : "=?unknown-8bit?Q?";
	size_t used = 0;

	buf_puts(out, open);
	while (left > 0) {
		uint32_t unused;
		size_t len = utf8 ? utf8_character(name, left, &unused) : 1;

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
		left -= len;
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
