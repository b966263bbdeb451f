#include "daemon/listing.h"

#include "base/io.h"
#include "daemon/list.h"
#include "deliver/journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FLUSH_BYTES = 64 * 1024,
	ENTRY_MAX = 256 * 1024 * 1024,	/* bytes of text about one message */
	ID_WIDTH = 33,			/* with the mark behind it */
	LINE_WIDTH = ID_WIDTH + 1 + 8 + 1 + 19 + 1,	/* … up to the sender */
	TIME_DIGITS = 16		/* of the id: see stamp_id */
};

struct listing {
	const struct queue *q;
	int         to;
	struct list list;
	struct buf  out;
	uint64_t    bytes;
	size_t      count;
	struct err *failed;	/* its status is 0 as long as all is well */
	struct verdict why;	/* of one message: the last that put one off */
};

static void
see_name(void *with, const char *name)
{
	struct listing *l = with;
	struct queue_name n;

	if (queue_name_parse(&n, name) && l->failed->status == 0)
		(void)list_add(&l->list, &n, l->failed);
}

static void
see_verdict(void *with, int64_t seconds, const struct verdict *v)
{
	struct listing *l = with;

	(void)seconds;
	if (v->kind == VERDICT_LATER)
		l->why = *v;
}

static void
feed(void *with, const char *bytes, size_t len)
{
	journal_feed(with, bytes, len);
}

/* "Wed Nov 25 13:06:18": when its sendmail began, as its name says. */
static void
put_arrival(struct buf *out, const char *id)
{
	char digits[TIME_DIGITS + 1], text[32] = "";
	time_t seconds;
	struct tm tm;

	memcpy(digits, id, TIME_DIGITS);
	digits[TIME_DIGITS] = '\0';
	seconds = (time_t)(strtoull(digits, NULL, 16) / 1000000000u);
	if (localtime_r(&seconds, &tm) == NULL ||
	    strftime(text, sizeof(text), "%a %b %e %H:%M:%S", &tm) == 0)
		text[0] = '\0';
	buf_printf(out, "%-19.19s", text);
}

static void
put_address(struct buf *out, const char *address, const char *if_none)
{
	const char *text = address[0] != '\0' ? address : if_none;

	buf_put_printable(out, text, strlen(text));
	buf_putc(out, '\n');
}

static void
put_entry(struct listing *l, const struct queue_name *n, bool busy,
    const struct envelope *v, const struct journal *j)
{
	struct buf *out = &l->out;

	buf_printf(out, "%s%-*c %8" PRIu64 " ", n->id,
	    ID_WIDTH - (int)strlen(n->id) > 1 ? ID_WIDTH - (int)strlen(n->id) : 1,
	    busy ? '*' : ' ', n->size);
	put_arrival(out, n->id);
	buf_putc(out, ' ');
	put_address(out, v->sender.text, "MAILER-DAEMON");
	if (l->why.kind == VERDICT_LATER) {
		buf_puts(out, "(");
		if (l->why.relay[0] != '\0')
			buf_printf(out, "%s: ", l->why.relay);
		buf_printf(out, "%s: ", l->why.step);
		if (l->why.code > 0)
			buf_printf(out, "%d ", l->why.code);
		buf_printf(out, "%s)\n", l->why.text);
	}
	for (size_t i = 0; i < v->count; i++) {
		if (!journal_waits(j, i))
			continue;
		buf_printf(out, "%*s", (int)LINE_WIDTH, "");
		put_address(out, v->recipients[i].addr.text, "");
	}
	buf_putc(out, '\n');
}

/* 0, also where it is gone meanwhile or is no message; -1 with l->failed. */
static int
list_one(struct listing *l, const struct queue_name *n)
{
	struct envelope v;
	struct journal j;
	struct err e = { 0 };
	bool busy = false;
	int file, result = 0;

	if (queue_look(l->q, n, &file, &busy, &e) != QUEUE_OK)
		return 0;
	memset(&l->why, 0, sizeof(l->why));
	memset(&j, 0, sizeof(j));
	envelope_init(&v, QUEUE_RECIPIENTS_MAX);
	if (queue_read_envelope(file, &v, &e) > 0) {
		result = journal_init(&j, v.count, l->failed);
		j.see = see_verdict;
		j.with = l;
		if (result == 0)
			result = queue_read_log(l->q, n->id, feed, &j, l->failed);
		if (result == 0) {
			put_entry(l, n, busy, &v, &j);
			l->bytes += n->size;
			l->count++;
		}
	}
	journal_free(&j);
	envelope_free(&v);
	(void)close(file);	/* only read from */
	return result;
}

static int
flush(struct listing *l)
{
	int result = 0;

	if (l->out.full)
		result = err_set(l->failed, EX_OSERR, "no memory for the list");
	else if (io_write(l->to, l->out.data, l->out.len) != 0)
		result = err_sys(l->failed, EX_IOERR, "cannot print the list");
	buf_reset(&l->out);
	return result;
}

static int
print_all(struct listing *l)
{
	buf_printf(&l->out, "%-*s %8s %-19s %s\n", (int)ID_WIDTH, "-Queue ID-",
	    "--Size--", "---Arrival Time---", "-Sender/Recipient-------");
	for (size_t i = 0; i < l->list.count; i++)
		if (list_one(l, &l->list.entries[i].name) != 0 ||
		    (l->out.len > FLUSH_BYTES && flush(l) != 0))
			return -1;
	if (l->count == 0) {
		buf_reset(&l->out);
		buf_puts(&l->out, "Mail queue is empty\n");
	} else {
		buf_printf(&l->out, "-- %" PRIu64 " Kbytes in %zu Request%s.\n",
		    (l->bytes + 1023) / 1024, l->count, l->count == 1 ? "" : "s");
	}
	return flush(l);
}

int
listing_print(const struct queue *q, int to, struct err *e)
{
	struct listing l = { .q = q, .to = to, .failed = e };
	int result = -1;

	e->status = 0;
	buf_init(&l.out, ENTRY_MAX);
	/* One that is taken over meanwhile is seen in either folder, or in both. */
	if (queue_each(q, false, see_name, &l, e) == 0 &&
	    queue_each(q, true, see_name, &l, e) == 0 && e->status == 0) {
		list_tidy(&l.list);
		result = print_all(&l);
	}
	list_free(&l.list);
	buf_free(&l.out);
	return result;
}
