/*
 * The man page, the sample and the examples say what the table says: the same
 * keys, the same defaults, and settings that can be loaded. Run from the top.
 */
#include "settings/places.h"
#include "settings/source.h"
#include "settings/table.h"

#include "check.h"

#include <dirent.h>
#include <stdlib.h>

static const char page[] = "man/outtray.ini.5", sample[] = "conf/outtray.ini",
    examples[] = "conf/examples";

enum { LINE_SIZE = 512, ENVIRONMENT_MAX = 32 };

static void
read_page(const char *path, struct buf *text)
{
	struct source f;
	struct err e = { 0 };

	buf_init(text, SETTINGS_FILE_MAX);
	if (!check(source_read(&f, path, SETTINGS_FILE_MAX, &e) == 1, path)) {
		printf("# %s; is this the top of the source tree?\n", e.text);
		exit(check_end());
	}
	buf_put(text, f.text.data, f.text.len);
	source_free(&f);
}

/* The next line without its end: false after the last. */
static bool
next_line(const char **text, char line[LINE_SIZE])
{
	size_t len = strcspn(*text, "\n");

	if (**text == '\0')
		return false;
	(void)snprintf(line, LINE_SIZE, "%.*s", (int)len, *text);
	*text += len + ((*text)[len] == '\n');
	return true;
}

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* "word more" at `from`: the word alone. */
static const char *
word(const char *from, char text[LINE_SIZE])
{
	(void)snprintf(text, LINE_SIZE, "%.*s", (int)strcspn(from, " ]"), from);
	return text;
}

/* The default as the pages print it: for the places that packages install. */
static const char *
standard_of(long row)
{
	const char *standard = settings_key_default((size_t)row);

	if (standard == place_pickup)
		return "/var/spool/outtray/pickup";
	return standard == place_queue ? "/var/spool/outtray" : standard;
}

/* Each key has its ".It Ic" below its section, and the default behind that. */
static void
man_page(void)
{
	bool seen[SETTINGS_KEYS_MAX] = { false };
	char line[LINE_SIZE], section[LINE_SIZE] = "", name[LINE_SIZE];
	struct buf text;
	const char *next;

	read_page(page, &text);
	next = buf_text(&text);
	while (next_line(&next, line)) {
		long row;

		if (begins(line, ".Sh "))
			section[0] = '\0';
		if (begins(line, ".Sh ["))
			(void)word(line + 5, section);
		if (section[0] == '\0' || !begins(line, ".It Ic "))
			continue;
		row = setting_find(section, word(line + 7, name));
		if (!check(row >= 0, name) || !next_line(&next, line))
			continue;
		seen[row] = true;
		if (standard_of(row)[0] == '\0')
			check_text(line, ".Pq no default", name);
		else if (check(begins(line, ".Pq default Cm "), name))
			check_text(line + 15, standard_of(row), name);
	}
	for (size_t i = 0; settings_key_name(i) != NULL; i++)
		check(seen[i], settings_key_name(i));
	buf_free(&text);
}

/* "#key = value" lines, made settings. */
static void
without_marks(const char *text, struct buf *out)
{
	char line[LINE_SIZE];

	while (next_line(&text, line)) {
		buf_puts(out, line + (line[0] == '#'));
		buf_putc(out, '\n');
	}
}

static void
sample_file(void)
{
	struct settings standard, s;
	struct err e = { 0 };
	struct buf text, all;

	read_page(sample, &text);
	(void)settings_init(&standard, &e);
	check_number(settings_parse_ini(&standard, sample, buf_text(&text), text.len,
	    &e), 0, "the sample is good");
	check(!standard.anything_set, "it sets nothing");

	buf_init(&all, SETTINGS_FILE_MAX);
	without_marks(buf_text(&text), &all);
	(void)settings_init(&s, &e);
	if (!check_number(settings_parse_ini(&s, sample, buf_text(&all), all.len, &e),
	    0, "and good with each '#' taken away"))
		printf("# %s\n", e.text);
	for (size_t i = 0; settings_key_name(i) != NULL; i++) {
		const char *key = settings_key_name(i);

		if (strcmp(key, "password") == 0) {	/* beside password_file */
			check_number(s.lines[i], 0, "password is no line of it");
			continue;
		}
		check(s.lines[i] > 0, key);
		if (settings_key_default(i)[0] != '\0')
			check(setting_is_standard(&s, i), key);
	}
	check(s.aliases.count > 0 && s.senders.count > 0, "[aliases], [senders]");
	settings_free(&standard);
	settings_free(&s);
	buf_free(&text);
	buf_free(&all);
}

