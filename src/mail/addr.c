#include "mail/addr.h"

#include "mail/utf8.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DOMAIN_MAX = 255, LABEL_MAX = 63, SHOWN_MAX = 100 };

/* Some bytes being read; `wrong` says why they are no address. */
struct scan {
	const char *p, *end;
	bool        folds;	/* CRLF and a blank may stand for a blank */
	const char *wrong;
};

/* One place of a list. */
struct item {
	const char *start, *end;	/* all of it, blanks around removed */
	const char *spec, *spec_end;	/* between the brackets, if it has some */
	const char *wrong;
};

/* What a local part or a domain is gathered in. */
struct part {
	char   text[ADDR_TEXT_MAX];
	size_t len;
};

static const char wrong_control[] = "it has a control character";
static const char wrong_pair[]    = "a quote or bracket is not closed";
static const char wrong_colon[]   = "a ':' is out of place";
static const char wrong_after[]   = "something stands behind the '>'";
static const char wrong_words[]   = "a comma, or quotes, are missing";
static const char wrong_char[]    = "it has a character that needs quotes";
static const char wrong_long[]    = "it is too long";
static const char wrong_utf8[]    = "it is not valid UTF-8";
static const char wrong_domain[]  = "behind the '@' is no valid domain";
static const char wrong_local[]   = "nothing is before the '@'";
static const char wrong_second[]  = "more than one address";
static const char wrong_none[]    = "there is none in it";
static const char wrong_memory[]  = "there is no memory for it";

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* atext (RFC 5322, 3.2.3) and what RFC 6531 adds. */
static bool
is_atom(char c)
{
	return is_alnum(c) || (unsigned char)c > 127 ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Go on by one byte, or by a fold's CRLF, and notice what must not be there. */
static void
step(struct scan *s)
{
	char c = *s->p;

	if (c == '\r' && s->folds && s->end - s->p >= 3 && s->p[1] == '\n' &&
	    (s->p[2] == ' ' || s->p[2] == '\t')) {
		s->p += 2;
		return;
	}
	if ((c >= 0 && c < ' ' && c != '\t') || c == 127)
		s->wrong = wrong_control;
	s->p++;
}

/* Go behind what closes the quotes or the comment that begins here. */
static void
skip_pair(struct scan *s)
{
	bool comment = *s->p == '(';
	size_t depth = 1;

	step(s);
	while (s->p < s->end && depth > 0) {
		if (*s->p == '\\' && s->end - s->p > 1)
			step(s);
		else if (*s->p == (comment ? ')' : '"'))
			depth--;
		else if (comment && *s->p == '(')
			depth++;
		step(s);
	}
	if (depth > 0)
		s->wrong = wrong_pair;
}

/* Go behind a domain literal: its ':' begins no group. */
static void
skip_literal(struct scan *s)
{
	do
		step(s);
	while (s->p < s->end && !is_blank(*s->p) &&
	    strchr("[],;<>()\"", *s->p) == NULL);
	if (s->p < s->end && *s->p == ']')
		step(s);
}

static void
skip_angle(struct scan *s)
{
	step(s);
	while (s->p < s->end && *s->p != '>' && *s->p != '<') {
		if (*s->p == '"' || *s->p == '(')
			skip_pair(s);
		else
			step(s);
	}
	if (s->p < s->end && *s->p == '>')
		step(s);
	else
		s->wrong = wrong_pair;
}

static void
skip_token(struct scan *s)
{
	if (*s->p == '"' || *s->p == '(')
		skip_pair(s);
	else if (*s->p == '[')
		skip_literal(s);
	else
		step(s);
}

static void
skip_blanks_and_comments(struct scan *s)
{
	while (s->p < s->end && (is_blank(*s->p) || *s->p == '('))
		skip_token(s);
}

static void
put(struct scan *s, struct part *to, char c)
{
	if (to->len < sizeof(to->text))
		to->text[to->len++] = c;
	else
		s->wrong = wrong_long;
}

/* Put a quoted string without its quotes and backslashes. */
static void
put_quoted(struct scan *s, struct part *to)
{
	const char *before;

	for (s->p++; s->p < s->end && *s->p != '"' && s->wrong == NULL; ) {
		if (*s->p == '\\' && s->end - s->p > 1)
			s->p++;
		before = s->p;
		step(s);
		if (*before == '\t')
			s->wrong = wrong_control;
		if (*before != '\r')
			put(s, to, *before);
	}
	s->p++;
}

static void
put_literal(struct scan *s, struct part *to)
{
	const char *start = s->p;

	skip_literal(s);
	for (; start < s->p; start++)
		put(s, to, *start);
}

/*
 * Words with dots between them, and comments and blanks about the dots: a
 * local part up to its '@', or a domain up to the end.
 */
static void
put_words(struct scan *s, bool local, struct part *to)
{
	bool word = false;

	for (;;) {
		skip_blanks_and_comments(s);
		if (s->wrong != NULL || s->p >= s->end || (local && *s->p == '@'))
			return;
		if (*s->p == '.') {
			put(s, to, *s->p++);
			word = false;
			continue;
		}
		if (word)
			s->wrong = wrong_words;
		word = true;
		if (local && *s->p == '"') {
			put_quoted(s, to);
		} else if (!local && *s->p == '[') {
			put_literal(s, to);
		} else if (is_atom(*s->p)) {
			while (s->p < s->end && is_atom(*s->p))
				put(s, to, *s->p++);
		} else {
			s->wrong = wrong_char;
		}
	}
}

/* A dot-string (RFC 5321, 4.1.2), which needs no quotes? */
static bool
is_dot_string(const char *text, size_t len)
{
	char before = '.';

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' ? before == '.' : !is_atom(text[i]))
			return false;
		before = text[i];
	}
	return before != '.';
}

