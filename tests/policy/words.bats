#!/usr/bin/env bats
# What may not stand in the sources: src/STYLE.md.

load ../support/common

# The code below src with its comments and string constants taken out, as
# lines "file:line: code".
code() {
	local file
	cd "$TOP" || return
	for file in src/*/*.[ch]; do
		"${CC:-cc}" -w -fpreprocessed -dD -E "$file" 2> "$WORK/cpp" |
			awk -v file="$file" '
			/^# [0-9]+ "/ { line = $2 - 1; next }
			{
				line++
				gsub(/"([^"\\]|\\.)*"/, "\"\"")
				if ($0 != "")
					print file ":" line ": " $0
			}'
		[ ! -s "$WORK/cpp" ] || fail "$file: $(cat "$WORK/cpp")"
	done
}

# No line of code but those of files FILES (a regex) may match REGEX.
nowhere() {
	code > "$WORK/code"
	[ "$(wc -l < "$WORK/code")" -gt 100 ] || fail "there is hardly any code"
	run grep -E "$1" "$WORK/code"
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

@test "no code asks for rights: setuid and its kin are not called" {
	nowhere '(^|[^a-zA-Z0-9_])(set(res|re|e|fs)?[ug]id|setgroups|initgroups|cap_set_proc)[[:space:]]*\('
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
