#!/usr/bin/env bats
# Mail that waits is neither lost nor doubled, whatever becomes of outtrayd.

load ../support/common
load ../support/disk
load queue

setup() {
	common_setup
	spool
	KEPT=$WORK/kept
}

mail() { printf 'Subject: s\n\nhi\n.\nend\n'; }

# -- at each call ---------------------------------------------------------------

# Those who got a message of the two servers from the $1-th and $2-th on, and
# whether it was $WORK/whole each time.
arrivals() {
	local m
	for m in "${SEEN[@]}"; do
		tail -n "+$(($1 + 1))" "$m/accepted" | sed "s|^|$m/|"
		shift
	done >"$WORK/arrived"
	while read -r m; do
		cmp "$WORK/whole" "$m.eml" >&2 || echo torn
		sed -n 's/^RCPT TO:<\([^@>]*\)@.*/\1/p' "$m.envelope"
	done <"$WORK/arrived" | sort | xargs
}

accepted_by() { wc -l <"$1/accepted"; }

# The message as it was handed over, in an empty spool.
anew() {
	rm -rf "$SPOOL/queue" "$SPOOL/failed"
	rm -f "$SPOOL/incoming"/*
	cp -p "$KEPT"/*.eml "$SPOOL/incoming/"
}

drained() {
	local status=0
	OUTTRAY_CONFIG=$FREE timeout 60 "$OUTTRAYD" --once --now \
		>>"$LOG" 2>&1 || status=$?
	[ "$status" -eq 0 ]
}

# Was the outcome written down, or the message removed, in this run?
recorded() {
	grep -qE '^(unlinkat\(.*\.eml", 0\)|write\([0-9]+, "[0-9]+ (sent|later|refused) .*) += [0-9]+$' \
		"$WORK/trace"
}

# fault INJECTION: one run with it, and as many as are needed without.
# $twice counts the messages that came twice, $reached the runs with the fault.
fault() {
	local before=() got once twice_ok=no
	before=("$(accepted_by "${SEEN[0]}")" "$(accepted_by "${SEEN[1]}")")
	anew
	status=0
	OUTTRAY_CONFIG=$SHY timeout -k 5 60 strace -o "$WORK/trace" \
		-e "inject=$1" "$OUTTRAYD" --once >"$WORK/said" 2>&1 || status=$?
	cat "$WORK/said" >>"$LOG"
	case $1 in
	*SIGKILL*)
		[ "$status" -eq 137 ] || return 0	# it did not come so far
		recorded || twice_ok=yes ;;
	*)
		grep -q INJECTED "$WORK/trace" || return 0
		[[ $status -eq 0 || $status -ge 64 && $status -le 78 ]] ||
			fail "$1: status $status: $(cat "$WORK/said")" ;;
	esac
	reached=$((reached + 1))
	[ "$(wc -l <"$WORK/trace")" -lt 2000 ] ||
		fail "$1: it ran in circles: $(tail -n 20 "$WORK/trace")"
	wait_until 60 drained || fail "$1"
	got=$(arrivals "${before[@]}")
	once=$got
	if [ "$twice_ok" = yes ]; then
		once=$(tr ' ' '\n' <<<"$got" | uniq | xargs)
		[ "$once" = "$got" ] || twice=$((twice + 1))
	fi
	[ "$once" = "$WANTED" ] || fail "$1: arrived: $got; $(cat "$WORK/said")"
	[ "$(failed)" = "$WANTED_FAILED" ] || fail "$1: $(failed) in failed/"
	[ -z "$(find "$SPOOL/queue" "$SPOOL/incoming" -name '*.???')" ] ||
		fail "$1: left: $(ls "$SPOOL"/*)"
}

# The calls of a good run from the claim of the message on: "CALL N", N being
# the place among all calls of that name. Of brk no fault is seen: strace would
# give it an address that no kernel gives.
calls() {
	awk '/^[a-z0-9_]+\(/ {
		call = $0
		sub(/\(.*/, "", call)
		n[call]++
		if (/^openat\([0-9]+, "[0-9a-f]*,S=/)
			claimed = 1
		if (claimed)
			print call, n[call]
	}' "$1" | grep -vE '^(exit_group|prlimit64|getpid|rt_.*|munmap|brk) '
}

