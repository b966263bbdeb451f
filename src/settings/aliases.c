#include "settings/aliases.h"

#include "base/file.h"
#include "base/io.h"
#include "settings/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES_MAX = 1024, SPECIAL_BYTES_MAX = 8192, CHUNK = 8192 };

/* What one recipient becomes. */
struct run {
	struct aliases  *al;
	struct envelope *v;
	struct envelope  seen;		/* local names met on the way */
	unsigned         includes;	/* files read */
	bool             delivered;	/* somebody gets it */
};

/* The alias that led here; NULL for what the caller gave. */
struct parent {
	const char          *key;
	const struct parent *up;
	unsigned             depth;
};

/* A text that lists addresses, and where it stands. */
struct list {
	const char *key;		/* of the alias that it belongs to */
	const char *value;
	size_t      len;
	const char *file;		/* NULL: [aliases] */
	unsigned    line;
	bool        included;
};

/* One of them. */
struct entry {
	const char *text;
	size_t      len;
	unsigned    line;
};

static int expand_list(struct run *r, const struct list *l,
    const struct parent *up, struct err *e);

void
aliases_init(struct aliases *al, const struct settings *s, const char *path)
{
	memset(al, 0, sizeof(*al));
	al->settings = s;
	al->path = path;
	buf_init(&al->bytes, ALIASES_FILE_MAX + CHUNK);
	buf_init(&al->hostname, NAME_BYTES_MAX);
	buf_init(&al->domain, NAME_BYTES_MAX);
}

void
aliases_free(struct aliases *al)
{
	buf_free(&al->bytes);
	buf_free(&al->hostname);
	buf_free(&al->domain);
	free(al->entries);
	memset(al, 0, sizeof(*al));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* All of it, up to the limit: 1 or -1. */
static int
read_all(int fd, const char *path, struct buf *out, struct err *e)
{
	ssize_t len;
	char *to;

	do {
		to = buf_room(out, CHUNK);
		if (to == NULL)
			return err_set(e, EX_CONFIG, "%s is too long (more "
			    "than %d bytes)", path, ALIASES_FILE_MAX);
		len = io_read(fd, to, CHUNK);
		if (len < 0)
			return file_explain(path, FILE_READ, errno, e);
		to[len] = '\0';
		out->len += (size_t)len;
	} while (len > 0);
	return 1;
}

/*
 * Read a whole regular file: 1, 0 where there is none, or -1. A FIFO or a
 * device must not hold us up, hence O_NONBLOCK.
 */
static int
read_file(const char *path, struct buf *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return file_explain(path, FILE_READ, errno, e);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		r = err_set(e, EX_CONFIG, "%s is no regular file", path);
	else
		r = read_all(fd, path, out, e);
	(void)close(fd);	/* it was only read */
	return r;
}

/* Behind the closing quote, or at the line's end where there is none. */
static char *
skip_quotes(char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && end - p > 1)
			p++;
	return p < end ? p + 1 : p;
}

/* Take quotes and backslashes away, in place; the text ends with a NUL then. */
static void
unquote(char *text, const char *end)
{
	char *to = text;

	for (const char *from = text; from < end; from++) {
		if (*from == '"')
			continue;
		if (*from == '\\' && end - from > 1)
			from++;
		*to++ = *from;
	}
	*to = '\0';
}

static int
bad_line(const struct aliases *al, unsigned line, const char *what, struct err *e)
{
	return err_set(e, EX_CONFIG, "%s:%u: %s", al->path, line, what);
}

