#include "settings/settings.h"

#include "settings/check.h"
#include "settings/places.h"
#include "settings/table.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PAIRS_MAX = 1000 };

static char **
at(struct settings *s, size_t row)
{
	return (void *)((char *)s + setting_rows[row].offset);
}

int
settings_init(struct settings *s, struct err *e)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->password, SETTINGS_PASSWORD_MAX);
	for (size_t i = 0; i < setting_rows_count; i++)
		if (setting_rows[i].type == SETTING_TEXT)
			*at(s, i) = setting_no_text;
	for (size_t i = 0; i < setting_rows_count; i++)
		if (setting_set(s, i, setting_rows[i].standard, e) != 0)
			return err_while(e, "default of [%s] %s",
			    setting_rows[i].section, setting_rows[i].key);
	return 0;
}

static void
pairs_free(struct setting_pairs *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->list[i].name);
		free(p->list[i].value);
	}
	free(p->list);
}

void
settings_free(struct settings *s)
{
	for (size_t i = 0; i < setting_rows_count; i++) {
		char **text = at(s, i);

		if (setting_rows[i].type == SETTING_TEXT && *text != setting_no_text)
			free(*text);
	}
	buf_free(&s->password);
	pairs_free(&s->aliases);
	pairs_free(&s->senders);
	free(s->file);
	memset(s, 0, sizeof(*s));
}

/* A variable cannot have a '-' in its name, and shells give it capitals. */
static struct setting_pair *
pairs_at(const struct setting_pairs *p, const char *name, bool variable)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcasecmp(p->list[i].name, name) == 0)
			return &p->list[i];
	for (size_t i = 0; i < p->count; i++)
		if ((variable || p->list[i].line < 0) &&
		    setting_same(p->list[i].name, name))
			return &p->list[i];
	return NULL;
}

const char *
setting_pairs_find(const struct setting_pairs *p, const char *name)
{
	const struct setting_pair *pair = pairs_at(p, name, false);

	return pair != NULL ? pair->value : NULL;
}

static int
pairs_grow(struct setting_pairs *p, struct err *e)
{
	size_t wanted = p->allocated > 0 ? 2 * p->allocated : 8;
	struct setting_pair *list;

	if (p->count >= PAIRS_MAX)
		return err_set(e, EX_CONFIG, "more than %d lines; the others may "
		    "stand in %s", PAIRS_MAX, place_aliases);
	if (p->count < p->allocated)
		return 0;
	list = realloc(p->list, wanted * sizeof(*list));
	if (list == NULL)
		return err_set(e, EX_OSERR, "no memory");
	p->list = list;
	p->allocated = wanted;
	return 0;
}

static int
pairs_set(struct setting_pairs *p, const char *name, const char *value, int line,
    struct err *e)
{
	struct setting_pair *pair = pairs_at(p, name, line < 0);
	char *copy;

	if (pair == NULL) {
		if (pairs_grow(p, e) != 0)
			return -1;
		pair = &p->list[p->count];
		memset(pair, 0, sizeof(*pair));
		pair->name = strdup(name);
		if (pair->name == NULL)
			return err_set(e, EX_OSERR, "no memory");
		p->count++;
	}
	copy = strdup(value);
	if (copy == NULL)
		return err_set(e, EX_OSERR, "no memory");
	free(pair->value);
	pair->value = copy;
	pair->line = line;
	return 0;
}

int
setting_take_pair(struct settings *s, const char *section, const char *name,
    const char *value, int line, struct err *e)
{
	struct setting_pairs *pairs = setting_section_pairs(s, section);
	const char *wanted = pairs != &s->aliases ? check_sender(value) : NULL;

	if (value[0] == '\0' || wanted != NULL)
		return err_set(e, EX_CONFIG, "%s = %s: an address is wanted", name,
		    value);
	if (pairs == &s->senders && strcmp(name, "*") == 0)
		return err_set(e, EX_CONFIG, "one sender for all is sender with "
		    "sender_mode = always, in [outtray]");
	for (const char *c = value; *c != '\0'; c++)
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == '\177')
			return err_set(e, EX_CONFIG,
			    "%s: there is a control character in it", name);
	if (pairs_set(pairs, name, value, line, e) != 0)
		return -1;
	s->anything_set = true;
	return 0;
}
