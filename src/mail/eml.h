/*
 * eml.h - the block of X-Sender and X-Receiver lines at the top of a file,
 * which is its envelope: the format of pickup folders (System.Net.Mail, IIS,
 * Exchange's Replay folder), of the queue and of the agent's input.
 *
 *	X-Sender: <a@example.com> RET=HDRS ENVID=QQ314159
 *	X-Receiver: <b@example.net> NOTIFY=FAILURE ORCPT=rfc822;b@example.net
 */
#ifndef OUTTRAY_MAIL_EML_H
#define OUTTRAY_MAIL_EML_H

#include "mail/envelope.h"

/* The block of an envelope is never longer than this. */
enum { EML_BLOCK_MAX = 16 * 1024 * 1024 };

/*
 * Print the block, each line with CRLF. `dsn` says whether the parameters
 * of RFC 3461 go with it; folders of other programs get none. `only`, unless
 * NULL, has a flag for each recipient: false leaves it out.
 */
void eml_print(const struct envelope *v, bool dsn, const bool *only,
    struct buf *out);

/*
 * Read the block that our own eml_print wrote, at the start of `bytes`, into
 * an envelope that was given to envelope_init. Returns how many bytes it
 * takes (the message begins there), 0 if the block does not end within
 * `len` bytes (give more, and a fresh envelope), or -1 (EX_DATAERR) where
 * this is no such file. A duplicate receiver keeps no place of its own.
 */
long eml_parse(struct envelope *v, const char *bytes, size_t len, struct err *e);

#endif
