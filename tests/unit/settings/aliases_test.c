/*
 * Local names and what they stand for: the settings' aliases, a file in the
 * form of /etc/aliases, and what must not be done with either.
 */
#include "settings/aliases.h"

#include "check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/outtray-aliases-XXXXXX";
static char path[64], included[64];

static void
write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    close(fd) != 0)
		abort();
}

/* The recipients, joined by blanks; or "status: sentence". */
static void
expand(struct settings *s, const char *recipient, struct buf *out)
{
	struct envelope v;
	struct addr a = { 0 };
	struct err e = { 0 };

	buf_init(out, 4096);
	buf_put(out, "", 0);
	envelope_init(&v, 10);
	if (addr_parse(&a, recipient, strlen(recipient), &e) != 0 ||
	    aliases_expand_from(s, path, &a, &v, &e) != 0)
		buf_printf(out, "%d", e.status);
	else
		for (size_t i = 0; i < v.count; i++)
			buf_printf(out, "%s%s", i > 0 ? " " : "",
			    v.recipients[i].addr.text);
	envelope_free(&v);
}

static const struct {
	const char *recipient, *wanted;
} cases[] = {
	{ "a@b.test", "a@b.test" },
	{ "nobody-knows", "nobody-knows@here.test" },
	{ "ROOT@b.test", "ROOT@b.test" },
	{ "root", "ops@x.test" },
	{ "Root", "ops@x.test" },
	{ "root@localhost", "ops@x.test" },
	{ "root@[127.0.0.1]", "ops@x.test" },
	{ "root@host.here.test", "ops@x.test" },
	{ "joe@localhost", "joe@here.test" },
	{ "postmaster", "ops@x.test" },
	{ "list", "a@x.test b@x.test c@x.test" },
	{ "folded", "a@x.test b@x.test c@x.test" },
	{ "quoted name", "65" },		/* no address at all */
	{ "\"quoted name\"@localhost", "\"quoted name\"@here.test" },
	{ "self", "self@here.test o@x.test" },
	{ "ping", "ping@here.test" },	/* ping: pong, pong: ping */
	{ "final", "root@here.test" },
	{ "user+detail", "u@x.test" },
	{ "include", "i@x.test j@x.test ops@x.test" },
	{ "pipe", "78" },
	{ "quotedpipe", "78" },
	{ "tofile", "78" },
	{ "noinclude", "66" },
	{ "broken", "78" },
	{ "deep0", "65" },
	{ "comment", "comment@here.test" },
	{ "many", "65" },		/* the envelope's limit is 10 */
	{ "last", "l@x.test" },
};

int
main(void)
{
	struct settings s;
	struct err e = { 0 };
	struct buf out, text;
	char *environment[] = { (char *)"OUTTRAY_ALIASES_ROOT=ops@x.test", /* only read */
		(char *)"OUTTRAY_DOMAIN=here.test",
		(char *)"OUTTRAY_HOSTNAME=host.here.test", NULL };

	if (mkdtemp(folder) == NULL || settings_init(&s, &e) != 0 ||
	    settings_load(&s, NULL, environment, &e) != 0) {
		printf("# %s\n", e.text);
		abort();
	}
	(void)snprintf(path, sizeof(path), "%s/aliases", folder);
	(void)snprintf(included, sizeof(included), "%s/list", folder);
	write_file(included, "# people\ni@x.test\nj@x.test, root\n\n");
	buf_init(&text, 8192);
	buf_printf(&text, "# comment: x@x.test\nroot: not-this@x.test\n"
	    "postmaster: root\nLIST : a@x.test, b@x.test,c@x.test\n"
	    "folded:\ta@x.test,\n\tb@x.test,\n   c@x.test\n"
	    "self: self, o@x.test\nping: pong\npong: ping\nfinal: \\root\n"
	    "user: u@x.test\ninclude: :include:%s\npipe: |/bin/sh\n"
	    "quotedpipe: \"|/bin/sh -c x\"\ntofile: /tmp/x\n"
	    "noinclude: \":include:/nonexistent/x\"\nbroken: a@@x\n", included);
	for (int i = 0; i < 30; i++)
		buf_printf(&text, "deep%d: deep%d\n", i, i + 1);
	buf_puts(&text, "many: a@x,b@x,c@x,d@x,e@x,f@x,g@x,h@x,i@x,j@x,k@x\n");
	buf_puts(&text, "last: l@x.test");
	write_file(path, buf_text(&text));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		expand(&s, cases[i].recipient, &out);
		check_text(buf_text(&out), cases[i].wanted, cases[i].recipient);
		buf_free(&out);
	}

	if (unlink(path) != 0)
		abort();
	expand(&s, "postmaster", &out);
	check_text(buf_text(&out), "postmaster@here.test", "no file is fine");
	buf_free(&out);
	if (mkfifo(path, 0600) != 0)
		abort();
	expand(&s, "postmaster", &out);
	check_text(buf_text(&out), "78", "a FIFO is refused and not waited for");
	buf_free(&out);
	expand(&s, "a@b.test", &out);
	check_text(buf_text(&out), "a@b.test", "who is not local needs no file");
	buf_free(&out);
	(void)unlink(path);
	(void)unlink(included);
	(void)rmdir(folder);
	buf_free(&text);
	settings_free(&s);
	return check_end();
}
