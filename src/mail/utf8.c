#include "mail/utf8.h"

size_t
utf8_character(const char *text, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	size_t more;
	uint32_t u;

	if (len > 0 && p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if (len == 0 || p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
	if (len <= more)
		return 0;
	u = p[0] & (0x3fU >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		u = u << 6 | (p[i] & 0x3fU);
	}
	if (u < least[more] || u > 0x10ffff || u < 0xa0 || (u >= 0xd800 && u <= 0xdfff))
		return 0;
	*c = u;
	return more + 1;
}

bool
utf8_valid(const char *text, size_t len)
{
	uint32_t c;
	size_t taken;

	for (; len > 0; len -= taken, text += taken)
		if ((taken = utf8_character(text, len, &c)) == 0)
			return false;
	return true;
}
