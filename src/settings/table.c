#include "settings/table.h"
#include "settings/check.h"
#include "settings/places.h"

#include <string.h>
#include <strings.h>

#define SECONDS(n) ((uint64_t)(n))
#define MINUTES(n) (SECONDS(60) * (n))
#define HOURS(n)   (MINUTES(60) * (n))
#define DAYS(n)    (HOURS(24) * (n))
#define KIB        ((uint64_t)1024)

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

#define AT(member) offsetof(struct settings, member)
#define TEXT(m, d, check)       SETTING_TEXT, AT(m), d, NULL, 0, 0, check
#define SECRET(m)               SETTING_SECRET, AT(m), "", NULL, 0, 0, NULL
#define NUMBER(m, d, min, max)  SETTING_NUMBER, AT(m), d, NULL, min, max, NULL
#define SIZE(m, d, min, max)    SETTING_SIZE, AT(m), d, NULL, min, max, NULL
#define TIME(m, d, min, max)    SETTING_DURATION, AT(m), d, NULL, min, max, NULL
#define RANGE(m, d, min, max)   SETTING_RANGE, AT(m), d, NULL, min, max, NULL
#define YESNO(m, d)             SETTING_YESNO, AT(m), d, NULL, 0, 0, NULL
#define WORD(m, d, words)       SETTING_WORD, AT(m), d, words, 0, 0, NULL

const struct setting_row setting_rows[] = {
	{ "outtray", "transport", WORD(transport, "auto", transports), false },
	{ "outtray", "delivery", WORD(delivery, "interactive", deliveries), false },
	{ "outtray", "deadline", TIME(deadline_seconds, "10s", SECONDS(1), HOURS(1)), false },
	{ "outtray", "tempfail_exit", NUMBER(tempfail_exit, "69", 1, 125), false },
	{ "outtray", "hostname", TEXT(hostname, "", check_hostname), true },
	{ "outtray", "domain", TEXT(domain, "", check_domain), false },
	{ "outtray", "received", YESNO(received, "yes"), false },
	{ "outtray", "max_size", SIZE(max_size, "50M", KIB, KIB * KIB * KIB * KIB), false },
	{ "outtray", "max_recipients", NUMBER(max_recipients, "1000", 1, 1000000), false },
	{ "outtray", "sender", TEXT(sender, "", check_sender), false },
	{ "outtray", "sender_mode", WORD(sender_mode, "unqualified", sender_modes), false },
	{ "outtray", "log", TEXT(log, "syslog", check_log), false },
	{ "outtray", "log_format", WORD(log_format, "text", log_formats), false },
	{ "outtray", "lone_dot", WORD(lone_dot, "end", lone_dots), false },
	{ "outtray", "undisclosed_recipients", YESNO(undisclosed_recipients, "no"), false },

	{ "smtp", "host", TEXT(smtp_host, "", check_hosts), true },
	{ "smtp", "port", NUMBER(smtp_port, "587", 1, 65535), true },
	{ "smtp", "tls", WORD(tls, "auto", tls_modes), true },
	{ "smtp", "tls_ca_file", TEXT(tls_ca_file, "", check_path), true },
	{ "smtp", "tls_name", TEXT(tls_name, "", check_hostname), true },
	{ "smtp", "tls_fingerprint", TEXT(tls_fingerprint, "", check_fingerprint), true },
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
	{ "smtp", "source_address", TEXT(source_address, "", check_address), true },
	{ "smtp", "max_connections", NUMBER(max_connections, "4", 1, 100), false },

	{ "pickup", "directory", TEXT(pickup_directory, place_pickup, check_path), false },
	{ "pickup", "format", TEXT(pickup_format, "eml", check_format), false },
	{ "pickup", "dots", WORD(dots, "plain", dots_words), false },

	{ "queue", "directory", TEXT(queue_directory, place_queue, check_path), false },
	{ "queue", "lifetime", TIME(lifetime_seconds, "5d", SECONDS(1), DAYS(100)), false },
	{ "queue", "retry", RANGE(retry, "1m..1h", SECONDS(1), DAYS(1)), false },
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

char
setting_folded(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '-' ? '_' : c;
}

bool
setting_same(const char *a, const char *b)
{
	while (*a != '\0' && setting_folded(*a) == setting_folded(*b)) {
		a++;
		b++;
	}
	return setting_folded(*a) == setting_folded(*b);
}

long
setting_find(const char *section, const char *key)
{
	char first = setting_folded(key[0]);

	for (size_t i = 0; i < setting_rows_count; i++)
		if (setting_rows[i].key[0] == first &&
		    setting_same(setting_rows[i].key, key) &&
		    setting_same(setting_rows[i].section, section))
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
		if (sections[i].pairs != 0 && setting_same(sections[i].name, section))
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
			char x = setting_folded(a[i - 1]), y = setting_folded(b[j - 1]);
			unsigned best = last[j - 1] + (x != y);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && x == setting_folded(b[j - 2]) &&
			    y == setting_folded(a[i - 2]) && before[j - 2] + 1 < best)
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

		if (setting_same(r->section, section) && near(key, r->key, &best))
			found = r;
	}
	for (size_t i = 0; i < setting_rows_count; i++) {
		const struct setting_row *r = &setting_rows[i];

		if (!setting_same(r->section, section) && near(key, r->key, &best))
			found = r;
	}
	if (found == NULL)
		return NULL;
	*its_section = found->section;
	return found->key;
}

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
