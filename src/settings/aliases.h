/*
 * aliases.h - local names become addresses: [aliases], then /etc/aliases
 * (aliases(5) of sendmail and Postfix), then the catch-all "*".
 *
 * Local is an address without domain, or at "localhost", at the host's own
 * name (if that is not the mail domain) or its loopback literal. Pipes
 * ("|prog") and files ("/path") are refused; :include: files are read.
 */
#ifndef OUTTRAY_SETTINGS_ALIASES_H
#define OUTTRAY_SETTINGS_ALIASES_H

#include "mail/envelope.h"
#include "settings/settings.h"

enum { ALIASES_DEPTH_MAX = 20, ALIASES_FILE_MAX = 16 * 1024 * 1024 };

/*
 * Put what `recipient` stands for into the envelope: the address itself
 * (qualified with the domain) where no alias says otherwise. `recipient` is taken over
 * and left empty. Returns 0, or -1 (EX_DATAERR: too many recipients, a loop;
 * EX_CONFIG: an alias that is no address; EX_NOINPUT: a file that exists and
 * cannot be read).
 */
int aliases_expand(const struct settings *s, struct addr *recipient,
    struct envelope *v, struct err *e);

#endif
