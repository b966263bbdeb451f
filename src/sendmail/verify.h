/*
 * verify.h - sendmail -bv: how an address would be handled. Nothing is sent.
 */
#ifndef OUTTRAY_SENDMAIL_VERIFY_H
#define OUTTRAY_SENDMAIL_VERIFY_H

#include "sendmail/submit.h"

/*
 * Print a line for each operand and what it becomes, on standard output.
 * Returns the exit status: EX_DATAERR where one is no address.
 */
int verify(struct context *c);

#endif