/* Load with these variables; an OUTTRAY_CONFIG is among them, or is not. */
static bool
loads(char **environment, const char *name)
{
	struct settings s;
	struct err e = { 0 };
	bool good;

	(void)settings_init(&s, &e);
	good = settings_load(&s, NULL, environment, &e) == 0 && s.anything_set;
	if (!check(good, name))
		printf("# %s\n", e.text);
	settings_free(&s);
	return good;
}

/* NAME=VALUE lines, as docker's --env-file reads them. */
static void
load_variables(const char *text, const char *name)
{
	static char lines[ENVIRONMENT_MAX][LINE_SIZE], none[] = "OUTTRAY_CONFIG=/dev/null";
	char *environment[ENVIRONMENT_MAX + 2] = { none };
	size_t count = 0;

	while (count < ENVIRONMENT_MAX && next_line(&text, lines[count]))
		if (lines[count][0] != '#' && lines[count][0] != '\0') {
			environment[count + 1] = lines[count];
			count++;
		}
	check(*text == '\0' && count > 2, "variables to the last line");
	(void)loads(environment, name);
}

static void
example_files(void)
{
	DIR *folder = opendir(examples);
	struct dirent *entry;
	int found = 0;

	check(folder != NULL, examples);
	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		char path[LINE_SIZE], variable[LINE_SIZE + 16];
		char *environment[] = { variable, NULL };
		const char *dot = strrchr(entry->d_name, '.');
		struct buf text;

		(void)snprintf(path, sizeof(path), "%s/%s", examples, entry->d_name);
		(void)snprintf(variable, sizeof(variable), "OUTTRAY_CONFIG=%s", path);
		if (dot != NULL && strcmp(dot, ".ini") == 0) {
			found++;
			(void)loads(environment, path);
		} else if (dot != NULL && strcmp(dot, ".env") == 0) {
			read_page(path, &text);
			load_variables(buf_text(&text), path);
			buf_free(&text);
		}
	}
	check(found >= 7, "there are examples");
	(void)closedir(folder);
}

/* The literal blocks of EXAMPLES: settings, or variables. */
static void
page_examples(void)
{
	char line[LINE_SIZE];
	bool here = false, literal = false;
	struct buf text, block;
	const char *next;
	int found = 0;

	read_page(page, &text);
	buf_init(&block, SETTINGS_FILE_MAX);
	next = buf_text(&text);
	while (next_line(&next, line)) {
		struct settings s;
		struct err e = { 0 };

		if (begins(line, ".Sh "))
			here = strcmp(line, ".Sh EXAMPLES") == 0;
		if (here && literal && strcmp(line, ".Ed") == 0) {
			found++;
			(void)settings_init(&s, &e);
			if (begins(buf_text(&block), "OUTTRAY_"))
				load_variables(buf_text(&block), "variables");
			else
				check_number(settings_parse_ini(&s, page, buf_text(&block),
				    block.len, &e), 0, "an example of the page");
			settings_free(&s);
		} else if (literal) {
			buf_puts(&block, line);
			buf_putc(&block, '\n');
		}
		if (begins(line, ".Bd -literal")) {
			literal = true;
			buf_reset(&block);
		} else if (strcmp(line, ".Ed") == 0) {
			literal = false;
		}
	}
	check(found >= 3, "the page has examples");
	buf_free(&text);
	buf_free(&block);
}

int
main(void)
{
	man_page();
	sample_file();
	example_files();
	page_examples();
	return check_end();
}
