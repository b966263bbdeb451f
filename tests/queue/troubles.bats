#!/usr/bin/env bats
# outtrayd on a machine that is not well: the disk, the clock, what lies in
# the spool.

load ../support/common
load ../support/disk
load queue

mail() { printf 'Subject: s\n\nhi\n.\nend\n'; }

# With the disk full, $FILL having been done, nobody is sent to twice; when
# there is room again ($ROOM), all is sent.
full_disk() {
	need_mounts
	spool
	two_servers
	mail >"$WORK/mail"
	export SPOOL OWNER OUTTRAYD WORK FILL=$2 ROOM=$3
	run unshare -m bash -e -c '
		mount -t tmpfs -o "mode=0755,$0" none "$SPOOL"
		install -d -m 3733 -o "$OWNER" -g "$OWNER" "$SPOOL/incoming"
		try() {
			OUTTRAY_CONFIG=$1 "$OUTTRAYD" --once --now || [ $? -eq 75 ]
		}
		hand_over() {
			OUTTRAY_CONFIG=$FREE "$SENDMAIL" -odq -N never -i "$@" <"$WORK/mail"
		}
		try "$FREE"
		hand_over a@x.test b@x.test
		hand_over d@x.test
		eval "$FILL"
		for i in 1 2 3; do try "$SHY"; done
		eval "$ROOM"
		try "$SHY"
		try "$FREE"
		find "$SPOOL" -name "*.eml" -o -name "*.log"' "$1"
	assert_status 0
	assert_equal "" "$(grep / <<<"${lines[-1]}")"
	SMTP=${SEEN[0]}
	assert_equal "a@x.test d@x.test" "$(got | xargs)"
	SMTP=${SEEN[1]}
	assert_equal b@x.test "$(got)"
}

@test "a disk that is full of bytes doubles nothing, and loses nothing" {
	full_disk size=400k \
		'! head -c 1000000 /dev/zero 2>&1 >"$SPOOL/all"' 'rm "$SPOOL/all"'
	assert_output_has "is full"
}

@test "a disk that is full of files doubles nothing, and loses nothing" {
	full_disk nr_inodes=30 'for i in $(seq 40); do : >"$SPOOL/$i" || break; done 2>&1' \
		'find "$SPOOL" -maxdepth 1 -type f -delete'
	assert_output_has "no inodes are free"
}

removed() { [ "$(grep -c ': removed$' "$LOG")" = "$1" ]; }
log_has() { grep -qF -- "$1" "$LOG"; }
hand_over() { "$SENDMAIL" -odq -i "$@" < <(mail); }

@test "a spool that cannot be written any more: sent once, and removed when it can" {
	spool
	smtpd '{"answers": {"dot": {"delay": 1, "say": "250 2.0.0 taken"}}}'
	ini_smtp
	daemon
	hand_over a@x.test
	wait_until 60 grep -q 'C DATA' "$SMTP/dialog"
	chmod 0500 "$SPOOL/queue"
	wait_until 60 log_has ".log: outtrayd"
	hand_over b@x.test
	wait_until 60 log_has "left alone: cannot move"
	assert_equal 0 "$(grep -c ': removed$' "$LOG")"
	kill -USR1 "$DAEMON"
	hand_over c@x.test	# a sign that it goes on
	chmod 0700 "$SPOOL/queue"
	kill -USR1 "$DAEMON"
	wait_until 60 removed 3
	assert_equal "a@x.test b@x.test c@x.test" "$(got | xargs)"
	nothing_waits
}

# The log of message $1 of the queue, and its file, are $2 seconds older.
shift_clock() {
	local when=$(($(date +%s) - $2))
	sed -i "s/^[0-9]*/$when/" "$SPOOL/queue/$1.log"
	touch -d "@$when" "$SPOOL/queue/$1.log" "$SPOOL/queue/$1"*.eml
}

@test "a clock that is a day wrong, either way, keeps no mail back and ends none" {
	export OUTTRAY_QUEUE_RETRY=1s
	spool
	two_servers
	export OUTTRAY_CONFIG=$SHY
	submit b@x.test < <(mail)
	first=$ID
	submit b@x.test < <(mail)
	once
	assert_status 75
	shift_clock "$first" 86400
	shift_clock "$ID" -86400
	touch -d tomorrow "$SPOOL/incoming" "$SPOOL/queue"
	export OUTTRAY_CONFIG=$FREE
	daemon
	SMTP=${SEEN[1]}
	wait_until 60 accepted 2
	wait_until 60 nothing_waits
	assert_equal "b@x.test b@x.test" "$(got | xargs)"
	assert_equal 0 "$(failed)"
}

# measured CMD...: prints its peak of memory in kB and its CPU time in ms.
measured() {
	"$PYTHON" -c '
import resource, subprocess, sys
result = subprocess.run(sys.argv[1:])
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print(u.ru_maxrss, round(1000 * (u.ru_utime + u.ru_stime)))
sys.exit(result.returncode)' "$@"
}

@test "ten thousand files are taken over in little time and memory" {
	need_plain_build
	local peak again cpu cpu2
	spool
	server_down
	ini_smtp
	submit a@x.test < <(mail)
	"$PYTHON" - "$SPOOL/incoming" <<-'END'
	import os, sys
	os.chdir(sys.argv[1])
	name = os.listdir(".")[0]
	data = open(name, "rb").read()
	for i in range(9999):
	    new = "%016x%s" % (i + 1, name[16:])
	    with open(new, "wb") as f:
	        f.write(data)
	END
	read -r peak cpu < <(measured "$OUTTRAYD" --once 2>>"$LOG")
	assert_equal 10000 "$(count "$SPOOL/queue")"
	read -r again cpu2 < <(measured "$OUTTRAYD" --once 2>>"$LOG")
	echo "# taken over: $peak kB, $cpu ms of CPU; started again: $again kB, $cpu2 ms" >&3
	[ "$peak" -lt 30000 ] && [ "$again" -lt 30000 ]
	[ "$cpu" -lt 5000 ] && [ "$cpu2" -lt 5000 ]
	assert_equal 10000 "$(count "$SPOOL/queue")"
}

@test "files of 2 GB, with an envelope and without, are set aside and hold up nothing" {
	local size=2147483648 peak
	spool
	smtpd '{}'
	ini_smtp
	truncate -s "$size" "$SPOOL/incoming/00000001,S=$size.eml"
	printf 'X-Sender: <>\r\nX-Receiver: <b@x.test>\r\nSubject: s\r\n\r\n' \
		>"$SPOOL/incoming/00000002,S=$size.eml"
	truncate -s "$size" "$SPOOL/incoming/00000002,S=$size.eml"
	submit a@x.test < <(mail)
	read -r peak _ < <(measured timeout 120 "$OUTTRAYD" --once 2>>"$LOG")
	assert_equal a@x.test "$(got)"
	nothing_waits
	assert_equal 2 "$(failed)"
	has "$SPOOL/failed/00000002.reason" 'was refused'
	[ "$peak" -lt 30000 ] || fail "$peak kB"
}
