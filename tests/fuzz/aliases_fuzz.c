/*
 * A file of aliases: each name in it, and one that is not, is looked up. What
 * comes out are complete addresses, one at least; what fails says where.
 */
#include "settings/aliases.h"

#include "must.h"

enum { NAMES_MAX = 40, RECIPIENTS_MAX = 20 };

static struct settings settings = {
	.domain = (char *)"mail.example",	/* only read */
	.hostname = (char *)"host.example",
};

static void
check_err(const struct err *e)
{
	must((e->status == EX_DATAERR || e->status == EX_CONFIG ||
	    e->status == EX_NOINPUT) && e->text[0] != '\0' &&
	    strpbrk(e->text, "\r\n") == NULL);
}

static void
resolve(struct aliases *al, const char *name)
{
	struct envelope v;
	struct addr a;
	struct err e = { 0 };

	envelope_init(&v, RECIPIENTS_MAX);
	if (addr_parse(&a, name, strlen(name), &e) == 0 && !addr_is_null(&a)) {
		if (aliases_resolve(al, &a, &v, &e) == 0)
			must(v.count > 0);
		else
			check_err(&e);
		must(a.text == NULL);
		for (size_t i = 0; i < v.count; i++)
			must(addr_has_domain(&v.recipients[i].addr));
	}
	addr_free(&a);
	envelope_free(&v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct aliases al;
	struct err e = { 0 };

	aliases_init(&al, &settings, "FILE");
	if (aliases_parse(&al, (const char *)data, size, &e) != 0) {
		must(e.status == EX_CONFIG && strncmp(e.text, "FILE:", 5) == 0);
	} else {
		for (size_t i = 0; i < al.count && i < NAMES_MAX; i++)
			resolve(&al, al.entries[i].name);
		resolve(&al, "stranger+detail");
	}
	aliases_free(&al);
	return 0;
}
