/*
 * agent.h - one message to the first smarthost that takes it.
 *
 * A host that cannot be reached, is busy, fails to prove who it is or breaks off makes way
 * for its next address and then for the next host; a refusal of the message or of a
 * recipient is final, and so is a refused login, since trying it again elsewhere
 * locks accounts.
 */
#ifndef OUTTRAY_SMTP_AGENT_H
#define OUTTRAY_SMTP_AGENT_H

#include "settings/settings.h"
#include "smtp/transfer.h"

/*
 * Deliver, and tell one verdict for each recipient. Returns 0, or -1 (EX_IOERR)
 * when they could not be told.
 */
int agent_run(const struct settings *settings, struct transfer *t, struct err *e);

/* May this job need OpenSSL: for TLS, or for a login by digest? */
bool agent_needs_openssl(const struct settings *settings);

#endif
