/* A file as it goes over the wire: line ends, dots, blocks, and files that change. */
#include "smtp/body.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>

static int
new_file(const char *bytes, size_t len)
{
	int fd = open("message", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	return fd;
}

/* All that is left of the body, put to `out`; how many pieces, -1 for an error. */
static int
all_of(struct body *b, struct buf *out, struct err *e)
{
	const char *bytes;
	size_t len;
	bool last = false;
	int pieces = 0;

	while (!last) {
		if (body_next(b, &bytes, &len, &last, e) != 0)
			return -1;
		buf_put(out, bytes, len);
		pieces++;
	}
	return pieces;
}

static const struct {
	const char *name, *input, *wanted;	/* '~' in the input is a NUL */
} cases[] = {
	{ "as it should be", "a\r\nb\r\n", "a\r\nb\r\n" },
	{ "nothing", "", "" },
	{ "a blank line", "\r\n", "\r\n" },
	{ "dots", ".\r\n..\r\na.\r\n.b.\r\n", "..\r\n...\r\na.\r\n..b.\r\n" },
	{ "no last line end", "a\r\nb", "a\r\nb\r\n" },
	{ "a dot, no line end", ".", "..\r\n" },
	{ "LF", "a\n.\nb\n", "a\r\n..\r\nb\r\n" },
	{ "CR", "a\r.\rb", "a\r\n..\r\nb\r\n" },
	{ "CR CR LF", "a\r\r\nb\r\r\n", "a\r\nb\r\n" },
	{ "two CR are two lines", "a\r\rb\r\n", "a\r\n\r\nb\r\n" },
	{ "CR CR CR LF", "a\r\r\r\nb\r\n", "a\r\n\r\nb\r\n" },
	{ "three CR are three lines", "a\r\r\rb\r\n", "a\r\n\r\n\r\nb\r\n" },
	{ "CR CR and NUL", "a\r~\r~\nb\r~\r~c\r\n", "a\r\nb\r\n\r\nc\r\n" },
	{ "CR CR and a dot", "a\r\r.\r\n", "a\r\n\r\n..\r\n" },
	{ "a CR at the end", "a\r", "a\r\n" },
	{ "two at the end", "a\r\r", "a\r\n\r\n" },
	{ "NUL", "a~b\r\n~", "ab\r\n" },
	{ "NUL between CR and LF", "a\r~\nb\r\n", "a\r\nb\r\n" },
	{ "NUL before a dot", "a\r\n~.\r\n", "a\r\n..\r\n" },
	{ "nothing but NUL", "~~", "" },
	{ "LF.LF within CRLF", "a\r\nb\n.\nc\r\n", "a\r\nb\r\n..\r\nc\r\n" },
	{ "CR.CR within CRLF", "a\r\nb\r.\rc\r\n", "a\r\nb\r\n..\r\nc\r\n" },
	{ "8 bit", "\303\266\n.\303\266\n", "\303\266\r\n..\303\266\r\n" },
};

/* Behind `before` bytes of lines, so that a block ends anywhere in it. */
static void
check_case(size_t number, size_t before)
{
	struct buf input, wanted, got;
	struct err e;
	struct body b;
	char name[100];
	int fd;

	(void)snprintf(name, sizeof(name), "%s, behind %zu bytes",
	    cases[number].name, before);
	buf_init(&input, 4 * BODY_BLOCK);
	buf_init(&wanted, 4 * BODY_BLOCK);
	buf_init(&got, 4 * BODY_BLOCK);
	while (input.len + 2 < before)
		buf_putc(&input, 'x');
	if (before > 0)
		buf_puts(&input, "\r\n");
	buf_put(&wanted, input.data, input.len);
	buf_puts(&input, cases[number].input);
	buf_puts(&wanted, cases[number].wanted);
	for (size_t i = 0; i < input.len; i++)
		if (input.data[i] == '~')
			input.data[i] = '\0';
	fd = new_file(buf_text(&input), input.len);
	check(body_init(&b, fd, &e) == 0, "a file");
	check(all_of(&b, &got, &e) > 0 && got.len == wanted.len &&
	    memcmp(buf_text(&got), buf_text(&wanted), got.len) == 0, name);
	check_number((long long)body_size(&b), (long long)input.len, "its size");
	buf_reset(&got);
	body_rewind(&b);
	check(all_of(&b, &got, &e) > 0 && got.len == wanted.len &&
	    memcmp(buf_text(&got), buf_text(&wanted), got.len) == 0,
	    "and again from its start");
	body_free(&b);
	(void)close(fd);
	buf_free(&input);
	buf_free(&wanted);
	buf_free(&got);
}

/* CR CR at the end of a block, LF in one that can go as it is, then another CR. */
static void
check_three_blocks(void)
{
	static char input[2 * BODY_BLOCK + 4], wanted[2 * BODY_BLOCK + 5];
	struct buf out;
	struct body b;
	struct err e;
	int fd;

	memset(input, 'x', sizeof(input));
	memcpy(input + BODY_BLOCK - 2, "\r\r\n", 3);
	memcpy(input + 2 * BODY_BLOCK, "\ry\r\n", 4);
	memset(wanted, 'x', sizeof(wanted));
	memcpy(wanted + BODY_BLOCK - 2, "\r\n", 2);
	memcpy(wanted + 2 * BODY_BLOCK - 1, "\r\ny\r\n", 5);
	fd = new_file(input, sizeof(input));
	buf_init(&out, 4 * BODY_BLOCK);
	check(body_init(&b, fd, &e) == 0, "three blocks");
	check_number(all_of(&b, &out, &e), 3, "leave as three pieces");
	check(out.len == sizeof(wanted) - 1 &&
	    memcmp(out.data, wanted, out.len) == 0, "and nothing is added");
	body_free(&b);
	buf_free(&out);
	(void)close(fd);
}

static void
check_start(void)
{
	static const char text[] = "X-Sender: <a@x>\r\n.b\r\n";
	int fd = new_file(text, sizeof(text) - 1);
	struct buf out;
	struct body b;
	struct err e;

	buf_init(&out, 100);
	check(body_init(&b, fd, &e) == 0, "a file");
	check(body_peek(&b, 8, &out, &e) == 0, "its first bytes");
	check(out.len == 8 && memcmp(out.data, text, 8) == 0, "as they are");
	buf_reset(&out);
	check(body_peek(&b, 1000, &out, &e) == 0, "more than it has");
	check(out.len == sizeof(text) - 1 && memcmp(out.data, text, out.len) == 0,
	    "is all of it");
	buf_free(&out);
	buf_init(&out, 4);
	check(body_peek(&b, 8, &out, &e) == -1 && e.status == EX_DATAERR,
	    "more than may be taken");
	buf_free(&out);
	buf_init(&out, 100);
	body_start(&b, 17);
	check_number((long long)body_size(&b), 4, "the message's size");
	check_number(all_of(&b, &out, &e), 1, "in one piece");
	check_text(buf_text(&out), "..b\r\n", "the message alone");
	check_number(all_of(&b, &out, &e), 1, "behind the end");
	check_text(buf_text(&out), "..b\r\n", "nothing more comes");
	buf_free(&out);
	body_free(&b);
	(void)close(fd);
}

static void
check_bad_files(void)
{
	static char many[3 * BODY_BLOCK];
	struct buf out;
	struct body b;
	struct err e;
	int ends[2], fd;

	if (pipe(ends) != 0)
		abort();
	check(body_init(&b, ends[0], &e) == -1 && e.status == EX_NOINPUT,
	    "a pipe is no file");
	body_free(&b);
	body_free(&b);
	check(body_init(&b, -1, &e) == -1 && e.status == EX_IOERR,
	    "nor is nothing");
	body_free(&b);
	(void)close(ends[0]);
	(void)close(ends[1]);

	buf_init(&out, sizeof(many));
	fd = new_file(many, sizeof(many));
	check(body_init(&b, fd, &e) == 0 && ftruncate(fd, BODY_BLOCK) == 0,
	    "a file that becomes shorter");
	check(all_of(&b, &out, &e) == -1 && e.status == EX_IOERR,
	    "has no end that could be taken for its own");
	body_free(&b);
	(void)close(fd);
	buf_free(&out);
}

int
main(void)
{
	static const size_t before[] = { 0, BODY_BLOCK - 3, BODY_BLOCK - 2,
		BODY_BLOCK - 1, BODY_BLOCK, BODY_BLOCK + 1 };

	child_folder();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t n = 0; n < sizeof(before) / sizeof(before[0]); n++)
			check_case(i, before[n]);
	check_three_blocks();
	check_start();
	check_bad_files();
	child_clean();
	return check_end();
}
