/*
 * The agent against servers that may say anything. Network, clock and TLS are
 * this file's: its connect, recv, send, poll and tls_… take the place of the
 * libraries', so a run is exact and waits for nothing.
 *
 * The first two bytes are choices; the rest is what the servers say. A '|'
 * ends what is said at once: what follows comes when the agent waits for it. At '~'
 * the server closes, and what follows is the next connection's; '^' is a
 * connection that is found broken while sending, '#' one that is refused.
 *
 * A second reading of both sides follows what was accepted and what was not.
 * Whatever happens each recipient has one verdict; "sent" is said where, and
 * only where, a message with that recipient was accepted; nobody is named
 * again behind a final dot whose answer is unknown; the message goes out whole;
 * and no secret, with STARTTLS no command of a mail, goes out in plain text.
 */
#include "base/base64.h"
#include "base/clock.h"
#include "base/io.h"
#include "smtp/agent.h"
#include "smtp/auth.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"
#include "smtp/tls.h"

#include "must.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The libraries' functions, as they are declared there without their sugar. */
int connect(int fd, const struct sockaddr *address, socklen_t len);
int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict len);

enum {			/* the first byte */
	LOCAL = 1, STARTTLS = 2, IMPLICIT = 4, LOGIN = 8, NO_HANDSHAKE = 16,
	ONE_HOST = 32, EIGHT_BIT = 64, LONG_DEADLINE = 128
};

enum { RECIPIENTS = 4, PENDING_MAX = 4096, VERDICTS_MAX = 64 * 1024 };

static const char *const recipients[RECIPIENTS] = { "a@x.example",
	"b@x.example", "\"c >\"@x.example", "d@x.example" };
static const char block[] = "X-Sender: <s@x.example> RET=HDRS\r\n"
	"X-Receiver: <a@x.example> NOTIFY=FAILURE\r\nX-Receiver: <b@x.example>\r\n"
	"X-Receiver: <\"c >\"@x.example>\r\nX-Receiver: <d@x.example>\r\n";
static const char message[] = "Subject: x\r\n\r\n.\r\nRCPT TO:<e@x.example>\r\n";
static const char sent_message[] =
	"Subject: x\r\n\r\n..\r\nRCPT TO:<e@x.example>\r\n.\r\n";

/* Commands, as far as they matter here. */
enum command { GREETING, HELLO, START, AUTH, MAIL, RCPT, DATA, DOT, OTHER };

/* What one end of the connection has said, and what that means. */
struct reading {
	enum command pending[PENDING_MAX];	/* not answered yet */
	unsigned     who[PENDING_MAX];		/* of RCPT */
	size_t       first, count;
	struct buf   line, body, answer_line;
	struct reply answer;
	bool         pipelining, auth_goes_on, in_body, mail_taken;
	bool         senseless;		/* nothing said from here on is believed */
	bool         named[RECIPIENTS], taken[RECIPIENTS]; /* in this transaction */
};

static struct {
	const char    *script;
	size_t         left;
	bool           turn, ended, encrypted, connected;
	bool           broke;		/* while something was sent */
	unsigned       choices;
	int64_t        now;
	struct sockaddr_storage peer;
	socklen_t      peer_len;
	int            verdicts;	/* the file that they go to */
	struct reading r;
	unsigned       delivered[RECIPIENTS];
	bool           in_doubt[RECIPIENTS];
} net;

struct tls {
	int unused;
};

/* Reading the agent's side. */

static bool
plain(void)
{
	return !net.encrypted;
}

/* No password in any form: PLAIN, LOGIN, XOAUTH2 send it in base64. */
static void
check_no_secret(const char *line)
{
	const char *word = strrchr(line, ' ');
	struct buf bytes;

	word = word != NULL ? word + 1 : line;
	buf_init(&bytes, AUTH_LINE_MAX);
	must(strstr(line, "pencil") == NULL);
	if (base64_parse(word, strlen(word), &bytes) == 0)
		must(memmem(buf_text(&bytes), bytes.len, "pencil", 6) == NULL);
	buf_free(&bytes);
}

