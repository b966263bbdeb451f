/*
 * without_openssl.c - what stands in for tls.c and scram.c in outtray-smtp.
 *
 * Loading OpenSSL costs a process as much as three mails: a server on this
 * host, reached without TLS, does not need it. main starts outtray-smtp-tls
 * for all others before anything is sent, so none of this is ever reached.
 */
#include "smtp/scram.h"
#include "smtp/tls.h"

#include <errno.h>
#include <string.h>

const bool tls_linked = false;

static int
not_here(struct err *e)
{
	return err_set(e, EX_SOFTWARE, "this program was built without OpenSSL");
}

struct tls *
tls_new(const struct settings *s, const char *name, struct err *e)
{
	(void)s;
	(void)name;
	(void)not_here(e);
	return NULL;
}

void
tls_free(struct tls *t)
{
	(void)t;
}

int
tls_handshake(struct tls *t, int fd, int64_t deadline, struct err *e)
{
	(void)t;
	(void)fd;
	(void)deadline;
	return not_here(e);
}

ssize_t
tls_read(struct tls *t, void *bytes, size_t size, short *events, struct err *e)
{
	(void)t;
	(void)bytes;
	(void)size;
	*events = 0;
	errno = EPROTO;
	return not_here(e);
}

ssize_t
tls_write(struct tls *t, const void *bytes, size_t len, short *events,
    struct err *e)
{
	(void)t;
	(void)bytes;
	(void)len;
	*events = 0;
	errno = EPROTO;
	return not_here(e);
}

const char *
tls_binding(struct tls *t, struct buf *out)
{
	(void)t;
	(void)out;
	return NULL;
}

void
tls_describe(const struct tls *t, struct buf *out)
{
	(void)t;
	(void)out;
}

void
scram_free(struct scram *s)
{
	memset(s, 0, sizeof(*s));
}

int
scram_first(struct scram *s, const struct scram_login *login, struct buf *out,
    struct err *e)
{
	(void)s;
	(void)login;
	(void)out;
	return not_here(e);
}

int
scram_next(struct scram *s, const char *message, size_t len, struct buf *out,
    struct err *e)
{
	(void)s;
	(void)message;
	(void)len;
	(void)out;
	return not_here(e);
}

void
scram_print_name(const char *name, size_t len, struct buf *out)
{
	(void)name;
	(void)len;
	out->full = true;
}

bool
scram_proved(const struct scram *s)
{
	(void)s;
	return false;
}

int
scram_hmac_md5(const void *key, size_t key_len, const void *bytes, size_t len,
    struct buf *out, struct err *e)
{
	(void)key;
	(void)key_len;
	(void)bytes;
	(void)len;
	(void)out;
	return not_here(e);
}
