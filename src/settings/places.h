/*
 * places.h - the paths that are compiled in; the only object that a build
 * and its installation differ in (see the Makefile).
 */
#ifndef OUTTRAY_SETTINGS_PLACES_H
#define OUTTRAY_SETTINGS_PLACES_H

extern const char place_agent[];	/* /usr/libexec/outtray/outtray-smtp */
extern const char place_agent_tls[];	/* /usr/libexec/outtray/outtray-smtp-tls */
extern const char place_runner[];	/* /usr/sbin/outtrayd */
extern const char place_settings[];	/* /etc/outtray/outtray.ini */
extern const char place_pickup[];	/* /var/spool/outtray/pickup */
extern const char place_queue[];	/* /var/spool/outtray */
extern const char place_aliases[];	/* /etc/aliases */
extern const char place_mailname[];	/* /etc/mailname */

#endif