static void
push(enum command c, unsigned who)
{
	struct reading *r = &net.r;
	size_t at = (r->first + r->count) % PENDING_MAX;

	must(r->count < PENDING_MAX);
	r->pending[at] = c;
	r->who[at] = who;
	r->count++;
}

/* RFC 2920, 3.1: what may stand before other commands in one flight. */
static void
check_order(void)
{
	const struct reading *r = &net.r;
	enum command last;

	if (r->count == 0)
		return;
	last = r->pending[(r->first + r->count - 1) % PENDING_MAX];
	must(r->pipelining);
	must(last == MAIL || last == RCPT || last == OTHER || last == DOT);
}

static void
say_rcpt_to(const char *address)
{
	struct reading *r = &net.r;
	size_t len = strcspn(address, ">");
	unsigned i = 0;

	if (strncmp(address, "\"c >\"", 5) == 0)
		len = strlen(recipients[2]);
	while (i < RECIPIENTS && (strlen(recipients[i]) != len ||
	    memcmp(recipients[i], address, len) != 0))
		i++;
	must(i < RECIPIENTS && address[len] == '>');
	must(!r->named[i] && net.delivered[i] == 0 && !net.in_doubt[i]);
	r->named[i] = true;
	push(RCPT, i);
}

static void
say_command(const char *line)
{
	struct reading *r = &net.r;
	bool mail = strncmp(line, "MAIL FROM:<s@x.example>", 23) == 0;
	bool rcpt = strncmp(line, "RCPT TO:<", 9) == 0;
	bool data = strcmp(line, "DATA") == 0;
	bool login = strncmp(line, "AUTH ", 5) == 0 || r->auth_goes_on;

	check_order();
	if (plain() && (net.choices & (STARTTLS | IMPLICIT)) != 0)
		must(!mail && !rcpt && !data && !login);
	if (plain() && (net.choices & LOCAL) == 0)
		check_no_secret(line);
	if (mail) {
		memset(r->named, 0, sizeof(r->named));
		memset(r->taken, 0, sizeof(r->taken));
		r->mail_taken = false;
		push(MAIL, 0);
	} else if (rcpt) {
		say_rcpt_to(line + 9);
	} else if (login) {
		push(AUTH, 0);
	} else if (data) {
		push(DATA, 0);
	} else if (strncmp(line, "EHLO ", 5) == 0 || strncmp(line, "HELO ", 5) == 0) {
		push(HELLO, 0);
	} else if (strcmp(line, "STARTTLS") == 0) {
		must(plain());
		push(START, 0);
	} else {
		must(strcmp(line, "QUIT") == 0 || strcmp(line, "RSET") == 0);
		push(OTHER, 0);
	}
	r->auth_goes_on = false;
}

/* The message is out: its loss cannot be told from its acceptance now. */
static void
say_dot_line(void)
{
	static const char pending[] = "pending\n";
	struct reading *r = &net.r;
	char tail[sizeof(pending) - 1];
	off_t end = lseek(net.verdicts, 0, SEEK_END);
	bool any = false;

	r->in_body = false;
	for (unsigned i = 0; i < RECIPIENTS; i++) {
		net.in_doubt[i] = net.in_doubt[i] || r->taken[i];
		any = any || r->taken[i];
	}
	push(DOT, 0);
	if (!any) {
		must(strcmp(buf_text(&r->body), ".\r\n") == 0);
		return;
	}
	must(!r->senseless && r->mail_taken);
	must(strcmp(buf_text(&r->body), sent_message) == 0);
	must(end >= (off_t)sizeof(tail) && pread(net.verdicts, tail, sizeof(tail),
	    end - (off_t)sizeof(tail)) == (ssize_t)sizeof(tail));
	must(memcmp(tail, pending, sizeof(tail)) == 0);
}

static void
say_body_byte(char c)
{
	struct buf *b = &net.r.body;

	buf_putc(b, c);
	must(!b->full);
	if ((b->len == 3 && memcmp(b->data, ".\r\n", 3) == 0) ||
	    (b->len >= 5 && memcmp(b->data + b->len - 5, "\r\n.\r\n", 5) == 0))
		say_dot_line();
}

