/*
 * words.h - text that is not ASCII in a header: encoded words (RFC 2047).
 */
#ifndef OUTTRAY_MAIL_WORDS_H
#define OUTTRAY_MAIL_WORDS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_CHARSET_MAX = 12 };	/* bytes of a charset's name */

/* Is there a byte over 127? */
bool bytes_8bit(const char *bytes, size_t len);

/*
 * The bytes as encoded words of at most 75 bytes, a blank between two of
 * them, which readers leave out. `charset` has at most WORDS_CHARSET_MAX
 * bytes; characters are kept whole where it is "utf-8", which the bytes must
 * be then. Right in a phrase and a comment, too. len is at least 1.
 */
void words_print(const char *bytes, size_t len, const char *charset,
    struct buf *out);

#endif
