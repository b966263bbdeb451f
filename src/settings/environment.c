#include "settings/source.h"
#include "settings/table.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char prefix[] = "OUTTRAY_";

enum { PREFIX_LEN = sizeof(prefix) - 1, NAME_MAX_LEN = 128 };

const char *
settings_variable(char *const environment[], const char *name)
{
	size_t len = strlen(name);

	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, name, len) == 0 &&
		    (*environment)[len] == '=')
			return (*environment)[len + 1] != '\0' ?
			    *environment + len + 1 : NULL;
	return NULL;
}

/* The name of a key's variable: [outtray] is not said twice. */
static void
print_variable(const char *section, const char *key, struct buf *out)
{
	buf_puts(out, prefix);
	if (strcmp(section, "outtray") != 0) {
		for (; *section != '\0'; section++)
			buf_putc(out, (char)toupper((unsigned char)*section));
		buf_putc(out, '_');
	}
	for (; *key != '\0'; key++)
		buf_putc(out, (char)toupper((unsigned char)*key));
}

static int
unknown(const char *name, const char *section, const char *key, struct err *e)
{
	const char *its_section, *near = setting_key_near(section, key, &its_section);
	struct buf meant;

	if (near == NULL)
		return err_set(e, EX_CONFIG, "%s%s: [%s] has no such key", prefix,
		    name, section);
	buf_init(&meant, NAME_MAX_LEN);
	print_variable(its_section, near, &meant);
	(void)err_set(e, EX_CONFIG, "%s%s: there is no such setting; is %s meant?",
	    prefix, name, buf_text(&meant));
	buf_free(&meant);
	return -1;
}

/* `name` is without OUTTRAY_. */
static int
take(struct settings *s, const char *name, const char *value, struct err *e)
{
	const char *underscore = strchr(name, '_'), *section = "outtray";
	const char *key = name;
	struct setting_pairs *pairs;
	long row;

	if (underscore != NULL && setting_section(name,
	    (size_t)(underscore - name)) != NULL) {
		section = setting_section(name, (size_t)(underscore - name));
		key = underscore + 1;
	}
	pairs = setting_section_pairs(s, section);
	if (pairs != NULL) {
		s->anything_set = true;
		return setting_pairs_set(pairs, key, value, -1, e);
	}
	row = setting_find(section, key);
	if (row < 0)
		return key == name ? 0 : unknown(name, section, key, e);
	if (setting_set(s, (size_t)row, value, e) != 0)
		return err_while(e, "%s%s", prefix, name);
	s->lines[row] = -1;
	s->anything_set = true;
	return 0;
}

int
settings_parse_environment(struct settings *s, char *const environment[],
    struct err *e)
{
	for (; environment != NULL && *environment != NULL; environment++) {
		const char *name = *environment + PREFIX_LEN, *equals;
		char text[NAME_MAX_LEN];
		size_t len;

		if (strncmp(*environment, prefix, PREFIX_LEN) != 0)
			continue;
		equals = strchr(name, '=');
		if (equals == NULL || equals[1] == '\0')
			continue;	/* an empty one counts as not set */
		len = (size_t)(equals - name);
		if (len >= sizeof(text))
			continue;
		memcpy(text, name, len);
		text[len] = '\0';
		if (strcmp(text, "CONFIG") == 0)
			continue;
		if (take(s, text, equals + 1, e) != 0)
			return -1;
	}
	return 0;
}
