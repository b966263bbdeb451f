#include "settings/aliases.h"

#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEN(list) (sizeof(list) / sizeof((list)[0]))

static char folder[] = "/tmp/outtray-aliases-XXXXXX";

#define PAIR(name, value) { (char *)(name), (char *)(value), 0 } /* only read */

static struct setting_pair pairs[] = {
	PAIR("Admin", "boss@example.net, second@example.net"),
	PAIR("both", "ini@example.net"),
	PAIR("piped", "|/bin/cat"),
	PAIR("nobody", ""),
	PAIR("selfish", "selfish, x@example.net"),
	PAIR("to-file", "infile"),
};

static struct settings settings = {
	.domain = (char *)"mail.example", .hostname = (char *)"web01.internal",
	.aliases = { pairs, LEN(pairs), LEN(pairs) },
};

static const char *
in_folder(const char *name)
{
	static char path[2][128];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static void
write_file(const char *name, const char *bytes, size_t len)
{
	int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0)
		perror(name);
}

/* The recipients with '|' between them, or "status: sentence". */
static const char *
resolved(struct aliases *al, const char *text)
{
	static char shown[2048];
	struct envelope v;
	struct err e = { 0 };
	struct addr a;
	size_t used = 0;

	envelope_init(&v, 50);
	if (addr_parse(&a, text, strlen(text), &e) != 0 ||
	    aliases_resolve(al, &a, &v, &e) != 0) {
		(void)snprintf(shown, sizeof(shown), "%d: %s", e.status, e.text);
		envelope_free(&v);
		return shown;
	}
	check(a.text == NULL, "the recipient was taken over");
	shown[0] = '\0';
	for (size_t i = 0; i < v.count; i++)
		used += (size_t)snprintf(shown + used, sizeof(shown) - used,
		    "%s%s", i > 0 ? "|" : "", v.recipients[i].addr.text);
	envelope_free(&v);
	return shown;
}

static const char file[] =
    "# aliases(5)\n"
    "\n"
    "postmaster:\troot\n"
    "root: ops@example.net   # who is awake\n"
    "Webmaster : w@example.net,\r\n"
    "   second <W2@example.net>\r\n"
    "\n"
    "# a comment does not end it\n"
    "\tw3@example.net (third, and last)\n"
    "both: file@example.net\n"
    "infile: f@example.net\n"
    "keeper: keeper, copy@example.net\n"
    "escaped: \\root, \\keeper@localhost\n"
    "a: b\n"
    "b: a\n"
    "c: d, c2@example.net\n"
    "d: c\n"
    "twice: one@example.net\n"
    "twice: two@example.net\n"
    "\"two words\": tw@example.net\n"
    "\"q\\\"uote\": q@example.net\n"
    "first.last: fl@example.net\n"
    "joined: j1@example.net, \\\n"
    "j2@example.net\n"
    "quoted: \"john doe\"@example.net, \"Doe, J\" <jd@example.net>\n"
    "pipe: \"|/usr/bin/vacation joe, now\"\n"
    "pipe2: |/bin/sh\n"
    "null: /dev/null\n"
    "file: ok@example.net, \"/var/mail/file\"\n"
    "exim: :blackhole:\n"
    "empty:\n"
    "empty2: # nothing\n"
    "nonsense: x@example.net, a b c\n"
    "nullish: <>\n"
    "group: list:x@example.net;\n"
    "list+tag: tagged@example.net\n"
    "list: l@example.net\n"
    "up: root+cron\n"
    "many: root, postmaster, ROOT@localhost, ops@example.net\n"
    "l0: l1, l1, l1\n" "l1: l2, l2, l2\n" "l2: l3, l3, l3\n"
    "l3: l4, l4, l4\n" "l4: l5, l5, l5\n" "l5: l6, l6, l6\n"
    "l6: l7, l7, l7\n" "l7: l8, l8, l8\n" "l8: l9, l9, l9\n"
    "l9: m0, m0, m0\n" "m0: m1, m1, m1\n" "m1: m2, m2, m2\n"
    "m2: m3, m3, m3\n" "m3: m4, m4, m4\n" "m4: m5, m5, m5\n"
    "m5: m6, m6, m6\n" "m6: m7, m7, m7\n" "m7: m8, m8, m8\n"
    "m8: m9, m9, m9\n" "m9: deep@example.net\n"
    "tooDeep: l0\n"
    "\"#hash\": \"#x\"@example.net, y#z@example.net\n";