static void
said(const char *bytes, size_t len)
{
	struct buf *line = &net.r.line;

	for (size_t i = 0; i < len; i++) {
		if (net.r.in_body) {
			say_body_byte(bytes[i]);
			continue;
		}
		buf_putc(line, bytes[i]);
		must(!line->full && bytes[i] != '\0');
		must((bytes[i] == '\n') == (line->len > 1 &&
		    line->data[line->len - 2] == '\r'));
		if (bytes[i] != '\n')
			continue;
		line->data[line->len - 2] = '\0';
		say_command(line->data);
		buf_reset(line);
	}
}

/* Reading the server's side. */

static bool
yes(void)
{
	return net.r.answer.code / 10 == 25;
}

static void
hear_dot_answer(void)
{
	struct reading *r = &net.r;

	/* 2xx and 3xx that do not say yes are no answer at all. */
	if (!yes() && reply_class(&r->answer) < 4)
		return;
	for (unsigned i = 0; i < RECIPIENTS; i++) {
		if (!r->taken[i])
			continue;
		net.in_doubt[i] = false;
		net.delivered[i] += yes();
	}
	memset(r->taken, 0, sizeof(r->taken));
}

static void
hear_hello(void)
{
	struct ehlo o = { 0 };

	if (net.r.answer.code == 250)
		ehlo_parse(&o, buf_text(&net.r.answer.text));
	net.r.pipelining = o.pipelining;
}

static void
hear_answer(void)
{
	struct reading *r = &net.r;
	unsigned who = r->who[r->first];
	enum command c = r->pending[r->first];

	/* What nobody asked for, and all behind it. */
	if (r->count == 0) {
		r->senseless = true;
		return;
	}
	r->first = (r->first + 1) % PENDING_MAX;
	r->count--;
	if (c == HELLO)
		hear_hello();
	else if (c == AUTH)
		r->auth_goes_on = r->answer.code == 334;
	else if (c == MAIL)
		r->mail_taken = yes();
	else if (c == RCPT)
		r->taken[who] = r->mail_taken && yes();
	else if (c == DOT)
		hear_dot_answer();
	r->in_body = c == DATA && r->answer.code == 354;
	if (c == DATA)
		buf_reset(&r->body);
}

static void
heard(const char *bytes, size_t len)
{
	struct reading *r = &net.r;
	struct err e;

	for (size_t i = 0; i < len && !r->senseless; i++) {
		struct buf *line = &r->answer_line;
		size_t text;
		int complete;

		buf_putc(line, bytes[i]);
		if (bytes[i] != '\n')
			continue;
		text = line->len - 1;
		text -= text > 0 && line->data[text - 1] == '\r';
		complete = reply_feed(&r->answer, line->data, text, &e);
		buf_reset(line);
		if (complete == 1)
			hear_answer();
		if (complete == 1)
			reply_reset(&r->answer);
		r->senseless = r->senseless || complete < 0;
	}
}

/* The network. */

static bool
take_mark(char mark)
{
	if (net.left == 0 || *net.script != mark)
		return false;
	net.script++;
	net.left--;
	return true;
}

/* Forget what a server would still have said. */
static void
next_server(void)
{
	if (!net.connected)
		return;
	while (!net.ended && net.left > 0 && !take_mark('~'))
		net.script++, net.left--;
	net.connected = false;
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	struct reading *r = &net.r;

	(void)fd;
	next_server();
	if (take_mark('#')) {
		errno = ECONNREFUSED;
		return -1;
	}
	memcpy(&net.peer, address, len);
	net.peer_len = len;
	net.connected = true;
	net.turn = net.ended = net.encrypted = false;
	r->first = r->count = 0;
	r->pipelining = r->auth_goes_on = r->in_body = false;
	r->mail_taken = r->senseless = false;
	memset(r->named, 0, sizeof(r->named));
	memset(r->taken, 0, sizeof(r->taken));
	buf_reset(&r->line);
	buf_reset(&r->answer_line);
	reply_reset(&r->answer);
	push(GREETING, 0);
	return 0;
}

