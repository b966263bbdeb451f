/*
 * A command line: the input's words have a NUL between them, the first is the
 * program's name. Whatever is understood points into the words, and nothing of
 * it holds a control character.
 */
#include "sendmail/options.h"

#include "must.h"

enum { WORDS_MAX = 40 };

static void
check_word(const char *text, char **words, int count)
{
	bool inside = false;

	if (text == NULL)
		return;
	for (int i = 1; i < count; i++)
		if (text >= words[i] && text <= words[i] + strlen(words[i]))
			inside = true;
	must(inside);
	for (; *text != '\0'; text++)
		must((*text < 0 || *text >= ' ') && *text != 127);
}

static void
check_options(const struct options *o, char **words, int count)
{
	must(o->mode <= MODE_VERSION);
	check_word(o->full_name, words, count);
	check_word(o->settings_file, words, count);
	check_word(o->envid, words, count);
	check_word(o->late_option, words, count);
	must(o->envid == NULL || xtext_valid(o->envid, strlen(o->envid)));
	must(o->has_sender == (o->sender.text != NULL));
	must((o->notify & NOTIFY_NEVER) == 0 || o->notify == NOTIFY_NEVER);
	must(o->operand_count >= 0 && o->operand_count < (count > 0 ? count : 1));
	for (int i = 0; i < o->operand_count; i++) {
		must(o->operands[i] == words[count - o->operand_count + i]);
		check_word(o->operands[i], words, count);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[WORDS_MAX + 1] = { NULL }, *bytes = malloc(size + 1);
	struct options o;
	struct err e = { 0 };
	int count = 0;

	must(bytes != NULL);
	memcpy(bytes, data, size);
	bytes[size] = '\0';
	for (size_t at = 0; at < size && count < WORDS_MAX;
	    at += strlen(bytes + at) + 1)
		words[count++] = bytes + at;
	if (options_parse(&o, count, words, &e) == 0)
		check_options(&o, words, count);
	else
		must_say(&e, EX_USAGE);
	options_free(&o);
	free(bytes);
	return 0;
}
