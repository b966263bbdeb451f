/*
 * caller.h - who runs sendmail: by its uid, which is the one thing about a
 * caller that nobody can choose.
 */
#ifndef OUTTRAY_SENDMAIL_CALLER_H
#define OUTTRAY_SENDMAIL_CALLER_H

#include "base/buf.h"

#include <sys/types.h>

enum { CALLER_NAME_MAX = 256 };

struct caller {
	uid_t uid;
	char  login[CALLER_NAME_MAX];		/* "uid54321" without passwd entry */
	char  full_name[CALLER_NAME_MAX];	/* of the gecos field; or "" */
};

/* Look it up in the passwd database. It cannot fail. */
void caller_find(struct caller *c);

#endif
