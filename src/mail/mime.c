#include "mail/mime.h"

#include "mail/field.h"

#include <string.h>
#include <strings.h>

enum { VALUE_MAX = MIME_BOUNDARY_MAX };

/* A value being read. */
struct value {
	const char *at, *end;
};

/* A word or quoted string, what is quoted taken off; too long is "". */
struct word {
	char   text[VALUE_MAX + 1];
	size_t len;
	bool   cut;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks and comments. */
static void
skip_space(struct value *v)
{
	int depth = 0;

	for (; v->at < v->end; v->at++) {
		if (*v->at == '(')
			depth++;
		else if (*v->at == ')' && depth > 0)
			depth--;
		else if (*v->at == '\\' && depth > 0 && v->at + 1 < v->end)
			v->at++;
		else if (depth == 0 && !is_blank(*v->at))
			return;
	}
}

static void
put(struct word *w, char c)
{
	if (w->len < VALUE_MAX)
		w->text[w->len++] = c;
	else
		w->cut = true;
}

static void
take_quoted(struct value *v, struct word *w)
{
	for (v->at++; v->at < v->end && *v->at != '"'; v->at++) {
		if (*v->at == '\r' || *v->at == '\n')
			continue;
		if (*v->at == '\\' && v->at + 1 < v->end)
			v->at++;
		put(w, *v->at);
	}
	if (v->at < v->end)
		v->at++;
}

/* Up to a blank or one of `stops`. */
static void
take_word(struct value *v, const char *stops, struct word *w)
{
	w->len = 0;
	w->cut = false;
	skip_space(v);
	if (v->at < v->end && *v->at == '"')
		take_quoted(v, w);
	else
		for (; v->at < v->end && *v->at != '\0' && !is_blank(*v->at) &&
		    strchr(stops, *v->at) == NULL; v->at++)
			put(w, *v->at);
	if (w->cut)
		w->len = 0;
	w->text[w->len] = '\0';
}

/* The next "; name=value"; false at the end. */
static bool
next_parameter(struct value *v, struct word *name, struct word *value)
{
	for (;;) {
		while (v->at < v->end && *v->at != ';') {
			if (*v->at == '"')
				take_word(v, ";", value);
			else
				v->at++;
		}
		if (v->at == v->end)
			return false;
		v->at++;
		take_word(v, "=;", name);
		skip_space(v);
		if (v->at < v->end && *v->at == '=') {
			v->at++;
			take_word(v, ";", value);
			return true;
		}
	}
}

static bool
has_prefix(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* One byte is one character: words may be cut between any two. */
static bool
charset_of_bytes(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("?=()<>@,;:\"/[]", *c) != NULL)
			return false;
	return strlen(name) <= WORDS_CHARSET_MAX &&
	    (has_prefix(name, "iso-8859-") || has_prefix(name, "windows-125") ||
	    has_prefix(name, "koi8-"));
}

/* An extended boundary (RFC 2231) is none that readers agree upon. */
static void
read_parameters(struct value *v, struct mime *m, bool *extended)
{
	struct word name, value;

	while (next_parameter(v, &name, &value)) {
		if (strcasecmp(name.text, "boundary") == 0 &&
		    m->boundary_len == 0) {
			while (value.len > 0 && is_blank(value.text[value.len - 1]))
				value.text[--value.len] = '\0';
			memcpy(m->boundary, value.text, value.len + 1);
			m->boundary_len = value.len;
		}
		if (has_prefix(name.text, "boundary*"))
			*extended = true;
		if (strcasecmp(name.text, "charset") == 0 &&
		    charset_of_bytes(value.text))
			memcpy(m->charset, value.text, value.len + 1);
	}
}

static void
read_type(struct value v, struct mime *m)
{
	struct word type;
	bool extended = false;

	m->typed = true;
	take_word(&v, ";", &type);
	read_parameters(&v, m, &extended);
	m->text = has_prefix(type.text, "text/");
	/* A type that cannot go as it is written is none when it arrives. */
	if (bytes_8bit(type.text, type.len))
		type.text[0] = '\0';
	if (has_prefix(type.text, "multipart/")) {
		m->digest = strcasecmp(type.text, "multipart/digest") == 0;
		m->kind = extended || strcasecmp(type.text, "multipart/signed") == 0 ||
		    strcasecmp(type.text, "multipart/encrypted") == 0 ?
		    MIME_OPAQUE : m->boundary_len > 0 ? MIME_MULTIPART : MIME_LEAF;
	} else if (strcasecmp(type.text, "message/rfc822") == 0 ||
	    strcasecmp(type.text, "message/global") == 0) {
		m->kind = MIME_MESSAGE;
	} else if (strcasecmp(type.text, "message/partial") == 0) {
		m->kind = MIME_OPAQUE;
	} else {
		m->kind = MIME_LEAF;
	}
	if (m->kind != MIME_MULTIPART)
		m->boundary[m->boundary_len = 0] = '\0';
}

/* An encoding that is not ours to touch makes the whole opaque. */
static bool
read_encoding(struct value v, struct mime *m)
{
	struct word name;

	take_word(&v, ";", &name);
	m->wide = strcasecmp(name.text, "8bit") == 0 ||
	    strcasecmp(name.text, "binary") == 0;
	m->encoding = strcasecmp(name.text, "quoted-printable") == 0 ?
	    MIME_QUOTED : strcasecmp(name.text, "base64") == 0 ? MIME_BASE64 :
	    MIME_IDENTITY;
	return !has_prefix(name.text, "x-") && !has_prefix(name.text, "uue");
}

void
mime_read(const char *head, size_t len, bool digest, struct mime *m)
{
	const char *end = head + len;
	bool encoded = false, known = true;

	memset(m, 0, sizeof(*m));
	m->text = !digest;
	m->kind = digest ? MIME_MESSAGE : MIME_LEAF;
	while (head < end) {
		size_t n = field_length(head, (size_t)(end - head));
		const char *colon = memchr(head, ':', n);
		struct value v = { colon != NULL ? colon + 1 : head, head + n };

		if (field_is(head, n, "MIME-Version"))
			m->version = true;
		else if (!m->typed && field_is(head, n, "Content-Type"))
			read_type(v, m);
		else if (!encoded && field_is(head, n, "Content-Transfer-Encoding")) {
			encoded = true;
			known = read_encoding(v, m);
		}
		head += n;
	}
	if (m->kind == MIME_MESSAGE && m->encoding != MIME_IDENTITY)
		m->kind = MIME_LEAF;
	if (!known)
		m->kind = MIME_OPAQUE;
}
