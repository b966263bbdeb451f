/*
 * base64.h - base64 as RFC 4648 (4) has it: padded, without line breaks.
 */
#ifndef OUTTRAY_BASE_BASE64_H
#define OUTTRAY_BASE_BASE64_H

#include "base/buf.h"

#include <stddef.h>

/* The bytes as text behind what `out` holds; out->full where it did not fit. */
void base64_print(const void *bytes, size_t len, struct buf *out);

/*
 * The text as bytes behind what `out` holds. Returns 0, or -1 for anything
 * but whole groups of four with right padding and zero bits behind the end,
 * or where it does not fit (out->full); `out` then holds what it held.
 */
int base64_parse(const char *text, size_t len, struct buf *out);

#endif
