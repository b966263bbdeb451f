/*
 * INI text as people write it, through inih in each way it can be built.
 */
#include "settings/source.h"

#include "check.h"

#include <stdlib.h>

/*
 * Debian's inih takes at run time what others fix when they compile it, so
 * here all builds can be tried; elsewhere these are missing.
 */
extern bool ini_allow_multiline __attribute__((weak));
extern bool ini_allow_inline_comments __attribute__((weak));
extern bool ini_use_stack __attribute__((weak));
extern bool ini_allow_realloc __attribute__((weak));
extern bool ini_stop_on_first_error __attribute__((weak));
extern bool ini_allow_no_value __attribute__((weak));
extern bool ini_allow_bom __attribute__((weak));
extern const char *ini_inline_comment_prefixes __attribute__((weak));
extern int ini_initial_alloc __attribute__((weak));

static const struct {
	const char *name;
	bool multiline, comments, stack, grow, stop, no_value, bom;
	const char *prefixes;
} builds[] = {
	{ "as Debian builds it", true, true, true, false, false, false, true, ";" },
	{ "comments behind '#' too", true, true, true, false, false, false, true, ";#" },
	{ "no comments behind values", true, false, true, false, false, false, true, ";" },
	{ "one line a value", false, true, true, false, false, false, true, ";" },
	{ "memory that does not grow", true, true, false, false, false, false, true, ";" },
	{ "memory that grows", true, true, false, true, false, false, true, ";" },
	{ "ends at the first error", true, true, true, false, true, false, true, ";" },
	{ "keys without values", true, true, true, false, false, true, true, ";" },
	{ "no byte order mark", true, true, true, false, false, false, false, ";" },
};

enum { BUILDS = sizeof(builds) / sizeof(builds[0]) };

static void
become(size_t i)
{
	ini_allow_multiline = builds[i].multiline;
	ini_allow_inline_comments = builds[i].comments;
	ini_use_stack = builds[i].stack;
	ini_allow_realloc = builds[i].grow;
	ini_stop_on_first_error = builds[i].stop;
	ini_allow_no_value = builds[i].no_value;
	ini_allow_bom = builds[i].bom;
	ini_inline_comment_prefixes = builds[i].prefixes;
}

#define MARK "\xef\xbb\xbf"
#define NINES "999999999999999999999999999999"
#define LONG NINES NINES NINES NINES NINES NINES	/* 180 bytes */

/* What stands in user (U), password (P), host (H) and the alias root (R). */
static const struct {
	const char *text, *name, wanted_key;
	const char *wanted;
} good[] = {
	{ "", "an empty file", 'U', "" },
	{ "\n\n", "empty lines", 'U', "" },
	{ "; x\n# y\n  ; z = 1\n\t# [q]\n", "comments", 'U', "" },
	{ "[smtp]\nuser=me\n", "no blanks", 'U', "me" },
	{ "[smtp]\n user \t=  me \t\n", "blanks around", 'U', "me" },
	{ "[smtp]\nuser: me", "a colon, and no last line end", 'U', "me" },
	{ "[smtp]\r\nuser = me\r\n", "lines of Windows", 'U', "me" },
	{ MARK "[smtp]\nuser = me\n", "a byte order mark", 'U', "me" },
	{ MARK, "nothing but a byte order mark", 'U', "" },
	{ " [smtp] \n\tuser = me\n\thost = x\n", "indented lines", 'H', "x" },
	{ "[SMTP]\nUser = me\n", "capitals", 'U', "me" },
	{ "[smtp] ; the server\nuser = me\n", "a comment behind a section", 'U', "me" },
	{ "[smtp] # the server\nuser = me\n", "the other kind", 'U', "me" },
	{ "[ smtp ]\nuser = me\n", "blanks in the brackets", 'U', "me" },
	{ "[smtp]\nuser = a\n[outtray]\n[smtp]\nhost = b\n", "a section in two "
	    "parts", 'H', "b" },
	{ "[smtp]\npassword = a ;b\n", "';' in a value", 'P', "a ;b" },
	{ "[smtp]\npassword = a #b;\n", "'#' in a value", 'P', "a #b;" },
	{ "[smtp]\npassword = ;\n", "nothing but ';'", 'P', ";" },
	{ "[smtp]\npassword = #a\n", "'#' at the start", 'P', "#a" },
	{ "[smtp]\npassword = =:=\n", "'=' in a value", 'P', "=:=" },
	{ "[smtp]\npassword = [x]\n", "brackets in a value", 'P', "[x]" },
	{ "[smtp]\npassword = \"a b\" c\n", "a quote in it", 'P', "\"a b\" c" },
	{ "[smtp]\npassword = \xc3\xa9t\xc3\xa9\n", "UTF-8", 'P',
	    "\xc3\xa9t\xc3\xa9" },
	{ "[smtp]\npassword = a\tb\n", "a tab in it", 'P', NULL },
	{ "[smtp]\nuser =\n", "no value", 'U', "" },
	{ "[smtp]\ntls-name = x\nhost = y\n", "'-' for '_'", 'H', "y" },
	{ "[smtp]\nuser = " LONG "\n", "a long line", 'U', LONG },
	{ "; " LONG LONG LONG "\n[smtp]\nuser = me\n", "a long comment", 'U', "me" },
	{ "[aliases]\nroot = a@b, c@d\n", "two addresses", 'R', "a@b, c@d" },
	{ "[aliases]\nROOT = a@b\n* = x@y\n", "any case", 'R', "a@b" },
};

