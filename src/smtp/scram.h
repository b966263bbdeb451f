/*
 * scram.h - the client's side of SCRAM (RFC 5802, RFC 7677) as text to text,
 * and the keyed digest of CRAM-MD5. With tls.c the only user of OpenSSL.
 */
#ifndef OUTTRAY_SMTP_SCRAM_H
#define OUTTRAY_SMTP_SCRAM_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum scram_digest { SCRAM_SHA_1, SCRAM_SHA_256 };

enum {
	SCRAM_MESSAGE_MAX = 8192,	/* bytes of each message */

	/*
	 * Iterations that a server may ask for. Fewer than RFC 5802's 4096
	 * would give a forged server a proof that is cheap to search. The
	 * upper bound lies above all advice known for PBKDF2 (1,300,000 for
	 * SHA-1) and costs about a second of CPU time: a hostile server can
	 * waste that and no more.
	 */
	SCRAM_ITERATIONS_MIN = 4096,
	SCRAM_ITERATIONS_MAX = 2000000,

	SCRAM_HASH_MAX = 32
};

enum scram_binding {		/* the GS2 flag */
	SCRAM_BINDING_NONE,	/* "n": we have nothing to bind to */
	SCRAM_BINDING_UNUSED,	/* "y": we have, the server does not offer it */
	SCRAM_BINDING_USED	/* "p": bound */
};

/* All of it stays the caller's and is only read during scram_first. */
struct scram_login {
	enum scram_digest  digest;
	const char        *user;
	const char        *password;
	size_t             password_len;
	enum scram_binding binding;
	const char        *binding_name;	/* for _USED: "tls-exporter" */
	const void        *binding_bytes;
	size_t             binding_len;
	const char        *nonce;	/* printable, no comma; NULL = random */
};

struct scram {
	enum scram_digest digest;
	int        step;	/* 1 first sent, 2 final sent, 3 proved */
	struct buf password;	/* prepared */
	struct buf nonce;	/* our part */
	struct buf binding;	/* GS2 header and binding bytes */
	struct buf bare;	/* client-first-message-bare */
	unsigned char server_signature[SCRAM_HASH_MAX];
};

/* Zeroed memory is safe to free. Wipes. */
void scram_free(struct scram *s);

/*
 * The client's first message in place of what `out` held. User and password
 * are prepared as far as can be done without Unicode tables (SASLprep, RFC
 * 4013): they must be UTF-8 without control characters (else EX_CONFIG),
 * blanks of all kinds become spaces and invisible characters go; what is
 * missing is NFKC. A password typed on a keyboard is in that form already,
 * but for ligatures, full-width and similar letters, which some servers will
 * have stored as others. Returns 0, or -1 (EX_CONFIG, EX_OSERR).
 */
int scram_first(struct scram *s, const struct scram_login *login,
    struct buf *out, struct err *e);

/*
 * The server's message to our answer, in place of what `out` held: first the
 * proof, then (its signature being right) nothing. Returns 0, or -1:
 * EX_PROTOCOL for a message that is malformed, out of bounds, not of this
 * exchange or wrongly signed, EX_NOPERM for the server's e= error, EX_OSERR.
 */
int scram_next(struct scram *s, const char *message, size_t len,
    struct buf *out, struct err *e);

/* A name as SCRAM and OAUTHBEARER write it: "=2C" for ',', "=3D" for '='. */
void scram_print_name(const char *name, size_t len, struct buf *out);

/* Has the server shown that it knows the password? */
bool scram_proved(const struct scram *s);

/*
 * HMAC-MD5 as 32 lower-case hexadecimal digits behind what `out` holds. 0,
 * or -1 (EX_CONFIG) where this OpenSSL has no MD5, as in FIPS mode.
 */
int scram_hmac_md5(const void *key, size_t key_len, const void *bytes,
    size_t len, struct buf *out, struct err *e);

#endif
