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

	if (recode_frozen(buf_text(head), head->len))
		return 0;
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

int
fit_message(struct session *s, enum fit *fit, struct err *e)
{
	struct transfer *t = s->transfer;
	struct buf head, front;
	bool blank;
	int result;

	*fit = FIT_OK;
	s->utf8 = s->ehlo.smtputf8 && envelope_utf8(&t->envelope);
	s->eight_bit = s->ehlo.eight_bit &&
	    (t->facts.body_8bit || t->facts.head_8bit);
	body_restore(&t->body);
	if (t->facts.longest_line <= LINE_MAX_BYTES &&
	    (!t->facts.head_8bit || s->utf8))
		return 0;
	buf_init(&head, ROOM);
	buf_init(&front, 4 * ROOM);
	result = body_head(&t->body, &head, &blank, e);
	if (result == 0)
		result = fit_head(s, &head, &front, fit, e);
	if (result > 0) {
		s->eight_bit = s->ehlo.eight_bit && (t->facts.body_8bit ||
		    bytes_8bit(front.data, front.len));
		body_replace(&t->body, &front, head.len);
	}
	buf_free(&front);
	buf_free(&head);
	return result < 0 ? -1 : 0;
}
