#!/usr/bin/env bats
# outtrayd in the foreground: what comes is taken at once, signals, and who it
# works as.

load ../support/common
load queue

mail() { printf 'Subject: %s\n\nhi\n' "${1:-s}"; }
said() { [ "$(client | grep -c "$1")" -ge "$2" ]; }
logged() { grep -q -- "$1" "$LOG"; }
as_root() { [ "$(id -u)" = 0 ] || skip "only root can become another"; }

@test "a new mail is taken at once, by whoever hands it over" {
	spool
	smtpd '{}'
	ini_smtp
	chmod 644 "$OUTTRAY_CONFIG"
	daemon
	wait_until 60 test -e "$SPOOL/queue/.lock"
	submit a@x.test < <(mail)
	wait_until 60 accepted 1
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid 54321 --regid 54321 --clear-groups \
			"$SENDMAIL" -odq -i b@x.test < <(mail)
		wait_until 60 accepted 2
	fi
	wait_until 60 nothing_waits
}

@test "what cannot be sent now is sent when its time has come" {
	spool
	smtpd '{"sessions": [{"answers": {"mail": "450 4.7.1 greylisted"}}, {}]}'
	ini_smtp
	export OUTTRAY_QUEUE_RETRY=1s
	daemon
	submit a@x.test < <(mail)
	wait_until 60 accepted 1
	wait_until 60 nothing_waits
	has "$LOG" 'status=deferred .MAIL: 450 greylisted'
	has "$LOG" 'status=sent'
}

@test "an idle runner does nothing" {
	spool
	smtpd '{}'
	ini_smtp
	daemon
	submit a@x.test < <(mail)
	wait_until 60 nothing_waits
	# Until it sleeps: the last agent says goodbye first.
	asleep() { ! pgrep -P "$DAEMON" >/dev/null && grep -q '^State:.S' "/proc/$DAEMON/status"; }
	wait_until 60 asleep
	switches() { sed -n 's/^voluntary_ctxt_switches:.//p' "/proc/$DAEMON/status"; }
	settled() { local one; one=$(switches); "$PYTHON" -c 'import time; time.sleep(2)'; [ "$one" = "$(switches)" ]; }
	wait_until 60 settled
}

@test "SIGTERM waits for the mail that is being sent, and begins no other" {
	spool
	smtpd '{"answers": {"dot": {"delay": 2, "then": "go on"}}}'
	ini_smtp 'max_connections = 1'
	submit a@x.test < <(mail)
	submit b@x.test < <(mail)
	daemon
	wait_until 60 said DATA 1
	kill "$DAEMON"
	wait "$DAEMON"
	assert_equal 1 "$(messages)"
	assert_equal a@x.test "$(got)"
	assert_equal 1 "$(waiting)"
	assert_equal "" "$(ls "$SPOOL/queue" | grep log)"
}

@test "SIGTERM ends a mail that hangs, and it is sent later" {
	spool
	smtpd '{"sessions": [{"answers": {"rcpt": {"then": "hang"}}}, {}]}'
	ini_smtp
	submit a@x.test < <(mail)
	daemon
	wait_until 60 said RCPT 1
	kill "$DAEMON"
	wait "$DAEMON"
	assert_equal 1 "$(waiting)"
	assert_equal "" "$(ls "$SPOOL/queue" | grep log)"
	once
	assert_status 0
	assert_equal 1 "$(messages)"
}

@test "SIGHUP reads the settings again; wrong ones are passed over" {
	as_root
	spool
	server_down
	ini_smtp
	chmod 644 "$OUTTRAY_CONFIG"
	submit a@x.test < <(mail)
	daemon
	wait_until 60 logged 'takes nothing now'
	printf 'nonsense = 1\n' >>"$OUTTRAY_CONFIG"
	kill -HUP "$DAEMON"
	wait_until 60 logged 'settings stay as they were'
	smtpd '{}'
	ini_smtp
	chmod 644 "$OUTTRAY_CONFIG"
	kill -HUP "$DAEMON"
	wait_until 60 accepted 1
}

@test "SIGUSR1 tries everything now" {
	spool
	smtpd '{"sessions": [{"answers": {"mail": "450 4.7.1 greylisted"}}, {}]}'
	ini_smtp
	submit a@x.test < <(mail)
	daemon
	wait_until 60 logged 'status=deferred'
	kill -USR1 "$DAEMON"
	wait_until 60 accepted 1
}

@test "a second runner on the same spool says so and does nothing" {
	spool
	smtpd '{"answers": {"rcpt": {"then": "hang"}}}'
	ini_smtp
	submit a@x.test < <(mail)
	daemon
	wait_until 60 said RCPT 1
	once
	assert_status 75
	assert_output_has "another outtrayd (process $(cat "$SPOOL/queue/.lock")) runs this queue already"
	assert_equal 1 "$(client | grep -c RCPT)"
}

@test "started as root it becomes the owner of the spool, with no groups" {
	as_root
	spool
	smtpd '{"answers": {"rcpt": {"then": "hang"}}}'
	ini_smtp
	submit a@x.test < <(mail)
	daemon
	wait_until 60 said RCPT 1
	for pid in $(cat "$SPOOL/queue/.lock") $(pgrep -P "$DAEMON"); do
		has "/proc/$pid/status" "^Uid:.$OWNER.$OWNER.$OWNER.$OWNER$"
		has "/proc/$pid/status" "^Gid:.$OWNER.$OWNER.$OWNER.$OWNER$"
		has "/proc/$pid/status" '^Groups:.?.?$'
		has "/proc/$pid/status" '^CapEff:.0+$'
	done
	assert_equal "$OWNER 700" "$(stat -c '%u %a' "$SPOOL/queue")"
	assert_equal "$OWNER 700" "$(stat -c '%u %a' "$SPOOL/failed")"
}

