#include "mail/facts.h"

static void
end_line(struct facts *f)
{
	if (f->line > f->found.longest_line)
		f->found.longest_line = f->line;
	if (f->line == 0)
		f->in_body = true;
	f->line = 0;
}

void
facts_feed(struct facts *f, const char *bytes, size_t len)
{
	f->found.size += len;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\r' || c == '\n') {
			if (c == '\r' || f->last != '\r')
				end_line(f);
		} else {
			f->line++;
			if (c > 127 && f->in_body)
				f->found.body_8bit = true;
			else if (c > 127)
				f->found.head_8bit = true;
		}
		f->last = (char)c;
	}
}

void
facts_end(struct facts *f)
{
	if (f->line > 0)
		end_line(f);
}
