#!/usr/bin/env bats
# Reports of delivery (RFC 3464), read by Python's email package.

load ../support/common

setup() {
	common_setup
	TZ=UTC "$BUILD/unit/mail/report_test" "$WORK"
}

# read_report NAME [WHAT]
read_report() {
	run "$PYTHON" "$TOP/tests/interop/report_fields.py" "$WORK/$1.eml" "${@:2}"
	assert_status 0
}

@test "a failure is a multipart/report of three parts with the fields of RFC 3464" {
	read_report failed
	assert_equal "multipart/report delivery-status
  text/plain 7bit
  message/delivery-status 7bit
    0 Original-Envelope-Id: QQ=1
    0 Reporting-MTA: dns; host.here.test
    0 X-Outtray-Queue-ID: 0123456789abcdef0123456789abcdef
    0 X-Outtray-Sender: rfc822; sender@here.test
    0 Arrival-Date: Tue, 25 Nov 2025 11:00:00 +0000
    1 Original-Recipient: rfc822; a+b@b.test
    1 Final-Recipient: rfc822; a@b.test
    1 Action: failed
    1 Status: 5.1.1
    1 Remote-MTA: dns; mx.test
    1 Diagnostic-Code: smtp; 550 5.1.1 nobody of that name
    1 Last-Attempt-Date: Tue, 25 Nov 2025 11:01:40 +0000
  text/rfc822-headers 7bit" "$output"
	read_report failed returned
	assert_equal "Subject: s
To: a@b.test" "$(plain <<< "$output")"
}

@test "the part for people says who, where, the server's words and what to do" {
	read_report failed text
	assert_output_has "<a@b.test>"
	assert_output_has "mx.test[192.0.2.1]:587"
	assert_output_has "550 5.1.1 nobody of that name"
	assert_output_has "permanent"
	assert_output_has "a mistake in the address"
}

@test "recipients whose mail waits and whose was handed on have groups of their own" {
	read_report others
	assert_equal "    1 Original-Recipient: rfc822; a+b@b.test
    1 Final-Recipient: rfc822; a@b.test
    1 Action: delayed
    1 Status: 4.0.0
    1 Diagnostic-Code: x-outtray; the connection was lost while the server was to answer, and it was lost once more
    1 Last-Attempt-Date: Tue, 25 Nov 2025 11:01:40 +0000
    1 Will-Retry-Until: Sun, 30 Nov 2025 11:00:00 +0000
    2 Original-Recipient: rfc822; a+b@b.test
    2 Final-Recipient: rfc822; a@b.test
    2 Action: relayed
    2 Status: 2.1.5
    2 Remote-MTA: dns; mx.test
    2 Diagnostic-Code: smtp; 250 2.1.5 nobody of that name
    2 Last-Attempt-Date: Tue, 25 Nov 2025 11:01:40 +0000" "$(grep '^    [12]' <<< "$output")"
	[[ $output != *defect* ]] || fail "$output"
}

@test "hostile words, addresses and headers make no field, no part and no recipient" {
	read_report hostile
	assert_equal "multipart/report delivery-status
  text/plain 7bit
  message/delivery-status 7bit
    0 Reporting-MTA: dns; host.here.test
    0 X-Outtray-Queue-ID: 0123456789abcdef0123456789abcdef
    0 X-Outtray-Sender: rfc822; s@here.test
    0 Arrival-Date: Tue, 25 Nov 2025 11:00:00 +0000
    1 Final-Recipient: rfc822; \"a b\"@b.test
    1 Action: failed
    1 Status: 5.0.0
    1 Diagnostic-Code: smtp; 550 no Final-Recipient: rfc822; v@evil.test Action: delivered --=_0123456789abcdef0123456789abcdeff000_0-- x
    1 Last-Attempt-Date: Tue, 25 Nov 2025 11:01:40 +0000
  text/rfc822-headers quoted-printable" "$output"
	read_report hostile header
	assert_equal "Date
From
To
Subject
Message-ID
Auto-Submitted
MIME-Version
Content-Type
Content-Transfer-Encoding" "$output"
	lacks "$WORK/hostile.eml" '^X-Evil|X-Evil: dsn'
	lacks "$WORK/hostile.eml" $'\e'
}

@test "a header that could not go as it stands comes back byte for byte" {
	"$PYTHON" "$TOP/tests/interop/report_fields.py" "$WORK/hostile.eml" returned \
		> "$WORK/returned"
	printf 'Subject: s\r\nX: \e[2J\r\n\r\n%s\r\nContent-Type: text/html\r\n\r\n<b>\nA: b\r\r\n%s--\r\n' \
		--=_0123456789abcdef0123456789abcdeff000_0 \
		--=_0123456789abcdef0123456789abcdeff000_0 > "$WORK/sent"
	same "$WORK/returned" < "$WORK/sent"
}

@test "the whole message comes back as it was" {
	read_report whole
	assert_output_has "  message/rfc822 8bit"
	[[ $output != *defect* ]] || fail "$output"
	"$PYTHON" "$TOP/tests/interop/report_fields.py" "$WORK/whole.eml" returned \
		> "$WORK/returned"
	printf 's|a@b.test\ngr\xc3\xbc\xc3\x9fe\r\n--\r\n.\r\n' > "$WORK/sent"
	same "$WORK/returned" < "$WORK/sent"
}

@test "a UTF-8 address is escaped in 7 bits, and itself in 8" {
	read_report utf8-in-7bit
	assert_output_has "multipart/report delivery-status"
	assert_output_has '1 Final-Recipient: utf-8; a\x{E4}@b.test'
	assert_output_has "  text/rfc822-headers quoted-printable"
	read_report utf8
	assert_output_has "multipart/report global-delivery-status"
	assert_output_has "  message/global-delivery-status 8bit"
	assert_output_has $'1 Final-Recipient: utf-8; a\xc3\xa4@b.test'
	assert_output_has "1 Action: failed"
	assert_output_has "  message/global-headers 8bit"
	[[ $output != *defect* ]] || fail "$output"
	read_report utf8 returned
	assert_equal $'\xc3\xa4' "$output"
	read_report utf8 text
	assert_output_has $'<a\xc3\xa4@b.test>'
}

@test "a report goes to a server as it is, from the null sender" {
	smtpd
	ini_smtp
	run "$SENDMAIL" -i -f '<>' -N never sender@here.test < "$WORK/whole.eml"
	assert_status 0
	# Received: takes the first two lines.
	tail -n +3 "$(message)" > "$WORK/behind_received"
	same "$WORK/behind_received" < "$WORK/whole.eml"
	has "$SMTP/dialog" "C MAIL FROM:<>"
}
