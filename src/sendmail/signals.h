/*
 * signals.h - what has to go when a signal ends us: a file that is hidden by
 * name, and an agent that runs. Without either the default action is as good,
 * and costs nothing at the start.
 */
#ifndef OUTTRAY_SENDMAIL_SIGNALS_H
#define OUTTRAY_SENDMAIL_SIGNALS_H

/*
 * From now on SIGHUP, SIGINT and SIGTERM leave no hidden file and no agent
 * behind, and then end us as they would have. What our caller ignores (nohup)
 * stays ignored. May be called again.
 */
void signals_catch(void);

#endif
