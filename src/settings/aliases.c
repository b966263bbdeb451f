#include "settings/aliases.h"

#include "base/io.h"
#include "settings/places.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A list of addresses and where it stands, for messages. */
struct list {
	const char *text;
	size_t      len;
	const char *file;	/* NULL: the settings */
	unsigned    line;
};

/* One expansion, from a recipient down to its addresses. */
struct expansion {
	const struct settings *settings;
	const char      *path;
	struct buf       file;		/* of `path` */
	bool             file_read;
	struct buf       domain;
	struct envelope *envelope;
	const char      *names[ALIASES_DEPTH_MAX];	/* from the top down */
	int              depth;
};

static int expand(struct expansion *x, struct addr *a, struct err *e);

static bool
is_local(const struct expansion *x, const struct addr *a)
{
	const char *domain = addr_domain(a);
	struct buf hostname;
	bool own;

	if (!addr_has_domain(a) || strcasecmp(domain, "localhost") == 0 ||
	    strcmp(domain, "[127.0.0.1]") == 0 ||
	    strcasecmp(domain, "[IPv6:::1]") == 0)
		return true;
	buf_init(&hostname, 1024);
	settings_hostname(x->settings, &hostname);
	own = strcasecmp(domain, buf_text(&hostname)) == 0 &&
	    strcasecmp(domain, buf_text(&x->domain)) != 0;
	buf_free(&hostname);
	return own;
}

/* A whole file: 0, 1 where there is none, -1. */
static int
read_file(const char *path, struct buf *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n = 0;
	char *room;

	if (fd < 0)
		return errno == ENOENT ? 1 :
		    err_sys(e, EX_NOINPUT, "cannot read %s", path);
	buf_init(out, ALIASES_FILE_MAX);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > ALIASES_FILE_MAX) {
		(void)close(fd);	/* nothing was written */
		return err_set(e, EX_CONFIG, "%s is no regular file of at most %d "
		    "bytes", path, ALIASES_FILE_MAX);
	}
	while ((room = buf_room(out, 4096)) != NULL &&
	    (n = io_read(fd, room, 4096)) > 0)
		out->len += (size_t)n;
	(void)close(fd);	/* nothing was written */
	if (n < 0)
		return err_sys(e, EX_NOINPUT, "cannot read %s", path);
	if (room == NULL)
		return err_set(e, EX_CONFIG, "%s has grown, or there is no memory",
		    path);
	buf_put(out, "", 0);	/* its NUL */
	return 0;
}

static const char *
line_end(const char *text)
{
	return text + strcspn(text, "\n");
}

/* A logical line ends where the next line does not begin with a blank. */
static const char *
entry_end(const char *text)
{
	const char *end = line_end(text);

	while (*end == '\n' && (end[1] == ' ' || end[1] == '\t'))
		end = line_end(end + 1);
	return end;
}

/* The list behind "name:" where this entry is that of `name`. */
static const char *
match_entry(const char *text, const char *name, size_t len)
{
	bool quoted = *text == '"';

	text += quoted ? 1 : 0;
	if (strncasecmp(text, name, len) != 0)
		return NULL;
	text += len;
	if (quoted && *text++ != '"')
		return NULL;
	text += strspn(text, " \t");
	return *text == ':' ? text + 1 : NULL;
}

static bool
find_in_text(const char *text, const char *name, size_t len, struct list *found)
{
	unsigned line = 1;

	while (*text != '\0') {
		const char *end = entry_end(text);
		const char *list = *text == '#' ? NULL :
		    match_entry(text, name, len);

		if (list != NULL) {
			found->text = list;
			found->len = (size_t)(end - list);
			found->line = line;
			return true;
		}
		for (; text < end; text++)
			line += *text == '\n' ? 1 : 0;
		line += *text == '\n' ? 1 : 0;
		text += *text == '\n' ? 1 : 0;
	}
	return false;
}

/* What stands for this name: 1, 0 if nothing does, -1. */
static int
find_name(struct expansion *x, const char *name, size_t len, struct list *found,
    struct err *e)
{
	char key[ADDR_TEXT_MAX + 1];
	const char *value;

	memcpy(key, name, len);
	key[len] = '\0';
	value = setting_pairs_find(&x->settings->aliases, key);
	if (value != NULL) {
		*found = (struct list){ value, strlen(value), NULL, 0 };
		return 1;
	}
	if (!x->file_read && read_file(x->path, &x->file, e) < 0)
		return -1;
	x->file_read = true;
	found->file = x->path;
	return find_in_text(buf_text(&x->file), name, len, found);
}

static int
find_list(struct expansion *x, const struct addr *a, struct list *found,
    struct err *e)
{
	const char *plus = memchr(a->text, '+', a->at);
	const char *all;
	int result = find_name(x, a->text, a->at, found, e);

	if (result == 0 && plus != NULL && plus > a->text)
		result = find_name(x, a->text, (size_t)(plus - a->text), found, e);
	all = setting_pairs_find(&x->settings->aliases, "*");
	if (result == 0 && all != NULL) {
		*found = (struct list){ all, strlen(all), NULL, 0 };
		result = 1;
	}
	return result;
}

static bool
is_open(const struct expansion *x, const struct addr *a)
{
	for (int i = 0; i < x->depth; i++)
		if (strlen(x->names[i]) == a->at &&
		    strncasecmp(x->names[i], a->text, a->at) == 0)
			return true;
	return false;
}

