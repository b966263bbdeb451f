#include "smtp/transfer.h"

#include "base/io.h"
#include "mail/eml.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINES_MAX = 64 * 1024,		/* bytes of verdicts held back */
	RECIPIENTS_MAX = 1000000	/* the front end's own limit is lower */
};

/* A block of X-lines that is longer than the first block of the file. */
static long
read_long_block(struct transfer *t, struct err *e)
{
	struct buf all;
	size_t len = BODY_BLOCK;
	long length = 0;

	buf_init(&all, EML_BLOCK_MAX);
	while (length == 0 && (off_t)len < t->body.end) {
		len *= 4;
		buf_reset(&all);
		envelope_free(&t->envelope);
		envelope_init(&t->envelope, RECIPIENTS_MAX);
		if (body_peek(&t->body, len, &all, e) != 0)
			length = -1;
		else
			length = eml_parse(&t->envelope, all.data, all.len, e);
	}
	if (length == 0)
		length = err_set(e, EX_DATAERR, "the envelope does not end");
	buf_free(&all);
	return length;
}

int
transfer_init(struct transfer *t, int file, int answers,
    const struct message_facts *facts, struct err *e)
{
	long length;

	memset(t, 0, sizeof(*t));
	t->facts = *facts;
	t->answers = answers;
	buf_init(&t->lines, LINES_MAX);
	envelope_init(&t->envelope, RECIPIENTS_MAX);
	if (body_init(&t->body, file, e) != 0)
		return -1;
	length = eml_parse(&t->envelope, t->body.block, t->body.block_len, e);
	if (length == 0)
		length = read_long_block(t, e);
	if (length < 0)
		return -1;
	body_start(&t->body, length);
	if (t->facts.size == 0 && body_measure(&t->body, &t->facts, e) != 0)
		return -1;
	t->undecided = t->envelope.count;
	t->states = calloc(t->envelope.count, 1);
	if (t->states == NULL)
		return err_set(e, EX_OSERR, "no memory for %zu recipients",
		    t->envelope.count);
	return 0;
}

void
transfer_free(struct transfer *t)
{
	envelope_free(&t->envelope);
	body_free(&t->body);
	free(t->states);
	buf_free(&t->lines);
	memset(t, 0, sizeof(*t));
}

size_t
transfer_find(const struct transfer *t, enum recipient_state state, size_t from)
{
	while (from < t->envelope.count && t->states[from] != state)
		from++;
	return from;
}

void
transfer_move(struct transfer *t, enum recipient_state from,
    enum recipient_state to)
{
	for (size_t i = 0; i < t->envelope.count; i++)
		if (t->states[i] == from)
			t->states[i] = (unsigned char)to;
}

void
transfer_decide(struct transfer *t, size_t who, struct verdict *v)
{
	struct err ignored;

	if (t->states[who] == DECIDED)
		return;
	if (t->lines.len > LINES_MAX - VERDICT_LINE_MAX)
		(void)transfer_tell(t, false, &ignored); /* the last call tells */
	v->index = who;
	verdict_print(v, &t->lines);
	t->states[who] = DECIDED;
	t->undecided--;
}

void
transfer_decide_all(struct transfer *t, enum recipient_state state,
    struct verdict *v)
{
	for (size_t i = 0; i < t->envelope.count; i++)
		if (t->states[i] == state)
			transfer_decide(t, i, v);
}

int
transfer_tell(struct transfer *t, bool pending, struct err *e)
{
	int result = 0;

	if (pending)
		buf_puts(&t->lines, "pending\n");
	if (t->lines.full)
		result = err_set(e, EX_SOFTWARE, "verdicts were lost");
	else if (t->lines.len > 0 &&
	    io_write(t->answers, t->lines.data, t->lines.len) != 0)
		result = err_sys(e, EX_IOERR, "cannot say what became of the message");
	buf_reset(&t->lines);
	return result;
}
