#include "mail/recode.h"

#include "mail/field.h"
#include "mail/mime.h"
#include "mail/words.h"

#include <stdlib.h>
#include <string.h>

/* A line that begins with '-' and is longer is no boundary. */
enum { BOUNDARY_LINE_MAX = 1000 };

bool
recode_frozen(const char *head, size_t len)
{
	for (const char *end = head + len; head < end; ) {
		size_t n = field_length(head, (size_t)(end - head));

		if (field_is(head, n, "DKIM-Signature") ||
		    field_is(head, n, "ARC-Message-Signature") ||
		    field_is(head, n, "ARC-Seal"))
			return true;
		head += n;
	}
	return false;
}

bool
recode_head(const char *head, size_t len, const struct recode_rules *rules,
    struct buf *out)
{
	struct field_rules f = { !rules->utf8, "unknown-8bit" };
	const char *end = head + len;
	bool fits = true;
	struct mime m;

	mime_read(head, len, false, &m);
	if (m.charset[0] != '\0')
		f.charset = m.charset;
	while (head < end) {
		size_t n = field_length(head, (size_t)(end - head));

		fits = field_fit(head, n, &f, out) && fits;
		head += n;
	}
	return fits;
}

/* Parts. */

/* A header begins: the message's own, a part's, or that of a message in it. */
static void
begin_head(struct recode *r, bool message, bool digest)
{
	r->part = r->next_part++;
	r->tail = r->opaque = r->end_due = false;
	r->in_head = true;
	r->message_head = message;
	r->digest_head = digest;
	buf_reset(&r->head);
}

static void
begin_pass(struct recode *r)
{
	r->next_part = r->depth = r->line_len = 0;
	r->line_start = true;
	r->gathering = false;
	r->utf8_more = 0;
	buf_reset(&r->line);
	encode_start(&r->encoder, ENCODE_NOTHING);
	begin_head(r, true, false);
}

void
recode_init(struct recode *r, const struct recode_rules *rules)
{
	memset(r, 0, sizeof(*r));
	r->rules = *rules;
	buf_init(&r->head, RECODE_HEAD_MAX);
	buf_init(&r->line, RECODE_HEAD_MAX);
	begin_pass(r);
}

void
recode_free(struct recode *r)
{
	free(r->parts);
	buf_free(&r->head);
	buf_free(&r->line);
	memset(r, 0, sizeof(*r));
}

void
recode_emit(struct recode *r)
{
	r->emitting = true;
	begin_pass(r);
}

/* The record of a part; made in the first pass. NULL: no memory. */
static struct recode_part *
record(struct recode *r, size_t part)
{
	struct recode_part *grown;
	size_t wanted;

	if (part >= RECODE_PARTS_MAX)
		part = RECODE_PARTS_MAX - 1;
	if (part < r->count)
		return &r->parts[part];
	if (part >= r->allocated) {
		wanted = r->allocated > 0 ? 2 * r->allocated : 8;
		grown = realloc(r->parts, wanted * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		r->parts = grown;
		r->allocated = wanted;
	}
	memset(&r->parts[part], 0, sizeof(*r->parts));
	r->count = part + 1;
	return &r->parts[part];
}

static bool
must_encode(const struct recode *r, bool high, bool too_long)
{
	return too_long || (high && !r->rules.eight_bit);
}

/* Quoted-printable takes two bytes more for each one, base64 a third of all. */
static enum encode_kind
leaf_kind(const struct recode *r, const struct recode_part *p)
{
	if (r->opaque || !must_encode(r, p->high > 0, p->too_long))
		return ENCODE_NOTHING;
	if (r->mime.encoding == MIME_QUOTED)
		return ENCODE_MEND_QUOTED;
	if (r->mime.encoding == MIME_BASE64)
		return ENCODE_MEND_BASE64;
	return p->high > p->bytes / 6 ? ENCODE_BASE64 : ENCODE_QUOTED;
}

/* Headers. */

static void
put_new_fields(const struct recode *r, const struct recode_part *p,
    enum encode_kind kind, struct buf *out)
{
	if (r->message_head && !r->mime.version)
		buf_puts(out, "MIME-Version: 1.0\r\n");
	if (r->message_head && !r->mime.typed)
		buf_printf(out, "Content-Type: text/plain; charset=%s\r\n",
		    p->high == 0 ? "us-ascii" : p->no_utf8 ? "unknown-8bit" : "utf-8");
	buf_printf(out, "Content-Transfer-Encoding: %s\r\n",
	    kind == ENCODE_BASE64 ? "base64" : "quoted-printable");
}

/* The header in hand, for content that goes out as `kind` says. */
static void
put_head(const struct recode *r, const struct recode_part *p, bool composite,
    enum encode_kind kind, bool blank, struct buf *out)
{
	bool top = r->part == 0;
	struct field_rules f = { top ? !r->rules.utf8 : !r->rules.eight_bit,
	    r->mime.charset[0] != '\0' ? r->mime.charset : "unknown-8bit" };
	bool anew = !composite &&
	    (kind == ENCODE_QUOTED || kind == ENCODE_BASE64);
	bool narrow = composite && r->mime.wide && !r->rules.eight_bit;
	const char *head = buf_text(&r->head), *end = head + r->head.len;