@test "a spool of root's is not worked on, and it is said what to type" {
	as_root
	spool
	chown root "$SPOOL/incoming"
	server_down
	ini_smtp
	once
	assert_status 78
	assert_output_has "never run as root: chown outtray:outtray $SPOOL/incoming"
	[ ! -e "$SPOOL/queue" ]
}

@test "another user than the owner is told who may" {
	as_root
	spool
	server_down
	ini_smtp
	chmod 644 "$OUTTRAY_CONFIG"
	run setpriv --reuid 54321 --regid 54321 --clear-groups "$OUTTRAYD" --once
	assert_status 77
	assert_output_has "belongs to uid $OWNER and this is uid 54321"
}

@test "a link, a FIFO, a folder, a second name and other files in incoming are not touched" {
	spool
	smtpd '{}'
	ini_smtp
	submit good@x.test < <(mail)
	local in=$SPOOL/incoming id=0123456789abcdef0123456789abcde
	printf 'X-Sender: <a@x.test>\r\nX-Receiver: <evil@x.test>\r\n\r\nhi\r\n' >"$WORK/other"
	size=$(stat -c %s "$WORK/other")
	chmod 644 "$WORK/other"
	ln -s "$WORK/other" "$in/${id}1,S=$size.eml"
	mkfifo "$in/${id}2,S=$size.eml"
	mkdir "$in/${id}3,S=$size.eml"
	cp "$WORK/other" "$in/${id}4,S=$size.eml"
	ln "$in/${id}4,S=$size.eml" "$SPOOL/another name"
	cp "$WORK/other" "$in/${id}5,S=$((size - 1)).eml"
	cp "$WORK/other" "$in/${id}6,S=$((size + 1)).eml"	# not promised
	cp "$WORK/other" "$in/${id}7,S=0$size.eml"
	cp "$WORK/other" "$in/${id}8.eml"
	cp "$WORK/other" "$in/x${id}9,S=$size.eml"
	cp "$WORK/other" "$in/.hidden"
	chmod 666 "$in"/*.eml "$in/.hidden" 2>/dev/null || :	# a link's file
	before=$(find "$in" "$WORK/other" -name '*[0-9].eml' -printf '%p %i %y %s %n\n' | grep "$id" | sort)
	once
	assert_status 0
	after=$(find "$in" "$WORK/other" -name '*[0-9].eml' -printf '%p %i %y %s %n\n' | grep "$id" | sort)
	assert_equal "$before" "$after"
	assert_equal 9 "$(echo "$after" | wc -l)"
	assert_equal good@x.test "$(got)"
	assert_equal 8 "$(grep -c 'left alone' <<<"$output")"
}

@test "a file that its sendmail still delivers is left to it, and taken when it is let go" {
	spool
	smtpd '{}'
	ini_smtp
	submit a@x.test < <(mail)
	(
		exec 9<"$(echo "$SPOOL"/incoming/*.eml)"
		flock -x 9
		once
		[ "$status" = 0 ]
		[ "$(waiting)" = 1 ]
	)
	assert_equal 0 "$(messages)"
	once
	assert_status 0
	assert_equal 1 "$(messages)"
}

@test "what is no message goes to failed, and holds up nothing" {
	spool
	smtpd '{}'
	ini_smtp
	printf 'Subject: no envelope\r\n\r\nhi\r\n' >"$WORK/bad"
	size=$(stat -c %s "$WORK/bad")
	cp "$WORK/bad" "$SPOOL/incoming/0000,S=$size.eml"
	: >"$SPOOL/incoming/0001,S=0.eml"
	chmod 644 "$SPOOL"/incoming/*
	submit a@x.test < <(mail)
	once
	assert_status 0
	assert_equal 1 "$(messages)"
	assert_equal 2 "$(failed)"
	has "$SPOOL/failed/0000.reason" '^Reason: no X-Sender and X-Receiver lines$'
}

@test "sendmail -q tries everything now, and with a runner at work has it do so" {
	spool
	smtpd '{"sessions": [{"answers": {"mail": "450 4.7.1 greylisted"}}, {}]}'
	ini_smtp
	submit a@x.test < <(mail)
	once
	assert_status 75
	run "$SENDMAIL" -q
	assert_status 0
	assert_equal 1 "$(messages)"
	nothing_waits
	smtpd '{"sessions": [{"answers": {"mail": "450 4.7.1 greylisted"}}, {}]}'
	ini_smtp
	: >"$LOG"
	submit b@x.test < <(mail)
	daemon
	wait_until 60 logged 'status=deferred'
	run "$SENDMAIL" -q30m
	assert_status 0
	assert_output_has "The outtrayd that runs tries all mail now"
	wait_until 60 accepted 1
}

@test "sendmail -q of a user who may not run the queue says who may" {
	as_root
	spool
	server_down
	ini_smtp
	chmod 644 "$OUTTRAY_CONFIG"
	run setpriv --reuid 54321 --regid 54321 --clear-groups "$SENDMAIL" -q
	assert_status 77
	assert_output_has "run it as root or as the owner of the queue"
}
