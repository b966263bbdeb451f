#include "smtp/scram.h"

#include "base/base64.h"
#include "check.h"

#include <string.h>

/* RFC 5802 (5) and RFC 7677 (3) */
static const struct vector {
	enum scram_digest digest;
	const char *nonce, *first, *challenge, *final, *proof;
} vectors[] = {
	{ SCRAM_SHA_1, "fyko+d2lbbFgONRv9qkxdawL",
	    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
	{ SCRAM_SHA_256, "rOprNGfwEbeRWgbNEkqO",
	    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
};

static struct scram_login
login_of(const struct vector *v)
{
	struct scram_login l = { .digest = v->digest, .user = "user",
		.password = "pencil", .password_len = 6,
		.binding = SCRAM_BINDING_NONE, .nonce = v->nonce };

	return l;
}

static void
test_vectors(void)
{
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *v = &vectors[i];
		struct scram_login l = login_of(v);
		struct scram s;
		struct buf out;
		struct err e;

		buf_init(&out, SCRAM_MESSAGE_MAX);
		check_number(scram_first(&s, &l, &out, &e), 0, "begun");
		check_text(buf_text(&out), v->first, "the first message");
		check_number(scram_next(&s, v->challenge, strlen(v->challenge),
		    &out, &e), 0, "challenge taken");
		check_text(buf_text(&out), v->final, "the final message");
		check(!scram_proved(&s), "the server has proved nothing yet");
		check_number(scram_next(&s, v->proof, strlen(v->proof), &out,
		    &e), 0, "signature taken");
		check_number((long)out.len, 0, "with nothing more to say");
		check(scram_proved(&s), "the server has proved itself");
		check_number(scram_next(&s, v->proof, strlen(v->proof), &out,
		    &e), -1, "nothing comes after that");
		buf_free(&out);
		scram_free(&s);
	}
}

#define NONCE "r=fyko+d2lbbFgONRv9qkxdawL3rfc"
#define SALT "s=QSXCR+Q6sek8bf92"

static const struct {
	const char *message;
	int         status;	/* 0: taken */
} challenges[] = {
	{ NONCE "," SALT ",i=4096", 0 },
	{ NONCE "," SALT ",i=4096,x=later,y=extension", 0 },
	{ "", EX_PROTOCOL }, { ",", EX_PROTOCOL }, { "r", EX_PROTOCOL },
	{ "r=", EX_PROTOCOL }, { "=", EX_PROTOCOL }, { "garbage", EX_PROTOCOL },
	{ NONCE, EX_PROTOCOL }, { NONCE "," SALT, EX_PROTOCOL },
	{ "m=x," NONCE "," SALT ",i=4096", EX_PROTOCOL },
	{ SALT "," NONCE ",i=4096", EX_PROTOCOL },
	/* the nonce: not ours, ours cut, ours alone, in another case */
	{ "r=3rfcNHYJY1ZVvWVs7j," SALT ",i=4096", EX_PROTOCOL },
	{ "r=fyko+d2lbb," SALT ",i=4096", EX_PROTOCOL },
	{ "r=fyko+d2lbbFgONRv9qkxdawL," SALT ",i=4096", EX_PROTOCOL },
	{ "r=FYKO+d2lbbFgONRv9qkxdawL3rfc," SALT ",i=4096", EX_PROTOCOL },
	{ "r=xfyko+d2lbbFgONRv9qkxdawL3rfc," SALT ",i=4096", EX_PROTOCOL },
	/* the salt */
	{ NONCE ",s=,i=4096", EX_PROTOCOL },
	{ NONCE ",s=QSX,i=4096", EX_PROTOCOL },
	{ NONCE ",s=!!!!,i=4096", EX_PROTOCOL },
	/* the count */
	{ NONCE "," SALT ",i=", EX_PROTOCOL },
	{ NONCE "," SALT ",i=0", EX_PROTOCOL },
	{ NONCE "," SALT ",i=1", EX_PROTOCOL },
	{ NONCE "," SALT ",i=4095", EX_PROTOCOL },
	{ NONCE "," SALT ",i=04096", EX_PROTOCOL },
	{ NONCE "," SALT ",i=-4096", EX_PROTOCOL },
	{ NONCE "," SALT ",i=+4096", EX_PROTOCOL },
	{ NONCE "," SALT ",i=4096 ", EX_PROTOCOL },
	{ NONCE "," SALT ",i=4096x", EX_PROTOCOL },
	{ NONCE "," SALT ",i=2000001", EX_PROTOCOL },
	{ NONCE "," SALT ",i=999999999", EX_PROTOCOL },
	{ NONCE "," SALT ",i=4294971392", EX_PROTOCOL },
	{ NONCE "," SALT ",i=99999999999999999999999", EX_PROTOCOL },
};

static void
test_challenges(void)
{
	for (size_t i = 0; i < sizeof(challenges) / sizeof(challenges[0]); i++) {
		struct scram_login l = login_of(&vectors[0]);
		struct err e = { .status = 0 };
		struct scram s;
		struct buf out;
		int result;

		buf_init(&out, SCRAM_MESSAGE_MAX);
		(void)scram_first(&s, &l, &out, &e);
		result = scram_next(&s, challenges[i].message,
		    strlen(challenges[i].message), &out, &e);
		check_number(result != 0 ? e.status : 0, challenges[i].status,
		    challenges[i].message);
		check(!scram_proved(&s), "proves nothing");
		buf_free(&out);
		scram_free(&s);
	}
}

static const struct {
	const char *message;
	int         status;
} finals[] = {
	{ "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", 0 },
	{ "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,x=y", 0 },
	{ "", EX_PROTOCOL }, { "v=", EX_PROTOCOL }, { "v", EX_PROTOCOL },
	{ "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", EX_PROTOCOL },
	{ "v=rmF9pqV8S7suAoZWja4dJRkFsKU=", EX_PROTOCOL },
	{ "v=rmF9pqV8S7suAoZWja4dJRkFsA==", EX_PROTOCOL },
	{ "v=rmF9pqV8S7suAoZWja4dJRkFsKQ", EX_PROTOCOL },
	{ "v=rmF9pqV8S7suAoZWja4dJRkFsKQAAAAA", EX_PROTOCOL },
	{ "x=y,v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", EX_PROTOCOL },
	{ "V=rmF9pqV8S7suAoZWja4dJRkFsKQ=", EX_PROTOCOL },
	{ "e=invalid-proof", EX_NOPERM },
	{ "e=", EX_NOPERM },
};

static void
test_finals(void)
{
	const struct vector *v = &vectors[0];

	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++) {
		struct scram_login l = login_of(v);
		struct err e = { .status = 0 };
		struct scram s;
		struct buf out;
		int result;

		buf_init(&out, SCRAM_MESSAGE_MAX);
		(void)scram_first(&s, &l, &out, &e);
		(void)scram_next(&s, v->challenge, strlen(v->challenge), &out, &e);
		result = scram_next(&s, finals[i].message,
		    strlen(finals[i].message), &out, &e);
		check_number(result != 0 ? e.status : 0, finals[i].status,
		    finals[i].message);
		check(scram_proved(&s) == (result == 0), "proved only then");
		buf_free(&out);
		scram_free(&s);
	}
}

