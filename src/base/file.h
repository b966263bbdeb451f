/*
 * file.h - what went wrong with a file, in the words of the person who must
 * mend it, and syncing that cannot be forgotten.
 */
#ifndef OUTTRAY_BASE_FILE_H
#define OUTTRAY_BASE_FILE_H

#include "base/err.h"

enum file_want { FILE_READ, FILE_WRITE_IN, FILE_SEARCH };

/*
 * Explain why `path` could not be used, errno being `cause`, and return -1.
 * EACCES: the path is walked, and the first component that stops us is
 * named with owner, mode, our uid and the permission that is missing
 * ("/var/spool/x is owned by root:root, mode 0755: uid 33 (www-data) may not
 * write in it"); where the modes allow it, AppArmor or SELinux (read from
 * /proc/self/attr/current) or NFS is named instead. ENOENT: the first
 * component that is missing. EROFS, ENOSPC (bytes or inodes: statvfs),
 * EDQUOT each have their own sentence. `program` and uid are part of it.
 * Status: EX_CANTCREAT for FILE_WRITE_IN, EX_NOINPUT for FILE_READ;
 * ENOSPC, EDQUOT, EIO: EX_IOERR; EMFILE, ENFILE, ENOMEM: EX_OSERR.
 */
int file_explain(const char *path, enum file_want want, int cause, struct err *e);

/* fsync(2), fdatasync(2), again after EINTR: 0, or -1 (EX_IOERR). */
int file_sync(int fd, const char *name, struct err *e);
int file_sync_data(int fd, const char *name, struct err *e);

#endif
