#!/usr/bin/env bats
# TLS: whom it is spoken with, and what never goes out without it.

load agent

setup() {
	common_setup
	certificates
}

# The cases' short words, see tls.cases. PIPELINING is not their matter.
spelled_out() {
	sed -E '/^== /a once
		s|@(starttls\|implicit) ([a-z]+)@|"tls": "\1", "cert": "@CERTS@/\2.pem", "key": "@CERTS@/\2.key"|
		s|@PIN selfsigned@|'"$(pin selfsigned)"'|
		s|@PIN rsa@|'"$(pin rsa)"'|' "$1"
}

pin() {
	openssl x509 -in "$CERTS/$1.pem" -noout -fingerprint -sha256 |
		sed 's/.*=//'
}

@test "each certificate, each way to TLS, and each of its settings" {
	spelled_out "$BATS_TEST_DIRNAME/tls.cases" >"$WORK/tls.cases"
	cases "$WORK/tls.cases" smtp.tls=starttls "smtp.tls_ca_file=$CERTS/ca.pem"
}

# tls_server NAME [SCRIPT'S REST]: STARTTLS with that certificate and a login.
tls_server() {
	smtpd "{\"tls\": \"starttls\", \"cert\": \"$CERTS/$1.pem\", \"key\": \"$CERTS/$1.key\",
		\"auth\": [\"PLAIN\"], \"users\": {\"joe\": \"pencil\"}, \"auth_required\": true${2:+, $2}}"
	printf pencil >"$WORK/secret"
	chmod 600 "$WORK/secret"
}

login=("user = joe" "tls = starttls")

@test "with a bad certificate neither login nor mail goes out, and the mail is kept" {
	local name
	mkdir -p "$WORK/spool/incoming"
	for name in wrongname expired unknown selfsigned; do
		tls_server "$name"
		ini_smtp "${login[@]}" "password_file = $WORK/secret" "tls_ca_file = $CERTS/ca.pem"
		run "$SENDMAIL" a@x.test <<<hi
		assert_status 69
		assert_output_has "nothing was kept"
		OUTTRAY_QUEUE_DIRECTORY=$WORK/spool run "$SENDMAIL" a@x.test <<<hi
		assert_status 0
		assert_output_has "queued as"
		[[ $output == *"the server's certificate"* ]] || fail "$output"
		has "$(echo "$WORK"/spool/incoming/*.eml)" '^hi$'
		rm -f "$WORK"/spool/incoming/*
		lacks "$SMTP/dialog" ' C (AUTH|MAIL)'
		stop_background
	done
}

@test "the password is in no argument, no environment, no -v output and no log" {
	will_be_traced
	local encoded
	encoded=$(printf '\0joe\0pencil' | base64)
	tls_server good
	ini_smtp "${login[@]}" "password_file = $WORK/secret" "tls_ca_file = $CERTS/ca.pem"
	run strace -f -v -s 4096 -e trace=execve -o trace "$SENDMAIL" -v a@x.test <<<hi
	assert_status 0
	assert_equal 1 "$(messages)"
	has "$SMTP/dialog" "AUTH PLAIN $encoded"
	assert_output_has "AUTH PLAIN"
	assert_output_has "TLSv1.3"
	has trace 'execve.*outtray-smtp-tls'
	lacks trace "pencil|$encoded"
	assert_output_lacks pencil
	assert_output_lacks "$encoded"
}

# in_own_network ADDRESS SCRIPT: smtpd in a network of its own, at an address
# that is not the loopback one; $NETWORK runs a command there.
in_own_network() {
	if ! { [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; }; then
		skip "needs root for a network of its own"
	fi
	SMTP=$WORK/smtp
	rm -rf "$SMTP"
	mkdir -p "$SMTP"
	# shellcheck disable=SC2016 # it is for that shell
	background unshare -n sh -c 'set -e
		ip link set lo up
		ip address add "$1/32" dev lo
		exec "$PYTHON" "$SUPPORT/smtpd.py" --listen "$1" "$2" "$3"' \
		sh "$1" "$SMTP" "$2" >"$SMTP/log" 2>&1
	NETWORK=(nsenter "--net=/proc/$(tail -n 1 "$WORK/.background")/ns/net")
	wait_until 20 test -e "$SMTP/port" || { cat "$SMTP/log"; return 1; }
	# shellcheck disable=SC2034 # ini_smtp uses it
	PORT=$(cat "$SMTP/port")
}

@test "no password on an unencrypted connection to another host, unless told so" {
	local script='{"auth": ["PLAIN", "LOGIN"], "users": {"joe": "pencil"}}'
	printf pencil >"$WORK/secret"
	chmod 600 "$WORK/secret"
	in_own_network 192.0.2.1 "$script"
	ini_smtp "host = 192.0.2.1" "user = joe" "password_file = $WORK/secret" "tls = off"
	sed -i '/^host = 127/d' "$WORK/outtray.ini"
	run "${NETWORK[@]}" "$SENDMAIL" a@x.test <<<hi
	assert_status 78
	assert_output_has "allow_plaintext_auth"
	lacks "$SMTP/dialog" ' C (AUTH|MAIL)'
	OUTTRAY_SMTP_ALLOW_PLAINTEXT_AUTH=yes run "${NETWORK[@]}" "$SENDMAIL" a@x.test <<<hi
	assert_status 0
	has "$SMTP/dialog" 'auth PLAIN user=joe .*accepted'
	assert_equal 1 "$(messages)"
}

@test "where nothing is said of TLS, another host must offer STARTTLS" {
	in_own_network 192.0.2.1 '{}'
	ini_smtp "host = 192.0.2.1"
	sed -i '/^host = 127/d' "$WORK/outtray.ini"
	run "${NETWORK[@]}" "$SENDMAIL" a@x.test <<<hi
	assert_status 69
	assert_output_has "offers no STARTTLS"
	lacks "$SMTP/dialog" ' C MAIL'
}

# with_store FOLDER CMD...: it is /etc/ssl/certs for this command.
with_store() {
	if ! { [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; }; then
		skip "needs root for a mount namespace"
	fi
	# shellcheck disable=SC2016 # it is for that shell
	run unshare -m sh -c 'mount --bind "$1" /etc/ssl/certs && shift && exec "$@"' sh "$@"
}

@test "the authority is looked up in the system's hashed folder, no bundle is parsed" {
	will_be_traced
	tls_server good
	ini_smtp "${login[@]}" "password_file = $WORK/secret" "tls_name = localhost"
	cp -R "$CERTS/roots" store
	cat "$CERTS/ca.pem" >store/ca-certificates.crt
	with_store store strace -f -e trace=openat,open -o trace "$SENDMAIL" a@x.test <<<hi
	assert_status 0
	assert_equal 1 "$(messages)"
	has trace '/certs/[0-9a-f]{8}\.0"'
	lacks trace '\.(crt|pem)"'
}

@test "a bundle will do where there is no hashed folder" {
	tls_server good
	ini_smtp "${login[@]}" "password_file = $WORK/secret" "tls_name = localhost"
	mkdir store
	cat "$CERTS/ca.pem" >store/ca-certificates.crt
	with_store store "$SENDMAIL" a@x.test <<<hi
	assert_status 0
	assert_equal 1 "$(messages)"
}

@test "without any authorities it is said what to install" {
	tls_server good
	ini_smtp "${login[@]}" "password_file = $WORK/secret"
	mkdir store
	with_store store "$SENDMAIL" a@x.test <<<hi
	assert_status 78
	assert_output_has "install ca-certificates"
	assert_output_has "tls_ca_file"
	lacks "$SMTP/dialog" ' C (AUTH|MAIL)'
}