	while (head < end) {
		size_t n = field_length(head, (size_t)(end - head));

		if (!(anew || narrow) ||
		    !field_is(head, n, "Content-Transfer-Encoding"))
			(void)field_fit(head, n, &f, out); /* the first pass asked */
		head += n;
	}
	if (anew)
		put_new_fields(r, p, kind, out);
	if (narrow)
		buf_puts(out, "Content-Transfer-Encoding: 7bit\r\n");
	/* What follows may look like a field now. */
	if (blank || kind != ENCODE_NOTHING || r->mime.kind == MIME_MESSAGE)
		buf_puts(out, "\r\n");
}

/* The message's own header is looked at by who asks for all this. */
static void
look_at_head(struct recode *r)
{
	struct recode_rules rules = { r->rules.eight_bit, r->rules.eight_bit };
	const char *head = buf_text(&r->head);
	struct buf ignored;

	if (r->part == 0 || (!lines_too_long(head, r->head.len) &&
	    (r->rules.eight_bit || !bytes_8bit(head, r->head.len))))
		return;
	r->needed = true;
	buf_init(&ignored, 8 * (size_t)RECODE_HEAD_MAX);
	if (!recode_head(head, r->head.len, &rules, &ignored))
		r->address = true;
	buf_free(&ignored);
}

static void
push_level(struct recode *r)
{
	struct recode_level *l = &r->levels[r->depth++];

	memcpy(l->boundary, r->mime.boundary, sizeof(l->boundary));
	l->boundary_len = r->mime.boundary_len;
	l->part = r->part;
	l->digest = r->mime.digest;
	l->opened = false;
}

/* A multipart whose boundary never comes is one leaf. */
static int
head_ends(struct recode *r, bool blank, struct buf *out, struct err *e)
{
	struct recode_part *p = record(r, r->part);
	enum encode_kind kind;
	bool multipart, composite;

	if (p == NULL)
		return err_set(e, EX_OSERR, "no memory for a part of the message");
	mime_read(buf_text(&r->head), r->head.len, r->digest_head, &r->mime);
	r->in_head = false;
	r->opaque = r->mime.kind == MIME_OPAQUE;
	multipart = r->mime.kind == MIME_MULTIPART && r->depth < RECODE_DEPTH_MAX &&
	    (!r->emitting || p->seen);
	composite = multipart || r->mime.kind == MIME_MESSAGE;
	kind = !composite ? leaf_kind(r, p) :
	    must_encode(r, p->high > 0, p->too_long) ? ENCODE_QUOTED : ENCODE_NOTHING;
	if (r->emitting)
		put_head(r, p, composite, kind, blank, out);
	else
		look_at_head(r);
	if (multipart)
		push_level(r);
	encode_start(&r->encoder, kind);
	if (r->mime.kind == MIME_MESSAGE)
		begin_head(r, true, false);
	return 0;
}

/* Content. */

static size_t
count_8bit(const char *bytes, size_t len)
{
	uint64_t word;
	size_t i = 0, high = 0;

	for (; i + sizeof(word) <= len; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		word = word >> 7 & 0x0101010101010101U;
		high += (size_t)(word * 0x0101010101010101U >> 56);
	}
	for (; i < len; i++)
		high += (unsigned char)bytes[i] >> 7;
	return high;
}

/* As much of UTF-8 as tells it from other charsets, piece by piece. */
static bool
follow_utf8(struct recode *r, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (r->utf8_more > 0 ? (c & 0xc0) != 0x80 :
		    c >= 0x80 && (c < 0xc2 || c > 0xf4))
			return false;
		if (r->utf8_more > 0)
			r->utf8_more--;
		else if (c >= 0xc2)
			r->utf8_more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	}
	return true;
}

