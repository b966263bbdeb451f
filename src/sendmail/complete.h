/*
 * complete.h - what the header says of the envelope, and what it lacks.
 *
 * Recipients are taken from it (-t), what must not leave is dropped (Bcc,
 * Resent-Bcc, Return-Path, X-Sender, X-Receiver), addresses without domain
 * get one, the sender's address becomes what [senders] and `sender` say, and
 * Date, Message-ID, From (and their Resent- kin) are added where missing.
 */
#ifndef OUTTRAY_SENDMAIL_COMPLETE_H
#define OUTTRAY_SENDMAIL_COMPLETE_H

#include "mail/envelope.h"
#include "mail/head.h"
#include "sendmail/caller.h"
#include "settings/settings.h"

#include <time.h>

struct completion {
	const struct settings *settings;
	const struct caller   *caller;
	const char            *domain;		/* for bare addresses */
	const char            *hostname;	/* for Received */
	const char            *full_name;	/* -F or $NAME; NULL: gecos */
	const char            *id;		/* for Received and Message-ID */
	time_t                 now;
};

/*
 * The envelope's sender: `given` (of -f or MAIL), or where that is NULL the
 * caller's login name; rewritten as the settings ask, with a domain. 0 or -1.
 */
int complete_sender(const struct completion *c, const struct addr *given,
    struct envelope *v, struct err *e);

/*
 * Add the recipients that To, Cc and Bcc name, or, where there is one of
 * them, Resent-To, Resent-Cc and Resent-Bcc. What is no address is left out and reported in `bad`
 * (a line "field: why" each). 0, or -1: too many, no memory, a broken alias.
 */
int complete_recipients(const struct completion *c, const struct head *h,
    struct envelope *v, struct buf *bad, struct err *e);

/* Edit the header; the envelope is complete by now. 0 or -1. */
int complete_head(const struct completion *c, struct head *h,
    const struct envelope *v, struct err *e);

#endif