/* The text of `local` and `domain` (NULL where there is none). */
static const char *
compose(struct addr *a, const struct part *local, const struct part *domain)
{
	bool quotes = !is_dot_string(local->text, local->len);
	size_t size = 2 * local->len + 2 + 1 +
	    (domain != NULL ? domain->len : 0) + 1;
	char *to = malloc(size);

	a->text = to;
	if (to == NULL)
		return wrong_memory;
	if (quotes)
		*to++ = '"';
	for (size_t i = 0; i < local->len; i++) {
		if (local->text[i] == '"' || local->text[i] == '\\')
			*to++ = '\\';
		*to++ = local->text[i];
	}
	if (quotes)
		*to++ = '"';
	a->at = (size_t)(to - a->text);
	if (domain != NULL) {
		*to++ = '@';
		memcpy(to, domain->text, domain->len);
		to += domain->len;
	}
	*to = '\0';
	for (const char *c = a->text; c < to; c++)
		if ((unsigned char)*c > 127)
			a->utf8 = true;
	if (to - a->text > ADDR_TEXT_MAX)
		return wrong_long;
	if (a->utf8 && !utf8_valid(a->text, (size_t)(to - a->text)))
		return wrong_utf8;
	return NULL;
}

/* Go behind a route, "@x,@y:" (RFC 5321, appendix C: to be ignored). */
static void
skip_route(struct scan *s)
{
	skip_blanks_and_comments(s);
	if (s->p >= s->end || *s->p != '@')
		return;
	while (s->p < s->end && *s->p != ':')
		skip_token(s);
	if (s->p < s->end)
		s->p++;
	skip_blanks_and_comments(s);
	if (s->p >= s->end)
		s->wrong = wrong_none;
}

/*
 * Make the address of what an item has between its brackets, or of all of it
 * where it has none; narrow the item's spec to what the address was made of.
 */
static const char *
parse_spec(struct addr *a, struct item *it, bool folds)
{
	struct scan s = { it->spec, it->spec_end, folds, NULL };
	struct part local = { .len = 0 }, domain = { .len = 0 };
	bool at;

	if (it->spec > it->start)
		skip_route(&s);
	skip_blanks_and_comments(&s);
	it->spec = s.p;
	put_words(&s, true, &local);
	at = s.wrong == NULL && s.p < s.end;
	if (at) {
		if (s.p == it->spec)
			return wrong_local;
		s.p++;
		put_words(&s, false, &domain);
		if (domain.len > 1 && domain.text[domain.len - 1] == '.')
			domain.len--;
	}
	if (s.wrong != NULL)
		return s.wrong;
	if (at && !addr_domain_valid(domain.text, domain.len))
		return wrong_domain;
	if (!at && local.len == 0 && it->spec < s.end)
		return wrong_local;
	/* "<>" is the null sender, whatever stands before it. */
	if (!at && local.len == 0)
		return (a->text = calloc(1, 1)) != NULL ? NULL :
		    wrong_memory;
	return compose(a, &local, at ? &domain : NULL);
}

/* Leave the blanks and comments at the end of the spec out of it. */
static void
trim_spec(struct item *it)
{
	struct scan s = { it->spec, it->spec_end, true, NULL };

	it->spec_end = it->spec;
	while (s.p < s.end) {
		bool counts = !is_blank(*s.p) && *s.p != '(';

		skip_token(&s);
		if (counts)
			it->spec_end = s.p;
	}
}

/* Nothing found yet: an empty place, that the caller skips. */
static void
start_item(struct item *it, const char *p)
{
	memset(it, 0, sizeof(*it));
	it->start = it->end = p;
}

/* A ':' begins the members of a group, if all before it can be its name. */
static void
begin_group(struct addr_list *l, struct scan *s, struct item *it, bool name)
{
	step(s);
	if (l->in_group || !name || it->spec != NULL) {
		s->wrong = wrong_colon;
		it->end = s->p;
		return;
	}
	l->in_group = true;
	start_item(it, s->p);
}

