/*
 * The bytes of any file as they leave. They are what the reader of standard
 * input makes of them, with the dots doubled; the first byte says how many
 * bytes stand before them, so that a block may end anywhere.
 */
#include "mail/dots.h"
#include "mail/message.h"
#include "smtp/body.h"

#include "must.h"

#include <sys/mman.h>
#include <unistd.h>

enum { PLENTY = 4 * BODY_BLOCK };

static void
leave(int fd, struct buf *out)
{
	struct err e = { 0 };
	struct body b;
	const char *bytes;
	size_t len;
	bool last = false;

	must(body_init(&b, fd, &e) == 0);
	while (!last) {
		must(body_next(&b, &bytes, &len, &last, &e) == 0);
		buf_put(out, bytes, len);
	}
	body_free(&b);
}

static void
read_as_body(const struct buf *input, struct buf *out)
{
	struct err e = { 0 };
	struct message m;
	struct buf body;
	bool line_start = true;

	buf_init(&body, PLENTY);
	message_init(&m, false);
	must(message_feed(&m, "\n", 1, &body, &e) == 0);
	must(message_feed(&m, buf_text(input), input->len, &body, &e) == 0);
	must(message_end(&m, &body, &e) == 0);
	dots_double(buf_text(&body), body.len, &line_start, out);
	message_free(&m);
	buf_free(&body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[BODY_BLOCK];
	static int fd = -1;
	struct buf input, left, wanted;

	if (size < 1 || size > BODY_BLOCK / 2)
		return 0;
	if (fd < 0)
		fd = memfd_create("fuzz", 0);
	buf_init(&input, PLENTY);
	buf_init(&left, PLENTY);
	buf_init(&wanted, PLENTY);
	if ((data[0] & 7) == 7) {
		memset(line, 'x', sizeof(line));
		buf_put(&input, line, sizeof(line) - data[0] / 16);
		buf_puts(&input, "\r\n");
	}
	buf_put(&input, data + 1, size - 1);
	must(ftruncate(fd, 0) == 0 && pwrite(fd, buf_text(&input), input.len, 0) ==
	    (ssize_t)input.len);
	leave(fd, &left);
	read_as_body(&input, &wanted);
	must(!left.full && left.len == wanted.len && (left.len == 0 ||
	    memcmp(left.data, wanted.data, left.len) == 0));
	buf_free(&input);
	buf_free(&left);
	buf_free(&wanted);
	return 0;
}
