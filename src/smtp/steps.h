/*
 * steps.h - what the rows of dialog.c's table are made of.
 *
 * A `say` function puts its command on the wire and returns the step that may
 * be said next without an answer (STEP_WAIT: none). A `hear` function finds
 * the answer in s->reply and returns the step to say next, STEP_WAIT to leave
 * that as it is, or -1 with *e when the session is of no more use.
 */
#ifndef OUTTRAY_SMTP_STEPS_H
#define OUTTRAY_SMTP_STEPS_H

#include "smtp/dialog.h"

/* hello.c */
int hear_greeting(struct session *s, size_t who, struct err *e);
int say_ehlo(struct session *s, struct err *e);
int hear_ehlo(struct session *s, size_t who, struct err *e);
int say_helo(struct session *s, struct err *e);
int hear_helo(struct session *s, size_t who, struct err *e);
int say_starttls(struct session *s, struct err *e);
int hear_starttls(struct session *s, size_t who, struct err *e);
int say_auth(struct session *s, struct err *e);
int hear_auth(struct session *s, size_t who, struct err *e);

/* How does the setting `tls` read for this host? Never TLS_AUTO. */
enum tls_mode tls_mode_for(const struct settings *settings, const struct host *h,
    bool local);

/* Shake hands; nothing that was heard before is believed after it. */
int hello_tls(struct session *s, struct err *e);

/* transaction.c */
int say_mail(struct session *s, struct err *e);
int hear_mail(struct session *s, size_t who, struct err *e);
int say_rcpt(struct session *s, struct err *e);
int hear_rcpt(struct session *s, size_t who, struct err *e);
int say_data(struct session *s, struct err *e);
int hear_data(struct session *s, size_t who, struct err *e);
int say_dot(struct session *s, struct err *e);
int hear_dot(struct session *s, size_t who, struct err *e);
int say_rset(struct session *s, struct err *e);
int hear_rset(struct session *s, size_t who, struct err *e);
int say_quit(struct session *s, struct err *e);
int hear_quit(struct session *s, size_t who, struct err *e);

/*
 * What can be decided before a command is said is decided here: too large a
 * message, addresses that need SMTPUTF8. Is there anything left to be said?
 */
bool transaction_possible(struct session *s);

/*
 * The session ended in the middle. All who are not decided are WAITING then; but where the dot
 * was out and had no answer, that is decided: it may arrive twice.
 */
void transaction_lost(struct session *s);

/* dialog.c: for both. */

/* Put a command and its CRLF on the wire. */
void command(struct session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for a line that only `shown` may be shown of. */
void secret_command(struct session *s, const struct buf *line, const char *shown);

/* A line of -v that is neither command nor answer. */
void remark(const struct session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* -1 with *e: the answer is what the server has against us. */
int refused(const struct session *s, int status, struct err *e);

/*
 * Remember what went wrong as s->trouble: the answer in hand, met at this
 * step, or what *e says where it was no answer. A step that fails without
 * having done so gets its answer noted.
 */
void note_answer(struct session *s, enum step step, int status);
void note_trouble(struct session *s, const char *step, const struct err *e);

/* How long may the answer to this step take from now on? */
int64_t step_deadline(const struct session *s, enum step step);

/*
 * An answer that came before it was due, as far as it has arrived: is it a
 * refusal (4xx, 5xx)? It is in s->reply then.
 */
bool early_refusal(struct session *s, struct err *e);

#endif
