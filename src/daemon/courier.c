#include "daemon/courier.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "deliver/journal.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { GOODBYE_MILLISECONDS = 10 * 1000 };

int
courier_start(struct courier *c, const struct settings *s, int file,
    size_t recipients, struct err *e)
{
	memset(c, 0, sizeof(*c));
	if (delivery_start(&c->delivery, s, file, recipients, false, e) != 0)
		return -1;
	c->started = true;
	return 0;
}

int
courier_descriptor(const struct courier *c)
{
	return c->delivery.answers;
}

/* A system without memory, or without a part of ours, is no poisoned message. */
static bool
is_unfit(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	return code == EX_OSERR || code == EX_OSFILE || code == EX_CONFIG ||
	    code == 127;
}

int
courier_hear(struct courier *c)
{
	const struct delivery *d = &c->delivery;

	if (c->heard || delivery_wait(&c->delivery, 0) == 0)
		return 0;
	c->heard = true;
	c->leaves = clock_milliseconds() + GOODBYE_MILLISECONDS;
	c->unfit = d->pid < 0 && is_unfit(d->status) &&
	    journal_is_death(&d->verdicts[0]);
	return 1;
}

bool
courier_is_gone(struct courier *c, int64_t now)
{
	struct delivery *d = &c->delivery;
	char bytes[256];

	if (!c->heard)
		return false;
	/* Its output ends when it does. */
	while (d->pid > 0 && now < c->leaves) {
		if (io_wait_readable(d->answers, 0) <= 0)
			return false;
		if (io_read(d->answers, bytes, sizeof(bytes)) <= 0)
			break;
	}
	if (d->pid > 0 && now >= c->leaves)
		(void)kill(d->pid, SIGKILL);	/* it may have ended already */
	if (d->pid > 0)
		(void)proc_wait(d->pid);	/* all it had to say was heard */
	delivery_free(d);
	memset(c, 0, sizeof(*c));
	return true;
}

void
courier_stop(struct courier *c, const char *text)
{
	delivery_stop(&c->delivery, text);
	c->heard = true;
}
