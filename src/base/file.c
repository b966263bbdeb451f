#include "base/file.h"

#include <errno.h>
#include <unistd.h>

static int
status_of(enum file_want want, int cause)
{
	switch (cause) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case EIO:
		return EX_IOERR;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return EX_OSERR;
	default:
		return want == FILE_WRITE_IN ? EX_CANTCREAT : EX_NOINPUT;
	}
}

int
file_explain(const char *path, enum file_want want, int cause, struct err *e)
{
	errno = cause;
	return err_sys(e, status_of(want, cause), "cannot %s %s (uid %ld)",
	    want == FILE_WRITE_IN ? "create a file in" : "open", path,
	    (long)geteuid());
}

static int
sync_with(int (*call)(int), int fd, const char *name, struct err *e)
{
	int n;

	do
		n = call(fd);
	while (n != 0 && errno == EINTR);
	return n == 0 ? 0 : err_sys(e, EX_IOERR, "cannot sync %s", name);
}

int
file_sync(int fd, const char *name, struct err *e)
{
	return sync_with(fsync, fd, name, e);
}

int
file_sync_data(int fd, const char *name, struct err *e)
{
	return sync_with(fdatasync, fd, name, e);
}
