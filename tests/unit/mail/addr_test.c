#include "mail/addr.h"

#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEN(list) (sizeof(list) / sizeof((list)[0]))

/* What may not be an address for want of bytes in a C string comes below. */
static const struct {
	const char *text;
	const char *wanted;	/* NULL: refused */
} one[] = {
	/* as people and programs write it */
	{ "a@b", "a@b" },
	{ "<a@b>", "a@b" },
	{ "  <a@b>\t", "a@b" },
	{ "Name <a@b>", "a@b" },
	{ "N <a@b> (office)", "a@b" },
	{ "\"Last, First\" <a@b>", "a@b" },
	{ "First M. Last <a@b>", "a@b" },
	{ "a@b (Name)", "a@b" },
	{ "(Name) a@b", "a@b" },
	{ "a@b (Smith, John; and (others))", "a@b" },
	{ "me@example.net <a@b>", "a@b" },
	{ "Foo [at home] <a@b>", "a@b" },
	{ "J\xf6rg <a@b>", "a@b" },		/* Latin-1 in a name */
	{ "root", "root" },
	{ "root (Cron Daemon)", "root" },
	{ "Cron Daemon <root>", "root" },
	{ "www-data@web01", "www-data@web01" },
	{ "a@Example.COM", "a@Example.COM" },
	{ "a@example.com.", "a@example.com" },
	{ "a@under_score.example", "a@under_score.example" },
	{ "a@192.0.2.1", "a@192.0.2.1" },
	{ "a+b=c.d@x", "a+b=c.d@x" },
	{ "o'neill&co/x!y%z@x", "o'neill&co/x!y%z@x" },
	{ "-dash@x", "-dash@x" },
	{ "-Xcanary", "-Xcanary" },
	{ ";touch canary;@x", NULL },

	/* the null sender */
	{ "", "" },
	{ "  ", "" },
	{ "<>", "" },
	{ " < > ", "" },
	{ "Mail System <>", "" },

	/* quotes */
	{ "\"john doe\"@x", "\"john doe\"@x" },
	{ "<\"john doe\"@x>", "\"john doe\"@x" },
	{ "\"john.doe\"@x", "john.doe@x" },
	{ "\"j\\oe\"@x", "joe@x" },
	{ "\"a@b\"@x", "\"a@b\"@x" },
	{ "\"a,b\"@x", "\"a,b\"@x" },
	{ "\"a>b\"@x", "\"a>b\"@x" },
	{ "<\"a>b\"@x>", "\"a>b\"@x" },
	{ "\"a\\\"b\\\\c\"@x", "\"a\\\"b\\\\c\"@x" },
	{ "a.\"b c\".d@x", "\"a.b c.d\"@x" },
	{ "\"\"@x", "\"\"@x" },
	{ "\"john doe\"", "\"john doe\"" },
	{ "a..b@x", "\"a..b\"@x" },		/* Japanese telephones */
	{ "a.@x", "\"a.\"@x" },
	{ ".a@x", "\".a\"@x" },
	{ "\"\"", NULL },
	{ "\"a@x", NULL },
	{ "\"a\\\"@x", NULL },
	{ "a\"b\"@x", NULL },
	{ "\"a\"b@x", NULL },
	{ "\"a\tb\"@x", NULL },
	{ "\\root", NULL },

	/* blanks, comments and folding about the parts (RFC 822) */
	{ "a @ b", "a@b" },
	{ "a . b @ c . d", "a.b@c.d" },
	{ "a(x)@(y)b", "a@b" },
	{ "<a@b(y)>", "a@b" },
	{ "<(x) a (y) @ (z) b>", "a@b" },
	{ "a@b (a (b) \\) c)", "a@b" },
	{ "Name\r\n <a@b>", "a@b" },
	{ "a@b\r\n\t(x\r\n y)", "a@b" },

	/* routes */
	{ "<@a,@b:user@x>", "user@x" },
	{ "Name <@a:user@x>", "user@x" },
	{ "< @a , @b : user@x >", "user@x" },
	{ "<@a,@b>", NULL },
	{ "<@a:>", NULL },
	{ "@a,@b:user@x", NULL },

	/* literals */
	{ "user@[127.0.0.1]", "user@[127.0.0.1]" },
	{ "user@[IPv6:::1]", "user@[IPv6:::1]" },
	{ "user@[ipv6:2001:db8::1]", "user@[ipv6:2001:db8::1]" },
	{ "N <user@[IPv6:::ffff:192.0.2.1]>", "user@[IPv6:::ffff:192.0.2.1]" },
	{ "user@[X-tag:any.thing]", "user@[X-tag:any.thing]" },
	{ "user@[::1]", NULL },
	{ "user@[]", NULL },
	{ "user@[300.0.0.1]", NULL },
	{ "user@[IPv6:zz]", NULL },
	{ "user@[127.0.0.1", NULL },
	{ "user@[127.0.0.1]x", NULL },
	{ "user@[a[b]]", NULL },
	{ "user@[a b]", NULL },
	{ "user@[X-:y]", NULL },
	{ "user@[:y]", NULL },
	{ "user@[x:]", NULL },

	/* UTF-8 (RFC 6531) */
	{ "j\xc3\xb6rg@x", "j\xc3\xb6rg@x" },
	{ "a@b\xc3\xbc" "cher.example", "a@b\xc3\xbc" "cher.example" },
	{ "\"j \xf0\x9f\x93\xa7\"@x", "\"j \xf0\x9f\x93\xa7\"@x" },
	{ "j\xf6rg@x", NULL },
	{ "a@b\xfc" "cher", NULL },
	{ "\xc0\xaf@x", NULL },
	{ "\xe0\x80\xaf@x", NULL },
	{ "\xed\xa0\x80@x", NULL },
	{ "\xf4\x90\x80\x80@x", NULL },
	{ "\xf8\x88\x80\x80\x80@x", NULL },
	{ "\xc3@x", NULL },
	{ "a@x\xe2\x82", NULL },
	{ "a\xc2\x9b" "b@x", NULL },		/* a terminal's CSI */

	/* more or less than one */
	{ "a@x,b@y", NULL },
	{ "a@x, b@y", NULL },
	{ "a@x;b@y", NULL },
	{ "a@x b@y", NULL },
	{ "a@x,", NULL },
	{ ",a@x", NULL },
	{ "Doe, John <a@x>", NULL },
	{ "friends: a@x;", NULL },
	{ "friends:;", NULL },
	{ "mailto:a@x", NULL },
	{ "(only a comment)", NULL },
	{ "First Last", NULL },
	{ "<a@x> <b@y>", NULL },
	{ "<a@x> b", NULL },
	{ "<a@x,b@y>", NULL },

	/* nonsense */
	{ "@", NULL },
	{ "@x", NULL },
	{ "<@x>", NULL },
	{ "a@", NULL },
	{ "a@.", NULL },
	{ "a@.x", NULL },
	{ "a@x..y", NULL },
	{ "a@x..", NULL },
	{ "a@-x", NULL },
	{ "a@x-", NULL },
	{ "a@x!y", NULL },
	{ "a@b@c", NULL },
	{ "a b@x", NULL },
	{ "a@b c", NULL },
	{ "<a@x", NULL },
	{ "a@x>", NULL },
	{ "<<a@x>>", NULL },
	{ "a@b>\r\nRCPT TO:<v@evil>", NULL },
	{ "(a@x", NULL },
	{ "a@x)", NULL },
	{ "a@x (y", NULL },
	{ "[a]@x", NULL },

	/* control characters */
	{ "a@b\n", NULL },
	{ "a@b\r", NULL },
	{ "a@b\r\n", NULL },
	{ "a\n@b", NULL },
	{ "a@b\n c", NULL },
	{ "a\rb@x", NULL },
	{ "a@x\r\nRCPT TO:<v@evil>", NULL },
	{ "N\x1b[2J <a@x>", NULL },
	{ "a@x (\x07)", NULL },
	{ "a\x7f@x", NULL },
	{ "\"a\r\"@x", NULL },
	{ "\"a\\\n\"@x", NULL },
	{ "a@[\x01]", NULL },
	{ "<\x02>", NULL },
};

