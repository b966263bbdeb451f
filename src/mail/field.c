#include "mail/field.h"

#include "mail/utf8.h"
#include "mail/words.h"

#include <string.h>
#include <strings.h>

enum {
	FOLD_COLUMN = 76,	/* RFC 2047 2: of lines with encoded words */
	WORD_MAX = 900,		/* a longer word does not fit into a line */
	BLANKS_MAX = 90,	/* nor do more blanks with it */
	UNIT_MAX = 2000,	/* how far we look for a comma */
	SEGMENT_BYTES = 55,	/* of one piece of a parameter */
	NAME_MAX_BYTES = 60	/* of a parameter that is rewritten */
};

enum kind { TEXT, ADDRESSES, PARAMETERS };

/* A piece of the field. */
struct span {
	const char *bytes;
	size_t      len;
};

/* A field being written anew: tokens, each with the blanks before it. */
struct shape {
	const struct field_rules *rules;
	enum kind   kind;
	const char *at, *end;		/* what of the value is left */
	int         depth;		/* of comments */
	bool        unclosed;		/* a quote or bracket never ends */
	struct buf *out;
	size_t      column;
	bool        ink;		/* more than the name is on this line */
	bool        apart;		/* a blank must follow */
	bool        encoded;		/* the last token was an encoded word */
	bool        opened;		/* … was a '(' */
	bool        unit;		/* … was a comma */
	bool        kept;		/* bytes over 127 had to stay */
};

static const struct {
	const char *name;
	enum kind   kind;
} kinds[] = {
	{ "From", ADDRESSES }, { "Sender", ADDRESSES }, { "Reply-To", ADDRESSES },
	{ "To", ADDRESSES }, { "Cc", ADDRESSES }, { "Bcc", ADDRESSES },
	{ "Resent-From", ADDRESSES }, { "Resent-Sender", ADDRESSES },
	{ "Resent-Reply-To", ADDRESSES }, { "Resent-To", ADDRESSES },
	{ "Resent-Cc", ADDRESSES }, { "Resent-Bcc", ADDRESSES },
	{ "Errors-To", ADDRESSES }, { "Return-Receipt-To", ADDRESSES },
	{ "Disposition-Notification-To", ADDRESSES },
	{ "Mail-Followup-To", ADDRESSES }, { "Mail-Reply-To", ADDRESSES },
	{ "Content-Type", PARAMETERS }, { "Content-Disposition", PARAMETERS },
};

static enum kind
kind_of(const char *field, size_t name_len)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == name_len &&
		    strncasecmp(kinds[i].name, field, name_len) == 0)
			return kinds[i].kind;
	return TEXT;
}

bool
lines_too_long(const char *bytes, size_t len)
{
	const char *end = bytes + len;

	while (bytes < end) {
		const char *lf = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t n = (size_t)((lf != NULL ? lf + 1 : end) - bytes);

		if (n > LINE_MAX_BYTES + 2)
			return true;
		bytes += n;
	}
	return false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Writing. */

static struct span
take_blanks(struct shape *s)
{
	struct span b = { s->at, 0 };

	while (s->at < s->end && is_blank(*s->at))
		s->at++;
	b.len = (size_t)(s->at - b.bytes);
	return b;
}

static void
put_blanks(struct shape *s, struct span blanks)
{
	for (size_t i = 0; i < blanks.len; i++) {
		buf_putc(s->out, blanks.bytes[i]);
		s->column++;
		if (blanks.bytes[i] == '\n') {
			s->column = 0;
			s->ink = false;
		}
	}
}

/*
 * The token `t` with its blanks, on a new line where it does not fit. `whole`
 * is the length of what should stay on one line with it.
 */
static void
put_token(struct shape *s, struct span blanks, struct span t, size_t whole)
{
	bool folded = blanks.len > 0 && memchr(blanks.bytes, '\n', blanks.len);
	size_t limit = s->ink ? FOLD_COLUMN : LINE_MAX_BYTES;
	struct span one = { " ", 1 };

	if (blanks.len > BLANKS_MAX)
		blanks = one, folded = false;
	if (s->apart && blanks.len == 0)
		blanks = one;
	if (!folded && s->column + blanks.len + whole > limit &&
	    (blanks.len > 0 || s->unit)) {
		buf_puts(s->out, "\r\n");
		s->column = 0;
		if (blanks.len == 0)
			blanks = one;
	}
	put_blanks(s, blanks);
	buf_put(s->out, t.bytes, t.len);
	s->column += t.len;
	s->ink = true;
	s->apart = s->unit = s->opened = false;
}

static void
put_plain(struct shape *s, struct span blanks, struct span t, size_t whole)
{
	put_token(s, blanks, t, whole);
	s->encoded = t.len > 6 && memcmp(t.bytes, "=?", 2) == 0 &&
	    memcmp(t.bytes + t.len - 2, "?=", 2) == 0;
}

/* White space as it reads when the lines are joined. */
static void
put_joined(struct buf *out, struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.bytes[i] != '\r' && s.bytes[i] != '\n')
			buf_putc(out, s.bytes[i]);
}

