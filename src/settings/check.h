/*
 * check.h - what texts may stand in a setting. Each returns NULL for a good
 * one, else the words for what is wanted: "a path that begins with '/'".
 */
#ifndef OUTTRAY_SETTINGS_CHECK_H
#define OUTTRAY_SETTINGS_CHECK_H

const char *check_path(const char *value);
const char *check_log(const char *value);
const char *check_format(const char *value);

/* What is said in EHLO and asked of a certificate: ASCII, or a literal. */
const char *check_hostname(const char *value);
const char *check_domain(const char *value);

/* One address, with or without a domain. */
const char *check_sender(const char *value);

/* Names, addresses and paths of servers as smtp/dial takes them. */
const char *check_hosts(const char *value);

/* An IP address. */
const char *check_address(const char *value);

/* SHA-256 in hexadecimal digits, with or without colons or blanks. */
const char *check_fingerprint(const char *value);

#endif
