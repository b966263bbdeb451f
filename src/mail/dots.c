#include "mail/dots.h"

#include <string.h>

void
dots_double(const char *bytes, size_t len, bool *line_start, struct buf *out)
{
	const char *end = bytes + len;

	while (bytes < end) {
		const char *lf = memchr(bytes, '\n', (size_t)(end - bytes));
		const char *next = lf != NULL ? lf + 1 : end;

		if (*line_start && *bytes == '.')
			buf_putc(out, '.');
		buf_put(out, bytes, (size_t)(next - bytes));
		*line_start = lf != NULL;
		bytes = next;
	}
}
