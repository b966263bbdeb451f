/* Which recipients are decided, and what is told of them. */
#include "smtp/transfer.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>

static const struct message_facts facts = { .size = 1 };

static int
new_file(const char *bytes, size_t len)
{
	int fd = open("message", O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	return fd;
}

/* What was told since the last call. */
static const char *
told(int answers)
{
	static char text[4096];
	ssize_t n = read(answers, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static struct verdict
verdict(enum verdict_kind kind, int status, const char *text)
{
	struct verdict v;

	memset(&v, 0, sizeof(v));
	v.kind = kind;
	v.status = status;
	verdict_set_text(&v, text);
	return v;
}

static void
check_decisions(void)
{
	static const char file[] = "X-Sender: <s@x>\r\nX-Receiver: <a@x>\r\n"
	    "X-Receiver: <b@x>\r\nX-Receiver: <c@x>\r\nSubject: x\r\n\r\nhi\r\n";
	struct verdict sent = verdict(VERDICT_SENT, 0, "ok");
	struct verdict no = verdict(VERDICT_REFUSED, EX_NOUSER, "no");
	struct verdict later = verdict(VERDICT_LATER, EX_TEMPFAIL, "busy");
	struct transfer t;
	struct err e;
	int fd = new_file(file, sizeof(file) - 1), ends[2];

	if (pipe2(ends, O_NONBLOCK) != 0)
		abort();
	check(transfer_init(&t, fd, ends[1], &facts, &e) == 0, "a file");
	check(t.envelope.count == 3 && t.undecided == 3, "three recipients");
	check_number((long long)body_size(&t.body), 18, "and the message alone");
	check_number((long long)transfer_find(&t, WAITING, 0), 0, "all wait");
	check_number((long long)transfer_find(&t, SAID, 0), 3, "none was named");

	t.states[0] = SAID;
	t.states[1] = ACCEPTED;
	check_number((long long)transfer_find(&t, WAITING, 0), 2, "one waits");
	check_number((long long)transfer_find(&t, WAITING, 3), 3, "none behind it");
	transfer_move(&t, SAID, WAITING);
	check_number((long long)transfer_find(&t, WAITING, 0), 0, "and another");
	transfer_decide(&t, 0, &no);
	transfer_decide(&t, 0, &sent);
	check_number((long long)t.undecided, 2, "one is decided, once");
	transfer_move(&t, DECIDED, DECIDED);
	transfer_decide_all(&t, ACCEPTED, &sent);
	check_number((long long)t.undecided, 1, "the accepted one, too");
	check_text(told(ends[0]), "", "nothing is told before it is asked for");
	check(transfer_tell(&t, true, &e) == 0, "it is told");
	check_text(told(ends[0]), "refused 0 67 0 - - - no\n"
	    "sent 1 0 0 - - - ok\npending\n", "the first verdict counts");
	transfer_decide_all(&t, WAITING, &later);
	transfer_decide_all(&t, DECIDED, &sent);
	check(transfer_tell(&t, false, &e) == 0 && t.undecided == 0, "the rest");
	check_text(told(ends[0]), "later 2 75 0 - - - busy\n", "is told once");
	check(transfer_tell(&t, false, &e) == 0, "nothing is left");
	check_text(told(ends[0]), "", "to be told");
	transfer_free(&t);
	transfer_free(&t);
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)close(fd);
}

static void
check_nobody_listens(struct transfer *t)
{
	struct verdict v = verdict(VERDICT_SENT, 0, "ok");
	struct err e;

	t->answers = -1;
	transfer_decide(t, 0, &v);
	check(transfer_tell(t, false, &e) == -1 && e.status == EX_IOERR,
	    "that nobody listens is an error");
}

/* An envelope of several blocks, and verdicts of more than are held back. */
static void
check_many(void)
{
	enum { MANY = 5000 };
	struct verdict v = verdict(VERDICT_LATER, EX_TEMPFAIL, "busy");
	struct transfer t;
	struct err e;
	struct buf file;
	char text[100];
	size_t lines = 0;
	ssize_t n;
	int fd, out = open("answers", O_RDWR | O_CREAT | O_TRUNC, 0600);

	buf_init(&file, 1 << 20);
	buf_puts(&file, "X-Sender: <>\r\n");
	for (int i = 0; i < MANY; i++)
		buf_printf(&file, "X-Receiver: <user%d@host.example.com>\r\n", i);
	buf_puts(&file, "\r\n");
	check(!file.full && file.len > 2 * BODY_BLOCK, "a long envelope");
	fd = new_file(file.data, file.len);
	check(transfer_init(&t, fd, out, &facts, &e) == 0, "is read");
	check_number((long long)t.envelope.count, MANY, "to its end");
	check_number((long long)body_size(&t.body), 2, "the message is behind it");
	check_text(t.envelope.recipients[MANY - 1].addr.text,
	    "user4999@host.example.com", "the last recipient");
	transfer_decide_all(&t, WAITING, &v);
	check(t.undecided == 0 && transfer_tell(&t, true, &e) == 0, "all told");
	(void)lseek(out, 0, SEEK_SET);
	while ((n = read(out, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	check_number((long long)lines, MANY + 1, "a line each, and \"pending\"");
	transfer_free(&t);
	check(transfer_init(&t, fd, out, &facts, &e) == 0, "read again");
	check_nobody_listens(&t);
	transfer_free(&t);
	buf_free(&file);
	(void)close(fd);
	(void)close(out);
}

static void
check_refused(const char *bytes, size_t len, const char *name)
{
	int fd = new_file(bytes, len);
	struct transfer t;
	struct err e = { 0 };

	check(transfer_init(&t, fd, -1, &facts, &e) == -1 &&
	    e.status == EX_DATAERR && e.text[0] != '\0', name);
	transfer_free(&t);
	(void)close(fd);
}

static void
check_bad_files(void)
{
	static const char *const files[] = { "", "\r\n", "Subject: x\r\n\r\nhi\r\n",
		"X-Sender: <a@x>\r\n\r\n", "X-Receiver: <a@x>\r\n\r\n",
		"X-Sender: <a@x>\r\nX-Receiver: <b@x>\r\n",
		"X-Sender: <a@x>\r\nX-Receiver: <>\r\n\r\n",
		"X-Sender: <a@x>\r\nX-Receiver: <b@x" };
	static char endless[3 * BODY_BLOCK];
	struct transfer t;
	struct err e;
	int ends[2];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		check_refused(files[i], strlen(files[i]), files[i]);
	memset(endless, 'x', sizeof(endless));
	check_refused(endless, sizeof(endless), "one endless line");
	memcpy(endless, "X-Sender: <", 11);
	check_refused(endless, sizeof(endless), "one endless sender");
	if (pipe(ends) != 0)
		abort();
	check(transfer_init(&t, ends[0], -1, &facts, &e) == -1 &&
	    e.status == EX_NOINPUT, "a pipe");
	transfer_free(&t);
}

int
main(void)
{
	child_folder();
	check_decisions();
	check_many();
	check_bad_files();
	child_clean();
	return check_end();
}
