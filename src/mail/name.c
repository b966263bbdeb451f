#include "mail/name.h"

#include "mail/utf8.h"
#include "mail/words.h"

#include <stdbool.h>
#include <string.h>

static const char atom_specials[] = "()<>[]:;@\\,.\"";

/* Control characters would be kept in an encoded word, as all else is. */
static void
print_encoded(const char *name, size_t len, struct buf *out)
{
	struct buf clean;

	buf_init(&clean, len);
	for (size_t i = 0; i < len; i++)
		buf_putc(&clean, (unsigned char)name[i] < ' ' || name[i] == 127 ?
		    ' ' : name[i]);
	if (clean.full)
		out->full = true;
	words_print(buf_text(&clean), clean.len, utf8_valid(name, len) ? "utf-8" :
	    "unknown-8bit", out);
	buf_free(&clean);
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

	if (bytes_8bit(name, strlen(name))) {
		print_encoded(name, strlen(name), out);
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