static const char *
value_of(const struct settings *s, char key)
{
	switch (key) {
	case 'U':
		return s->user;
	case 'P':
		return buf_text(&s->password);
	case 'H':
		return s->smtp_host;
	default:
		return setting_pairs_find(&s->aliases, "root");
	}
}

static void
good_text(size_t i)
{
	struct settings s;
	struct err e = { 0 };
	int result;

	(void)settings_init(&s, &e);
	result = settings_parse_ini(&s, "F", good[i].text, strlen(good[i].text), &e);
	if (good[i].wanted == NULL)
		check(result == -1 && e.status == EX_CONFIG, good[i].name);
	else if (!check(result == 0, good[i].name))
		printf("# got \"%s\"\n", e.text);
	else
		check_text(value_of(&s, good[i].wanted_key), good[i].wanted,
		    "its value");
	settings_free(&s);
}

static const struct {
	const char *text;
	size_t      len;	/* 0: up to the NUL */
	const char *wanted;
} bad[] = {
	{ "[smtp]\nhots = a\n", 0, "F:2: [smtp] has no key \"hots\"; is \"host\" meant?" },
	{ "[smtp]\nxyzzy = a\n", 0, "F:2: [smtp] has no key \"xyzzy\"" },
	{ "[smtp]\npasswrd = secret\n", 0, "F:2: [smtp] has no key \"passwrd\"; is "
	    "\"password\" meant?" },
	{ "[outtray]\nhost = a\n", 0, "F:2: [outtray] has no key \"host\"; is \"host\" of "
	    "[smtp] meant?" },
	{ "[smpt]\n", 0, "F:1: there is no section [smpt]; is [smtp] meant?" },
	{ "[smtp]\n\n[]\n", 0, "F:3: there is no section []" },
	{ "[smtp office]\n", 0, "F:1: there is no section [smtp office]" },
	{ "[" LONG "]\n", 0, "F:1: there is no section [" NINES NINES "999]" },
	{ "[smtp\nhost = a\n", 0, "F:1: the ']' of \"[smtp\" is missing" },
	{ "[smtp] host = a\n", 0, "F:1: only a comment may stand behind the section's name" },
	{ "host = a\n", 0, "F:1: a key before the first section, such as [smtp]" },
	{ "[smtp]\nhost\n", 0, "F:2: \"host\" is no \"key = value\"" },
	{ "[smtp]\npassword secret\n", 0, "F:2: \"password\" is no \"key = value\"" },
	{ "[smtp]\nhost = a\n  b c\n", 0, "F:3: \"b\" is no \"key = value\"" },
	{ "[smtp]\nhost = a\n  b:25\n", 0, "F:3: [smtp] has no key \"b\"" },
	{ "[smtp]\n= a\n", 0, "F:2: there is no key before the '='" },
	{ "[smtp]\nhost = a\n[outtray]\n[smtp]\nhost = b\n", 0, "F:5: \"host\" is set a "
	    "second time; the first is in line 2" },
	{ "[aliases]\nroot = a\n\nRoot = b\n", 0, "F:4: \"Root\" is set a second time; the "
	    "first is in line 2" },
	{ "[aliases]\nroot =\n", 0, "F:2: root = : an address is wanted" },
	{ "[senders]\nroot = a b c\n", 0, "F:2: root = a b c: an address is wanted" },
	{ "[smtp]\nuser = a\001b\n", 0, "F:2: byte 9 of the line is the control character "
	    "0x01: this is no text file" },
	{ "[smtp]\nuser = a\rb\n", 0, "F:2: byte 9 of the line is the control character "
	    "0x0d: this is no text file" },
	{ "[smtp]\ruser = a\r", 0, "F:1: byte 7 of the line is the control character "
	    "0x0d: this is no text file" },
	{ "[smtp]\nuser = a\0b\n", 18, "F:2: byte 9 of the line is the control character "
	    "0x00: this is no text file" },
	{ "; a comment\0 with NUL\n", 22, "F:1: byte 12 of the line is the control "
	    "character 0x00: this is no text file" },
	{ "\xff\xfe[\0s\0", 6, "F is UTF-16: save it as UTF-8" },
	{ "\x7f" "ELF\002\001\001", 0, "F:1: byte 1 of the line is the control character 0x7f: "
	    "this is no text file" },
	{ "[smtp]\nuser = " LONG NINES "\n", 0, "F:2: the line has 217 bytes, and no "
	    "more than 198 can be read; a long password may stand in a "
	    "password_file" },
	{ "[smtp]\nuser = \"me\"\n", 0, "F:2: user: a value stands without quotes" },
	{ "[smtp]\npassword = 'se cret'\n", 0, "F:2: password: a value stands without quotes" },
	{ "[smtp]\nport = 0x19\n", 0, "F:2: port = 0x19: a number from 1 to 65535 is wanted" },
};

