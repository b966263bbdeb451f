/*
 * check.h - the unit tests' only tool: a condition, said in TAP.
 *
 *	check(addr_same(&a, &b), "the domain's case does not count");
 *	check_text(buf_text(&b), "a b", "joined by a space");
 *	return check_end();
 */
#ifndef OUTTRAY_TESTS_CHECK_H
#define OUTTRAY_TESTS_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int check_count, check_failures;

static inline bool
check_at(bool ok, const char *file, int line, const char *name)
{
	check_count++;
	printf("%s %d - ", ok ? "ok" : "not ok", check_count);
	for (const char *c = name; *c != '\0'; c++)	/* TAP: one line, no '#' */
		(void)putchar(*c < ' ' || *c > '~' || *c == '#' ? '?' : *c);
	(void)putchar('\n');
	if (!ok) {
		check_failures++;
		printf("# at %s:%d\n", file, line);
	}
	return ok;
}

static inline bool
check_text_at(const char *got, const char *wanted, const char *file, int line,
    const char *name)
{
	bool ok = got != NULL && strcmp(got, wanted) == 0;

	if (!check_at(ok, file, line, name))
		printf("# got    \"%s\"\n# wanted \"%s\"\n",
		    got != NULL ? got : "(NULL)", wanted);
	return ok;
}

static inline bool
check_number_at(long long got, long long wanted, const char *file, int line,
    const char *name)
{
	if (!check_at(got == wanted, file, line, name))
		printf("# got    %lld\n# wanted %lld\n", got, wanted);
	return got == wanted;
}

#define check(ok, name) check_at((ok), __FILE__, __LINE__, (name))
#define check_text(got, wanted, name) \
	check_text_at((got), (wanted), __FILE__, __LINE__, (name))
#define check_number(got, wanted, name) \
	check_number_at((got), (wanted), __FILE__, __LINE__, (name))

/* The plan; returned from main. */
static inline int
check_end(void)
{
	printf("1..%d\n", check_count);
	return check_failures > 0 ? 1 : 0;
}

#endif
