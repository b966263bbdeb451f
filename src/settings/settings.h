/*
 * settings.h - what the administrator said (outtray.ini(5)).
 *
 * One table has a row for each key: its section, its type, its default and
 * its place in struct settings. The file, the environment, the agent's
 * descriptor 3 and the test of the man page all go by that table.
 */
#ifndef OUTTRAY_SETTINGS_SETTINGS_H
#define OUTTRAY_SETTINGS_SETTINGS_H

#include "base/buf.h"
#include "base/err.h"
#include "mail/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transport   { TRANSPORT_AUTO, TRANSPORT_PICKUP, TRANSPORT_SMTP };
enum delivery_mode { DELIVERY_INTERACTIVE, DELIVERY_QUEUE };
enum sender_mode { SENDER_OFF, SENDER_UNQUALIFIED, SENDER_FOREIGN, SENDER_ALWAYS };
enum log_format  { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
enum lone_dot    { LONE_DOT_END, LONE_DOT_KEEP };
enum tls_mode    { TLS_AUTO, TLS_STARTTLS, TLS_IMPLICIT, TLS_OFF };
enum tls_version { TLS_VERSION_1_2, TLS_VERSION_1_3 };
enum dots        { DOTS_PLAIN, DOTS_DOUBLED };
enum auth_mode   { AUTH_AUTO, AUTH_OFF, AUTH_PLAIN, AUTH_LOGIN, AUTH_CRAM_MD5,
                   AUTH_SCRAM_SHA_1, AUTH_SCRAM_SHA_256, AUTH_XOAUTH2,
                   AUTH_OAUTHBEARER, AUTH_EXTERNAL };

enum { SETTINGS_KEYS_MAX = 64, SETTINGS_PASSWORD_MAX = 16 * 1024 };

/* One line of [aliases] or [senders]; its line as in `lines` below. */
struct setting_pair {
	char *name, *value;
	int   line;
};

struct setting_pairs {
	struct setting_pair *list;
	size_t count, allocated;
};

/* Seconds, the least and the most. */
struct setting_range {
	uint64_t least, most;
};

/* Texts are never NULL; "" is "not set". All of it belongs to the struct. */
struct settings {
	/* [outtray] */
	enum transport     transport;	/* never _AUTO after settings_load */
	enum delivery_mode delivery;
	uint64_t deadline_seconds;	/* 10 */
	uint64_t tempfail_exit;		/* 69 */
	char    *hostname;		/* "" = the system's own name */
	char    *domain;		/* "" = see settings_domain */
	bool     received;		/* yes */
	uint64_t max_size;		/* bytes; 50M */
	uint64_t max_recipients;	/* 1000 */
	char    *sender;
	enum sender_mode sender_mode;	/* unqualified */
	char    *log;			/* syslog */
	enum log_format log_format;
	enum lone_dot lone_dot;		/* end */
	bool     undisclosed_recipients; /* no */

	/* [smtp] */
	char    *smtp_host;		/* "a b:587 [::1]:25 unix:/path", in order */
	uint64_t smtp_port;		/* 587 */
	enum tls_mode tls;
	char    *tls_ca_file, *tls_name, *tls_fingerprint;
	enum tls_version tls_min_version; /* 1.2 */
	char    *tls_client_cert, *tls_client_key;
	enum auth_mode auth;
	char    *user;
	struct buf password;		/* secret; after settings_read_secrets */
	char    *password_file;
	bool     allow_plaintext_auth;	/* no: not off loopback without TLS */
	uint64_t connect_timeout_seconds; /* 5 */
	uint64_t dot_timeout_seconds;	/* 600 */
	char    *source_address;
	uint64_t max_connections;	/* 4; of the queue's runner */

	/* [pickup] */
	char    *pickup_directory;
	char    *pickup_format;		/* "eml" */
	enum dots dots;

	/* [queue] */
	char    *queue_directory;
	uint64_t lifetime_seconds;	/* 5 days */
	struct setting_range retry;	/* 1m..1h */

	struct setting_pairs aliases, senders;

	/* The job, for the agent alone (section "job"; never in a file). */
	struct message_facts job_facts;
	uint64_t job_deadline_milliseconds;
	bool     job_verbose;

	/* Where each key's value came from, by number of the table's row:
	   0 = default, -1 = environment, else the line in `file`. */
	int      lines[SETTINGS_KEYS_MAX];
	char    *file;			/* the file that was read, or NULL */
	bool     anything_set;		/* a key in a file, or a variable */
};

/* Defaults only. Zeroed memory is safe to free. */
int settings_init(struct settings *s, struct err *e);
void settings_free(struct settings *s);

/*
 * Read the settings: file_option (the -C of the command line; only a regular
 * file owned by root that nobody else can write), or else the first of
 * $OUTTRAY_CONFIG, $XDG_CONFIG_HOME/outtray/outtray.ini (~/.config by
 * default), /etc/outtray/outtray.ini that exists; then the OUTTRAY_*
 * variables of `environment`, which win. Each error is EX_CONFIG and names
 * file:line or the variable, and the known key that was probably meant.
 */
int settings_load(struct settings *s, const char *file_option,
    char *const environment[], struct err *e);

/*
 * Read password_file, or the credential "outtray-password" in
 * $CREDENTIALS_DIRECTORY, into s->password, where a user is set and no
 * password yet. EX_CONFIG: unreadable (names file, owner, mode, our uid), or
 * readable for others (names the chmod to type).
 */
int settings_read_secrets(struct settings *s, char *const environment[],
    struct err *e);

/*
 * For the agent: print [smtp] and the job as "section.key=value" lines,
 * secrets included; read such lines. EX_SOFTWARE for what it does not know.
 */
void settings_print_job(const struct settings *s, struct buf *out);
int settings_parse_job(struct settings *s, const char *bytes, size_t len,
    struct err *e);

/* The value of an alias or sender pair of that name (case-blind), or NULL. */
const char *setting_pairs_find(const struct setting_pairs *p, const char *name);

/*
 * The domain for addresses without one: `domain`, else the first line of
 * /etc/mailname, else the host's own name (with ".localdomain" where it has
 * no dot). Put into `out`. Asks no name server.
 */
void settings_domain(const struct settings *s, struct buf *out);

/* The host's own name: `hostname`, else gethostname(2). */
void settings_hostname(const struct settings *s, struct buf *out);

/* For tests of the pages: the table's rows, NULL after the last. */
const char *settings_key_section(size_t row);
const char *settings_key_name(size_t row);
/* The default as the page prints it; "" where there is none. */
const char *settings_key_default(size_t row);

#endif