static const char *
charset_of(const struct shape *s, const char *bytes, size_t len)
{
	return utf8_valid(bytes, len) ? "utf-8" : s->rules->charset;
}

/*
 * `text` as encoded words. Between two encoded words readers leave out what
 * is blank, so where one stands before or behind, the blanks go into ours.
 */
static void
put_encoded(struct shape *s, struct span blanks, const struct buf *given)
{
	struct buf text, words;
	const char *next = s->at;

	buf_init(&text, s->out->limit);
	buf_init(&words, s->out->limit);
	if (s->encoded)
		put_joined(&text, blanks);
	buf_put(&text, buf_text(given), given->len);
	while (next < s->end && is_blank(*next))
		next++;
	if (s->end - next > 2 && memcmp(next, "=?", 2) == 0)
		put_joined(&text, (struct span){ s->at, (size_t)(next - s->at) });
	words_print(buf_text(&text), text.len,
	    charset_of(s, buf_text(&text), text.len), &words);
	if (text.full || words.full)
		s->out->full = true;
	s->apart = s->apart || !s->opened;
	for (const char *w = buf_text(&words); *w != '\0'; ) {
		size_t len = strcspn(w, " ");

		put_token(s, blanks, (struct span){ w, len }, len);
		w += len + (w[len] == ' ');
		blanks = (struct span){ " ", 1 };
	}
	s->encoded = s->apart = true;
	buf_free(&words);
	buf_free(&text);
}

/* Must this token become something else? */
static bool
needs_words(const struct shape *s, struct span t)
{
	return t.len > WORD_MAX ||
	    (s->rules->ascii && bytes_8bit(t.bytes, t.len));
}

/* Text. */

static struct span
word_at(const char *at, const char *end)
{
	struct span t = { at, 0 };

	while (at < end && !is_blank(*at))
		at++;
	t.len = (size_t)(at - t.bytes);
	return t;
}

/* Words that stand together are encoded together. */
static void
gather_text(struct shape *s, struct buf *text)
{
	for (;;) {
		struct span t = word_at(s->at, s->end), blanks;
		const char *behind;

		buf_put(text, t.bytes, t.len);
		s->at += t.len;
		behind = s->at;
		blanks = take_blanks(s);
		t = word_at(s->at, s->end);
		if (t.len == 0 || !needs_words(s, t)) {
			s->at = behind;
			return;
		}
		put_joined(text, blanks);
	}
}

static void
shape_text(struct shape *s, struct span blanks)
{
	struct span t = word_at(s->at, s->end);
	struct buf text;

	if (!needs_words(s, t) && blanks.len <= BLANKS_MAX) {
		s->at += t.len;
		put_plain(s, blanks, t, t.len);
		return;
	}
	buf_init(&text, s->out->limit);
	if (blanks.len > BLANKS_MAX) {
		put_joined(&text, blanks);
		buf_drop_front(&text, 1);
		blanks = (struct span){ " ", 1 };
	}
	gather_text(s, &text);
	put_encoded(s, blanks, &text);
	buf_free(&text);
}

/* Addresses. */

/* From an opening quote to behind the closing one; 0 if there is none. */
static size_t
quoted_length(const char *at, const char *end, char close)
{
	for (const char *c = at + 1; c < end; c++) {
		if (*c == '\\')
			c++;
		else if (*c == close)
			return (size_t)(c + 1 - at);
	}
	return 0;
}

static struct span
address_token(struct shape *s)
{
	struct span t = { s->at, 0 };
	const char *c = s->at;

	if (s->depth == 0 && (*c == '"' || *c == '<') && !s->unclosed) {
		t.len = quoted_length(c, s->end, *c == '"' ? '"' : '>');
		s->unclosed = t.len == 0;
	}
	if (t.len > 0)
		return t;
	t.len = 1;
	if (strchr(s->depth > 0 ? "()" : "\"<(,;:", *c) != NULL)
		return t;
	for (; c < s->end && !is_blank(*c) &&
	    strchr(s->depth > 0 ? "()" : "\"<(,;:", *c) == NULL; c++)
		if (*c == '\\' && c + 1 < s->end && !is_blank(c[1]))
			c++;
	t.len = (size_t)(c - t.bytes);
	return t;
}

