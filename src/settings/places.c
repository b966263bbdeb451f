#include "settings/places.h"

const char place_agent[] = OUTTRAY_LIBEXECDIR "/outtray-smtp";
const char place_agent_tls[] = OUTTRAY_LIBEXECDIR "/outtray-smtp-tls";
const char place_runner[] = OUTTRAY_SBINDIR "/outtrayd";
const char place_settings[] = OUTTRAY_SYSCONFDIR "/outtray/outtray.ini";
const char place_pickup[] = OUTTRAY_LOCALSTATEDIR "/spool/outtray/pickup";
const char place_queue[] = OUTTRAY_LOCALSTATEDIR "/spool/outtray";
const char place_aliases[] = "/etc/aliases";
const char place_mailname[] = "/etc/mailname";
