/*
 * Settings from any file, any environment and any job. The first byte chooses
 * which: INI text; variables with NULs between them; a job's lines. Whatever
 * was taken can be printed as a job and read again, and holds no line break.
 */
#include "settings/source.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VARIABLES_MAX = 32 };

static int
from_variables(struct settings *s, char *bytes, size_t len, struct err *e)
{
	char *environment[VARIABLES_MAX + 1] = { NULL };

	for (size_t i = 0; i < VARIABLES_MAX && len > 0; i++) {
		size_t one = strlen(bytes) + 1;	/* a NUL stands behind the last */

		environment[i] = bytes;
		one = one < len ? one : len;
		bytes += one;
		len -= one;
	}
	return settings_parse_environment(s, environment, e);
}

/* A failure is a sentence of one line with a status of its own. */
static void
check_error(int result, int status, const struct err *e)
{
	if (result != -1 || (e->status != status && e->status != EX_OSERR) ||
	    e->text[0] == '\0' || strpbrk(e->text, "\r\n") != NULL)
		abort();
}

static void
check_pairs(const struct setting_pairs *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (setting_pairs_find(p, p->list[i].name) == NULL ||
		    strpbrk(p->list[i].value, "\r\n") != NULL)
			abort();
}

static void
check_job(const struct settings *s)
{
	struct settings again;
	struct err e = { 0 };
	struct buf job, twice;

	buf_init(&job, 1 << 20);
	buf_init(&twice, 1 << 20);
	settings_print_job(s, &job);
	if (settings_init(&again, &e) != 0 ||
	    settings_parse_job(&again, buf_text(&job), job.len, &e) != 0)
		abort();
	settings_print_job(&again, &twice);
	if (strcmp(buf_text(&job), buf_text(&twice)) != 0)
		abort();
	settings_free(&again);
	buf_free(&job);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings s;
	struct err e = { 0 };
	char *bytes;
	int result;

	if (size == 0 || (bytes = malloc(size)) == NULL)
		return 0;
	memcpy(bytes, data + 1, size - 1);
	bytes[size - 1] = '\0';
	if (settings_init(&s, &e) != 0)
		abort();
	if (data[0] % 3 == 0)
		result = settings_parse_ini(&s, "F", bytes, size - 1, &e);
	else if (data[0] % 3 == 1)
		result = from_variables(&s, bytes, size - 1, &e);
	else
		result = settings_parse_job(&s, bytes, size - 1, &e);
	if (result != 0)
		check_error(result, data[0] % 3 == 2 ? EX_SOFTWARE : EX_CONFIG, &e);
	check_pairs(&s.aliases);
	check_pairs(&s.senders);
	check_job(&s);
	settings_free(&s);
	free(bytes);
	return 0;
}
