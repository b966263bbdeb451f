/*
 * Verdicts: any line, and any verdict (the input's bytes are its fields). A
 * line that was understood is printed as what is understood alike; whatever
 * is printed is one line of printable ASCII that fits a reader's buffer.
 */
#include "deliver/verdict.h"

#include "must.h"

static void
check_printed(const struct verdict *v, struct buf *line)
{
	verdict_print(v, line);
	must(!line->full && line->len < VERDICT_LINE_MAX);
	must_be_lines(buf_text(line), line->len, "\n", false);
	must(memchr(line->data, '\n', line->len) == line->data + line->len - 1);
}

static void
check_round_trip(const struct verdict *v)
{
	struct verdict again;
	struct err e = { 0 };
	struct buf line;

	buf_init(&line, VERDICT_LINE_MAX);
	check_printed(v, &line);
	must(verdict_parse(&again, line.data, line.len - 1, &e) == 0);
	must(v->kind == again.kind && v->index == again.index &&
	    v->status == again.status && v->code == again.code &&
	    v->maybe_twice == again.maybe_twice &&
	    strcmp(v->dsn, again.dsn) == 0 && strcmp(v->relay, again.relay) == 0 &&
	    strcmp(v->step, again.step) == 0 && strcmp(v->text, again.text) == 0);
	buf_free(&line);
}

/* The next text of the input, up to a '|', cut to the field's size. */
static void
fill(char *field, size_t size, const char **bytes, size_t *len)
{
	const char *bar = memchr(*bytes, '|', *len);
	size_t have = bar != NULL ? (size_t)(bar - *bytes) : *len;
	size_t taken = have < size - 1 ? have : size - 1;

	memcpy(field, *bytes, taken);
	field[taken] = '\0';
	have += bar != NULL;
	*bytes += have;
	*len -= have;
}

static void
check_any_verdict(const char *bytes, size_t len)
{
	struct verdict v, again;
	struct err e = { 0 };
	struct buf line;

	memset(&v, 0, sizeof(v));
	v.kind = (enum verdict_kind)((unsigned char)bytes[0] % 4);
	v.maybe_twice = (bytes[0] & 64) != 0;
	v.status = v.kind == VERDICT_SENT ? 0 : EX_UNAVAILABLE;
	v.code = (unsigned char)bytes[1] * 3;
	v.index = (unsigned char)bytes[2];
	bytes += 3, len -= 3;
	fill(v.dsn, sizeof(v.dsn), &bytes, &len);
	fill(v.relay, sizeof(v.relay), &bytes, &len);
	fill(v.step, sizeof(v.step), &bytes, &len);
	fill(v.text, sizeof(v.text), &bytes, &len);
	buf_init(&line, VERDICT_LINE_MAX);
	check_printed(&v, &line);
	must(verdict_parse(&again, line.data, line.len - 1, &e) == 0);
	must(again.kind == v.kind || (v.kind == VERDICT_NONE &&
	    again.kind == VERDICT_LATER));
	must(again.index == v.index && again.code == v.code &&
	    again.status == v.status);
	buf_free(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct verdict v = { .index = 77 };
	struct err e = { 0 };
	int result = verdict_parse(&v, bytes, size, &e);

	if (result == 0)
		check_round_trip(&v);
	else
		must(v.index == 77 && v.kind == VERDICT_NONE);
	if (result < 0)
		must_say(&e, EX_SOFTWARE);
	if (size > 3)
		check_any_verdict(bytes, size);
	return 0;
}