static void
bad_text(size_t i)
{
	size_t len = bad[i].len > 0 ? bad[i].len : strlen(bad[i].text);
	struct settings s;
	struct err e = { 0 };

	(void)settings_init(&s, &e);
	check(settings_parse_ini(&s, "F", bad[i].text, len, &e) == -1 &&
	    e.status == EX_CONFIG, "refused, exit 78");
	check_text(e.text, bad[i].wanted, "the sentence");
	check(strstr(e.text, "secret") == NULL, "no secret in it");
	settings_free(&s);
}

/* Just what fits, and one byte more; without the last line end as well. */
static void
longest_line(void)
{
	char text[256] = "[smtp]\nuser = ";
	size_t start = strlen("[smtp]\n");

	for (size_t len = 197; len <= 200; len++)
		for (size_t lf = 0; lf < 2; lf++) {
			struct settings s;
			struct err e = { 0 };

			memset(text + start + 7, 'x', len - 7);
			memcpy(text + start + len, "\n", 2);
			(void)settings_init(&s, &e);
			check_number(settings_parse_ini(&s, "F", text,
			    start + len + lf, &e), len <= 198 ? 0 : -1,
			    "a line of 198 bytes fits");
			check_number((long long)strlen(s.user),
			    len <= 198 ? (long long)len - 7 : 0, "whole");
			settings_free(&s);
		}
}

static void
many_pairs(void)
{
	struct settings s;
	struct err e = { 0 };
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_puts(&text, "[aliases]\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "user%d = a@b\n", i);
	(void)settings_init(&s, &e);
	check(settings_parse_ini(&s, "F", buf_text(&text), text.len, &e) == 0,
	    "a thousand aliases");
	check_text(setting_pairs_find(&s.aliases, "USER999"), "a@b", "the last");
	settings_free(&s);
	buf_puts(&text, "more = a@b\n");
	(void)settings_init(&s, &e);
	check(settings_parse_ini(&s, "F", buf_text(&text), text.len, &e) == -1,
	    "and no more");
	check_text(e.text, "F:1002: more than 1000 lines; the others may stand in "
	    "/etc/aliases", "the sentence");
	settings_free(&s);
	buf_free(&text);
}

int
main(void)
{
	bool as_debian = &ini_allow_multiline != NULL && &ini_initial_alloc != NULL;

	for (size_t build = 0; build < (as_debian ? BUILDS : 1); build++) {
		printf("# inih: %s\n", builds[build].name);
		if (as_debian)
			become(build);
		for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
			good_text(i);
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			bad_text(i);
		longest_line();
		many_pairs();
	}
	if (!as_debian)
		check(true, "other builds of inih # SKIP this one cannot be changed");
	return check_end();
}