static void
check_one(const char *text, size_t len, const char *wanted, const char *name)
{
	struct err e = { 0 };
	struct addr a;
	int r = addr_parse(&a, text, len, &e);

	if (wanted == NULL) {
		check(r == -1 && e.status == EX_DATAERR && e.text[0] != '\0' &&
		    a.text == NULL, name);
	} else if (check_text(r == 0 ? a.text : NULL, wanted, name)) {
		const char *at = strrchr(wanted, '@');
		bool has = at != NULL && strchr(at, '"') == NULL;

		check_number((long long)a.at,
		    has ? at - wanted : (long long)strlen(wanted), name);
		check(addr_has_domain(&a) == has, name);
		check_text(addr_domain(&a), has ? at + 1 : "", name);
		check(addr_is_null(&a) == (wanted[0] == '\0'), name);
	} else {
		printf("# %s\n", e.text);
	}
	addr_free(&a);
}

static void
test_one(void)
{
	for (size_t i = 0; i < LEN(one); i++)
		check_one(one[i].text, strlen(one[i].text), one[i].wanted,
		    one[i].text);
	check_one("a\0@b", 4, NULL, "a NUL in the local part");
	check_one("a@b\0", 4, NULL, "a NUL at the end");
	check_one("a@b\0c", 5, NULL, "a NUL in the domain");
	check_one("\"a\0\"@b", 6, NULL, "a NUL in quotes");
	check_one("a@b (\0)", 7, NULL, "a NUL in a comment");
	check_one("\0", 1, NULL, "nothing but a NUL");
	check_one(NULL, 0, "", "no bytes at all");
}

