/*
 * transaction.c - the steps of one message: MAIL, RCPT, DATA, the message
 * with its final dot, and QUIT, which may follow in the same flight (RFC
 * 2920, 3.1).
 *
 * A transaction takes as many recipients as the server wants at once; those
 * it put off with 452 stay WAITING and are named in the next one.
 */
#include "smtp/steps.h"

#include "base/clock.h"
#include "smtp/fit.h"

#include <stdio.h>
#include <string.h>

/* A last block up to this goes out in one write with the dot and QUIT. */
enum { TAIL_MAX = 32 * 1024 };

/* Verdicts. */

static void
make_verdict(const struct session *s, enum verdict_kind kind, int status,
    const char *step, struct verdict *v)
{
	struct buf words;

	memset(v, 0, sizeof(*v));
	v->kind = kind;
	v->status = kind == VERDICT_SENT ? 0 : status;
	(void)snprintf(v->relay, sizeof(v->relay), "%s", s->relay);
	(void)snprintf(v->step, sizeof(v->step), "%s", step);
	if (s->reply.code == 0)
		return;
	v->code = s->reply.code;
	reply_dsn(&s->reply, v->dsn);
	buf_init(&words, REPLY_BYTES_MAX);
	reply_words(&s->reply, &words);
	verdict_set_text(v, buf_text(&words));
	buf_free(&words);
}

/* "550 log in first" and its kin: the account is refused, not the mail. */
static bool
wants_other_login(const struct session *s)
{
	return s->reply.code == 530 || s->reply.code == 534 ||
	    s->reply.code == 535 || s->reply.code == 538;
}

/* It is the message that is refused: also for those not named yet. */
static void
refuse_message(struct session *s, struct verdict *v)
{
	transfer_decide_all(s->transfer, ACCEPTED, v);
	transfer_decide_all(s->transfer, SAID, v);
	transfer_decide_all(s->transfer, WAITING, v);
}

/*
 * 250, 251, 252. The other numbers that begin with 2 do not say yes: 221, in
 * answer to QUIT, is what comes where a server has forgotten an answer.
 */
static bool
agreed(const struct session *s)
{
	return s->reply.code / 10 == 25;
}

/* Steps. */

static bool
more_waiting(const struct session *s)
{
	return transfer_find(s->transfer, WAITING, 0) < s->transfer->envelope.count;
}

/* What comes when a transaction is over: the rest of the recipients, or the end. */
static int
over(const struct session *s)
{
	bool again = !s->failed && more_waiting(s);

	if (!again && s->last)
		return STEP_QUIT;
	/* Without a final dot the server still thinks of the old one. */
	if (!s->dot_said)
		return STEP_RSET;
	return again ? STEP_MAIL : STEP_END;
}

/* Nothing of this transaction is on its way but what has been answered. */
static bool
answered(const struct session *s)
{
	return s->count_said == 0 && !s->data_said;
}

int
say_mail(struct session *s, struct err *e)
{
	const struct envelope *v = &s->transfer->envelope;
	struct buf line;

	(void)e;
	s->cursor = transfer_find(s->transfer, WAITING, 0);
	s->named = s->accepted = 0;
	s->failed = s->data_said = s->dot_said = false;
	buf_init(&line, 1800);
	if (s->ehlo.size)
		buf_printf(&line, " SIZE=%lld",
		    (long long)body_size(&s->transfer->body));
	if (s->eight_bit)
		buf_puts(&line, " BODY=8BITMIME");
	if (s->utf8)
		buf_puts(&line, " SMTPUTF8");
	if (s->ehlo.dsn && v->ret != RET_UNSET)
		buf_puts(&line, v->ret == RET_FULL ? " RET=FULL" : " RET=HDRS");
	if (s->ehlo.dsn && v->envid != NULL)
		buf_printf(&line, " ENVID=%s", v->envid);
	command(s, "MAIL FROM:<%s>%s", v->sender.text, buf_text(&line));
	buf_free(&line);
	return STEP_RCPT;
}

int
hear_mail(struct session *s, size_t who, struct err *e)
{
	struct verdict v;

	(void)who;
	if (agreed(s))
		return STEP_WAIT;
	s->failed = true;
	if (reply_class(&s->reply) < 4)
		return err_set(e, EX_PROTOCOL, "%d is no answer to MAIL",
		    s->reply.code);
	if (reply_class(&s->reply) == 4 || wants_other_login(s)) {
		note_answer(s, STEP_MAIL, wants_other_login(s) ? EX_NOPERM :
		    EX_TEMPFAIL);
	} else {
		make_verdict(s, VERDICT_REFUSED, EX_UNAVAILABLE, "MAIL", &v);
		refuse_message(s, &v);
	}
	/* Answers to RCPT and DATA may still be due; no further RCPT is said. */
	if (s->data_said)
		return STEP_WAIT;
	return over(s);
}

