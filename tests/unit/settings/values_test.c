/*
 * Each key with good and bad values: what it takes, and what it says.
 */
#include "settings/table.h"

#include "check.h"

#include <stdlib.h>

static const struct {
	const char *section, *key, *value;
	const char *printed;	/* as it is printed again; NULL: refused */
} cases[] = {
	{ "outtray", "transport", "smtp", "smtp" },
	{ "outtray", "transport", "PICKUP", "pickup" },
	{ "outtray", "transport", "", "auto" },
	{ "outtray", "transport", "smtps", NULL },
	{ "outtray", "transport", "smtp ", NULL },
	{ "outtray", "delivery", "queue", "queue" },
	{ "outtray", "delivery", "que", NULL },
	{ "outtray", "deadline", "10", "10s" },
	{ "outtray", "deadline", "90s", "90s" },
	{ "outtray", "deadline", "120 S", "2m" },
	{ "outtray", "deadline", "1h", "1h" },
	{ "outtray", "deadline", "1m30s", "90s" },
	{ "outtray", "deadline", "1m 30s", "90s" },
	{ "outtray", "deadline", "0", NULL },
	{ "outtray", "deadline", "61m", NULL },
	{ "outtray", "deadline", "1h1s", NULL },
	{ "outtray", "deadline", "-1s", NULL },
	{ "outtray", "deadline", "1.5s", NULL },
	{ "outtray", "deadline", "1x", NULL },
	{ "outtray", "deadline", "s", NULL },
	{ "outtray", "deadline", "1s1", "2s" },
	{ "outtray", "deadline", "1 1", NULL },
	{ "outtray", "deadline", "99999999999999999999s", NULL },
	{ "outtray", "deadline", "18446744073709551615w", NULL },
	{ "outtray", "tempfail_exit", "75", "75" },
	{ "outtray", "tempfail_exit", "0", NULL },
	{ "outtray", "tempfail_exit", "126", NULL },
	{ "outtray", "tempfail_exit", "1s", NULL },
	{ "outtray", "hostname", "web1.example.com", "web1.example.com" },
	{ "outtray", "hostname", "[192.0.2.1]", "[192.0.2.1]" },
	{ "outtray", "hostname", "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]" },
	{ "outtray", "hostname", "a b", NULL },
	{ "outtray", "hostname", "a\r\nMAIL", NULL },
	{ "outtray", "hostname", "a\nMAIL", NULL },
	{ "outtray", "hostname", "a..b", NULL },
	{ "outtray", "hostname", "b\xc3\xbc" "cher.example", NULL },
	{ "outtray", "hostname", "[192.0.2.1", NULL },
	{ "outtray", "domain", "example.com", "example.com" },
	{ "outtray", "domain", "@example.com", NULL },
	{ "outtray", "domain", "example.com>", NULL },
	{ "outtray", "domain", "b\xc3\xbc" "cher.example", "b\xc3\xbc" "cher.example" },
	{ "outtray", "received", "No", "no" },
	{ "outtray", "received", "true", "yes" },
	{ "outtray", "received", "off", "no" },
	{ "outtray", "received", "1", "yes" },
	{ "outtray", "received", "2", NULL },
	{ "outtray", "received", "yess", NULL },
	{ "outtray", "max_size", "1K", "1K" },
	{ "outtray", "max_size", "1024", "1K" },
	{ "outtray", "max_size", "1025", "1025" },
	{ "outtray", "max_size", "2 GiB", "2G" },
	{ "outtray", "max_size", "50mb", "50M" },
	{ "outtray", "max_size", "1T", "1T" },
	{ "outtray", "max_size", "2T", NULL },
	{ "outtray", "max_size", "1M1K", NULL },
	{ "outtray", "max_size", "0", NULL },
	{ "outtray", "max_size", "M", NULL },
	{ "outtray", "max_size", "1P", NULL },
	{ "outtray", "max_size", "17179869185G", NULL },
	{ "outtray", "max_recipients", "1", "1" },
	{ "outtray", "max_recipients", "0", NULL },
	{ "outtray", "max_recipients", "1000001", NULL },
	{ "outtray", "max_recipients", "1k", NULL },
	{ "outtray", "sender", "web@example.com", "web@example.com" },
	{ "outtray", "sender", "web", "web" },
	{ "outtray", "sender", "a@b, c@d", NULL },
	{ "outtray", "sender", "<>", NULL },
	{ "outtray", "sender", "a@", NULL },
	{ "outtray", "sender_mode", "always", "always" },
	{ "outtray", "sender_mode", "never", NULL },
	{ "outtray", "log", "stderr", "stderr" },
	{ "outtray", "log", "/var/log/mail", "/var/log/mail" },
	{ "outtray", "log", "mail.log", NULL },
	{ "outtray", "log_format", "json", "json" },
	{ "outtray", "log_format", "xml", NULL },
	{ "outtray", "lone_dot", "keep", "keep" },
	{ "outtray", "lone_dot", "yes", NULL },
	{ "outtray", "undisclosed_recipients", "yes", "yes" },
	{ "smtp", "host", "mail.example.com", "mail.example.com" },
	{ "smtp", "host", "a:25, b:465 c", "a:25, b:465 c" },
	{ "smtp", "host", "192.0.2.1:25", "192.0.2.1:25" },
	{ "smtp", "host", "[::1]:25 ::1 [192.0.2.1]", "[::1]:25 ::1 [192.0.2.1]" },
	{ "smtp", "host", "unix:/run/x.sock", "unix:/run/x.sock" },
	{ "smtp", "host", "mail_pit", "mail_pit" },
	{ "smtp", "host", "unix:x.sock", NULL },
	{ "smtp", "host", "smtps://a:465", NULL },
	{ "smtp", "host", "a:", NULL },
	{ "smtp", "host", "a:0", NULL },
	{ "smtp", "host", "a:65536", NULL },
	{ "smtp", "host", "a:25x", NULL },
	{ "smtp", "host", ":25", NULL },
	{ "smtp", "host", "[::1", NULL },
	{ "smtp", "host", "[::1]25", NULL },
	{ "smtp", "host", "[]", NULL },
	{ "smtp", "host", "[a b]", NULL },
	{ "smtp", "host", "a;b", NULL },
	{ "smtp", "host", "user@a", NULL },
	{ "smtp", "host", "b\xc3\xbc" "cher.example", NULL },
	{ "smtp", "port", "465", "465" },
	{ "smtp", "port", "0", NULL },
	{ "smtp", "port", "65536", NULL },
	{ "smtp", "port", "smtp", NULL },
	{ "smtp", "port", "+25", NULL },
	{ "smtp", "tls", "implicit", "implicit" },
	{ "smtp", "tls", "on", NULL },
	{ "smtp", "tls_ca_file", "/etc/ca.pem", "/etc/ca.pem" },
	{ "smtp", "tls_ca_file", "ca.pem", NULL },
	{ "smtp", "tls_name", "mail.example.com", "mail.example.com" },
	{ "smtp", "tls_name", "mail example", NULL },
	{ "smtp", "tls_fingerprint",
	    "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff",
	    "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff" },
	{ "smtp", "tls_fingerprint", "00:11", NULL },
	{ "smtp", "tls_fingerprint", ":::", NULL },
	{ "smtp", "tls_fingerprint",
	    "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff "
	    "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff", NULL },
	{ "smtp", "tls_fingerprint",
	    "g0112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff", NULL },
	{ "smtp", "tls_min_version", "1.3", "1.3" },
	{ "smtp", "tls_min_version", "1.1", NULL },
	{ "smtp", "tls_client_cert", "x.pem", NULL },
	{ "smtp", "tls_client_key", "x.pem", NULL },
	{ "smtp", "auth", "scram-sha-256", "scram-sha-256" },
	{ "smtp", "auth", "SCRAM_SHA_1", "scram-sha-1" },
	{ "smtp", "auth", "xoauth2", "xoauth2" },
	{ "smtp", "auth", "ntlm", NULL },
	{ "smtp", "user", "a@b.example", "a@b.example" },
	{ "smtp", "user", "a\177b", NULL },
	{ "smtp", "password", " pa ss", " pa ss" },
	{ "smtp", "password", "a\nb", NULL },
	{ "smtp", "password_file", "secret", NULL },
	{ "smtp", "password_file", "/run/secrets/mail", "/run/secrets/mail" },
	{ "smtp", "allow_plaintext_auth", "maybe", NULL },
	{ "smtp", "connect_timeout", "11m", NULL },
	{ "smtp", "dot_timeout", "60m", "1h" },
	{ "smtp", "dot_timeout", "2h", NULL },
	{ "smtp", "source_address", "192.0.2.1", "192.0.2.1" },
	{ "smtp", "source_address", "2001:db8::1", "2001:db8::1" },
	{ "smtp", "source_address", "eth0", NULL },
	{ "smtp", "max_connections", "100", "100" },
	{ "smtp", "max_connections", "0", NULL },
	{ "smtp", "max_connections", "101", NULL },
	{ "queue", "lifetime", "36h", "36h" },
	{ "queue", "lifetime", "101d", NULL },
	{ "queue", "retry", "30s..2h", "30s..2h" },
	{ "queue", "retry", "60 s .. 60 m", "1m..1h" },
	{ "queue", "retry", "5m", "5m..5m" },
	{ "queue", "retry", "1h..1m", NULL },
	{ "queue", "retry", "0..1h", NULL },
	{ "queue", "retry", "1m..2d", NULL },
	{ "queue", "retry", "1m..", NULL },
	{ "queue", "retry", "..1h", NULL },
	{ "queue", "retry", "1m...1h", NULL },
	{ "queue", "retry", "1m-1h", NULL },
	{ "queue", "retry", "00000000000000000000000000000000000000000001m..1h", NULL },
	{ "pickup", "directory", "/srv/pickup", "/srv/pickup" },
	{ "pickup", "directory", "", "/var/spool/outtray/pickup" },
	{ "pickup", "directory", "C:\\inetpub\\mailroot", NULL },
	{ "pickup", "format", "eml", "eml" },
	{ "pickup", "format", "maildir", NULL },
	{ "pickup", "dots", "doubled", "doubled" },
	{ "pickup", "dots", "double", NULL },
	{ "queue", "directory", "/srv/queue", "/srv/queue" },
	{ "queue", "directory", "queue", NULL },
};

