#include "daemon/owner.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of the owner's in the spool, which may itself be root's. */
static int
make_folder(const char *directory, const char *name, const struct stat *owner,
    struct err *e)
{
	char *path = NULL;
	int result = -1, fd;

	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return err_set(e, EX_OSERR, "out of memory");
	if (mkdir(path, 0700) != 0) {
		result = errno == EEXIST ? 0 :
		    file_explain(directory, FILE_WRITE_IN, errno, e);
		free(path);
		return result;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, owner->st_uid, owner->st_gid) != 0)
		(void)err_sys(e, EX_CANTCREAT, "cannot give %s to uid %ld", path,
		    (long)owner->st_uid);
	else
		result = 0;
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return result;
}

/* No group, no other identity and no program with a mode bit brings it back. */
static int
drop(const struct stat *owner, struct err *e)
{
	if (setgroups(0, NULL) != 0 ||
	    setresgid(owner->st_gid, owner->st_gid, owner->st_gid) != 0 ||
	    setresuid(owner->st_uid, owner->st_uid, owner->st_uid) != 0)
		return err_sys(e, EX_OSERR, "cannot become uid %ld, gid %ld",
		    (long)owner->st_uid, (long)owner->st_gid);
	if (geteuid() != owner->st_uid || setuid(0) == 0)
		return err_set(e, EX_OSERR, "root's rights do not go away");
	return 0;
}

int
owner_become(const char *directory, struct err *e)
{
	char *incoming = NULL;
	struct stat st;
	int n;

	if (asprintf(&incoming, "%s/incoming", directory) < 0)
		return err_set(e, EX_OSERR, "out of memory");
	n = stat(incoming, &st);
	free(incoming);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);	/* older kernels: no loss */
	if (n != 0 && errno == ENOENT)
		return err_set(e, EX_CONFIG, "there is no queue in %s: install -d -m "
		    "3733 -o outtray -g outtray %s/incoming makes one", directory,
		    directory);
	if (n != 0)
		return file_explain(directory, FILE_SEARCH, errno, e);
	if (st.st_uid == 0)
		return err_set(e, EX_CONFIG, "%s/incoming belongs to root, and the "
		    "queue is never run as root: chown outtray:outtray "
		    "%s/incoming, and queue and failed beside it", directory,
		    directory);
	if (geteuid() == st.st_uid)
		return 0;
	if (geteuid() != 0)
		return err_set(e, EX_NOPERM, "%s/incoming belongs to uid %ld and this "
		    "is uid %ld: run it as root or as the owner of the queue",
		    directory, (long)st.st_uid, (long)geteuid());
	if (make_folder(directory, "queue", &st, e) != 0 ||
	    make_folder(directory, "failed", &st, e) != 0)
		return -1;
	return drop(&st, e);
}