static const struct { const char *text, *wanted; } list[] = {
	/* not local: no alias */
	{ "root@example.net", "root@example.net" },
	{ "root@mail.example", "root@mail.example" },
	{ "Root@Other.example", "Root@Other.example" },
	{ "root@[192.0.2.1]", "root@[192.0.2.1]" },

	/* local in all its forms */
	{ "root", "ops@example.net" },
	{ "ROOT", "ops@example.net" },
	{ "root@localhost", "ops@example.net" },
	{ "root@LocalHost", "ops@example.net" },
	{ "root@localhost.localdomain", "ops@example.net" },
	{ "root@web01.internal", "ops@example.net" },
	{ "root@[127.0.0.1]", "ops@example.net" },
	{ "root@[IPv6:::1]", "ops@example.net" },

	/* no alias: completed, or what it was */
	{ "stranger", "stranger@mail.example" },
	{ "stranger@localhost", "stranger@mail.example" },
	{ "stranger@[127.0.0.1]", "stranger@mail.example" },
	{ "stranger@web01.internal", "stranger@web01.internal" },
	{ "\"a stranger\"@localhost", "\"a stranger\"@mail.example" },

	/* [aliases] first, then the file */
	{ "admin", "boss@example.net|second@example.net" },
	{ "both", "ini@example.net" },
	{ "to-file", "f@example.net" },
	{ "piped", "78: [aliases] piped: \"|/bin/cat\": mail is not piped into "
	    "programs, give an address" },
	{ "nobody", "78: [aliases] nobody: it stands for nobody" },
	{ "selfish", "selfish@mail.example|x@example.net" },

	/* the file's forms */
	{ "postmaster", "ops@example.net" },
	{ "webmaster", "w@example.net|W2@example.net|w3@example.net" },
	{ "twice", "one@example.net" },
	{ "\"two words\"", "tw@example.net" },
	{ "\"q\\\"uote\"", "q@example.net" },
	{ "\"first.last\"", "fl@example.net" },
	{ "joined", "j1@example.net|j2@example.net" },
	{ "quoted", "\"john doe\"@example.net|jd@example.net" },
	{ "\"#hash\"", "#x@example.net|y#z@example.net" },
	{ "j2@example.net", "j2@example.net" },

	/* details */
	{ "list+tag", "tagged@example.net" },
	{ "list+other", "l@example.net" },
	{ "List+", "l@example.net" },
	{ "stranger+x", "stranger+x@mail.example" },
	{ "+list", "+list@mail.example" },
	{ "up", "ops@example.net" },

	/* themselves, loops, what is met twice */
	{ "keeper", "keeper@mail.example|copy@example.net" },
	{ "keeper+x", "keeper@mail.example|copy@example.net" },
	{ "escaped", "root@mail.example|keeper@mail.example" },
	{ "a", "a@mail.example" },
	{ "b@localhost", "b@mail.example" },
	{ "c", "c@mail.example|c2@example.net" },
	{ "many", "ops@example.net" },
	{ "l0", "deep@example.net" },
	{ "toodeep", "65: more than 20 aliases lead from one to the next, the "
	    "last one to \"m9\"" },

	/* faults, each with its line */
	{ "pipe", "78: FILE:26: alias \"pipe\": \"|/usr/bin/vacation joe, now\": "
	    "mail is not piped into programs, give an address" },
	{ "pipe2", "78: FILE:27: alias \"pipe2\": \"|/bin/sh\": mail is not "
	    "piped into programs, give an address" },
	{ "null", "78: FILE:28: alias \"null\": \"/dev/null\": mail is not "
	    "written into files, give an address" },
	{ "file", "78: FILE:29: alias \"file\": \"/var/mail/file\": mail is not "
	    "written into files, give an address" },
	{ "exim", "78: FILE:30: alias \"exim\": \":blackhole:\" is no address" },
	{ "empty", "78: FILE:31: alias \"empty\": it stands for nobody" },
	{ "empty2", "78: FILE:32: alias \"empty2\": it stands for nobody" },
	{ "nonsense", "78: FILE:33: alias \"nonsense\": \"a b c\" is no mail "
	    "address: a comma, or quotes, are missing" },
	{ "nullish", "78: FILE:34: alias \"nullish\": the null address receives "
	    "no mail" },
	{ "group", "78: FILE:35: alias \"group\": \"list:x@example.net\" is no "
	    "mail address: a ':' is out of place" },
	{ "<>", "65: the null address \"<>\" cannot receive mail" },
};

