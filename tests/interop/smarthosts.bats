#!/usr/bin/env bats
# Mail through real servers: Postfix, Dovecot's submission service, Exim,
# OpenSMTPD and aiosmtpd. Each hands on what it took to the recording server,
# which tests/support/peers starts beside it.

load ../support/common

SMARTHOSTS="postfix dovecot exim opensmtpd aiosmtpd"
password='secret word'

setup_file() {
	local name
	WORK=$BATS_FILE_TMPDIR
	chmod 755 "$WORK"
	"$SUPPORT/certs" "$WORK/certs"
	for name in $SMARTHOSTS; do
		mkdir "$WORK/$name"
		background "$SUPPORT/peers" serve "$name" "$WORK/$name" \
			2>"$WORK/$name/why" >"$WORK/$name/log"
	done
	for name in $SMARTHOSTS; do
		wait_until 400 ended_or_ready "$name"
	done
}

# ready is there, or the process that would make it is not.
ended_or_ready() {
	[ -e "$WORK/$1/ready" ] || grep -qs '^peers:' "$WORK/$1/why"
}

teardown_file() {
	WORK=$BATS_FILE_TMPDIR
	stop_background
}

# through NAME [LINES]: this test is about that server; LINES are of [smtp].
through() {
	name=$1
	SMTP=$BATS_FILE_TMPDIR/$name
	[ -e "$SMTP/ready" ] || skip "$(tail -n 1 "$SMTP/why")"
	sent=$(messages)
	PORT=587
	ini_smtp "tls = starttls" "tls_ca_file = $BATS_FILE_TMPDIR/certs/ca.pem" \
		"user = joe" "password = $password" "${@:2}"
}

# As through, with settings in place of those that through makes.
setting() {
	sed -i "s|^$1 = .*|$1 = $2|" outtray.ini
	grep -q "^$1 = " outtray.ini
}

sendmail() {
	run timeout 60 nsenter --net="/proc/$(cat "$SMTP/ready")/ns/net" \
		"$SENDMAIL" "$@"
}

another() {
	[ "$(messages)" -gt "$sent" ]
}

# The new message at the far end, and its envelope.
arrived() {
	wait_until 30 another
	assert_equal $((sent + 1)) "$(messages)"
	message=$(message $((sent + 1)))
	# aiosmtpd's way on is Python's smtplib, which writes "mail FROM".
	envelope=$WORK/envelope
	sed 's/^mail /MAIL /; s/^rcpt /RCPT /' \
		"$(envelope $((sent + 1)))" >"$envelope"
}

# Nothing may come; what a server took it would have passed on by now, as
# the message that follows shows.
nothing_arrived() {
	ini_smtp "tls = starttls" "tls_ca_file = $BATS_FILE_TMPDIR/certs/ca.pem" \
		"user = joe" "password = $password"
	sendmail -i -f after@example.com after@example.net <<<'Subject: after'
	assert_status 0
	arrived
	has "$envelope" '^RCPT TO:<after@example.net>'
}

letter() {
	cat <<-'END'
	From: Me <me@example.com>
	To: you@example.net
	Cc: cc@example.net
	Bcc: hid@example.net
	Subject: a
	 folded subject

	.first
	..
	.
	last
	END
}

# The letter as it left: other fields may have been added by the servers.
assert_letter() {
	has "$envelope" '^MAIL FROM:<bounce@example.com>'
	has "$envelope" '^RCPT TO:<you@example.net>'
	has "$envelope" '^RCPT TO:<cc@example.net>'
	has "$envelope" '^RCPT TO:<hid@example.net>'
	assert_equal 4 "$(wc -l <"$envelope")"
	lacks "$message" '^Bcc|hid@example'
	has "$message" '^From: Me <me@example.com>$'
	has "$message" '^ folded subject$'
	has "$message" '^Message-ID: <.*>$'
	sed '1,/^\r$/d' "$message" |
		diff <(printf '.first\r\n..\r\n.\r\nlast\r\n') -
}

deliver() {
	sendmail -t -i -f bounce@example.com <<<"$(letter)"
	assert_status 0
	arrived
	assert_letter
}

implicit() {
	through "$1"
	setting tls implicit
	setting port 465
	deliver
}

refused_recipient() {
	through "$1"
	sendmail -i -f bounce@example.com refused@example.net you@example.net \
		<<<'Subject: x'
	assert_status 67
	assert_output_has refused@example.net
	assert_output_has "$2"
	arrived
	has "$envelope" '^RCPT TO:<you@example.net>'
	lacks "$envelope" 'refused@'
}

wrong_password() {
	through "$1"
	setting password guess
	sendmail -i you@example.net <<<'Subject: x'
	assert_status 77
	assert_output_has "$2"
	assert_output_lacks guess
	nothing_arrived
}

untrusted() {
	through "$1"
	setting tls_ca_file "$BATS_FILE_TMPDIR/certs/unknown-ca.pem"
	sendmail -i you@example.net <<<'Subject: x'
	[ "$status" -ne 0 ]
	assert_output_has certificate
	nothing_arrived
}

eight_bits() {
	through "$1"
	sendmail -i -f bounce@example.com you@example.net <<-END
	Subject: x
	MIME-Version: 1.0
	Content-Type: text/plain; charset=utf-8
	Content-Transfer-Encoding: 8bit

	Grüße
	END
	assert_status 0
	arrived
	sed '1,/^\r$/d' "$message" | diff <(printf 'Gr\303\274\303\237e\r\n') -
}

# Postfix -----------------------------------------------------------------

@test "Postfix: STARTTLS and login" {
	through postfix
	deliver
}