static int
look_at_text(struct recode *r, const char *bytes, size_t len, struct err *e)
{
	struct recode_part *p = record(r, r->part);
	size_t high = count_8bit(bytes, len);
	bool too_long;

	if (p == NULL)
		return err_set(e, EX_OSERR, "no memory for a part of the message");
	r->line_len += len;
	too_long = r->line_len > LINE_MAX_BYTES;
	if (r->tail) {
		p->tail_high = p->tail_high || high > 0;
		p->tail_long = p->tail_long || too_long;
	} else {
		p->bytes += len;
		p->high += high;
		p->too_long = p->too_long || too_long;
		if (!r->mime.typed && (high > 0 || r->utf8_more > 0) &&
		    !p->no_utf8 && !follow_utf8(r, bytes, len))
			p->no_utf8 = true;
	}
	if (r->opaque)
		r->blocked = r->blocked || (high > 0 && !r->rules.eight_bit);
	else
		r->needed = r->needed || must_encode(r, high > 0, too_long);
	return 0;
}

static int
body_text(struct recode *r, const char *bytes, size_t len, struct buf *out,
    struct err *e)
{
	if (len == 0)
		return 0;
	if (!r->emitting)
		return look_at_text(r, bytes, len, e);
	if (r->end_due)
		encode_line_end(&r->encoder, out);
	r->end_due = false;
	encode_text(&r->encoder, bytes, len, out);
	return 0;
}

/* It may be a boundary's: that is known when the next line has begun. */
static void
body_line_end(struct recode *r, struct buf *out)
{
	r->line_len = 0;
	if (!r->emitting)
		return;
	if (r->end_due)
		encode_line_end(&r->encoder, out);
	r->end_due = true;
}

/* Boundaries. */

/* 0: it is none of this level; 1: a part begins; 2: the multipart ends. */
static int
match(const struct recode_level *l, const char *line, size_t len)
{
	const char *c = line + 2 + l->boundary_len, *end = line + len;
	int result = 1;

	if (len < 2 + l->boundary_len || memcmp(line, "--", 2) != 0 ||
	    memcmp(line + 2, l->boundary, l->boundary_len) != 0)
		return 0;
	if (end - c >= 2 && memcmp(c, "--", 2) == 0) {
		result = 2;
		c += 2;
	}
	while (c < end && (*c == ' ' || *c == '\t'))
		c++;
	return c < end || (result == 2 && !l->opened) ? 0 : result;
}

/* The content in hand is over, and so are the multiparts above `depth`. */
static int
leave(struct recode *r, size_t depth, struct buf *out, struct err *e)
{
	while (r->in_head)
		if (head_ends(r, false, out, e) != 0)
			return -1;
	if (r->emitting) {
		encode_end(&r->encoder, out);
		if (r->end_due)
			buf_puts(out, "\r\n");
	}
	r->end_due = false;
	r->depth = depth;
	return 0;
}

static void
begin_tail(struct recode *r, size_t part)
{
	const struct recode_part *p = record(r, part);

	r->part = part;
	r->tail = true;
	r->opaque = false;
	encode_start(&r->encoder, p != NULL &&
	    must_encode(r, p->tail_high, p->tail_long) ? ENCODE_QUOTED :
	    ENCODE_NOTHING);
}

/* 1: the line was a boundary and is dealt with; 0: it is none; -1. */
static int
take_boundary(struct recode *r, const char *line, size_t len, struct buf *out,
    struct err *e)
{
	struct recode_level *l;
	size_t level = 0;
	int what = 0;

	while (level < r->depth &&
	    (what = match(&r->levels[level], line, len)) == 0)
		level++;
	if (what == 0)
		return 0;
	l = &r->levels[level];
	if (leave(r, what == 1 ? level + 1 : level, out, e) != 0)
		return -1;
	l->opened = true;
	r->parts[l->part < RECODE_PARTS_MAX ? l->part : RECODE_PARTS_MAX - 1].seen =
	    true;
	if (r->emitting) {
		buf_put(out, line, len);
		buf_puts(out, "\r\n");
	}
	r->line_len = 0;
	if (what == 1)
		begin_head(r, false, l->digest);
	else
		begin_tail(r, l->part);
	return 1;
}

