/*
 * source.h - where settings come from, for the other files of this folder:
 * an INI file and the environment.
 */
#ifndef OUTTRAY_SETTINGS_SOURCE_H
#define OUTTRAY_SETTINGS_SOURCE_H

#include "settings/settings.h"

enum { SETTINGS_FILE_MAX = 1024 * 1024 };	/* bytes */

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

/* Do the keys fit together? 0, or -1 (EX_CONFIG). */
int settings_check(const struct settings *s, struct err *e);

#endif
