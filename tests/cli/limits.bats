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

# limited LIMIT [ARGUMENT...]: sendmail under that limit, with an environment
# of known size, since it is on the stack.
limited() {
	rm -f "$PICKUP"/*.eml
	run --separate-stderr timeout -k 5 60 env -i \
		OUTTRAY_CONFIG="$OUTTRAY_CONFIG" prlimit "$1" \
		"$SENDMAIL" -t "${@:2}" < <(mail)
}

@test "without memory the error is still said" {
	local data said=
	ini_pickup
	for data in $(seq 400000 4096 560000); do
		limited --data="$data"
		[ "$status" -ne 0 ] || continue
		# The C library itself starts with less than we do.
		[ "$status" -ne 127 ] || continue
		assert_equal 0 "$(kept)"
		assert_status 71
		[[ $stderr == *"sendmail: "*memory* ]] || fail "$data: $stderr"
		said=yes
	done
	assert_equal yes "$said"
}