int
getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict len)
{
	(void)fd;
	must(*len >= net.peer_len);
	memcpy(address, &net.peer, net.peer_len);
	*len = net.peer_len;
	return 0;
}

static ssize_t
read_script(char *bytes, size_t size)
{
	size_t n = 0;

	if (net.ended)
		return 0;
	while (net.turn && n < size && net.left > 0) {
		if (*net.script == '~' && n > 0)
			break;
		if (take_mark('~')) {
			net.ended = true;
			return 0;
		}
		if (*net.script == '^' || take_mark('|')) {
			net.turn = false;
			break;
		}
		bytes[n++] = *net.script++;
		net.left--;
	}
	if (n > 0) {
		heard(bytes, n);
		return (ssize_t)n;
	}
	net.turn = false;
	errno = EAGAIN;
	return -1;
}

static ssize_t
write_script(const char *bytes, size_t len)
{
	if (net.ended || (!net.turn && take_mark('^'))) {
		net.broke = net.ended = true;
		errno = EPIPE;
		return -1;
	}
	said(bytes, len);
	return (ssize_t)len;
}

ssize_t
recv(int fd, void *bytes, size_t size, int flags)
{
	(void)fd, (void)flags;
	must(plain());
	return read_script(bytes, size);
}

ssize_t
send(int fd, const void *bytes, size_t len, int flags)
{
	(void)fd;
	must(plain() && (flags & MSG_NOSIGNAL) != 0);
	return write_script(bytes, len);
}

/* Who waits for the server, and there is nothing, waits to the end. */
int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int ready = 0;

	for (nfds_t i = 0; i < count; i++) {
		fds[i].revents = fds[i].fd >= 0 ? fds[i].events & POLLOUT : 0;
		ready += fds[i].revents != 0;
	}
	if (ready > 0)
		return ready;
	if (net.left > 0 || net.ended) {
		net.ended = net.ended || (!net.turn && take_mark('^'));
		net.turn = true;
		fds[0].revents = POLLIN;
		return 1;
	}
	net.now += timeout > 0 ? timeout : 1;
	return 0;
}

int64_t
clock_milliseconds(void)
{
	return net.now;
}

