#include "sendmail/serve.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OUT_MAX = 8 * 1024 * 1024 };

/* Where in a line of the message the next byte is. */
enum { START, TEXT, DOT, DOT_CR };

static void
say(struct serve *s, const char *line)
{
	buf_puts(&s->out, line);
	buf_put(&s->out, "\r\n", 2);
}

static void
say_error(struct serve *s, const char *code, const struct err *e)
{
	buf_puts(&s->out, code);
	buf_putc(&s->out, ' ');
	buf_puts(&s->out, e->text);
	buf_put(&s->out, "\r\n", 2);
}

static void
reset(struct serve *s)
{
	s->has_mail = false;
	envelope_free(&s->envelope);
	envelope_init(&s->envelope, s->max_recipients);
}

/* The argument of a command, read from left to right. */
struct argument {
	const char *next;
};

static bool
take_word(struct argument *a, const char *word)
{
	size_t len = strlen(word);

	while (*a->next == ' ')
		a->next++;
	if (strncasecmp(a->next, word, len) != 0)
		return false;
	a->next += len;
	return true;
}

/* "<path>", or a word without brackets, as old programs write it. */
static int
take_path(struct argument *a, struct addr *to, struct err *e)
{
	const char *start, *end;
	bool quoted = false;

	while (*a->next == ' ')
		a->next++;
	start = end = a->next;
	if (*start == '<') {
		for (; *end != '\0' && (quoted || *end != '>'); end++) {
			if (*end == '"')
				quoted = !quoted;
			else if (*end == '\\' && end[1] != '\0')
				end++;
		}
		if (*end != '>')
			return err_set(e, EX_DATAERR, "the address lacks its '>'");
		end++;
	} else {
		end += strcspn(start, " ");
		if (end == start)
			return err_set(e, EX_DATAERR, "the address is missing");
	}
	a->next = end;
	return addr_parse(to, start, (size_t)(end - start), e);
}

/* " KEY=value": false at the end. The texts are cut to fit. */
static bool
take_parameter(struct argument *a, char key[16], char value[ORCPT_MAX + 1])
{
	size_t len, name;

	while (*a->next == ' ')
		a->next++;
	len = strcspn(a->next, " ");
	name = strcspn(a->next, "= ");
	if (len == 0)
		return false;
	key[0] = value[0] = '\0';
	if (name < 16) {
		memcpy(key, a->next, name);
		key[name] = '\0';
	}
	if (name < len && len - name - 1 <= ORCPT_MAX) {
		memcpy(value, a->next + name + 1, len - name - 1);
		value[len - name - 1] = '\0';
	}
	a->next += len;
	return true;
}

static char *
copy_xtext(const char *value, size_t max)
{
	size_t len = strlen(value);

	return len > 0 && len <= max && xtext_valid(value, len) ?
	    strdup(value) : NULL;
}

/* RFC 1870 (4): up to twenty digits. */
static const char *
size_parameter(const struct serve *s, const char *value)
{
	size_t digits = strspn(value, "0123456789");

	if (digits == 0 || digits > 20 || value[digits] != '\0')
		return "501 5.5.4 SIZE is a number";
	return strtoull(value, NULL, 10) > s->max_size ?
	    "552 5.3.4 The message is larger than max_size" : NULL;
}

/* NULL when it was taken, or the answer. */
static const char *
mail_parameter(struct serve *s, const char *key, const char *value)
{
	struct envelope *v = &s->envelope;
	struct err unused;

	if (strcasecmp(key, "SIZE") == 0)
		return size_parameter(s, value);
	if (strcasecmp(key, "BODY") == 0)
		return strcasecmp(value, "7BIT") == 0 ||
		    strcasecmp(value, "8BITMIME") == 0 ? NULL :
		    "501 5.5.4 BODY is 7BIT or 8BITMIME";
	if (strcasecmp(key, "SMTPUTF8") == 0 && s->utf8)
		return NULL;
	if (strcasecmp(key, "AUTH") == 0)
		return NULL;
	if (strcasecmp(key, "RET") == 0)
		return ret_parse(&v->ret, value, &unused) == 0 ? NULL :
		    "501 5.5.4 RET is FULL or HDRS";
	if (strcasecmp(key, "ENVID") == 0) {
		if (v->envid != NULL)
			return "501 5.5.4 ENVID was given twice";
		v->envid = copy_xtext(value, ENVID_MAX);
		return v->envid != NULL ? NULL : "501 5.5.4 ENVID is no xtext";
	}
	return "555 5.5.4 Unknown parameter of MAIL";
}

