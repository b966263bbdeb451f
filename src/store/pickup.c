#include "store/pickup.h"

#include <stdio.h>
#include <string.h>

enum { NAME_TRIES = 8 };

int
pickup_open(struct pickup *p, const char *directory, struct err *e)
{
	memset(p, 0, sizeof(*p));
	return draft_open(&p->draft, directory, e);
}

int
pickup_write(struct pickup *p, const struct buf *b, struct err *e)
{
	return draft_write_buf(&p->draft, b, e);
}

int
pickup_commit(struct pickup *p, const char *first_id, struct err *e)
{
	char id[STAMP_ID_MAX], name[sizeof(id) + sizeof(".eml")];
	int taken = 1;

	if (draft_sync_data(&p->draft, e) != 0)
		return -1;
	(void)snprintf(id, sizeof(id), "%s", first_id);
	for (int i = 0; i < NAME_TRIES && taken > 0; i++) {
		if (i > 0 && stamp_id(id, e) != 0)
			return -1;
		(void)snprintf(name, sizeof(name), "%s.eml", id);
		taken = draft_link(&p->draft, name, e);
	}
	if (taken > 0)
		return err_set(e, EX_CANTCREAT, "each name tried in %s is taken, "
		    "%s the last", p->draft.directory, name);
	if (taken < 0)
		return -1;
	if (draft_sync_folder(&p->draft, e) != 0)
		return draft_take_back(&p->draft, name, e);
	memcpy(p->id, id, sizeof(id));
	return 0;
}

void
pickup_free(struct pickup *p)
{
	draft_free(&p->draft);
}
