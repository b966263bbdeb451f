/*
 * lookup.h - the addresses of a name. getaddrinfo(3) may wait for half a
 * minute and cannot be told not to, so it runs in a child process.
 */
#ifndef OUTTRAY_SMTP_LOOKUP_H
#define OUTTRAY_SMTP_LOOKUP_H

#include "smtp/dial.h"

/*
 * Fill d->addresses for d->host, IPv6 and IPv4 in turn, the system's first
 * choice first. Returns 0 or -1 as dial_lookup does.
 */
int lookup_name(struct dial *d, int64_t deadline, struct err *e);

#endif
