/*
 * secret.h - who may read a file that holds a secret.
 */
#ifndef OUTTRAY_SETTINGS_SECRET_H
#define OUTTRAY_SETTINGS_SECRET_H

#include "base/err.h"

#include <sys/stat.h>

/* 0, or -1 (EX_CONFIG: others can read it; the sentence has the chmod). */
int secret_mode_check(const char *path, const struct stat *st, struct err *e);

#endif
