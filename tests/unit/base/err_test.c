#include "base/err.h"

#include "check.h"

#include <errno.h>
#include <sys/resource.h>

int
main(void)
{
	struct err e = { 0 };
	char longer[2 * ERR_TEXT_MAX];

	check_number(err_set(&e, EX_USAGE, "%s is %d", "it", 5), -1, "-1, always");
	check_number(e.status, EX_USAGE, "the status");
	check_text(e.text, "it is 5", "the sentence");
	check_number(err_while(&e, "doing %s", "this"), -1, "-1 again");
	check_text(e.text, "doing this: it is 5", "what was being done");
	check_number(e.status, EX_USAGE, "the status stays");

	errno = ENOENT;
	check_number(err_sys(&e, EX_NOINPUT, "opening %s", "x"), -1, "-1");
	check_text(e.text, "opening x: No such file or directory", "errno's words");
	check_number(e.status, EX_NOINPUT, "its status");

	check(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4096, 4096 }) == 0,
	    "a limit");
	errno = EFBIG;
	(void)err_sys(&e, EX_IOERR, "writing x");
	check_text(e.text, "writing x: File too large: the limit of this process "
	    "is 4096 bytes a file (ulimit -f)", "is named as the shell does");
	check_text(err_words(EINTR), "Interrupted system call", "others are not");

	(void)err_set(&e, EX_DATAERR, "old");
	(void)err_set(&e, e.status, "%s, new", e.text);
	check_text(e.text, "old, new", "a sentence can go into the next");

	(void)err_set(&e, EX_DATAERR, "a\r\nb\033[2Jc\177d\303\244");
	check_text(e.text, "a??b?[2Jc?d??", "nothing moves a cursor or a line");
	(void)err_while(&e, "x\n%s", "y\t");
	check_text(e.text, "x?y?: a??b?[2Jc?d??", "in front neither");

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	(void)err_set(&e, EX_DATAERR, "%s", longer);
	check_number((long long)strlen(e.text), ERR_TEXT_MAX - 1, "cut");
	(void)err_while(&e, "front");
	check(strncmp(e.text, "front: xxx", 10) == 0, "the front is what stays");
	check_number((long long)strlen(e.text), ERR_TEXT_MAX - 1, "and cut again");
	(void)err_while(&e, "%s", longer);
	(void)err_sys(&e, EX_OSERR, "%s", longer);
	check_number((long long)strlen(e.text), ERR_TEXT_MAX - 1, "in each case");
	return check_end();
}
