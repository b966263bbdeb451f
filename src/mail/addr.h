/*
 * addr.h - a mail address (RFC 5321 4.1.2, RFC 5322 3.4, RFC 6531 3.3).
 *
 * A struct addr is made by the functions of this file alone. So whoever is
 * given one need not look for line breaks, NULs, blanks outside quotes or
 * angle brackets again: the type says that it was checked, and its text can
 * stand between '<' and '>' in an SMTP command as it is.
 */
#ifndef OUTTRAY_MAIL_ADDR_H
#define OUTTRAY_MAIL_ADDR_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Longer than RFC 5321 asks for (256): VERP and bounce addresses are. */
enum { ADDR_TEXT_MAX = 900 };

struct addr {
	char  *text;	/* "local@domain"; "local" as long as it has no domain;
			   "" is the null sender. Ours to free */
	size_t at;	/* where its '@' is; strlen(text) if it has none */
	bool   utf8;	/* bytes over 127 in it: needs SMTPUTF8 */
};

/* Zeroed memory is safe to free. */
void addr_free(struct addr *a);

/*
 * One mailbox as people and programs write it: "a@b", "<a@b>",
 * "Name <a@b>", "a@b (Name)", "\"j doe\"@b", "a@[192.0.2.1]", "root",
 * "<@x,@y:a@b>" (the route is dropped); "" and "<>" are the null sender.
 * Comments, folding and blanks around are removed, quotes of a local part
 * stay only where they are needed. Returns 0, or -1 (EX_DATAERR) for
 * anything else, a second address, a control character, invalid UTF-8, a
 * text over ADDR_TEXT_MAX.
 */
int addr_parse(struct addr *a, const char *text, size_t len, struct err *e);

/* An independent copy: 0, or -1 (EX_OSERR: no memory). */
int addr_copy(struct addr *to, const struct addr *from, struct err *e);

bool addr_is_null(const struct addr *a);
bool addr_has_domain(const struct addr *a);
const char *addr_domain(const struct addr *a);	/* "" where it has none */

/*
 * Give an address without domain the domain; others and the null sender stay.
 * Returns 0, or -1 (EX_CONFIG) where `domain` is none.
 */
int addr_qualify(struct addr *a, const char *domain, struct err *e);

/* Is this a domain or an address literal ("[192.0.2.1]", "[IPv6:::1]")? */
bool addr_domain_valid(const char *domain, size_t len);

/* The same mailbox? Domains compare without case, local parts exactly. */
bool addr_same(const struct addr *a, const struct addr *b);

/* Equal where addr_same: for a table of many. */
size_t addr_hash(const struct addr *a);

/*
 * The addresses of a header field's value or of an argument, one by one:
 * commas and (as Outlook writes) semicolons between them, groups
 * ("friends: a@x, b@y;", also empty ones), comments, folded lines, empty
 * places between two commas. Where `blanks` is set, plain addresses may also stand
 * apart by blanks alone ("a@x b@y"), as in an argument.
 */
struct addr_list {
	const char *start, *next, *end;	/* the caller's bytes, only read */
	const char *plain;		/* up to here no brackets: blanks separate */
	bool        blanks;
	bool        in_group;
};

/* Where an address stood, as offsets into the bytes given to addr_list_init. */
struct addr_place {
	size_t spec, spec_len;		/* its local@domain, without brackets */
	size_t whole, whole_len;	/* with display name, brackets, comments */
};

void addr_list_init(struct addr_list *l, const char *bytes, size_t len, bool blanks);

/*
 * The next one: 1 with *a (the caller's to free) and, unless NULL, *place;
 * 0 at the end; -1 (EX_DATAERR) at something that is no address; a later
 * call then goes on behind it.
 */
int addr_list_next(struct addr_list *l, struct addr *a, struct addr_place *place,
    struct err *e);

#endif
