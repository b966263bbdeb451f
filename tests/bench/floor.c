/*
 * floor.c - the least that a correct program does to hand a message over. It
 * is what the benchmark holds outtray against: no settings, no options, no
 * header completed, no failure explained.
 *
 *   floor folder FOLDER FROM TO < message         whole or not there, synced
 *   floor smtp PORT FROM TO < message             to 127.0.0.1
 *   floor-tls smtp PORT FROM TO CA.pem < message  the same by STARTTLS, chain
 *                                                 and name verified
 *
 * The SMTP server has to offer PIPELINING. Exit 0: handed over; 1: not.
 * floor-tls is this file with FLOOR_TLS, since being linked with OpenSSL costs
 * more than all that floor does.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef FLOOR_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

enum { CHUNK = 65536 };

/* Where bytes go: a file, a socket, or TLS on it. */
struct out {
	int    fd;
#ifdef FLOOR_TLS
	SSL   *ssl;		/* NULL before STARTTLS */
#endif
	bool   dots;		/* a line's first dot is doubled */
	size_t len;
	char   bytes[CHUNK];
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

#ifdef FLOOR_TLS
static ssize_t
send_some(struct out *o, const char *bytes, size_t len)
{
	return o->ssl != NULL ? SSL_write(o->ssl, bytes, (int)len) :
	    write(o->fd, bytes, len);
}

static ssize_t
get_some(struct out *o, char *bytes, size_t len)
{
	return o->ssl != NULL ? SSL_read(o->ssl, bytes, (int)len) :
	    read(o->fd, bytes, len);
}

static void
start_tls(struct out *o, const char *ca)
{
	SSL_CTX *context;

	/* Texts of errors and the names of all ciphers: not for a good case. */
	(void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_SSL_STRINGS |
	    OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS |
	    OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ATEXIT, NULL);
	context = SSL_CTX_new(TLS_client_method());
	if (context == NULL || SSL_CTX_load_verify_file(context, ca) != 1)
		die(ca);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	o->ssl = SSL_new(context);
	if (o->ssl == NULL || SSL_set_fd(o->ssl, o->fd) != 1 ||
	    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(o->ssl),
	    "127.0.0.1") != 1 || SSL_connect(o->ssl) != 1) {
		ERR_print_errors_fp(stderr);
		exit(1);
	}
}
#else
static ssize_t
send_some(struct out *o, const char *bytes, size_t len)
{
	return write(o->fd, bytes, len);
}

static ssize_t
get_some(struct out *o, char *bytes, size_t len)
{
	return read(o->fd, bytes, len);
}

static void
start_tls(struct out *o, const char *ca)
{
	(void)o;
	die(ca);
}
#endif

static void
flush(struct out *o)
{
	size_t done = 0;

	while (done < o->len) {
		ssize_t n = send_some(o, o->bytes + done, o->len - done);

		if (n <= 0)
			die("write");
		done += (size_t)n;
	}
	o->len = 0;
}

static void
put(struct out *o, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t n = CHUNK - o->len < len ? CHUNK - o->len : len;

		memcpy(o->bytes + o->len, bytes, n);
		o->len += n;
		bytes += n;
		len -= n;
		if (o->len == CHUNK)
			flush(o);
	}
}

static void
put_text(struct out *o, const char *before, const char *text, const char *behind)
{
	put(o, before, strlen(before));
	put(o, text, strlen(text));
	put(o, behind, strlen(behind));
}

/* Standard input with CRLF for LF; a last line without an end gets one. */
static void
put_message(struct out *o)
{
	static char in[CHUNK];
	bool start = true;
	ssize_t n;

	while ((n = read(0, in, sizeof(in))) > 0) {
		const char *at = in, *end = in + n, *lf;

		for (; at < end; at = lf + 1) {
			if (start && o->dots && *at == '.')
				put(o, ".", 1);
			lf = memchr(at, '\n', (size_t)(end - at));
			start = lf != NULL;
			put(o, at, (size_t)((start ? lf : end) - at));
			if (!start)
				break;
			put(o, "\r\n", 2);
		}
	}
	if (n < 0)
		die("read");
	if (!start)
		put(o, "\r\n", 2);
}

static void
to_folder(struct out *o, const char *folder, const char *from, const char *to)
{
	char itself[32], name[64];
	struct timespec now;
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	o->fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0640);
	if (dir < 0 || o->fd < 0)
		die(folder);
	put_text(o, "X-Sender: <", from, ">\r\n");
	put_text(o, "X-Receiver: <", to, ">\r\n");
	put_message(o);
	flush(o);
	if (fdatasync(o->fd) != 0)
		die("fdatasync");
	(void)clock_gettime(CLOCK_REALTIME, &now);	/* cannot fail */
	(void)snprintf(name, sizeof(name), "%lld.%09ld.%ld.eml",
	    (long long)now.tv_sec, now.tv_nsec, (long)getpid());
	(void)snprintf(itself, sizeof(itself), "/proc/self/fd/%d", o->fd);
	if (linkat(AT_FDCWD, itself, dir, name, AT_SYMLINK_FOLLOW) != 0)
		die(name);
	if (fsync(dir) != 0)
		die("fsync");
}

/* Read one answer, or several sent ahead; each has to begin with its digit. */
static void
hear(struct out *o, const char *digits)
{
	static char in[4096];
	static size_t len;

	while (*digits != '\0') {
		char *lf = memchr(in, '\n', len);

		if (lf == NULL) {
			ssize_t n = get_some(o, in + len, sizeof(in) - len);

			if (n <= 0)
				die("read");
			len += (size_t)n;
			continue;
		}
		if (in[0] != *digits) {
			fprintf(stderr, "floor: %.*s\n", (int)(lf - in), in);
			exit(1);
		}
		if (in[3] != '-')
			digits++;
		len -= (size_t)(lf + 1 - in);
		memmove(in, lf + 1, len);
	}
}

static void
say(struct out *o, const char *text, const char *digits)
{
	put(o, text, strlen(text));
	flush(o);
	hear(o, digits);
}

static void
to_server(struct out *o, const char *port, const char *from, const char *to,
    const char *ca)
{
	struct sockaddr_in at = { .sin_family = AF_INET };

	at.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	o->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (o->fd < 0 || connect(o->fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		die("connect");
	hear(o, "2");
	say(o, "EHLO floor.test\r\n", "2");
	if (ca != NULL) {
		say(o, "STARTTLS\r\n", "2");
		start_tls(o, ca);
		say(o, "EHLO floor.test\r\n", "2");
	}
	put_text(o, "MAIL FROM:<", from, ">\r\n");
	put_text(o, "RCPT TO:<", to, ">\r\n");
	say(o, "DATA\r\n", "223");
	o->dots = true;
	put_message(o);
	say(o, ".\r\nQUIT\r\n", "22");
}

int
main(int argc, char **argv)
{
	static struct out o;

	if (argc == 5 && strcmp(argv[1], "folder") == 0)
		to_folder(&o, argv[2], argv[3], argv[4]);
	else if (argc >= 5 && strcmp(argv[1], "smtp") == 0)
		to_server(&o, argv[2], argv[3], argv[4], argv[5]);
	else
		return 1;
	return 0;
}
