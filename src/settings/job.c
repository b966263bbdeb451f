#include "settings/table.h"

#include <string.h>

static void
print_number(struct buf *out, const char *key, uint64_t number)
{
	buf_printf(out, "job.%s=%llu\n", key, (unsigned long long)number);
}

void
settings_print_job(const struct settings *s, struct buf *out)
{
	for (size_t i = 0; i < setting_rows_count; i++) {
		if (!setting_rows[i].job || setting_is_standard(s, i))
			continue;
		buf_puts(out, setting_rows[i].section);
		buf_putc(out, '.');
		buf_puts(out, setting_rows[i].key);
		buf_putc(out, '=');
		setting_print(s, i, out);
		buf_putc(out, '\n');
	}
	print_number(out, "deadline_milliseconds", s->job_deadline_milliseconds);
	print_number(out, "verbose", s->job_verbose);
	print_number(out, "size", s->job_facts.size);
	print_number(out, "longest_line", s->job_facts.longest_line);
	print_number(out, "head_8bit", s->job_facts.head_8bit);
	print_number(out, "body_8bit", s->job_facts.body_8bit);
}

static bool
parse_fact(struct settings *s, const char *key, const char *value)
{
	uint64_t number = 0;

	for (const char *c = value; *c != '\0'; c++)
		if (*c < '0' || *c > '9' ||
		    __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*c - '0'), &number))
			return false;
	if (strcmp(key, "deadline_milliseconds") == 0)
		s->job_deadline_milliseconds = number;
	else if (strcmp(key, "verbose") == 0)
		s->job_verbose = number != 0;
	else if (strcmp(key, "size") == 0)
		s->job_facts.size = number;
	else if (strcmp(key, "longest_line") == 0)
		s->job_facts.longest_line = number;
	else if (strcmp(key, "head_8bit") == 0)
		s->job_facts.head_8bit = number != 0;
	else if (strcmp(key, "body_8bit") == 0)
		s->job_facts.body_8bit = number != 0;
	else
		return false;
	return true;
}

/* `line` is ours to cut up. */
static int
parse_line(struct settings *s, char *line, struct err *e)
{
	char *equals = strchr(line, '='), *dot = strchr(line, '.');
	long row;

	if (equals == NULL || dot == NULL || dot > equals)
		return err_set(e, EX_SOFTWARE, "a line of the job is no setting");
	*equals = *dot = '\0';
	if (strcmp(line, "job") == 0)
		return parse_fact(s, dot + 1, equals + 1) ? 0 :
		    err_set(e, EX_SOFTWARE, "the job's %s is not known", dot + 1);
	row = setting_find(line, dot + 1);
	if (row < 0 || !setting_rows[row].job)
		return err_set(e, EX_SOFTWARE, "the job's [%s] %s is not known",
		    line, dot + 1);
	if (setting_set(s, (size_t)row, equals + 1, e) != 0) {
		e->status = EX_SOFTWARE;
		return -1;
	}
	return 0;
}

int
settings_parse_job(struct settings *s, const char *bytes, size_t len, struct err *e)
{
	struct buf line;
	int result = 0;

	buf_init(&line, SETTINGS_PASSWORD_MAX + 256);
	while (len > 0 && result == 0) {
		const char *lf = memchr(bytes, '\n', len);
		size_t n = lf != NULL ? (size_t)(lf - bytes) : len;

		buf_reset(&line);
		buf_put(&line, bytes, n);
		if (lf == NULL || line.full || memchr(bytes, '\0', n) != NULL)
			result = err_set(e, EX_SOFTWARE,
			    "the job does not end with a line, or has a NUL");
		else if (n > 0)
			result = parse_line(s, line.data, e);
		n += lf != NULL;
		bytes += n;
		len -= n;
	}
	buf_free(&line);
	return result;
}
