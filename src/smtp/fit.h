/*
 * fit.h - the message as the server of this session can take it: what of it
 * must be written otherwise is found out, and done, before MAIL is said.
 */
#ifndef OUTTRAY_SMTP_FIT_H
#define OUTTRAY_SMTP_FIT_H

#include "smtp/dialog.h"

enum fit {
	FIT_OK,
	FIT_ADDRESS,	/* an address in the header that needs SMTPUTF8 */
	FIT_BODY,	/* 8-bit bytes that may not be encoded */
	FIT_STRANGE	/* it would have to be encoded, but cannot be read */
};

/*
 * Prepare s->transfer->body for this server and set s->utf8 and s->eight_bit,
 * which are said with MAIL. A message that this server can take costs a few
 * comparisons. Returns 0 with *fit, or -1 (EX_IOERR, EX_OSERR).
 */
int fit_message(struct session *s, enum fit *fit, struct err *e);

#endif