static void
test_list(void)
{
	struct aliases al;
	struct err e = { 0 };

	aliases_init(&al, &settings, "FILE");
	check(aliases_parse(&al, file, sizeof(file) - 1, &e) == 0, "the file");
	for (size_t i = 0; i < LEN(list); i++)
		check_text(resolved(&al, list[i].text), list[i].wanted,
		    list[i].text);
	aliases_free(&al);
	aliases_free(&al);
}

static void
test_catch_all(void)
{
	static struct setting_pair star[] = { PAIR("*", "all@example.net") };
	struct settings s = settings;
	struct aliases al;
	struct err e = { 0 };
	static const char text[] = "root: ops@example.net\n"
	    "to-unknown: nobody-here\n*: file@example.net\nkeep: keep\n";

	s.aliases.list = star;
	s.aliases.count = 1;
	aliases_init(&al, &s, "FILE");
	check(aliases_parse(&al, text, sizeof(text) - 1, &e) == 0, "a file");
	check_text(resolved(&al, "root"), "ops@example.net",
	    "an alias goes before the catch-all");
	check_text(resolved(&al, "www-data"), "all@example.net", "the catch-all");
	check_text(resolved(&al, "to-unknown"), "all@example.net",
	    "which also takes what an alias leads to");
	check_text(resolved(&al, "keep"), "keep@mail.example",
	    "but not what an alias keeps");
	check_text(resolved(&al, "x@example.org"), "x@example.org",
	    "and nothing that is not local");
	s.aliases.count = 0;
	check_text(resolved(&al, "www-data"), "file@example.net",
	    "the file may have one too");
	star[0].value = (char *)"*";
	s.aliases.count = 1;
	check_text(resolved(&al, "joe"), "*@mail.example", "a silly one ends");
	aliases_free(&al);
}

/* What is a fault of the whole file. */
static void
test_bad_files(void)
{
	static const struct { const char *text, *wanted; } bad[] = {
		{ "root ops@example.net\n", "FILE:1: this is not" },
		{ "a: b\n\nroot\n", "FILE:3: this is not" },
		{ ": x\n", "FILE:1: this is not" },
		{ "two words: x\n", "FILE:1: this is not" },
		{ "\"open: x\n", "FILE:1: this is not" },
		{ "  indented: x\n", "FILE:1: a line that begins" },
		{ "# c\n\n\tx\n", "FILE:3: a line that begins" },
		{ "\x7f" "ELF\n", "FILE:1: this is not" },
	};
	struct aliases al;
	struct err e = { 0 };

	aliases_init(&al, &settings, "FILE");
	for (size_t i = 0; i < LEN(bad); i++) {
		check(aliases_parse(&al, bad[i].text, strlen(bad[i].text), &e) ==
		    -1 && e.status == EX_CONFIG &&
		    strncmp(e.text, bad[i].wanted, strlen(bad[i].wanted)) == 0,
		    bad[i].text);
		printf("# %s\n", e.text);
	}
	check(aliases_parse(&al, "a: b\0c\n", 7, &e) == -1, "a NUL");
	check(aliases_parse(&al, "", 0, &e) == 0, "an empty file is none");
	check(aliases_parse(&al, "# later\n", 8, &e) == 0, "nor one of comments");
	check_text(resolved(&al, "root"), "root@mail.example", "of these");
	check(aliases_parse(&al, "root: a@x\nb: c\\", 15, &e) == 0,
	    "no line end at the end, but a backslash");
	check_text(resolved(&al, "b"), "c@mail.example", "is taken");
	aliases_free(&al);
}

