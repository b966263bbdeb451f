#include "settings/settings.h"

#include "settings/places.h"
#include "settings/source.h"
#include "settings/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Read one file of settings: 1; 0 where there is none; or -1. `check`, unless
 * NULL, looks at the file before its first byte is believed.
 */
static int
read_file(struct settings *s, const char *path,
    int (*check)(const struct source *f, const char *path, struct err *e),
    struct err *e)
{
	struct source f;
	int result = source_read(&f, path, SETTINGS_FILE_MAX, e);

	if (result != 1)
		return result;
	if ((check != NULL && check(&f, path, e) != 0) ||
	    settings_parse_ini(s, path, buf_text(&f.text), f.text.len, e) != 0 ||
	    (s->password.len > 0 && source_is_secret(&f, path, e) != 0))
		result = -1;
	else if ((s->file = strdup(path)) == NULL)
		result = err_set(e, EX_OSERR, "no memory");
	source_free(&f);
	return result;
}

/* A file that somebody named has to be there. */
static int
read_named(struct settings *s, const char *who, const char *path, struct err *e)
{
	int result = read_file(s, path, NULL, e);

	if (result == 0)
		return err_set(e, EX_CONFIG, "%s: there is no file %s", who, path);
	return result < 0 ? -1 : 0;
}

static int
read_option(struct settings *s, const char *path, struct err *e)
{
	char real[SETTINGS_PATH_MAX];

	if (source_trusted(path, real, e) != 0)
		return err_while(e, "-C %s", path);
	return read_named(s, "-C", real, e);
}

/* ~/.config/outtray/outtray.ini, or nothing where no folder is named. */
static void
print_user_file(char *const environment[], struct buf *out)
{
	const char *folder = settings_variable(environment, "XDG_CONFIG_HOME");
	const char *below = "";

	/* A relative one is to be ignored (XDG Base Directory Specification). */
	if (folder == NULL || folder[0] != '/') {
		folder = settings_variable(environment, "HOME");
		below = "/.config";
	}
	if (folder == NULL || folder[0] != '/')
		return;
	buf_puts(out, folder);
	buf_puts(out, below);
	buf_puts(out, "/outtray/outtray.ini");
}

/*
 * su and sudo may leave another user's $HOME. Its owner could say where our
 * log is written and whom our mail goes to.
 */
static int
check_user_file(const struct source *f, const char *path, struct err *e)
{
	if (f->st.st_uid != 0 && f->st.st_uid != geteuid())
		return err_set(e, EX_CONFIG, "%s belongs to uid %lu and is not read "
		    "for uid %lu: chown it, or name a file in OUTTRAY_CONFIG", path,
		    (unsigned long)f->st.st_uid, (unsigned long)geteuid());
	if ((f->st.st_mode & S_IWOTH) != 0)
		return err_set(e, EX_CONFIG, "%s can be written by everybody (mode "
		    "%04o): chmod o-w %s", path, (unsigned)(f->st.st_mode & 07777),
		    path);
	return 0;
}

/* As read_file, but for a folder of somebody else that we may not enter. */
static int
read_user_file(struct settings *s, const char *path, struct err *e)
{
	struct stat st;
	int result = read_file(s, path, check_user_file, e);

	if (result < 0 && stat(path, &st) != 0 && errno == EACCES)
		return 0;
	return result;
}

static int
read_first_file(struct settings *s, const char *file_option,
    char *const environment[], struct err *e)
{
	const char *named = settings_variable(environment, "OUTTRAY_CONFIG");
	struct buf user_file;
	int found = 0;

	if (file_option != NULL)
		return read_option(s, file_option, e);
	/* The usual way to say "none" is a device, and yet no mistake. */
	if (named != NULL)
		return strcmp(named, "/dev/null") == 0 ? 0 :
		    read_named(s, "OUTTRAY_CONFIG", named, e);
	buf_init(&user_file, SETTINGS_PATH_MAX - 1);
	print_user_file(environment, &user_file);
	if (user_file.no_memory)
		found = err_set(e, EX_OSERR, "no memory");
	else if (user_file.len > 0 && !user_file.full)
		found = read_user_file(s, buf_text(&user_file), e);
	buf_free(&user_file);
	if (found == 0)
		found = read_file(s, place_settings, NULL, e);
	return found < 0 ? -1 : 0;
}

/* The password may stand in one place; the environment's wins. */
static int
choose_password(struct settings *s, struct err *e)
{
	long password = setting_find("smtp", "password");
	long file = setting_find("smtp", "password_file");
	int *lines = s->lines;

	if (s->password.len == 0 || s->password_file[0] == '\0')
		return 0;
	if ((lines[password] < 0) == (lines[file] < 0))
		return err_set(e, EX_CONFIG, lines[file] < 0 ?
		    "OUTTRAY_SMTP_PASSWORD and OUTTRAY_SMTP_PASSWORD_FILE are both "
		    "set: which is meant?" : "%s: password (line %d) and "
		    "password_file (line %d) are both set: which is meant?",
		    s->file, lines[password], lines[file]);
	return setting_set(s, (size_t)(lines[file] < 0 ? password : file), "", e);
}

/* Do the keys fit together? */
static int
check_together(const struct settings *s, struct err *e)
{
	if (s->transport == TRANSPORT_SMTP && s->smtp_host[0] == '\0')
		return err_set(e, EX_CONFIG, "transport = smtp needs a host in "
		    "[smtp] (or OUTTRAY_SMTP_HOST)");
	if ((s->tls_client_cert[0] == '\0') != (s->tls_client_key[0] == '\0'))
		return err_set(e, EX_CONFIG, "tls_client_cert and tls_client_key "
		    "belong together: %s is missing", s->tls_client_cert[0] == '\0' ?
		    "tls_client_cert" : "tls_client_key");
	if (s->user[0] == '\0' && (s->password.len > 0 || s->password_file[0] != '\0'))
		return err_set(e, EX_CONFIG, "[smtp] has a password but no user");
	if (s->sender[0] == '\0' && (s->sender_mode == SENDER_ALWAYS ||
	    s->sender_mode == SENDER_FOREIGN))
		return err_set(e, EX_CONFIG, "sender_mode = %s needs a sender",
		    s->sender_mode == SENDER_ALWAYS ? "always" : "foreign");
	return 0;
}

int
settings_load(struct settings *s, const char *file_option,
    char *const environment[], struct err *e)
{
	if (read_first_file(s, file_option, environment, e) != 0 ||
	    settings_parse_environment(s, environment, e) != 0 ||
	    choose_password(s, e) != 0)
		return -1;
	if (check_together(s, e) != 0)
		return s->file != NULL ? err_while(e, "%s", s->file) : -1;
	if (s->transport == TRANSPORT_AUTO)
		s->transport = s->smtp_host[0] != '\0' ? TRANSPORT_SMTP :
		    TRANSPORT_PICKUP;
	return 0;
}