/* How long is what comes up to the next comma, and does it hold a '<'? */
static size_t
unit_length(const struct shape *s, bool *brackets)
{
	const char *c = s->at, *end = s->end;

	*brackets = false;
	if (end - c > UNIT_MAX)
		end = c + UNIT_MAX;
	while (c < end && *c != ',' && *c != ';') {
		size_t n = *c == '"' ? quoted_length(c, end, '"') : 0;

		*brackets = *brackets || *c == '<';
		c += n > 0 ? n : 1;
	}
	return (size_t)(c - s->at) + (c < end);
}

/* What a quoted string says, or (`pairs`) a word of a comment. */
static void
put_unquoted(struct buf *out, struct span t, bool pairs)
{
	bool quoted = t.bytes[0] == '"' && t.len > 1 &&
	    quoted_length(t.bytes, t.bytes + t.len, '"') == t.len;

	for (size_t i = quoted; i < t.len - quoted; i++) {
		if ((quoted || pairs) && t.bytes[i] == '\\' &&
		    i + 1 < t.len - quoted)
			i++;
		else if (t.bytes[i] == '\r' || t.bytes[i] == '\n')
			continue;
		buf_putc(out, t.bytes[i]);
	}
}

/* Is it an address, or part of one? Then no encoded word can stand for it. */
static bool
is_address(const struct shape *s, struct span t, bool brackets)
{
	const char *next = t.bytes + t.len;

	if (s->depth > 0)
		return false;
	if (t.bytes[0] == '<' && t.len > 1)
		return true;
	while (next < s->end && is_blank(*next))
		next++;
	return !brackets && ((next < s->end && *next == '@') ||
	    (t.bytes[0] != '"' && memchr(t.bytes, '@', t.len) != NULL));
}

static void
shape_address(struct shape *s, struct span blanks)
{
	struct span t = address_token(s);
	bool brackets = false, needs = needs_words(s, t), address;
	size_t unit = needs || s->unit ? unit_length(s, &brackets) : t.len;
	struct buf text;

	address = needs && is_address(s, t, brackets);
	s->at += t.len;
	if (!needs || address || (t.bytes[0] == '"' && t.len == 1)) {
		s->kept = s->kept || (address && s->rules->ascii &&
		    bytes_8bit(t.bytes, t.len));
		if (s->apart && t.bytes[0] == ')')
			s->apart = false;
		put_plain(s, blanks, t, s->unit ? unit : t.len);
		s->depth += t.bytes[0] == '(' ? 1 : t.bytes[0] == ')' &&
		    s->depth > 0 ? -1 : 0;
		s->opened = t.bytes[0] == '(';
		s->unit = s->depth == 0 && t.len == 1 &&
		    (t.bytes[0] == ',' || t.bytes[0] == ';');
		return;
	}
	buf_init(&text, s->out->limit);
	put_unquoted(&text, t, s->depth > 0);
	put_encoded(s, blanks, &text);
	buf_free(&text);
}

/* Parameters (RFC 2045 5.1; RFC 2231). */

/* Up to the next ';' that is not quoted, blanks at the end left out. */
static struct span
parameter_token(struct shape *s)
{
	struct span t = { s->at, 0 };
	const char *c = s->at;

	if (*c == ';') {
		t.len = 1;
		return t;
	}
	while (c < s->end && *c != ';') {
		size_t n = *c == '"' && !s->unclosed ?
		    quoted_length(c, s->end, '"') : 0;

		s->unclosed = s->unclosed || (*c == '"' && n == 0);
		c += n > 0 ? n : 1;
	}
	while (c > s->at && is_blank(c[-1]))
		c--;
	t.len = (size_t)(c - s->at);
	return t;
}

static void
put_percent(struct buf *out, char byte, bool only_8bit)
{
	unsigned char c = (unsigned char)byte;

	if (only_8bit ? c < 128 : (c >= '0' && c <= '9') ||
	    (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c != 0 && strchr("-._", c) != NULL))
		buf_putc(out, byte);
	else
		buf_printf(out, "%%%02X", c);
}

/* name*=charset''value, in pieces where it is long. */
static void
put_extended(struct shape *s, struct span blanks, struct span name,
    const struct buf *value)
{
	const char *charset = !bytes_8bit(buf_text(value), value->len) ?
	    "us-ascii" : charset_of(s, buf_text(value), value->len);
	struct buf piece;
	size_t at = 0;
	bool several;

	buf_init(&piece, 3 * value->len + 4 * (NAME_MAX_BYTES + SEGMENT_BYTES));
	for (size_t i = 0; i < value->len; i++)
		put_percent(&piece, value->data[i], false);
	several = piece.len > SEGMENT_BYTES;
	for (unsigned number = 0; at < value->len; number++) {
		size_t start;

		buf_reset(&piece);
		buf_put(&piece, name.bytes, name.len);
		if (several)
			buf_printf(&piece, "*%u", number);
		buf_puts(&piece, "*=");
		if (number == 0)
			buf_printf(&piece, "%s''", charset);
		for (start = piece.len; at < value->len &&
		    piece.len - start + 3 <= SEGMENT_BYTES; at++)
			put_percent(&piece, value->data[at], false);
		if (at < value->len)
			buf_putc(&piece, ';');
		put_token(s, blanks, (struct span){ piece.data, piece.len },
		    piece.len);
		blanks = (struct span){ " ", 1 };
	}
	buf_free(&piece);
}

