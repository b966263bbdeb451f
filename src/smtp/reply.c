#include "smtp/reply.h"

#include <string.h>

void
reply_init(struct reply *r)
{
	memset(r, 0, sizeof(*r));
	buf_init(&r->text, REPLY_BYTES_MAX);
}

void
reply_free(struct reply *r)
{
	buf_free(&r->text);
	r->code = 0;
	r->lines = 0;
}

void
reply_reset(struct reply *r)
{
	buf_reset(&r->text);
	r->code = 0;
	r->lines = 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The code that a line begins with, or -1. */
static int
leading_code(const char *line, size_t len)
{
	if (len < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) ||
	    !is_digit(line[2]))
		return -1;
	/* Some servers end the line behind the code. */
	if (len > 3 && line[3] != ' ' && line[3] != '-')
		return -1;
	return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

int
reply_feed(struct reply *r, const char *line, size_t len, struct err *e)
{
	int code = leading_code(line, len);

	if (code < 0)
		return err_set(e, EX_PROTOCOL, "this is no answer of a mail server: "
		    "\"%.*s\"", len > 100 ? 100 : (int)len, line);

	/* Servers that mix codes within one answer mean the last one. */
	r->code = code;

	if (r->lines > 0)
		buf_putc(&r->text, '\n');
	if (len > 4)
		buf_put_printable(&r->text, line + 4, len - 4);
	if (++r->lines > REPLY_LINES_MAX || r->text.full)
		return err_set(e, EX_PROTOCOL, "the server's answer does not end");
	return len > 3 && line[3] == '-' ? 0 : 1;
}

int
reply_class(const struct reply *r)
{
	return r->code / 100;
}

/* The text from its first line on that says something. */
static const char *
spoken(const struct reply *r)
{
	const char *text = buf_text(&r->text);

	return text + strspn(text, "\n");
}

/* How long is the enhanced status at the start of the text? 0: there is none. */
static size_t
dsn_length(const char *text)
{
	size_t len = 1;

	for (int part = 0; part < 2; part++) {
		size_t digits = 0;

		if (text[len] != '.')
			return 0;
		len++;
		while (is_digit(text[len + digits]) && digits < 4)
			digits++;
		if (digits == 0 || digits > 3)
			return 0;
		len += digits;
	}
	return text[len] == ' ' || text[len] == '\n' || text[len] == '\0' ? len : 0;
}

void
reply_dsn(const struct reply *r, char dsn[REPLY_DSN_MAX])
{
	const char *text = spoken(r);
	size_t len = 0;

	if (r->code >= 200 && text[0] == '0' + reply_class(r))
		len = dsn_length(text);
	memcpy(dsn, text, len);
	dsn[len] = '\0';
}

static void
put_in_one_line(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++)
		buf_putc(out, *text == '\n' ? ' ' : *text);
}

void
reply_print(const struct reply *r, struct buf *out)
{
	const char *text = spoken(r);

	buf_printf(out, "%03d", r->code);
	if (*text != '\0')
		buf_putc(out, ' ');
	put_in_one_line(text, out);
}

void
reply_words(const struct reply *r, struct buf *out)
{
	const char *text = spoken(r);
	char dsn[REPLY_DSN_MAX];

	reply_dsn(r, dsn);
	text += strlen(dsn);
	put_in_one_line(dsn[0] != '\0' && *text != '\0' ? text + 1 : text, out);
}
