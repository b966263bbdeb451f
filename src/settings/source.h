/*
 * source.h - where settings come from, for the other files of this folder:
 * files, INI text and the environment.
 */
#ifndef OUTTRAY_SETTINGS_SOURCE_H
#define OUTTRAY_SETTINGS_SOURCE_H

#include "settings/settings.h"

#include <sys/stat.h>

enum {
	SETTINGS_FILE_MAX = 1024 * 1024,	/* bytes */
	SETTINGS_PATH_MAX = 4096		/* with the final NUL */
};

/* A file that was read as a whole. */
struct source {
	struct buf  text;	/* ours to free: source_free */
	struct stat st;
};

void source_free(struct source *f);	/* zeroed memory is safe to free */

/*
 * Read a regular file of at most `limit` bytes: 1; 0 where there is none; or
 * -1 (EX_CONFIG: it is something else, too long, or may not be read, with
 * owner, mode and uid; EX_OSERR). Never waits for a pipe or a device.
 */
int source_read(struct source *f, const char *path, size_t limit, struct err *e);

/*
 * Is the file at `path` one that only root can have put there? Its path
 * without links goes to `real`: it is this that must be read. 0, or -1
 * (EX_CONFIG, naming what others could change).
 */
int source_trusted(const char *path, char real[SETTINGS_PATH_MAX], struct err *e);

/*
 * May others read the secret in this file? 0, or -1 (EX_CONFIG: they may;
 * the sentence has the chmod to type). Within a container "others" are the
 * container alone: see secret.c.
 */
int source_is_secret(const struct source *f, const char *path, struct err *e);

/*
 * Read INI text that was taken from the file `name`. 0, or -1 (EX_CONFIG with
 * "name:line: " before it, EX_OSERR).
 */
int settings_parse_ini(struct settings *s, const char *name, const char *bytes,
    size_t len, struct err *e);

/* Take the OUTTRAY_* variables. 0, or -1 (EX_CONFIG naming the variable). */
int settings_parse_environment(struct settings *s, char *const environment[],
    struct err *e);

/* The value of a variable; NULL where it is missing or empty. */
const char *settings_variable(char *const environment[], const char *name);

#endif