static void
test_limits(void)
{
	char text[ADDR_TEXT_MAX + 64], name[64];
	static const struct { size_t local, label; bool ok; } list[] = {
		{ 64, 63, true }, { 64, 64, false }, { 256, 10, true },
		{ ADDR_TEXT_MAX - 2, 1, true }, { ADDR_TEXT_MAX - 1, 1, false },
		{ ADDR_TEXT_MAX + 1, 1, false },
	};

	for (size_t i = 0; i < LEN(list); i++) {
		memset(text, 'a', sizeof(text));
		text[list[i].local] = '@';
		(void)snprintf(name, sizeof(name), "local part %zu, label %zu",
		    list[i].local, list[i].label);
		text[list[i].local + 1 + list[i].label] = '\0';
		check_one(text, strlen(text), list[i].ok ? text : NULL, name);
	}
	/* The quotes that a local part needs count as well. */
	memset(text, ' ', sizeof(text));
	text[0] = '"';
	memcpy(text + ADDR_TEXT_MAX - 3, "\"@x", 4);
	check_one(text, ADDR_TEXT_MAX, text, "as long as it may be, in quotes");
	memset(text + 1, '"', ADDR_TEXT_MAX);
	for (size_t i = 1; i < ADDR_TEXT_MAX - 5; i += 2)
		text[i] = '\\';
	memcpy(text + ADDR_TEXT_MAX - 4, "\"@xy", 5);
	text[ADDR_TEXT_MAX - 5] = 'a';
	check_one(text, strlen(text), text, "all of it with backslashes");
	memcpy(text, "a@", 2);
	for (size_t i = 2; i < sizeof(text); i++)
		text[i] = i % 4 == 1 ? '.' : 'd';
	text[2 + 255] = '\0';
	text[2 + 254] = 'd';
	check_one(text, 2 + 255, text, "a domain of 255 bytes");
	check_one(text, 2 + 256, NULL, "a domain of 256 bytes");
}

/* Each address that was found, '|' between them, '!' for what is none. */
static const char *
found(const char *bytes, size_t len, bool blanks)
{
	static char text[512];
	struct addr_list l;
	struct addr a;
	struct err e;
	size_t used = 0;
	int r;

	text[0] = '\0';
	addr_list_init(&l, bytes, len, blanks);
	while ((r = addr_list_next(&l, &a, NULL, &e)) != 0 && used < 400) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
		    used > 0 ? "|" : "", r < 0 ? "!" :
		    addr_is_null(&a) ? "<>" : a.text);
		addr_free(&a);
	}
	return text;
}

