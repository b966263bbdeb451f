#include "mail/report_parts.h"

#include <string.h>

enum { COLUMNS = 76 };

static bool
is_printable(char c)
{
	return c > ' ' && c <= '~';
}

/* Bytes up to the next blank or control character. */
static size_t
word_length(const char *text)
{
	size_t len = 0;

	while ((unsigned char)text[len] > ' ' && text[len] != 127)
		len++;
	return len;
}

void
report_words(const char *text, size_t column, const char *indent, struct buf *out)
{
	size_t left = REPORT_WORDS_MAX, len;
	const char *rest = text != NULL ? text : "";

	while (left > 0) {
		while (*rest != '\0' && word_length(rest) == 0)
			rest++;
		if ((len = word_length(rest)) == 0)
			return;
		if (len > left)
			len = left;
		if (column > 0 && column + 1 + len > COLUMNS) {
			buf_puts(out, "\r\n");
			column = 0;
		}
		if (column == 0) {
			buf_puts(out, indent);
			column = strlen(indent);
		} else {
			buf_putc(out, ' ');
			column++;
		}
		for (size_t i = 0; i < len; i++)
			buf_putc(out, is_printable(rest[i]) ? rest[i] : '?');
		column += len;
		left -= len;
		rest += len;
	}
	if (*rest != '\0')
		buf_puts(out, " ...");
}

/*
 * What the sender can do, by the status without its class (RFC 3463): the
 * first row that the status begins with.
 */
static const struct {
	const char *status, *advice;
} advices[] = {
	{ "1.1", "Look for a mistake in the address, and ask the recipient for the right one." },
	{ "1.10", "This domain takes no mail at all: ask the recipient for another address." },
	{ "1.2", "Look for a mistake in what stands behind the @: no such domain is known." },
	{ "1.", "Look for a mistake in the address, and ask the recipient for the right one." },
	{ "2.2", "The recipient's mailbox is full: tell them in another way, and send it again later." },
	{ "2.3", "The mail is too large: send it in parts, or put it where it can be fetched." },
	{ "3.4", "The mail is too large: send it in parts, or put it where it can be fetched." },
	{ "4.7", "Send it again later; if it fails once more, tell your administrator." },
	{ "6.7", "The server takes no address with such characters: ask the recipient for another one." },
	{ "7.", "The server does not allow this mail: show its answer to your administrator." },
	{ "", "If the words above do not help you, show them to your administrator." },
};

static const char *
advice(const struct report_outcome *o)
{
	struct buf status;
	const char *detail, *found = "";
	size_t i = 0;

	buf_init(&status, 16);
	report_status_code(o, &status);
	detail = buf_text(&status) + (status.len > 2 ? 2 : 0);
	for (; found[0] == '\0'; i++) {
		const char *key = advices[i].status;
		size_t len = strlen(key);

		/* "1.1" is not "1.10". */
		if (strncmp(detail, key, len) == 0 && (len == 0 ||
		    key[len - 1] == '.' || detail[len] == '\0'))
			found = advices[i].advice;
	}
	buf_free(&status);
	return found;
}

static void
put_paragraph(const char *text, struct buf *out)
{
	report_words(text, 0, "", out);
	buf_puts(out, "\r\n\r\n");
}

/* What was tried, and what came of it. */
static void
put_attempt(const struct report_outcome *o, struct buf *out)
{
	bool relay = o->relay != NULL && o->relay[0] != '\0';
	struct buf line;

	buf_init(&line, 4096);
	if (o->last_attempt != 0) {
		buf_puts(&line, "Tried last on ");
		stamp_date(o->last_attempt, &line);
		buf_putc(&line, '.');
	}
	if (o->code != 0) {
		buf_printf(&line, " The server%s%.*s answered", relay ? " " : "",
		    REPORT_WORDS_MAX, relay ? o->relay : "");
		if (o->step != NULL && o->step[0] != '\0')
			buf_printf(&line, " at the step %.40s", o->step);
		buf_puts(&line, ":");
	} else if (relay) {
		buf_printf(&line, " With the server %.*s this came of it:",
		    REPORT_WORDS_MAX, o->relay);
	} else {
		buf_puts(&line, " What came of it:");
	}
	report_words(buf_text(&line), 0, "    ", out);
	buf_puts(out, "\r\n");
	buf_reset(&line);
	if (o->code != 0)
		buf_printf(&line, "%d ", o->code);
	if (o->code != 0 && report_is_status(o->dsn))
		buf_printf(&line, "%s ", o->dsn);
	buf_printf(&line, "%.*s", 2 * REPORT_WORDS_MAX, o->text != NULL ? o->text : "");
	if (line.len > 0) {
		report_words(buf_text(&line), 0, "        ", out);
		buf_puts(out, "\r\n");
	}
	buf_free(&line);
}

/* What is said of one and the other but their addresses. */
static void
put_story(const struct report_outcome *o, struct buf *out)
{
	put_attempt(o, out);
	if (o->kind == REPORT_DELAYED && o->retry_until != 0) {
		buf_puts(out, "    It will be tried until ");
		stamp_date(o->retry_until, out);
		buf_puts(out, ".\r\n");
	}
	if (o->kind == REPORT_FAILED) {
		report_words(advice(o), 0, "    ", out);
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "\r\n");
}

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool
same_story(const struct report_outcome *a, const struct report_outcome *b)
{
	return a->code == b->code && a->last_attempt == b->last_attempt &&
	    a->retry_until == b->retry_until && same_text(a->dsn, b->dsn) &&
	    same_text(a->relay, b->relay) && same_text(a->step, b->step) &&
	    same_text(a->text, b->text);
}

static const char *const introductions[] = {
	[REPORT_FAILED] = "Your mail could not be delivered to these recipients. "
	    "This is permanent: it will not be tried again.",
	[REPORT_DELAYED] = "Your mail has not been delivered to these recipients yet. "
	    "This is temporary: it is being tried on, and you need not send it again.",
	[REPORT_RELAYED] = "Your mail was handed on for these recipients to a server that "
	    "sends no reports of success: that is all that can be told of it.",
};

/* Those of one kind; who follow each other with the same story share it. */
static void
put_kind(const struct delivery_report *r, enum report_kind kind, struct buf *out)
{
	const struct report_outcome *last = NULL;

	for (size_t i = 0; i < r->count; i++) {
		const struct report_outcome *o = &r->outcomes[i];

		if (o->kind != kind)
			continue;
		if (last == NULL)
			put_paragraph(introductions[kind], out);
		else if (!same_story(last, o))
			put_story(last, out);
		buf_printf(out, "<%s>\r\n", o->recipient->addr.text);
		last = o;
	}
	if (last != NULL)
		put_story(last, out);
}

void
report_explain(const struct delivery_report *r, struct buf *out)
{
	buf_printf(out, "This is the mail system at %s.\r\n\r\n", r->hostname);
	put_kind(r, REPORT_FAILED, out);
	put_kind(r, REPORT_DELAYED, out);
	put_kind(r, REPORT_RELAYED, out);
	buf_printf(out, "Behind this text stand the same facts for programs, and %s.\r\n"
	    "If you need help, send all of it to postmaster@%s.\r\n",
	    r->whole ? "your mail" : "your mail's header", r->domain);
}
