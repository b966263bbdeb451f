#include "settings/settings.h"
#include "base/io.h"
#include "settings/places.h"
#include "settings/secret.h"
#include "settings/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read what `fd` has into `text`; `path` is for the sentence. */
static int
read_all(int fd, const char *path, const struct stat *st, struct buf *text,
    struct err *e)
{
	char *to;
	ssize_t len;

	if (!S_ISREG(st->st_mode))
		return err_set(e, EX_CONFIG, "%s is %s, not a file", path,
		    S_ISDIR(st->st_mode) ? "a folder" :
		    S_ISFIFO(st->st_mode) ? "a pipe" :
		    S_ISSOCK(st->st_mode) ? "a socket" : "a device");
	if (st->st_size > SETTINGS_FILE_MAX)
		return err_set(e, EX_CONFIG, "%s has %lld bytes; settings have at "
		    "most %d", path, (long long)st->st_size, SETTINGS_FILE_MAX);
	buf_init(text, SETTINGS_FILE_MAX + 1);
	to = buf_room(text, (size_t)st->st_size + 1);
	if (to == NULL)
		return err_set(e, EX_OSERR, "no memory");
	len = io_read(fd, to, (size_t)st->st_size + 1);
	if (len < 0)
		return err_sys(e, EX_CONFIG, "cannot read %s", path);
	text->len = (size_t)len;
	return 0;
}

/* 1: read; 0: there is no such file; -1. */
static int
read_file(struct settings *s, const char *path, bool trusted_only, struct err *e)
{
	struct buf text = { 0 };
	struct stat st;
	int fd, result = -1;

	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_sys(e, EX_CONFIG, "cannot read %s", path);
	if (fstat(fd, &st) != 0)
		(void)err_sys(e, EX_CONFIG, "cannot read %s", path);
	else if (trusted_only && (!S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0))
		(void)err_set(e, EX_CONFIG, "-C %s: only a file is read that root "
		    "owns and nobody else can write", path);
	else if (read_all(fd, path, &st, &text, e) == 0 &&
	    settings_parse_ini(s, path, buf_text(&text), text.len, e) == 0 &&
	    (s->password.len == 0 || secret_mode_check(path, &st, e) == 0))
		result = 1;
	(void)close(fd);	/* it was only read */
	buf_free(&text);
	if (result == 1 && (s->file = strdup(path)) == NULL)
		return err_set(e, EX_OSERR, "no memory");
	return result;
}

static int
read_named_file(struct settings *s, const char *path, const char *who,
    bool trusted_only, struct err *e)
{
	switch (read_file(s, path, trusted_only, e)) {
	case 1:
		return 0;
	case 0:
		return err_set(e, EX_CONFIG, "%s %s: there is no such file", who,
		    path);
	}
	return -1;
}

/* ~/.config/outtray/outtray.ini, or "" where no folder of the user is named. */
static void
print_user_file(char *const environment[], struct buf *out)
{
	const char *folder = settings_variable(environment, "XDG_CONFIG_HOME");

	/* A relative one is to be ignored (XDG Base Directory Specification). */
	if (folder != NULL && folder[0] == '/') {
		buf_puts(out, folder);
	} else {
		folder = settings_variable(environment, "HOME");
		if (folder == NULL || folder[0] != '/')
			return;
		buf_puts(out, folder);
		buf_puts(out, "/.config");
	}
	buf_puts(out, "/outtray/outtray.ini");
}

static int
read_first_file(struct settings *s, const char *file_option,
    char *const environment[], struct err *e)
{
	const char *named = settings_variable(environment, "OUTTRAY_CONFIG");
	struct buf user_file;
	int found = 0;

	if (file_option != NULL)
		return read_named_file(s, file_option, "-C", true, e);
	if (named != NULL)
		return read_named_file(s, named, "OUTTRAY_CONFIG", false, e);
	buf_init(&user_file, 4096);
	print_user_file(environment, &user_file);
	if (user_file.len > 0 && !user_file.full)
		found = read_file(s, buf_text(&user_file), false, e);
	buf_free(&user_file);
	if (found == 0)
		found = read_file(s, place_settings, false, e);
	return found < 0 ? -1 : 0;
}

int
settings_check(const struct settings *s, struct err *e)
{
	if (s->transport == TRANSPORT_SMTP && s->smtp_host[0] == '\0')
		return err_set(e, EX_CONFIG, "transport = smtp needs a host in [smtp]");
	if ((s->tls_client_cert[0] == '\0') != (s->tls_client_key[0] == '\0'))
		return err_set(e, EX_CONFIG, "tls_client_cert and tls_client_key "
		    "belong together: %s is missing", s->tls_client_cert[0] == '\0' ?
		    "tls_client_cert" : "tls_client_key");
	return 0;
}

int
settings_load(struct settings *s, const char *file_option,
    char *const environment[], struct err *e)
{
	if (read_first_file(s, file_option, environment, e) != 0 ||
	    settings_parse_environment(s, environment, e) != 0 ||
	    settings_check(s, e) != 0)
		return -1;
	if (s->transport == TRANSPORT_AUTO)
		s->transport = s->smtp_host[0] != '\0' ? TRANSPORT_SMTP :
		    TRANSPORT_PICKUP;
	return 0;
}

void
settings_hostname(const struct settings *s, struct buf *out)
{
	char name[256] = "";

	if (s->hostname[0] != '\0') {
		buf_puts(out, s->hostname);
		return;
	}
	if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
		memcpy(name, "localhost", sizeof("localhost"));
	buf_puts(out, name);
}

void
settings_domain(const struct settings *s, struct buf *out)
{
	char line[256];
	ssize_t len;
	int fd;

	if (s->domain[0] != '\0') {
		buf_puts(out, s->domain);
		return;
	}
	fd = open(place_mailname, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0) {
		len = io_read(fd, line, sizeof(line) - 1);
		(void)close(fd);	/* it was only read */
		line[len > 0 ? len : 0] = '\0';
		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] != '\0') {
			buf_puts(out, line);
			return;
		}
	}
	settings_hostname(s, out);
	if (strchr(buf_text(out), '.') == NULL)
		buf_puts(out, ".localdomain");
}
