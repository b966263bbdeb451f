#include "sendmail/caller.h"

#include "base/io.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/auxv.h>
#endif
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

static const char *
next_field(const char *field)
{
	field += strcspn(field, ":");
	return *field == ':' ? field + 1 : field;
}

/*
 * "login:password:uid:gid:gecos:…": does this line tell of the uid? An entry
 * of NIS ("+…") has no number there.
 */
static bool
read_entry(struct caller *c, const char *line)
{
	size_t login = strcspn(line, ":");
	const char *field, *gecos;
	char *end;
	char copy[CALLER_NAME_MAX];
	size_t len;

	field = next_field(next_field(line));
	if (!isdigit((unsigned char)*field) ||
	    strtoul(field, &end, 10) != c->uid || *end != ':' ||
	    login == 0 || login >= sizeof(c->login))
		return false;
	memcpy(c->login, line, login);
	c->login[login] = '\0';
	gecos = next_field(end + 1);
	len = strcspn(gecos, ":");
	if (len >= sizeof(copy))
		len = sizeof(copy) - 1;
	memcpy(copy, gecos, len);
	copy[len] = '\0';
	read_gecos(c, copy);
	return true;
}

/*
 * getpwuid(3) first asks a daemon and reads what it is to read: 19 system
 * calls for what is in /etc/passwd nearly always. Only the first piece of the
 * file is looked at, which for most hosts is all of it.
 */
static bool
find_in_passwd(struct caller *c)
{
	static char text[32 * 1024];
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *line = text, *end;
	bool found = false;
	ssize_t len;

	if (fd < 0)
		return false;
	len = io_read(fd, text, sizeof(text) - 1);
	(void)close(fd);	/* it was only read */
	text[len > 0 ? len : 0] = '\0';
	while (!found && (end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		found = read_entry(c, line);
		line = end + 1;
	}
	return found;
}

/* The kernel has told it at the start, and nothing here changes it. */
static uid_t
real_uid(void)
{
#ifdef __linux__
	unsigned long uid;

	errno = 0;
	uid = getauxval(AT_UID);
	if (uid != 0 || errno == 0)
		return (uid_t)uid;
#endif
	return getuid();
}

void
caller_find(struct caller *c)
{
	const struct passwd *entry;

	memset(c, 0, sizeof(*c));
	c->uid = real_uid();
	if (find_in_passwd(c))
		return;
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
