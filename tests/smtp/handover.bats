#!/usr/bin/env bats
# What sendmail makes of a server's answers: exit status, words, and where
# the mail is afterwards.

load ../support/common

# send SCRIPT [ini lines of [smtp]...]: one message to three recipients.
send() {
	smtpd "$1"
	ini_smtp "${@:2}"
	run "$SENDMAIL" -i a@x.test b@x.test c@x.test < <(printf 'Subject: s\n\nhi\n.\nend\n')
}

# A queue: [outtray] and [smtp] stand in the file already.
with_queue() {
	mkdir -p "$WORK/spool/incoming"
	export OUTTRAY_QUEUE_DIRECTORY=$WORK/spool
}

queued() { ls "$WORK/spool/incoming" | wc -l; }
queued_file() { echo "$WORK"/spool/incoming/*.eml; }

# The name promises the size, and the file keeps the promise.
assert_whole() {
	local file
	file=$(queued_file)
	[[ $file =~ ,S=([0-9]+)\.eml$ ]] || fail "$file has no size"
	assert_equal "${BASH_REMATCH[1]}" "$(stat -c %s "$file")"
}

@test "a message that the server takes exits 0 and leaves nothing behind" {
	with_queue
	send '{}'
	assert_status 0
	assert_equal 1 "$(messages)"
	assert_equal 0 "$(queued)"
	has "$(message)" '^end$'
	has "$(message)" '^\.$'
}

@test "a refused recipient is named, the others get the mail, and sendmail exits 67" {
	send '{"answers": {"rcpt b@x.test": "550 5.1.1 nobody of that name"}}'
	assert_status 67
	assert_equal 1 "$(messages)"
	assert_output_has "<b@x.test>"
	assert_output_has "550 5.1.1 nobody of that name"
	assert_output_has "permanent"
	assert_output_has "other 2 of 3"
	lacks "$(envelope)" 'b@x.test'
}

@test "all recipients refused: 67; the sender or the message refused: 69" {
	send '{"answers": {"rcpt": "550 5.1.1 no"}}'
	assert_status 67
	assert_equal 0 "$(messages)"
	send '{"answers": {"mail": "550 5.7.1 not you"}}'
	assert_status 69
	assert_output_has "not you"
	send '{"answers": {"dot": "554 5.6.0 no such words"}}'
	assert_status 69
	assert_output_has "no such words"
}

@test "each temporary failure is queued with exit 0 where there is a queue" {
	with_queue
	local answer
	while read -r answer; do
		rm -f "$WORK"/spool/incoming/*
		send "{\"answers\": {$answer}}"
		assert_status 0
		assert_output_has "queued as"
		assert_output_has "temporary"
		assert_equal 1 "$(queued)"
		assert_whole
		assert_equal 'X-Sender: <root@here.test>
X-Receiver: <a@x.test>
X-Receiver: <b@x.test>
X-Receiver: <c@x.test>' "$(eml_envelope "$(queued_file)" | plain)"
		has "$(queued_file)" '^end$'
		stop_background
	done <<-'END'
	"greeting": "421 4.3.2 busy"
	"greeting": {"then": "close"}
	"connect": {"then": "reset"}
	"mail": "432 4.3.2 too many connections"
	"mail": "421 4.7.0 slow down"
	"rcpt": "450 4.7.1 greylisted"
	"rcpt": "451 4.3.0 later"
	"data": "451 4.3.0 later"
	"data": {"then": "close"}
	"dot": "454 4.3.0 throttled"
	END
}

@test "without a queue a temporary failure is 69 and says that nothing was kept" {
	send '{"answers": {"mail": "451 4.3.0 later"}}'
	assert_status 69
	assert_output_has "nothing was kept"
	assert_output_has "451 4.3.0 later"
	assert_output_has "uid $(id -u)"
}

@test "tempfail_exit is the status of a mail that nobody holds" {
	export OUTTRAY_TEMPFAIL_EXIT=75
	send '{"answers": {"mail": "451 4.3.0 later"}}'
	assert_status 75
}

@test "nobody listens: queued where there is a queue, 69 where not" {
	send '{}'
	stop_background
	run "$SENDMAIL" a@x.test <<<hi
	assert_status 69
	assert_output_has "refused"
	with_queue
	run "$SENDMAIL" a@x.test <<<hi
	assert_status 0
	assert_equal 1 "$(queued)"
}

@test "who was put off waits in the queue, who was refused is named, who was sent to is not in it" {
	with_queue
	send '{"answers": {"rcpt a@x.test": "550 5.1.1 no", "rcpt b@x.test": "451 4.7.1 greylisted"}}'
	assert_status 67
	assert_equal 1 "$(messages)"
	assert_equal 1 "$(queued)"
	assert_whole
	assert_equal 'X-Receiver: <b@x.test>' "$(eml_envelope "$(queued_file)" | plain | sed 1d)"
	has "$(queued_file)" '^end$'
	# The same message but for the envelope.
	assert_equal "$(plain <"$(message)" | md5sum)" \
		"$(eml_message "$(queued_file)" | plain | md5sum)"
}

@test "a connection lost behind the final dot is not a delivery, and may arrive twice" {
	send '{"answers": {"dot": {"then": "close"}}}'
	assert_status 69
	assert_output_has "twice"
	with_queue
	send '{"answers": {"dot": {"then": "close"}}}'
	assert_status 0
	assert_output_has "twice"
	assert_equal 1 "$(queued)"
}

@test "a silent server costs the deadline and no more" {
	local step start
	for step in connect greeting ehlo mail rcpt data; do
		export OUTTRAY_DEADLINE=2s
		smtpd "{\"answers\": {\"$step\": {\"then\": \"hang\"}}}"
		ini_smtp
		start=$SECONDS
		run timeout 60 "$SENDMAIL" a@x.test <<<hi
		assert_status 69
		[ $((SECONDS - start)) -le 4 ] || fail "$step took $((SECONDS - start)) s"
		stop_background
	done
}

@test "no answer to the dot by the deadline: queued, and taken out again when it comes" {
	with_queue
	export OUTTRAY_DEADLINE=1s
	send '{"answers": {"dot": [{"delay": 3, "say": "250 2.0.0 at last"}]}}'
	assert_status 0
	assert_output_has "has not answered yet"
	assert_equal 1 "$(queued)"
	assert_whole
	# Locked, so that no runner sends it a second time.
	run flock -n "$(queued_file)" true
	assert_status 1
	gone() { [ "$(queued)" -eq 0 ]; }
	wait_until 20 gone
}

@test "a descriptor that the caller has left open is not held, least of all by who stays for the answer" {
	with_queue
	export OUTTRAY_DEADLINE=1s
	smtpd '{"answers": {"dot": [{"delay": 8, "say": "250 2.0.0 at last"}]}}'
	ini_smtp
	run timeout 60 "$PYTHON" - "$SENDMAIL" <<-'END'
	import os, subprocess, sys, time
	theirs, leaked = os.pipe()
	subprocess.run([sys.argv[1], "a@x.test"], input=b"Subject: s\n\nhi\n",
	               pass_fds=[leaked], check=True)
	os.close(leaked)
	start = time.monotonic()
	assert os.read(theirs, 1) == b""
	print("held", time.monotonic() - start < 3 and "by nobody" or "by somebody")
	END
	assert_status 0
	assert_output_has "held by nobody"
	assert_equal 1 "$(queued)"
}

@test "no answer to the dot by the deadline, then a 451 or a 554: what was said to be kept stays queued" {
	local answer
	unlocked() { [ "$(queued)" -eq 0 ] || flock -n "$(queued_file)" true; }
	for answer in '451 4.3.0 not yet' '554 5.6.0 no such words'; do
		with_queue
		export OUTTRAY_DEADLINE=1s
		send "{\"answers\": {\"dot\": [{\"delay\": 2, \"say\": \"$answer\"}]}}"
		assert_status 0
		assert_equal 1 "$(queued)"
		wait_until 20 unlocked
		assert_equal 1 "$(queued)"
		assert_whole
		assert_equal 3 "$(grep -c '^X-Receiver' "$(queued_file)")"
		rm -rf "$WORK/spool"
		stop_background
	done
}

@test "no answer to the dot by the deadline and no queue: it is waited for" {
	export OUTTRAY_DEADLINE=1s
	send '{"answers": {"dot": [{"delay": 3, "say": "250 2.0.0 at last"}]}}'
	assert_status 0
	assert_equal 1 "$(messages)"
}

@test "delivery = queue and -odq put it into the queue without asking the server" {
	with_queue
	smtpd '{}'
	ini_smtp
	run "$SENDMAIL" -odq a@x.test <<<hi
	assert_status 0
	export OUTTRAY_DELIVERY=queue
	run "$SENDMAIL" b@x.test <<<hi
	assert_status 0
	assert_equal 2 "$(queued)"
	assert_equal '' "$(dialog)"
}

@test "a queue that cannot be written is said at once, and never with 75" {
	local start=$SECONDS
	send '{}'
	stop_background
	mkdir spool
	touch spool/incoming
	export OUTTRAY_QUEUE_DIRECTORY=$WORK/spool
	run "$SENDMAIL" a@x.test <<<hi
	assert_status 69
	assert_output_has "nothing was kept: sendmail (uid $(id -u)) cannot create a file in $WORK/spool/incoming: $WORK/spool/incoming is not a folder"
	run "$SENDMAIL" -odq a@x.test <<<hi
	assert_status 73
	assert_output_has "spool/incoming is not a folder"
	[ $((SECONDS - start)) -lt 10 ] || fail "it took too long"
}

@test "delivery = queue without a queue is an error that names the folder" {
	smtpd '{}'
	ini_smtp
	export OUTTRAY_DELIVERY=queue OUTTRAY_QUEUE_DIRECTORY=$WORK/nowhere
	run "$SENDMAIL" a@x.test <<<hi
	assert_status 73
	assert_output_has "$WORK/nowhere"
}

@test "a message too large for memory goes to a temporary folder that can be written, or all are named" {
	smtpd '{}'
	ini_smtp
	run bash -c '{ printf "\n"; yes | head -c 300000; } | TMPDIR=/nonexistent "$SENDMAIL" a@x.test'
	assert_status 0
	assert_equal 1 "$(messages)"
}

@test "the DSN options go out where the server offers DSN, and only there" {
	smtpd '{"caps": ["PIPELINING", "DSN"]}'
	ini_smtp
	run "$SENDMAIL" -N failure,delay -R hdrs -V id+2B7 a@x.test <<<hi
	assert_status 0
	has "$(envelope)" 'RET=HDRS'
	has "$(envelope)" 'ENVID=id\+2B7'
	has "$(envelope)" 'NOTIFY=(FAILURE,DELAY|DELAY,FAILURE) ORCPT=rfc822;a@x.test'
	smtpd '{}' second
	ini_smtp
	run "$SENDMAIL" -N failure -V id a@x.test <<<hi
	assert_status 0
	lacks "$(envelope)" 'NOTIFY|ENVID'
}

@test "a quoted recipient goes out in its quotes, and in ORCPT as xtext" {
	smtpd '{"caps": ["PIPELINING", "DSN"]}'
	ini_smtp
	run "$SENDMAIL" -N never '"john doe"@x.test' '"a+b="@x.test' <<<hi
	assert_status 0
	has "$(envelope)" '^RCPT TO:<"john doe"@x\.test> NOTIFY=NEVER ORCPT=rfc822;"john\+20doe"@x\.test$'
	has "$(envelope)" '^RCPT TO:<("a\+b="|a\+b=)@x\.test> NOTIFY=NEVER ORCPT=rfc822;("a\+2Bb\+3D"|a\+2Bb\+3D)@x\.test$'
}

@test "-bs passes the server's refusal on" {
	smtpd '{"answers": {"rcpt": "550 5.1.1 nobody"}}'
	ini_smtp
	run "$SENDMAIL" -bs < <(printf 'EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n')
	assert_status 0
	assert_output_has "554 5.0.0"
	assert_output_has "550 5.1.1 nobody"
}

@test "a signal behind the server's answer does not make a sent or queued mail look lost" {
	will_be_traced
	local answer
	for answer in '"quit": {"then": "hang"}' '"mail": "451 4.3.0 later"'; do
		with_queue
		smtpd "{\"answers\": {$answer}}"
		ini_smtp
		# The first two writes are the message and the job.
		run strace -o trace -e trace=write -e inject=write:signal=TERM:when=3+ \
			"$SENDMAIL" a@x.test <<<hi
		[ "$(grep -c '^write(2' trace)" -ge 1 ] || fail "$(cat trace)"
		assert_status 0
		stop_background
	done
}

@test "no agent can be started: queued and in the log where there is a queue, whatever signal comes, 71 where not" {
	will_be_traced
	with_queue
	smtpd '{}'
	ini_smtp
	export OUTTRAY_LOG=$WORK/mail.log
	run strace -o trace -e trace=write,clone,clone3,vfork \
		-e inject=clone,clone3,vfork:error=EAGAIN \
		-e inject=write:signal=TERM:when=2+ "$SENDMAIL" a@x.test <<<hi
	[ "$(grep -c '^write' trace)" -ge 2 ] || fail "$(cat trace)"
	assert_status 0
	assert_output_has "queued as"
	assert_equal 1 "$(queued)"
	has mail.log 'status=deferred .*cannot start .*; queued as '
	rm -r "$WORK/spool"
	run strace -o trace -e trace=clone,clone3,vfork \
		-e inject=clone,clone3,vfork:error=EAGAIN "$SENDMAIL" a@x.test <<<hi
	assert_status 71
	assert_output_has "nothing was kept"
	has mail.log 'status=failed .*cannot start '
}

@test "-bs: sent to one and put off for another is no answer that asks for all of it again" {
	local session='EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nRCPT TO:<e@f.test>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n'
	smtpd '{"answers": {"rcpt e@f.test": "451 4.7.1 greylisted"}}'
	ini_smtp
	run "$SENDMAIL" -bs < <(printf "$session")
	assert_status 0
	assert_equal 1 "$(messages)"
	assert_output_has "554 5.0.0 not for all: sent to 1, kept for 0; <e@f.test>: "
	assert_output_has "451 4.7.1 greylisted"
	# Nobody got it: then it may be sent again.
	smtpd '{"answers": {"rcpt": "451 4.7.1 greylisted"}}' second
	ini_smtp
	run "$SENDMAIL" -bs < <(printf "$session")
	assert_output_has $'\n451 4.3.0 <c@d.test>'
	# With a queue everybody is served.
	with_queue
	smtpd '{"answers": {"rcpt e@f.test": "451 4.7.1 greylisted"}}' third
	ini_smtp
	run "$SENDMAIL" -bs < <(printf "$session")
	assert_output_has $'\n250 2.0.0 Ok: kept as'
	assert_equal 1 "$(queued)"
}

@test "a line that names five recipients with long addresses is said whole" {
	local local_part i names=()
	local_part=$(head -c 850 /dev/zero | tr '\0' x)
	for i in 1 2 3 4 5 6; do
		names+=("$local_part$i@x.test")
	done
	smtpd '{"answers": {"rcpt": "550 5.1.1 nobody of that name"}}'
	ini_smtp
	run "$SENDMAIL" "${names[@]}" <<<hi
	assert_status 67
	assert_output_has "sendmail: <${names[0]}>, "
	assert_output_has "<${names[4]}> and 1 more: "
	assert_output_has "550 5.1.1 nobody of that name (permanent; not kept; uid $(id -u))"
}

@test "1,200 recipients for a server that takes 100 at once: each gets it once" {
	smtpd '{"rcpt_limit": 100}'
	ini_smtp
	export OUTTRAY_MAX_RECIPIENTS=1200
	run "$SENDMAIL" -t < <(printf 'To: r0@x.test'; printf ',\n r%d@x.test' {1..1199}
		printf '\nSubject: s\n\nhi\n')
	assert_status 0
	assert_equal 12 "$(messages)"
	assert_equal 1200 "$(cat "$SMTP"/*.envelope | grep -c '^RCPT')"
	assert_equal 1200 "$(cat "$SMTP"/*.envelope | grep '^RCPT' | sort -u | wc -l)"
}