/* "name: value", with the value going on in lines that begin with a blank. */
static int
add_entry(struct aliases *al, char *p, char *eol, unsigned line, struct err *e)
{
	char *name = p, *name_end;
	size_t wanted = al->allocated > 0 ? 2 * al->allocated : 32;
	struct alias_entry *entries;

	while (p < eol && *p != ':' && *p != ' ' && *p != '\t')
		p = *p == '"' ? skip_quotes(p, eol) : p + 1;
	name_end = p;
	while (p < eol && (*p == ' ' || *p == '\t'))
		p++;
	if (p == eol || *p != ':' || name_end == name)
		return bad_line(al, line, "this is not \"name: addresses\" "
		    "(a name with blanks needs quotes)", e);
	if (al->count == al->allocated) {
		entries = reallocarray(al->entries, wanted, sizeof(*entries));
		if (entries == NULL)
			return err_sys(e, EX_OSERR, "reading %s", al->path);
		al->entries = entries;
		al->allocated = wanted;
	}
	unquote(name, name_end);
	al->entries[al->count++] = (struct alias_entry){
		.name = name, .value = p + 1,
		.value_len = (size_t)(eol - p - 1), .line = line
	};
	return 0;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct alias_entry *x = a, *y = b;
	int order = strcasecmp(x->name, y->name);

	return order != 0 ? order : x->line < y->line ? -1 : x->line > y->line;
}

/*
 * Find the entries among the bytes. Comments and empty lines end nothing; a
 * backslash at the end of a line joins the next one to it (sendmail).
 */
static int
index_bytes(struct aliases *al, struct err *e)
{
	char *p = al->bytes.data, *end = p + al->bytes.len, *eol, *text;
	bool joined = false;

	if (al->bytes.len == 0)
		return 0;
	for (unsigned line = 1; p < end; p = eol + 1, line++) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;	/* where buf has its NUL */
		if (memchr(p, '\0', (size_t)(eol - p)) != NULL)
			return bad_line(al, line, "this is no text", e);
		for (text = p; text < eol && is_blank(*text); )
			text++;
		if (!joined && (text == eol || *text == '#'))
			continue;
		if (!joined && text == p) {
			if (add_entry(al, p, eol, line, e) != 0)
				return -1;
		} else if (al->count == 0) {
			return bad_line(al, line,
			    "a line that begins with a blank goes on with the "
			    "one before it, and there is none", e);
		} else {
			struct alias_entry *last = &al->entries[al->count - 1];

			last->value_len = (size_t)(eol - last->value);
		}
		text = eol > p && eol[-1] == '\r' ? eol - 1 : eol;
		joined = text > p && text[-1] == '\\';
		if (joined)
			text[-1] = ' ';
	}
	if (al->count > 1)	/* of none there is no array */
		qsort(al->entries, al->count, sizeof(*al->entries),
		    compare_entries);
	return 0;
}

int
aliases_parse(struct aliases *al, const char *bytes, size_t len, struct err *e)
{
	al->loaded = true;
	al->count = 0;
	buf_reset(&al->bytes);
	buf_put(&al->bytes, bytes, len);
	if (al->bytes.no_memory)
		return err_set(e, EX_OSERR, "no memory for %s", al->path);
	if (al->bytes.full)
		return err_set(e, EX_CONFIG, "%s is too long (more than %d "
		    "bytes)", al->path, ALIASES_FILE_MAX);
	return index_bytes(al, e);
}

static int
load(struct aliases *al, struct err *e)
{
	int r;

	if (al->loaded)
		return 0;
	al->count = 0;
	buf_reset(&al->bytes);
	r = read_file(al->path, &al->bytes, e);
	if (r > 0)
		r = index_bytes(al, e);
	al->loaded = r >= 0;
	return r < 0 ? -1 : 0;
}