static const char *
rcpt_parameter(struct recipient *r, const char *key, const char *value)
{
	struct err unused;

	if (strcasecmp(key, "NOTIFY") == 0)
		return notify_parse(&r->notify, value, &unused) == 0 ? NULL :
		    "501 5.5.4 NOTIFY is NEVER or of SUCCESS, FAILURE, DELAY";
	if (strcasecmp(key, "ORCPT") == 0) {
		const char *semicolon = strchr(value, ';');

		if (r->orcpt != NULL)
			return "501 5.5.4 ORCPT was given twice";
		if (semicolon != NULL && semicolon != value &&
		    xtext_valid(semicolon + 1, strlen(semicolon + 1)))
			r->orcpt = copy_xtext(value, ORCPT_MAX);
		return r->orcpt != NULL ? NULL : "501 5.5.4 ORCPT is no xtext";
	}
	return "555 5.5.4 Unknown parameter of RCPT";
}

static void
hear_ehlo(struct serve *s, const char *argument)
{
	if (*argument == '\0') {
		say(s, "501 5.5.4 Who are you?");
		return;
	}
	reset(s);
	s->greeted = true;
	buf_printf(&s->out, "250-%s\r\n250-PIPELINING\r\n250-SIZE %llu\r\n"
	    "250-8BITMIME\r\n250-DSN\r\n", s->hostname,
	    (unsigned long long)s->max_size);
	if (s->utf8)
		say(s, "250-SMTPUTF8");
	say(s, "250 ENHANCEDSTATUSCODES");
}

static void
hear_helo(struct serve *s, const char *argument)
{
	if (*argument == '\0') {
		say(s, "501 5.5.4 Who are you?");
		return;
	}
	reset(s);
	s->greeted = true;
	buf_printf(&s->out, "250 %s\r\n", s->hostname);
}

static void
hear_mail(struct serve *s, const char *argument)
{
	struct argument a = { argument };
	struct addr from = { 0 };
	struct err e = { 0 };
	char key[16], value[ORCPT_MAX + 1];
	const char *bad = NULL;

	if (s->has_mail) {
		say(s, "503 5.5.1 MAIL was said already");
	} else if (!take_word(&a, "FROM:")) {
		say(s, "501 5.5.4 It reads MAIL FROM:<address>");
	} else if (take_path(&a, &from, &e) != 0) {
		say_error(s, "501 5.1.7", &e);
	} else if (from.utf8 && !s->utf8) {
		say(s, "553 5.6.7 SMTPUTF8 is not offered");
	} else {
		while (bad == NULL && take_parameter(&a, key, value))
			bad = mail_parameter(s, key, value);
		if (bad == NULL &&
		    envelope_set_sender(&s->envelope, &from, &e) != 0)
			bad = "451 4.3.0 No memory";
		if (bad != NULL)
			reset(s);
		s->has_mail = bad == NULL;
		say(s, bad != NULL ? bad : "250 2.1.0 Ok");
	}
	addr_free(&from);
}

/* A recipient that is known already is as good as a new one. */
static const char *
add_recipient(struct serve *s, struct addr *to, struct argument *a)
{
	struct recipient given = { .notify = 0 }, *r;
	char key[16], value[ORCPT_MAX + 1];
	const char *bad = NULL;
	struct err e = { 0 };
	int added;

	while (bad == NULL && take_parameter(a, key, value))
		bad = rcpt_parameter(&given, key, value);
	added = bad == NULL ? envelope_add(&s->envelope, to, &e) : 0;
	if (bad == NULL && added < 0)
		bad = "451 4.3.0 No memory";
	if (added == 1) {
		r = envelope_last(&s->envelope);
		r->notify = given.notify;
		r->orcpt = given.orcpt;
	} else {
		free(given.orcpt);
	}
	return bad;
}

