#include "settings/source.h"

#include "base/file.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
source_free(struct source *f)
{
	buf_free(&f->text);
	memset(f, 0, sizeof(*f));
}

static const char *
kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a folder";
	if (S_ISFIFO(mode))
		return "a pipe";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a device";
}

static int
read_open(struct source *f, int fd, const char *path, size_t limit, struct err *e)
{
	size_t size;
	char *to;
	ssize_t n;

	if (fstat(fd, &f->st) != 0)
		return err_sys(e, EX_CONFIG, "cannot read %s", path);
	if (!S_ISREG(f->st.st_mode))
		return err_set(e, EX_CONFIG, "%s is %s; it has to be a file", path,
		    kind_of(f->st.st_mode));
	if ((unsigned long long)f->st.st_size > limit)
		return err_set(e, EX_CONFIG, "%s has %llu bytes; it may have at most "
		    "%zu", path, (unsigned long long)f->st.st_size, limit);
	size = (size_t)f->st.st_size;
	buf_init(&f->text, limit + 1);
	do {	/* one byte more than there should be, to see that it grew */
		to = buf_room(&f->text, size + 1 - f->text.len);
		if (to == NULL)
			return err_set(e, EX_OSERR, "no memory to read %s", path);
		n = io_read(fd, to, size + 1 - f->text.len);
		if (n < 0)
			return err_sys(e, EX_CONFIG, "cannot read %s", path);
		f->text.len += (size_t)n;
		to[n] = '\0';
	} while (n > 0 && f->text.len < size);
	if (f->text.len > size)
		return err_set(e, EX_CONFIG, "%s grew while it was read", path);
	return 0;
}

int
source_read(struct source *f, const char *path, size_t limit, struct err *e)
{
	int fd, result;

	memset(f, 0, sizeof(*f));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0) {
		(void)file_explain(path, FILE_READ, errno, e);
		e->status = EX_CONFIG;
		return -1;
	}
	result = read_open(f, fd, path, limit, e);
	(void)close(fd);	/* it was only read */
	if (result != 0)
		source_free(f);
	return result != 0 ? -1 : 1;
}

/* What root alone can change: in a sticky folder others cannot move root's. */
static int
check_trusted(const char *path, bool is_folder, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return err_sys(e, EX_CONFIG, "cannot look at %s", path);
	if (!is_folder && !S_ISREG(st.st_mode))
		return err_set(e, EX_CONFIG, "%s is %s; it has to be a file", path,
		    kind_of(st.st_mode));
	if (st.st_uid != 0)
		return err_set(e, EX_CONFIG, "%s belongs to uid %lu; it has to "
		    "belong to root", path, (unsigned long)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    !(is_folder && (st.st_mode & S_ISVTX) != 0))
		return err_set(e, EX_CONFIG, "%s can be written by others than root "
		    "(mode %04o): chmod go-w %s", path,
		    (unsigned)(st.st_mode & 07777), path);
	return 0;
}

/* Where the next folder's name ends, or 0. */
static size_t
next_slash(const char *path, size_t from)
{
	const char *slash = strchr(path + from + 1, '/');

	return slash != NULL ? (size_t)(slash - path) : 0;
}

/*
 * From the root on: once a folder is root's alone, nobody can exchange what
 * is looked at next.
 */
int
source_trusted(const char *path, char real[SETTINGS_PATH_MAX], struct err *e)
{
	_Static_assert(SETTINGS_PATH_MAX >= PATH_MAX, "realpath(3) fills PATH_MAX");

	if (realpath(path, real) == NULL)
		return err_sys(e, EX_CONFIG, "cannot read %s", path);
	for (size_t end = 1; end > 0; end = next_slash(real, end)) {
		char kept = real[end];
		int failed;

		real[end] = '\0';
		failed = check_trusted(real, true, e);
		real[end] = kept;
		if (failed != 0)
			return -1;
	}
	return check_trusted(real, false, e);
}
