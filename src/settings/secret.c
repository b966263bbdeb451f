#include "settings/source.h"
#include "settings/table.h"

#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * Docker Swarm mounts its secrets at /run/secrets with mode 0444, Kubernetes
 * anywhere with 0644, both in memory and read-only, for no one but the
 * container: who can read them there is all one. $CREDENTIALS_DIRECTORY
 * (systemd) is a folder that only the service can enter.
 */
static const char *const container_folders[] = {
	"/run/secrets/", "/var/run/secrets/"
};

static bool
is_ours_by_group(gid_t group)
{
	gid_t *groups;
	int count = getgroups(0, NULL);
	bool is = group == getegid();

	if (is || count <= 0 ||
	    (groups = calloc((size_t)count, sizeof(*groups))) == NULL)
		return is;
	count = getgroups(count, groups);
	for (int i = 0; i < count && !is; i++)
		is = groups[i] == group;
	free(groups);
	return is;
}

static bool
is_in_container_folder(const char *path)
{
	if (strstr(path, "/../") != NULL)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (strncmp(path, container_folders[i],
		    strlen(container_folders[i])) == 0)
			return true;
	return false;
}

/* The mount's word is asked for only where others may read a secret. */
static bool
is_read_only_memory(const struct source *f, const char *path)
{
	struct statfs fs;
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == f->st.st_dev &&
	    statfs(path, &fs) == 0 && fs.f_type == TMPFS_MAGIC &&
	    (fs.f_flags & ST_RDONLY) != 0;
}

int
source_is_secret(const struct source *f, const char *path, struct err *e)
{
	mode_t mode = f->st.st_mode;
	const char *who;

	if ((mode & (S_IROTH | S_IWOTH)) != 0)
		who = "everybody";
	else if ((mode & (S_IRGRP | S_IWGRP)) != 0 && f->st.st_uid != 0 &&
	    !is_ours_by_group(f->st.st_gid))
		who = "a group that is not ours";	/* root's choice is believed */
	else
		return 0;
	if (is_read_only_memory(f, path) || is_in_container_folder(path))
		return 0;
	return err_set(e, EX_CONFIG, "%s holds a password, and %s may read or "
	    "change it (mode %04o): chmod %s %s", path, who,
	    (unsigned)(mode & 07777), (mode & (S_IROTH | S_IWOTH)) != 0 ?
	    "o-rwx" : "g-rwx", path);
}

static int
take_secret(struct buf *password, struct source *f, const char *path, struct err *e)
{
	const char *text = buf_text(&f->text);
	size_t len = f->text.len;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	if (len == 0)
		return err_set(e, EX_CONFIG, "%s is empty; it has to hold the "
		    "password", path);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == '\177')
			return err_set(e, EX_CONFIG, text[i] == '\n' ?
			    "%s has more than one line; it has to hold the password "
			    "alone" : "%s: there is a control character in the "
			    "password", path);
	buf_reset(password);
	buf_put(password, text, len);
	return password->full ? err_set(e, EX_OSERR, "no memory") : 0;
}

/* 1: read; 0: there is no such file; -1. */
static int
read_secret(struct buf *password, const char *path, bool is_credential,
    struct err *e)
{
	struct source f;
	int result = source_read(&f, path, SETTINGS_PASSWORD_MAX, e);

	if (result != 1)
		return result;
	if ((!is_credential && source_is_secret(&f, path, e) != 0) ||
	    take_secret(password, &f, path, e) != 0)
		result = -1;
	source_free(&f);
	return result;
}

static int
read_credential(struct settings *s, char *const environment[], struct err *e)
{
	const char *folder = settings_variable(environment, "CREDENTIALS_DIRECTORY");
	struct buf path;
	int result = 0;

	if (folder == NULL || folder[0] != '/')
		return 0;
	buf_init(&path, SETTINGS_PATH_MAX);
	buf_puts(&path, folder);
	buf_puts(&path, "/outtray-password");
	if (path.no_memory)
		result = err_set(e, EX_OSERR, "no memory");
	else if (!path.full)
		result = read_secret(&s->password, buf_text(&path), true, e);
	buf_free(&path);
	return result;
}

int
settings_read_secrets(struct settings *s, char *const environment[], struct err *e)
{
	int result;

	if (s->user[0] == '\0' || s->password.len > 0)
		return 0;
	if (s->password_file[0] != '\0') {
		result = read_secret(&s->password, s->password_file, false, e);
		if (result == 0)
			return err_set(e, EX_CONFIG, "password_file %s: there is no "
			    "such file", s->password_file);
	} else {
		result = read_credential(s, environment, e);
		if (result == 0 && s->auth != AUTH_OFF && s->auth != AUTH_EXTERNAL)
			return err_set(e, EX_CONFIG, "[smtp] has a user but no "
			    "password: set password_file (or OUTTRAY_SMTP_PASSWORD)");
	}
	return result < 0 ? -1 : 0;
}