static void
hear_rcpt(struct serve *s, const char *argument)
{
	struct argument a = { argument };
	struct addr to = { 0 };
	struct err e = { 0 };
	const char *bad;

	if (!s->has_mail) {
		say(s, "503 5.5.1 MAIL first");
	} else if (!take_word(&a, "TO:")) {
		say(s, "501 5.5.4 It reads RCPT TO:<address>");
	} else if (take_path(&a, &to, &e) != 0) {
		say_error(s, "501 5.1.3", &e);
	} else if (addr_is_null(&to)) {
		say(s, "501 5.1.3 The null address receives nothing");
	} else if (to.utf8 && !s->utf8) {
		say(s, "553 5.6.7 SMTPUTF8 is not offered");
	} else if (s->envelope.count >= s->max_recipients) {
		say(s, "452 4.5.3 Too many recipients");
	} else {
		bad = add_recipient(s, &to, &a);
		say(s, bad != NULL ? bad : "250 2.1.5 Ok");
	}
	addr_free(&to);
}

/* Whose fault is it? A sender can mend his message, but not our folders. */
static const char *
code_of(const struct err *e)
{
	return e->status == EX_DATAERR || e->status == EX_USAGE ||
	    e->status == EX_NOUSER ? "554 5.6.0" : "451 4.3.0";
}

static void
hear_data(struct serve *s, const char *argument)
{
	if (*argument != '\0') {
		say(s, "501 5.5.4 DATA has no argument");
		return;
	}
	s->refusal = NULL;
	s->begun = false;
	if (!s->has_mail) {
		s->refusal = "503 5.5.1";
		(void)err_set(&s->why, EX_USAGE, "MAIL and RCPT first");
	} else if (s->envelope.count == 0) {
		s->refusal = "554 5.5.1";
		(void)err_set(&s->why, EX_USAGE, "no recipient was accepted");
	} else {
		s->begun = true;
		if (s->sink.begin(s->sink.self, &s->envelope, &s->why) != 0)
			s->refusal = code_of(&s->why);
	}
	say(s, "354 End the message with a line of one dot");
	s->in_data = true;
	s->at = START;
	s->last = '\n';
	s->size = 0;
}

static void
hear_rset(struct serve *s, const char *argument)
{
	(void)argument;
	reset(s);
	say(s, "250 2.0.0 Ok");
}

static void
hear_noop(struct serve *s, const char *argument)
{
	(void)argument;
	say(s, "250 2.0.0 Ok");
}

static void
hear_vrfy(struct serve *s, const char *argument)
{
	say(s, *argument != '\0' ? "252 2.0.0 Send it and see" :
	    "501 5.5.4 Whom?");
}

static void
hear_help(struct serve *s, const char *argument)
{
	(void)argument;
	say(s, "214 2.0.0 EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT");
}

static void
hear_quit(struct serve *s, const char *argument)
{
	(void)argument;
	say(s, "221 2.0.0 Bye");
	s->quit = true;
}

static const struct {
	const char *name;
	bool        greeted;	/* only behind EHLO or HELO */
	void      (*hear)(struct serve *, const char *argument);
} commands[] = {
	{ "EHLO", false, hear_ehlo },
	{ "HELO", false, hear_helo },
	{ "MAIL", true,  hear_mail },
	{ "RCPT", true,  hear_rcpt },
	{ "DATA", false, hear_data },
	{ "RSET", false, hear_rset },
	{ "NOOP", false, hear_noop },
	{ "VRFY", false, hear_vrfy },
	{ "HELP", false, hear_help },
	{ "QUIT", false, hear_quit },
};

static void
hear_nothing_known(struct serve *s)
{
	if (++s->bad < SERVE_BAD_MAX) {
		say(s, "500 5.5.2 Unknown command");
		return;
	}
	say(s, "421 4.7.0 Too many unknown commands");
	s->quit = s->gave_up = true;
}

/* One command line, its end removed. */
static void
hear(struct serve *s, const char *line, size_t len)
{
	size_t word = strcspn(line, " ");

	for (size_t i = 0; i < len; i++) {
		if ((line[i] >= 0 && line[i] < ' ') || line[i] == 127) {
			hear_nothing_known(s);
			return;
		}
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (word != 4 || strncasecmp(line, commands[i].name, 4) != 0)
			continue;
		s->bad = 0;
		while (len > word && line[len - 1] == ' ')
			len--;
		if (commands[i].greeted && !s->greeted) {
			say(s, "503 5.5.1 EHLO first");
			return;
		}
		s->line.data[len] = '\0';
		commands[i].hear(s, line + word + strspn(line + word, " "));
		return;
	}
	hear_nothing_known(s);
}

