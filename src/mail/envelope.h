/*
 * envelope.h - who sends, who receives, and what was asked of the delivery
 * (RFC 5321 2.3.1; delivery status notifications: RFC 3461).
 */
#ifndef OUTTRAY_MAIL_ENVELOPE_H
#define OUTTRAY_MAIL_ENVELOPE_H

#include "mail/addr.h"

#include <stdint.h>

enum {				/* NOTIFY=, a set of bits; 0 = not asked */
	NOTIFY_NEVER   = 1,
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY   = 8
};

enum ret { RET_UNSET, RET_FULL, RET_HDRS };	/* RET= */

/* xtext (RFC 3461, 4) of at most so many bytes */
enum { ENVID_MAX = 100, ORCPT_MAX = 500 };

struct recipient {
	struct addr addr;
	unsigned    notify;	/* bits as above */
	char       *orcpt;	/* "rfc822;xtext" or NULL */
};

struct envelope {
	struct addr       sender;	/* text "" is the null sender */
	bool              has_sender;	/* false while nobody named one */
	enum ret          ret;
	char             *envid;	/* xtext or NULL */
	unsigned          notify;	/* for recipients that have no own */
	struct recipient *recipients;
	size_t            count;
	size_t            limit;	/* recipients, as init was told */
	size_t            allocated;
	size_t           *table;	/* addr_hash to index + 1; ours */
	size_t            table_size;
};

/* Zeroed memory is safe to free. */
void envelope_init(struct envelope *v, size_t max_recipients);
void envelope_free(struct envelope *v);

/* Replace the sender by a copy of this one. 0, or -1 (EX_OSERR). */
int envelope_set_sender(struct envelope *v, const struct addr *a, struct err *e);

/*
 * Add a recipient unless it is there already (addr_same). The envelope takes
 * `a` over and leaves it empty, also when it fails. Returns 1 if it was new,
 * 0 if known, -1 (EX_DATAERR: over the limit, or the null address; EX_OSERR).
 */
int envelope_add(struct envelope *v, struct addr *a, struct err *e);

/* The recipient added last, until the next is added; NULL where there is none. */
struct recipient *envelope_last(struct envelope *v);

/* Does any address in it need SMTPUTF8? */
bool envelope_utf8(const struct envelope *v);

/*
 * "failure,delay", "never" … to bits, as -N and NOTIFY= have them:
 * 0, or -1 (EX_USAGE).
 */
int notify_parse(unsigned *bits, const char *text, struct err *e);
void notify_print(unsigned bits, struct buf *out);

/* "full", "hdrs": 0, or -1 (EX_USAGE). */
int ret_parse(enum ret *r, const char *text, struct err *e);

/*
 * Valid xtext (RFC 3461, 4), as a parameter's value has it: not empty, no
 * control character even when decoded? And plain text made xtext.
 */
bool xtext_valid(const char *text, size_t len);
void xtext_print(const char *text, size_t len, struct buf *out);

#endif