static void
test_binding(void)
{
	struct scram_login l = login_of(&vectors[1]);
	struct scram s;
	struct buf out;
	struct err e;

	buf_init(&out, SCRAM_MESSAGE_MAX);
	l.binding = SCRAM_BINDING_UNUSED;
	check_number(scram_first(&s, &l, &out, &e), 0, "could, but not offered");
	check_text(buf_text(&out), "y,,n=user,r=rOprNGfwEbeRWgbNEkqO", "y");
	(void)scram_next(&s, vectors[1].challenge, strlen(vectors[1].challenge),
	    &out, &e);
	check(strncmp(buf_text(&out), "c=eSws,", 7) == 0, "y is signed");
	scram_free(&s);

	l.binding = SCRAM_BINDING_USED;
	l.binding_name = "tls-exporter";
	l.binding_bytes = "\0\1\2\xff";
	l.binding_len = 4;
	check_number(scram_first(&s, &l, &out, &e), 0, "bound");
	check_text(buf_text(&out),
	    "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO", "p");
	(void)scram_next(&s, vectors[1].challenge, strlen(vectors[1].challenge),
	    &out, &e);
	/* printf 'p=tls-exporter,,\0\1\2\377' | base64 */
	check(strncmp(buf_text(&out), "c=cD10bHMtZXhwb3J0ZXIsLAABAv8=,", 31) == 0,
	    "the binding is signed");
	scram_free(&s);
	buf_free(&out);
}

