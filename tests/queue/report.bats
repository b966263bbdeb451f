#!/usr/bin/env bats
# What a sender hears of a mail that could not be delivered.

load ../support/common
load queue

mail() { printf 'Subject: a question\nX-Mine: 1\n\nthe body\n'; }

@test "the sender gets a report, once, from nobody, and the message is kept" {
	spool
	smtpd '{"answers": {"rcpt b@x.test": "550 5.1.1 nobody of that name"}}'
	ini_smtp
	submit -f from@x.test a@x.test b@x.test < <(mail)
	once
	assert_status 0
	assert_output_has "$ID: sender non-delivery notification: ${ID}f0"
	assert_equal 2 "$(messages)"
	has "$(envelope 2)" '^MAIL FROM:<>'
	has "$(envelope 2)" '^RCPT TO:<from@x.test>'
	has "$(message 2)" '^Content-Type: multipart/report'
	has "$(message 2)" '^Final-Recipient: rfc822; ?b@x.test'
	has "$(message 2)" '^Action: failed'
	has "$(message 2)" '^Status: 5.1.1'
	has "$(message 2)" 'nobody of that name'
	has "$(message 2)" '^Subject: a question'
	lacks "$(message 2)" 'a@x.test is'
	lacks "$(message 2)" '^the body'
	assert_equal 1 "$(failed)"
	nothing_waits
}

@test "-R full returns the body, -N never and the null sender get nothing" {
	spool
	smtpd '{"answers": {"rcpt b@x.test": "550 5.1.1 no"}}'
	ini_smtp
	submit -R full -f from@x.test b@x.test < <(mail)
	once
	assert_status 0
	has "$(message 1)" '^the body'
	submit -N never -f from@x.test b@x.test < <(mail)
	submit -f '<>' b@x.test < <(mail)
	once
	assert_status 0
	assert_equal 1 "$(messages)"
	assert_equal 3 "$(failed)"
}

@test "a report that is refused makes no other" {
	spool
	smtpd '{"answers": {"rcpt": "550 5.1.1 no"}}'
	ini_smtp
	submit -f from@x.test b@x.test < <(mail)
	once
	assert_status 0
	assert_equal 0 "$(messages)"
	assert_equal 2 "$(failed)"
	ls "$SPOOL/failed/$ID"f*.reason
	nothing_waits
}

@test "a report that has to wait is sent later" {
	spool
	smtpd '{"answers": {"rcpt b@x.test": "550 5.1.1 no"},
		"sessions": [{}, {"answers": {"rcpt from@x.test": "450 4.2.1 later"}},
		{"answers": {}}]}'
	ini_smtp
	submit -f from@x.test b@x.test < <(mail)
	once
	assert_status 75
	assert_equal 1 "$(waiting)"
	once --now
	assert_status 0
	assert_equal from@x.test "$(got)"
}

@test "six hundred refused recipients are told of in two reports" {
	spool
	smtpd '{"answers": {"mail": [null]}, "sessions": [
		{"answers": {"rcpt": "550 5.1.1 no"}}, {}]}'
	ini_smtp
	submit -f from@x.test $(seq -f 'r%g@x.test' 600) < <(mail)
	once
	assert_status 0
	assert_equal 2 "$(messages)"
	assert_equal 600 "$(cat "$(message 1)" "$(message 2)" | grep -c '^Final-Recipient:')"
	assert_equal "" "$(cat "$(message 1)" "$(message 2)" |
		grep '^Final-Recipient:' | sort | uniq -d)"
}
