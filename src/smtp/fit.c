#include "smtp/fit.h"

#include "mail/field.h"
#include "mail/head.h"
#include "mail/recode.h"
#include "mail/utf8.h"
#include "mail/words.h"

#include <string.h>

/* A header that grew when it was completed, and the block that it ends in. */
enum { ROOM = 2 * HEAD_MAX + 4 * BODY_BLOCK };

/*
 * Put the header anew, where it must be. 1 where that makes another one than there
 * was, 0 where not.
 */
static int
fit_head(struct session *s, const struct buf *head, struct buf *front,
    enum fit *fit, struct err *e)
{
	struct recode_rules rules = { s->ehlo.eight_bit, s->utf8 };

	if (!recode_head(buf_text(head), head->len, &rules, front)) {
		if (!s->ehlo.smtputf8 || !utf8_valid(buf_text(head), head->len)) {
			*fit = FIT_ADDRESS;
			return 0;
		}
		rules.utf8 = s->utf8 = true;
		buf_reset(front);
		(void)recode_head(buf_text(head), head->len, &rules, front);
	}
	if (front->full)
		return err_set(e, EX_OSERR, "no memory for the header");
	return front->len != head->len ||
	    memcmp(front->data, buf_text(head), head->len) != 0;
}

/* The parts of the body that must be encoded, with the header in one go. */
static int
fit_body(struct session *s, enum fit *fit, struct err *e)
{
	struct body *b = &s->transfer->body;
	struct recode_rules rules = { s->ehlo.eight_bit, s->utf8 };

	if (body_scan(b, &rules, e) != 0) {
		*fit = FIT_STRANGE;
		return e->status == EX_DATAERR ? 0 : -1;
	}
	if (b->recode->blocked)
		*fit = FIT_BODY;
	else if (b->recode->address)
		*fit = FIT_ADDRESS;
	else if (b->recode->needed)
		return body_recode(b, s->ehlo.size, e);
	return 0;
}

/*
 * What remains when the body can stay as it is: a header that is another one
 * is held in memory and sent in the place of the old.
 */
static int
fit_message_with(struct session *s, struct buf *head, struct buf *front,
    enum fit *fit, struct err *e)
{
	struct transfer *t = s->transfer;
	bool narrow = t->facts.body_8bit && !s->ehlo.eight_bit, blank;
	int changed;

	if (body_head(&t->body, head, &blank, e) != 0) {
		*fit = FIT_STRANGE;
		return e->status == EX_DATAERR ? 0 : -1;
	}
	if (recode_frozen(buf_text(head), head->len)) {
		*fit = narrow ? FIT_BODY : FIT_OK;
		return 0;
	}
	changed = fit_head(s, head, front, fit, e);
	if (changed < 0 || *fit != FIT_OK)
		return changed < 0 ? -1 : 0;
	if ((narrow || t->facts.longest_line > LINE_MAX_BYTES) &&
	    fit_body(s, fit, e) != 0)
		return -1;
	if (*fit != FIT_OK)
		return 0;
	if (t->body.recoding || !changed)
		return 0;
	s->eight_bit = s->ehlo.eight_bit && (t->facts.body_8bit ||
	    bytes_8bit(front->data, front->len));
	body_replace(&t->body, front, head->len);
	return 0;
}

int
fit_message(struct session *s, enum fit *fit, struct err *e)
{
	struct transfer *t = s->transfer;
	struct buf head, front;
	int result;

	*fit = FIT_OK;
	s->utf8 = s->ehlo.smtputf8 && envelope_utf8(&t->envelope);
	s->eight_bit = s->ehlo.eight_bit &&
	    (t->facts.body_8bit || t->facts.head_8bit);
	body_restore(&t->body);
	if (t->facts.longest_line <= LINE_MAX_BYTES &&
	    (!t->facts.head_8bit || s->utf8) &&
	    (!t->facts.body_8bit || s->ehlo.eight_bit))
		return 0;
	buf_init(&head, ROOM);
	buf_init(&front, 4 * ROOM);
	result = fit_message_with(s, &head, &front, fit, e);
	buf_free(&front);
	buf_free(&head);
	return result;
}
