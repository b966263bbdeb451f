#include "mail/head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
no_memory(struct err *e)
{
	return err_set(e, EX_OSERR, "no memory for the message's header");
}

static struct head_field *
new_field(struct head *h)
{
	struct head_field *more;
	size_t wanted = h->allocated > 0 ? 2 * h->allocated : 32;

	if (h->count == h->allocated) {
		more = realloc(h->fields, wanted * sizeof(*more));
		if (more == NULL)
			return NULL;
		h->fields = more;
		h->allocated = wanted;
	}
	memset(&h->fields[h->count], 0, sizeof(*h->fields));
	return &h->fields[h->count++];
}

/* The length of the line at `bytes`, its CRLF included. */
static size_t
line_length(const char *bytes, size_t len)
{
	const char *lf = memchr(bytes, '\n', len);

	return lf != NULL ? (size_t)(lf - bytes) + 1 : len;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int
start_field(struct head *h, const char *line, size_t len, struct err *e)
{
	const char *colon = memchr(line, ':', len);
	struct head_field *f;

	if (colon == NULL || colon == line)
		return err_set(e, EX_DATAERR, "a header line that is no field");
	if ((f = new_field(h)) == NULL)
		return no_memory(e);
	f->bytes = line;
	f->len = len;
	f->value = (size_t)(colon - line) + 1;
	f->name_len = f->value - 1;
	while (f->name_len > 0 && is_blank(line[f->name_len - 1]))
		f->name_len--;
	return 0;
}

int
head_parse(struct head *h, const char *bytes, size_t len, struct err *e)
{
	memset(h, 0, sizeof(*h));
	buf_init(&h->front, HEAD_MAX);
	buf_init(&h->back, HEAD_MAX);
	while (len > 0) {
		size_t line = line_length(bytes, len);

		if (!is_blank(*bytes)) {
			if (start_field(h, bytes, line, e) != 0)
				return -1;
		} else if (h->count > 0) {
			h->fields[h->count - 1].len += line;
		} else {
			return err_set(e, EX_DATAERR,
			    "the header begins with a folded line");
		}
		bytes += line;
		len -= line;
	}
	return 0;
}

void
head_free(struct head *h)
{
	for (size_t i = 0; i < h->count; i++)
		free(h->fields[i].own);
	free(h->fields);
	buf_free(&h->front);
	buf_free(&h->back);
	memset(h, 0, sizeof(*h));
}

long
head_find(const struct head *h, const char *name, size_t from)
{
	size_t len = strlen(name);

	for (size_t i = from; i < h->count; i++) {
		const struct head_field *f = &h->fields[i];

		if (!f->dropped && f->name_len == len &&
		    strncasecmp(f->bytes, name, len) == 0)
			return (long)i;
	}
	return -1;
}

const char *
head_value(const struct head *h, long field, size_t *len)
{
	const struct head_field *f = &h->fields[field];
	size_t end = f->len;

	if (end > f->value && f->bytes[end - 1] == '\n')
		end--;
	if (end > f->value && f->bytes[end - 1] == '\r')
		end--;
	*len = end - f->value;
	return f->bytes + f->value;
}

void
head_drop(struct head *h, long field)
{
	h->fields[field].dropped = true;
}

void
head_drop_all(struct head *h, const char *name)
{
	for (long i = head_find(h, name, 0); i >= 0;
	    i = head_find(h, name, (size_t)i + 1))
		head_drop(h, i);
}

int
head_replace(struct head *h, long field, const char *value, size_t len,
    struct err *e)
{
	struct head_field *f = &h->fields[field];
	struct buf text;

	buf_init(&text, 4 * (size_t)HEAD_MAX);
	buf_put(&text, f->bytes, f->name_len);
	buf_putc(&text, ':');
	if (len > 0 && !is_blank(value[0]))
		buf_putc(&text, ' ');
	buf_put(&text, value, len);
	buf_put(&text, "\r\n", 2);
	if (text.full) {
		buf_free(&text);
		return no_memory(e);
	}
	free(f->own);
	f->bytes = f->own = text.data;	/* the buffer's memory is the field's */
	f->len = text.len;
	f->value = f->name_len + 1;
	return 0;
}

void
head_add(struct head *h, const char *name, const char *value)
{
	buf_puts(&h->back, name);
	buf_puts(&h->back, ": ");
	buf_puts(&h->back, value);
	buf_put(&h->back, "\r\n", 2);
}

/* "To :" (RFC 5322 4.5.8) is something many servers do not take. */
static void
print_field(const struct head_field *f, struct buf *out)
{
	if (f->name_len + 1 == f->value) {
		buf_put(out, f->bytes, f->len);
		return;
	}
	buf_put(out, f->bytes, f->name_len);
	buf_put(out, f->bytes + f->value - 1, f->len - f->value + 1);
}

void
head_print(const struct head *h, struct buf *out)
{
	buf_put(out, buf_text(&h->front), h->front.len);
	for (size_t i = 0; i < h->count; i++)
		if (!h->fields[i].dropped)
			print_field(&h->fields[i], out);
	buf_put(out, buf_text(&h->back), h->back.len);
	out->full = out->full || h->front.full || h->back.full;
}
