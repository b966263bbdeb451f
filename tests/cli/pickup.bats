#!/usr/bin/env bats
# A pickup folder (and the queue, which is one): whole or not there, on disk
# before exit 0, whatever goes wrong in between.

load ../support/common
load ../support/disk

setup() {
	common_setup
	export PICKUP WORK
	# Others than root have to find the folders and what they run.
	chmod 0755 "$BATS_RUN_TMPDIR" "$WORK"
	cp "$SENDMAIL" "$SUPPORT/deny.py" "$WORK/"
	SENDMAIL=$WORK/sendmail
	DENY=$WORK/deny.py
}

# Settings for a queue in $WORK/spool.
ini_queue() {
	mkdir -p "$WORK/spool/incoming"
	ini <<-END
	[outtray]
	transport = smtp
	delivery = queue
	log = stderr
	domain = here.test
	hostname = host.here.test
	[smtp]
	host = 127.0.0.1
	[queue]
	directory = $WORK/spool
	END
}

mail() { printf 'To: a@x.test\nSubject: s\n\nhi\n'; }

# As the user nobody, who can read the settings.
as_nobody() {
	chmod 0644 "$OUTTRAY_CONFIG"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

deny() {
	"$DENY" "$@" -- "$SENDMAIL" -t < <(mail)
}

# The calls of the trace FILE from the opening of the folder on, one word each.
calls() {
	sed -n '/O_DIRECTORY/,$p' "$1" | sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' |
		grep -vxE 'getrandom|brk|rt_sig.*|umask|exit_group'
}

# The file is what we sent, to the last byte.
assert_whole() {
	assert_equal hi "$(tail -c 4 "$1" | plain)"
	has "$1" '^X-Receiver: <a@x\.test>$'
}

# -- form --------------------------------------------------------------------

@test "a file appears under a name of its own, whole, readable for the folder's group" {
	ini_pickup
	mail | "$SENDMAIL" -t
	assert_whole "$(eml)"
	[[ $(basename "$(eml)") =~ ^[0-9a-f]{32}\.eml$ ]] || fail "$(eml)"
	assert_equal "640 1" "$(stat -c '%a %h' "$(eml)")"
	assert_equal 1 "$(ls -A "$PICKUP" | wc -l)"
}

@test "a set-gid folder gives its group to the file, under any umask" {
	need_root
	ini_pickup
	chgrp 12345 "$PICKUP"
	chmod 2775 "$PICKUP"
	(umask 0777 && mail | "$SENDMAIL" -t)
	assert_equal "640 12345" "$(stat -c '%a %g' "$(eml)")"
}

@test "the queue's file has its size in the name" {
	ini_queue
	mail | "$SENDMAIL" -t
	assert_whole "$(eml "$WORK/spool/incoming")"
	[[ $(eml "$WORK/spool/incoming") =~ ,S=([0-9]+)\.eml$ ]]
	assert_equal "${BASH_REMATCH[1]}" "$(stat -c %s "$(eml "$WORK/spool/incoming")")"
}

@test "a drop box (mode 1733) takes mail of those who may not list it" {
	need_root
	ini_pickup
	chmod 1733 "$PICKUP"
	as_nobody "$SENDMAIL" -t < <(mail)
	assert_whole "$(eml)"
	run as_nobody ls "$PICKUP"
	[ "$status" -ne 0 ]
}

@test "a user without name, home or environment can send" {
	need_root
	ini_pickup
	chmod 1733 "$PICKUP"
	chmod 0644 "$OUTTRAY_CONFIG"
	setpriv --reuid 54321 --regid 54321 --clear-groups --no-new-privs \
		env -i OUTTRAY_CONFIG="$OUTTRAY_CONFIG" "$SENDMAIL" -t < <(mail)
	assert_whole "$(eml)"
}

# -- calls -------------------------------------------------------------------

@test "a folder of others: written, synced, linked, and the folder synced" {
	need_plain_build
	ini_pickup
	strace -o "$WORK/trace" "$SENDMAIL" -t < <(mail)
	assert_equal "openat openat write fdatasync linkat fsync" \
		"$(calls "$WORK/trace" | head -n 6 | xargs)"
	has "$WORK/trace" '^openat\([0-9]+, "\.", .*O_TMPFILE.*, 0640\)'
	assert_equal 2 "$(grep -cE '^(fsync|fdatasync|sync|syncfs)\(' "$WORK/trace")"
}

@test "a drop box: the file is synced once more instead" {
	need_root
	need_plain_build
	ini_pickup
	chmod 1733 "$PICKUP"
	mkdir -m 0777 "$WORK/traces"
	as_nobody strace -o "$WORK/traces/1" "$SENDMAIL" -t < <(mail)
	mv "$WORK/traces/1" "$WORK/trace"
	has "$WORK/trace" '^openat\(AT_FDCWD, .*/pickup", O_RDONLY.* EACCES'
	assert_equal "fdatasync linkat fsync" \
		"$(calls "$WORK/trace" | sed -n '/fdatasync/,/fsync/p' | xargs)"
}

@test "our own queue: linked, and one sync" {
	need_plain_build
	ini_queue
	strace -o "$WORK/trace" "$SENDMAIL" -t < <(mail)
	assert_equal "openat openat write linkat fsync" \
		"$(calls "$WORK/trace" | head -n 5 | xargs)"
	assert_equal 1 "$(grep -cE '^(fsync|fdatasync|sync|syncfs)\(' "$WORK/trace")"
}

# -- other file systems -------------------------------------------------------

@test "no O_TMPFILE, no links, no RENAME_NOREPLACE, no /proc: the mail gets there" {
	local rules n=0
	ini_pickup
	for rules in tmpfile=EOPNOTSUPP tmpfile=EISDIR linkat=ENOENT \
		"tmpfile=EOPNOTSUPP linkat=EPERM" \
		"tmpfile=EOPNOTSUPP linkat=EPERM renameat2=EINVAL"; do
		# shellcheck disable=SC2086
		run deny $rules
		[ "$status" -ne 77 ] || skip "no seccomp filters here"
		assert_status 0
		assert_whole "$(eml)"
		assert_equal "640 1" "$(stat -c '%a %h' "$(eml)")"
		rm "$(eml)"
		n=$((n + 1))
	done
	assert_equal 5 $n
	assert_equal ".outtray-$(id -u)" "$(ls -A "$PICKUP")"
	assert_equal "" "$(ls -A "$PICKUP/.outtray-$(id -u)")"
}

@test "without O_TMPFILE a drop box works too" {
	need_root
	ini_pickup
	chmod 1733 "$PICKUP"
	run as_nobody "$DENY" tmpfile=EOPNOTSUPP -- "$SENDMAIL" -t < <(mail)
	[ "$status" -ne 77 ] || skip "no seccomp filters here"
	assert_status 0
	assert_whole "$(eml)"
}

# -- many at once ---------------------------------------------------------------

@test "two thousand at once: none lost, no name twice" {
	ini_pickup
	seq 2000 >"$WORK/numbers"
	: >"$WORK/failed"
	xargs -P 8 -n 1 sh -c '
		printf "To: a@x.test\nSubject: n=%d\n\nhi\n" "$3" | "$1" -t ||
			echo "$3" >>"$2"' sh "$SENDMAIL" "$WORK/failed" \
		<"$WORK/numbers" 2>"$WORK/log"
	assert_equal "" "$(cat "$WORK/failed")"
	assert_equal 2000 "$(find "$PICKUP" -name '*.eml' -size +0 | wc -l)"
	sort -n "$WORK/numbers" >"$WORK/want"
	find "$PICKUP" -name '*.eml' -exec grep -h '^Subject: n=' {} + | plain |
		sed 's/.*=//' | sort -n >"$WORK/got"
	cmp "$WORK/want" "$WORK/got"
	assert_equal "" "$(find "$PICKUP" -name '*.eml' ! -links 1)"
	find "$PICKUP" -name '*.eml' -exec tail -qc 4 {} + >"$WORK/ends"
	assert_equal 2000 "$(plain <"$WORK/ends" | grep -cx hi)"
}

# -- the end comes early ---------------------------------------------------------

@test "killed while it reads, by whatever signal: nothing is left" {
	local signal rules
	ini_pickup
	for rules in "" tmpfile=EOPNOTSUPP; do
		for signal in TERM HUP KILL; do
			mkfifo "$WORK/in"
			# A large head and body, so that files are open already.
			# shellcheck disable=SC2086
			"$DENY" $rules -- "$SENDMAIL" -t <"$WORK/in" 3>&- &
			pid=$!
			exec 4>"$WORK/in"
			{ mail; head -c 300000 /dev/zero | tr '\0' x; } >&4
			wait_until 20 sh -c "ls -l /proc/$pid/fd | grep -q $PICKUP"
			kill "-$signal" "$pid"
			status=0
			wait "$pid" || status=$?
			exec 4>&-
			rm "$WORK/in"
			[ "$status" -ne 77 ] || skip "no seccomp filters here"
			[ "$status" -gt 128 ] || fail "$signal: $status"
			assert_equal "" "$(find "$PICKUP" -name '*.eml')"
			if [ -z "$rules" ]; then
				assert_equal "" "$(ls -A "$PICKUP")"
			elif [ "$signal" != KILL ]; then
				assert_equal "" "$(find "$PICKUP" -type f)"
			fi
		done
	done
	# Only kill -9 leaves a hidden file, which the next run after 36 h removes.
	assert_equal 1 "$(find "$PICKUP" -type f | wc -l)"
	find "$PICKUP" -type f -exec touch -d '37 hours ago' {} +
	deny tmpfile=EOPNOTSUPP
	assert_equal 1 "$(find "$PICKUP" -type f | wc -l)"
	assert_whole "$(eml)"
}

@test "a signal in the middle of the commit does not make its status untrue" {
	local call
	need_plain_build
	ini_pickup
	for call in fdatasync linkat fsync; do
		run strace -o "$WORK/trace" -e inject=$call:signal=SIGTERM:when=1 \
			"$SENDMAIL" -t < <(mail)
		has "$WORK/trace" "^$call\("
		assert_status 0
		assert_whole "$(eml)"
		rm "$(eml)"
	done
}

@test "killed at each of its calls, no part of a mail is ever visible" {
	local call n
	need_plain_build
	ini_pickup
	strace -o "$WORK/good" "$SENDMAIL" -t < <(mail)
	for call in openat write fdatasync linkat fsync close; do
		for n in $(seq "$(grep -c "^$call(" "$WORK/good")"); do
			rm -f "$PICKUP"/*.eml
			run strace -o /dev/null -e "inject=$call:signal=SIGKILL:when=$n" \
				"$SENDMAIL" -t < <(mail)
			assert_status 137
			for file in "$PICKUP"/*; do
				[ ! -e "$file" ] || assert_whole "$file"
			done
			assert_equal "" "$(find "$PICKUP" -name '.?*')"
		done
	done
}

# -- each call fails -------------------------------------------------------------

# The trace in $1 says which calls there are between opening the folder and
# the end; let each fail with each error. $2: folder.
each_call_fails() {
	local call error from n total=0 kept=0 fault
	from=$(grep -n O_DIRECTORY "$1" | head -n 1 | cut -d: -f1)
	for call in $(sed -n "$from,\$p" "$1" | sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' |
		grep -vxE 'brk|rt_sig.*|exit_group|umask' | sort -u); do
		for n in $(grep -n "^$call(" "$1" | awk -F: -v from="$from" \
			'$1 >= from { print NR }'); do
			for error in ENOSPC EIO EACCES EMFILE EINTR ENOMEM EXDEV \
				EPERM EDQUOT EROFS; do
				rm -f "$2"/*.eml
				fault="$call number $n: $error"
				run strace -o "$WORK/trace" \
					-e "inject=$call:error=$error:when=$n" \
					"$SENDMAIL" -t < <(mail)
				grep -q INJECTED "$WORK/trace" || fail "$fault: not reached"
				total=$((total + 1))
				if [ "$status" -eq 0 ]; then
					kept=$((kept + 1))
					assert_whole "$(eml "$2")" || fail "$fault"
				else
					[[ $status -ge 64 && $status -le 78 && -n $output ]] ||
						fail "$fault: status $status: $output"
					[[ -z $(find "$2" -name '*.eml') ||
						$output == *"may be delivered"* ]] ||
						fail "$fault: status $status: $output"
				fi
			done
		done
	done
	echo "$total faults, $kept survived"
	[ "$total" -ge 60 ] && [ "$kept" -lt "$total" ]
}

@test "whichever call fails however: 0 and it is there whole, or not 0 and it is not there" {
	need_plain_build
	ini_pickup
	strace -o "$WORK/good" "$SENDMAIL" -t < <(mail)
	each_call_fails "$WORK/good" "$PICKUP"
}

@test "the same for the queue" {
	need_plain_build
	ini_queue
	strace -o "$WORK/good" "$SENDMAIL" -t < <(mail)
	each_call_fails "$WORK/good" "$WORK/spool/incoming"
}

# -- what is said ------------------------------------------------------------------

@test "a folder that is missing is named, with the component" {
	ini_pickup
	rmdir "$PICKUP"
	run "$SENDMAIL" -t < <(mail)
	assert_status 73
	assert_output_has "cannot create a file in $PICKUP: $PICKUP does not exist"
}

@test "the component that stops us is named with owner, mode and our uid" {
	need_root
	ini_pickup
	mkdir -m 0777 "$PICKUP/in"
	chmod 0750 "$PICKUP"
	export OUTTRAY_PICKUP_DIRECTORY=$PICKUP/in
	run as_nobody "$SENDMAIL" -t < <(mail)
	assert_status 73
	assert_output_has "(uid 65534) cannot create a file in $PICKUP/in: $PICKUP is owned by root:root with mode 0750: search permission is missing for uid 65534 (nobody)"
}

@test "ulimit -f is an error with its name, and nothing is left" {
	ini_pickup
	run bash -c 'ulimit -f 1; { printf "To: a@x.test\n\n"; yes | head -n 9999; } | "$1" -t' bash "$SENDMAIL"
	assert_status 74
	assert_output_has "1024 bytes a file (ulimit -f)"
	assert_equal "" "$(ls -A "$PICKUP")"
}

@test "ulimit -n is an error with its name" {
	ini_pickup
	# Three, and one for the folder; what bats has open would count too.
	run bash -c 'for fd in /proc/$$/fd/*; do
			[ "${fd##*/}" -lt 3 ] || eval "exec ${fd##*/}>&-"
		done; ulimit -n 4; exec "$1" -t' bash "$SENDMAIL" < <(mail)
	assert_status 71
	assert_output_has "4 descriptors (ulimit -n)"
	assert_equal "" "$(ls -A "$PICKUP")"
}

# Not in a chroot whose root is no mount, nor where the kernel forbids it.
# with_mount OPTIONS COMMAND: a tmpfs on $PICKUP, seen by COMMAND alone; it
# can say "look" to list what is in the folder.
with_mount() {
	unshare -m sh -c 'mount -t tmpfs -o "$1" none "$2" || exit 99; shift 2; eval "$1"' \
		sh "$1" "$PICKUP" "$2"
}

@test "a full disk, full of bytes or of files, and a read-only one are told apart" {
	need_mounts
	ini_pickup
	run with_mount size=64k \
		'{ printf "To: a@x.test\n\n"; yes | head -n 99999; } | "$SENDMAIL" -t; echo $?; ls -A "$PICKUP"'
	assert_status 0
	assert_output_has "mounted on $PICKUP is full: 0 of 64 kB are free"
	assert_equal 74 "${lines[-1]}"
	run with_mount nr_inodes=2 \
		'touch "$PICKUP/1"; printf "To: a@x.test\n\nhi\n" | "$SENDMAIL" -t; echo $?; ls -A "$PICKUP"'
	assert_output_has "no inodes are free on the file system mounted on $PICKUP"
	assert_equal "74 1" "${lines[-2]} ${lines[-1]}"
	run with_mount ro 'printf "To: a@x.test\n\nhi\n" | "$SENDMAIL" -t; echo $?'
	assert_output_has "the file system mounted on $PICKUP is read-only"
	assert_equal 73 "${lines[-1]}"
}

# -- the power goes -----------------------------------------------------------------

@test "after a power cut right behind exit 0 the mail is in the folder, whole" {
	ini_pickup
	export OUTTRAY_PICKUP_DIRECTORY=$WORK/mount/in
	mail >"$WORK/mail"
	power_cut '"$SENDMAIL" -t <"$WORK/mail"'
	assert_whole "$(eml "$WORK/after/in")"
}

@test "a drop box after a power cut" {
	ini_pickup
	export OUTTRAY_PICKUP_DIRECTORY=$WORK/mount/in
	chmod 0644 "$OUTTRAY_CONFIG"
	mail >"$WORK/mail"
	power_cut 'setpriv --reuid 65534 --regid 65534 --clear-groups "$SENDMAIL" -t <"$WORK/mail"'
	assert_whole "$(eml "$WORK/after/in")"
}

@test "the queue after a power cut, with its one sync" {
	ini_queue
	export OUTTRAY_QUEUE_DIRECTORY=$WORK/mount
	mail >"$WORK/mail"
	power_cut '"$SENDMAIL" -t <"$WORK/mail"'
	assert_whole "$(eml "$WORK/after/incoming")"
	[[ $(eml "$WORK/after/incoming") =~ ,S=([0-9]+)\.eml$ ]]
	assert_equal "${BASH_REMATCH[1]}" \
		"$(stat -c %s "$(eml "$WORK/after/incoming")")"
}

@test "(a file that nobody synced is not there then: the cut is a real one)" {
	power_cut 'echo hi >"$MOUNT/in/x"'
	[ ! -s "$WORK/after/in/x" ]
}
