#include "settings/table.h"
#include "settings/places.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECONDS(n) ((uint64_t)(n))
#define MINUTES(n) (SECONDS(60) * (n))
#define HOURS(n)   (MINUTES(60) * (n))
#define KIB        ((uint64_t)1024)

enum { PAIRS_MAX = 1000 };

/* In the order of the enums in settings.h. */
static const char *const transports[] = { "auto", "pickup", "smtp", NULL };
static const char *const deliveries[] = { "interactive", "queue", NULL };
static const char *const sender_modes[] = { "off", "unqualified", "foreign",
    "always", NULL };
static const char *const log_formats[] = { "text", "json", NULL };
static const char *const lone_dots[] = { "end", "keep", NULL };
static const char *const tls_modes[] = { "auto", "starttls", "implicit", "off",
    NULL };
static const char *const tls_versions[] = { "1.2", "1.3", NULL };
static const char *const auth_modes[] = { "auto", "off", "plain", "login",
    "cram-md5", "scram-sha-1", "scram-sha-256", "xoauth2", "oauthbearer",
    "external", NULL };
static const char *const dots_words[] = { "plain", "doubled", NULL };
static const char *const formats[] = { "eml", NULL };

static const char *
check_path(const char *value)
{
	return value[0] == '/' ? NULL : "a path that begins with '/'";
}

static const char *
check_log(const char *value)
{
	if (strcmp(value, "syslog") == 0 || strcmp(value, "stderr") == 0)
		return NULL;
	return value[0] == '/' ? NULL :
	    "syslog, stderr or a path that begins with '/'";
}

static const char *
check_format(const char *value)
{
	return strcmp(value, formats[0]) == 0 ? NULL : "eml";
}

#define AT(member) offsetof(struct settings, member)
#define TEXT(m, d, check)       SETTING_TEXT, AT(m), d, NULL, 0, 0, check
#define SECRET(m)               SETTING_SECRET, AT(m), "", NULL, 0, 0, NULL
#define NUMBER(m, d, min, max)  SETTING_NUMBER, AT(m), d, NULL, min, max, NULL
#define SIZE(m, d, min, max)    SETTING_SIZE, AT(m), d, NULL, min, max, NULL
#define TIME(m, d, min, max)    SETTING_DURATION, AT(m), d, NULL, min, max, NULL
#define YESNO(m, d)             SETTING_YESNO, AT(m), d, NULL, 0, 0, NULL
#define WORD(m, d, words)       SETTING_WORD, AT(m), d, words, 0, 0, NULL

const struct setting_row setting_rows[] = {
	{ "outtray", "transport", WORD(transport, "auto", transports), false },
	{ "outtray", "delivery", WORD(delivery, "interactive", deliveries), false },
	{ "outtray", "deadline", TIME(deadline_seconds, "10s", SECONDS(1), HOURS(1)), false },
	{ "outtray", "tempfail_exit", NUMBER(tempfail_exit, "69", 1, 125), false },
	{ "outtray", "hostname", TEXT(hostname, "", NULL), true },
	{ "outtray", "domain", TEXT(domain, "", NULL), false },
	{ "outtray", "received", YESNO(received, "yes"), false },
	{ "outtray", "max_size", SIZE(max_size, "50M", KIB, KIB * KIB * KIB * KIB), false },
	{ "outtray", "max_recipients", NUMBER(max_recipients, "1000", 1, 1000000), false },
	{ "outtray", "sender", TEXT(sender, "", NULL), false },
	{ "outtray", "sender_mode", WORD(sender_mode, "unqualified", sender_modes), false },
	{ "outtray", "log", TEXT(log, "syslog", check_log), false },
	{ "outtray", "log_format", WORD(log_format, "text", log_formats), false },
	{ "outtray", "lone_dot", WORD(lone_dot, "end", lone_dots), false },
	{ "outtray", "undisclosed_recipients", YESNO(undisclosed_recipients, "no"), false },

	{ "smtp", "host", TEXT(smtp_host, "", NULL), true },
	{ "smtp", "port", NUMBER(smtp_port, "587", 1, 65535), true },
	{ "smtp", "tls", WORD(tls, "auto", tls_modes), true },
	{ "smtp", "tls_ca_file", TEXT(tls_ca_file, "", check_path), true },
	{ "smtp", "tls_name", TEXT(tls_name, "", NULL), true },
	{ "smtp", "tls_fingerprint", TEXT(tls_fingerprint, "", NULL), true },
	{ "smtp", "tls_min_version", WORD(tls_min_version, "1.2", tls_versions), true },
	{ "smtp", "tls_client_cert", TEXT(tls_client_cert, "", check_path), true },
	{ "smtp", "tls_client_key", TEXT(tls_client_key, "", check_path), true },
	{ "smtp", "auth", WORD(auth, "auto", auth_modes), true },
	{ "smtp", "user", TEXT(user, "", NULL), true },
	{ "smtp", "password", SECRET(password), true },
	{ "smtp", "password_file", TEXT(password_file, "", check_path), false },
	{ "smtp", "allow_plaintext_auth", YESNO(allow_plaintext_auth, "no"), true },
	{ "smtp", "connect_timeout", TIME(connect_timeout_seconds, "5s", SECONDS(1), MINUTES(10)), true },
	{ "smtp", "dot_timeout", TIME(dot_timeout_seconds, "10m", SECONDS(1), HOURS(1)), true },
	{ "smtp", "source_address", TEXT(source_address, "", NULL), true },

	{ "pickup", "directory", TEXT(pickup_directory, place_pickup, check_path), false },
	{ "pickup", "format", TEXT(pickup_format, "eml", check_format), false },
	{ "pickup", "dots", WORD(dots, "plain", dots_words), false },

	{ "queue", "directory", TEXT(queue_directory, place_queue, check_path), false },
};

