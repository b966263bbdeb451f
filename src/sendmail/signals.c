#include "sendmail/signals.h"

#include "deliver/deliver.h"
#include "store/draft.h"

#include <signal.h>
#include <stddef.h>

static void
on_signal(int number)
{
	draft_remove_hidden();
	delivery_kill_agent();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

void
signals_catch(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction old, ours = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (sigaction(numbers[i], &ours, &old) == 0 &&
		    old.sa_handler == SIG_IGN)
			(void)sigaction(numbers[i], &old, NULL); /* cannot fail so */
}