# What can be wrong with a call in earnest.
errors_of() {
	case $1 in
	mmap | clone3) echo ENOMEM ;;
	fcntl | pipe2) echo EMFILE ;;
	newfstatat | lseek) echo EIO EACCES ;;
	getdents64) echo EIO ENOMEM ;;
	close) ;;		# one that strace lets fail has not happened
	close_range) ;;		# a kernel without it is no fault
	wait4) echo EINTR ;;
	poll) echo EINTR ENOMEM ;;
	*) echo ENOSPC EIO EACCES EMFILE EINTR ENOMEM ;;
	esac
}

# prepare RECIPIENT...: the message is kept, and what a good run does.
prepare() {
	need_plain_build
	two_servers
	export OUTTRAY_CONFIG=$FREE
	submit -N never "$@" < <(mail)
	mkdir "$KEPT"
	cp -p "$SPOOL"/incoming/*.eml "$KEPT/"
	SMTP=${SEEN[0]}
	OUTTRAY_CONFIG=$SHY strace -o "$WORK/good" "$OUTTRAYD" --once \
		2>>"$LOG" || [ $? -eq 75 ]
	cp "$(message)" "$WORK/whole"
	drained
	calls "$WORK/good" >"$WORK/calls"
	[ "$(wc -l <"$WORK/calls")" -ge 40 ] || fail "$(cat "$WORK/calls")"
	reached=0 twice=0
}

killed_at_each() {
	local call n
	while read -r call n; do
		fault "$call:signal=SIGKILL:when=$n"
	done <"$WORK/calls"
	echo "# $reached kills, $twice messages came twice" >&3
	[ "$reached" -ge 40 ] || fail "only $reached kills"
}

# each_fails LEAST: so many faults there have to be.
each_fails() {
	local call n error
	while read -r call n; do
		for error in $(errors_of "$call"); do
			fault "$call:error=$error:when=$n"
		done
	done <"$WORK/calls"
	echo "# $reached faults" >&3
	[ "$reached" -ge "$1" ] || fail "only $reached faults"
}

@test "killed at each call: the message arrives, and twice only if nothing was recorded" {
	WANTED=a WANTED_FAILED=0
	prepare a@x.test
	killed_at_each
}

@test "killed at each call: of three recipients nobody is lost who was put off" {
	WANTED="a b" WANTED_FAILED=1
	prepare a@x.test b@x.test c@x.test
	killed_at_each
}

@test "whatever call fails once the server has answered: the message arrives, once" {
	WANTED=a WANTED_FAILED=0
	prepare a@x.test
	sed -i '1,/^poll /d' "$WORK/calls"
	each_fails 20
}

@test "whatever call fails: three recipients get it, are put off or refused as they should" {
	WANTED="a b" WANTED_FAILED=1
	prepare a@x.test b@x.test c@x.test
	each_fails 100
}

# The reports that came, by the names they give themselves.
reports() {
	local m
	while read -r m; do
		sed -n '/^Message-I[Dd]:/{p;q}' "${SEEN[1]}/$m.eml"
	done < <(tail -n "+$(($1 + 1))" "${SEEN[1]}/accepted")
}

# The message that was refused is not removed but moved; a report is removed.
report_after() {
	local before came
	before=$(accepted_by "${SEEN[1]}")
	anew
	status=0
	OUTTRAY_CONFIG=$FREE timeout -k 5 60 strace -o "$WORK/trace" \
		-e "inject=$1" "$OUTTRAYD" --once >>"$LOG" 2>&1 || status=$?
	case $1 in
	*SIGKILL*) [ "$status" -eq 137 ] || return 0 ;;
	*)
		grep -q INJECTED "$WORK/trace" || return 0
		[[ $status -eq 0 || $status -ge 64 && $status -le 78 ]] ||
			fail "$1: status $status: $(tail "$LOG")" ;;
	esac
	reached=$((reached + 1))
	wait_until 60 drained || fail "$1"
	came=$(reports "$before")
	assert_equal 1 "$(sort -u <<<"$came" | grep -c .)" || fail "$1: $came"
	if [ "$(wc -l <<<"$came")" -gt 1 ]; then
		[[ $1 == *SIGKILL* ]] || fail "$1: again though it was not killed"
		! grep -qE '^unlinkat\(.*\.eml", 0\) += 0' "$WORK/trace" ||
			fail "$1: again though it was removed"
		twice=$((twice + 1))
	fi
	assert_equal 1 "$(failed)"
}

# A message that is refused, and what its report costs.
prepare_report() {
	need_plain_build
	two_servers
	export OUTTRAY_CONFIG=$FREE
	submit -f joe@here.test c@x.test < <(mail)
	mkdir "$KEPT"
	cp -p "$SPOOL"/incoming/*.eml "$KEPT/"
	strace -o "$WORK/good" "$OUTTRAYD" --once 2>>"$LOG"
	calls "$WORK/good" | grep -vE '^(mmap|fcntl|close|newfstatat|lseek) ' >"$WORK/calls"
	assert_equal 1 "$(reports 0 | wc -l)"
	reached=0 twice=0
}

@test "killed at each call: who has to hear of a failure gets one report" {
	local call n
	prepare_report
	while read -r call n; do
		report_after "$call:signal=SIGKILL:when=$n"
	done <"$WORK/calls"
	echo "# $reached kills, $twice reports came twice" >&3
	[ "$reached" -ge 40 ] || fail "only $reached kills"
}

@test "whatever call fails: who has to hear of a failure gets one report" {
	local call n error
	prepare_report
	while read -r call n; do
		for error in $(errors_of "$call" | grep -owE 'ENOSPC|EIO|ENOMEM'); do
			report_after "$call:error=$error:when=$n"
		done
	done <"$WORK/calls"
	echo "# $reached faults" >&3
	[ "$reached" -ge 40 ] || fail "only $reached faults"
}

@test "a message that cannot be moved to failed sends no second report" {
	two_servers
	export OUTTRAY_CONFIG=$FREE
	submit -f joe@here.test c@x.test < <(mail)
	once
	rm -rf "$SPOOL/failed"/*
	chmod 0500 "$SPOOL/failed"
	submit -f joe@here.test c@x.test < <(mail)
	once --now
	once --now
	assert_status 75
	assert_equal 2 "$(reports 0 | wc -l)"
	chmod 0700 "$SPOOL/failed"
	once --now
	assert_status 0
	assert_equal 2 "$(reports 0 | wc -l)"
	assert_equal 1 "$(failed)"
}

# -- the power goes -----------------------------------------------------------------

# A spool of $OWNER on the disk, as spool() makes it.
MADE='chown "$OWNER:$OWNER" "$MOUNT/incoming" && chmod 3733 "$MOUNT/incoming" && sync -f "$MOUNT"'

on_the_disk() {
	need_root
	export OWNER OUTTRAYD OUTTRAY_QUEUE_DIRECTORY=$WORK/mount
	power_cut "$MADE; $1"
	SPOOL=$WORK/after
	export OUTTRAY_QUEUE_DIRECTORY=$SPOOL
}

@test "a power cut right behind exit 0: what many handed over is sent, whole, once" {
	smtpd '{}'
	ini_smtp
	on_the_disk 'seq 40 | xargs -P 8 -n 1 sh -c "
		{ printf \"Subject: n=%d\n\n\" \"\$1\"; seq \"\$1\"00; } |
			\"\$SENDMAIL\" -odq -i a@x.test" sh'
	assert_equal 40 "$(waiting)"
	once
	assert_status 0
	assert_equal 40 "$(messages)"
	for n in $(seq 40); do
		sed -n 's/^Subject: n=//p' "$(message "$n")" | plain
		sed '1,/^\r*$/d' "$(message "$n")" | plain >"$WORK/body"
		seq "$(tail -n 1 "$WORK/body")" | cmp - "$WORK/body"
	done | sort -n >"$WORK/numbers"
	seq 40 | cmp - "$WORK/numbers"
}

@test "a power cut right behind a try: nobody gets it twice who has it" {
	smtpd '{"answers": {"rcpt b@x.test": ["451 4.2.1 later"]}}'
	ini_smtp
	on_the_disk '
		printf "Subject: s\n\nhi\n" | "$SENDMAIL" -odq a@x.test b@x.test
		"$OUTTRAYD" --once || [ $? -eq 75 ]'
	assert_equal a@x.test "$(got)"
	assert_equal 1 "$(count "$SPOOL/queue")"
	smtpd '{}' again
	ini_smtp
	once --now
	assert_status 0
	assert_equal b@x.test "$(got)"
	nothing_waits
}