/* "root@localhost" means nobody else's root: it gets the mail domain too. */
static int
deliver(struct expansion *x, struct addr *a, struct err *e)
{
	struct addr bare = { 0 };

	if (strcasecmp(addr_domain(a), "localhost") == 0) {
		if (addr_parse(&bare, a->text, a->at, e) != 0)
			return -1;
		addr_free(a);
		*a = bare;
	}
	if (addr_qualify(a, buf_text(&x->domain), e) != 0)
		return -1;
	return envelope_add(x->envelope, a, e) < 0 ? -1 : 0;
}

static int
name_place(const struct list *l, struct err *e)
{
	e->status = EX_CONFIG;
	return l->file == NULL ? err_while(e, "[aliases]") :
	    err_while(e, "%s:%u", l->file, l->line);
}

static int expand_list(struct expansion *x, const struct list *l, struct err *e);

static int
expand_include(struct expansion *x, const char *name, size_t len, struct err *e)
{
	char path[1024];
	struct buf text = { 0 };
	struct list lines;
	int result;

	if (len >= sizeof(path))
		return err_set(e, EX_CONFIG, "the path of an include is too long");
	if (x->depth == ALIASES_DEPTH_MAX)
		return err_set(e, EX_DATAERR, "aliases are nested too deeply");
	memcpy(path, name, len);
	path[len] = '\0';
	result = read_file(path, &text, e);
	if (result > 0)
		result = err_sys(e, EX_NOINPUT, "cannot read %s", path);
	x->names[x->depth++] = "";	/* counts, and is no name */
	for (const char *line = buf_text(&text); result == 0 && *line != '\0'; ) {
		const char *end = line_end(line);

		lines = (struct list){ line, (size_t)(end - line), path, 0 };
		if (*line != '#')
			result = expand_list(x, &lines, e);
		line = end + (*end == '\n');
	}
	x->depth--;
	buf_free(&text);
	return result;
}

/* One piece of a list: an address, a name, an include; anything else is refused. */
static int
expand_item(struct expansion *x, const struct list *l, const char *item,
    size_t len, struct err *e)
{
	static const char include[] = ":include:";
	struct addr_list addresses;
	struct addr a = { 0 };
	bool final = len > 0 && item[0] == '\\';
	int found;

	if (len > 1 && item[0] == '"' && strchr("|/:", item[1]) != NULL)
		item++, len -= 2;
	if (len > sizeof(include) && strncasecmp(item, include,
	    sizeof(include) - 1) == 0)
		return expand_include(x, item + sizeof(include) - 1,
		    len - sizeof(include) + 1, e);
	if (len > 0 && (item[0] == '|' || item[0] == '/')) {
		(void)err_set(e, EX_CONFIG, "%.*s: mail goes neither to programs "
		    "nor to files here", (int)(len < 200 ? len : 200), item);
		return name_place(l, e);
	}
	addr_list_init(&addresses, item + (final ? 1 : 0), len - (final ? 1 : 0),
	    true);
	while ((found = addr_list_next(&addresses, &a, NULL, e)) > 0) {
		int result = final ? deliver(x, &a, e) : expand(x, &a, e);

		addr_free(&a);
		if (result != 0)
			return -1;
	}
	return found == 0 ? 0 : name_place(l, e);
}

/* The pieces between commas outside of quotes. */
static int
expand_list(struct expansion *x, const struct list *l, struct err *e)
{
	const char *item = l->text, *end = l->text + l->len;
	bool quoted = false;

	for (const char *c = item; ; c++) {
		if (c < end && *c == '"')
			quoted = !quoted;
		if (c < end && (quoted || *c != ','))
			continue;
		while (item < c && strchr(" \t\r\n", *item) != NULL)
			item++;
		size_t len = (size_t)(c - item);
		while (len > 0 && strchr(" \t\r\n", item[len - 1]) != NULL)
			len--;
		if (len > 0 && expand_item(x, l, item, len, e) != 0)
			return -1;
		if (c >= end)
			return 0;
		item = c + 1;
	}
}

static int
expand(struct expansion *x, struct addr *a, struct err *e)
{
	struct list found = { 0 };
	char name[ADDR_TEXT_MAX + 1];
	int result;

	if (!is_local(x, a) || is_open(x, a))
		return deliver(x, a, e);
	result = find_list(x, a, &found, e);
	if (result < 0)
		return -1;
	if (result == 0)
		return deliver(x, a, e);
	if (x->depth == ALIASES_DEPTH_MAX)
		return err_set(e, EX_DATAERR, "aliases are nested too deeply at %s",
		    a->text);
	memcpy(name, a->text, a->at);
	name[a->at] = '\0';
	x->names[x->depth++] = name;
	result = expand_list(x, &found, e);
	x->names[--x->depth] = NULL;
	return result;
}

int
aliases_expand_from(const struct settings *s, const char *path,
    struct addr *recipient, struct envelope *v, struct err *e)
{
	struct expansion x = { .settings = s, .path = path, .envelope = v };
	int result;

	buf_init(&x.domain, 1024);
	settings_domain(s, &x.domain);
	result = expand(&x, recipient, e);
	addr_free(recipient);
	buf_free(&x.domain);
	buf_free(&x.file);
	return result;
}

int
aliases_expand(const struct settings *s, struct addr *recipient,
    struct envelope *v, struct err *e)
{
	return aliases_expand_from(s, place_aliases, recipient, v, e);
}