static void
test_files(void)
{
	static const char text[] =
	    "root: ops@example.net\n"
	    "list: :include:%s/members, last@example.net\n"
	    "quoted: \":include: %s/members\"\n"
	    "missing: :include:%s/none\n"
	    "relative: :include:members\n"
	    "fifo: :include:%s/fifo\n"
	    "folder: :include:%s\n"
	    "nested: :include:%s/nested\n"
	    "void: :include:%s/void\n"
	    "bad: :include:%s/bad\n"
	    "self: :include:%s/self\n";
	static const char members[] = "# who\none@example.net, two@example.net\n"
	    "\n  Three <three@example.net>  # late\r\nroot\n";
	char bytes[2048], wanted[2048];
	const char *f = folder;
	struct aliases al;

	(void)snprintf(bytes, sizeof(bytes), text, f, f, f, f, f, f, f, f, f);
	write_file("aliases", bytes, strlen(bytes));
	write_file("members", members, sizeof(members) - 1);
	write_file("void", "# nobody\n", 9);
	write_file("bad", "ok@example.net\n|/bin/sh\n", 24);
	write_file("self", "self, one@example.net\n", 22);
	(void)snprintf(bytes, sizeof(bytes), ":include:%s/members\n", f);
	write_file("nested", bytes, strlen(bytes));
	check(mkfifo(in_folder("fifo"), 0600) == 0, "a FIFO");

	aliases_init(&al, &settings, in_folder("aliases"));
	check_text(resolved(&al, "x@example.org"), "x@example.org", "not local");
	check_text(resolved(&al, "admin"), "boss@example.net|second@example.net",
	    "or in [aliases]");
	check(!al.loaded, "and so the file was not read");
	check_text(resolved(&al, "root"), "ops@example.net", "read");
	check(al.loaded, "now it is");
	check(unlink(in_folder("aliases")) == 0, "the file is read once");
	check_text(resolved(&al, "list"), "one@example.net|two@example.net|"
	    "three@example.net|ops@example.net|last@example.net", "an include");
	check_text(resolved(&al, "quoted"), "one@example.net|two@example.net|"
	    "three@example.net|ops@example.net", "in quotes");
	check_text(resolved(&al, "self"), "self@mail.example|one@example.net",
	    "a list that has its own name in it");
	(void)snprintf(wanted, sizeof(wanted), "78: the alias \"void\" stands for "
	    "nobody: all its lists are empty");
	check_text(resolved(&al, "void"), wanted, "an empty include");
	(void)snprintf(wanted, sizeof(wanted), "78: %s/bad:2: alias \"bad\": "
	    "\"|/bin/sh\": mail is not piped into programs, give an address", f);
	check_text(resolved(&al, "bad"), wanted, "a pipe in an include");
	(void)snprintf(wanted, sizeof(wanted), "78: %s:5: alias \"relative\": "
	    "\"members\" must begin with '/'", al.path);
	check_text(resolved(&al, "relative"), wanted, "a relative include");
	(void)snprintf(wanted, sizeof(wanted), "78: %s:6: alias \"fifo\": "
	    "%s/fifo is no regular file", al.path, f);
	check_text(resolved(&al, "fifo"), wanted, "a FIFO does not hold us up");
	(void)snprintf(wanted, sizeof(wanted), "78: %s:7: alias \"folder\": "
	    "%s is no regular file", al.path, f);
	check_text(resolved(&al, "folder"), wanted, "a folder");
	(void)snprintf(wanted, sizeof(wanted), "78: %s/nested:1: alias \"nested\""
	    ": %s/members: a file that is included includes no other", f, f);
	check_text(resolved(&al, "nested"), wanted, "an include in an include");
	(void)snprintf(wanted, sizeof(wanted), "66: %s:4: alias \"missing\": ",
	    al.path);
	check(strncmp(resolved(&al, "missing"), wanted, strlen(wanted)) == 0 &&
	    strstr(resolved(&al, "missing"), "none") != NULL,
	    "an include that is missing is named");
	aliases_free(&al);
}

