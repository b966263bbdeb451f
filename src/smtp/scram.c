#include "smtp/scram.h"

#include "base/base64.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

enum { NONCE_BYTES = 18, PASSWORD_MAX = 4096 };

void
scram_free(struct scram *s)
{
	buf_free(&s->password);
	buf_free(&s->nonce);
	buf_free(&s->binding);
	buf_free(&s->bare);
	explicit_bzero(s, sizeof(*s));
}

bool
scram_proved(const struct scram *s)
{
	return s->step == 3;
}

/*
 * Preparing user and password
 */

/* The next character of UTF-8 and its length; 0 where it is none. */
static size_t
utf8_next(const unsigned char *text, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t need = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 :
	    text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;

	if (need == 0 || need > len)
		return 0;
	*c = need == 1 ? text[0] : text[0] & (0xffU >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (text[i] & 0x3f);
	}
	if (*c < least[need] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return need;
}

enum prep { PREP_KEEP, PREP_SPACE, PREP_NOTHING, PREP_REFUSE };

/* RFC 4013 (2.1, 2.3) by way of RFC 3454's tables C.1.2, B.1 and C.2. */
static enum prep
prepare_character(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		enum prep what;
	} table[] = {
		{ 0x00, 0x1f, PREP_REFUSE },	{ 0x7f, 0x9f, PREP_REFUSE },
		{ 0xa0, 0xa0, PREP_SPACE },	{ 0xad, 0xad, PREP_NOTHING },
		{ 0x34f, 0x34f, PREP_NOTHING },	{ 0x1680, 0x1680, PREP_SPACE },
		{ 0x1806, 0x1806, PREP_NOTHING },
		{ 0x180b, 0x180d, PREP_NOTHING },
		{ 0x2000, 0x200b, PREP_SPACE },
		{ 0x200c, 0x200d, PREP_NOTHING },
		{ 0x202f, 0x202f, PREP_SPACE },
		{ 0x205f, 0x205f, PREP_SPACE },
		{ 0x2060, 0x2060, PREP_NOTHING },
		{ 0x3000, 0x3000, PREP_SPACE },
		{ 0xfe00, 0xfe0f, PREP_NOTHING },
		{ 0xfeff, 0xfeff, PREP_NOTHING },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (c >= table[i].first && c <= table[i].last)
			return table[i].what;
	return PREP_KEEP;
}

static int
prepare(const char *what, const char *text, size_t len, struct buf *out,
    struct err *e)
{
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t c = 0;
	size_t step;

	for (size_t i = 0; i < len; i += step) {
		enum prep prep;

		step = utf8_next(bytes + i, len - i, &c);
		if (step == 0)
			return err_set(e, EX_CONFIG, "SCRAM needs a %s in "
			    "UTF-8: write it so, or set [smtp] auth = plain",
			    what);
		prep = prepare_character(c);
		if (prep == PREP_REFUSE)
			return err_set(e, EX_CONFIG, "the %s has a control "
			    "character, which SCRAM does not allow", what);
		if (prep == PREP_SPACE)
			buf_putc(out, ' ');
		else if (prep == PREP_KEEP)
			buf_put(out, text + i, step);
	}
	if (out->full)
		return err_set(e, EX_CONFIG, "the %s is too long", what);
	if (out->len == 0)
		return err_set(e, EX_CONFIG, "the %s is empty", what);
	return 0;
}

/*
 * The first message
 */

static int
make_nonce(struct scram *s, const char *given, struct err *e)
{
	unsigned char bytes[NONCE_BYTES];
	ssize_t got;

	if (given != NULL) {
		buf_puts(&s->nonce, given);
		return 0;
	}
	do
		got = getrandom(bytes, sizeof(bytes), 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(bytes))
		return err_sys(e, EX_OSERR, "no randomness for a nonce");
	base64_print(bytes, sizeof(bytes), &s->nonce);
	return 0;
}

static void
put_gs2_header(const struct scram_login *l, struct buf *out)
{
	if (l->binding == SCRAM_BINDING_USED)
		buf_printf(out, "p=%s,,", l->binding_name);
	else
		buf_puts(out, l->binding == SCRAM_BINDING_UNUSED ? "y,," : "n,,");
}

void
scram_print_name(const char *name, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++) {
		if (name[i] == ',')
			buf_puts(out, "=2C");
		else if (name[i] == '=')
			buf_puts(out, "=3D");
		else
			buf_putc(out, name[i]);
	}
}