/* The command in s->line is whole, but for the LF. */
static void
take_command(struct serve *s)
{
	bool crlf = s->line.len > 0 && s->line.data[s->line.len - 1] == '\r';
	size_t len = s->line.len - (crlf ? 1 : 0);

	if (s->line_too_long) {
		say(s, "500 5.5.6 The line is too long");
	} else {
		buf_putc(&s->line, '\0');	/* there is memory even for "" */
		s->line.data[len] = '\0';
		s->crlf = crlf;
		hear(s, s->line.data, len);
	}
	s->line_too_long = false;
	buf_reset(&s->line);
}

/* Up to and with the next LF; returns how many bytes it took. */
static size_t
feed_command(struct serve *s, const char *bytes, size_t len)
{
	const char *lf = memchr(bytes, '\n', len);
	size_t text = lf != NULL ? (size_t)(lf - bytes) : len;

	if (s->line.len + text > SERVE_LINE_MAX)
		s->line_too_long = true;
	else
		buf_put(&s->line, bytes, text);
	if (lf == NULL)
		return len;
	take_command(s);
	return text + 1;
}

static void
put_text(struct serve *s, const char *bytes, size_t len)
{
	s->size += len;
	if (s->refusal != NULL || len == 0)
		return;
	if (s->size > s->max_size) {
		s->refusal = "552 5.3.4";
		(void)err_set(&s->why, EX_DATAERR, "the message is larger than "
		    "max_size (%llu bytes)", (unsigned long long)s->max_size);
	} else if (s->sink.data(s->sink.self, bytes, len, &s->why) != 0) {
		s->refusal = code_of(&s->why);
	}
}

static void
forget(struct serve *s)
{
	s->in_data = false;
	if (s->begun)
		s->sink.forget(s->sink.self);
	s->begun = false;
}

static void
end_data(struct serve *s)
{
	if (s->refusal == NULL) {
		s->sink.finish(s->sink.self, &s->out);
		buf_put(&s->out, "\r\n", 2);
	} else {
		say_error(s, s->refusal, &s->why);
	}
	forget(s);
	reset(s);
}

/* The rest of a line; the byte before it was no line's end. */
static size_t
feed_text(struct serve *s, const char *bytes, size_t len)
{
	const char *lf = memchr(bytes, '\n', len);
	size_t take = lf != NULL ? (size_t)(lf - bytes) + 1 : len;
	char before = take > 1 ? bytes[take - 2] : s->last;

	put_text(s, bytes, take);
	s->last = bytes[take - 1];
	if (lf != NULL && (before == '\r' || !s->crlf))
		s->at = START;
	return take;
}

static size_t
feed_data(struct serve *s, const char *bytes, size_t len)
{
	char c = bytes[0];

	switch (s->at) {
	case START:
		s->at = c == '.' ? DOT : TEXT;
		return c == '.' ? 1 : 0;
	case DOT:
		if (c == '\n' && !s->crlf) {
			end_data(s);
			return 1;
		}
		/* The dot itself goes (RFC 5321 4.5.2). */
		s->at = c == '\r' ? DOT_CR : TEXT;
		s->last = '.';
		return c == '\r' ? 1 : 0;
	case DOT_CR:
		if (c == '\n') {
			end_data(s);
			return 1;
		}
		put_text(s, "\r", 1);
		s->at = TEXT;
		s->last = '\r';
		return 0;
	default:
		return feed_text(s, bytes, len);
	}
}

void
serve_init(struct serve *s, const char *hostname, uint64_t max_size_bytes,
    size_t max_recipients, bool utf8, const struct serve_sink *sink)
{
	memset(s, 0, sizeof(*s));
	s->sink = *sink;
	s->hostname = hostname;
	s->max_size = max_size_bytes;
	s->max_recipients = max_recipients;
	s->utf8 = utf8;
	buf_init(&s->line, SERVE_LINE_MAX + 1);
	buf_init(&s->out, OUT_MAX);
	envelope_init(&s->envelope, max_recipients);
	buf_printf(&s->out, "220 %s ESMTP outtray\r\n", hostname);
}

void
serve_free(struct serve *s)
{
	forget(s);
	envelope_free(&s->envelope);
	buf_free(&s->line);
	buf_free(&s->out);
}

void
serve_feed(struct serve *s, const char *bytes, size_t len)
{
	while (len > 0 && !s->quit) {
		size_t taken = s->in_data ? feed_data(s, bytes, len) :
		    feed_command(s, bytes, len);

		bytes += taken;
		len -= taken;
	}
}
