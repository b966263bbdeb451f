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
