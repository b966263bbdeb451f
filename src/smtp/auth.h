/*
 * auth.h - logging in to the smarthost: SMTP AUTH (RFC 4954) with PLAIN
 * (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195), SCRAM-SHA-1 and -256 with and
 * without channel binding (RFC 5802, 7677), XOAUTH2, OAUTHBEARER (RFC 7628)
 * and EXTERNAL (RFC 4422).
 *
 * It reads no socket: the dialog hands it each answer and sends each line.
 *
 *	auth_choose(&a, mode, "PLAIN SCRAM-SHA-256", &given, e)
 *	auth_command(&a, &line, e)                     send the line
 *	while ((more = auth_hear(&a, code, text, len, &line, e)) == 1)
 *		send the line
 *	more == 0: logged in; -1: not, and e says why
 *
 * AUTH halts a pipeline: nothing may be sent before auth_hear returned 0.
 */
#ifndef OUTTRAY_SMTP_AUTH_H
#define OUTTRAY_SMTP_AUTH_H

#include "base/buf.h"
#include "base/err.h"
#include "settings/settings.h"
#include "smtp/scram.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * RFC 4954 (4): a line of the exchange, in base64, has at most so many
 * bytes, CRLF included. Give this to buf_init for `line`, and take answers
 * with code 334 up to this length (a longer one fails in auth_hear).
 */
enum { AUTH_LINE_MAX = 12288 };

/*
 * What the login works with. All of it stays the caller's and must live as
 * long as the struct auth.
 */
struct auth_given {
	const char       *user;		/* "" = none (EXTERNAL can do without) */
	const struct buf *secret;	/* password, or OAuth access token */
	const char       *host;		/* for OAUTHBEARER: the server's name … */
	unsigned          port;		/* … and port; "" and 0 leave them out */

	/*
	 * May the secret itself go over this connection? True where TLS is
	 * on, the host is a loopback address or a unix socket, or the
	 * setting allow_plaintext_auth says so.
	 */
	bool              confidential;

	/*
	 * Channel binding of the TLS connection: "tls-exporter" (RFC 9266:
	 * TLS 1.3) or "tls-server-end-point" (RFC 5929) and its bytes; ""
	 * and NULL where there is no TLS or no such bytes.
	 */
	const char       *binding_name;
	const void       *binding;
	size_t            binding_len;

	const char       *nonce;	/* for tests; NULL = a random one */
};

struct auth_mechanism;

struct auth {
	const struct auth_mechanism *mechanism;	/* NULL until chosen */
	const struct auth_given     *given;
	enum scram_binding binding;
	int          step;	/* responses made so far */
	struct buf   first;	/* the initial one, while it waits for a 334 */
	bool         complete;	/* nothing more to prove, on either side */
	bool         cancelled;	/* "*" was given out, for this failure: */
	struct err   failure;
	struct buf   fault;	/* the server's OAuth error, printable */
	struct scram scram;
	char         shown[64];	/* see auth_shown */
};

/* Zeroed memory is safe to free. Wipes. */
void auth_free(struct auth *a);

/*
 * Choose a mechanism and make ready for auth_command. `offered` is what the
 * server's EHLO answer has behind "AUTH " (names with blanks between, any
 * case; "" where it has no such line; behind the "AUTH=" of old servers too). For AUTH_AUTO the strongest is taken:
 * SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5,
 * and only where given->confidential PLAIN, LOGIN. A named SCRAM takes its
 * -PLUS where offered and possible. Tokens and EXTERNAL only go by name.
 * Returns 0, or -1: EX_NOPERM where the server does not offer it (the
 * sentence names what it offers), EX_CONFIG where settings are missing or
 * would show the secret to the network. `mode` AUTH_OFF is the caller's
 * business and EX_SOFTWARE here. auth_free is due in either case.
 */
int auth_choose(struct auth *a, enum auth_mode mode, const char *offered,
    const struct auth_given *given, struct err *e);

/* "SCRAM-SHA-256-PLUS": the one chosen. */
const char *auth_name(const struct auth *a);

/*
 * The AUTH command, without CRLF, in place of what `line` held: with the
 * initial response where the mechanism has one and the line stays within 512
 * bytes (RFC 4954, 4), else without. XOAUTH2 always does without: Microsoft's
 * servers want it so. Returns 0, or -1 (EX_CONFIG, EX_OSERR): nothing may be
 * sent then.
 */
int auth_command(struct auth *a, struct buf *line, struct err *e);

/*
 * The server's answer: its code, and its text without the code (for 334 the
 * challenge in base64). Returns
 *   1: send `line` (without CRLF, may be empty), then call again;
 *   0: logged in (the code was 235 and all that the server had to prove it
 *      has proved);
 *  -1: not logged in: EX_NOPERM refused (5xx, with the server's words),
 *      EX_TEMPFAIL (4xx), EX_PROTOCOL an answer that is none, or a server
 *      that does not know the password itself.
 * When we cannot go on, the line is "*" (RFC 4954, 4) and the reason is
 * returned with the answer to that.
 */
int auth_hear(struct auth *a, int code, const char *text, size_t len,
    struct buf *line, struct err *e);

/*
 * The last line made by auth_command or auth_hear as -v and logs may show it:
 * "AUTH PLAIN ***", "AUTH LOGIN", "***", "*", "". The texts of 334 answers
 * are not for showing either (with our nonce they would let a reader try
 * passwords at home): print them as "334 ***".
 */
const char *auth_shown(const struct auth *a);

#endif