const size_t setting_rows_count = sizeof(setting_rows) / sizeof(setting_rows[0]);

_Static_assert(sizeof(setting_rows) / sizeof(setting_rows[0]) <= SETTINGS_KEYS_MAX,
    "struct settings has a line number for each row");
_Static_assert(sizeof(enum auth_mode) == sizeof(unsigned) &&
    sizeof(enum transport) == sizeof(unsigned), "SETTING_WORD writes an unsigned");

static const struct {
	const char *name;
	size_t      pairs;	/* where its pairs are; 0: it has rows */
} sections[] = {
	{ "outtray", 0 }, { "smtp", 0 }, { "pickup", 0 }, { "queue", 0 },
	{ "aliases", AT(aliases) }, { "senders", AT(senders) },
};

enum { SECTIONS = sizeof(sections) / sizeof(sections[0]) };

static char
folded(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '-' ? '_' : c;
}

static bool
same(const char *a, const char *b)
{
	while (*a != '\0' && folded(*a) == folded(*b)) {
		a++;
		b++;
	}
	return folded(*a) == folded(*b);
}

long
setting_find(const char *section, const char *key)
{
	for (size_t i = 0; i < setting_rows_count; i++)
		if (same(setting_rows[i].section, section) &&
		    same(setting_rows[i].key, key))
			return (long)i;
	return -1;
}

const char *
setting_section(const char *name, size_t len)
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (strlen(sections[i].name) == len &&
		    strncasecmp(sections[i].name, name, len) == 0)
			return sections[i].name;
	return NULL;
}

struct setting_pairs *
setting_section_pairs(struct settings *s, const char *section)
{
	for (size_t i = 0; i < SECTIONS; i++)
		if (sections[i].pairs != 0 && same(sections[i].name, section))
			return (void *)((char *)s + sections[i].pairs);
	return NULL;
}

/* Optimal string alignment, three rows of the matrix at a time. */
unsigned
setting_distance(const char *a, const char *b)
{
	enum { LONGEST = 63 };
	unsigned rows[3][LONGEST + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > LONGEST || b_len > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3];
		const unsigned *before = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			char x = folded(a[i - 1]), y = folded(b[j - 1]);
			unsigned best = last[j - 1] + (x != y);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && x == folded(b[j - 2]) &&
			    y == folded(a[i - 2]) && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[a_len % 3][b_len];
}

/* Half the letters may be wrong in a short name, but never more than three. */
static bool
near(const char *typed, const char *known, unsigned *best)
{
	unsigned distance = setting_distance(typed, known);
	size_t allowed = strlen(known) / 2;

	if (allowed > 3)
		allowed = 3;
	if (distance > allowed || distance >= *best)
		return false;
	*best = distance;
	return true;
}

const char *
setting_section_near(const char *name)
{
	const char *found = NULL;
	unsigned best = ~0U;

	for (size_t i = 0; i < SECTIONS; i++)
		if (near(name, sections[i].name, &best))
			found = sections[i].name;
	return found;
}

/* The own section first: a key of that very name in another is next best. */
const char *
setting_key_near(const char *section, const char *key, const char **its_section)
{
	const struct setting_row *found = NULL;
	unsigned best = ~0U;

	for (size_t i = 0; i < setting_rows_count; i++) {
		const struct setting_row *r = &setting_rows[i];

		if (same(r->section, section) && near(key, r->key, &best))
			found = r;
	}
	for (size_t i = 0; i < setting_rows_count; i++) {
		const struct setting_row *r = &setting_rows[i];

		if (!same(r->section, section) && near(key, r->key, &best))
			found = r;
	}
	if (found == NULL)
		return NULL;
	*its_section = found->section;
	return found->key;
}

/* --- one value ------------------------------------------------------- */

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
	{ "", 1 }, { "s", 1 }, { "m", MINUTES(1) }, { "h", HOURS(1) },
	{ "d", HOURS(24) }, { "w", HOURS(24 * 7) },
	{ NULL, 0 }
};

