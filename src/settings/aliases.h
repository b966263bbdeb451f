/*
 * aliases.h - local names become addresses: [aliases], then /etc/aliases
 * (aliases(5) of sendmail and Postfix), then the catch-all "*" of [aliases].
 *
 * Local is an address without domain, or at "localhost", at the host's own
 * name (if that is not the mail domain) or at its loopback literal. A name
 * that is not found is looked for again without its "+detail". A list may
 * hold ":include:/path"; pipes ("|prog") and files ("/path") are refused, as
 * nothing is run or written here. "\name" is not looked up again, nor is a
 * name within its own list (root: root, ops@example.com).
 */
#ifndef OUTTRAY_SETTINGS_ALIASES_H
#define OUTTRAY_SETTINGS_ALIASES_H

#include "mail/envelope.h"
#include "settings/settings.h"

enum {
	ALIASES_DEPTH_MAX = 20,
	ALIASES_FILE_MAX = 16 * 1024 * 1024	/* bytes; of an include too */
};

/*
 * Put what `recipient` stands for into the envelope: the address itself
 * (qualified with the domain) where no alias says otherwise. `recipient` is
 * taken over and left empty. The file is read only where a name asks for it.
 * Returns 0, or -1 (EX_DATAERR: too many recipients, too deep; EX_CONFIG: an
 * alias that is no address, a program or a file; EX_NOINPUT: a file that
 * exists and cannot be read).
 */
int aliases_expand(const struct settings *s, struct addr *recipient,
    struct envelope *v, struct err *e);

/* The same with another file in the place of /etc/aliases. */
int aliases_expand_from(const struct settings *s, const char *path,
    struct addr *recipient, struct envelope *v, struct err *e);

#endif
