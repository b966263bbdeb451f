#include "sendmail/caller.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * The gecos field begins with the full name; an '&' in it is the login name
 * with a capital letter (passwd(5) of BSD).
 */
static void
read_gecos(struct caller *c, const char *gecos)
{
	size_t len = 0, login = strlen(c->login);

	for (; *gecos != '\0' && *gecos != ',' && len + 1 < CALLER_NAME_MAX; gecos++) {
		if (*gecos != '&') {
			c->full_name[len++] = *gecos;
		} else if (len + login + 1 < CALLER_NAME_MAX) {
			memcpy(c->full_name + len, c->login, login);
			c->full_name[len] = (char)toupper((unsigned char)c->login[0]);
			len += login;
		}
	}
	c->full_name[len] = '\0';
}

void
caller_find(struct caller *c)
{
	const struct passwd *entry;

	memset(c, 0, sizeof(*c));
	c->uid = getuid();
	entry = getpwuid(c->uid);
	if (entry == NULL || entry->pw_name == NULL || *entry->pw_name == '\0') {
		(void)snprintf(c->login, sizeof(c->login), "uid%lu",
		    (unsigned long)c->uid);
		return;
	}
	(void)snprintf(c->login, sizeof(c->login), "%s", entry->pw_name);
	if (entry->pw_gecos != NULL)
		read_gecos(c, entry->pw_gecos);
}
