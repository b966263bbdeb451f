#include "smtp/tls.h"

#include "base/clock.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const bool tls_linked = true;

enum { DIGEST_LEN = 32, NAME_MAX_BYTES = 256, NAMES_SHOWN = 3 };

struct tls {
	SSL_CTX      *context;
	SSL          *ssl;
	char          name[NAME_MAX_BYTES];	/* what the certificate must say */
	bool          pinned;
	unsigned char pin[DIGEST_LEN];
	bool          connected;
	bool          broken;		/* no farewell can be said any more */
	struct buf    objection;	/* to its certificate */
	const char   *store;		/* where CAs were looked up, for people */
};

/*
 * Certificates of authorities
 */

/* "1d3472b9.0": what c_rehash makes, and what is looked up by name. */
static bool
is_hashed_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	    isdigit((unsigned char)name[9]);
}

static bool
is_hashed_directory(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	bool found = false;

	if (dir == NULL)
		return false;
	while (!found && (d = readdir(dir)) != NULL)
		found = is_hashed_name(d->d_name);
	(void)closedir(dir);
	return found;
}

/*
 * The system's authorities. In a hashed directory the one that is needed is
 * looked up: a bundle would have to be parsed whole, which takes longer than the mail. The
 * variables SSL_CERT_DIR and SSL_CERT_FILE are the caller's, so not ours to
 * believe.
 */
static int
use_system_store(struct tls *t, struct err *e)
{
	const char *const directories[] = { X509_get_default_cert_dir(),
	    "/etc/ssl/certs", "/etc/pki/tls/certs" };
	const char *const bundles[] = { X509_get_default_cert_file(),
	    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
	    "/etc/ssl/cert.pem" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		t->store = directories[i];
		if (is_hashed_directory(t->store) &&
		    SSL_CTX_load_verify_dir(t->context, t->store) == 1)
			return 0;
	}
	for (size_t i = 0; i < sizeof(bundles) / sizeof(bundles[0]); i++) {
		t->store = bundles[i];
		if (access(t->store, R_OK) == 0 &&
		    SSL_CTX_load_verify_file(t->context, t->store) == 1)
			return 0;
	}
	return err_set(e, EX_CONFIG, "this system has no certificates of "
	    "authorities: install ca-certificates, or set [smtp] tls_ca_file");
}

static int
use_store(struct tls *t, const struct settings *s, struct err *e)
{
	if (s->tls_ca_file[0] == '\0')
		return use_system_store(t, e);
	t->store = s->tls_ca_file;
	if (access(t->store, R_OK) != 0)
		return err_sys(e, EX_CONFIG, "[smtp] tls_ca_file: %s", t->store);
	if (SSL_CTX_load_verify_file(t->context, t->store) != 1)
		return err_set(e, EX_CONFIG, "[smtp] tls_ca_file: %s holds no "
		    "certificates (PEM)", t->store);
	return 0;
}

/*
 * Settings
 */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "AB:CD:…" or "abcd…": SHA-256, so 64 digits. */
static int
parse_pin(struct tls *t, const char *text, struct err *e)
{
	size_t digits = 0;

	for (; *text != '\0'; text++) {
		int value = hex_digit(*text);

		if (*text == ':' || *text == ' ')
			continue;
		if (value < 0 || digits == 2 * DIGEST_LEN)
			break;
		t->pin[digits / 2] = (unsigned char)(t->pin[digits / 2] << 4 | value);
		digits++;
	}
	if (*text != '\0' || digits != 2 * DIGEST_LEN)
		return err_set(e, EX_CONFIG, "[smtp] tls_fingerprint is not the "
		    "SHA-256 of a certificate: 64 hexadecimal digits");
	t->pinned = true;
	return 0;
}

/* OpenSSL would ask for the pass phrase on the terminal. */
static int
no_pass_phrase(char *buffer, int size, int writing, void *unused)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)unused;
	return -1;
}

