/*
 * log.h - the line that stays when the caller is gone.
 *
 * Where it goes is a setting: "syslog" (facility mail, as "outtray"; works for
 * each uid), "stderr", or a file's absolute path; a file that cannot be
 * written is replaced by syslog. A log never changes what happens to a mail:
 * log_line returns nothing, leaves errno alone and waits no longer than a
 * second for a syslog daemon that is stuck.
 */
#ifndef OUTTRAY_BASE_LOG_H
#define OUTTRAY_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

struct log {
	const char *program;	/* "sendmail"; the caller's */
	const char *target;	/* "syslog", "stderr" or a path; the caller's */
	bool        json;	/* one JSON object a line instead of text */
};

/*
 * One line, made printable, cut at 2 kB. In a file it is written with one
 * append; the file is created 0640 where it does not exist. Links are not
 * followed, and a FIFO or socket is no file. Text begins with the program's
 * name (and in files with the time); JSON has time, program, pid, uid, level
 * and text.
 */
void log_line(const struct log *l, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
