/*
 * table.h - the table of all keys, for the other files of this folder.
 *
 * A row is all there is to know about a key: the file, the environment, the
 * agent's job, the printing and the test of the man page go by it. [aliases]
 * and [senders] hold pairs of the administrator's own names and no rows.
 */
#ifndef OUTTRAY_SETTINGS_TABLE_H
#define OUTTRAY_SETTINGS_TABLE_H

#include "settings/settings.h"

enum setting_type {
	SETTING_TEXT,		/* char * */
	SETTING_SECRET,		/* struct buf; its value stands in no error */
	SETTING_NUMBER,		/* uint64_t */
	SETTING_SIZE,		/* uint64_t, bytes: "50M" */
	SETTING_DURATION,	/* uint64_t, seconds: "10s", "5m", "1h30m" */
	SETTING_RANGE,		/* struct setting_range of them: "1m..1h" */
	SETTING_YESNO,		/* bool */
	SETTING_WORD		/* an enum: the place in `words` is its value */
};

struct setting_row {
	const char        *section, *key;
	enum setting_type  type;
	size_t             offset;	/* in struct settings */
	const char        *standard;	/* the default; "" for none */
	const char *const *words;	/* of SETTING_WORD; NULL ends them */
	uint64_t           min, max;	/* of the four kinds of numbers */
	/* Of SETTING_TEXT: NULL, or what would be right instead of `value`. */
	const char      *(*check)(const char *value);
	bool               job;		/* the agent is told of it */
};

extern const struct setting_row setting_rows[];
extern const size_t setting_rows_count;

/* The number of the row, or -1. Any case; '_' and '-' are the same. */
long setting_find(const char *section, const char *key);

/* The section as the table spells it, [aliases] and [senders] too, or NULL. */
const char *setting_section(const char *name, size_t len);
struct setting_pairs *setting_section_pairs(struct settings *s, const char *section);

/* What was probably meant by a section or key that is not known, or NULL. */
const char *setting_section_near(const char *name);
const char *setting_key_near(const char *section, const char *key,
    const char **its_section);

/*
 * Set the value from text; "" stands for the default. 0, or -1 (EX_CONFIG: the sentence says what may
 * stand there; EX_OSERR: no memory).
 */
int setting_set(struct settings *s, size_t row, const char *value, struct err *e);

/* Print the value so that setting_set would read it: a secret too. */
void setting_print(const struct settings *s, size_t row, struct buf *out);

/* Is it as it would be if nothing had been set? */
bool setting_is_standard(const struct settings *s, size_t row);

/*
 * 0, or -1 (EX_CONFIG) where the value stands in quotes. Not asked of values
 * that come from elsewhere than a person's hand: a secret's file, a job.
 */
int setting_refuse_quotes(const char *key, const char *value, struct err *e);

/*
 * Set or replace (any case) a pair of [aliases] or [senders]. With line -1, of
 * the environment, "WWW_DATA" is "www-data" as well. 0, or -1 (EX_CONFIG: no
 * address, too many pairs; EX_OSERR).
 */
int setting_take_pair(struct settings *s, const char *section, const char *name,
    const char *value, int line, struct err *e);

/* The same but for case, and '_' for '-'? */
bool setting_same(const char *a, const char *b);

/* One letter so folded. */
char setting_folded(char c);

/* What texts that are not set point at; never freed. */
extern char setting_no_text[1];

/* How many edits (insert, drop, change, swap) lead from a to b, any case. */
unsigned setting_distance(const char *a, const char *b);

#endif
