#include "base/base64.h"

#include "check.h"

/* RFC 4648, 10 */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfb", "//77" },
};

static const char *const malformed[] = {
	"Z", "Zg", "Zg=", "=", "====", "Z===", "Zg==Zg==", "Zm8=Zm9v", "Zm9v\n",
	" Zm9v", "Zm 9", "Zm-_", "Zm9v====", "Zh==", "Zm9=", "Z\xc3\xa4=",
	"Zm9\x7f", "=m9v", "Z=9v", "Zm=v",
};

static void
test_all_bytes(void)
{
	struct buf text, back;
	char bytes[256];
	bool same = true;

	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	buf_init(&text, 1000);
	buf_init(&back, 1000);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		buf_reset(&text);
		buf_reset(&back);
		base64_print(bytes, len, &text);
		same = same && base64_parse(buf_text(&text), text.len, &back) == 0 &&
		    back.len == len &&
		    (len == 0 || memcmp(back.data, bytes, len) == 0);
	}
	check(same, "every byte and length comes back");
	buf_free(&text);
	buf_free(&back);
}

static void
test_limits(void)
{
	struct buf b;

	buf_init(&b, 6);
	buf_puts(&b, "ab");
	check_number(base64_parse("Zm9vYmFy", 8, &b), -1, "too much to parse");
	check_text(buf_text(&b), "ab", "what was there stays");
	buf_reset(&b);
	base64_print("foobar", 6, &b);
	check(b.full, "too much to print");
	buf_free(&b);
}

int
main(void)
{
	struct buf b;

	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		buf_reset(&b);
		base64_print(vectors[i].bytes, strlen(vectors[i].bytes), &b);
		check_text(buf_text(&b), vectors[i].text, "printed");
		buf_reset(&b);
		check_number(base64_parse(vectors[i].text,
		    strlen(vectors[i].text), &b), 0, "parsed");
		check_text(buf_text(&b), vectors[i].bytes, "the same bytes");
	}
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		buf_reset(&b);
		buf_puts(&b, "x");
		check_number(base64_parse(malformed[i], strlen(malformed[i]), &b),
		    -1, malformed[i]);
		check_text(buf_text(&b), "x", "nothing of it is kept");
	}
	buf_free(&b);
	test_all_bytes();
	test_limits();
	return check_end();
}
