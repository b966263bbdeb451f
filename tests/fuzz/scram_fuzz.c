/*
 * A server that may say anything: the input is its answers, a line each,
 * "CODE text"; with 4 as the first digit it is a 334 whose text is yet to be
 * put into base64. The first byte chooses the mechanism. Whatever happens, no
 * login succeeds without the proof, and what we say stays a line.
 */
#include "base/base64.h"
#include "smtp/auth.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum auth_mode modes[] = { AUTH_SCRAM_SHA_256, AUTH_SCRAM_SHA_1,
	AUTH_CRAM_MD5, AUTH_LOGIN, AUTH_PLAIN, AUTH_XOAUTH2, AUTH_OAUTHBEARER,
	AUTH_EXTERNAL };

static void
check_line(const struct buf *line)
{
	if (line->full || line->len > AUTH_LINE_MAX - 2 ||
	    strlen(buf_text(line)) != line->len ||
	    strpbrk(buf_text(line), "\r\n") != NULL)
		abort();
}

/*
 * High counts are only slow here, not different: a fuzzer that finds them
 * would do nothing else.
 */
static bool
too_slow(const char *text, size_t len)
{
	const char *count = memmem(text, len, ",i=", 3);

	return count != NULL && len - (size_t)(count - text) > 3 + 4;
}

static int
hear(struct auth *a, const char *answer, size_t len, struct buf *line,
    struct err *e)
{
	int code = answer[0] == '2' ? 235 : answer[0] == '5' ? 535 : 334;
	struct buf text;
	int result;

	buf_init(&text, 100000);
	if (answer[0] == '4')
		base64_print(answer + 4, len - 4, &text);
	else
		buf_put(&text, answer + 4, len - 4);
	result = auth_hear(a, code, buf_text(&text), text.len, line, e);
	buf_free(&text);
	return result;
}

static void
talk(struct auth *a, const char *text, size_t len, struct buf *line,
    struct err *e)
{
	int result = auth_command(a, line, e);

	check_line(line);
	for (int turns = 0; result != -1 && len > 4; turns++) {
		const char *end = memchr(text, '\n', len);
		size_t line_len = end != NULL ? (size_t)(end - text) : len;

		if (line_len < 4 || too_slow(text, line_len))
			return;
		result = hear(a, text, line_len, line, e);
		check_line(line);
		if (turns > 5 || (result == 0 && !a->complete))
			abort();
		if (result != 1)
			return;
		text += line_len + (end != NULL);
		len -= line_len + (end != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char nonce[] = "rOprNGfwEbeRWgbNEkqO";
	struct err e = { .status = 0 };
	struct buf secret, line;
	struct auth_given g = { .user = "user", .host = "h", .port = 25,
		.confidential = true, .nonce = nonce, .secret = &secret };
	struct auth a;

	if (size < 2)
		return 0;
	buf_init(&secret, 100);
	buf_puts(&secret, "pencil");
	buf_init(&line, AUTH_LINE_MAX);
	if (auth_choose(&a, modes[data[0] % 8], "SCRAM-SHA-256 SCRAM-SHA-1 "
	    "CRAM-MD5 LOGIN PLAIN XOAUTH2 OAUTHBEARER EXTERNAL", &g, &e) != 0)
		abort();
	talk(&a, (const char *)data + 1, size - 1, &line, &e);
	auth_free(&a);
	buf_free(&secret);
	buf_free(&line);
	return 0;
}
