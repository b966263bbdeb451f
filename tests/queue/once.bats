#!/usr/bin/env bats
# outtrayd --once: what waits in the queue is sent, once each, and nobody twice.

load ../support/common
load queue

mail() { printf 'Subject: %s\n\nhi\n.\nend\n' "${1:-s}"; }

@test "what waits is sent, and nothing of it stays" {
	spool
	smtpd '{}'
	ini_smtp
	submit a@x.test b@x.test < <(mail)
	once
	assert_status 0
	assert_output_has "$ID: to=<a@x.test>, relay=[127.0.0.1]:$PORT, delay="
	assert_output_has "status=sent (dot: 250 "
	assert_output_has "$ID: removed"
	assert_equal 1 "$(messages)"
	assert_equal "a@x.test b@x.test" "$(got | xargs)"
	has "$(message)" '^end$'
	nothing_waits
	assert_equal "" "$(ls "$SPOOL/queue" "$SPOOL/failed" | grep -E 'log|eml')"
}

@test "the oldest goes first" {
	spool
	smtpd '{}'
	ini_smtp 'max_connections = 1'
	for i in 1 2 3 4 5; do
		submit "r$i@x.test" < <(mail "$i")
	done
	once
	assert_status 0
	assert_equal "1 2 3 4 5" "$(for i in 1 2 3 4 5; do
		sed -n 's/^Subject: //p' "$(message "$i")"
	done | tr -d '\r' | xargs)"
}

@test "a server that is down changes no message, and gets them when it is up" {
	spool
	server_down
	ini_smtp
	for i in 1 2 3; do
		submit "r$i@x.test" < <(mail)
	done
	once
	assert_status 75
	assert_output_has "the server takes nothing now"
	assert_output_has "3 of the queue's messages wait"
	assert_equal 1 "$(grep -c 'takes nothing now' "$LOG")"
	assert_equal "" "$(ls "$SPOOL/queue" | grep log)"
	smtpd '{}'
	ini_smtp
	once
	assert_status 0
	assert_equal "r1@x.test r2@x.test r3@x.test" "$(got | xargs)"
	nothing_waits
}

@test "who was put off is tried again, and nobody who was sent to" {
	spool
	smtpd '{"sessions": [{"answers": {"rcpt b@x.test": "451 4.2.1 later"}}, {}]}'
	ini_smtp
	submit -N failure -R hdrs a@x.test b@x.test c@x.test < <(mail)
	once
	assert_status 75
	assert_output_has "to=<b@x.test>"
	assert_output_has "dsn=4.2.1, status=deferred (RCPT: 451 later)"
	assert_equal "a@x.test c@x.test" "$(got | xargs)"
	assert_equal 3 "$(journal | grep -cE '^[0-9]+ (sent [02]|later 1) ')"
	once		# it is not due yet
	assert_status 75
	assert_equal 1 "$(messages)"
	once --now
	assert_status 0
	assert_equal 2 "$(messages)"
	assert_equal "a@x.test b@x.test c@x.test" "$(got | xargs)"
	cmp "$(message 1)" "$(message 2)"
	nothing_waits
}

@test "who was refused is not tried again, and the message goes to failed with its reason" {
	spool
	smtpd '{"sessions": [{"answers": {
		"rcpt b@x.test": "550 5.1.1 nobody of that name",
		"rcpt c@x.test": "450 4.2.1 later"}}, {}]}'
	ini_smtp
	submit -f from@x.test a@x.test b@x.test c@x.test < <(mail)
	once
	assert_status 75
	assert_output_has "dsn=5.1.1, status=bounced (RCPT: 550 nobody of that name)"
	assert_equal 0 "$(failed)"
	once --now
	assert_status 0
	assert_equal "a@x.test c@x.test from@x.test" "$(got | xargs)"
	assert_equal 1 "$(client | grep -c 'RCPT TO:<b@x.test>')"
	assert_equal 1 "$(failed)"
	[ -f "$SPOOL/failed/$ID.eml" ]
	has "$SPOOL/failed/$ID.reason" '^From: <from@x.test>$'
	has "$SPOOL/failed/$ID.reason" '^To: <b@x.test>, number 1, was refused$'
	has "$SPOOL/failed/$ID.reason" 'nobody of that name'
	nothing_waits
	assert_equal "" "$(ls "$SPOOL/queue" | grep log)"
}

@test "what failed can be put back as its reason says" {
	spool
	smtpd '{"sessions": [{"answers": {"dot": "554 5.6.0 not today"}}, {}]}'
	ini_smtp
	submit -f '<>' a@x.test < <(mail)
	once
	assert_status 0
	assert_equal 1 "$(failed)"
	bash -e -c "$(sed -n 's/^\tmv /mv /p' "$SPOOL/failed/$ID.reason")"
	once
	assert_status 0
	assert_equal 1 "$(messages)"
	assert_equal 0 "$(failed)"
}

