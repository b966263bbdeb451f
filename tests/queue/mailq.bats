#!/usr/bin/env bats
# mailq, sendmail -bp: what waits, in the layout that monitors read.

load ../support/common
load queue

mail() { printf 'Subject: s\n\nhi\n'; }
list() { run "$SENDMAIL" -bp; }

@test "a queue without mail is empty, and so is one that is not there" {
	spool
	ini_pickup
	list
	assert_status 0
	assert_equal "Mail queue is empty" "$output"
	export OUTTRAY_QUEUE_DIRECTORY=$WORK/absent
	list
	assert_status 0
	assert_equal "Mail queue is empty" "$output"
}

@test "what nobody has tried yet is listed with its sender and recipients" {
	spool
	server_down
	ini_smtp
	submit -f joe@here.test a@x.test b@x.test < <(mail)
	local size=$(stat -c %s "$SPOOL"/incoming/*.eml)
	list
	assert_status 0
	[[ ${lines[0]} == "-Queue ID-"*"--Size--"*"-Sender/Recipient-"* ]] || fail "$output"
	[[ ${lines[1]} =~ ^$ID\ +$size\ [A-Z][a-z]{2}\ [A-Z][a-z]{2}\ [\ 0-9][0-9]\ [0-9:]{8}\ joe@here\.test$ ]] ||
		fail "$output"
	assert_equal "a@x.test b@x.test" "$(xargs <<<"${lines[2]} ${lines[3]}")"
	assert_equal "-- 1 Kbytes in 1 Request." "${lines[-1]}"
}

@test "who has the mail is left out, and why the others wait is said" {
	spool
	smtpd '{"answers": {"rcpt": ["250 ok", "451 4.2.1 the box is full"]}}'
	ini_smtp
	submit -f '' a@x.test b@x.test < <(mail)
	once
	assert_status 75
	submit c@x.test < <(mail)
	list
	assert_status 0
	assert_output_has " MAILER-DAEMON"
	assert_output_lacks a@x.test
	assert_output_has "([127.0.0.1]:$PORT: RCPT: 451 the box is full)"
	assert_output_has "                b@x.test"
	assert_output_has "in 2 Requests."
}

@test "a mail that is on its way is marked, and is not disturbed" {
	spool
	server_down
	ini_smtp
	submit a@x.test < <(mail)
	exec 8<"$SPOOL/incoming/$(ls "$SPOOL/incoming")"
	flock 8
	list
	assert_output_has "$ID*"
	flock -u 8
	list
	assert_output_lacks "$ID*"
	assert_equal 1 "$(waiting)"
}

@test "somebody else is told that he may not see it" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	spool
	server_down
	ini_smtp
	chmod 0644 "$OUTTRAY_CONFIG"
	submit a@x.test < <(mail)
	run setpriv --reuid 54321 --regid 54321 --clear-groups "$SENDMAIL" -bp
	assert_status 77
	assert_output_has "run it as root or as the owner of the queue"
}