static int
use_client_certificate(struct tls *t, const struct settings *s, struct err *e)
{
	const char *cert = s->tls_client_cert;
	const char *key = s->tls_client_key[0] != '\0' ? s->tls_client_key : cert;

	if (cert[0] == '\0')
		return 0;
	SSL_CTX_set_default_passwd_cb(t->context, no_pass_phrase);
	if (access(cert, R_OK) != 0)
		return err_sys(e, EX_CONFIG, "[smtp] tls_client_cert: %s", cert);
	if (access(key, R_OK) != 0)
		return err_sys(e, EX_CONFIG, "[smtp] tls_client_key: %s", key);
	if (SSL_CTX_use_certificate_chain_file(t->context, cert) != 1)
		return err_set(e, EX_CONFIG, "[smtp] tls_client_cert: %s holds no "
		    "certificate (PEM)", cert);
	if (SSL_CTX_use_PrivateKey_file(t->context, key, SSL_FILETYPE_PEM) != 1)
		return err_set(e, EX_CONFIG, "[smtp] tls_client_key: %s holds no "
		    "key (PEM, without pass phrase) for %s", key, cert);
	return 0;
}

/* The name that the certificate must have: a final dot is none of it. */
static int
take_name(struct tls *t, const struct settings *s, const char *name, struct err *e)
{
	size_t len;

	if (s->tls_name[0] != '\0')
		name = s->tls_name;
	len = strlen(name);
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= sizeof(t->name) || name[0] == '/')
		return err_set(e, EX_CONFIG, "[smtp] tls_name must say what the "
		    "server's certificate is for");
	memcpy(t->name, name, len);
	t->name[len] = '\0';
	return 0;
}

static bool
is_address(const char *name)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, bytes) == 1 ||
	    inet_pton(AF_INET6, name, bytes) == 1;
}

static int
expect_name(struct tls *t)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);

	if (is_address(t->name))
		return X509_VERIFY_PARAM_set1_ip_asc(param, t->name);
	/* RFC 9525, 2: the subject's common name is no name of a host. */
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, t->name, 0) == 1 &&
	    SSL_set_tlsext_host_name(t->ssl, t->name) == 1;
}

/*
 * The server's certificate
 */

/* Bytes of a certificate: they may hold a NUL or worse. */
static void
put_string(struct buf *out, const ASN1_STRING *s)
{
	int len = ASN1_STRING_length(s);

	buf_put_printable(out, (const char *)ASN1_STRING_get0_data(s),
	    len > 100 ? 100 : (size_t)len);
}

static void
put_name_entry(struct buf *out, const X509_NAME *name)
{
	static const int wanted[] = { NID_commonName, NID_organizationName };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int at = X509_NAME_get_index_by_NID(name, wanted[i], -1);

		if (at < 0)
			continue;
		put_string(out, X509_NAME_ENTRY_get_data(
		    X509_NAME_get_entry(name, at)));
		return;
	}
	buf_puts(out, "nobody");
}

static void
put_address(struct buf *out, const ASN1_STRING *s)
{
	char text[INET6_ADDRSTRLEN] = "?";
	int family = ASN1_STRING_length(s) == 4 ? AF_INET : AF_INET6;

	if (ASN1_STRING_length(s) == 4 || ASN1_STRING_length(s) == 16)
		(void)inet_ntop(family, ASN1_STRING_get0_data(s), text, sizeof(text));
	buf_puts(out, text);
}

/* The hosts that it is for, the first few of them. */
static void
put_hosts(struct buf *out, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL,
	    NULL);
	int count = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS && name->type != GEN_IPADD)
			continue;
		if (++count > NAMES_SHOWN)
			continue;
		buf_puts(out, count > 1 ? ", " : "");
		if (name->type == GEN_DNS)
			put_string(out, name->d.dNSName);
		else
			put_address(out, name->d.iPAddress);
	}
	if (count > NAMES_SHOWN)
		buf_printf(out, " and %d more", count - NAMES_SHOWN);
	if (count == 0) {
		buf_puts(out, "no host (its subject is ");
		put_name_entry(out, X509_get_subject_name(cert));
		buf_putc(out, ')');
	}
	GENERAL_NAMES_free(names);
}

