#include "settings/table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MINUTE ((uint64_t)60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    ((uint64_t)1024)

/* A variable may be longer than a line of a file. */
enum { TEXT_MAX = 4096 };

char setting_no_text[1] = "";

static void *
member(const struct settings *s, const struct setting_row *r)
{
	return (char *)s + r->offset;
}

/* Digits to a number: where they end, or NULL (none, or too many). */
static const char *
parse_digits(const char *text, uint64_t *number)
{
	const char *c = text;

	*number = 0;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*c - '0'), number))
			return NULL;
	return c > text ? c : NULL;
}

struct unit {
	const char *name;
	uint64_t    times;
};

static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };

static const struct unit size_units[] = {
	{ "", 1 }, { "B", 1 },
	{ "K", KIB }, { "KB", KIB }, { "KiB", KIB },
	{ "M", KIB * KIB }, { "MB", KIB * KIB }, { "MiB", KIB * KIB },
	{ "G", KIB * KIB * KIB }, { "GB", KIB * KIB * KIB },
	{ "GiB", KIB * KIB * KIB },
	{ "T", KIB * KIB * KIB * KIB },
	{ NULL, 0 }
};

static const struct unit duration_units[] = {
	{ "", 1 }, { "s", 1 }, { "m", MINUTE }, { "h", HOUR },
	{ "d", DAY }, { "w", 7 * DAY },
	{ NULL, 0 }
};

static const struct unit *
units_of(enum setting_type type)
{
	if (type == SETTING_SIZE)
		return size_units;
	return type == SETTING_DURATION || type == SETTING_RANGE ?
	    duration_units : no_units;
}

/* "50M", "1h30m" (only times may have several parts), "1000". */
static bool
parse_number(const char *text, enum setting_type type, uint64_t *number)
{
	*number = 0;
	do {
		const struct unit *u = units_of(type);
		uint64_t part;
		size_t len;

		text = parse_digits(text, &part);
		if (text == NULL)
			return false;
		text += strspn(text, " ");
		len = strcspn(text, "0123456789 ");
		while (u->name != NULL && (strlen(u->name) != len ||
		    strncasecmp(u->name, text, len) != 0))
			u++;
		if (u->name == NULL ||
		    __builtin_mul_overflow(part, u->times, &part) ||
		    __builtin_add_overflow(*number, part, number))
			return false;
		text += len;
		text += strspn(text, " ");
		if (len == 0 && *text != '\0')
			return false;
	} while (*text != '\0' && type == SETTING_DURATION);
	return *text == '\0';
}

/* With the largest unit that leaves no rest. */
static void
print_number(uint64_t number, enum setting_type type, struct buf *out)
{
	const struct unit *best = NULL;

	for (const struct unit *u = units_of(type); u->name != NULL; u++)
		if (strlen(u->name) <= 1 && number % u->times == 0 &&
		    (best == NULL || u->times > best->times))
			best = u;
	if (best == NULL || number == 0)
		buf_printf(out, "%llu", (unsigned long long)number);
	else
		buf_printf(out, "%llu%s", (unsigned long long)(number / best->times),
		    best->times == 1 && units_of(type) == duration_units ? "s" :
		    best->name);
}

static int
bad_number(const struct setting_row *r, const char *value, struct err *e)
{
	struct buf low, high;

	buf_init(&low, 32);
	buf_init(&high, 32);
	print_number(r->min, r->type, &low);
	print_number(r->max, r->type, &high);
	(void)err_set(e, EX_CONFIG, "%s = %s: %s from %s to %s is wanted", r->key, value,
	    r->type == SETTING_DURATION ? "a time (10s, 5m, 1h, 5d)" :
	    r->type == SETTING_RANGE ? "two times (1m..1h), the longer last," :
	    r->type == SETTING_SIZE ? "a size (500K, 50M, 1G)" : "a number",
	    buf_text(&low), buf_text(&high));
	buf_free(&low);
	buf_free(&high);
	return -1;
}

static int
set_number(void *to, const struct setting_row *r, const char *value, struct err *e)
{
	uint64_t number;

	if (!parse_number(value, r->type, &number) || number < r->min ||
	    number > r->max)
		return bad_number(r, value, e);
	*(uint64_t *)to = number;
	return 0;
}

/* "1m..1h", or one time that is both. */
static int
set_range(void *to, const struct setting_row *r, const char *value, struct err *e)
{
	const char *dots = strstr(value, "..");
	struct setting_range range;
	char least[32] = "";
	bool good;

	if (dots == NULL) {
		good = parse_number(value, SETTING_DURATION, &range.least);
		range.most = range.least;
	} else {
		good = (size_t)(dots - value) < sizeof(least) &&
		    parse_number(dots + 2 + strspn(dots + 2, " "), SETTING_DURATION,
		    &range.most);
		if (good)
			memcpy(least, value, (size_t)(dots - value));
		good = good && parse_number(least, SETTING_DURATION, &range.least);
	}
	if (!good || range.least < r->min || range.most > r->max ||
	    range.least > range.most)
		return bad_number(r, value, e);
	*(struct setting_range *)to = range;
	return 0;
}