static const struct {
	const char *user, *password, *bare;	/* NULL: refused */
} preparations[] = {
	{ "a,b=c", "p", "n,,n=a=2Cb=3Dc,r=N" },
	{ "j\xc3\xb6", "p\xc3\xa4", "n,,n=j\xc3\xb6,r=N" },
	{ "a\xc2\xa0" "b", "p", "n,,n=a b,r=N" },		/* NBSP */
	{ "I\xc2\xadX", "p", "n,,n=IX,r=N" },		/* RFC 4013, 3 */
	{ "user", "p\x07", NULL }, { "user", "p\x7f", NULL },
	{ "us\ner", "p", NULL },
	{ "user", "\xc3", NULL }, { "user", "\xe4pfel", NULL },
	{ "user", "\xc0\xaf", NULL }, { "user", "\xed\xa0\x80", NULL },
	{ "user", "\xf4\x90\x80\x80", NULL }, { "\xff", "p", NULL },
	{ "user", "", NULL }, { "", "p", NULL }, { "user", "\xc2\xad", NULL },
};

static void
test_preparation(void)
{
	for (size_t i = 0; i < sizeof(preparations) / sizeof(preparations[0]); i++) {
		struct scram_login l = { .digest = SCRAM_SHA_256,
			.user = preparations[i].user,
			.password = preparations[i].password,
			.password_len = strlen(preparations[i].password),
			.nonce = "N" };
		struct err e = { .status = 0 };
		struct scram s;
		struct buf out;

		buf_init(&out, SCRAM_MESSAGE_MAX);
		if (preparations[i].bare == NULL) {
			check_number(scram_first(&s, &l, &out, &e), -1, "refused");
			check_number(e.status, EX_CONFIG, "as a setting");
		} else {
			check_number(scram_first(&s, &l, &out, &e), 0, "prepared");
			check_text(buf_text(&out), preparations[i].bare, "so");
		}
		buf_free(&out);
		scram_free(&s);
	}
}

static void
test_nonces(void)
{
	struct scram_login l = login_of(&vectors[0]);
	struct scram a, b;
	struct buf out;
	struct err e;

	l.nonce = NULL;
	buf_init(&out, SCRAM_MESSAGE_MAX);
	check_number(scram_first(&a, &l, &out, &e), 0, "a random nonce");
	check_number(scram_first(&b, &l, &out, &e), 0, "and another");
	check(a.nonce.len == 24 && b.nonce.len == 24, "144 bits each");
	check(strcmp(a.nonce.data, b.nonce.data) != 0, "not the same");
	check(strchr(a.nonce.data, ',') == NULL, "without a comma");
	scram_free(&a);
	scram_free(&b);
	buf_free(&out);
}

static void
test_sizes(void)
{
	struct scram_login l = login_of(&vectors[0]);
	static char long_text[SCRAM_MESSAGE_MAX + 10];
	struct scram s;
	struct buf out;
	struct err e;

	memset(long_text, 'a', sizeof(long_text) - 1);
	buf_init(&out, SCRAM_MESSAGE_MAX);
	l.user = long_text;
	check_number(scram_first(&s, &l, &out, &e), -1, "a user name of 8 kB");
	scram_free(&s);
	l = login_of(&vectors[0]);
	l.password = long_text;
	l.password_len = sizeof(long_text) - 1;
	check_number(scram_first(&s, &l, &out, &e), -1, "a password of 8 kB");
	scram_free(&s);

	l = login_of(&vectors[0]);
	check_number(scram_first(&s, &l, &out, &e), 0, "usual ones");
	check_number(scram_next(&s, long_text, sizeof(long_text) - 1, &out, &e),
	    -1, "a challenge of 8 kB");
	check_number(scram_next(&s, "r=fyko\0", 7, &out, &e), -1, "a NUL in it");
	scram_free(&s);
	buf_free(&out);
}

/* RFC 2195 (2), RFC 2202 (2) */
static void
test_hmac_md5(void)
{
	static const char challenge[] =
	    "<1896.697170952@postoffice.reston.mci.net>";
	struct buf out;
	struct err e;

	buf_init(&out, 100);
	check_number(scram_hmac_md5("tanstaaftanstaaf", 16, challenge,
	    strlen(challenge), &out, &e), 0, "HMAC-MD5");
	check_text(buf_text(&out), "b913a602c7eda7a495b4e6e7334d3890", "is right");
	buf_reset(&out);
	(void)scram_hmac_md5("Jefe", 4, "what do ya want for nothing?", 28, &out,
	    &e);
	check_text(buf_text(&out), "750c783e6ab0b503eaa86e310a5db738", "and again");
	buf_free(&out);
}

int
main(void)
{
	test_vectors();
	test_challenges();
	test_finals();
	test_binding();
	test_preparation();
	test_nonces();
	test_sizes();
	test_hmac_md5();
	return check_end();
}
