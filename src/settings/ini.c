#include "settings/source.h"
#include "settings/table.h"

#include <ini.h>
#include <string.h>
#include <strings.h>

/*
 * inih splits lines and trims; which lines it gets is decided here, because
 * its own reading differs from build to build (Debian's, of inih 55, was tried):
 *
 * - it reads lines into INI_MAX_LINE bytes (200) and takes what does not fit
 *   for a line of its own: a longer line is refused here;
 * - it does not tell the handler the line's number: it is counted here;
 * - a ';' behind a blank begins a comment, so that a password would end there:
 *   it is given ';' and '#' of a value as two control characters, which no
 *   line can hold;
 * - a line that begins with a blank continues the value before it (and the
 *   handler is called twice): blanks at the beginning are taken away;
 * - it takes what follows "[section]" on the same line for nothing, cuts
 *   section names at 49 bytes, and says nothing of a section that is empty:
 *   such lines are looked at here as well.
 */
enum { SEMICOLON = '\001', HASH = '\002' };

enum { SHOWN_MAX = 40 };

struct ini {
	struct settings *s;
	const char *name;	/* of the file */
	const char *next, *end;	/* the bytes not yet read */
	int         line;	/* the number of the line in hand */
	const char *section;	/* as the table spells it; NULL before the first */
	struct err *e;
	bool        failed;
};

static int
fail(struct ini *in)
{
	in->failed = true;
	return err_while(in->e, "%s:%d", in->name, in->line);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && is_blank(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && is_blank((*text)[*len - 1]))
		(*len)--;
}

/* "[name]", perhaps with a comment behind it. */
static int
check_section(struct ini *in, const char *text, size_t len)
{
	const char *close = memchr(text, ']', len), *rest, *near;
	size_t rest_len;
	char name[64];

	if (close == NULL)
		return err_set(in->e, EX_CONFIG, "the ']' of \"%.*s\" is missing",
		    (int)len, text);
	rest = close + 1;
	rest_len = len - (size_t)(rest - text);
	trim(&rest, &rest_len);
	if (rest_len > 0 && *rest != ';' && *rest != '#')
		return err_set(in->e, EX_CONFIG, "only a comment may stand "
		    "behind the section's name");
	text++;
	len = (size_t)(close - text);
	trim(&text, &len);
	in->section = setting_section(text, len);
	if (in->section != NULL)
		return 0;
	if (len >= sizeof(name))
		len = sizeof(name) - 1;
	memcpy(name, text, len);
	name[len] = '\0';
	near = setting_section_near(name);
	return err_set(in->e, EX_CONFIG, near != NULL ?
	    "there is no section [%s]; is [%s] meant?" :
	    "there is no section [%s]", name, near);
}

/* No more of a line than that is shown: the rest may be a secret. */
static int
first_word(const char *text, size_t len)
{
	int n = 0;

	while ((size_t)n < len && n < SHOWN_MAX && !is_blank(text[n]))
		n++;
	return n;
}

static int
check_line(struct ini *in, const char *text, size_t len)
{
	if (*text == '[')
		return check_section(in, text, len);
	if (memchr(text, '=', len) == NULL && memchr(text, ':', len) == NULL)
		return err_set(in->e, EX_CONFIG, "\"%.*s\" is no \"key = value\"",
		    first_word(text, len), text);
	if (in->section == NULL)
		return err_set(in->e, EX_CONFIG,
		    "a key before the first section, such as [smtp]");
	return 0;
}

static int
check_bytes(struct ini *in, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\t') || c == 127)
			return err_set(in->e, EX_CONFIG, "byte %d of the line is "
			    "the control character 0x%02x: this is no text file",
			    (int)i + 1, c);
	}
	return 0;
}

/* The line for inih: as it is, but for what it would misunderstand. */
static char *
give(char *to, int size, const char *text, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len && out < (size_t)size - 2; i++)
		to[out++] = text[0] == '[' ? text[i] : text[i] == ';' ? SEMICOLON :
		    text[i] == '#' ? HASH : text[i];
	to[out++] = '\n';
	to[out] = '\0';
	return to;
}