/* Where the value of "name = value" begins; NULL where this is none. */
static const char *
parameter_value(struct span t, struct span *name)
{
	const char *equals = memchr(t.bytes, '=', t.len), *end = t.bytes + t.len;
	const char *c = t.bytes;

	while (equals != NULL && c < equals && !is_blank(*c))
		c++;
	name->bytes = t.bytes;
	name->len = (size_t)(c - t.bytes);
	while (equals != NULL && c < equals && is_blank(*c))
		c++;
	if (equals == NULL || c < equals || name->len == 0 || name->len > NAME_MAX_BYTES ||
	    bytes_8bit(name->bytes, name->len))
		return NULL;
	for (equals++; equals < end && is_blank(*equals); )
		equals++;
	return equals < end ? equals : NULL;
}

static void
shape_parameter(struct shape *s, struct span blanks)
{
	struct span t = parameter_token(s), name;
	const char *value = parameter_value(t, &name), *end = t.bytes + t.len;
	struct buf text;

	if (value == NULL && t.bytes[0] != ';')	/* the type is a word of it */
		t = word_at(t.bytes, end);
	s->at += t.len;
	if (!needs_words(s, t) ||
	    (name.len == 8 && strncasecmp(name.bytes, "boundary", 8) == 0)) {
		s->kept = s->kept || (s->rules->ascii &&
		    bytes_8bit(t.bytes, t.len));
		put_plain(s, blanks, t, t.len);
		s->unit = t.bytes[0] == ';';
		return;
	}
	buf_init(&text, 3 * t.len);
	if (value == NULL) {
		buf_put(&text, t.bytes, t.len);
		put_encoded(s, blanks, &text);
	} else if (name.bytes[name.len - 1] == '*') {
		for (const char *c = t.bytes; c < end; c++)
			put_percent(&text, *c, true);
		put_token(s, blanks, (struct span){ buf_text(&text), text.len },
		    text.len);
	} else {
		put_unquoted(&text, (struct span){ value, (size_t)(end - value) },
		    false);
		put_extended(s, blanks, name, &text);
	}
	buf_free(&text);
}

/* All. */

static void
shape_value(struct shape *s)
{
	while (s->at < s->end) {
		struct span blanks = take_blanks(s);

		if (s->at == s->end) {
			if (blanks.len <= BLANKS_MAX)
				put_blanks(s, blanks);
			break;
		}
		if (s->kind == ADDRESSES)
			shape_address(s, blanks);
		else if (s->kind == PARAMETERS)
			shape_parameter(s, blanks);
		else
			shape_text(s, blanks);
	}
	buf_puts(s->out, "\r\n");
}

bool
field_begins(const char *line, size_t len)
{
	size_t name = 0;

	while (name < len && line[name] > ' ' && line[name] < 127 && line[name] != ':')
		name++;
	if (name == 0)
		return false;
	while (name < len && (line[name] == ' ' || line[name] == '\t'))
		name++;
	return name < len && line[name] == ':';
}

size_t
field_length(const char *bytes, size_t len)
{
	size_t at = 0;

	do {
		const char *lf = memchr(bytes + at, '\n', len - at);

		at = lf != NULL ? (size_t)(lf + 1 - bytes) : len;
	} while (at < len && (bytes[at] == ' ' || bytes[at] == '\t'));
	return at;
}

bool
field_is(const char *field, size_t len, const char *name)
{
	size_t n = strlen(name);

	return len > n && strncasecmp(field, name, n) == 0 &&
	    (field[n] == ':' || field[n] == ' ' || field[n] == '\t');
}

bool
field_fit(const char *field, size_t len, const struct field_rules *rules,
    struct buf *out)
{
	const char *colon = memchr(field, ':', len);
	struct shape s = { .rules = rules, .out = out, .end = field + len };
	size_t name = 0;

	if (colon == NULL || (!lines_too_long(field, len) &&
	    !(rules->ascii && bytes_8bit(field, len)))) {
		buf_put(out, field, len);
		return true;
	}
	while (field + name < colon && !is_blank(field[name]))
		name++;
	s.kind = kind_of(field, name);
	s.at = colon + 1;
	s.column = (size_t)(s.at - field);
	if (s.end - s.at >= 2 && memcmp(s.end - 2, "\r\n", 2) == 0)
		s.end -= 2;
	buf_put(out, field, s.column);
	shape_value(&s);
	return !s.kept;
}
