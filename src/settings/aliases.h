/*
 * aliases.h - local names become addresses: [aliases], then /etc/aliases
 * (aliases(5) of sendmail and Postfix), then the catch-all "*".
 *
 * Local is an address without domain, or at "localhost", at the host's own
 * name (if that is not the mail domain) or its loopback literal. Names
 * compare without case; where "user+detail" is no alias, "user" is looked
 * up. "\root" is not looked up, nor is a name within its own list ("root: root,
 * ops@example.com"): it is an address at the mail domain. Pipes ("|prog") and
 * files ("/path") are refused, as nothing is run or written here; :include:
 * files are read, one address or more a line, but include no others.
 */
#ifndef OUTTRAY_SETTINGS_ALIASES_H
#define OUTTRAY_SETTINGS_ALIASES_H

#include "mail/envelope.h"
#include "settings/settings.h"

enum {
	ALIASES_DEPTH_MAX    = 20,	/* an alias of an alias of … */
	ALIASES_FILE_MAX     = 16 * 1024 * 1024,	/* bytes */
	ALIASES_INCLUDES_MAX = 100	/* :include: files for one recipient */
};

struct alias_entry {
	char    *name;		/* without quotes; points into bytes */
	char    *value;		/* up to the end of its last line */
	size_t   value_len;
	unsigned line;
};

struct aliases {
	const struct settings *settings;	/* the caller's */
	const char *path;			/* the caller's */
	bool        loaded;	/* the file was looked for */
	struct buf  bytes;	/* the file */
	struct alias_entry *entries;	/* sorted by name, then by line */
	size_t      count, allocated;
	struct buf  hostname, domain;	/* empty until they are needed */
};

/*
 * Nothing is read here: the file at `path` is, once, when the first local
 * name comes that [aliases] does not have. That it is missing is no fault.
 */
void aliases_init(struct aliases *al, const struct settings *s, const char *path);
void aliases_free(struct aliases *al);	/* zeroed memory is safe to free */

/*
 * Take these bytes for the file's. 0, or -1 (EX_CONFIG: a line that is none
 * of such a file, named as path:line; EX_OSERR).
 */
int aliases_parse(struct aliases *al, const char *bytes, size_t len,
    struct err *e);

/*
 * Put what `recipient` stands for into the envelope: the address itself
 * (qualified with the domain, also where it was at localhost) where no alias
 * says otherwise. `recipient` is taken over and left empty. Returns 0, or -1
 * (EX_DATAERR: too many recipients, too deep; EX_CONFIG: an alias that is no
 * address or stands for nobody, named as path:line, a file that is too long
 * or no regular one; EX_NOINPUT: a file that exists and cannot be read). The
 * envelope may have grown in part then.
 */
int aliases_resolve(struct aliases *al, struct addr *recipient,
    struct envelope *v, struct err *e);

/* The same for a single recipient, with that file; with /etc/aliases. */
int aliases_expand_from(const struct settings *s, const char *path,
    struct addr *recipient, struct envelope *v, struct err *e);
int aliases_expand(const struct settings *s, struct addr *recipient,
    struct envelope *v, struct err *e);

#endif
