#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 256 };

void
buf_init(struct buf *b, size_t limit_bytes)
{
	memset(b, 0, sizeof(*b));
	b->limit = limit_bytes;
}

void
buf_free(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->size);
	free(b->data);
	buf_init(b, b->limit);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->full = b->no_memory = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

/* realloc(3) would leave a copy of a secret behind: so a new block each time. */
static bool
grow(struct buf *b, size_t wanted)
{
	size_t size = b->size > 0 ? b->size : FIRST_SIZE;
	char *data;

	while (size < wanted)
		size *= 2;
	if (size > b->limit + 1)
		size = b->limit + 1;
	data = malloc(size);
	if (data == NULL)
		return false;
	if (b->data != NULL) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->size);
		free(b->data);
	}
	b->data = data;
	b->size = size;
	return true;
}

char *
buf_room(struct buf *b, size_t len)
{
	if (b->full || len > b->limit - b->len) {
		b->full = true;
		return NULL;
	}
	if (b->len + len + 1 > b->size && !grow(b, b->len + len + 1)) {
		b->full = b->no_memory = true;
		return NULL;
	}
	return b->data + b->len;
}

void
buf_put(struct buf *b, const void *bytes, size_t len)
{
	char *to = buf_room(b, len);

	if (to == NULL)
		return;
	if (len > 0)
		memcpy(to, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_puts(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

void
buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap, again;
	int len;
	char *to;

	va_start(ap, format);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0) {
		b->full = true;
	} else if ((to = buf_room(b, (size_t)len)) != NULL) {
		(void)vsnprintf(to, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

void
buf_put_printable(struct buf *b, const char *bytes, size_t len)
{
	char *to = buf_room(b, len);

	if (to == NULL)
		return;
	for (size_t i = 0; i < len; i++)
		to[i] = bytes[i] < ' ' || bytes[i] > '~' ? '?' : bytes[i];
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_drop_front(struct buf *b, size_t len)
{
	if (b->data == NULL)
		return;
	if (len > b->len)
		len = b->len;
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}

const char *
buf_text(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}
