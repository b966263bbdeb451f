/*
 * options.h - the command line of sendmail(1), as sendmail 8, Postfix, Exim,
 * the LSB and their callers write it: attached, detached and in clusters.
 *
 * The list is closed: no option names a program, a host, a secret or a file
 * to write. What other programs do with an option that has no meaning here
 * is not done, and its value is skipped.
 */
#ifndef OUTTRAY_SENDMAIL_OPTIONS_H
#define OUTTRAY_SENDMAIL_OPTIONS_H

#include "base/err.h"
#include "mail/addr.h"
#include "mail/envelope.h"

#include <stdbool.h>

enum mode {
	MODE_SUBMIT,	/* -bm: standard input is a message */
	MODE_SMTP,	/* -bs */
	MODE_VERIFY,	/* -bv */
	MODE_LIST,	/* -bp, mailq */
	MODE_ALIASES,	/* -bi, -I, newaliases */
	MODE_RUN,	/* -q… */
	MODE_STATUS,	/* hoststat, purgestat */
	MODE_HELP,
	MODE_VERSION
};

struct options {
	enum mode   mode;
	bool        read_recipients;	/* -t */
	bool        keep_dot;		/* -i, -oi */
	bool        queue_only;		/* -odq, -odb: see DELIVERY_QUEUE */
	bool        verbose;		/* -v */
	bool        has_sender;		/* -f, -r */
	struct addr sender;
	const char *full_name;		/* -F, or NULL */
	const char *settings_file;	/* -C, or NULL */
	unsigned    notify;		/* -N */
	enum ret    ret;		/* -R */
	const char *envid;		/* -V, checked xtext; or NULL */
	char      **operands;		/* recipients; points into argv */
	int         operand_count;
	const char *late_option;	/* an operand that looks like one, no "--"
					   before it; or NULL */
};

/*
 * Read the arguments; all texts point into argv, which must outlive `o`. Works
 * with argc 0. Returns 0, or -1 (EX_USAGE: an unknown option, a missing or bad
 * value, a control character in any argument). options_free in each case.
 */
int options_parse(struct options *o, int argc, char **argv, struct err *e);
void options_free(struct options *o);

/* For the test of the man page: the table's letters, 0 after the last. */
char options_letter(size_t row);

#endif