static void
one(size_t i)
{
	long row = setting_find(cases[i].section, cases[i].key);
	struct settings s;
	struct err e = { 0 };
	struct buf printed;
	int result;

	if (!check(row >= 0 && settings_init(&s, &e) == 0, cases[i].key))
		return;
	buf_init(&printed, 4096);
	result = setting_set(&s, (size_t)row, cases[i].value, &e);
	setting_print(&s, (size_t)row, &printed);
	if (cases[i].printed != NULL) {
		check_number(result, 0, cases[i].value);
		check_text(buf_text(&printed), cases[i].printed, "printed again");
	} else {
		check(result == -1 && e.status == EX_CONFIG, cases[i].value);
		check(setting_is_standard(&s, (size_t)row), "it stays as it was");
		check(strstr(e.text, cases[i].key) != NULL, "the key is named");
	}
	buf_free(&printed);
	settings_free(&s);
}

/* A table that grew without a case here would go unnoticed. */
static void
all_keys(void)
{
	for (size_t row = 0; row < setting_rows_count; row++) {
		size_t i = 0;

		while (i < sizeof(cases) / sizeof(cases[0]) &&
		    setting_find(cases[i].section, cases[i].key) != (long)row)
			i++;
		check(i < sizeof(cases) / sizeof(cases[0]), setting_rows[row].key);
	}
}

