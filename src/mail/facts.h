/*
 * facts.h - what the agent must know of a message before it sends the first
 * command, gathered from a message that waits in a file (message.h gathers
 * it from one that comes in).
 */
#ifndef OUTTRAY_MAIL_FACTS_H
#define OUTTRAY_MAIL_FACTS_H

#include "mail/message.h"

/* Zeroed memory is the beginning of a message. */
struct facts {
	struct message_facts found;	/* complete after facts_end */
	size_t line;			/* bytes of the line in hand */
	bool   in_body;			/* a blank line was seen */
	char   last;			/* the byte before */
};

/* The next bytes of header, blank line and body, whatever they end lines with. */
void facts_feed(struct facts *f, const char *bytes, size_t len);

/* There are no more: a last line without an end counts too. */
void facts_end(struct facts *f);

#endif