static const struct {
	const char *text;
	const char *wanted;		/* of a header field */
	const char *wanted_blanks;	/* of an argument; NULL: the same */
} lists[] = {
	{ "", "", NULL },
	{ " ", "", NULL },
	{ "a@x", "a@x", NULL },
	{ "a@x,b@y", "a@x|b@y", NULL },
	{ "a@x, b@y", "a@x|b@y", NULL },
	{ "a@x ,b@y , c@z", "a@x|b@y|c@z", NULL },
	{ "a@x; b@y", "a@x|b@y", NULL },
	{ "a@x;b@y;", "a@x|b@y", NULL },
	{ ",, a@x,,;, b@y,", "a@x|b@y", NULL },
	{ ",", "", NULL },
	{ "root, N <b@y>, c@z (N)", "root|b@y|c@z", NULL },
	{ "\"Last, First\" <a@x>, b@y", "a@x|b@y", NULL },
	{ "(x, y) a@x (z, w), b@y", "a@x|b@y", NULL },
	{ "a@x (one\\), two), b@y", "a@x|b@y", NULL },
	{ "(nobody), a@x", "a@x", NULL },
	{ "(nobody)", "", NULL },
	{ "<@a,@b:user@x>, b@y", "user@x|b@y", NULL },
	{ "\"a,b\"@x, u@[IPv6:::1], u@[127.0.0.1]",
	    "\"a,b\"@x|u@[IPv6:::1]|u@[127.0.0.1]", NULL },
	{ "<>, a@x", "<>|a@x", NULL },
	{ "-dash@x", "-dash@x", NULL },

	/* groups */
	{ "undisclosed-recipients:;", "", NULL },
	{ "undisclosed-recipients: ;", "", NULL },
	{ "Undisclosed recipients:", "", NULL },
	{ "friends: a@x, b@y;", "a@x|b@y", NULL },
	{ "friends: a@x, b@y", "a@x|b@y", NULL },
	{ "my friends: N <a@x>, b@y;, c@z", "a@x|b@y|c@z", NULL },
	{ "f: a@x; c@z", "a@x|c@z", NULL },
	{ "f: a@x; g: b@y;, h:;, c@z", "a@x|b@y|c@z", NULL },
	{ "\"a: b\": c@z;", "c@z", NULL },
	{ "f:,,a@x,,;", "a@x", NULL },
	{ "(c) f (d): (e) a@x (f);", "a@x", NULL },
	{ "f: g: a@x;, b@y", "!|b@y", NULL },
	{ ": a@x, b@y", "!|b@y", NULL },
	{ "a@x:25, b@y", "!|b@y", NULL },
	{ "<a@x>: b@y, c@z", "!|c@z", "a@x|!|c@z" },

	/* one bad one does not hide the next */
	{ "a@x, b@, c@z", "a@x|!|c@z", NULL },
	{ "a@x, b@@y, c@z", "a@x|!|c@z", NULL },
	{ "a@x, <b@y, c@z>, d@w", "a@x|!|d@w", NULL },
	{ "a@x, \x01" "b@y, c@z", "a@x|!|c@z", NULL },
	{ "a@x, \"b, c@z", "a@x|!", NULL },
	{ "a@x, (b, c@z", "a@x|!", NULL },
	{ "a@x, <b, <c@z>", "a@x|!", "a@x|!|c@z" },

	/* folded, which an argument never is */
	{ "a@x,\r\n b@y,\r\n\tN\r\n <c@z>", "a@x|b@y|c@z", "a@x|!|!" },
	{ "a@x,\r\n \r\n b@y", "a@x|b@y", "a@x|!" },
	{ "\"L\r\n F\" <a@x>", "a@x", "!" },
	{ "a@x\nb@y", "!", "!" },
	{ "a@x\n b@y", "!", "!" },
	{ "a@x,\rb@y", "a@x|!", "a@x|!" },
	{ "a@x\r\nBcc: b@y", "!", "!" },

	/* blanks between them */
	{ "a@x b@y", "!", "a@x|b@y" },
	{ " a@x  b@y\tc@z ", "!", "a@x|b@y|c@z" },
	{ "a@x b@y, c@z d@w; e", "!|!|e", "a@x|b@y|c@z|d@w|e" },
	{ "root toor", "!", "root|toor" },
	{ "a @ x b . c @ y", "!", "a@x|b.c@y" },
	{ "a@x (N) b@y", "!", "a@x|b@y" },
	{ "\"j d\"@x b@y", "!", "\"j d\"@x|b@y" },
	{ "N <a@x>", "a@x", NULL },
	{ "First Last <a@x>", "a@x", NULL },
	{ "<a@x> <b@y>", "!", "a@x|b@y" },
	{ "<a@x>b@y", "!", "a@x|b@y" },
	{ "N <a@x> (c) M <b@y> c@z", "!", "a@x|b@y|c@z" },
	{ "f: a@x b@y; c@z d@w", "!|!", "a@x|b@y|c@z|d@w" },
	{ "my friends: a@x b@y;", "!", "a@x|b@y" },
	{ "a@x b@ c@z", "!", "a@x|!" },
};

