#include "mail/recode.h"

#include "mail/field.h"
#include "mail/mime.h"

#include <string.h>
#include <strings.h>

bool
recode_frozen(const char *head, size_t len)
{
	for (const char *end = head + len; head < end; ) {
		size_t n = field_length(head, (size_t)(end - head));

		if (field_is(head, n, "DKIM-Signature") ||
		    field_is(head, n, "ARC-Message-Signature") ||
		    field_is(head, n, "ARC-Seal"))
			return true;
		head += n;
	}
	return false;
}

bool
recode_head(const char *head, size_t len, const struct recode_rules *rules,
    struct buf *out)
{
	struct field_rules f = { !rules->utf8, "unknown-8bit" };
	const char *end = head + len;
	bool fits = true;
	struct mime m;

	mime_read(head, len, false, &m);
	if (m.charset[0] != '\0')
		f.charset = m.charset;
	while (head < end) {
		size_t n = field_length(head, (size_t)(end - head));

		fits = field_fit(head, n, &f, out) && fits;
		head += n;
	}
	return fits;
}
