#include "smtp/ehlo.h"

#include <string.h>
#include <strings.h>

/* One line of the answer: the keyword, and what stands behind it. */
struct offer {
	const char *word, *rest;
	size_t      word_len, rest_len;
};

static void
take_pipelining(struct ehlo *o, const struct offer *f)
{
	(void)f;
	o->pipelining = true;
}

static void
take_starttls(struct ehlo *o, const struct offer *f)
{
	(void)f;
	o->starttls = true;
}

static void
take_8bitmime(struct ehlo *o, const struct offer *f)
{
	(void)f;
	o->eight_bit = true;
}

static void
take_smtputf8(struct ehlo *o, const struct offer *f)
{
	(void)f;
	o->smtputf8 = true;
}

static void
take_dsn(struct ehlo *o, const struct offer *f)
{
	(void)f;
	o->dsn = true;
}

/* Leading digits; 0 where there are none, the largest number for too many. */
static uint64_t
number(const char *text, size_t len)
{
	uint64_t n = 0;

	for (size_t i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		if (n > (UINT64_MAX - 9) / 10)
			return UINT64_MAX;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	return n;
}

static void
take_size(struct ehlo *o, const struct offer *f)
{
	o->size = true;
	o->size_limit = number(f->rest, f->rest_len);
}

/* "RCPTMAX=100 MAILMAX=10" */
static void
take_limits(struct ehlo *o, const struct offer *f)
{
	static const char name[] = "RCPTMAX=";
	const char *c = f->rest, *end = f->rest + f->rest_len;

	while (c < end) {
		const char *blank = memchr(c, ' ', (size_t)(end - c));
		size_t len = (size_t)((blank != NULL ? blank : end) - c);

		if (len > strlen(name) && strncasecmp(c, name, strlen(name)) == 0)
			o->recipients_limit = number(c + strlen(name),
			    len - strlen(name));
		c += len + 1;
	}
}

/* There may be several lines; the old form "AUTH=LOGIN" counts as well. */
static void
take_auth(struct ehlo *o, const struct offer *f)
{
	size_t have = strlen(o->auth);

	if (f->rest_len == 0 || have + f->rest_len + 2 > sizeof(o->auth))
		return;
	if (have > 0)
		o->auth[have++] = ' ';
	memcpy(o->auth + have, f->rest, f->rest_len);
	o->auth[have + f->rest_len] = '\0';
}

static const struct {
	const char *word;
	void      (*take)(struct ehlo *o, const struct offer *f);
} offers[] = {
	{ "PIPELINING", take_pipelining },
	{ "SIZE",       take_size },
	{ "8BITMIME",   take_8bitmime },
	{ "SMTPUTF8",   take_smtputf8 },
	{ "DSN",        take_dsn },
	{ "STARTTLS",   take_starttls },
	{ "AUTH",       take_auth },
	{ "LIMITS",     take_limits },
};

static void
take_line(struct ehlo *o, const char *line, size_t len)
{
	struct offer f = { .word = line };

	while (f.word_len < len && line[f.word_len] != ' ' &&
	    line[f.word_len] != '=')
		f.word_len++;
	f.rest = line + f.word_len + (f.word_len < len);
	f.rest_len = (size_t)(line + len - f.rest);
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
		if (strlen(offers[i].word) == f.word_len &&
		    strncasecmp(offers[i].word, f.word, f.word_len) == 0)
			offers[i].take(o, &f);
}

void
ehlo_parse(struct ehlo *o, const char *text)
{
	const char *line = strchr(text, '\n');

	memset(o, 0, sizeof(*o));
	while (line != NULL) {
		const char *end = strchr(++line, '\n');

		take_line(o, line, end != NULL ? (size_t)(end - line) : strlen(line));
		line = end;
	}
}