static void
put_end(struct buf *out, X509 *cert)
{
	struct tm tm;
	char text[32] = "?";

	memset(&tm, 0, sizeof(tm));
	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1)
		(void)strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	buf_puts(out, text);
}

static void
object(struct tls *t, X509 *cert, const char *why)
{
	struct buf *out = &t->objection;

	buf_reset(out);
	buf_printf(out, "%s; it is for ", why);
	put_hosts(out, cert);
	buf_puts(out, ", issued by ");
	put_name_entry(out, X509_get_issuer_name(cert));
	buf_puts(out, ", valid until ");
	put_end(out, cert);
}

static bool
digest_of(X509 *cert, unsigned char digest[EVP_MAX_MD_SIZE], const EVP_MD *md,
    unsigned *len)
{
	return X509_digest(cert, md, digest, len) == 1;
}

static int
check_pin(struct tls *t, X509 *cert)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (digest_of(cert, digest, EVP_sha256(), &len) && len == DIGEST_LEN &&
	    memcmp(digest, t->pin, DIGEST_LEN) == 0)
		return 1;
	object(t, cert, "the server's certificate is not the one of [smtp] "
	    "tls_fingerprint");
	return 0;
}

static void
object_to_chain(struct tls *t, X509 *cert, int cause)
{
	struct buf why;

	buf_init(&why, 1024);
	switch (cause) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		buf_printf(&why, "the server's certificate is not for %s", t->name);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		buf_printf(&why, "nobody in %s vouches for the server's "
		    "certificate (%s)", t->store,
		    X509_verify_cert_error_string(cause));
		break;
	default:
		buf_printf(&why, "the server's certificate is not good: %s",
		    X509_verify_cert_error_string(cause));
	}
	object(t, cert, buf_text(&why));
	buf_free(&why);
}

/* Called once in a handshake, with the chain that the server sent. */
static int
check_certificate(X509_STORE_CTX *chain, void *given)
{
	struct tls *t = given;
	X509 *cert = X509_STORE_CTX_get0_cert(chain);

	if (t->pinned) {
		int good = check_pin(t, cert);

		X509_STORE_CTX_set_error(chain, good ? X509_V_OK :
		    X509_V_ERR_APPLICATION_VERIFICATION);
		return good;
	}
	if (X509_verify_cert(chain) == 1)
		return 1;
	object_to_chain(t, cert, X509_STORE_CTX_get_error(chain));
	return 0;
}

/*
 * Making ready
 */

static int
set_up(struct tls *t, const struct settings *s, struct err *e)
{
	int least = s->tls_min_version == TLS_VERSION_1_3 ? TLS1_3_VERSION :
	    TLS1_2_VERSION;

	/*
	 * The words for its errors are a million instructions to load; ours
	 * are below. The table of ciphers by name is two; only keys with a pass
	 * phrase are looked up there, which we do not take. Without atexit
	 * nothing is taken apart that ends anyway.
	 */
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_SSL_STRINGS |
	    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
	    OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ATEXIT, NULL);
	t->context = SSL_CTX_new(TLS_client_method());
	if (t->context == NULL ||
	    SSL_CTX_set_min_proto_version(t->context, least) != 1)
		return err_set(e, EX_SOFTWARE, "OpenSSL cannot be set up");
	(void)SSL_CTX_set_options(t->context, SSL_OP_NO_RENEGOTIATION);
	(void)SSL_CTX_set_mode(t->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	(void)SSL_CTX_set_session_cache_mode(t->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(t->context, check_certificate, t);
	if (s->tls_fingerprint[0] != '\0') {
		if (parse_pin(t, s->tls_fingerprint, e) != 0)
			return -1;
	} else if (use_store(t, s, e) != 0) {
		return -1;
	}
	if (use_client_certificate(t, s, e) != 0)
		return -1;
	t->ssl = SSL_new(t->context);
	if (t->ssl == NULL || !expect_name(t))
		return err_set(e, EX_SOFTWARE, "OpenSSL cannot be set up for %s",
		    t->name);
	return 0;
}

struct tls *
tls_new(const struct settings *s, const char *name, struct err *e)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		(void)err_set(e, EX_OSERR, "no memory for TLS");
		return NULL;
	}
	buf_init(&t->objection, 600);
	if (take_name(t, s, name, e) != 0 || set_up(t, s, e) != 0) {
		tls_free(t);
		return NULL;
	}
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->connected && !t->broken)
		(void)SSL_shutdown(t->ssl);	/* its answer is not waited for */
	SSL_free(t->ssl);
	SSL_CTX_free(t->context);
	buf_free(&t->objection);
	free(t);
}