int
say_rcpt(struct session *s, struct err *e)
{
	struct transfer *t = s->transfer;
	const struct recipient *r;
	struct buf line;
	unsigned notify;

	(void)e;
	r = &t->envelope.recipients[s->cursor];
	notify = r->notify != 0 ? r->notify : t->envelope.notify;
	buf_init(&line, 1000);
	if (s->ehlo.dsn && notify != 0) {
		buf_puts(&line, " NOTIFY=");
		notify_print(notify, &line);
	}
	if (s->ehlo.dsn && r->orcpt != NULL)
		buf_printf(&line, " ORCPT=%s", r->orcpt);
	command(s, "RCPT TO:<%s>%s", r->addr.text, buf_text(&line));
	buf_free(&line);

	t->states[s->cursor] = SAID;
	s->cursor = transfer_find(t, WAITING, s->cursor + 1);
	s->named++;
	if (s->ehlo.recipients_limit > 0 && s->named >= s->ehlo.recipients_limit)
		return STEP_DATA;
	return s->cursor < t->envelope.count ? STEP_RCPT : STEP_DATA;
}

/* RFC 5321, 4.5.3.1.10: too many at once; old servers say 552. */
static bool
too_many(const struct session *s)
{
	char dsn[REPLY_DSN_MAX];

	reply_dsn(&s->reply, dsn);
	return s->accepted > 0 && (s->reply.code == 452 || s->reply.code == 552 ||
	    strcmp(dsn, "4.5.3") == 0);
}

static void
hear_refused_rcpt(struct session *s, size_t who)
{
	struct verdict v;

	if (too_many(s)) {
		s->transfer->states[who] = WAITING;
		return;
	}
	if (wants_other_login(s))
		make_verdict(s, VERDICT_LATER, EX_NOPERM, "RCPT", &v);
	else if (reply_class(&s->reply) == 4)
		make_verdict(s, VERDICT_LATER, EX_TEMPFAIL, "RCPT", &v);
	else
		make_verdict(s, VERDICT_REFUSED, EX_NOUSER, "RCPT", &v);
	transfer_decide(s->transfer, who, &v);
}

int
hear_rcpt(struct session *s, size_t who, struct err *e)
{
	struct transfer *t = s->transfer;

	if (reply_class(&s->reply) < 4 && !agreed(s))
		return err_set(e, EX_PROTOCOL, "%d is no answer to RCPT",
		    s->reply.code);
	if (s->failed) {
		/* "503 MAIL first": what counts was said there. */
		if (t->states[who] == SAID)
			t->states[who] = WAITING;
	} else if (agreed(s)) {
		t->states[who] = ACCEPTED;
		s->accepted++;
	} else {
		hear_refused_rcpt(s, who);
	}
	if (answered(s) && (s->failed || (s->accepted == 0 && s->next == STEP_DATA)))
		return over(s);
	return STEP_WAIT;
}

int
say_data(struct session *s, struct err *e)
{
	(void)e;
	s->data_said = true;
	command(s, "DATA");
	return STEP_WAIT;
}

int
hear_data(struct session *s, size_t who, struct err *e)
{
	struct verdict v;

	(void)who;
	if (s->reply.code == 354)
		return STEP_DOT;
	if (reply_class(&s->reply) < 4)
		return err_set(e, EX_PROTOCOL, "%d is no answer to DATA",
		    s->reply.code);
	/* No recipient was taken: then this only says so once more. */
	if (s->accepted == 0 || s->failed)
		return over(s);
	if (reply_class(&s->reply) == 4) {
		note_answer(s, STEP_DATA, EX_TEMPFAIL);
		transfer_move(s->transfer, ACCEPTED, WAITING);
	} else {
		make_verdict(s, VERDICT_REFUSED, EX_UNAVAILABLE, "DATA", &v);
		refuse_message(s, &v);
	}
	s->failed = true;
	return over(s);
}

/* The message. */

/*
 * The server would not wait for the end. If it has said no, that is its
 * answer; the rest of the message cannot be taken back, so the session ends.
 */
