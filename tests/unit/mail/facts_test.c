#include "mail/facts.h"

#include "check.h"

int
main(void)
{
	static const struct {
		const char *text;
		size_t      longest;
		bool        head, body;
	} cases[] = {
		{ "", 0, false, false },
		{ "A: b\r\n\r\nhello\r\n", 5, false, false },
		{ "A: b\n\nhello world\n", 11, false, false },
		{ "A: b\r\rhello world", 11, false, false },
		{ "Long: header\r\n\r\nx\r\n", 12, false, false },
		{ "A: \303\244\r\n\r\nx\r\n", 5, true, false },
		{ "A: b\r\n\r\n\303\244\r\n", 4, false, true },
		{ "A: b\n\n\377", 4, false, true },
		{ "A: b\r\nB: \377\r\n", 4, true, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t step = 1; step <= 64; step *= 8) {
			size_t len = strlen(cases[i].text);
			struct facts f = { .line = 0 };

			for (size_t at = 0; at < len; at += step)
				facts_feed(&f, cases[i].text + at,
				    step < len - at ? step : len - at);
			facts_end(&f);
			check_number((long long)f.found.size, (long long)len, "size");
			check_number((long long)f.found.longest_line,
			    (long long)cases[i].longest, cases[i].text);
			check(f.found.head_8bit == cases[i].head, "header");
			check(f.found.body_8bit == cases[i].body, "body");
		}
	return check_end();
}
