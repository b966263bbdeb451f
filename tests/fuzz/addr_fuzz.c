/*
 * Lists of addresses, the first byte choosing whether blanks separate them.
 * Whatever comes out can stand between '<' and '>', reads as itself again,
 * and its place holds nothing but it.
 */
#include "mail/addr.h"

#include "must.h"

static void
check_reads_as(const char *bytes, size_t len, const struct addr *wanted)
{
	struct addr a;
	struct err e = { 0 };

	must(addr_parse(&a, bytes, len, &e) == 0);
	must(strcmp(a.text, wanted->text) == 0 && a.at == wanted->at &&
	    a.utf8 == wanted->utf8 && addr_same(&a, wanted) &&
	    addr_hash(&a) == addr_hash(wanted));
	addr_free(&a);
}

static void
check_addr(const struct addr *a)
{
	char bracketed[ADDR_TEXT_MAX + 2];
	size_t len = strlen(a->text);
	bool over = false;

	must(len <= ADDR_TEXT_MAX && a->at <= len);
	for (size_t i = 0; i < len; i++) {
		must(a->text[i] < 0 || (a->text[i] >= ' ' && a->text[i] != 127));
		over = over || a->text[i] < 0;
	}
	must(over == a->utf8);
	must(addr_has_domain(a) ? addr_domain_valid(addr_domain(a),
	    strlen(addr_domain(a))) && a->at > 0 : a->at == len);
	must(addr_is_null(a) == (len == 0));
	bracketed[0] = '<';
	memcpy(bracketed + 1, a->text, len);
	bracketed[len + 1] = '>';
	check_reads_as(bracketed, len + 2, a);
	check_reads_as(a->text, len, a);
}

/* How many; the first one goes to *first. */
static size_t
check_list(const char *bytes, size_t len, bool blanks, struct addr *first)
{
	struct addr_list l;
	struct addr_place p;
	struct addr a;
	struct err e = { 0 };
	size_t turns = 0;
	int found;

	addr_list_init(&l, bytes, len, blanks);
	while ((found = addr_list_next(&l, &a, &p, &e)) != 0) {
		must(++turns <= len);
		if (found < 0) {
			must_say(&e, EX_DATAERR);
			must(a.text == NULL);
			continue;
		}
		check_addr(&a);
		must(p.whole + p.whole_len <= len && p.whole <= p.spec &&
		    p.spec + p.spec_len <= p.whole + p.whole_len);
		check_reads_as(bytes + p.spec, p.spec_len, &a);
		if (turns == 1)
			(void)addr_copy(first, &a, &e);
		addr_free(&a);
	}
	must(l.next == l.end);
	return turns;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr a, first = { 0 };
	struct err e = { 0 };
	const char *bytes = (const char *)data + 1;
	size_t turns;

	if (size < 1)
		return 0;
	turns = check_list(bytes, size - 1, (data[0] & 1) != 0, &first);
	if (addr_parse(&a, bytes, size - 1, &e) != 0) {
		must_say(&e, EX_DATAERR);
	} else {
		check_addr(&a);
		if ((data[0] & 1) == 0 && turns > 0)
			must(turns == 1 && strcmp(first.text, a.text) == 0);
		if (addr_qualify(&a, "x.example", &e) == 0)
			check_addr(&a);
	}
	(void)addr_domain_valid(bytes, size - 1);
	addr_free(&a);
	addr_free(&first);
	return 0;
}
