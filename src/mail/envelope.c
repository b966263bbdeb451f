#include "mail/envelope.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIRST_RECIPIENTS = 8 };

static const struct {
	const char *name;
	unsigned    bit;
} notify_names[] = {
	{ "NEVER",   NOTIFY_NEVER },
	{ "SUCCESS", NOTIFY_SUCCESS },
	{ "FAILURE", NOTIFY_FAILURE },
	{ "DELAY",   NOTIFY_DELAY },
};

enum { NOTIFY_NAMES = sizeof(notify_names) / sizeof(notify_names[0]) };

static const char hex_digits[] = "0123456789ABCDEF";

void
envelope_init(struct envelope *v, size_t max_recipients)
{
	memset(v, 0, sizeof(*v));
	v->limit = max_recipients;
}

void
envelope_free(struct envelope *v)
{
	for (size_t i = 0; i < v->count; i++) {
		addr_free(&v->recipients[i].addr);
		free(v->recipients[i].orcpt);
	}
	free(v->recipients);
	free(v->table);
	free(v->envid);
	addr_free(&v->sender);
	envelope_init(v, v->limit);
}

int
envelope_set_sender(struct envelope *v, const struct addr *a, struct err *e)
{
	struct addr copy;

	if (addr_copy(&copy, a, e) != 0)
		return -1;
	addr_free(&v->sender);
	v->sender = copy;
	v->has_sender = true;
	return 0;
}

/*
 * The table's entry of that address, or the empty one where it would go. The
 * table is never more than half full, so there is one.
 */
static size_t *
find_entry(const struct envelope *v, const struct addr *a)
{
	size_t mask = v->table_size - 1, i = addr_hash(a) & mask;

	while (v->table[i] != 0 &&
	    !addr_same(&v->recipients[v->table[i] - 1].addr, a))
		i = (i + 1) & mask;
	return &v->table[i];
}

/* Room for one more recipient, and a table twice as large as their number. */
static int
grow(struct envelope *v)
{
	size_t wanted = v->allocated > 0 ? 2 * v->allocated : FIRST_RECIPIENTS;
	struct recipient *recipients;
	size_t *table;

	if (v->count < v->allocated)
		return 0;
	recipients = reallocarray(v->recipients, wanted, sizeof(*recipients));
	if (recipients == NULL)
		return -1;
	v->recipients = recipients;
	table = calloc(2 * wanted, sizeof(*table));
	if (table == NULL)
		return -1;
	free(v->table);
	v->table = table;
	v->table_size = 2 * wanted;
	v->allocated = wanted;
	for (size_t i = 0; i < v->count; i++)
		*find_entry(v, &v->recipients[i].addr) = i + 1;
	return 0;
}

static int
add(struct envelope *v, const struct addr *a, struct err *e)
{
	size_t *entry;

	if (addr_is_null(a))
		return err_set(e, EX_DATAERR,
		    "the null address \"<>\" cannot receive mail");
	if (v->table_size > 0 && *find_entry(v, a) != 0)
		return 0;
	if (v->count >= v->limit)
		return err_set(e, EX_DATAERR, "more than %zu recipients "
		    "(max_recipients in [outtray])", v->limit);
	if (grow(v) != 0)
		return err_sys(e, EX_OSERR, "adding recipient %zu",
		    v->count + 1);
	entry = find_entry(v, a);
	memset(&v->recipients[v->count], 0, sizeof(v->recipients[0]));
	v->recipients[v->count].addr = *a;
	*entry = ++v->count;
	return 1;
}

int
envelope_add(struct envelope *v, struct addr *a, struct err *e)
{
	int r = add(v, a, e);

	if (r != 1)
		addr_free(a);
	memset(a, 0, sizeof(*a));
	return r;
}

struct recipient *
envelope_last(struct envelope *v)
{
	return v->count > 0 ? &v->recipients[v->count - 1] : NULL;
}

bool
envelope_utf8(const struct envelope *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->recipients[i].addr.utf8)
			return true;
	return v->sender.utf8;
}

/* The bit of one name, 0 for another. */
static unsigned
notify_bit(const char *name, size_t len)
{
	for (size_t i = 0; i < NOTIFY_NAMES; i++)
		if (strlen(notify_names[i].name) == len &&
		    strncasecmp(notify_names[i].name, name, len) == 0)
			return notify_names[i].bit;
	return 0;
}

int
notify_parse(unsigned *bits, const char *text, struct err *e)
{
	unsigned bit, all = 0;
	const char *name = text;
	size_t len;

	for (;; name += len + 1) {
		len = strcspn(name, ",");
		bit = notify_bit(name, len);
		if (bit == 0)
			return err_set(e, EX_USAGE, "\"%.60s\" is no delivery "
			    "notice: never, or success, failure, delay with "
			    "commas between them", text);
		all |= bit;
		if (name[len] == '\0')
			break;
	}
	if ((all & NOTIFY_NEVER) != 0 && all != NOTIFY_NEVER)
		return err_set(e, EX_USAGE, "delivery notices: never goes with "
		    "no other word (\"%.60s\")", text);
	*bits = all;
	return 0;
}

void
notify_print(unsigned bits, struct buf *out)
{
	const char *comma = "";

	for (size_t i = 0; i < NOTIFY_NAMES; i++) {
		if ((bits & notify_names[i].bit) == 0)
			continue;
		buf_printf(out, "%s%s", comma, notify_names[i].name);
		comma = ",";
	}
}

int
ret_parse(enum ret *r, const char *text, struct err *e)
{
	if (strcasecmp(text, "full") == 0)
		*r = RET_FULL;
	else if (strcasecmp(text, "hdrs") == 0)
		*r = RET_HDRS;
	else
		return err_set(e, EX_USAGE, "\"%.60s\": what a delivery notice "
		    "brings back is \"full\" or \"hdrs\"", text);
	return 0;
}

static bool
is_xchar(char c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

/* "+" and two of these; nothing that is a control character once decoded. */
static bool
is_hexchar(const char *text, size_t len)
{
	const char *high, *low;
	long value;

	if (len < 3 || text[0] != '+' || text[1] == '\0' || text[2] == '\0')
		return false;
	high = strchr(hex_digits, text[1]);
	low = strchr(hex_digits, text[2]);
	if (high == NULL || low == NULL)
		return false;
	value = (high - hex_digits) * 16 + (low - hex_digits);
	return value >= ' ' && value != 127;
}

bool
xtext_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (is_xchar(text[i]))
			continue;
		if (!is_hexchar(text + i, len - i))
			return false;
		i += 2;
	}
	return len > 0;
}

void
xtext_print(const char *text, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (is_xchar(text[i])) {
			buf_putc(out, text[i]);
			continue;
		}
		buf_putc(out, '+');
		buf_putc(out, hex_digits[c >> 4]);
		buf_putc(out, hex_digits[c & 15]);
	}
}
