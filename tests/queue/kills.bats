#!/usr/bin/env bats
# outtrayd is killed at one system call after another: each mail is sent, and
# nobody gets it twice, but for one whose answer to the final dot was not read.

load ../support/common
load queue

mail() { printf 'Subject: s\n\nhi\n'; }

# kill_at CALL: end the runner (not its agents) at the 1st, 2nd … CALL of a
# run, until a run gets through; each time a second run has to bring all to an end.
# b@x.test is put off once and refuse@x.test refused, of which from@x.test hears.
kill_at() {
	local call=$1 n killed=0
	for n in $(seq 1 60); do
		rm -rf "$SPOOL"
		spool
		smtpd '{"answers": {"rcpt refuse@x.test": "550 5.1.1 no"},
			"sessions": [{"answers": {"rcpt b@x.test": "451 4.2.1 later",
			"rcpt refuse@x.test": "550 5.1.1 no"}}, {}]}'
		ini_smtp 'max_connections = 1'
		submit -f from@x.test a@x.test b@x.test refuse@x.test < <(mail)
		submit c@x.test < <(mail)
		run strace -qq -o trace -e trace="$call" \
			-e inject="$call:signal=SIGKILL:when=$n" "$OUTTRAYD" --once
		[ "$status" = 137 ] || [ "$status" = 75 ] || fail "$call $n: $status $output"
		ended=$status
		if [ "$ended" = 137 ]; then killed=$((killed + 1)); fi
		# An agent whose runner is gone may hold its message for a moment.
		wait_until 60 all_through || fail "$call $n: $output"
		check_all "$call $n"
		stop_background
		if [ "$ended" != 137 ]; then break; fi
	done
	[ "$killed" -gt 0 ] || fail "$call was never called"
	echo "# $call: $killed kills, $twice arrived twice" >&3
}

all_through() { once --now; [ "$status" = 0 ]; }

twice=0

# A mail may come twice where its runner died before it had read the answer.
check_all() {
	local who times
	for who in a b c from; do
		times=$(got | grep -c "^$who@x.test")
		[ "$times" -ge 1 ] || fail "$1: $who@x.test was lost; $(cat "$LOG")"
		[ "$times" -le 2 ] || fail "$1: $who@x.test came $times times"
		[ "$times" -eq 1 ] || twice=$((twice + 1))
	done
	nothing_waits || fail "$1: $(ls "$SPOOL"/*)"
	[ "$(failed)" = 1 ] || fail "$1: failed has $(ls "$SPOOL/failed")"
	[ -s "$(echo "$SPOOL"/failed/*.reason)" ] || fail "$1: no reason"
	[ -z "$(ls "$SPOOL/queue" | grep log)" ] || fail "$1: a log is left"
}

@test "killed at a rename" { kill_at renameat2; }
@test "killed at an unlink" { kill_at unlinkat; }
@test "killed at a sync of the log" { kill_at fdatasync; }
@test "killed at a sync of a folder" { kill_at fsync; }
@test "killed at a poll" { kill_at poll; }
@test "killed at a lock" { kill_at flock; }
