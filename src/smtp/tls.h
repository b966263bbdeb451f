/*
 * tls.h - TLS over a connected, non-blocking socket (RFC 8446, RFC 3207,
 * RFC 8314). tls.c and scram.c alone include OpenSSL; nothing of it is set
 * up before tls_new.
 *
 * The server must prove its name by a certificate (chain and name, RFC
 * 9525), or by the fingerprint that the administrator gave in its place.
 */
#ifndef OUTTRAY_SMTP_TLS_H
#define OUTTRAY_SMTP_TLS_H

#include "base/buf.h"
#include "base/err.h"
#include "settings/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls;

/* Was this program linked with OpenSSL? Without it tls_new fails. */
extern const bool tls_linked;

/*
 * Make ready for a server of this name or address literal, by the settings
 * tls_ca_file, tls_name, tls_fingerprint, tls_min_version, tls_client_cert and
 * tls_client_key. NULL: EX_CONFIG for a file that cannot be used, or where this
 * system has no certificates at all.
 */
struct tls *tls_new(const struct settings *s, const char *name, struct err *e);
void tls_free(struct tls *t);		/* NULL is fine */

/*
 * Shake hands on the socket. Returns 0, or -1: EX_TEMPFAIL when the
 * connection was lost or the time is over, EX_PROTOCOL when this is no TLS
 * (e says what the port speaks instead), EX_UNAVAILABLE when the server has
 * not proved who it is (e names what its certificate is for, by whom and
 * until when).
 */
int tls_handshake(struct tls *t, int fd, int64_t deadline, struct err *e);

/*
 * As recv(2) and send(2) on a non-blocking socket. -1 with errno EAGAIN:
 * *events is what to poll(2) for; EPROTO: *e says what is wrong; else the
 * socket's own error. 0 from tls_read is the end, said by TLS itself; where
 * the connection just ended it is -1 with ECONNRESET.
 */
ssize_t tls_read(struct tls *t, void *bytes, size_t size, short *events,
    struct err *e);
ssize_t tls_write(struct tls *t, const void *bytes, size_t len, short *events,
    struct err *e);

/*
 * For the login's channel binding: its name, "tls-exporter" (RFC 9266) or
 * "tls-server-end-point" (RFC 5929), with its bytes put into `out`; NULL
 * where there is none.
 */
const char *tls_binding(struct tls *t, struct buf *out);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384", for -v. */
void tls_describe(const struct tls *t, struct buf *out);

#endif