static int
set_yesno(void *to, const struct setting_row *r, const char *value, struct err *e)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off",
	    "on", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(value, words[i]) == 0) {
			*(bool *)to = i % 2 == 1;
			return 0;
		}
	return err_set(e, EX_CONFIG, "%s = %s: yes or no is wanted", r->key, value);
}

static int
set_word(void *to, const struct setting_row *r, const char *value, struct err *e)
{
	struct buf list;

	for (unsigned i = 0; r->words[i] != NULL; i++)
		if (setting_same(value, r->words[i])) {
			*(unsigned *)to = i;
			return 0;
		}
	buf_init(&list, ERR_TEXT_MAX);
	for (size_t i = 0; r->words[i] != NULL; i++) {
		if (i > 0)
			buf_puts(&list, r->words[i + 1] != NULL ? ", " : " or ");
		buf_puts(&list, r->words[i]);
	}
	(void)err_set(e, EX_CONFIG, "%s = %s: it can be %s", r->key, value,
	    buf_text(&list));
	buf_free(&list);
	return -1;
}

static int
set_text(void *to, const struct setting_row *r, const char *value, struct err *e)
{
	char **text = to, *copy = setting_no_text;
	const char *wanted = NULL;

	if (strlen(value) > TEXT_MAX)
		return err_set(e, EX_CONFIG, "%s is too long", r->key);
	if (value[0] != '\0' && r->check != NULL)
		wanted = r->check(value);
	if (wanted != NULL)
		return err_set(e, EX_CONFIG, "%s = %s: %s is wanted", r->key,
		    value, wanted);
	if (value[0] != '\0' && (copy = strdup(value)) == NULL)
		return err_set(e, EX_OSERR, "no memory");
	if (*text != setting_no_text)
		free(*text);
	*text = copy;
	return 0;
}

static int
set_secret(void *to, const struct setting_row *r, const char *value, struct err *e)
{
	struct buf *secret = to;

	buf_reset(secret);
	buf_puts(secret, value);
	if (secret->no_memory)
		return err_set(e, EX_OSERR, "no memory");
	return secret->full ? err_set(e, EX_CONFIG, "%s is too long", r->key) : 0;
}

static int (*const setters[])(void *, const struct setting_row *, const char *,
    struct err *) = {
	[SETTING_TEXT] = set_text, [SETTING_SECRET] = set_secret,
	[SETTING_NUMBER] = set_number, [SETTING_SIZE] = set_number,
	[SETTING_DURATION] = set_number, [SETTING_RANGE] = set_range,
	[SETTING_YESNO] = set_yesno, [SETTING_WORD] = set_word,
};

/*
 * No value holds a control character: some are said to the server (EHLO),
 * printed into a header or a log.
 */
int
setting_set(struct settings *s, size_t row, const char *value, struct err *e)
{
	const struct setting_row *r = &setting_rows[row];

	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == '\177')
			return err_set(e, EX_CONFIG, "%s: there is a %s in it",
			    r->key, *c == '\t' ? "tab" : "control character");
	if (value[0] == '\0')
		value = r->standard;
	return setters[r->type](member(s, r), r, value, e);
}

void
setting_print(const struct settings *s, size_t row, struct buf *out)
{
	const struct setting_row *r = &setting_rows[row];
	const void *from = member(s, r);

	switch (r->type) {
	case SETTING_TEXT:
		buf_puts(out, *(char *const *)from);
		break;
	case SETTING_SECRET:
		buf_puts(out, buf_text(from));
		break;
	case SETTING_YESNO:
		buf_puts(out, *(const bool *)from ? "yes" : "no");
		break;
	case SETTING_WORD:
		buf_puts(out, r->words[*(const unsigned *)from]);
		break;
	case SETTING_NUMBER:
	case SETTING_SIZE:
	case SETTING_DURATION:
		print_number(*(const uint64_t *)from, r->type, out);
		break;
	case SETTING_RANGE:
		print_number(((const struct setting_range *)from)->least, r->type, out);
		buf_puts(out, "..");
		print_number(((const struct setting_range *)from)->most, r->type, out);
		break;
	}
}

bool
setting_is_standard(const struct settings *s, size_t row)
{
	struct buf text;
	bool is;

	buf_init(&text, SETTINGS_PASSWORD_MAX);
	setting_print(s, row, &text);
	is = strcmp(buf_text(&text), setting_rows[row].standard) == 0;
	buf_free(&text);
	return is;
}

/*
 * Other kinds of INI files, and of files with variables, take quotes away:
 * here they would become part of a user's name without a word.
 */
int
setting_refuse_quotes(const char *key, const char *value, struct err *e)
{
	size_t len = strlen(value);

	if (len < 2 || value[0] != value[len - 1] ||
	    (value[0] != '"' && value[0] != '\''))
		return 0;
	return err_set(e, EX_CONFIG, "%s: a value stands without quotes", key);
}