/* inih's reader, as fgets(3): one line of at most `size` bytes with its NUL. */
static char *
read_line(char *to, int size, void *context)
{
	struct ini *in = context;
	const char *text = in->next, *lf;
	size_t len;

	if (in->failed || text == in->end)
		return NULL;
	lf = memchr(text, '\n', (size_t)(in->end - text));
	in->next = lf != NULL ? lf + 1 : in->end;
	len = (size_t)((lf != NULL ? lf : in->end) - text);
	in->line++;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (check_bytes(in, text, len) != 0) {
		(void)fail(in);
		return NULL;
	}
	trim(&text, &len);
	if (len == 0 || *text == ';' || *text == '#')
		return give(to, size, "", 0);
	if (len > (size_t)size - 2)
		(void)err_set(in->e, EX_CONFIG, "the line has %zu bytes, and no "
		    "more than %d can be read; a long password may stand in a "
		    "password_file", len, size - 2);
	else if (check_line(in, text, len) == 0)
		return give(to, size, text, len);
	(void)fail(in);
	return NULL;
}

static void
restore(char *to, size_t size, const char *text)
{
	size_t i = 0;

	for (; i < size - 1 && text[i] != '\0'; i++)
		to[i] = text[i] == SEMICOLON ? ';' : text[i] == HASH ? '#' : text[i];
	to[i] = '\0';
}

static int
unknown_key(struct ini *in, const char *key)
{
	const char *section, *near = setting_key_near(in->section, key, &section);

	if (near == NULL)
		return err_set(in->e, EX_CONFIG, "[%s] has no key \"%s\"",
		    in->section, key);
	if (strcmp(section, in->section) != 0)
		return err_set(in->e, EX_CONFIG, "[%s] has no key \"%s\"; is \"%s\" "
		    "of [%s] meant?", in->section, key, near, section);
	return err_set(in->e, EX_CONFIG, "[%s] has no key \"%s\"; is \"%s\" meant?",
	    in->section, key, near);
}

static int
take_key(struct ini *in, const char *key, const char *value)
{
	long row = setting_find(in->section, key);

	if (row < 0)
		return unknown_key(in, key);
	if (in->s->lines[row] > 0)
		return err_set(in->e, EX_CONFIG, "\"%s\" is set a second time; the "
		    "first is in line %d", key, in->s->lines[row]);
	if (setting_refuse_quotes(key, value, in->e) != 0 ||
	    setting_set(in->s, (size_t)row, value, in->e) != 0)
		return -1;
	in->s->lines[row] = in->line;
	in->s->anything_set = true;
	return 0;
}

static int
take_pair(struct ini *in, struct setting_pairs *pairs, const char *name,
    const char *value)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcasecmp(pairs->list[i].name, name) == 0)
			return err_set(in->e, EX_CONFIG, "\"%s\" is set a second "
			    "time; the first is in line %d", name,
			    pairs->list[i].line);
	return setting_take_pair(in->s, in->section, name, value, in->line, in->e);
}

#if INI_HANDLER_LINENO
#define LINENO , int lineno
#else
#define LINENO
#endif

/* inih's handler: 1 to go on, 0 for an error. */
static int
take(void *context, const char *section, const char *name, const char *value
    LINENO)
{
	struct ini *in = context;
	char key[1024], text[1024];
	struct setting_pairs *pairs;
	int failed;

#if INI_HANDLER_LINENO
	(void)lineno;
#endif
	(void)section;	/* cut at 49 bytes, and not folded: ours is right */
	if (in->failed)
		return 0;
	if (name == NULL || value == NULL)	/* a build that calls for sections */
		return 1;
	restore(key, sizeof(key), name);
	restore(text, sizeof(text), value);
	pairs = setting_section_pairs(in->s, in->section);
	if (key[0] == '\0')
		failed = err_set(in->e, EX_CONFIG, "there is no key before the '='");
	else
		failed = pairs != NULL ? take_pair(in, pairs, key, text) :
		    take_key(in, key, text);
	explicit_bzero(text, sizeof(text));
	if (failed == 0)
		return 1;
	(void)fail(in);
	return 0;
}

int
settings_parse_ini(struct settings *s, const char *name, const char *bytes,
    size_t len, struct err *e)
{
	struct ini in = { .s = s, .name = name, .next = bytes,
	    .end = bytes + len, .e = e };
	int line;

	if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
	    memcmp(bytes, "\xfe\xff", 2) == 0))
		return err_set(e, EX_CONFIG, "%s is UTF-16: save it as UTF-8", name);
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		in.next += 3;
	line = ini_parse_stream(read_line, &in, take, &in);
	if (in.failed)
		return -1;
	if (line > 0)
		return err_set(e, EX_CONFIG, "%s:%d: this is no \"key = value\"",
		    name, line);
	return line < 0 ? err_set(e, EX_OSERR, "no memory") : 0;
}
