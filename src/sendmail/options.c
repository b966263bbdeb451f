#include "sendmail/options.h"

#include <string.h>
#include <strings.h>

/* What a word of the command line is made of while it is read. */
struct words {
	char **argv;
	int    argc;
	int    next;	/* the word after the one in hand */
	bool   ended;	/* by "--" */
};

typedef int take(struct options *, const char *value, struct err *);

enum value { NONE, NEEDED, ATTACHED };	/* ATTACHED: only in the same word */

struct row {
	char       letter;
	enum value value;
	take      *take;	/* NULL: no meaning here */
};

static int
take_mode(struct options *o, const char *value, struct err *e)
{
	static const struct { char letter; enum mode mode; } modes[] = {
		{ 'm', MODE_SUBMIT }, { 's', MODE_SMTP }, { 'v', MODE_VERIFY },
		{ 'p', MODE_LIST }, { 'i', MODE_ALIASES },
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		/* Exim lists its queue in several ways: -bpc, -bpr, -bpu … */
		if (value[0] == modes[i].letter &&
		    (value[1] == '\0' || value[0] == 'p')) {
			o->mode = modes[i].mode;
			return 0;
		}
	}
	return err_set(e, EX_USAGE, "-b%s is not something this program does: "
	    "it only sends (-bm -bs -bv -bp -bi)", value);
}

static int
take_sender(struct options *o, const char *value, struct err *e)
{
	addr_free(&o->sender);
	if (addr_parse(&o->sender, value, strlen(value), e) != 0) {
		e->status = EX_USAGE;
		return err_while(e, "sender (-f)");
	}
	o->has_sender = true;
	return 0;
}

static int
take_full_name(struct options *o, const char *value, struct err *e)
{
	(void)e;
	o->full_name = value;
	return 0;
}

static int
take_settings_file(struct options *o, const char *value, struct err *e)
{
	if (o->settings_file != NULL)
		return err_set(e, EX_USAGE, "-C was given twice");
	o->settings_file = value;
	return 0;
}

static int
take_body(struct options *o, const char *value, struct err *e)
{
	/* What the body is we see ourselves. */
	(void)o;
	if (strcasecmp(value, "7BIT") == 0 || strcasecmp(value, "8BITMIME") == 0)
		return 0;
	return err_set(e, EX_USAGE, "-B %s: the body types are 7BIT and 8BITMIME",
	    value);
}

static int
take_notify(struct options *o, const char *value, struct err *e)
{
	return notify_parse(&o->notify, value, e);
}

static int
take_ret(struct options *o, const char *value, struct err *e)
{
	return ret_parse(&o->ret, value, e);
}

static int
take_envid(struct options *o, const char *value, struct err *e)
{
	size_t len = strlen(value);

	if (len == 0 || len > ENVID_MAX || !xtext_valid(value, len))
		return err_set(e, EX_USAGE, "-V %s: an envelope id is 1 to %d "
		    "bytes of xtext (RFC 3461)", value, ENVID_MAX);
	o->envid = value;
	return 0;
}

static int
take_keep_dot(struct options *o, const char *value, struct err *e)
{
	(void)value, (void)e;
	o->keep_dot = true;
	return 0;
}

static int
take_read_recipients(struct options *o, const char *value, struct err *e)
{
	(void)value, (void)e;
	o->read_recipients = true;
	return 0;
}

static int
take_verbose(struct options *o, const char *value, struct err *e)
{
	(void)value, (void)e;
	o->verbose = true;
	return 0;
}

static int
take_aliases(struct options *o, const char *value, struct err *e)
{
	(void)value, (void)e;
	o->mode = MODE_ALIASES;
	return 0;
}

static int
take_run(struct options *o, const char *value, struct err *e)
{
	(void)value, (void)e;
	o->mode = MODE_RUN;
	return 0;
}

static int
refuse_surgery(struct options *o, const char *value, struct err *e)
{
	(void)o;
	return err_set(e, EX_USAGE, "-M%s: messages in a queue are not changed "
	    "from the command line", value);
}

/* -o: sendmail's old one-letter settings. Only two of them mean anything. */
static int
take_setting(struct options *o, const char *value, struct err *e)
{
	(void)e;
	if (value[0] == 'i')
		o->keep_dot = true;
	if (value[0] == 'd' && (value[1] == 'q' || value[1] == 'b'))
		o->queue_only = true;
	return 0;
}

