/*
 * proc.h - the surroundings of a program, made known at its start, and the
 * starting of another program.
 */
#ifndef OUTTRAY_BASE_PROC_H
#define OUTTRAY_BASE_PROC_H

#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

enum { PROC_STACK_MIN = 64 * 1024 };	/* bytes */

/*
 * Descriptors 0 to 2 are open afterwards (/dev/null where they were not, so
 * that no file or socket ever gets their numbers), all from `first_closed` on
 * are closed, SIGPIPE and SIGXFSZ are ignored (writing fails with EPIPE and
 * EFBIG instead), the umask is 027 (files are made with the modes they need),
 * and no core is dumped. Returns 0, 1 if descriptor 0 had been closed, or -1
 * (EX_OSERR; a stack limited to less than PROC_STACK_MIN is such an error).
 */
int proc_start(int first_closed, struct err *e);

/*
 * Hold back signals that end or stop the program, for a step that must not be
 * left in the middle; `before` is what proc_release_signals gets back.
 */
void proc_hold_signals(sigset_t *before);
void proc_release_signals(const sigset_t *before);

/*
 * Start `path` with the descriptors fds[0] … fds[count - 1] as its 0, 1, 2 …;
 * -1 there means /dev/null. All others are closed in it. `argv` and
 * `environment` end with NULL; signals are as by default, but for SIGPIPE and
 * SIGXFSZ, which stay ignored. SIGCHLD has its default action afterwards.
 * Returns the process id, or -1 (EX_OSFILE where it cannot be executed,
 * EX_OSERR for the rest).
 */
pid_t proc_spawn(const char *path, char *const argv[], char *const environment[],
    const int *fds, int count, struct err *e);

/* Wait for it. Returns what waitpid(2) gives as its status, or -1. */
int proc_wait(pid_t pid);

#endif