static void
too_long(void)
{
	char text[SETTINGS_PASSWORD_MAX + 2];
	struct settings s;
	struct err e = { 0 };
	size_t user = (size_t)setting_find("smtp", "user");
	size_t password = (size_t)setting_find("smtp", "password");

	(void)settings_init(&s, &e);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	check(setting_set(&s, password, text, &e) == -1, "a password of 16 kB and 1 byte");
	check(strlen(e.text) < 100, "is not printed");
	text[SETTINGS_PASSWORD_MAX] = '\0';
	check(setting_set(&s, password, text, &e) == 0, "one of 16 kB");
	check(setting_set(&s, user, text, &e) == -1, "a user of 16 kB");
	settings_free(&s);
}

static const struct {
	const char *a, *b;
	unsigned distance;
} distances[] = {
	{ "host", "host", 0 }, { "HOST", "host", 0 }, { "hots", "host", 1 },
	{ "hst", "host", 1 }, { "hoost", "host", 1 }, { "most", "host", 1 },
	{ "", "host", 4 }, { "host", "", 4 }, { "", "", 0 },
	{ "tls-name", "tls_name", 0 }, { "abcdef", "badcfe", 3 },
	{ "port", "host", 2 },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		one(i);
	all_keys();
	too_long();
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++)
		check_number(setting_distance(distances[i].a, distances[i].b),
		    distances[i].distance, distances[i].a);
	return check_end();
}
