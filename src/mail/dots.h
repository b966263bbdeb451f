/*
 * dots.h - the dot that is put before each line that begins with one (RFC
 * 5321 4.5.2), over bytes that are given piece by piece.
 */
#ifndef OUTTRAY_MAIL_DOTS_H
#define OUTTRAY_MAIL_DOTS_H

#include "base/buf.h"

/*
 * Put the bytes to `out`, dots doubled. *line_start says whether they begin
 * a line and is kept up to date; set it to true before the first call.
 */
void dots_double(const char *bytes, size_t len, bool *line_start,
    struct buf *out);

#endif
