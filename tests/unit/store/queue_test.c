#include "store/queue.h"

#include "check.h"
#include "child.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

static void
put(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	check(fd >= 0 && write(fd, bytes, len) == (ssize_t)len, path);
	(void)close(fd);
}

static bool
there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
test_names(void)
{
	static const struct {
		const char *name;
		bool        good;
		long long   size;
	} cases[] = {
		{ "18eb4b21887c9717b39307fa9b79902e,S=12.eml", true, 12 },
		{ "0,S=0.eml", true, 0 },
		{ "a,S=18446744073709551615.eml", true, -1 },
		{ "a,S=18446744073709551616.eml", false, 0 },
		{ "a,S=99999999999999999999999999.eml", false, 0 },
		{ "a,S=012.eml", false, 0 },
		{ "a,S=.eml", false, 0 },
		{ "a,S=-1.eml", false, 0 },
		{ "a,S=1.eml.tmp", false, 0 },
		{ "a,S=1.EML", false, 0 },
		{ "a,S=1", false, 0 },
		{ "a.eml", false, 0 },
		{ ",S=1.eml", false, 0 },
		{ "A,S=1.eml", false, 0 },
		{ "../a,S=1.eml", false, 0 },
		{ "0123456789abcdef0123456789abcdef0123456,S=1.eml", true, 1 },
		{ "0123456789abcdef0123456789abcdef01234567,S=1.eml", false, 0 },
		{ "", false, 0 },
	};
	char id[STAMP_ID_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct queue_name n;
		bool good = queue_name_parse(&n, cases[i].name);

		check(good == cases[i].good, cases[i].name);
		if (good)
			check_number((long long)n.size, cases[i].size, "its size");
	}
	check(queue_log_name_parse(id, "0a.log") && strcmp(id, "0a") == 0, "a log");
	check(!queue_log_name_parse(id, "0a.logs") &&
	    !queue_log_name_parse(id, ".log") && !queue_log_name_parse(id, "0a,S=1.eml"),
	    "no logs");
}

static void
test_accept(struct queue *q)
{
	struct queue_name n;
	struct err e = { 0 };
	struct stat st;
	int fd;

	put("q/incoming/0a,S=5.eml", "hello", 5);
	check_number(queue_accept(q, "0a,S=5.eml", &n, &e), QUEUE_OK, "taken over");
	check(there("q/queue/0a,S=5.eml") && !there("q/incoming/0a,S=5.eml"), "moved");
	check_number(queue_accept(q, "0a,S=5.eml", &n, &e), QUEUE_GONE, "once only");
	put("q/incoming/0a,S=5.eml", "other", 5);
	check_number(queue_accept(q, "0a,S=5.eml", &n, &e), QUEUE_FAILED, "taken");
	check(there("q/incoming/0a,S=5.eml"), "the second stays");
	check(unlink("q/incoming/0a,S=5.eml") == 0, "away with it");

	put("q/incoming/0b,S=5.eml", "hell", 4);
	check_number(queue_accept(q, "0b,S=5.eml", &n, &e), QUEUE_UNFINISHED, "short");
	check(there("q/incoming/0b,S=5.eml"), "a young one stays");
	put("q/incoming/0c,S=3.eml", "hell", 4);
	check_number(queue_accept(q, "0c,S=3.eml", &n, &e), QUEUE_FAILED, "too long");
	check_text(e.text, "0c,S=3.eml is larger than its name says", "why");

	put("q/incoming/0d,S=5.eml", "hello", 5);
	fd = open("q/incoming/0d,S=5.eml", O_RDONLY | O_CLOEXEC);
	check(flock(fd, LOCK_EX) == 0, "somebody delivers it");
	check_number(queue_accept(q, "0d,S=5.eml", &n, &e), QUEUE_LOCKED, "locked");
	(void)close(fd);
	check(link("q/incoming/0d,S=5.eml", "q/second") == 0, "a second name");
	check_number(queue_accept(q, "0d,S=5.eml", &n, &e), QUEUE_FAILED, "linked");
	check(unlink("q/second") == 0, "one name again");
	check_number(queue_accept(q, "0d,S=5.eml", &n, &e), QUEUE_OK, "taken over");

	check(symlink("/etc/passwd", "q/incoming/0e,S=5.eml") == 0 &&
	    mkfifo("q/incoming/0f,S=5.eml", 0600) == 0 &&
	    mkdir("q/incoming/10,S=5.eml", 0700) == 0, "odd objects");
	check_number(queue_accept(q, "0e,S=5.eml", &n, &e), QUEUE_FAILED, "a link");
	check_number(queue_accept(q, "0f,S=5.eml", &n, &e), QUEUE_FAILED, "a FIFO");
	check_number(queue_accept(q, "10,S=5.eml", &n, &e), QUEUE_FAILED, "a folder");
	check(lstat("q/incoming/0e,S=5.eml", &st) == 0 && S_ISLNK(st.st_mode) &&
	    there("q/incoming/0f,S=5.eml") && there("q/incoming/10,S=5.eml"),
	    "all untouched");
	check_number(queue_accept(q, "mail.txt", &n, &e), QUEUE_FAILED, "a name");
}

