/* Command lines as callers write them, and as nobody should. */
#include "sendmail/options.h"

#include "check.h"

#include <stdlib.h>

enum { WORDS_MAX = 12 };

/* What is set by a command line, as letters and words. */
static void
print_options(const struct options *o, struct buf *out)
{
	static const char *const modes[] = { "submit", "smtp", "verify", "list",
		"aliases", "run", "status", "help", "version" };

	buf_puts(out, modes[o->mode]);
	buf_printf(out, "%s%s%s%s", o->read_recipients ? " t" : "",
	    o->keep_dot ? " i" : "", o->queue_only ? " odq" : "",
	    o->verbose ? " v" : "");
	if (o->has_sender)
		buf_printf(out, " f<%s>", o->sender.text);
	if (o->full_name != NULL)
		buf_printf(out, " F<%s>", o->full_name);
	if (o->settings_file != NULL)
		buf_printf(out, " C<%s>", o->settings_file);
	if (o->notify != 0) {
		buf_puts(out, " N");
		notify_print(o->notify, out);
	}
	if (o->ret != RET_UNSET)
		buf_puts(out, o->ret == RET_FULL ? " Rfull" : " Rhdrs");
	if (o->envid != NULL)
		buf_printf(out, " V<%s>", o->envid);
	for (int i = 0; i < o->operand_count; i++)
		buf_printf(out, " [%s]", o->operands[i]);
	if (o->late_option != NULL)
		buf_printf(out, " late %s", o->late_option);
}

static const struct {
	const char *words[WORDS_MAX];
	const char *wanted;
} good[] = {
	{ { "sendmail" }, "submit" },
	{ { "sendmail", "a@x" }, "submit [a@x]" },
	{ { "sendmail", "-t", "-i" }, "submit t i" },
	{ { "sendmail", "-ti" }, "submit t i" },
	{ { "sendmail", "-oi", "-odq" }, "submit i odq" },
	{ { "sendmail", "-o", "i", "-o", "db" }, "submit i odq" },
	{ { "sendmail", "-odi", "-oem", "-o", "ep" }, "submit" },
	{ { "sendmail", "-fa@x", "-r", "b@y" }, "submit f<b@y>" },
	{ { "sendmail", "-tfa@x", "c@z" }, "submit t f<a@x> [c@z]" },
	{ { "sendmail", "-f", "" }, "submit f<>" },
	{ { "sendmail", "-f<>" }, "submit f<>" },
	{ { "sendmail", "-f", "Joe Doe <joe@x>" }, "submit f<joe@x>" },
	{ { "sendmail", "-F", "First Last", "-FOther" }, "submit F<Other>" },
	{ { "sendmail", "-F", "" }, "submit F<>" },
	{ { "sendmail", "-F", "-t" }, "submit F<-t>" },
	{ { "sendmail", "-C/etc/x.ini", "-v" }, "submit v C</etc/x.ini>" },
	{ { "sendmail", "-N", "failure,delay", "-Rhdrs", "-V", "Q+2B1" },
	    "submit NFAILURE,DELAY Rhdrs V<Q+2B1>" },
	{ { "sendmail", "-Nnever", "-R", "full" }, "submit NNEVER Rfull" },
	{ { "sendmail", "-B8BITMIME", "-B", "7bit", "a@x" }, "submit [a@x]" },
	{ { "sendmail", "-bs" }, "smtp" },
	{ { "sendmail", "-b", "v", "a@x" }, "verify [a@x]" },
	{ { "sendmail", "-bs", "-bm" }, "submit" },
	{ { "sendmail", "-bp" }, "list" },
	{ { "sendmail", "-bpu" }, "list" },
	{ { "sendmail", "-bi" }, "aliases" },
	{ { "sendmail", "-I" }, "aliases" },
	{ { "sendmail", "-q" }, "run" },
	{ { "sendmail", "-q30m" }, "run" },
	{ { "sendmail", "-q", "30m" }, "run [30m]" },
	{ { "/usr/bin/mailq" }, "list" },
	{ { "mailq", "-bm" }, "submit" },
	{ { "newaliases" }, "aliases" },
	{ { "/x/hoststat" }, "status" },
	{ { "mailqueue" }, "submit" },
	{ { "sendmail", "--help" }, "help" },
	{ { "sendmail", "--version" }, "version" },
	{ { "sendmail", "-A", "m", "-D", "x", "-h", "3", "-L", "tag", "-O",
	    "X=y", "a@x" }, "submit [a@x]" },
	{ { "sendmail", "-Am", "-Dx", "-h3", "-Ltag", "-OX=y", "-psmtp:h", "-X/x",
	    "a@x" }, "submit [a@x]" },
	{ { "sendmail", "-EGJTUcmnsx", "-d+all", "-Qreason" }, "submit" },
	{ { "sendmail", "-oMr", "smtp", "-oX", "25", "a@x" }, "submit [a@x]" },
	{ { "sendmail", "-oMrsmtp", "a@x" }, "submit [a@x]" },
	{ { "sendmail", "-oMr" }, "submit" },
	{ { "sendmail", "--", "-a@x", "b@x" }, "submit [-a@x] [b@x]" },
	{ { "sendmail", "--", "a@x", "-b@x" }, "submit [a@x] [-b@x]" },
	{ { "sendmail", "--", "--" }, "submit [--]" },
	{ { "sendmail", "a@x", "-t" }, "submit [a@x] [-t] late -t" },
	{ { "sendmail", "a@x", "--", "-t" }, "submit [a@x] [--] [-t] late --" },
	{ { "sendmail", "-", "a@x" }, "submit [-] [a@x]" },
	{ { "sendmail", "" }, "submit []" },
	{ { "sendmail", "j\303\266rg@x" }, "submit [j\303\266rg@x]" },
};

