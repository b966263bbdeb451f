#include "smtp/body.h"

#include "mail/dots.h"
#include "mail/field.h"
#include "mail/head.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A byte becomes two at most; and a line's end may have to be added twice. */
enum { MENDED_MAX = 2 * BODY_BLOCK + 8, STRIDE = 1024 };

/* A part's header, encoded, and what is in a block with it. */
enum { RECODED_MAX = 16 * 1024 * 1024 };

static ssize_t
read_at(int fd, char *bytes, size_t size, off_t at)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = pread(fd, bytes + have, size - have, at + (off_t)have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* Have the block hold the bytes from b->at on. */
static int
fill(struct body *b, struct err *e)
{
	off_t left = b->end - b->at;
	size_t wanted = left > BODY_BLOCK ? BODY_BLOCK : (size_t)left;
	ssize_t n;

	/* The block that the envelope was read from holds most messages whole. */
	if (b->at >= b->block_at && b->at + left <= b->block_at + (off_t)b->block_len)
		return 0;
	n = read_at(b->fd, b->block, wanted, b->at);
	if (n < 0)
		return err_sys(e, EX_IOERR, "cannot read the message");
	if ((size_t)n < wanted)
		return err_set(e, EX_IOERR, "the message's file has become shorter");
	b->block_at = b->at;
	b->block_len = (size_t)n;
	return 0;
}

int
body_init(struct body *b, int fd, struct err *e)
{
	struct stat st;

	memset(b, 0, sizeof(*b));
	b->fd = fd;
	buf_init(&b->mended, MENDED_MAX);
	if (fstat(fd, &st) != 0)
		return err_sys(e, EX_IOERR, "cannot read the message");
	if (!S_ISREG(st.st_mode))
		return err_set(e, EX_NOINPUT, "standard input is not a file");
	b->block = malloc(BODY_BLOCK);
	if (b->block == NULL)
		return err_set(e, EX_OSERR, "no memory to read the message");
	b->end = st.st_size;
	b->last = '\n';
	return fill(b, e);
}

void
body_free(struct body *b)
{
	free(b->block);
	buf_free(&b->mended);
	body_restore(b);
	buf_free(&b->doubled);
	buf_free(&b->recoded);
	memset(b, 0, sizeof(*b));
}

void
body_start(struct body *b, off_t start)
{
	b->start = start;
	body_rewind(b);
}

int
body_peek(struct body *b, size_t len, struct buf *out, struct err *e)
{
	size_t wanted = (off_t)len > b->end ? (size_t)b->end : len;
	char *to = buf_room(out, wanted);
	ssize_t n;

	if (to == NULL)
		return err_set(e, EX_DATAERR, "the envelope is too long");
	n = read_at(b->fd, to, wanted, 0);
	if (n < 0)
		return err_sys(e, EX_IOERR, "cannot read the message");
	out->len += (size_t)n;
	return 0;
}

void
body_rewind(struct body *b)
{
	b->at = b->start;
	b->last = '\n';
	b->held_cr = false;
	b->front_due = b->changed;
	b->skip_left = b->skip;
	b->line_start = true;
	if (b->recoding)
		recode_emit(b->recode);
}

off_t
body_size(const struct body *b)
{
	if (b->recoding)
		return b->recoded_size;
	return b->end - b->start - (off_t)b->skip + (off_t)b->front.len;
}

/*
 * Look at each byte with the one before it: CR must be followed by LF, LF
 * must follow CR, and there is no NUL (else *bad); a dot at a line's start
 * sets *dot. Without a way out of the loop, and of a known length, it is one that the
 * compiler does 16 bytes at a time.
 */
static void
look(char before, const char *bytes, size_t len, bool *bad, bool *dot)
{
	unsigned char wrong = 0, dots = 0;
	size_t i = 1;

	wrong |= (before == '\r') ^ (bytes[0] == '\n');
	wrong |= bytes[0] == '\0';
	dots |= (before == '\n') & (bytes[0] == '.');
	for (; i + STRIDE <= len; i += STRIDE) {
		const char *here = bytes + i, *past = here - 1;

		for (size_t k = 0; k < STRIDE; k++) {
			wrong |= ((past[k] == '\r') ^ (here[k] == '\n')) |
			    (here[k] == '\0');
			dots |= (past[k] == '\n') & (here[k] == '.');
		}
	}
	for (; i < len; i++) {
		wrong |= ((bytes[i - 1] == '\r') ^ (bytes[i] == '\n')) |
		    (bytes[i] == '\0');
		dots |= (bytes[i - 1] == '\n') & (bytes[i] == '.');
	}
	*bad = wrong != 0;
	*dot = dots != 0;
}

/* Nothing is wrong, but dots must be doubled. */
static void
double_dots(struct body *b, const char *bytes, size_t len)
{
	const char *from = bytes, *c = bytes, *end = bytes + len;

	while ((c = memchr(c, '.', (size_t)(end - c))) != NULL) {
		if ((c == bytes ? b->last : c[-1]) == '\n') {
			buf_put(&b->mended, from, (size_t)(c - from));
			buf_putc(&b->mended, '.');
			from = c;
		}
		c++;
	}
	buf_put(&b->mended, from, (size_t)(end - from));
	b->last = end[-1];
}

/* The CR that went out is a line's end, and so is one behind it. */
static void
settle_cr(struct body *b)
{
	if (b->last != '\r')
		return;
	buf_puts(&b->mended, b->held_cr ? "\n\r\n" : "\n");
	b->last = '\n';
	b->held_cr = false;
}

/*
 * One byte of a block in which something is wrong. Of two CRs the second waits
 * for the next byte: before an LF it is nothing, else a line's end.
 */
static void
mend_byte(struct body *b, char c, bool dots)
{
	if (c == '\0')
		return;
	if (c == '\r' && b->last == '\r') {
		if (b->held_cr)
			buf_puts(&b->mended, "\n\r");
		b->held_cr = true;
		return;
	}
	if (c == '\n' && b->last == '\r')
		b->held_cr = false;
	else if (c == '\n')
		buf_putc(&b->mended, '\r');
	else
		settle_cr(b);
	if (dots && c == '.' && b->last == '\n')
		buf_putc(&b->mended, '.');
	buf_putc(&b->mended, c);
	b->last = c;
}

/* The end of the message, unless it stands there already. */
static void
end_line(struct body *b)
{
	settle_cr(b);
	if (b->last != '\n')
		buf_puts(&b->mended, "\r\n");
	b->last = '\n';
}

/* The file's next bytes with their lines mended, dots doubled if asked to. */
static int
next_block(struct body *b, bool dots, const char **bytes, size_t *len,
    bool *last, struct err *e)
{
	bool bad, dot;

	if (b->at >= b->end) {
		*bytes = "";
		*len = 0;
		*last = true;
		return 0;
	}
	if (fill(b, e) != 0)
		return -1;
	*bytes = b->block + (b->at - b->block_at);
	*len = b->block_len - (size_t)(b->at - b->block_at);
	b->at += (off_t)*len;
	*last = b->at >= b->end;

	look(b->last, *bytes, *len, &bad, &dot);
	b->held_cr = b->held_cr && bad;	/* CR CR, and now LF */
	dot = dot && dots;
	if (!bad && !dot && !(*last && (*bytes)[*len - 1] != '\n')) {
		b->last = (*bytes)[*len - 1];
		return 0;
	}
	buf_reset(&b->mended);
	for (size_t i = 0; bad && i < *len; i++)
		mend_byte(b, (*bytes)[i], dots);
	if (!bad && dots)
		double_dots(b, *bytes, *len);
	if (!bad && !dots) {
		buf_put(&b->mended, *bytes, *len);
		b->last = (*bytes)[*len - 1];
	}
	if (*last)
		end_line(b);
	if (b->mended.full)
		return err_set(e, EX_OSERR, "no memory to send the message");
	*bytes = b->mended.data;
	*len = b->mended.len;
	return 0;
}

/* Where the header ends in what is there so far; SIZE_MAX if it is not seen yet. */
static size_t
head_end(const struct buf *head, bool last, bool *blank)
{
	const char *bytes = buf_text(head);
	size_t at = 0;

	*blank = false;
	while (at < head->len) {
		const char *lf = memchr(bytes + at, '\n', head->len - at);
		size_t len = lf != NULL ? (size_t)(lf + 1 - bytes) - at : 0;
		bool mbox = at == 0 && len > 5 && memcmp(bytes, "From ", 5) == 0;

		if (lf == NULL)
			break;
		*blank = len == 2;
		if (*blank)
			return at + len;
		if (!mbox && !(at > 0 && (bytes[at] == ' ' || bytes[at] == '\t')) &&
		    !field_begins(bytes + at, len))
			return at;
		at += len;
	}
	return last ? head->len : SIZE_MAX;
}

int
body_head(struct body *b, struct buf *out, bool *blank, struct err *e)
{
	size_t end = SIZE_MAX, len;
	const char *bytes;
	bool last = false;

	body_restore(b);
	while (end == SIZE_MAX && !last) {
		if (next_block(b, false, &bytes, &len, &last, e) != 0)
			return -1;
		buf_put(out, bytes, len);
		if (out->full)
			return err_set(e, EX_DATAERR, "the message's header is too long");
		end = head_end(out, last, blank);
	}
	if (out->len > 0)
		out->data[out->len = end] = '\0';
	body_rewind(b);
	return 0;
}

int
body_measure(struct body *b, struct message_facts *facts, struct err *e)
{
	struct message m;
	struct buf ignored;
	bool last = b->at >= b->end, strange = false;
	const char *bytes;
	size_t len;
	int result = 0;

	message_init(&m, false);
	buf_init(&ignored, MENDED_MAX * 2 + HEAD_MAX);
	while (!last && result == 0) {
		result = next_block(b, false, &bytes, &len, &last, e);
		if (result == 0 && !strange)
			strange = message_feed(&m, bytes, len, &ignored, e) != 0;
		m.facts.size += len;
		buf_reset(&ignored);
	}
	if (result == 0 && !strange)
		strange = message_end(&m, &ignored, e) != 0;
	message_measure(&m.facts, buf_text(&m.head), m.head.len);
	*facts = m.facts;
	/* A header without end: it may be anything. */
	if (strange)
		facts->head_8bit = facts->body_8bit = true;
	buf_free(&ignored);
	message_free(&m);
	body_rewind(b);
	return result;
}

void
body_replace(struct body *b, struct buf *front, size_t skip)
{
	body_restore(b);
	b->front = *front;
	b->skip = skip;
	b->changed = true;
	memset(front, 0, sizeof(*front));
	buf_free(&b->doubled);
	buf_init(&b->doubled, 2 * b->front.len + 2 * MENDED_MAX);
	body_rewind(b);
}

void
body_restore(struct body *b)
{
	buf_free(&b->front);
	b->skip = 0;
	b->changed = b->recoding = false;
	if (b->recode != NULL)
		recode_free(b->recode);
	free(b->recode);
	b->recode = NULL;
	body_rewind(b);
}

int
body_scan(struct body *b, const struct recode_rules *rules, struct err *e)
{
	const char *bytes;
	bool last = false;
	size_t len;

	body_restore(b);
	b->recode = malloc(sizeof(*b->recode));
	if (b->recode == NULL)
		return err_set(e, EX_OSERR, "no memory to encode the message");
	recode_init(b->recode, rules);
	while (!last)
		if (next_block(b, false, &bytes, &len, &last, e) != 0 ||
		    recode_feed(b->recode, bytes, len, NULL, e) != 0)
			return -1;
	body_rewind(b);
	return recode_end(b->recode, NULL, e);
}

/* Some of the encoded message, dots not doubled, in b->recoded. */
static int
next_recoded(struct body *b, bool *last, struct err *e)
{
	const char *bytes;
	size_t len;

	buf_reset(&b->recoded);
	do {
		if (next_block(b, false, &bytes, &len, last, e) != 0 ||
		    recode_feed(b->recode, bytes, len, &b->recoded, e) != 0)
			return -1;
	} while (b->recoded.len == 0 && !*last);
	return *last ? recode_end(b->recode, &b->recoded, e) : 0;
}

int
body_recode(struct body *b, bool measure, struct err *e)
{
	bool last = !measure;

	buf_free(&b->recoded);
	buf_free(&b->doubled);
	buf_init(&b->recoded, RECODED_MAX);
	buf_init(&b->doubled, 2 * (size_t)RECODED_MAX);
	b->recoding = true;
	b->recoded_size = 0;
	body_rewind(b);
	while (!last) {
		if (next_recoded(b, &last, e) != 0)
			return -1;
		b->recoded_size += (off_t)b->recoded.len;
	}
	if (!measure)
		b->recoded_size = b->end - b->start;
	body_rewind(b);
	return 0;
}

int
body_next(struct body *b, const char **bytes, size_t *len, bool *last,
    struct err *e)
{
	bool line_start = true;

	if (b->recoding) {
		if (next_recoded(b, last, e) != 0)
			return -1;
		buf_reset(&b->doubled);
		dots_double(buf_text(&b->recoded), b->recoded.len, &b->line_start,
		    &b->doubled);
		*bytes = buf_text(&b->doubled);
		*len = b->doubled.len;
		return b->doubled.full ? err_set(e, EX_OSERR, "no memory to send "
		    "the message") : 0;
	}
	if (!b->front_due && b->skip_left == 0)
		return next_block(b, true, bytes, len, last, e);
	buf_reset(&b->doubled);
	if (b->front_due)
		dots_double(buf_text(&b->front), b->front.len, &line_start,
		    &b->doubled);
	b->front_due = false;
	do {
		size_t skip;

		if (next_block(b, false, bytes, len, last, e) != 0)
			return -1;
		skip = *len < b->skip_left ? *len : b->skip_left;
		b->skip_left -= skip;
		dots_double(*bytes + skip, *len - skip, &line_start, &b->doubled);
	} while (b->skip_left > 0 && !*last);
	if (b->doubled.full)
		return err_set(e, EX_OSERR, "no memory to send the message");
	*bytes = buf_text(&b->doubled);
	*len = b->doubled.len;
	return 0;
}
