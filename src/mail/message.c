#include "mail/message.h"

#include "mail/field.h"
#include "mail/head.h"
#include "mail/words.h"

#include <string.h>

/*
 * A body line may be handed on in pieces; what is known of it so far lives in
 * line_len and dot_line. A header line is gathered whole, as the next byte
 * decides whether it is one.
 */

void
message_init(struct message *m, bool dot_ends)
{
	memset(m, 0, sizeof(*m));
	m->dot_ends = dot_ends;
	m->first_line = true;
	buf_init(&m->head, HEAD_MAX);
	buf_init(&m->line, HEAD_MAX);
}

void
message_free(struct message *m)
{
	buf_free(&m->head);
	buf_free(&m->line);
}

static void
note_line_end(struct message *m)
{
	if (m->line_len > m->facts.longest_line)
		m->facts.longest_line = m->line_len;
	m->line_len = 0;
	m->dot_line = false;
}

static bool
is_mbox_line(const char *line, size_t len)
{
	size_t at = 5;

	if (len > 0 && line[0] == '>')
		line++, len--;
	if (len < at || memcmp(line, "From ", at) != 0)
		return false;
	/* "From : a@b" is a field of the old syntax (RFC 5322, 4.5). */
	while (at < len && (line[at] == ' ' || line[at] == '\t'))
		at++;
	return at == len || line[at] != ':';
}

/*
 * Body bytes that hold no line end. A dot that opens a line waits until the
 * next byte tells whether the line is a lone one.
 */
static void
body_text(struct message *m, const char *bytes, size_t len, struct buf *body)
{
	if (len == 0)
		return;
	if (m->dot_ends && m->line_len == 0 && len == 1 && bytes[0] == '.') {
		m->dot_line = true;
		m->line_len = 1;
		return;
	}
	if (m->dot_line) {
		buf_putc(body, '.');
		m->dot_line = false;
	}
	m->facts.body_8bit = m->facts.body_8bit || bytes_8bit(bytes, len);
	m->line_len += len;
	buf_put(body, bytes, len);
}

static void
body_line_end(struct message *m, struct buf *body)
{
	if (m->dot_line) {
		m->ended = true;
		return;
	}
	note_line_end(m);
	buf_put(body, "\r\n", 2);
}

static int
too_long(const struct buf *full, struct err *e)
{
	if (full->no_memory)
		return err_set(e, EX_OSERR, "no memory for the message's header");
	return err_set(e, EX_DATAERR, "the message's header is longer than %d bytes",
	    HEAD_MAX);
}

/* The header is over; a line that was no field is the body's first. */
static void
head_ends(struct message *m, bool with_line, struct buf *body)
{
	m->in_body = true;
	m->facts.head_8bit = bytes_8bit(buf_text(&m->head), m->head.len);
	m->line_len = 0;
	if (with_line)
		body_text(m, buf_text(&m->line), m->line.len, body);
}

/* One whole line (m->line, no line end) while the header is read. */
static int
head_line(struct message *m, struct buf *body, struct err *e)
{
	const char *line = buf_text(&m->line);
	size_t len = m->line.len;
	bool first = m->first_line;

	m->first_line = false;
	if (m->dot_ends && len == 1 && line[0] == '.') {
		head_ends(m, false, body);
		m->ended = true;
	} else if (len == 0) {
		m->blank = true;
		head_ends(m, false, body);
	} else if (first && is_mbox_line(line, len)) {
		m->first_line = true;	/* ">From " may follow "From " */
	} else if (field_begins(line, len) ||
	    (m->head.len > 0 && (line[0] == ' ' || line[0] == '\t'))) {
		m->line_len = len;
		note_line_end(m);
		buf_put(&m->head, line, len);
		buf_put(&m->head, "\r\n", 2);
		if (m->head.full)
			return too_long(&m->head, e);
	} else {
		head_ends(m, true, body);
		body_line_end(m, body);
	}
	buf_reset(&m->line);
	return 0;
}

static int
text(struct message *m, const char *bytes, size_t len, struct buf *body,
    struct err *e)
{
	if (m->in_body) {
		body_text(m, bytes, len, body);
		return 0;
	}
	/*
	 * A text without header may have one endless line: as soon as a line
	 * can be no field any more, it is body.
	 */
	buf_put(&m->line, bytes, len);
	if (m->line.full && !field_begins(buf_text(&m->line), m->line.len) &&
	    buf_text(&m->line)[0] != ' ' && buf_text(&m->line)[0] != '\t') {
		head_ends(m, true, body);
		body_text(m, bytes, len, body);
		buf_reset(&m->line);
		return 0;
	}
	return m->line.full ? too_long(&m->line, e) : 0;
}

static int
line_end(struct message *m, struct buf *body, struct err *e)
{
	if (!m->in_body)
		return head_line(m, body, e);
	body_line_end(m, body);
	return 0;
}