static const struct unit *
units_of(enum setting_type type)
{
	if (type == SETTING_SIZE)
		return size_units;
	return type == SETTING_DURATION ? duration_units : no_units;
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
		    best->times == 1 && type == SETTING_DURATION ? "s" : best->name);
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
		if (same(value, r->words[i])) {
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

/* Texts that are not set share this one. */
static char no_text[1] = "";

static int
set_text(void *to, const struct setting_row *r, const char *value, struct err *e)
{
	char **text = to;
	const char *wanted = value[0] != '\0' && r->check != NULL ?
	    r->check(value) : NULL;
	char *copy = no_text;

	if (wanted != NULL)
		return err_set(e, EX_CONFIG, "%s = %s: %s is wanted", r->key,
		    value, wanted);
	if (value[0] != '\0' && (copy = strdup(value)) == NULL)
		return err_set(e, EX_OSERR, "no memory");
	if (*text != no_text)
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
	return secret->full ? err_set(e, EX_CONFIG, "%s is too long", r->key) : 0;
}

static int (*const setters[])(void *, const struct setting_row *, const char *,
    struct err *) = {
	[SETTING_TEXT] = set_text, [SETTING_SECRET] = set_secret,
	[SETTING_NUMBER] = set_number, [SETTING_SIZE] = set_number,
	[SETTING_DURATION] = set_number, [SETTING_YESNO] = set_yesno,
	[SETTING_WORD] = set_word,
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
			return err_set(e, EX_CONFIG,
			    "%s: there is a control character in it", r->key);
	if (value[0] == '\0' && r->type != SETTING_TEXT && r->type != SETTING_SECRET)
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
	}
}

bool
setting_is_standard(const struct settings *s, size_t row)
{
	struct buf text;
	bool is;

	buf_init(&text, 64 * 1024);
	setting_print(s, row, &text);
	is = strcmp(buf_text(&text), setting_rows[row].standard) == 0;
	buf_free(&text);
	return is;
}

/* --- all of them ------------------------------------------------------ */

int
settings_init(struct settings *s, struct err *e)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->password, SETTINGS_PASSWORD_MAX);
	for (size_t i = 0; i < setting_rows_count; i++)
		if (setting_rows[i].type == SETTING_TEXT)
			*(char **)member(s, &setting_rows[i]) = no_text;
	for (size_t i = 0; i < setting_rows_count; i++)
		if (setting_set(s, i, setting_rows[i].standard, e) != 0)
			return err_while(e, "default of [%s] %s",
			    setting_rows[i].section, setting_rows[i].key);
	return 0;
}

static void
pairs_free(struct setting_pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->list[i].name);
		free(p->list[i].value);
	}
	free(p->list);
}

void
settings_free(struct settings *s)
{
	for (size_t i = 0; i < setting_rows_count; i++) {
		char **text = member(s, &setting_rows[i]);

		if (setting_rows[i].type == SETTING_TEXT && *text != no_text)
			free(*text);
	}
	buf_free(&s->password);
	pairs_free(&s->aliases);
	pairs_free(&s->senders);
	free(s->file);
	memset(s, 0, sizeof(*s));
}

/* --- pairs ------------------------------------------------------------ */

static struct setting_pair *
pairs_at(const struct setting_pairs *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcasecmp(p->list[i].name, name) == 0)
			return &p->list[i];
	return NULL;
}

const char *
setting_pairs_find(const struct setting_pairs *p, const char *name)
{
	const struct setting_pair *pair = pairs_at(p, name);

	return pair != NULL ? pair->value : NULL;
}

static int
pairs_grow(struct setting_pairs *p, struct err *e)
{
	size_t wanted = p->allocated > 0 ? 2 * p->allocated : 8;
	struct setting_pair *list;

	if (p->count < p->allocated)
		return 0;
	if (p->count >= PAIRS_MAX)
		return err_set(e, EX_CONFIG, "more than %d lines; the others may "
		    "stand in %s", PAIRS_MAX, place_aliases);
	list = realloc(p->list, wanted * sizeof(*list));
	if (list == NULL)
		return err_set(e, EX_OSERR, "no memory");
	p->list = list;
	p->allocated = wanted;
	return 0;
}

int
setting_pairs_set(struct setting_pairs *p, const char *name, const char *value,
    int line, struct err *e)
{
	struct setting_pair *pair = pairs_at(p, name);
	char *new_value = strdup(value), *new_name;

	if (new_value == NULL)
		return err_set(e, EX_OSERR, "no memory");
	if (pair != NULL) {
		free(pair->value);
		pair->value = new_value;
		pair->line = line;
		return 0;
	}
	new_name = strdup(name);
	if (new_name == NULL || pairs_grow(p, e) != 0) {
		free(new_value);
		free(new_name);
		return new_name == NULL ? err_set(e, EX_OSERR, "no memory") : -1;
	}
	p->list[p->count++] = (struct setting_pair){ new_name, new_value, line };
	return 0;
}

/* --- for the test of the pages --------------------------------------- */

const char *
settings_key_section(size_t row)
{
	return row < setting_rows_count ? setting_rows[row].section : NULL;
}

const char *
settings_key_name(size_t row)
{
	return row < setting_rows_count ? setting_rows[row].key : NULL;
}

const char *
settings_key_default(size_t row)
{
	return row < setting_rows_count ? setting_rows[row].standard : NULL;
}