/*
 * Failures. OpenSSL's own words are not loaded, and are not for people.
 */

static const struct {
	int         reason;
	int         status;
	const char *words;
} reasons[] = {
	{ SSL_R_WRONG_VERSION_NUMBER, EX_PROTOCOL, "this is no TLS: the port may "
	    "speak plain SMTP (set [smtp] tls = starttls)" },
	{ SSL_R_HTTP_REQUEST, EX_PROTOCOL, "this is no mail server but HTTP" },
	{ SSL_R_PACKET_LENGTH_TOO_LONG, EX_PROTOCOL, "this is no TLS" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, EX_UNAVAILABLE, "the server's TLS is older "
	    "than [smtp] tls_min_version" },
	{ SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, EX_UNAVAILABLE, "the server's TLS is "
	    "older than [smtp] tls_min_version" },
	{ SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, EX_UNAVAILABLE, "the server has no "
	    "cipher in common with us, or wants a client certificate" },
	{ SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, EX_UNAVAILABLE, "the server "
	    "wants a client certificate (set [smtp] tls_client_cert)" },
	{ SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, EX_UNAVAILABLE, "the server refused "
	    "our client certificate" },
	{ SSL_R_TLSV1_ALERT_UNKNOWN_CA, EX_UNAVAILABLE, "the server does not know "
	    "who issued our client certificate" },
	{ SSL_R_TLSV1_UNRECOGNIZED_NAME, EX_UNAVAILABLE, "the server does not know "
	    "the name we asked for (see [smtp] tls_name)" },
	{ SSL_R_DH_KEY_TOO_SMALL, EX_UNAVAILABLE, "the server's keys are too weak" },
};

/* What the queue of errors says: -1 with *e. */
static int
explain(const struct tls *t, struct err *e)
{
	unsigned long error = ERR_peek_error();

	ERR_clear_error();
	if (t->objection.len > 0)
		return err_set(e, EX_UNAVAILABLE, "%s", buf_text(&t->objection));
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
		    reasons[i].reason == ERR_GET_REASON(error))
			return err_set(e, reasons[i].status, "%s", reasons[i].words);
	return err_set(e, EX_PROTOCOL, "TLS failed (see: openssl errstr %lX)", error);
}