static const struct {
	const char *words[WORDS_MAX];
	const char *says;
} bad[] = {
	{ { "sendmail", "-k" }, "-k" },
	{ { "sendmail", "-tk" }, "-k" },
	{ { "sendmail", "-\303\266" }, "-?" },
	{ { "sendmail", "--host=x" }, "--" },
	{ { "sendmail", "-t-" }, "--" },
	{ { "sendmail", "-f" }, "-f lacks" },
	{ { "sendmail", "-tf" }, "-f lacks" },
	{ { "sendmail", "-O" }, "-O lacks" },
	{ { "sendmail", "-b" }, "-b lacks" },
	{ { "sendmail", "-f", "a@x, b@x" }, "sender (-f)" },
	{ { "sendmail", "-f", "a b@x" }, "sender (-f)" },
	{ { "sendmail", "-ba" }, "-ba" },
	{ { "sendmail", "-bd" }, "-bd" },
	{ { "sendmail", "-bsv" }, "-bsv" },
	{ { "sendmail", "-b", "" }, "-b" },
	{ { "sendmail", "-C", "a", "-Cb" }, "-C" },
	{ { "sendmail", "-B", "9BIT" }, "-B 9BIT" },
	{ { "sendmail", "-N", "never,delay" }, "never" },
	{ { "sendmail", "-N", "often" }, "often" },
	{ { "sendmail", "-R", "head" }, "head" },
	{ { "sendmail", "-V", "" }, "-V" },
	{ { "sendmail", "-V", "a=b" }, "-V" },
	{ { "sendmail", "-V", "a b" }, "-V" },
	{ { "sendmail", "-V", "+0D+0A" }, "-V" },
	{ { "sendmail", "-Mrm", "1" }, "-Mrm" },
	{ { "sendmail", "-F", "a\nBcc: v@x" }, "argument 2" },
	{ { "sendmail", "-fa@x>\r\nRCPT TO:<v@x>" }, "argument 1" },
	{ { "sendmail", "-i", "a@x\t" }, "argument 2" },
	{ { "sendmail", "--", "a\177@x" }, "argument 2" },
	{ { "sendmail", "-X", "\033[1m" }, "argument 2" },
};

/* The words as argv has them: in memory that may be written. */
static int
make_words(const char *const *from, char *to[WORDS_MAX + 1])
{
	int count = 0;

	while (count < WORDS_MAX && from[count] != NULL) {
		to[count] = strdup(from[count]);
		if (to[count] == NULL)
			abort();
		count++;
	}
	to[count] = NULL;
	return count;
}

static void
free_words(char **words)
{
	for (; *words != NULL; words++)
		free(*words);
}

static void
check_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char *words[WORDS_MAX + 1];
		int count = make_words(good[i].words, words);
		struct options o;
		struct err e = { 0 };
		struct buf out;

		buf_init(&out, 1000);
		check_number(options_parse(&o, count, words, &e), 0,
		    good[i].wanted);
		print_options(&o, &out);
		check_text(buf_text(&out), good[i].wanted, good[i].wanted);
		buf_free(&out);
		options_free(&o);
		free_words(words);
	}
}

static void
check_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *words[WORDS_MAX + 1];
		int count = make_words(bad[i].words, words);
		struct options o;
		struct err e = { 0 };

		check(options_parse(&o, count, words, &e) == -1 &&
		    e.status == EX_USAGE, bad[i].words[1]);
		if (!check(strstr(e.text, bad[i].says) != NULL, "says which"))
			printf("# %s\n", e.text);
		options_free(&o);
		options_free(&o);
		free_words(words);
	}
}

static void
check_ends(void)
{
	static char long_id[ENVID_MAX + 2], name[] = "sendmail", v[] = "-V";
	char *none[] = { NULL }, *words[] = { name, v, long_id, NULL };
	struct options o;
	struct err e;
	size_t rows = 0;

	check(options_parse(&o, 0, none, &e) == 0 && o.mode == MODE_SUBMIT &&
	    o.operand_count == 0, "no argument, not even a name");
	options_free(&o);
	memset(long_id, 'x', ENVID_MAX);
	check_number(options_parse(&o, 3, words, &e), 0, "the longest id");
	options_free(&o);
	long_id[ENVID_MAX] = 'x';
	check_number(options_parse(&o, 3, words, &e), -1, "one byte more");
	options_free(&o);
	for (char last = '\0'; options_letter(rows) != '\0'; rows++) {
		check(options_letter(rows) > last, "the letters are in order");
		last = options_letter(rows);
	}
	check(options_letter(rows + 1000) == '\0', "and have an end");
}

int
main(void)
{
	check_good();
	check_bad();
	check_ends();
	return check_end();
}
