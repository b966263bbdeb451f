#include "mail/utf8.h"

#include "check.h"

int
main(void)
{
	static const struct { const char *text; size_t bytes; uint32_t c; } list[] = {
		{ "", 0, 0 }, { "a", 1, 'a' }, { "\x7f", 1, 0x7f },
		{ "\xc2\xa0", 2, 0xa0 }, { "\xc3\xa4\xc3", 2, 0xe4 },
		{ "\xe2\x82\xac", 3, 0x20ac }, { "\xf0\x9f\x98\x80", 4, 0x1f600 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 }, { "\xc3", 0, 0 }, { "\xe2\x82", 0, 0 },
		{ "\xc3" "a", 0, 0 }, { "\xf0\x9f\x98" "a", 0, 0 },
		{ "\xc2\x9b", 0, 0 },		/* a control character */
		{ "\xc0\xaf", 0, 0 }, { "\xe0\x80\xaf", 0, 0 },	/* '/', too long */
		{ "\xf0\x8f\xbf\xbf", 0, 0 }, { "\xed\xa0\x80", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 }, { "\xf5\x80\x80\x80", 0, 0 },
		{ "\xff", 0, 0 },
	};
	uint32_t c;

	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		c = 0;
		check_number((long long)utf8_character(list[i].text,
		    strlen(list[i].text), &c), (long long)list[i].bytes,
		    "bytes of a character");
		check_number(c, list[i].c, "its number");
	}
	check_number((long long)utf8_character("", 1, &c), 1, "a NUL is one");
	check(utf8_character("\xe2\x82\xac", 2, &c) == 0, "cut by the length");
	check(utf8_valid("", 0) && utf8_valid("a\xc3\xa4z", 4), "valid");
	check(!utf8_valid("a\xc3\xa4z\xc3", 5) && !utf8_valid("\xe4z", 2),
	    "not valid");
	return check_end();
}