static int
compose_first(struct scram *s, const struct scram_login *login,
    struct buf *user, struct buf *out, struct err *e)
{
	if (prepare("user name", login->user, strlen(login->user), user, e) != 0 ||
	    prepare("password", login->password, login->password_len,
	    &s->password, e) != 0 || make_nonce(s, login->nonce, e) != 0)
		return -1;

	put_gs2_header(login, &s->binding);
	buf_reset(out);
	buf_put(out, s->binding.data, s->binding.len);
	if (login->binding == SCRAM_BINDING_USED)
		buf_put(&s->binding, login->binding_bytes, login->binding_len);

	buf_puts(&s->bare, "n=");
	scram_print_name(user->data, user->len, &s->bare);
	buf_puts(&s->bare, ",r=");
	buf_put(&s->bare, s->nonce.data, s->nonce.len);
	buf_put(out, buf_text(&s->bare), s->bare.len);
	if (out->full || s->bare.full || s->binding.full || s->nonce.full)
		return err_set(e, EX_CONFIG, "the user name is too long");
	s->step = 1;
	return 0;
}

int
scram_first(struct scram *s, const struct scram_login *login, struct buf *out,
    struct err *e)
{
	struct buf user;
	int result;

	memset(s, 0, sizeof(*s));
	s->digest = login->digest;
	buf_init(&s->password, PASSWORD_MAX);
	buf_init(&s->nonce, SCRAM_MESSAGE_MAX);
	buf_init(&s->binding, SCRAM_MESSAGE_MAX);
	buf_init(&s->bare, SCRAM_MESSAGE_MAX);
	buf_init(&user, SCRAM_MESSAGE_MAX);
	result = compose_first(s, login, &user, out, e);
	buf_free(&user);
	return result;
}

/*
 * The server's messages
 */

struct piece {
	const char *text;
	size_t      len;
};

/*
 * Take "x=value" and the comma behind it from the front of `rest`.
 * The value goes to `value`. False where it does not start so.
 */
static bool
take(struct piece *rest, char letter, struct piece *value)
{
	const char *comma;

	if (rest->len < 2 || rest->text[0] != letter || rest->text[1] != '=')
		return false;
	value->text = rest->text + 2;
	comma = memchr(value->text, ',', rest->len - 2);
	value->len = comma != NULL ? (size_t)(comma - value->text) : rest->len - 2;
	rest->text = value->text + value->len;
	rest->len -= value->len + 2;
	if (comma != NULL) {
		rest->text++;
		rest->len--;
	}
	return true;
}

/* The number, or -1 for anything but up to nine digits. */
static long
iterations(struct piece p)
{
	long n = 0;

	if (p.len == 0 || p.len > 9 || p.text[0] == '0')
		return -1;
	for (size_t i = 0; i < p.len; i++) {
		if (p.text[i] < '0' || p.text[i] > '9')
			return -1;
		n = n * 10 + (p.text[i] - '0');
	}
	return n;
}

struct server_first {
	struct piece nonce;	/* within the message */
	struct buf   salt;
	long         iterations;
};

static int
parse_first(const struct scram *s, const char *message, size_t len,
    struct server_first *f, struct err *e)
{
	struct piece rest = { message, len }, salt, count;