static bool
is_cut(void)
{
	unsigned long error = ERR_peek_error();

	return error == 0 || (ERR_GET_LIB(error) == ERR_LIB_SSL &&
	    ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

/*
 * After a call that did not succeed: 0 with *events where it is to be called
 * again, 1 at the orderly end, -1 with errno (EPROTO: and *e).
 */
static int
sort_out(struct tls *t, int result, short *events, struct err *e)
{
	int cause = errno;
	int kind = SSL_get_error(t->ssl, result);

	switch (kind) {
	case SSL_ERROR_WANT_READ:
		*events = POLLIN;
		return 0;
	case SSL_ERROR_WANT_WRITE:
		*events = POLLOUT;
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return 1;
	}
	t->broken = true;
	if (kind == SSL_ERROR_SSL && !is_cut()) {
		(void)explain(t, e);
		errno = EPROTO;
		return -1;
	}
	ERR_clear_error();
	errno = kind == SSL_ERROR_SYSCALL && cause != 0 ? cause : ECONNRESET;
	return -1;
}

static int
wait_for(int fd, short events, int64_t deadline, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = poll(&p, 1, clock_left(deadline));

	if (n < 0 && errno != EINTR)
		return err_sys(e, EX_OSERR, "cannot wait for the server");
	return n == 0 ? err_set(e, EX_TEMPFAIL,
	    "the TLS handshake was not finished in time") : 0;
}

int
tls_handshake(struct tls *t, int fd, int64_t deadline, struct err *e)
{
	if (SSL_set_fd(t->ssl, fd) != 1)
		return err_set(e, EX_SOFTWARE, "OpenSSL does not take the socket");
	for (;;) {
		short events = 0;
		int result, state;

		ERR_clear_error();
		errno = 0;
		result = SSL_connect(t->ssl);
		if (result == 1)
			break;
		state = sort_out(t, result, &events, e);
		if (state > 0)
			return err_set(e, EX_TEMPFAIL, "the server broke off the "
			    "TLS handshake");
		if (state < 0 && errno != EPROTO)
			return err_sys(e, EX_TEMPFAIL, "the TLS handshake broke off");
		if (state < 0 || wait_for(fd, events, deadline, e) != 0)
			return -1;
	}
	t->connected = true;
	return 0;
}

/*
 * Using it
 */

ssize_t
tls_read(struct tls *t, void *bytes, size_t size, short *events, struct err *e)
{
	size_t moved = 0;
	int state;

	ERR_clear_error();
	errno = 0;
	if (SSL_read_ex(t->ssl, bytes, size, &moved) == 1)
		return (ssize_t)moved;
	state = sort_out(t, 0, events, e);
	if (state == 0)
		errno = EAGAIN;
	return state > 0 ? 0 : -1;
}

ssize_t
tls_write(struct tls *t, const void *bytes, size_t len, short *events,
    struct err *e)
{
	size_t moved = 0;
	int state;

	ERR_clear_error();
	errno = 0;
	if (SSL_write_ex(t->ssl, bytes, len, &moved) == 1)
		return (ssize_t)moved;
	state = sort_out(t, 0, events, e);
	if (state == 0)
		errno = EAGAIN;
	else if (state > 0)
		errno = EPIPE;
	return -1;
}

/* RFC 5929, 4.1: by the digest of its signature, but not by a broken one. */
static bool
put_end_point(X509 *cert, struct buf *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	const EVP_MD *md;
	unsigned len = 0;
	int nid = NID_undef;

	if (X509_get_signature_info(cert, &nid, NULL, NULL, NULL) != 1 ||
	    nid == NID_undef)
		return false;
	if (nid == NID_md5 || nid == NID_sha1)
		nid = NID_sha256;
	md = EVP_get_digestbynid(nid);
	if (md == NULL || !digest_of(cert, digest, md, &len))
		return false;
	buf_put(out, digest, len);
	return true;
}

const char *
tls_binding(struct tls *t, struct buf *out)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char bytes[DIGEST_LEN];
	X509 *cert;

	buf_reset(out);
	if (SSL_version(t->ssl) >= TLS1_3_VERSION) {
		if (SSL_export_keying_material(t->ssl, bytes, sizeof(bytes), label,
		    strlen(label), NULL, 0, 1) != 1)
			return NULL;
		buf_put(out, bytes, sizeof(bytes));
		return "tls-exporter";
	}
	cert = SSL_get0_peer_certificate(t->ssl);
	return cert != NULL && put_end_point(cert, out) ?
	    "tls-server-end-point" : NULL;
}

void
tls_describe(const struct tls *t, struct buf *out)
{
	buf_printf(out, "%s %s, certificate of %s %s", SSL_get_version(t->ssl),
	    SSL_get_cipher_name(t->ssl), t->name, t->pinned ?
	    "pinned" : "verified");
}
