#include "daemon/host.h"

#include "daemon/backoff.h"

#include <string.h>

enum { GOOD_ON_EACH = 10 };	/* before one more, where it had too many */

void
host_init(struct host_view *h, unsigned most)
{
	memset(h, 0, sizeof(*h));
	h->most = most;
	h->limit = 1;
}

void
host_open(struct host_view *h, unsigned most)
{
	host_init(h, most);
}

bool
host_is_before_message(const struct verdict *v)
{
	static const char *const steps[] = { "lookup", "connect", "greeting",
	    "EHLO", "HELO", "STARTTLS", "TLS", "AUTH", "settings" };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(v->step, steps[i]) == 0)
			return true;
	return false;
}

enum host_news
host_news(const struct verdict *v)
{
	if (v->kind == VERDICT_NONE)
		return HOST_SILENT;
	if (v->kind != VERDICT_LATER)
		return HOST_FINE;
	if (v->status == EX_NOPERM || v->status == EX_CONFIG ||
	    (v->status == EX_UNAVAILABLE && strcmp(v->step, "TLS") == 0))
		return HOST_STOPS;
	if (host_is_before_message(v) || v->code == 421)
		return HOST_BUSY;
	return v->code != 0 ? HOST_FINE : HOST_SILENT;
}

static void
hear_good(struct host_view *h)
{
	h->failures = 0;
	h->stopped = false;
	h->closed_until = 0;
	h->good++;
	if (h->limit < h->most &&
	    (!h->shrunk || h->good >= GOOD_ON_EACH * h->limit)) {
		h->limit++;
		h->good = 0;
	}
}

int64_t
host_hear(struct host_view *h, enum host_news news, unsigned others,
    int64_t now, unsigned chance)
{
	int64_t delay = 0;

	if (news == HOST_FINE)
		hear_good(h);
	if (news != HOST_BUSY && news != HOST_STOPS)
		return 0;
	h->good = 0;
	if (news == HOST_BUSY && others > 0) {
		h->limit = others < h->limit ? others : h->limit;
		h->shrunk = true;
		return 0;
	}
	h->limit = 1;
	h->stopped = news == HOST_STOPS;
	h->failures++;
	delay = h->stopped ? HOST_STOP_MILLISECONDS :
	    backoff_delay(h->failures, HOST_LEAST_MILLISECONDS,
	    HOST_MOST_MILLISECONDS, chance);
	h->closed_until = now + delay;
	return delay;
}

unsigned
host_room(const struct host_view *h, unsigned busy, int64_t now)
{
	/* After trouble: one, until it has answered well. */
	unsigned limit = h->failures > 0 ? 1 : h->limit;

	if (now < h->closed_until || busy >= limit)
		return 0;
	return limit - busy;
}