static void
test_lists(void)
{
	for (size_t i = 0; i < LEN(lists); i++) {
		const char *t = lists[i].text;

		check_text(found(t, strlen(t), false), lists[i].wanted, t);
		check_text(found(t, strlen(t), true),
		    lists[i].wanted_blanks != NULL ? lists[i].wanted_blanks :
		    lists[i].wanted, t);
	}
	check_text(found("a@x,\0b@y,c@z", 12, false), "a@x|!|c@z", "a NUL");
	check_text(found("a@x\0 b@y,c@z", 12, true), "!|c@z", "a NUL, blanks");
}

static const struct {
	const char *text, *spec, *whole;	/* of the last address */
	bool        blanks;
} places[] = {
	{ "a@b", "a@b", "a@b", false },
	{ " N <a@b> , ", "a@b", "N <a@b>", false },
	{ "x@y, N\r\n < a@b (q) > (z)", "a@b", "N\r\n < a@b (q) > (z)", false },
	{ "root (Cron Daemon)", "root", "root (Cron Daemon)", false },
	{ "(c) root (d) ", "root", "(c) root (d)", false },
	{ "f: (c) N <@r:a@b> ; ", "a@b", "(c) N <@r:a@b>", false },
	{ "N <>", "", "N <>", false },
	{ "\"j d\" @ x (y)", "\"j d\" @ x", "\"j d\" @ x (y)", false },
	{ "x@y a@b (N) ", "a@b", "a@b (N)", true },
	{ "x@y (N) a@b", "a@b", "a@b", true },
};

static void
test_places(void)
{
	for (size_t i = 0; i < LEN(places); i++) {
		const char *t = places[i].text;
		char text[64];
		struct addr_list l;
		struct addr_place p = { 0 };
		struct addr a;
		struct err e;

		addr_list_init(&l, t, strlen(t), places[i].blanks);
		while (addr_list_next(&l, &a, &p, &e) != 0)
			addr_free(&a);
		(void)snprintf(text, sizeof(text), "%.*s", (int)p.spec_len,
		    t + p.spec);
		check_text(text, places[i].spec, t);
		(void)snprintf(text, sizeof(text), "%.*s", (int)p.whole_len,
		    t + p.whole);
		check_text(text, places[i].whole, t);
	}
}

/* One mebibyte of whatever might be read again and again. */
static void
test_long_ones(void)
{
	static const struct { const char *front, *piece; } list[] = {
		{ "", "a@x," }, { "", "a " }, { "", "(" }, { "", "()" },
		{ "", "<" }, { "", "<," }, { "", ">" }, { "", "\"" },
		{ "", "\\" }, { "\"", "\\\"" }, { "", "[" }, { "", "[a " },
		{ "", ":" }, { "", "f:" }, { "", "f:;" }, { "", "," },
		{ "", "a@x b <c@y> " }, { "", "@" }, { "", "." },
		{ "<", "@a," }, { "", "(a) b " }, { "a", "\r\n " },
		{ "", "(\\" }, { "", "a" }, { "", "\xc3\xa4" },
	};
	enum { SIZE = 1024 * 1024 };
	char *bytes = malloc(SIZE), name[64];

	for (size_t i = 0; i < LEN(list); i++) {
		size_t front = strlen(list[i].front), n = strlen(list[i].piece);

		memcpy(bytes, list[i].front, front);
		for (size_t k = front; k < SIZE; k++)
			bytes[k] = list[i].piece[(k - front) % n];
		for (int blanks = 0; blanks < 2; blanks++) {
			struct addr_list l;
			struct addr a;
			struct err e;
			clock_t start = clock();
			size_t turns = 0;

			addr_list_init(&l, bytes, SIZE, blanks == 1);
			while (addr_list_next(&l, &a, NULL, &e) != 0) {
				addr_free(&a);
				turns++;
			}
			(void)snprintf(name, sizeof(name), "1 MiB of %s%s...: "
			    "an end is reached", list[i].front, list[i].piece);
			check(turns <= SIZE && l.next == l.end, name);
			/* A quadratic reading takes minutes, this one 0.1 s. */
			check((clock() - start) / CLOCKS_PER_SEC < 15,
			    "... in linear time");
		}
	}
	free(bytes);
}

static struct addr
made(const char *text)
{
	struct addr a;
	struct err e;

	check(addr_parse(&a, text, strlen(text), &e) == 0, text);
	return a;
}