static void
test_take(struct queue *q)
{
	struct queue_name n = { "0a", 5 };
	struct err e = { 0 };
	char bytes[8];
	int fd = -1, again = -1;

	check_number(queue_take(q, &n, &fd, &e), QUEUE_OK, "opened");
	check(read(fd, bytes, sizeof(bytes)) == 5 && memcmp(bytes, "hello", 5) == 0,
	    "whole");
	check_number(queue_take(q, &n, &again, &e), QUEUE_LOCKED, "by one only");
	(void)close(fd);
	check_number(queue_take(q, &n, &fd, &e), QUEUE_OK, "then by another");
	(void)close(fd);
	check(truncate("q/queue/0a,S=5.eml", 2) == 0, "cut by a power failure");
	check_number(queue_take(q, &n, &fd, &e), QUEUE_UNFINISHED, "it is noticed");
	put("q/queue/0a,S=5.eml", "hello", 5);
	n.size = 6;
	check_number(queue_take(q, &n, &fd, &e), QUEUE_GONE, "not there");
}

static void
gather(void *with, const char *bytes, size_t len)
{
	buf_put(with, bytes, len);
}

static const char *
read_log(struct queue *q, struct buf *to)
{
	struct err e = { 0 };

	buf_reset(to);
	return queue_read_log(q, "0a", gather, to, &e) == 0 ? buf_text(to) : NULL;
}

static void
test_log(struct queue *q)
{
	struct buf text, line;
	struct err e = { 0 };

	buf_init(&text, 1000);
	buf_init(&line, 100);
	check_text(read_log(q, &text), "", "no log is an empty one");
	buf_puts(&line, "one\n");
	check(queue_add_log(q, "0a", &line, &e) == 0, "a line");
	check(queue_add_log(q, "0a", &line, &e) == 0, "and one more");
	check_text(read_log(q, &text), "one\none\n", "both");
	check(truncate("q/queue/0a.log", 6) == 0, "cut");
	check(queue_add_log(q, "0a", &line, &e) == 0, "the next");
	check_text(read_log(q, &text), "one\non\none\n", "is a line of its own");
	check(truncate("q/queue/0a.log", 0) == 0, "empty");
	check(queue_add_log(q, "0a", &line, &e) == 0, "a line");
	check_text(read_log(q, &text), "one\n", "that is all");
	line.full = true;
	check(queue_add_log(q, "0a", &line, &e) != 0, "a part of a line is none");
	check(queue_remove_log(q, "0a", &e) == 0 && queue_remove_log(q, "0a", &e) == 0,
	    "removed, and once more");
	check(symlink("/etc/passwd", "q/queue/0a.log") == 0, "a link");
	check(queue_read_log(q, "0a", gather, &text, &e) != 0, "is not read");
	check(unlink("q/queue/0a.log") == 0, "away");
	buf_free(&text);
	buf_free(&line);
}

static void
test_ends(struct queue *q)
{
	struct queue_name a = { "0a", 5 }, d = { "0d", 5 };
	struct buf line;
	struct err e = { 0 };

	buf_init(&line, 100);
	buf_puts(&line, "why\n");
	check(queue_add_log(q, "0a", &line, &e) == 0, "a log");
	check(queue_remove(q, &a, &e) == 0, "delivered");
	check(!there("q/queue/0a,S=5.eml") && !there("q/queue/0a.log"), "both are gone");
	check(queue_remove(q, &a, &e) == 0, "once more");
	check(queue_add_log(q, "0d", &line, &e) == 0, "a log");
	put("q/failed/0d.reason", "something longer of an earlier try", 34);
	check(queue_give_up(q, &d, &line, &e) == 0, "given up");
	check(there("q/failed/0d.eml") && !there("q/queue/0d,S=5.eml") &&
	    !there("q/queue/0d.log"), "moved");
	check_text(child_read("q/failed/0d.reason"), "why\n", "with its reason");
	put("q/queue/0d,S=5.eml", "other", 5);
	check(queue_give_up(q, &d, &line, &e) != 0 && there("q/queue/0d,S=5.eml"),
	    "nothing is overwritten");
	check_text(child_read("q/failed/0d.eml"), "hello", "the first is there");
	buf_free(&line);
}