static int
interrupted(struct session *s, struct err *e)
{
	struct err because = *e;
	struct verdict v;

	s->closing = true;
	if (!early_refusal(s, e)) {
		*e = because;
		note_trouble(s, "body", e);
		return -1;
	}
	if (reply_class(&s->reply) == 5) {
		make_verdict(s, VERDICT_REFUSED, s->reply.code == 552 ?
		    EX_DATAERR : EX_UNAVAILABLE, "body", &v);
		refuse_message(s, &v);
	}
	note_answer(s, STEP_DOT, EX_TEMPFAIL);
	return refused(s, EX_TEMPFAIL, e);
}

static int64_t
block_deadline(const struct session *s)
{
	/* RFC 5321, 4.5.3.2.5: three minutes for each block. */
	int64_t until = clock_milliseconds() + 180 * INT64_C(1000);

	return until < s->deadline ? until : s->deadline;
}

/* All but the last bytes, which are returned, as they go out with the dot. */
static int
send_blocks(struct session *s, const char **tail, size_t *tail_len,
    struct err *e)
{
	struct body *b = &s->transfer->body;
	bool last = false;

	body_rewind(b);
	for (;;) {
		if (body_next(b, tail, tail_len, &last, e) != 0) {
			s->closing = true;
			note_trouble(s, "body", e);
			return -1;
		}
		if (last && *tail_len <= TAIL_MAX)
			return 0;
		if (wire_send(&s->wire, *tail, *tail_len, block_deadline(s), e) != 0)
			return interrupted(s, e);
		if (last) {
			*tail_len = 0;
			return 0;
		}
	}
}

int
say_dot(struct session *s, struct err *e)
{
	const char *tail = "";
	size_t tail_len = 0;

	/*
	 * RFC 2920, 3.1: a server may say 354 although it took no recipient;
	 * then it gets a message of nothing.
	 */
	if (s->accepted > 0 && !s->failed) {
		if (send_blocks(s, &tail, &tail_len, e) != 0)
			return -1;
		/* A server that has left hears no dot: nothing may come twice. */
		if (body_size(&s->transfer->body) > TAIL_MAX &&
		    wire_look(&s->wire, e) != 0)
			return interrupted(s, e);
		if (wire_has_input(&s->wire)) {
			(void)err_set(e, EX_PROTOCOL, "the server answered before "
			    "the message had ended");
			return interrupted(s, e);
		}
		if (transfer_tell(s->transfer, true, e) != 0) {
			s->closing = true;
			return -1;
		}
		s->dot_said = true;
	}
	buf_put(&s->wire.out, tail, tail_len);
	buf_puts(&s->wire.out, ".\r\n");
	remark(s, "the message, %lld bytes, and the final dot",
	    s->dot_said ? (long long)body_size(&s->transfer->body) : 0LL);
	return s->last && !more_waiting(s) ? STEP_QUIT : STEP_WAIT;
}

static void
decide_by_dot(struct session *s)
{
	struct verdict v;

	if (agreed(s)) {
		make_verdict(s, VERDICT_SENT, 0, "dot", &v);
		transfer_decide_all(s->transfer, ACCEPTED, &v);
	} else {
		make_verdict(s, VERDICT_REFUSED, s->reply.code == 552 ?
		    EX_DATAERR : EX_UNAVAILABLE, "dot", &v);
		refuse_message(s, &v);
	}
}

int
hear_dot(struct session *s, size_t who, struct err *e)
{
	struct transfer *t = s->transfer;
	int next;

	(void)who;
	if (!s->dot_said)
		return s->next == STEP_WAIT ? over(s) : STEP_WAIT;
	if (reply_class(&s->reply) < 4 && !agreed(s))
		return err_set(e, EX_PROTOCOL, "%d is no answer to a message",
		    s->reply.code);
	if (reply_class(&s->reply) == 4) {
		s->failed = true;
		note_answer(s, STEP_DOT, EX_TEMPFAIL);
		transfer_move(t, ACCEPTED, WAITING);
	} else {
		decide_by_dot(s);
		if (transfer_tell(t, false, e) != 0)
			return -1;
	}
	next = s->next == STEP_WAIT ? over(s) : STEP_WAIT;
	s->dot_said = false;
	return next;
}

int
say_rset(struct session *s, struct err *e)
{
	(void)e;
	command(s, "RSET");
	return !s->failed && more_waiting(s) ? STEP_MAIL : STEP_END;
}

int
hear_rset(struct session *s, size_t who, struct err *e)
{
	(void)who;
	return reply_class(&s->reply) == 2 ? STEP_WAIT :
	    refused(s, EX_TEMPFAIL, e);
}