static void
test_same(void)
{
	static const struct { const char *a, *b; bool same; } list[] = {
		{ "a@x", "a@x", true }, { "a@Example.NET", "a@eXAMPLE.net", true },
		{ "A@x", "a@x", false }, { "a@x", "a@y", false },
		{ "a@x", "a@xy", false }, { "a", "a@x", false }, { "a", "a", true },
		{ "", "<>", true }, { "", "a", false },
		{ "\"a\"@x", "a@x", true }, { "\"a b\"@x", "\"a\\ b\"@X", true },
		{ "a@[IPv6:::A]", "a@[ipv6:::a]", true },
	};

	for (size_t i = 0; i < LEN(list); i++) {
		struct addr a = made(list[i].a), b = made(list[i].b);

		check(addr_same(&a, &b) == list[i].same, list[i].a);
		check(addr_same(&b, &a) == list[i].same, list[i].b);
		if (list[i].same)
			check(addr_hash(&a) == addr_hash(&b), "hashes as well");
		addr_free(&a);
		addr_free(&b);
	}
}

static void
test_qualify(void)
{
	static const struct { const char *text, *domain, *wanted; } list[] = {
		{ "root", "example.com", "root@example.com" },
		{ "\"j d\"", "x", "\"j d\"@x" },
		{ "\"a@b\"", "x", "\"a@b\"@x" },
		{ "a@y", "x", "a@y" },
		{ "a@y", "", "a@y" },
		{ "", "x", "" },
		{ "root", "", NULL },
		{ "root", "a b", NULL },
		{ "root", "x\r\ny", NULL },
		{ "root", "x>", NULL },
	};
	struct err e = { 0 };
	char text[ADDR_TEXT_MAX];
	struct addr a;

	for (size_t i = 0; i < LEN(list); i++) {
		int r;

		a = made(list[i].text);
		r = addr_qualify(&a, list[i].domain, &e);
		if (list[i].wanted == NULL)
			check(r == -1 && e.status == EX_CONFIG, "refused");
		else
			check_text(r == 0 ? a.text : NULL, list[i].wanted,
			    list[i].domain);
		addr_free(&a);
	}
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	a = made(text);
	check(addr_qualify(&a, "x", &e) == -1 && e.status == EX_DATAERR,
	    "an address that its domain makes too long");
	check_text(a.text, text, "and that stays as it was");
	addr_free(&a);
	a = made("root");
	check(!a.utf8 && addr_qualify(&a, "b\xc3\xbc.example", &e) == 0 && a.utf8,
	    "a UTF-8 domain makes it one for SMTPUTF8");
	addr_free(&a);
}

static void
test_rest(void)
{
	struct addr a = made("j\xc3\xb6rg@x"), b, zero = { 0 };
	struct err e = { 0 };

	check(a.utf8, "UTF-8 in the local part is noticed");
	check(addr_copy(&b, &a, &e) == 0 && b.text != a.text && b.at == a.at &&
	    b.utf8 && addr_same(&a, &b), "a copy is independent and the same");
	addr_free(&a);
	check_text(b.text, "j\xc3\xb6rg@x", "and outlives the original");
	addr_free(&b);
	check(b.text == NULL, "nothing is left of a freed one");
	a = made("a@x");
	check(!a.utf8, "ASCII needs no SMTPUTF8");
	addr_free(&a);
	addr_free(&zero);
	check(addr_is_null(&zero) && !addr_has_domain(&zero),
	    "zeroed memory is the null address");
	check(addr_copy(&b, &zero, &e) == 0 && b.text == NULL,
	    "and can be copied");
	check(addr_parse(&a, "a@x\r\nRCPT TO:<b@y>", 18, &e) == -1 &&
	    strchr(e.text, '\r') == NULL && strchr(e.text, '\n') == NULL,
	    "the sentence about a forged line is one line");
	check(addr_domain_valid("[192.0.2.1]", 11) &&
	    addr_domain_valid("x", 1) && !addr_domain_valid("", 0) &&
	    !addr_domain_valid("[", 1) && !addr_domain_valid("a\0b", 3) &&
	    !addr_domain_valid("a b", 3) && !addr_domain_valid("a@b", 3),
	    "domains by themselves");
}

int
main(void)
{
	test_one();
	test_limits();
	test_lists();
	test_places();
	test_same();
	test_qualify();
	test_rest();
	test_long_ones();
	return check_end();
}