static const struct row table[] = {
	{ 'A', NEEDED,   NULL },	/* -Ac -Am: which sendmail.cf */
	{ 'B', NEEDED,   take_body },
	{ 'C', NEEDED,   take_settings_file },
	{ 'D', NEEDED,   NULL },	/* debug log; Exim: a macro */
	{ 'E', NONE,     NULL },
	{ 'F', NEEDED,   take_full_name },
	{ 'G', NONE,     NULL },	/* gateway submission */
	{ 'I', NONE,     take_aliases },
	{ 'J', NONE,     NULL },
	{ 'L', NEEDED,   NULL },	/* syslog tag */
	{ 'M', ATTACHED, refuse_surgery },
	{ 'N', NEEDED,   take_notify },
	{ 'O', NEEDED,   NULL },	/* -O name=value */
	{ 'Q', ATTACHED, NULL },	/* quarantine */
	{ 'R', NEEDED,   take_ret },
	{ 'T', NONE,     NULL },
	{ 'U', NONE,     NULL },	/* initial submission */
	{ 'V', NEEDED,   take_envid },
	{ 'X', NEEDED,   NULL },	/* traffic log */
	{ 'b', NEEDED,   take_mode },
	{ 'c', NONE,     NULL },
	{ 'd', ATTACHED, NULL },	/* debugging */
	{ 'e', NEEDED,   NULL },	/* how to report errors */
	{ 'f', NEEDED,   take_sender },
	{ 'h', NEEDED,   NULL },	/* hop count */
	{ 'i', NONE,     take_keep_dot },
	{ 'm', NONE,     NULL },	/* me too */
	{ 'n', NONE,     NULL },	/* no aliasing; Postfix ignores it too */
	{ 'o', NEEDED,   take_setting },
	{ 'p', NEEDED,   NULL },	/* protocol[:host] it came by */
	{ 'q', ATTACHED, take_run },
	{ 'r', NEEDED,   take_sender },
	{ 's', NONE,     NULL },
	{ 't', NONE,     take_read_recipients },
	{ 'v', NONE,     take_verbose },
	{ 'x', NONE,     NULL },
};

char
options_letter(size_t row)
{
	return row < sizeof(table) / sizeof(*table) ? table[row].letter : '\0';
}

static const struct row *
find_row(char letter)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].letter == letter)
			return &table[i];
	return NULL;
}

/*
 * Exim writes some of its -o settings with their value in the next word
 * (-oMr PROTOCOL, -oX PORTS): without this it would become a recipient.
 */
static bool
wants_next_word(char letter, const char *value)
{
	static const char *const of_exim[] = { "Ma", "Maa", "Mai", "Mas", "Mi",
		"Mm", "Mr", "Ms", "Mt", "P", "X" };

	for (size_t i = 0; letter == 'o' && i < sizeof(of_exim) / sizeof(*of_exim);
	    i++)
		if (strcmp(value, of_exim[i]) == 0)
			return true;
	return false;
}

/* One word that begins with '-': a cluster of letters, perhaps a value. */
static int
read_word(struct options *o, struct words *w, const char *letters, struct err *e)
{
	for (; *letters != '\0'; letters++) {
		const struct row *row = find_row(*letters);
		const char *value = letters + 1;

		if (row == NULL)
			return err_set(e, EX_USAGE, "unknown option -%c; "
			    "\"--\" goes before an address that begins with a dash",
			    *letters);
		if (row->value == NEEDED && *value == '\0') {
			if (w->next >= w->argc)
				return err_set(e, EX_USAGE,
				    "option -%c lacks its value", *letters);
			value = w->argv[w->next++];
		}
		if (row->take != NULL && row->take(o, value, e) != 0)
			return -1;
		if (row->value != NONE) {
			if (wants_next_word(*letters, value) && w->next < w->argc)
				w->next++;
			return 0;
		}
	}
	return 0;
}

static int
read_words(struct options *o, struct words *w, struct err *e)
{
	while (w->next < w->argc) {
		const char *word = w->argv[w->next];

		if (word[0] != '-' || word[1] == '\0')
			break;
		w->next++;
		w->ended = strcmp(word, "--") == 0;
		if (w->ended)
			break;
		if (strcmp(word, "--help") == 0)
			o->mode = MODE_HELP;
		else if (strcmp(word, "--version") == 0)
			o->mode = MODE_VERSION;
		else if (read_word(o, w, word + 1, e) != 0)
			return -1;
	}
	o->operands = w->argv + w->next;
	o->operand_count = w->argc - w->next;
	return 0;
}

/* Nothing a caller passes on may become a second line of anything. */
static int
refuse_control(const struct words *w, struct err *e)
{
	for (int i = 1; i < w->argc; i++)
		for (const char *c = w->argv[i]; *c != '\0'; c++)
			if ((*c >= 0 && *c < ' ') || *c == 127)
				return err_set(e, EX_USAGE, "argument %d holds a "
				    "control character: %s", i, w->argv[i]);
	return 0;
}

static enum mode
mode_of_name(const char *path)
{
	static const struct { const char *name; enum mode mode; } names[] = {
		{ "mailq", MODE_LIST }, { "newaliases", MODE_ALIASES },
		{ "hoststat", MODE_STATUS }, { "purgestat", MODE_STATUS },
	};
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i].name) == 0)
			return names[i].mode;
	return MODE_SUBMIT;
}

int
options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	struct words w = { argv, argc, 1, false };

	memset(o, 0, sizeof(*o));
	if (argc < 1)
		return 0;
	o->mode = mode_of_name(argv[0]);
	if (refuse_control(&w, e) != 0 || read_words(o, &w, e) != 0)
		return -1;
	for (int i = 1; i < o->operand_count && o->late_option == NULL; i++)
		if (o->operands[i][0] == '-' && !w.ended)
			o->late_option = o->operands[i];
	return 0;
}

void
options_free(struct options *o)
{
	addr_free(&o->sender);
	memset(o, 0, sizeof(*o));
}