int
say_quit(struct session *s, struct err *e)
{
	(void)e;
	command(s, "QUIT");
	return STEP_END;
}

int
hear_quit(struct session *s, size_t who, struct err *e)
{
	(void)who;
	(void)e;
	s->closing = true;
	return STEP_END;
}

/* What can be known before anything is said. */

static bool
fits(struct session *s, struct transfer *t)
{
	uint64_t size = (uint64_t)body_size(&t->body);
	struct verdict v;

	if (s->ehlo.size_limit == 0 || size <= s->ehlo.size_limit)
		return true;
	reply_reset(&s->reply);
	make_verdict(s, VERDICT_REFUSED, EX_DATAERR, "MAIL", &v);
	(void)snprintf(v.dsn, sizeof(v.dsn), "5.3.4");
	(void)snprintf(v.text, sizeof(v.text), "the message has %llu bytes, the "
	    "server takes at most %llu", (unsigned long long)size,
	    (unsigned long long)s->ehlo.size_limit);
	transfer_decide_all(t, WAITING, &v);
	return false;
}

static void
refuse_utf8(struct session *s, struct transfer *t, const struct addr *a,
    const char *step, size_t who)
{
	struct verdict v;

	reply_reset(&s->reply);
	make_verdict(s, VERDICT_REFUSED, EX_DATAERR, step, &v);
	(void)snprintf(v.dsn, sizeof(v.dsn), "5.6.7");
	(void)snprintf(v.text, sizeof(v.text), "the server does not take addresses "
	    "with other than ASCII letters (SMTPUTF8): %.300s", a->text);
	if (who == t->envelope.count)
		transfer_decide_all(t, WAITING, &v);
	else
		transfer_decide(t, who, &v);
}

static void
check_utf8(struct session *s, struct transfer *t)
{
	const struct envelope *v = &t->envelope;

	if (s->ehlo.smtputf8 || !envelope_utf8(v))
		return;
	if (v->sender.utf8)
		refuse_utf8(s, t, &v->sender, "MAIL", v->count);
	for (size_t i = 0; i < v->count; i++)
		if (t->states[i] == WAITING && v->recipients[i].addr.utf8)
			refuse_utf8(s, t, &v->recipients[i].addr, "RCPT", i);
}

/* Verdicts about a message that cannot be made to fit. */
static const struct {
	const char *dsn, *text;
} misfits[] = {
	[FIT_ADDRESS] = { "5.6.7", "the header has an address with other than ASCII "
	    "letters, which the server does not take (SMTPUTF8)" },
	[FIT_BODY] = { "5.6.3", "the message has 8-bit text and is signed or "
	    "encrypted, so it cannot be encoded for this server, which takes only "
	    "7 bits: let the program that signs it encode it first "
	    "(quoted-printable or base64)" },
	[FIT_STRANGE] = { "5.6.0", "the message has lines or 8-bit text that this "
	    "server does not take, and a header within it is too long to encode "
	    "them" },
};

static bool
can_be_fit(struct session *s, struct transfer *t)
{
	enum fit fit;
	struct verdict v;
	struct err e;

	reply_reset(&s->reply);
	if (fit_message(s, &fit, &e) != 0) {
		make_verdict(s, VERDICT_LATER, e.status, "MAIL", &v);
		verdict_set_text(&v, e.text);
	} else if (fit != FIT_OK) {
		make_verdict(s, VERDICT_REFUSED, EX_DATAERR, "MAIL", &v);
		(void)snprintf(v.dsn, sizeof(v.dsn), "%s", misfits[fit].dsn);
		verdict_set_text(&v, misfits[fit].text);
	} else {
		return true;
	}
	transfer_decide_all(t, WAITING, &v);
	return false;
}

bool
transaction_possible(struct session *s)
{
	struct transfer *t = s->transfer;

	check_utf8(s, t);
	return can_be_fit(s, t) && fits(s, t) && more_waiting(s);
}

void
transaction_lost(struct session *s)
{
	struct transfer *t = s->transfer;
	struct verdict v;

	if (s->dot_said) {
		reply_reset(&s->reply);
		make_verdict(s, VERDICT_LATER, s->trouble.e.status, "dot", &v);
		v.maybe_twice = true;
		(void)snprintf(v.text, sizeof(v.text), "%.400s; the server may "
		    "have taken the message, so it may arrive twice",
		    s->trouble.e.text);
		transfer_decide_all(t, ACCEPTED, &v);
	}
	transfer_move(t, ACCEPTED, WAITING);
	transfer_move(t, SAID, WAITING);
}
