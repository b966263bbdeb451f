#!/usr/bin/env bats
# A caller's resource limits (setrlimit): whatever is too small, the mail is
# kept and the exit is 0, or it is not and the exit and a line say so.

load ../support/common

setup() {
	common_setup
	need_plain_build
}

mail() { printf 'To: a@x.test\nSubject: s\n\nhi\n'; }

kept() { find "$PICKUP" "$WORK/spool" -name '*.eml' 2>/dev/null | wc -l; }

# limited LIMIT FILE: sendmail under that limit, with an environment of known
# size, since it is on the stack.
limited() {
	rm -f "$PICKUP"/*.eml
	run --separate-stderr timeout -k 5 60 env -i \
		OUTTRAY_CONFIG="$OUTTRAY_CONFIG" prlimit "$1" "$SENDMAIL" -t <"$2"
}

# starved FILE FIRST STEP LAST: with each of these many bytes of data it is
# kept, or the want of memory is said; the latter at least once.
starved() {
	local data said=
	for data in $(seq "$2" "$3" "$4"); do
		limited --data="$data" "$1"
		# The C library itself starts with less than we do.
		[ "$status" -ne 127 ] || continue
		if [ "$status" -eq 0 ]; then
			assert_equal "$data 1" "$data $(kept)"
			continue
		fi
		assert_equal "$data 0" "$data $(kept)"
		assert_status 71
		[[ $stderr == *"sendmail: "*memory* ]] || fail "$data: $stderr"
		said=yes
	done
	assert_equal yes "$said"
}

@test "without memory the error is still said" {
	ini_pickup
	mail >small
	starved small 400000 4096 560000
}

@test "a header that there is no memory for is not called too long" {
	ini_pickup
	{ printf 'To: a@x.test\n'; printf 'X-%09999d: x\n' {1..60}; } >header
	starved header 450000 32768 1400000
}

@test "a stack that is too small is said before anything is kept, not felt behind it" {
	local log stack
	ini_pickup
	mail >small
	for log in stderr syslog "$WORK/log"; do
		sed -i "s|^log = .*|log = $log|" outtray.ini
		for stack in $(seq 12288 4096 81920); do
			limited --stack="$stack" small
			if [ "$stack" -ge 65536 ]; then
				assert_status 0
				assert_equal 1 "$(kept)"
				continue
			fi
			assert_equal "$stack 0" "$stack $(kept)"
			# What the program itself is started with is as much.
			[ "$stack" -lt 20480 ] && [ "$status" -eq 139 ] && continue
			assert_status 71
			[[ $stderr == *"ulimit -s"* ]] || fail "$stack: $stderr"
		done
	done
}
