#include "daemon/list.h"

#include <stdlib.h>
#include <string.h>

void
list_free(struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->entries[i].unwritten);
	free(l->entries);
	memset(l, 0, sizeof(*l));
}

int
list_add(struct list *l, const struct queue_name *n, struct err *e)
{
	struct waiting *w;

	if (l->count == l->allocated) {
		size_t wanted = l->allocated > 0 ? 2 * l->allocated : 64;

		w = reallocarray(l->entries, wanted, sizeof(*w));
		if (w == NULL)
			return err_set(e, EX_OSERR, "no memory for %zu messages",
			    wanted);
		l->entries = w;
		l->allocated = wanted;
	}
	w = &l->entries[l->count];
	memset(w, 0, sizeof(*w));
	w->name = *n;
	if (l->count > 0 && strcmp(w[-1].name.id, n->id) >= 0)
		l->sorted = false;
	if (l->count++ == 0)
		l->sorted = true;
	return 0;
}

int
list_insert(struct list *l, const struct queue_name *n, struct err *e)
{
	struct waiting fresh;
	size_t at;

	list_tidy(l);
	if (list_add(l, n, e) != 0)
		return -1;
	l->sorted = true;
	at = l->count - 1;
	fresh = l->entries[at];
	while (at > 0 && strcmp(l->entries[at - 1].name.id, n->id) > 0)
		at--;
	memmove(&l->entries[at + 1], &l->entries[at],
	    (l->count - 1 - at) * sizeof(fresh));
	l->entries[at] = fresh;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;
	int order = strcmp(x->name.id, y->name.id);

	/* Of two the one that was looked at already comes first. */
	return order != 0 ? order : (y->busy || y->due != 0) -
	    (x->busy || x->due != 0);
}

void
list_tidy(struct list *l)
{
	size_t kept = 0;

	if (!l->sorted && l->count > 0)
		qsort(l->entries, l->count, sizeof(*l->entries), compare);
	l->sorted = true;
	for (size_t i = 0; i < l->count; i++) {
		struct waiting *w = &l->entries[i];

		if (w->done || (kept > 0 &&
		    strcmp(l->entries[kept - 1].name.id, w->name.id) == 0))
			free(w->unwritten);
		else
			l->entries[kept++] = *w;
	}
	l->count = kept;
}

struct waiting *
list_find(struct list *l, const char *id)
{
	struct waiting key;

	if (!l->sorted)
		list_tidy(l);
	memset(&key, 0, sizeof(key));
	memcpy(key.name.id, id, strnlen(id, sizeof(key.name.id) - 1));
	for (size_t from = 0, to = l->count; from < to; ) {
		size_t middle = from + (to - from) / 2;
		int order = strcmp(l->entries[middle].name.id, key.name.id);

		if (order == 0)
			return &l->entries[middle];
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}