/* The CRs held back were not followed by LF: each was a line end. */
static int
settle_cr(struct message *m, struct buf *body, struct err *e)
{
	for (; m->pending_cr > 0 && !m->ended; m->pending_cr--)
		if (line_end(m, body, e) != 0)
			return -1;
	return 0;
}

/*
 * CR CR LF is what a program makes that turns LF into CR LF and is given
 * CR LF. So up to two CRs are held back until the next byte is known.
 */
static int
take_cr(struct message *m, struct buf *body, struct err *e)
{
	if (m->pending_cr == 2)
		return line_end(m, body, e);
	m->pending_cr++;
	return 0;
}

static int
take_lf(struct message *m, struct buf *body, struct err *e)
{
	m->pending_cr = 0;
	return line_end(m, body, e);
}

/* The next byte of each kind that is not text; `end` where there is none. */
struct stops {
	const char *lf, *cr, *nul;
};

static const char *
find(const char *old, const char *from, const char *end, char c)
{
	const char *at;

	/* Looked for again only when passed, so that each byte is seen once. */
	if (old != NULL && old >= from)
		return old;
	at = memchr(from, c, (size_t)(end - from));
	return at != NULL ? at : end;
}

static const char *
next_stop(struct stops *s, const char *from, const char *end)
{
	const char *first;

	s->lf = first = find(s->lf, from, end, '\n');
	s->cr = find(s->cr, from, end, '\r');
	s->nul = find(s->nul, from, end, '\0');
	if (s->cr < first)
		first = s->cr;
	return s->nul < first ? s->nul : first;
}

/*
 * The usual case, whole lines of a body that end in LF and hold neither CR
 * nor NUL up to `limit`, without a step for each piece of a line. Returns
 * where it stopped: at the last line's beginning, or at a lone dot.
 */
static const char *
whole_lines(struct message *m, const char *bytes, const char *limit,
    struct buf *body)
{
	char *to = buf_room(body, 2 * (size_t)(limit - bytes));
	const char *from = bytes, *lf;

	if (to == NULL)
		return bytes;	/* the buffer is full now: its owner asks */
	while (from < limit && (lf = memchr(from, '\n', (size_t)(limit - from))) != NULL) {
		size_t len = (size_t)(lf - from);

		if (m->dot_ends && len == 1 && *from == '.')
			break;
		memcpy(to, from, len);
		to[len] = '\r';
		to[len + 1] = '\n';
		to += len + 2;
		if (len > m->facts.longest_line)
			m->facts.longest_line = len;
		from = lf + 1;
	}
	*to = '\0';
	body->len = (size_t)(to - body->data);
	m->facts.body_8bit = m->facts.body_8bit ||
	    bytes_8bit(bytes, (size_t)(from - bytes));
	return from;
}

void
message_measure(struct message_facts *f, const char *head, size_t len)
{
	f->head_8bit = bytes_8bit(head, len);
	for (const char *end = head + len; head < end; ) {
		const char *lf = memchr(head, '\n', (size_t)(end - head));
		size_t n = (size_t)((lf != NULL ? lf + 1 : end) - head);

		if (n > f->longest_line + 2)
			f->longest_line = n - 2;
		head += n;
	}
}

int
message_feed(struct message *m, const char *bytes, size_t len, struct buf *body,
    struct err *e)
{
	struct stops stops = { NULL, NULL, NULL };
	const char *end = bytes + len, *stop;
	int result = 0;

	while (bytes < end && !m->ended && result == 0) {
		stop = next_stop(&stops, bytes, end);
		if (m->in_body && m->line_len == 0 && m->pending_cr == 0 &&
		    stop == stops.lf && stop < end) {
			const char *limit = stops.cr < stops.nul ? stops.cr : stops.nul;

			stop = whole_lines(m, bytes, limit, body);
			if (stop > bytes) {
				bytes = stop;
				continue;
			}
			stop = next_stop(&stops, bytes, end);
		}
		if (stop > bytes) {
			result = settle_cr(m, body, e);
			if (result == 0 && !m->ended)
				result = text(m, bytes, (size_t)(stop - bytes), body, e);
			else
				stop = bytes;
			bytes = stop;
			continue;
		}
		if (*bytes == '\n')
			result = take_lf(m, body, e);
		else if (*bytes == '\r')
			result = take_cr(m, body, e);
		else
			m->nuls++;
		bytes++;
	}
	m->ignored += (uint64_t)(end - bytes);
	return result;
}

int
message_end(struct message *m, struct buf *body, struct err *e)
{
	if (settle_cr(m, body, e) != 0)
		return -1;
	if (m->ended)
		return 0;
	if (!m->in_body && m->line.len > 0 && head_line(m, body, e) != 0)
		return -1;
	if (!m->in_body)
		head_ends(m, false, body);
	if (m->line_len > 0)
		body_line_end(m, body);
	return 0;
}
