#!/usr/bin/env bats
# The connection is lost at each step, with small and with large messages.

load agent

@test "a loss before the dot is later, behind it unsure, and never sent" {
	cases "$BATS_TEST_DIRNAME/losses.cases"
}

large_mail() {
	mail ann@here.test joe@there.test < <(printf 'Subject: large\n\n'
		yes 'a line of a large message, as long as lines are' | head -n 400000)
}

@test "a server that closes in the middle of the message has not taken it" {
	large_mail
	smtpd '{"body_after": 100000, "answers": {"body": {"bytes": "", "then": "close"}}}'
	run agent
	assert_status 0
	[[ $output == "later 0 75 0 - R body "* ]] || fail "$output"
}

@test "a server that refuses in the middle and closes is heard" {
	large_mail
	smtpd '{"body_after": 100000, "answers": {"body": {"say": "552 5.3.4 too big", "then": "deaf"}}}'
	DEADLINE=2000
	run agent
	assert_status 0
	[[ $output == "refused 0 65 552 5.3.4 R body too big" ]] || fail "$output"
}

@test "a server that takes the message before it has ended is not believed" {
	large_mail
	smtpd '{"body_after": 100000, "answers": {"body": {"say": "250 2.0.0 taken", "then": "deaf"}}}'
	DEADLINE=2000
	run agent
	assert_status 0
	[[ $output == "later 0 7"[56]" 0 - R body "* ]] || fail "$output"
}

@test "a server that stops reading costs no more than the deadline" {
	large_mail
	smtpd '{"body_after": 1000, "answers": {"body": {"bytes": "", "then": "deaf"}}}'
	DEADLINE=1500
	local start=${EPOCHREALTIME/./}
	run agent
	assert_status 0
	[[ $output == "later 0 75 0 - R body no answer in time" ]] || fail "$output"
	[ $((${EPOCHREALTIME/./} - start)) -lt 10000000 ] || fail "it took too long"
}

@test "when nobody hears what became of it, the message is not sent" {
	mail ann@here.test joe@there.test <<<'Subject: x'
	smtpd
	printf '%s\n' "smtp.host=127.0.0.1:$PORT" >"$WORK/job"
	run -74 sh -c '"$1" <"$2" 3<"$3" >/dev/full' sh "$AGENT" "$MESSAGE" "$WORK/job"
	assert_output_has "cannot say what became of the message"
	[ ! -s "$SMTP/accepted" ] || fail "it was sent"
}

@test "a message file that has become shorter is not sent as if it were whole" {
	large_mail
	smtpd '{"answers": {"data": {"delay": 1, "say": "354 go on"}}}'
	background truncate_soon
	run agent
	assert_status 0
	[[ $output == "later 0 74 0 - R body the message's file has become shorter" ]] ||
		fail "$output"
	[ ! -s "$SMTP/accepted" ] || fail "it was sent"
}

truncate_soon() {
	wait_until 20 grep -q 'C DATA' "$SMTP/dialog"
	truncate -s 1000000 "$MESSAGE"
}

# peak CMD...: runs it with descriptor 3, then says its peak of memory in kB.
peak() {
	"$PYTHON" -c '
import resource, subprocess, sys
result = subprocess.run(sys.argv[1:], pass_fds=[3])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(result.returncode)' "$@"
}

@test "answers without an end cost neither memory nor more than the deadline" {
	local x start step forever want
	x=$(printf 'x%.0s' {1..1000})
	mail ann@here.test joe@there.test <<<'Subject: x'
	while read -r step forever want; do
		smtpd "{\"answers\": {\"$step\": {\"forever\": \"$forever\"}}}"
		printf '%s\n' "smtp.host=127.0.0.1:$PORT" \
			job.deadline_milliseconds=700 smtp.dot_timeout=1s >"$WORK/job"
		start=${EPOCHREALTIME/./}
		run timeout -s KILL 30 bash -c "$(declare -f peak); peak \"\$1\"" \
			peak "$AGENT" <"$MESSAGE" 3<"$WORK/job"
		assert_status 0
		[[ $output =~ (^|$'\n')$want ]] || fail "$step: $output"
		[[ $output =~ peak\ ([0-9]+)$ ]] || fail "$output"
		[ "${BASH_REMATCH[1]}" -lt 20480 ] || fail "$step: $output"
		[ $((${EPOCHREALTIME/./} - start)) -lt 8000000 ] ||
			fail "$step: it took too long"
		stop_background
	done <<-END
	greeting 220-a\r\n later 0 76 .* does not end
	greeting 220-$x\r\n later 0 76 .* does not end
	greeting 220-$x later 0 75 .* no answer in time
	greeting \r\n later 0 76 .* no answer of a mail server
	ehlo 250-a\r\n later 0 76 .* does not end
	ehlo 250-$x later 0 75 .* no answer in time
	data 354-$x later 0 75 .* no answer in time
	dot 250-$x unsure 0 75 .* no answer in time
	END
}

@test "sendmail ends by its deadline before the dot, and behind it by dot_timeout" {
	local start
	export OUTTRAY_DEADLINE=1s
	start=${EPOCHREALTIME/./}
	smtpd '{"body_after": 1000, "answers": {"body": {"bytes": "", "then": "deaf"}}}'
	ini_smtp
	run timeout -s KILL 60 bash -c 'yes "a long message" | head -c 20000000 | "$SENDMAIL" a@x.test'
	assert_status 69
	assert_output_has "no answer in time"
	stop_background
	smtpd '{"answers": {"dot": {"bytes": "", "then": "hang"}}}'
	ini_smtp "dot_timeout = 1s"
	run timeout -s KILL 60 "$SENDMAIL" a@x.test <<<hi
	assert_status 69
	assert_output_has "may arrive twice"
	[ $((${EPOCHREALTIME/./} - start)) -lt 12000000 ] || fail "it took too long"
}