/*
 * Read up to the next separator, or where blanks separate too, to the end
 * of what has brackets. What has none is left to next_word then.
 */
static void
next_segment(struct addr_list *l, struct item *it)
{
	struct scan s = { l->next, l->end, !l->blanks, NULL };
	const char *token;
	bool name = false, at = false, words = false;

	start_item(it, s.p);
	while (s.p < s.end && *s.p != ',' && *s.p != ';') {
		token = s.p;
		if (is_blank(*token)) {
			step(&s);
			continue;
		}
		if (it->spec != NULL && *token != '(') {
			if (l->blanks)
				break;
			s.wrong = wrong_after;
		}
		if (*token == ':') {
			begin_group(l, &s, it, name && !at);
			words = false;
			continue;
		}
		if (it->start == it->end)
			it->start = token;
		if (*token == '<' && it->spec == NULL) {
			skip_angle(&s);
			it->spec = token + 1;
			it->spec_end = s.p - 1;
		} else {
			skip_token(&s);
		}
		name = name || *token != '(';
		words = words || *token != '(';
		at = at || *token == '@';
		it->end = s.p;
	}
	it->wrong = s.wrong;
	l->next = s.p;
	if (!words && it->wrong == NULL)	/* nothing but comments */
		start_item(it, it->start);
	if (l->blanks && it->spec == NULL && it->wrong == NULL && words) {
		l->next = it->start;
		l->plain = s.p;
	}
}

/* Blanks separate, but for those about an '@' or a dot (RFC 822's form). */
static void
next_word(struct addr_list *l, struct item *it)
{
	struct scan s = { l->next, l->plain, false, NULL };
	bool gap = false, joins, joined = true;

	start_item(it, s.p);
	while (s.p < s.end) {
		if (is_blank(*s.p) || *s.p == '(') {
			bool blank = is_blank(*s.p);

			skip_token(&s);
			gap = true;
			if (!blank && it->end > it->start)
				it->end = s.p;
			continue;
		}
		joins = *s.p == '@' || *s.p == '.';
		if (gap && !joins && !joined)
			break;
		if (it->start == it->end)
			it->start = s.p;
		joined = joins;
		gap = false;
		skip_token(&s);
		it->end = s.p;
	}
	l->next = s.p;
}

/* The next place that is not empty. */
static bool
next_item(struct addr_list *l, struct item *it)
{
	do {
		while (l->next >= l->plain && l->next < l->end &&
		    (*l->next == ',' || *l->next == ';')) {
			if (*l->next++ == ';')
				l->in_group = false;
		}
		start_item(it, l->next);
		if (l->next >= l->plain && l->next < l->end)
			next_segment(l, it);
		if (l->next < l->plain)
			next_word(l, it);
	} while (it->start == it->end && it->wrong == NULL && l->next < l->end);
	if (it->spec == NULL) {
		it->spec = it->start;
		it->spec_end = it->end;
	}
	return it->start < it->end || it->wrong != NULL;
}

static int
no_address(struct err *e, const char *text, size_t len, const char *wrong)
{
	return err_set(e, wrong == wrong_memory ? EX_OSERR : EX_DATAERR,
	    "\"%.*s%s\" is no mail address: %s",
	    (int)(len < SHOWN_MAX ? len : SHOWN_MAX), text,
	    len < SHOWN_MAX ? "" : "...", wrong);
}

void
addr_list_init(struct addr_list *l, const char *bytes, size_t len, bool blanks)
{
	memset(l, 0, sizeof(*l));
	l->start = l->next = l->plain = bytes;
	l->end = len > 0 ? bytes + len : bytes;
	l->blanks = blanks;
}

int
addr_list_next(struct addr_list *l, struct addr *a, struct addr_place *place,
    struct err *e)
{
	struct item it;

	memset(a, 0, sizeof(*a));
	if (!next_item(l, &it))
		return 0;
	if (it.wrong == NULL)
		it.wrong = parse_spec(a, &it, !l->blanks);
	if (it.wrong != NULL) {
		addr_free(a);
		return no_address(e, it.start, (size_t)(it.end - it.start),
		    it.wrong);
	}
	trim_spec(&it);
	if (place != NULL) {
		place->spec = (size_t)(it.spec - l->start);
		place->spec_len = (size_t)(it.spec_end - it.spec);
		place->whole = (size_t)(it.start - l->start);
		place->whole_len = (size_t)(it.end - it.start);
	}
	return 1;
}