/* The first entry of that name, or NULL. */
static const struct alias_entry *
find_entry(const struct aliases *al, const char *name)
{
	size_t low = 0, high = al->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcasecmp(al->entries[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < al->count && strcasecmp(al->entries[low].name, name) == 0 ?
	    &al->entries[low] : NULL;
}

/* What both places say of that very name: 1, 0 for nothing, -1. */
static int
find_name(struct aliases *al, const char *name, struct list *l, struct err *e)
{
	const char *value = setting_pairs_find(&al->settings->aliases, name);
	const struct alias_entry *entry;

	memset(l, 0, sizeof(*l));
	if (value != NULL) {
		l->value = value;
		l->len = strlen(value);
		l->line = 1;
		return 1;
	}
	if (load(al, e) != 0)
		return -1;
	if ((entry = find_entry(al, name)) == NULL)
		return 0;
	l->value = entry->value;
	l->len = entry->value_len;
	l->file = al->path;
	l->line = entry->line;
	return 1;
}

/*
 * The name, the name without its "+detail", the catch-all. `name` is cut
 * down to what was found.
 */
static int
find(struct aliases *al, struct buf *name, struct list *l, struct err *e)
{
	int r = find_name(al, buf_text(name), l, e);
	char *plus = strchr(name->data, '+');

	if (r == 0 && plus != NULL && plus > name->data) {
		*plus = '\0';
		r = find_name(al, name->data, l, e);
	}
	if (r == 0) {
		buf_reset(name);
		buf_putc(name, '*');
		r = find_name(al, name->data, l, e);
	}
	l->key = name->data;
	return r;
}

/* Is it this host, whatever its name? */
static bool
is_localhost(const char *domain)
{
	return strcasecmp(domain, "localhost") == 0 ||
	    strcasecmp(domain, "localhost.localdomain") == 0 ||
	    strncmp(domain, "[127.", 5) == 0 ||
	    strcasecmp(domain, "[IPv6:::1]") == 0;
}

static const char *
mail_domain(struct aliases *al)
{
	if (al->domain.len == 0)
		settings_domain(al->settings, &al->domain);
	return buf_text(&al->domain);
}

static bool
is_local(struct aliases *al, const struct addr *a)
{
	const char *domain = addr_domain(a);

	if (!addr_has_domain(a) || is_localhost(domain))
		return true;
	if (al->hostname.len == 0)
		settings_hostname(al->settings, &al->hostname);
	return strcasecmp(domain, buf_text(&al->hostname)) == 0 &&
	    strcasecmp(domain, mail_domain(al)) != 0;
}

static int
add(struct run *r, struct addr *a, struct err *e)
{
	if (envelope_add(r->v, a, e) < 0)
		return -1;
	r->delivered = true;
	return 0;
}

/* No alias says otherwise: the address is what it stands for. */
static int
deliver(struct run *r, struct addr *a, struct err *e)
{
	struct addr local;

	if (addr_has_domain(a) && is_localhost(addr_domain(a))) {
		if (addr_parse(&local, a->text, a->at, e) != 0)
			return -1;
		addr_free(a);
		*a = local;
	}
	if (!addr_has_domain(a) && addr_qualify(a, mail_domain(r->al), e) != 0)
		return -1;
	return add(r, a, e);
}

/* Is this alias being expanded already? */
static bool
is_within(const struct parent *up, const char *key)
{
	for (; up != NULL; up = up->up)
		if (strcasecmp(up->key, key) == 0)
			return true;
	return false;
}

/* A local name by way of the aliases. `name` is its local part, unquoted. */
static int
expand_local(struct run *r, struct addr *a, struct buf *name,
    const struct parent *up, struct err *e)
{
	struct parent here = { NULL, up, up != NULL ? up->depth + 1 : 1 };
	struct list l;
	int found = find(r->al, name, &l, e);

	if (found < 0)
		return -1;
	if (found == 0 || is_within(up, l.key))
		return deliver(r, a, e);
	if (here.depth > ALIASES_DEPTH_MAX)
		return err_set(e, EX_DATAERR, "more than %d aliases lead from "
		    "one to the next, the last one to \"%s\"",
		    ALIASES_DEPTH_MAX, l.key);
	/* Each name once: lists of lists grow without end otherwise. */
	found = envelope_add(&r->seen, a, e);
	if (found <= 0)
		return found;
	here.key = l.key;
	return expand_list(r, &l, &here, e);
}

static int
expand_addr(struct run *r, struct addr *a, const struct parent *up, struct err *e)
{
	struct buf name;
	int result;

	if (addr_is_null(a) || !is_local(r->al, a))
		return add(r, a, e);
	buf_init(&name, ADDR_TEXT_MAX);
	buf_put(&name, a->text, a->at);
	if (name.full || name.data == NULL) {
		buf_free(&name);
		return err_sys(e, EX_OSERR, "looking up an alias");
	}
	unquote(name.data, name.data + name.len);
	result = expand_local(r, a, &name, up, e);
	buf_free(&name);
	return result;
}

/* Behind a comment in parentheses, or at its line's end. */
static const char *
skip_comment(const char *p, const char *end)
{
	unsigned depth = 0;

	for (; p < end && *p != '\n'; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
		else if (*p == '\\' && end - p > 1)
			p++;
	}
	return p;
}

/* The end of what begins at p: a comma, a line's end, a comment. */
static const char *
end_of_entry(const char *p, const char *end)
{
	char before = ' ';

	while (p < end && *p != ',' && *p != '\n') {
		if (*p == '#' && (before == ' ' || before == '\t'))
			break;
		before = *p;
		if (*p == '(') {
			p = skip_comment(p, end);
		} else if (*p == '"') {
			for (p++; p < end && *p != '"' && *p != '\n'; p++)
				if (*p == '\\' && end - p > 1 && p[1] != '\n')
					p++;
			p += p < end && *p == '"';
		} else {
			p++;
		}
	}
	return p;
}

/* Over blanks, commas, empty lines and comments. */
static const char *
skip_between(struct list *l, const char *p, const char *end)
{
	for (; p < end; p++) {
		if (*p == '#')
			while (end - p > 1 && p[1] != '\n')
				p++;
		else if (*p == '\n')
			l->line++;
		else if (*p != ',' && !is_blank(*p))
			break;
	}
	return p;
}

/* Take the next one off the list: false at its end. */
static bool
next_entry(struct list *l, struct entry *en)
{
	const char *end = l->value + l->len;
	const char *p = skip_between(l, l->value, end);
	const char *stop = end_of_entry(p, end);

	l->len = (size_t)(end - stop);
	l->value = stop;
	while (stop > p && is_blank(stop[-1]))
		stop--;
	en->text = p;
	en->len = (size_t)(stop - p);
	en->line = l->line;
	return p < end;
}

/* Put "path:line: " or its like before the sentence. */
static int
at_entry(const struct list *l, const struct entry *en, struct err *e)
{
	e->status = e->status == EX_DATAERR ? EX_CONFIG : e->status;
	if (l->file == NULL)
		return err_while(e, "[aliases] %s", l->key);
	return err_while(e, "%s:%u: alias \"%s\"", l->file, en->line, l->key);
}

static int
expand_include(struct run *r, const struct list *l, const struct entry *en,
    const char *path, const struct parent *up, struct err *e)
{
	struct list inner = { .key = l->key, .file = path, .line = 1,
	    .included = true };
	struct buf bytes;
	int found;

	if (l->included || ++r->includes > ALIASES_INCLUDES_MAX) {
		(void)err_set(e, EX_CONFIG, "%s: %s", path, l->included ?
		    "a file that is included includes no other" :
		    "too many files are included");
		return at_entry(l, en, e);
	}
	buf_init(&bytes, ALIASES_FILE_MAX + CHUNK);
	found = *path == '/' ? read_file(path, &bytes, e) :
	    err_set(e, EX_CONFIG, "\"%s\" must begin with '/'", path);
	if (found == 0)
		(void)file_explain(path, FILE_READ, ENOENT, e);
	if (found > 0) {
		inner.value = buf_text(&bytes);
		inner.len = bytes.len;
		found = expand_list(r, &inner, up, e);
	} else {
		found = at_entry(l, en, e);
	}
	buf_free(&bytes);
	return found;
}

static const char include_word[] = ":include:";

/*
 * Is it one of those that are no address: "|program", "/file",
 * ":include:/list", also in quotes? Then `plain` is the text without them.
 */
static bool
is_special(const struct entry *en, struct buf *plain)
{
	const char *first = en->text;

	if (en->len > 1 && *first == '"')
		first++;
	if (*first != '|' && *first != '/' && *first != ':')
		return false;
	buf_put(plain, en->text, en->len);
	if (first > en->text && !plain->full)
		unquote(plain->data, plain->data + plain->len);
	return true;
}

static int
expand_special(struct run *r, const struct list *l, const struct entry *en,
    const char *text, const struct parent *up, struct err *e)
{
	size_t word = sizeof(include_word) - 1;

	if (strncasecmp(text, include_word, word) == 0) {
		text += word;
		return expand_include(r, l, en, text + strspn(text, " \t"), up, e);
	}
	if (*text == '|')
		(void)err_set(e, EX_CONFIG, "\"%.100s\": mail is not piped into "
		    "programs, give an address", text);
	else if (*text == '/')
		(void)err_set(e, EX_CONFIG, "\"%.100s\": mail is not written "
		    "into files, give an address", text);
	else
		(void)err_set(e, EX_CONFIG, "\"%.100s\" is no address", text);
	return at_entry(l, en, e);
}

static int
expand_entry(struct run *r, const struct list *l, const struct entry *en,
    const struct parent *up, struct err *e)
{
	bool escaped = en->text[0] == '\\';
	struct addr a = { 0 };
	struct buf plain;
	int result;

	buf_init(&plain, SPECIAL_BYTES_MAX);
	if (is_special(en, &plain)) {
		result = expand_special(r, l, en, buf_text(&plain), up, e);
		buf_free(&plain);
		return result;
	}
	if (addr_parse(&a, en->text + escaped, en->len - escaped, e) != 0)
		return at_entry(l, en, e);
	if (addr_is_null(&a)) {
		addr_free(&a);
		(void)err_set(e, EX_CONFIG, "the null address receives no mail");
		return at_entry(l, en, e);
	}
	result = escaped ? deliver(r, &a, e) : expand_addr(r, &a, up, e);
	addr_free(&a);
	return result;
}

static int
expand_list(struct run *r, const struct list *l, const struct parent *up,
    struct err *e)
{
	struct list rest = *l;
	struct entry en = { 0 };
	unsigned count = 0;

	for (; next_entry(&rest, &en); count++)
		if (expand_entry(r, &rest, &en, up, e) != 0)
			return -1;
	en.line = l->line;
	if (count > 0 || l->included)
		return 0;
	(void)err_set(e, EX_CONFIG, "it stands for nobody");
	return at_entry(l, &en, e);
}

int
aliases_resolve(struct aliases *al, struct addr *recipient, struct envelope *v,
    struct err *e)
{
	struct run r = { .al = al, .v = v };
	int result;

	envelope_init(&r.seen, SIZE_MAX);
	result = expand_addr(&r, recipient, NULL, e);
	if (result == 0 && !r.delivered)
		result = err_set(e, EX_CONFIG, "the alias \"%s\" stands for "
		    "nobody: all its lists are empty", r.seen.count > 0 ?
		    r.seen.recipients[0].addr.text : "");
	envelope_free(&r.seen);
	addr_free(recipient);
	return result;
}

int
aliases_expand_from(const struct settings *s, const char *path,
    struct addr *recipient, struct envelope *v, struct err *e)
{
	struct aliases al;
	int result;

	aliases_init(&al, s, path);
	result = aliases_resolve(&al, recipient, v, e);
	aliases_free(&al);
	return result;
}

int
aliases_expand(const struct settings *s, struct addr *recipient,
    struct envelope *v, struct err *e)
{
	return aliases_expand_from(s, place_aliases, recipient, v, e);
}
