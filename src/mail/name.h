/*
 * name.h - a display name as a header can hold it (RFC 5322 3.2.5 phrase;
 * RFC 2047 where it is not ASCII).
 */
#ifndef OUTTRAY_MAIL_NAME_H
#define OUTTRAY_MAIL_NAME_H

#include "base/buf.h"

/*
 * Print the name as a phrase: words as they are, a quoted string where a
 * character asks for it, encoded words where there are bytes over 127 (UTF-8,
 * or "unknown-8bit" where they are none). Control characters become blanks.
 */
void name_print(const char *name, struct buf *out);

#endif