int
addr_parse(struct addr *a, const char *text, size_t len, struct err *e)
{
	struct addr_list l;
	int found;

	memset(a, 0, sizeof(*a));
	while (len > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len == 0) {
		a->text = calloc(1, 1);
		return a->text != NULL ? 0 : err_sys(e, EX_OSERR, "an address");
	}
	if (*text == ',' || *text == ';')
		return no_address(e, text, len, wrong_second);
	addr_list_init(&l, text, len, false);
	l.in_group = true;	/* so that no group can begin */
	found = addr_list_next(&l, a, NULL, e);
	if (found < 0)
		return -1;
	if (found == 0)
		return no_address(e, text, len, wrong_none);
	if (l.next == l.end)
		return 0;
	addr_free(a);
	return no_address(e, text, len, wrong_second);
}

void
addr_free(struct addr *a)
{
	free(a->text);
	memset(a, 0, sizeof(*a));
}

int
addr_copy(struct addr *to, const struct addr *from, struct err *e)
{
	*to = *from;
	if (from->text == NULL)
		return 0;
	to->text = strdup(from->text);
	if (to->text != NULL)
		return 0;
	memset(to, 0, sizeof(*to));
	return err_sys(e, EX_OSERR, "copying an address");
}

bool
addr_is_null(const struct addr *a)
{
	return a->text == NULL || a->text[0] == '\0';
}

bool
addr_has_domain(const struct addr *a)
{
	return a->text != NULL && a->text[a->at] != '\0';
}

const char *
addr_domain(const struct addr *a)
{
	return addr_has_domain(a) ? a->text + a->at + 1 : "";
}

int
addr_qualify(struct addr *a, const char *domain, struct err *e)
{
	size_t len = strlen(domain);
	char *text;

	if (addr_is_null(a) || addr_has_domain(a))
		return 0;
	if (!addr_domain_valid(domain, len))
		return err_set(e, EX_CONFIG, "\"%s\" is no domain to complete "
		    "\"%s\" with: set domain in [outtray]", domain, a->text);
	if (a->at + 1 + len > ADDR_TEXT_MAX)
		return no_address(e, a->text, a->at, wrong_long);
	text = realloc(a->text, a->at + 1 + len + 1);
	if (text == NULL)
		return err_sys(e, EX_OSERR, "completing an address");
	text[a->at] = '@';
	memcpy(text + a->at + 1, domain, len + 1);
	a->text = text;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)domain[i] > 127)
			a->utf8 = true;
	return 0;
}

/* What stands between '[' and ']' (RFC 5321, 4.1.3). */
static bool
literal_valid(const char *text, size_t len)
{
	char copy[DOMAIN_MAX + 1];
	unsigned char address[sizeof(struct in6_addr)];
	const char *colon;

	if (len == 0 || len > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' ||
		    (text[i] >= '[' && text[i] <= ']'))
			return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if ((colon = strchr(copy, ':')) == NULL)
		return inet_pton(AF_INET, copy, address) == 1;
	if (strncasecmp(copy, "IPv6:", 5) == 0)
		return inet_pton(AF_INET6, colon + 1, address) == 1;
	for (const char *c = copy; c < colon; c++)
		if (!is_alnum(*c) && (*c != '-' || c + 1 == colon))
			return false;
	return colon > copy && colon[1] != '\0';
}

static bool
label_valid(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX)
		return false;
	if (label[0] == '-' || label[len - 1] == '-')
		return false;
	/* Hosts whose names have a '_' do exist, whatever the RFCs say. */
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(label[i]) && label[i] != '-' && label[i] != '_' &&
		    (unsigned char)label[i] < 128)
			return false;
	return true;
}

bool
addr_domain_valid(const char *domain, size_t len)
{
	const char *dot;

	if (len > DOMAIN_MAX)
		return false;
	if (len > 1 && domain[0] == '[' && domain[len - 1] == ']')
		return literal_valid(domain + 1, len - 2);
	if (!utf8_valid(domain, len))
		return false;
	while ((dot = memchr(domain, '.', len)) != NULL) {
		if (!label_valid(domain, (size_t)(dot - domain)))
			return false;
		len -= (size_t)(dot + 1 - domain);
		domain = dot + 1;
	}
	return label_valid(domain, len);
}

bool
addr_same(const struct addr *a, const struct addr *b)
{
	const char *domain_a = addr_domain(a), *domain_b = addr_domain(b);

	if (a->at != b->at || (a->at > 0 && memcmp(a->text, b->text, a->at) != 0))
		return false;
	while (*domain_a != '\0' && lower(*domain_a) == lower(*domain_b)) {
		domain_a++;
		domain_b++;
	}
	return *domain_a == *domain_b;
}

/* FNV-1a. */
size_t
addr_hash(const struct addr *a)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; a->text != NULL && a->text[i] != '\0'; i++) {
		hash ^= (unsigned char)(i < a->at ? a->text[i] : lower(a->text[i]));
		hash *= 0x100000001b3U;
	}
	return (size_t)(hash ^ hash >> 32);
}
