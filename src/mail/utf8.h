/*
 * utf8.h - the characters of UTF-8 (RFC 3629), without the control characters
 * U+0080 to U+009F: a terminal obeys those.
 */
#ifndef OUTTRAY_MAIL_UTF8_H
#define OUTTRAY_MAIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How many of the `len` bytes the first character takes, 1 to 4, and its
 * number in *c; 0 where there is none.
 */
size_t utf8_character(const char *text, size_t len, uint32_t *c);

/* Is all of it characters? */
bool utf8_valid(const char *text, size_t len);

#endif