@test "who is put off for longer than the lifetime is given up" {
	spool
	smtpd '{"answers": {"rcpt": "451 4.2.1 later"}}'
	ini_smtp
	submit -f '<>' a@x.test < <(mail)
	OUTTRAY_QUEUE_LIFETIME=30m once
	assert_status 75
	# The first try was an hour ago.
	sed -i "s/^[0-9]*/$(($(date +%s) - 3600))/" "$SPOOL"/queue/*.log
	OUTTRAY_QUEUE_LIFETIME=30m once --now
	assert_status 0
	assert_output_has "status=bounced (RCPT: 451 given up after 36"
	assert_equal 1 "$(failed)"
}

@test "a refused login stops the server and keeps all mail" {
	spool
	smtpd '{"auth": ["PLAIN"], "users": {"joe": "right"}}'
	ini_smtp 'user = joe' 'password = wrong' 'allow_plaintext_auth = yes'
	submit a@x.test < <(mail)
	submit b@x.test < <(mail)
	once
	assert_status 75
	assert_output_has "the server cannot be used"
	assert_output_lacks wrong
	assert_equal 1 "$(client | grep -c AUTH)"
	assert_equal 2 "$(waiting)"
	assert_equal "" "$(ls "$SPOOL/queue" | grep log)"
}

@test "where the log cannot be written at once nobody is forgotten" {
	spool
	smtpd '{"sessions": [{"answers": {"rcpt b@x.test": "451 4.2.1 later"}}, {}]}'
	ini_smtp
	submit a@x.test b@x.test < <(mail)
	run strace -qq -o trace -e trace=openat,fdatasync \
		-e inject=fdatasync:error=ENOSPC:when=1 "$OUTTRAYD" --once
	assert_status 75
	assert_output_has "$ID: syncing a file: "
	grep -q 'fdatasync.*INJECTED' trace
	once --now
	assert_status 0
	assert_equal "a@x.test b@x.test" "$(got | xargs)"
}

@test "where the log can never be written it is said that some may get the mail twice" {
	spool
	smtpd '{"answers": {"rcpt b@x.test": "451 4.2.1 later"}}'
	ini_smtp
	submit a@x.test b@x.test < <(mail)
	run bash -c 'ulimit -f 0; exec "$@"' - "$OUTTRAYD" --once
	assert_status 75
	assert_output_has "$ID: what became of it could not be written down: some may get it twice"
	assert_equal 1 "$(waiting)"
}

@test "421 in a transaction is the server's trouble, and does not hold up the next mail" {
	spool
	smtpd '{"answers": {"rcpt a@x.test": "421 4.3.2 closing"}}'
	ini_smtp 'max_connections = 1'
	submit a@x.test < <(mail)
	submit b@x.test < <(mail)
	daemon
	wait_until 60 accepted 1
	assert_equal b@x.test "$(got)"
	assert_equal "" "$(ls "$SPOOL/queue" | grep log)"
	assert_equal 1 "$(waiting)"
}

@test "a message that is larger than our memory is sent" {
	if nm -D "$OUTTRAYD" | grep -q __asan_init; then
		skip "a sanitizer's build takes more memory by far"
	fi
	spool
	smtpd '{"sessions": [{"answers": {"rcpt b@x.test": "451 4.2.1 later"}}, {}]}'
	ini_smtp
	export OUTTRAY_MAX_SIZE=100M
	{
		mail
		yes "$(printf '%0900d' 0)" | head -c 60000000
	} >"$WORK/large"
	submit a@x.test b@x.test <"$WORK/large"
	run bash -c 'ulimit -v 40000; exec "$@"' - "$OUTTRAYD" --once
	assert_status 75
	run bash -c 'ulimit -v 40000; exec "$@"' - "$OUTTRAYD" --once --now
	assert_status 0
	assert_equal 2 "$(messages)"
	cmp "$(message 1)" "$(message 2)"
	[ "$(stat -c %s "$(message 1)")" -gt 60000000 ]
}

said() { [ "$(client | grep -c "$1")" -ge "$2" ]; }

@test "a message on which the agent dies is set aside after three tries, and holds up nothing" {
	spool
	smtpd '{"answers": {"rcpt a@x.test": {"then": "hang"}}}'
	ini_smtp
	export OUTTRAY_QUEUE_RETRY=1s
	submit a@x.test < <(mail)
	submit b@x.test < <(mail)
	daemon
	for try in 1 2 3; do
		wait_until 60 said 'RCPT TO:<a@x.test>' "$try"
		if [ "$try" = 2 ]; then
			wait_until 60 accepted 1
		fi
		pkill -SEGV -P "$DAEMON" -x outtray-smtp
	done
	wait_until 60 nothing_waits
	assert_equal b@x.test "$(got)"
	assert_equal 1 "$(failed)"
	has "$(echo "$SPOOL"/failed/*.reason)" '^Reason: the delivery agent died on it$'
}