static void
test_file_itself(void)
{
	static const char *const none[] = { "nothing-here", "members/x" };
	struct aliases al;
	struct envelope v;
	struct addr a;
	struct err e = { 0 };
	int fd;

	for (size_t i = 0; i < LEN(none); i++) {
		aliases_init(&al, &settings, in_folder(none[i]));
		check_text(resolved(&al, "root"), "root@mail.example",
		    "a missing file is no fault");
		aliases_free(&al);
	}
	aliases_init(&al, &settings, in_folder("fifo"));
	check(strncmp(resolved(&al, "root"), "78: ", 4) == 0, "a FIFO is one");
	check(strncmp(resolved(&al, "root"), "78: ", 4) == 0, "each time");
	check_text(resolved(&al, "x@example.net"), "x@example.net",
	    "not for those who do not need it");
	aliases_free(&al);
	envelope_init(&v, 10);
	check(addr_parse(&a, "list", 4, &e) == 0 && aliases_expand_from(&settings,
	    in_folder("members"), &a, &v, &e) == -1 && e.status == EX_CONFIG &&
	    a.text == NULL && v.count == 0, "a file for a single recipient");
	envelope_free(&v);

	fd = open(in_folder("huge"), O_WRONLY | O_CREAT, 0644);
	check(fd >= 0 && ftruncate(fd, (off_t)ALIASES_FILE_MAX * 64) == 0 &&
	    close(fd) == 0, "a file of 1 GiB");
	aliases_init(&al, &settings, in_folder("huge"));
	check(strstr(resolved(&al, "root"), "too long") != NULL, "is refused");
	aliases_free(&al);

	aliases_init(&al, &settings, in_folder("locked"));
	write_file("locked", "root: x@example.net\n", 20);
	check(chmod(in_folder("locked"), 0) == 0, "a file that we may not read");
	check(geteuid() != 0 || seteuid(65534) == 0, "as somebody");
	check(strncmp(resolved(&al, "root"), "66: ", 4) == 0, "is an error");
	check(seteuid(getuid()) == 0, "and back");
	aliases_free(&al);
}

static void
test_many(void)
{
	enum { MANY = 100000 };
	size_t size = MANY * 40, used = 0;
	char *bytes = malloc(size), text[64], wanted[64];
	struct aliases al;
	struct err e = { 0 };

	for (int i = 0; i < MANY; i++)
		used += (size_t)snprintf(bytes + used, size - used,
		    "User%d: u%d@example.net\n", (i * 7919) % MANY, i);
	aliases_init(&al, &settings, "FILE");
	check(aliases_parse(&al, bytes, used, &e) == 0, "100,000 aliases");
	for (int i = 0; i < MANY; i += 9973) {
		(void)snprintf(text, sizeof(text), "user%d", (i * 7919) % MANY);
		(void)snprintf(wanted, sizeof(wanted), "u%d@example.net", i);
		check_text(resolved(&al, text), wanted, text);
	}
	aliases_free(&al);

	for (used = 0; used < 3000; used += 2)
		memcpy(bytes + used, "x,", 2);
	memcpy(bytes, "everybody: ", 11);
	for (int i = 0; i < 51; i++)
		used += (size_t)snprintf(bytes + used, size - used,
		    "u%d@example.net,", i);
	aliases_init(&al, &settings, "FILE");
	check(aliases_parse(&al, bytes, used, &e) == 0, "a long list");
	check(strncmp(resolved(&al, "everybody"), "65: more than 50 recipients",
	    27) == 0, "over the limit of recipients");
	aliases_free(&al);
	free(bytes);
}

int
main(void)
{
	char command[64];

	if (mkdtemp(folder) == NULL)
		return 2;
	test_list();
	test_catch_all();
	test_bad_files();
	test_files();
	test_file_itself();
	test_many();
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	check(system(command) == 0, "nothing is left behind");
	return check_end();
}
