/*
 * file.h - what went wrong with a file, in the words of the person who must
 * mend it, and syncing that cannot be forgotten.
 */
#ifndef OUTTRAY_BASE_FILE_H
#define OUTTRAY_BASE_FILE_H

#include "base/err.h"

enum file_want { FILE_READ, FILE_WRITE_IN, FILE_SEARCH };

/*
 * Explain why `path` could not be used, errno being `cause`, and return -1:
 * "sendmail (uid 33) cannot create a file in /var/spool/x/in: /var/spool/x is
 * owned by root:root with mode 0750: search permission is missing for uid 33
 * (www-data)".
 *
 * EACCES, EPERM, ENOENT, ENOTDIR, ELOOP: the path is walked, links followed, and
 * the first component that stops us is named; where the modes allow it, a
 * mark (chattr), the file server, or AppArmor or SELinux is named instead.
 * EROFS names the mount, ENOSPC tells bytes from inodes, EDQUOT names the
 * quota's uid, EFBIG and EMFILE the limit (ulimit).
 *
 * Status: EX_CANTCREAT for FILE_WRITE_IN, EX_NOINPUT for the others; ENOSPC,
 * EDQUOT, EFBIG, EIO, ESTALE, ETIMEDOUT: EX_IOERR; EMFILE, ENFILE, ENOMEM:
 * EX_OSERR. The words are about the moment of the call, so call it at once.
 */
int file_explain(const char *path, enum file_want want, int cause, struct err *e);

/*
 * fsync(2), fdatasync(2), again after EINTR: 0, or -1 as file_explain says.
 * `path` is the folder that the file is in.
 */
int file_sync(int fd, const char *path, struct err *e);
int file_sync_data(int fd, const char *path, struct err *e);

#endif
