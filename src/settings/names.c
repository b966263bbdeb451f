#include "settings/settings.h"

#include "base/io.h"
#include "mail/addr.h"
#include "settings/check.h"
#include "settings/places.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = 256 };

/*
 * The kernel takes any bytes for a host's name. What is no name is made one:
 * mail need not wait for that, and a line break must not get to the server.
 */
static void
make_name(char *name)
{
	for (char *c = name; *c != '\0'; c++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789-._", *c) == NULL)
			*c = '-';
	if (check_hostname(name) != NULL)
		memcpy(name, "localhost", sizeof("localhost"));
}

void
settings_hostname(const struct settings *s, struct buf *out)
{
	/* The kernel is asked once: a host keeps its name for one message. */
	static char name[NAME_SIZE];

	if (s->hostname[0] != '\0') {
		buf_puts(out, s->hostname);
		return;
	}
	if (name[0] == '\0') {
		if (gethostname(name, sizeof(name) - 1) != 0)
			name[0] = '\0';
		make_name(name);
	}
	buf_puts(out, name);
}

/* The first line of /etc/mailname, if it is a domain (Debian Policy, 11.6). */
static bool
read_mailname(char name[NAME_SIZE])
{
	int fd = open(place_mailname, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	ssize_t len;

	if (fd < 0)
		return false;
	len = io_read(fd, name, NAME_SIZE - 1);
	(void)close(fd);	/* it was only read */
	name[len > 0 ? len : 0] = '\0';
	name[strcspn(name, " \t\r\n")] = '\0';
	return addr_domain_valid(name, strlen(name));
}

void
settings_domain(const struct settings *s, struct buf *out)
{
	char name[NAME_SIZE];
	size_t before = out->len;

	if (s->domain[0] != '\0') {
		buf_puts(out, s->domain);
		return;
	}
	if (read_mailname(name)) {
		buf_puts(out, name);
		return;
	}
	settings_hostname(s, out);
	if (strpbrk(buf_text(out) + before, ".[") == NULL)
		buf_puts(out, ".localdomain");
}