@test "Postfix: TLS from the start" {
	implicit postfix
}

@test "Postfix: a refused recipient is named, the other gets the mail" {
	refused_recipient postfix 'Access denied'
}

@test "Postfix: a wrong password is exit 77 and nothing is sent" {
	wrong_password postfix 535
}

@test "Postfix: an authority that is not trusted is no authority" {
	untrusted postfix
}

@test "Postfix: 8-bit text is passed on as it is" {
	eight_bits postfix
}

@test "Postfix, its logins checked by Dovecot: each mechanism" {
	local mechanism
	for mechanism in plain login cram-md5 scram-sha-1 scram-sha-256; do
		through postfix "auth = $mechanism"
		sendmail -v -t -i -f bounce@example.com <<<"$(letter)"
		assert_status 0
		assert_output_has "AUTH ${mechanism^^}"
		assert_output_lacks "$password"
		arrived
	done
}

@test "Postfix: auto takes the strongest mechanism" {
	through postfix
	sendmail -v -t -i -f bounce@example.com <<<"$(letter)"
	assert_status 0
	assert_output_has "AUTH SCRAM-SHA-256"
	arrived
}

@test "Postfix: -N, -R and -V reach the next server" {
	through postfix
	sendmail -i -f bounce@example.com -N failure,delay -R hdrs -V a+2Bb \
		you@example.net <<<'Subject: x'
	assert_status 0
	arrived
	has "$envelope" '^MAIL FROM:<bounce@example.com>.* RET=HDRS'
	has "$envelope" '^MAIL FROM:<bounce@example.com>.* ENVID=a\+2Bb'
	has "$envelope" '^RCPT TO:<you@example.net>.* NOTIFY=FAILURE,DELAY'
}

@test "Postfix: an address in UTF-8" {
	through postfix
	sendmail -i -f bounce@example.com 'jürgen@example.net' <<<'Subject: x'
	assert_status 0
	arrived
	grep -q 'SMTPUTF8' "$envelope"
	grep -q '^RCPT TO:<jürgen@example.net>' "$envelope"
}

@test "Postfix: a message over its size limit is not sent at all" {
	through postfix
	{ printf 'Subject: x\n\n'; yes | head -c 11000000; } >big
	sendmail -i -f bounce@example.com you@example.net <big
	[ "$status" -ne 0 ]
	[ "$status" -ne 75 ]
	assert_output_has 10240000
	nothing_arrived
}

@test "Postfix: 120 recipients" {
	through postfix
	# shellcheck disable=SC2046
	sendmail -i -f bounce@example.com \
		$(printf 'r%d@example.net\n' {1..120}) <<<'Subject: x'
	assert_status 0
	# Postfix passes on at most fifty at a time.
	wait_until 30 all_of 120
}

all_of() {
	local n files=()
	for ((n = sent + 1; n <= $(messages); n++)); do
		files+=("$(envelope "$n")")
	done
	[ "$(cat /dev/null "${files[@]}" | grep -c '^RCPT')" -eq "$1" ]
}

# Dovecot's submission service ----------------------------------------------

@test "Dovecot: STARTTLS and login" {
	through dovecot
	deliver
}

@test "Dovecot: TLS from the start" {
	implicit dovecot
}

@test "Dovecot: a refused recipient is named, the other gets the mail" {
	refused_recipient dovecot '5.1.1'
}

@test "Dovecot: a wrong password is exit 77 and nothing is sent" {
	wrong_password dovecot 535
}

# Exim ---------------------------------------------------------------------

@test "Exim: STARTTLS and login" {
	through exim
	deliver
}

@test "Exim: TLS from the start" {
	implicit exim
}

@test "Exim: a refused recipient is named, the other gets the mail" {
	refused_recipient exim 'refused by name'
}

@test "Exim: a wrong password is exit 77 and nothing is sent" {
	wrong_password exim 535
}

@test "Exim: an authority that is not trusted is no authority" {
	untrusted exim
}

@test "Exim: each mechanism" {
	local mechanism
	for mechanism in plain login cram-md5; do
		through exim "auth = $mechanism"
		sendmail -t -i -f bounce@example.com <<<"$(letter)"
		assert_status 0
		arrived
	done
}

@test "Exim: -N reaches the next server" {
	through exim
	sendmail -i -f bounce@example.com -N never you@example.net \
		<<<'Subject: x'
	assert_status 0
	arrived
	has "$envelope" '^RCPT TO:<you@example.net>.* NOTIFY=NEVER'
}

# OpenSMTPD ------------------------------------------------------------------

@test "OpenSMTPD: STARTTLS and login" {
	through opensmtpd
	deliver
}

@test "OpenSMTPD: TLS from the start" {
	implicit opensmtpd
}

@test "OpenSMTPD: a refused recipient is named, the other gets the mail" {
	refused_recipient opensmtpd 'Invalid recipient'
}

@test "OpenSMTPD: a wrong password is exit 77 and nothing is sent" {
	wrong_password opensmtpd 535
}

@test "OpenSMTPD: an authority that is not trusted is no authority" {
	untrusted opensmtpd
}

# aiosmtpd -------------------------------------------------------------------

@test "aiosmtpd: STARTTLS and login" {
	through aiosmtpd
	deliver
}

@test "aiosmtpd: TLS from the start" {
	implicit aiosmtpd
}

@test "aiosmtpd: a refused recipient is named, the other gets the mail" {
	refused_recipient aiosmtpd 'refused by name'
}

@test "aiosmtpd: a wrong password is exit 77 and nothing is sent" {
	wrong_password aiosmtpd 535
}