int
clock_left(int64_t deadline)
{
	int64_t left = deadline - net.now;

	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

/* TLS, which here is only the knowledge that it was spoken. */

const bool tls_linked = true;

struct tls *
tls_new(const struct settings *s, const char *name, struct err *e)
{
	static struct tls one;

	(void)s, (void)name, (void)e;
	must((net.choices & (STARTTLS | IMPLICIT)) != 0);
	return &one;
}

void
tls_free(struct tls *t)
{
	(void)t;
}

int
tls_handshake(struct tls *t, int fd, int64_t deadline, struct err *e)
{
	(void)t, (void)fd, (void)deadline;
	must(plain() && net.r.answer_line.len == 0);
	if ((net.choices & NO_HANDSHAKE) != 0)
		return err_set(e, EX_UNAVAILABLE, "this is somebody else");
	net.encrypted = true;
	return 0;
}

ssize_t
tls_read(struct tls *t, void *bytes, size_t size, short *events, struct err *e)
{
	(void)t, (void)e;
	*events = POLLIN;
	must(net.encrypted);
	return read_script(bytes, size);
}

ssize_t
tls_write(struct tls *t, const void *bytes, size_t len, short *events,
    struct err *e)
{
	(void)t, (void)e;
	*events = POLLOUT;
	must(net.encrypted);
	return write_script(bytes, len);
}

const char *
tls_binding(struct tls *t, struct buf *out)
{
	(void)t, (void)out;
	return NULL;
}

void
tls_describe(const struct tls *t, struct buf *out)
{
	(void)t, (void)out;
}

/* The job. */

static int
new_file(const char *bytes, size_t len)
{
	int fd = memfd_create("fuzz", 0);

	must(fd >= 0 && io_write(fd, bytes, len) == 0);
	return fd;
}

static const struct settings *
make_settings(unsigned choices, unsigned mode)
{
	static char local[] = "127.0.0.1", far[] = "192.0.2.1:587 192.0.2.2:25";
	static char one[] = "192.0.2.1", name[] = "me.example";
	static char user[] = "joe", nobody[] = "";
	static const enum auth_mode modes[] = { AUTH_AUTO, AUTH_PLAIN, AUTH_LOGIN,
		AUTH_CRAM_MD5, AUTH_XOAUTH2, AUTH_OAUTHBEARER, AUTH_EXTERNAL,
		AUTH_OFF };
	static struct settings s;
	struct err e;

	if (s.smtp_host == NULL) {
		must(settings_init(&s, &e) == 0);
		buf_puts(&s.password, "pencil");
	}
	s.smtp_host = (choices & LOCAL) != 0 ? local :
	    (choices & ONE_HOST) != 0 ? one : far;
	s.hostname = name;
	s.tls = (choices & IMPLICIT) != 0 ? TLS_IMPLICIT :
	    (choices & STARTTLS) != 0 ? TLS_STARTTLS : TLS_OFF;
	s.user = (choices & LOGIN) != 0 ? user : nobody;
	s.auth = modes[mode % 8];
	s.job_deadline_milliseconds = (choices & LONG_DEADLINE) != 0 ? 0 : 10000;
	return &s;
}

/* Each has one verdict, and it is true. */
static void
check_verdicts(void)
{
	static char text[VERDICTS_MAX];
	ssize_t len = pread(net.verdicts, text, sizeof(text), 0);
	struct verdict v = { .index = 0 };
	unsigned verdicts[RECIPIENTS] = { 0 };
	struct err e;

	must(len > 0 && len < (ssize_t)sizeof(text));
	must_be_lines(text, (size_t)len, "\n", false);
	for (char *line = text, *lf; line < text + len; line = lf + 1) {
		int kind;

		lf = memchr(line, '\n', (size_t)(text + len - line));
		kind = verdict_parse(&v, line, (size_t)(lf - line), &e);
		must(kind >= 0);
		if (kind == 1)
			continue;
		must(v.index < RECIPIENTS && ++verdicts[v.index] == 1);
		must((v.kind == VERDICT_SENT) == (net.delivered[v.index] == 1));
		if (net.in_doubt[v.index])
			must(v.kind == VERDICT_LATER && v.maybe_twice);
		if (v.maybe_twice)
			must(net.in_doubt[v.index] || net.broke);
	}
	for (unsigned i = 0; i < RECIPIENTS; i++)
		must(verdicts[i] == 1 && net.delivered[i] <= 1);
}

static void
set_up(unsigned choices, const char *script, size_t len)
{
	struct reading *r = &net.r;

	if (net.verdicts == 0) {
		net.verdicts = new_file("", 0);
		reply_init(&r->answer);
		buf_init(&r->line, 16 * 1024);
		buf_init(&r->body, 4096);
		buf_init(&r->answer_line, 1 << 20);
	}
	must(ftruncate(net.verdicts, 0) == 0);
	must(lseek(net.verdicts, 0, SEEK_SET) == 0);
	net.script = script;
	net.left = len;
	net.connected = net.broke = false;
	net.choices = choices;
	net.now = 1000000;
	memset(net.delivered, 0, sizeof(net.delivered));
	memset(net.in_doubt, 0, sizeof(net.in_doubt));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	struct message_facts facts = { .longest_line = 30 };
	struct transfer t;
	struct err e = { 0 };

	if (size < 3)
		return 0;
	if (file < 0) {
		file = new_file(block, sizeof(block) - 1);
		must(io_write(file, message, sizeof(message) - 1) == 0);
	}
	set_up(data[0], (const char *)data + 2, size - 2);
	facts.body_8bit = (data[0] & EIGHT_BIT) != 0;
	must(transfer_init(&t, file, net.verdicts, &facts, &e) == 0);
	must(agent_run(make_settings(data[0], data[1]), &t, &e) == 0);
	must(t.undecided == 0);
	transfer_free(&t);
	check_verdicts();
	return 0;
}