/* Each step fails in turn: what is not on disk is not claimed to be. */
static void
fail_step(struct child *c)
{
	struct queue q;
	struct queue_name n = { "0a", 5 };
	struct buf line;

	buf_init(&line, 100);
	buf_puts(&line, "why\n");
	queue_init(&q);
	c->value = 99;
	if (queue_open(&q, "q", &c->e) != 0)
		return;
	child_deny((int)c->number, 0, 0, 0, EIO);
	c->value = strcmp(c->path, "log") == 0 ?
	    queue_add_log(&q, "0a", &line, &c->e) :
	    queue_give_up(&q, &n, &line, &c->e);
	queue_close(&q);
	buf_free(&line);
}

static void
test_failures(void)
{
	static const struct {
		const char *what;
		long        call;
	} cases[] = {
		{ "log", SYS_fdatasync }, { "log", SYS_fsync }, { "log", SYS_write },
		{ "give up", SYS_fsync }, { "give up", SYS_write },
		{ "give up", SYS_renameat2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct child c = { .number = cases[i].call };

		(void)snprintf(c.path, sizeof(c.path), "%s", cases[i].what);
		put("q/queue/0a,S=5.eml", "hello", 5);
		(void)unlink("q/queue/0a.log");
		(void)unlink("q/failed/0a.reason");
		check(child_run(&c, fail_step), cases[i].what);
		check(c.value == -1 && c.e.text[0] != '\0', c.e.text);
		check(there("q/queue/0a,S=5.eml") && !there("q/failed/0a.eml"),
		    "the message is where it was");
	}
}

static void
test_add(struct queue *q)
{
	struct queue_name n;
	struct buf b;
	struct err e = { 0 };

	buf_init(&b, 10);
	buf_puts(&b, "hello");
	check(queue_add(q, "f0", &b, &n, &e) == 0, "one of our own");
	check_text(child_read("q/queue/f0,S=5.eml"), "hello", "is whole");
	check(strcmp(n.id, "f0") == 0 && n.size == 5, "its name");
	check(queue_add(q, "f0", &b, &n, &e) == 1, "once");
	buf_puts(&b, "too much");
	check(queue_add(q, "f1", &b, &n, &e) == -1 && !there("q/queue/f1,S=5.eml"),
	    "nothing of what is not whole");
	buf_free(&b);
}

static void
test_lock(struct queue *q)
{
	struct queue other;
	struct err e = { 0 };
	long pid = 0;

	check(queue_take_lock(q, &pid, &e) == 0, "the lock");
	queue_init(&other);
	check(queue_open(&other, "q", &e) == 0, "a second runner");
	check(queue_take_lock(&other, &pid, &e) == 1 && pid == (long)getpid(),
	    "knows the first");
	queue_close(&other);
	queue_close(&other);
}

static void
test_envelope(void)
{
	static const char lines[] = "X-Sender: <a@x.test>\r\nX-Receiver: <b@x.test>\r\n";
	struct envelope v;
	struct err e = { 0 };
	struct buf many;
	int fd;

	put("q/m", lines, strlen(lines));
	fd = open("q/m", O_RDONLY | O_CLOEXEC);
	memset(&v, 0, sizeof(v));
	check(queue_read_envelope(fd, &v, &e) == -1 && e.status == EX_DATAERR,
	    "a block that does not end");
	envelope_free(&v);
	(void)close(fd);
	buf_init(&many, 1 << 24);
	buf_puts(&many, "X-Sender: <a@x.test>\r\n");
	for (int i = 0; i < 9000; i++)
		buf_printf(&many, "X-Receiver: <number%d@x.test>\r\n", i);
	buf_puts(&many, "\r\nhi\r\n");
	put("q/m", many.data, many.len);
	fd = open("q/m", O_RDONLY | O_CLOEXEC);
	memset(&v, 0, sizeof(v));
	check_number(queue_read_envelope(fd, &v, &e), (long long)many.len - 6, "long");
	check_number((long long)v.count, 9000, "and all are there");
	envelope_free(&v);
	(void)close(fd);
	buf_free(&many);
}

int
main(void)
{
	struct queue q;
	struct err e = { 0 };

	child_folder();
	check(mkdir("q", 0755) == 0, "a place");
	test_names();
	queue_init(&q);
	check(queue_open(&q, "q", &e) != 0 && e.status == EX_NOINPUT, "no incoming");
	check(mkdir("q/incoming", 0733) == 0 && queue_open(&q, "q", &e) == 0,
	    "a queue");
	check(there("q/queue") && there("q/failed"),
	    "its folders are made");
	test_accept(&q);
	test_take(&q);
	test_log(&q);
	test_ends(&q);
	test_failures();
	test_envelope();
	test_add(&q);
	test_lock(&q);
	queue_close(&q);
	child_clean();
	return check_end();
}
