#include "sendmail/verify.h"

#include "base/io.h"
#include "settings/aliases.h"

#include <string.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4 * 1024 * 1024 };

static void
print_way(const struct settings *s, struct buf *out)
{
	if (s->transport == TRANSPORT_PICKUP)
		buf_printf(out, "pickup folder %s", s->pickup_directory);
	else
		buf_printf(out, "smtp %s", s->smtp_host);
}

static int
verify_one(struct context *c, const char *text, struct buf *out, struct err *e)
{
	struct envelope v;
	struct addr_list list;
	struct addr a = { 0 };
	int found, result = 0;

	envelope_init(&v, (size_t)c->settings.max_recipients);
	addr_list_init(&list, text, strlen(text), true);
	while (result == 0 && (found = addr_list_next(&list, &a, NULL, e)) != 0) {
		result = found < 0 ? -1 : aliases_expand(&c->settings, &a, &v, e);
		addr_free(&a);
	}
	for (size_t i = 0; result == 0 && i < v.count; i++) {
		buf_puts(out, text);
		buf_puts(out, " ... to <");
		buf_puts(out, v.recipients[i].addr.text);
		buf_puts(out, "> by ");
		print_way(&c->settings, out);
		buf_putc(out, '\n');
	}
	envelope_free(&v);
	return result;
}

int
verify(struct context *c)
{
	int status = c->options.operand_count > 0 ? EX_OK : EX_USAGE;
	struct buf out;
	struct err e = { 0 };

	buf_init(&out, OUTPUT_MAX);
	for (int i = 0; i < c->options.operand_count; i++) {
		const char *text = c->options.operands[i];

		if (verify_one(c, text, &out, &e) != 0) {
			buf_printf(&out, "%s ... %s\n", text, e.text);
			status = e.status;
		}
		if (out.full) {
			buf_reset(&out);
			buf_printf(&out, "%s ... no memory\n", text);
			status = EX_OSERR;
		}
		if (io_write(STDOUT_FILENO, buf_text(&out), out.len) != 0)
			status = EX_IOERR;
		buf_reset(&out);
	}
	buf_free(&out);
	return status;
}
