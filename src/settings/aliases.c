#include "settings/aliases.h"

#include <string.h>

/* The addresses that an alias lists, each of which may be an alias again. */
static int
expand(const struct settings *s, struct addr *recipient, const char *domain,
    int depth, struct envelope *v, struct err *e)
{
	const char *value = addr_has_domain(recipient) ? NULL :
	    setting_pairs_find(&s->aliases, recipient->text);
	struct addr_list list;
	struct addr a = { 0 };
	int found;

	if (value == NULL && !addr_has_domain(recipient))
		value = setting_pairs_find(&s->aliases, "*");
	if (value == NULL) {
		if (addr_qualify(recipient, domain, e) != 0)
			return -1;
		return envelope_add(v, recipient, e) < 0 ? -1 : 0;
	}
	if (depth == ALIASES_DEPTH_MAX)
		return err_set(e, EX_DATAERR, "the alias %s leads to itself",
		    recipient->text);
	addr_list_init(&list, value, strlen(value), false);
	while ((found = addr_list_next(&list, &a, NULL, e)) > 0) {
		int result = expand(s, &a, domain, depth + 1, v, e);

		addr_free(&a);
		if (result != 0)
			return -1;
	}
	return found;
}

int
aliases_expand(const struct settings *s, struct addr *recipient,
    struct envelope *v, struct err *e)
{
	struct buf domain;
	int result;

	buf_init(&domain, 1024);
	settings_domain(s, &domain);
	result = expand(s, recipient, buf_text(&domain), 0, v, e);
	addr_free(recipient);
	buf_free(&domain);
	return result;
}
