#include "settings/secret.h"
#include "base/io.h"
#include "settings/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
secret_mode_check(const char *path, const struct stat *st, struct err *e)
{
	if ((st->st_mode & S_IROTH) == 0)
		return 0;
	return err_set(e, EX_CONFIG, "%s holds a password and everybody can read it "
	    "(mode %04o): chmod o-rwx %s", path, st->st_mode & 07777, path);
}

static int
read_secret(struct settings *s, const char *path, bool may_be_missing, struct err *e)
{
	char bytes[SETTINGS_PASSWORD_MAX];
	struct stat st;
	ssize_t len;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && may_be_missing && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, EX_CONFIG, "cannot read %s", path);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);	/* nothing was read */
		return err_set(e, EX_CONFIG, "%s is not a file", path);
	}
	len = io_read(fd, bytes, sizeof(bytes));
	(void)close(fd);	/* it was only read */
	if (len < 0)
		return err_sys(e, EX_CONFIG, "cannot read %s", path);
	while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
		len--;
	buf_put(&s->password, bytes, (size_t)len);
	explicit_bzero(bytes, sizeof(bytes));
	return secret_mode_check(path, &st, e);
}

int
settings_read_secrets(struct settings *s, char *const environment[], struct err *e)
{
	const char *folder = settings_variable(environment, "CREDENTIALS_DIRECTORY");
	struct buf path;
	int result = 0;

	if (s->user[0] == '\0' || s->password.len > 0)
		return 0;
	if (s->password_file[0] != '\0')
		return read_secret(s, s->password_file, false, e);
	if (folder == NULL)
		return 0;
	buf_init(&path, 4096);
	buf_puts(&path, folder);
	buf_puts(&path, "/outtray-password");
	if (!path.full)
		result = read_secret(s, buf_text(&path), true, e);
	buf_free(&path);
	return result;
}
