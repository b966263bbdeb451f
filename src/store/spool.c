#include "store/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_TRIES = 8 };

int
spool_open(struct spool *p, const char *directory, struct err *e)
{
	char *incoming = NULL;
	struct stat st;
	int n;

	memset(p, 0, sizeof(*p));
	if (asprintf(&incoming, "%s/incoming", directory) < 0)
		return err_set(e, EX_OSERR, "out of memory");
	n = draft_open(&p->draft, incoming, e);
	if (n != 0 && stat(incoming, &st) != 0 && errno == ENOENT)
		n = 1;
	free(incoming);
	return n;
}

int
spool_write(struct spool *p, const struct buf *b, struct err *e)
{
	return draft_write_buf(&p->draft, b, e);
}

int
spool_commit(struct spool *p, const char *first_id, bool locked, struct err *e)
{
	char id[STAMP_ID_MAX], name[SPOOL_NAME_MAX];
	int taken = 1;

	/* Locked before anybody can see it. */
	if (locked && draft_lock(&p->draft, e) != 0)
		return -1;
	(void)snprintf(id, sizeof(id), "%s", first_id);
	for (int i = 0; i < NAME_TRIES && taken > 0; i++) {
		if (i > 0 && stamp_id(id, e) != 0)
			return -1;
		(void)snprintf(name, sizeof(name), "%s,S=%llu.eml", id,
		    (unsigned long long)p->draft.written);
		taken = draft_link(&p->draft, name, e);
	}
	if (taken > 0)
		return err_set(e, EX_CANTCREAT, "each name tried in %s is taken, "
		    "%s the last", p->draft.directory, name);
	if (taken < 0)
		return -1;
	if (draft_sync_file(&p->draft, e) != 0)
		return draft_take_back(&p->draft, name, e);
	memcpy(p->id, id, sizeof(id));
	memcpy(p->name, name, sizeof(name));
	return 0;
}

int
spool_settle(struct spool *p, struct err *e)
{
	/* Gone already is as good: a runner saw that the lock was free. */
	if (unlinkat(p->draft.dir, p->name, 0) != 0 && errno != ENOENT)
		return err_sys(e, EX_IOERR, "cannot remove %s/%s, which has been "
		    "delivered", p->draft.directory, p->name);
	p->name[0] = '\0';
	return 0;
}

void
spool_free(struct spool *p)
{
	draft_free(&p->draft);
}
