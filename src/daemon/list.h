/*
 * list.h - the messages that wait, in memory: oldest first, and no more of
 * each than its name and when it is due.
 */
#ifndef OUTTRAY_DAEMON_LIST_H
#define OUTTRAY_DAEMON_LIST_H

#include "store/queue.h"

struct waiting {
	struct queue_name name;
	int64_t due;		/* milliseconds (clock.h); 0 = not looked at yet */
	bool    busy;		/* an agent has it */
	bool    done;		/* not in the queue any more */
	char   *unwritten;	/* lines that its log could not take, or NULL */
};

struct list {
	struct waiting *entries;
	size_t count, allocated;
	bool   sorted;
};

/* Zeroed memory is an empty list. */
void list_free(struct list *l);

/* One more, due at once. 0, or -1 (EX_OSERR). */
int list_add(struct list *l, const struct queue_name *n, struct err *e);

/* The same for one more in a list of many: the list stays sorted. */
int list_insert(struct list *l, const struct queue_name *n, struct err *e);

/*
 * Sort, and drop what is done, or there twice. Pointers into the list are
 * good until list_add, list_insert or this is called.
 */
void list_tidy(struct list *l);

/* That one, or NULL. The list is tidied first where it has to be. */
struct waiting *list_find(struct list *l, const char *id);

#endif