	if (len > 1 && message[0] == 'm' && message[1] == '=')
		return err_set(e, EX_PROTOCOL, "the server wants an extension "
		    "of SCRAM that is not known here");
	if (!take(&rest, 'r', &f->nonce) || !take(&rest, 's', &salt) ||
	    !take(&rest, 'i', &count) ||
	    base64_parse(salt.text, salt.len, &f->salt) != 0 ||
	    f->salt.len == 0 || (f->iterations = iterations(count)) < 0)
		return err_set(e, EX_PROTOCOL,
		    "the server's SCRAM challenge is malformed");
	if (f->nonce.len <= s->nonce.len ||
	    memcmp(f->nonce.text, s->nonce.data, s->nonce.len) != 0)
		return err_set(e, EX_PROTOCOL, "the server's SCRAM challenge is "
		    "no answer to ours: its nonce is not an extension of it");
	if (f->iterations < SCRAM_ITERATIONS_MIN)
		return err_set(e, EX_PROTOCOL, "the server asks for %ld SCRAM "
		    "iterations, fewer than the %d that are safe",
		    f->iterations, SCRAM_ITERATIONS_MIN);
	if (f->iterations > SCRAM_ITERATIONS_MAX)
		return err_set(e, EX_PROTOCOL, "the server asks for %ld SCRAM "
		    "iterations, more than the %d that are reasonable",
		    f->iterations, SCRAM_ITERATIONS_MAX);
	return 0;
}

/*
 * The keys
 */

static const EVP_MD *
digest_of(const struct scram *s)
{
	return s->digest == SCRAM_SHA_1 ? EVP_sha1() : EVP_sha256();
}

static size_t
digest_size(const struct scram *s)
{
	return s->digest == SCRAM_SHA_1 ? 20 : 32;
}

static bool
keyed(const struct scram *s, const unsigned char *key, const char *text,
    size_t len, unsigned char hash[SCRAM_HASH_MAX])
{
	return HMAC(digest_of(s), key, (int)digest_size(s),
	    (const unsigned char *)text, len, hash, NULL) != NULL;
}

/* ClientProof and ServerSignature (RFC 5802, 3). */
static bool
prove(struct scram *s, const struct server_first *f, const struct buf *message,
    unsigned char proof[SCRAM_HASH_MAX])
{
	static const char client[] = "Client Key", server[] = "Server Key";
	size_t size = digest_size(s);
	unsigned char salted[SCRAM_HASH_MAX], key[SCRAM_HASH_MAX];
	unsigned char stored[SCRAM_HASH_MAX], signature[SCRAM_HASH_MAX];
	bool ok;

	ok = PKCS5_PBKDF2_HMAC(s->password.data, (int)s->password.len,
	    (const unsigned char *)f->salt.data, (int)f->salt.len,
	    (int)f->iterations, digest_of(s), (int)size, salted) == 1 &&
	    keyed(s, salted, client, sizeof(client) - 1, key) &&
	    EVP_Digest(key, size, stored, NULL, digest_of(s), NULL) == 1 &&
	    keyed(s, stored, message->data, message->len, signature);
	for (size_t i = 0; ok && i < size; i++)
		proof[i] = key[i] ^ signature[i];

	ok = ok && keyed(s, salted, server, sizeof(server) - 1, key) &&
	    keyed(s, key, message->data, message->len, s->server_signature);

	explicit_bzero(salted, sizeof(salted));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(stored, sizeof(stored));
	explicit_bzero(signature, sizeof(signature));
	return ok;
}

/* `out` becomes the final message, `signed_text` the AuthMessage. */
static int
compose_final(struct scram *s, const struct server_first *f,
    const char *message, size_t len, struct buf *signed_text, struct buf *out,
    struct err *e)
{
	unsigned char proof[SCRAM_HASH_MAX];

	buf_reset(out);
	buf_puts(out, "c=");
	base64_print(s->binding.data, s->binding.len, out);
	buf_puts(out, ",r=");
	buf_put(out, f->nonce.text, f->nonce.len);

