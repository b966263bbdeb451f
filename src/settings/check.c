#include "settings/check.h"

#include "mail/addr.h"

#include <arpa/inet.h>
#include <string.h>

enum { HOST_LEN_MAX = 255, PORT_MAX = 65535, SHA256_DIGITS = 64 };

const char *
check_path(const char *value)
{
	return value[0] == '/' ? NULL : "a path that begins with '/'";
}

const char *
check_log(const char *value)
{
	if (strcmp(value, "syslog") == 0 || strcmp(value, "stderr") == 0)
		return NULL;
	return value[0] == '/' ? NULL :
	    "syslog, stderr or a path that begins with '/'";
}

const char *
check_format(const char *value)
{
	return strcmp(value, "eml") == 0 ? NULL : "eml";
}

const char *
check_hostname(const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] > 127)
			return "a host's name in ASCII (the form with \"xn--\")";
	return addr_domain_valid(value, len) ? NULL :
	    "a host's name (web1.example.com) or an address in brackets";
}

const char *
check_domain(const char *value)
{
	return addr_domain_valid(value, strlen(value)) ? NULL :
	    "a domain (example.com)";
}

const char *
check_sender(const char *value)
{
	struct err unused;
	struct addr a = { 0 };
	bool good = addr_parse(&a, value, strlen(value), &unused) == 0 &&
	    !addr_is_null(&a);

	addr_free(&a);
	return good ? NULL : "an address (web@example.com)";
}

const char *
check_address(const char *value)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, value, bytes) == 1 ||
	    inet_pton(AF_INET6, value, bytes) == 1 ? NULL :
	    "an IP address of this host (192.0.2.1, 2001:db8::1)";
}

static bool
is_port(const char *text)
{
	unsigned port = 0;

	for (; *text >= '0' && *text <= '9' && port <= PORT_MAX; text++)
		port = 10 * port + (unsigned)(*text - '0');
	return *text == '\0' && port > 0 && port <= PORT_MAX;
}

static bool
is_name(const char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	return len > 0 && strspn(text, letters) >= len;
}

/* `text` is ours to cut up. */
static bool
is_host(char *text)
{
	char *end = strchr(text, text[0] == '[' ? ']' : ':');

	if (strncmp(text, "unix:", 5) == 0)
		return text[5] == '/';
	if (check_address(text) == NULL)
		return true;
	if (text[0] != '[') {
		if (end != NULL && !is_port(end + 1))
			return false;
		return is_name(text, end != NULL ? (size_t)(end - text) : strlen(text));
	}
	if (end == NULL || (end[1] != '\0' && (end[1] != ':' || !is_port(end + 2))))
		return false;
	*end = '\0';
	return check_address(text + 1) == NULL || is_name(text + 1, strlen(text + 1));
}

const char *
check_hosts(const char *value)
{
	static const char blanks[] = " \t,";
	static const char wanted[] =
	    "NAME, NAME:PORT, [ADDRESS]:PORT or unix:/PATH";
	char host[HOST_LEN_MAX + 1];

	for (;;) {
		size_t len;

		value += strspn(value, blanks);
		len = strcspn(value, blanks);
		if (len == 0)
			return NULL;
		if (len > HOST_LEN_MAX)
			return wanted;
		memcpy(host, value, len);
		host[len] = '\0';
		if (!is_host(host))
			return wanted;
		value += len;
	}
}

const char *
check_fingerprint(const char *value)
{
	size_t digits = 0;

	for (; *value != '\0'; value++)
		if (strchr("0123456789abcdefABCDEF", *value) != NULL)
			digits++;
		else if (*value != ':' && *value != ' ')
			break;
	return *value == '\0' && digits == SHA256_DIGITS ? NULL :
	    "SHA-256 in 64 hexadecimal digits";
}