/* Lines. */

static int
take_head_line(struct recode *r, const char *line, size_t len, struct buf *out,
    struct err *e)
{
	bool folded = r->head.len > 0 && (line[0] == ' ' || line[0] == '\t');
	bool mbox = r->head.len == 0 && r->message_head && len >= 5 &&
	    memcmp(line, "From ", 5) == 0 &&
	    (r->part == 0 || !bytes_8bit(line, len));

	if (len == 0)
		return head_ends(r, true, out, e);
	if (!folded && !mbox && !field_begins(line, len))
		return head_ends(r, false, out, e);
	buf_put(&r->head, line, len);
	buf_puts(&r->head, "\r\n");
	return r->head.full ? err_set(e, EX_DATAERR, "a header in the message is too "
	    "long to be made fit for this server") : 0;
}

/* One whole line, without its CRLF, of which it is to be seen what it is. */
static int
take_line(struct recode *r, const char *line, size_t len, struct buf *out,
    struct err *e)
{
	int result = take_boundary(r, line, len, out, e);

	while (result == 0 && r->in_head) {
		if (take_head_line(r, line, len, out, e) != 0)
			return -1;
		/* A line that ended the header, but no blank one, is content. */
		if (r->in_head ? r->head.len > 0 || len == 0 : len == 0)
			return 0;
		/* … or a boundary of the multipart that has just begun. */
		result = take_boundary(r, line, len, out, e);
	}
	if (result != 0)
		return result < 0 ? -1 : 0;
	if (body_text(r, line, len, out, e) != 0)
		return -1;
	body_line_end(r, out);
	return 0;
}

/* Some of a line, which may be its beginning; no CR, no LF. */
static int
take_text(struct recode *r, const char *bytes, size_t len, struct buf *out,
    struct err *e)
{
	int result;

	if (r->line_start && (r->in_head ||
	    (r->depth > 0 && len > 0 && bytes[0] == '-')))
		r->gathering = true;
	if (!r->gathering)
		return body_text(r, bytes, len, out, e);
	buf_put(&r->line, bytes, len);
	if (r->line.full)
		return err_set(e, EX_DATAERR, "a header in the message is too long "
		    "to be made fit for this server");
	if (r->in_head || r->line.len <= BOUNDARY_LINE_MAX)
		return 0;
	result = body_text(r, buf_text(&r->line), r->line.len, out, e);
	r->gathering = false;
	buf_reset(&r->line);
	return result;
}

static int
line_ends(struct recode *r, struct buf *out, struct err *e)
{
	int result = 0;

	/* A line of nothing in a header. */
	if (r->line_start && r->in_head)
		r->gathering = true;
	if (r->gathering)
		result = take_line(r, buf_text(&r->line), r->line.len, out, e);
	else
		body_line_end(r, out);
	r->gathering = false;
	r->line_start = true;
	buf_reset(&r->line);
	return result;
}

int
recode_feed(struct recode *r, const char *bytes, size_t len, struct buf *out,
    struct err *e)
{
	const char *end = bytes + len;

	while (bytes < end) {
		const char *lf = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = lf != NULL ? lf : end;
		size_t n = (size_t)(stop - bytes);

		/* Its LF may be in the next piece. */
		if (n > 0 && stop[-1] == '\r')
			n--;
		if (n > 0) {
			if (take_text(r, bytes, n, out, e) != 0)
				return -1;
			r->line_start = false;
		}
		if (lf != NULL && line_ends(r, out, e) != 0)
			return -1;
		bytes = stop + (lf != NULL);
	}
	return r->emitting && out->full ?
	    err_set(e, EX_OSERR, "no memory to encode the message") : 0;
}

int
recode_end(struct recode *r, struct buf *out, struct err *e)
{
	if (!r->line_start && line_ends(r, out, e) != 0)
		return -1;
	while (r->in_head)
		if (head_ends(r, false, out, e) != 0)
			return -1;
	if (!r->emitting)
		return 0;
	if (r->end_due)
		encode_line_end(&r->encoder, out);
	r->end_due = false;
	encode_end(&r->encoder, out);
	if (r->encoder.column > 0)
		buf_puts(out, "\r\n");
	return out->full ? err_set(e, EX_OSERR, "no memory to encode the message") :
	    0;
}