	buf_put(signed_text, s->bare.data, s->bare.len);
	buf_putc(signed_text, ',');
	buf_put(signed_text, message, len);
	buf_putc(signed_text, ',');
	buf_put(signed_text, buf_text(out), out->len);
	if (signed_text->full || out->full)
		return err_set(e, EX_PROTOCOL,
		    "the server's SCRAM challenge is too long");
	if (!prove(s, f, signed_text, proof))
		return err_set(e, EX_OSERR, "OpenSSL cannot compute SCRAM-%s",
		    s->digest == SCRAM_SHA_1 ? "SHA-1" : "SHA-256");

	buf_puts(out, ",p=");
	base64_print(proof, digest_size(s), out);
	if (out->full)
		return err_set(e, EX_PROTOCOL,
		    "the server's SCRAM challenge is too long");
	s->step = 2;
	buf_free(&s->password);
	return 0;
}

static int
hear_first(struct scram *s, const char *message, size_t len, struct buf *out,
    struct err *e)
{
	struct server_first f = { .iterations = 0 };
	struct buf signed_text;
	int result;

	buf_init(&f.salt, SCRAM_MESSAGE_MAX);
	buf_init(&signed_text, 3 * (size_t)SCRAM_MESSAGE_MAX);
	result = parse_first(s, message, len, &f, e);
	if (result == 0)
		result = compose_final(s, &f, message, len, &signed_text, out, e);
	buf_free(&f.salt);
	buf_free(&signed_text);
	return result;
}

static int
hear_final(struct scram *s, const char *message, size_t len, struct buf *out,
    struct err *e)
{
	struct piece rest = { message, len }, value;
	struct buf signature;
	bool right;

	if (take(&rest, 'e', &value))
		return err_set(e, EX_NOPERM, "the server refused the SCRAM "
		    "login: %.*s", (int)value.len, value.text);
	if (!take(&rest, 'v', &value))
		return err_set(e, EX_PROTOCOL,
		    "the server's last SCRAM message is malformed");
	buf_init(&signature, SCRAM_MESSAGE_MAX);
	right = base64_parse(value.text, value.len, &signature) == 0 &&
	    signature.len == digest_size(s) &&
	    CRYPTO_memcmp(signature.data, s->server_signature,
	    digest_size(s)) == 0;
	buf_free(&signature);
	if (!right)
		return err_set(e, EX_PROTOCOL, "the server's SCRAM signature is "
		    "wrong: it does not know the password, so it is not the "
		    "server it should be");
	buf_reset(out);
	s->step = 3;
	return 0;
}

int
scram_next(struct scram *s, const char *message, size_t len, struct buf *out,
    struct err *e)
{
	if (len > SCRAM_MESSAGE_MAX || memchr(message, '\0', len) != NULL)
		return err_set(e, EX_PROTOCOL, "the server's SCRAM message is %s",
		    len > SCRAM_MESSAGE_MAX ? "too long" : "malformed");
	if (s->step == 1)
		return hear_first(s, message, len, out, e);
	if (s->step == 2)
		return hear_final(s, message, len, out, e);
	return err_set(e, EX_PROTOCOL, "the server goes on with SCRAM after "
	    "its end");
}

int
scram_hmac_md5(const void *key, size_t key_len, const void *bytes, size_t len,
    struct buf *out, struct err *e)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (HMAC(EVP_md5(), key, (int)key_len, bytes, len, hash, &size) == NULL)
		return err_set(e, EX_CONFIG, "CRAM-MD5 needs MD5, which this "
		    "OpenSSL does not offer (FIPS mode?): set [smtp] auth to "
		    "another one");
	for (unsigned int i = 0; i < size; i++)
		buf_printf(out, "%02x", hash[i]);
	explicit_bzero(hash, sizeof(hash));
	return 0;
}
