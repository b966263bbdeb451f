#include "settings/source.h"
#include "settings/table.h"

#include <ctype.h>
#include <string.h>

static const char prefix[] = "OUTTRAY_";

enum { PREFIX_LEN = sizeof(prefix) - 1, NAME_SIZE = 128 };

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

/*
 * Kubernetes, and Docker's links, tell each container of each service: one
 * that is called "outtray" or "outtray-smtp" makes variables that look like
 * ours, such as OUTTRAY_SMTP_PORT=tcp://10.0.0.7:25.
 */
static bool
is_service(const char *name, const char *value)
{
	const char *port = strstr(name, "PORT");

	if (strstr(name, "SERVICE_HOST") != NULL ||
	    strstr(name, "SERVICE_PORT") != NULL)
		return true;
	if (port == NULL)
		return false;
	return port[4] == '_' ? isdigit((unsigned char)port[5]) :
	    port[4] == '\0' && strstr(value, "://") != NULL;
}

static bool
is_outtray(const char *section)
{
	return strcmp(section, "outtray") == 0;
}

/* A key's variable without OUTTRAY_: [outtray] is not said twice. */
static void
print_name(const struct setting_row *r, struct buf *out)
{
	buf_reset(out);
	if (!is_outtray(r->section)) {
		buf_puts(out, r->section);
		buf_putc(out, '_');
	}
	buf_puts(out, r->key);
	for (size_t i = 0; i < out->len; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
}

/* The name of a variable with so few mistakes in it that no other is meant. */
static void
find_near(const char *name, unsigned allowed, struct buf *near)
{
	unsigned best = allowed + 1;
	struct buf known;

	buf_init(&known, NAME_SIZE);
	for (size_t i = 0; i < setting_rows_count; i++) {
		const struct setting_row *r = &setting_rows[i];
		unsigned distance;

		print_name(r, &known);
		distance = setting_distance(name, buf_text(&known));
		/* The section was left out, or "outtray" was said twice. */
		if (setting_same(name, r->key) || (is_outtray(r->section) &&
		    strncmp(name, prefix, PREFIX_LEN) == 0 &&
		    setting_same(name + PREFIX_LEN, r->key)))
			distance = 0;
		if (distance < best) {
			best = distance;
			buf_reset(near);
			buf_puts(near, buf_text(&known));
		}
	}
	if (setting_distance(name, "CONFIG") < best) {
		buf_reset(near);
		buf_puts(near, "CONFIG");
	}
	buf_free(&known);
}

/*
 * What is in a section of ours, or nearly one of our names, is a mistake;
 * other programs may use all others that begin with OUTTRAY_.
 */
static int
unknown(const char *name, const char *section, struct err *e)
{
	unsigned allowed = section != NULL ? 4 : strlen(name) < 6 ? 1 : 2;
	struct buf near;
	int result = 0;

	buf_init(&near, NAME_SIZE);
	find_near(name, allowed, &near);
	if (near.len > 0)
		result = err_set(e, EX_CONFIG, "%s%s: there is no such setting; is "
		    "%s%s meant?", prefix, name, prefix, buf_text(&near));
	else if (section != NULL)
		result = err_set(e, EX_CONFIG, "%s%s: [%s] has no such key", prefix,
		    name, section);
	buf_free(&near);
	return result;
}

/* `name` is without OUTTRAY_. */
static int
take(struct settings *s, const char *name, const char *value, struct err *e)
{
	size_t first = strcspn(name, "_");
	const char *section = setting_section(name, first);
	const char *key = name[first] == '_' ? name + first + 1 : "*";
	long row;

	if (strcmp(name, "CONFIG") == 0 || is_service(name, value))
		return 0;
	if (section != NULL && setting_section_pairs(s, section) != NULL &&
	    key[0] != '\0')
		return setting_take_pair(s, section, key, value, -1, e);
	if (section != NULL && is_outtray(section))
		row = -1;
	else if (section != NULL && name[first] == '_')
		row = setting_find(section, key);
	else
		row = setting_find("outtray", name);
	if (row < 0)
		return unknown(name, section, e);
	if (setting_refuse_quotes(setting_rows[row].key, value, e) != 0 ||
	    setting_set(s, (size_t)row, value, e) != 0)
		return -1;
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
		char text[NAME_SIZE];
		size_t len;

		if (strncmp(*environment, prefix, PREFIX_LEN) != 0)
			continue;
		equals = strchr(name, '=');
		if (equals == NULL || equals[1] == '\0')
			continue;	/* an empty one counts as not set */
		len = (size_t)(equals - name);
		if (len >= sizeof(text))
			continue;	/* longer than each of ours */
		memcpy(text, name, len);
		text[len] = '\0';
		if (take(s, text, equals + 1, e) != 0)
			return strncmp(e->text, prefix, PREFIX_LEN) == 0 ? -1 :
			    err_while(e, "%s%s", prefix, text);
	}
	return 0;
}
