#include "base/buf.h"

#include "check.h"

#include <stdint.h>

/* Want of memory is a case here, under the sanitizer too. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void
test_put(void)
{
	struct buf b;

	buf_init(&b, 10);
	check_text(buf_text(&b), "", "nothing has been put");
	buf_put(&b, NULL, 0);
	check_number((long long)b.len, 0, "nothing can be put");
	buf_puts(&b, "abc");
	buf_putc(&b, 'd');
	buf_put(&b, "e\0f", 3);
	check_number((long long)b.len, 7, "NUL is a byte");
	check(memcmp(b.data, "abcde\0f", 8) == 0, "and one stands behind it all");
	buf_puts(&b, "ghi");
	check(!b.full, "up to the limit");
	buf_putc(&b, 'j');
	check(b.full, "and no further");
	check_number((long long)b.len, 10, "what does not fit is left out");
	buf_drop_front(&b, 5);
	buf_putc(&b, 'j');
	check_number((long long)b.len, 5, "full stays full");
	check(memcmp(b.data, "\0fghi", 6) == 0, "the front is dropped");
	buf_drop_front(&b, 99);
	check_number((long long)b.len, 0, "more than all of it is all of it");
	buf_reset(&b);
	check(!b.full, "until it is forgotten");
	buf_puts(&b, "0123456789x");
	check(b.full && b.len == 0, "a text goes in whole or not at all");
	buf_free(&b);
	check(b.data == NULL && b.limit == 10, "free keeps the limit only");
	buf_free(&b);
}

static void
test_zero(void)
{
	struct buf b = { 0 };

	buf_drop_front(&b, 1);
	buf_putc(&b, 'x');
	check(b.full && b.data == NULL, "zeroed memory takes nothing");
	buf_free(&b);
	check_text(buf_text(&b), "", "and can be freed");
}

static void
test_growth(void)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 2);
	for (int i = 0; i < 100000; i++)
		buf_putc(&b, (char)('a' + i % 26));
	check(!b.full && b.len == 100000, "it grows");
	check(b.data[0] == 'a' && b.data[99999] == 'a' + 99999 % 26,
	    "and keeps what it had");
	check(buf_room(&b, SIZE_MAX - 1) == NULL && b.full && !b.no_memory,
	    "an impossible length does not fit");
	buf_free(&b);
	buf_init(&b, SIZE_MAX / 2);
	check(buf_room(&b, SIZE_MAX / 4) == NULL && b.full && b.no_memory,
	    "nor one for which there is no memory");
	buf_reset(&b);
	check(!b.full && !b.no_memory, "both are forgotten together");
	buf_free(&b);
	buf_init(&b, 4);
	memcpy(buf_room(&b, 4), "four", 4);
	b.len += 4;
	buf_putc(&b, '5');
	check(b.full && memcmp(b.data, "four", 4) == 0, "room is counted");
	buf_free(&b);
}

static void
test_print(void)
{
	char all[256];
	struct buf b;

	buf_init(&b, 256);
	buf_printf(&b, "%s=%d", "x", 5);
	buf_printf(&b, "%s", "");
	check_text(buf_text(&b), "x=5", "printed");
	buf_reset(&b);
	buf_printf(&b, "%0300d", 1);
	check(b.full && b.len == 0, "too long to print");
	buf_reset(&b);
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	buf_put_printable(&b, all, sizeof(all));
	check_number((long long)b.len, 256, "each byte is one");
	check(b.data[' '] == ' ' && b.data['~'] == '~' && b.data['a'] == 'a',
	    "printable ones stay");
	check(b.data[0] == '?' && b.data['\n'] == '?' && b.data[27] == '?' &&
	    b.data[127] == '?' && b.data[128] == '?' && b.data[255] == '?',
	    "all others are '?'");
	buf_put_printable(&b, "x", 1);
	check(b.full, "the limit counts here too");
	buf_free(&b);
}

int
main(void)
{
	test_put();
	test_zero();
	test_growth();
	test_print();
	return check_end();
}
