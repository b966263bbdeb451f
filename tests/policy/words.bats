#!/usr/bin/env bats
# What may not stand in the sources: src/STYLE.md.

load ../support/common

# The code below src, its comments taken out and its strings emptied, as lines
# "file:line: code"; once for all tests.
setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	/usr/bin/python3 - src/*/*.[ch] > "$BATS_FILE_TMPDIR/code" <<-'END'
	import re
	import sys

	token = re.compile(r'/\*.*?\*/|"(?:[^"\\]|\\.)*"', re.S)

	def emptied(found):
	    lines = "\n" * found.group().count("\n")
	    return '""' if found.group().startswith('"') else " " + lines

	for name in sys.argv[1:]:
	    code = token.sub(emptied, open(name).read())
	    for number, line in enumerate(code.split("\n"), 1):
	        if line.strip():
	            print(f"{name}:{number}: {line}")
	END
}

# No line of code but those of files FILES (a regex) may match REGEX.
nowhere() {
	local code=$BATS_FILE_TMPDIR/code
	[ "$(wc -l < "$code")" -gt 1000 ] || fail "there is hardly any code"
	run grep -E "$1" "$code"
	if [ -n "${2-}" ]; then
		output=$(grep -Ev "^($2):" <<< "$output") || :	# all were allowed
	fi
	[ -z "$output" ] || fail "$output"
}

@test "no function whose mistakes are silent is called" {
	nowhere '(^|[^a-zA-Z0-9_])(strcpy|stpcpy|strcat|strncat|v?sprintf|strtok|ato(i|l|ll|f)|gets|v?[fs]?scanf|alloca|mktemp|tmpnam|tempnam|tmpfile)[[:space:]]*\('
}

@test "no shell is started: system, popen and wordexp are not called" {
	nowhere '(^|[^a-zA-Z0-9_])(system|popen|wordexp|exec[lv]p[e]?)[[:space:]]*\('
}

@test "no code asks for rights: setuid and its kin are not called, but to drop root's" {
	nowhere '(^|[^a-zA-Z0-9_])(set(res|re|e|fs)?[ug]id|setgroups|initgroups|cap_set_proc)[[:space:]]*\(' 'src/daemon/owner\.c:[0-9]+'
}

@test "nothing but main prints or exits" {
	nowhere '(^|[^a-zA-Z0-9_>.])(exit|abort|perror|v?printf|puts|putchar|v?fprintf|fputs|fputc|v?(err|warn)x?)[[:space:]]*\(' 'src/[a-z]*/main\.c:[0-9]+'
}

@test "structs have no typedef" {
	nowhere '(^|[^a-zA-Z0-9_])typedef[[:space:]]+(struct|union)[^(]*$'
}

@test "nothing is marked as left for later" {
	cd "$TOP"
	run grep -rsnwE 'TO''DO|FIX''ME|XX''X' \
		src man conf packaging tests .ci Makefile README.md
	[ -z "$output" ] || fail "$output"
}

@test "lines end in LF, without blanks before it" {
	cd "$TOP"
	run grep -rnE --include='*.[ch]' --include='*.bats' --include='*.bash' \
		--include=Makefile $'[ \t\r]+$' src tests Makefile
	[ "$status" -eq 1 ] || fail "$output"
}
