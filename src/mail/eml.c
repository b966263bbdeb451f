#include "mail/eml.h"

#include <string.h>
#include <strings.h>

static const char sender_name[] = "X-Sender:";
static const char receiver_name[] = "X-Receiver:";

static void
print_address(const char *name, const struct addr *a, struct buf *out)
{
	buf_puts(out, name);
	buf_puts(out, " <");
	buf_puts(out, a->text);
	buf_putc(out, '>');
}

static void
print_sender_parameters(const struct envelope *v, struct buf *out)
{
	if (v->ret != RET_UNSET)
		buf_puts(out, v->ret == RET_FULL ? " RET=FULL" : " RET=HDRS");
	if (v->envid != NULL) {
		buf_puts(out, " ENVID=");
		buf_puts(out, v->envid);
	}
}

static void
print_receiver_parameters(const struct envelope *v, const struct recipient *r,
    struct buf *out)
{
	unsigned notify = r->notify != 0 ? r->notify : v->notify;

	if (notify != 0) {
		buf_puts(out, " NOTIFY=");
		notify_print(notify, out);
	}
	if (r->orcpt != NULL) {
		buf_puts(out, " ORCPT=");
		buf_puts(out, r->orcpt);
	}
}

void
eml_print(const struct envelope *v, bool dsn, const bool *only, struct buf *out)
{
	print_address(sender_name, &v->sender, out);
	if (dsn)
		print_sender_parameters(v, out);
	buf_put(out, "\r\n", 2);
	for (size_t i = 0; i < v->count; i++) {
		if (only != NULL && !only[i])
			continue;
		print_address(receiver_name, &v->recipients[i].addr, out);
		if (dsn)
			print_receiver_parameters(v, &v->recipients[i], out);
		buf_put(out, "\r\n", 2);
	}
}

/* A piece of a line. */
struct span {
	const char *bytes;
	size_t      len;
};

static bool
begins_with(struct span s, const char *name)
{
	size_t len = strlen(name);

	return s.len >= len && strncasecmp(s.bytes, name, len) == 0;
}

/* " KEY=value KEY=value": the next one, or false at the end. */
static bool
next_parameter(struct span *rest, struct span *key, struct span *value)
{
	const char *end = rest->bytes + rest->len, *c = rest->bytes, *equals;

	while (c < end && *c == ' ')
		c++;
	key->bytes = c;
	while (c < end && *c != ' ')
		c++;
	key->len = (size_t)(c - key->bytes);
	rest->len = (size_t)(end - c);
	rest->bytes = c;
	equals = key->len > 0 ? memchr(key->bytes, '=', key->len) : NULL;
	value->bytes = equals != NULL ? equals + 1 : c;
	value->len = (size_t)(c - value->bytes);
	if (equals != NULL)
		key->len = (size_t)(equals - key->bytes);
	return key->len > 0;
}

static bool
is_key(struct span key, const char *name)
{
	return key.len == strlen(name) && strncasecmp(key.bytes, name, key.len) == 0;
}

/* A copy of at most `max` bytes of xtext; NULL if it is none. */
static char *
copy_xtext(struct span s, size_t max)
{
	if (s.len == 0 || s.len > max || !xtext_valid(s.bytes, s.len))
		return NULL;
	return strndup(s.bytes, s.len);
}

/* What is not understood is left out: it only asks for reports. */
static void
read_sender_parameters(struct envelope *v, struct span rest)
{
	struct span key, value;
	struct err ignored;

	while (next_parameter(&rest, &key, &value)) {
		char word[8] = "";

		if (is_key(key, "ENVID") && v->envid == NULL)
			v->envid = copy_xtext(value, ENVID_MAX);
		if (is_key(key, "RET") && value.len < sizeof(word)) {
			memcpy(word, value.bytes, value.len);
			(void)ret_parse(&v->ret, word, &ignored);
		}
	}
}

static void
read_receiver_parameters(struct recipient *r, struct span rest)
{
	struct span key, value;
	struct err ignored;

	while (next_parameter(&rest, &key, &value)) {
		char words[64] = "";

		if (is_key(key, "ORCPT") && r->orcpt == NULL)
			r->orcpt = copy_xtext(value, ORCPT_MAX);
		if (is_key(key, "NOTIFY") && value.len < sizeof(words)) {
			memcpy(words, value.bytes, value.len);
			(void)notify_parse(&r->notify, words, &ignored);
		}
	}
}

/* " <address> PARAMETERS": the address; `rest` is what stands behind it. */
static int
read_address(struct addr *a, struct span line, struct span *rest, struct err *e)
{
	const char *close = NULL;
	bool quoted = false;

	/* A quoted local part may hold a '>'. */
	for (size_t i = 0; i < line.len && close == NULL; i++) {
		if (line.bytes[i] == '"')
			quoted = !quoted;
		else if (line.bytes[i] == '\\' && quoted)
			i++;
		else if (line.bytes[i] == '>' && !quoted)
			close = line.bytes + i;
	}
	if (close == NULL)
		return err_set(e, EX_DATAERR, "an X-Sender or X-Receiver line "
		    "without <address>");
	rest->bytes = close + 1;
	rest->len = line.len - (size_t)(close + 1 - line.bytes);
	line.len -= rest->len;
	return addr_parse(a, line.bytes, line.len, e);
}

static int
read_sender(struct envelope *v, struct span line, struct err *e)
{
	struct addr a = { 0 };
	struct span rest = { NULL, 0 };
	int result = -1;

	if (v->has_sender)
		return err_set(e, EX_DATAERR, "two X-Sender lines");
	if (read_address(&a, line, &rest, e) == 0)
		result = envelope_set_sender(v, &a, e);
	if (result == 0)
		read_sender_parameters(v, rest);
	addr_free(&a);
	return result;
}

static int
read_receiver(struct envelope *v, struct span line, struct err *e)
{
	struct addr a = { 0 };
	struct span rest = { NULL, 0 };
	int added;

	if (read_address(&a, line, &rest, e) != 0) {
		addr_free(&a);
		return -1;
	}
	added = envelope_add(v, &a, e);
	if (added == 1)
		read_receiver_parameters(envelope_last(v), rest);
	return added < 0 ? -1 : 0;
}

long
eml_parse(struct envelope *v, const char *bytes, size_t len, struct err *e)
{
	size_t at = 0;

	for (;;) {
		const char *lf = memchr(bytes + at, '\n', len - at);
		struct span line = { bytes + at, 0 };
		size_t next;
		int result;

		if (lf == NULL)
			return 0;
		next = (size_t)(lf - bytes) + 1;
		line.len = next - at - 1;
		if (line.len > 0 && line.bytes[line.len - 1] == '\r')
			line.len--;
		if (begins_with(line, sender_name)) {
			line.bytes += strlen(sender_name);
			line.len -= strlen(sender_name);
			result = read_sender(v, line, e);
		} else if (begins_with(line, receiver_name)) {
			line.bytes += strlen(receiver_name);
			line.len -= strlen(receiver_name);
			result = read_receiver(v, line, e);
		} else {
			break;
		}
		if (result != 0)
			return -1;
		at = next;
	}
	if (!v->has_sender || v->count == 0)
		return err_set(e, EX_DATAERR, "no X-Sender and X-Receiver lines");
	return (long)at;
}
