#!/usr/bin/env bats
# Who may know whom: src/STYLE.md, "The shape".

load ../support/common

# The folders of src in their order, and those among them that are programs.
folders=(base mail settings store deliver smtp sendmail daemon admin)
programs=' smtp sendmail daemon admin '

# Lines "file folder" for each #include "folder/..." below src.
includes() {
	cd "$TOP" || return
	grep -HoE '^#[[:space:]]*include[[:space:]]*"[^"]*"' src/*/*.[ch] |
		sed 's/:[^"]*"/ /; s/"$//'
}

rank() {
	local i
	for i in "${!folders[@]}"; do
		[ "${folders[i]}" != "$1" ] || echo "$i"
	done
}

@test "a folder includes only itself and the folders before it" {
	local file header from to wrong=()
	while read -r file header; do
		from=$(rank "$(basename "$(dirname "$file")")")
		to=$(rank "${header%%/*}")
		if [ -z "$from" ] || [ -z "$to" ] || [ "$to" -gt "$from" ]; then
			wrong+=("$file includes $header")
		fi
	done < <(includes)
	[ ${#wrong[@]} -eq 0 ] || fail "$(printf '%s\n' "${wrong[@]}")"
	[ "$(includes | wc -l)" -gt 10 ] || fail "hardly an include was found"
}

@test "no program includes another" {
	local file header own wrong=()
	while read -r file header; do
		own=$(basename "$(dirname "$file")")
		[ "${header%%/*}" = "$own" ] ||
			[[ $programs != *" ${header%%/*} "* ]] ||
			wrong+=("$file includes $header")
	done < <(includes)
	[ ${#wrong[@]} -eq 0 ] || fail "$(printf '%s\n' "${wrong[@]}")"
}

@test "only src/smtp/tls* and scram* know OpenSSL, only src/settings knows inih" {
	cd "$TOP"
	run grep -lE '^#[[:space:]]*include[[:space:]]*<(openssl/|ini\.h)' -r src
	for file in $output; do
		case $file in
		src/smtp/tls* | src/smtp/scram* | src/settings/*) ;;
		*) fail "$file includes a library that is not its business" ;;
		esac
	done
}

@test "sendmail links libc and inih only, outtray-smtp libc, outtray-smtp-tls OpenSSL too" {
	if nm -D "$SENDMAIL" | grep -q __asan_init; then
		skip "a sanitizer's build links the sanitizer too"
	fi
	needed() {
		readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(lib[a-z]*\).*/\1/p' |
			sort | tr '\n' ' '
	}
	assert_equal "libc libinih " "$(needed "$SENDMAIL")"
	assert_equal "libc " "$(needed "$BUILD/outtray-smtp")"
	assert_equal "libc libcrypto libssl " "$(needed "$BUILD/outtray-smtp-tls")"
}

@test "the programs are position independent, with full RELRO and no executable stack" {
	for program in "$SENDMAIL" "$BUILD/outtray-smtp" "$BUILD/outtray-smtp-tls"; do
		run readelf -Wlhd "$program"
		[[ $output =~ 'Type:'\ +DYN ]] || fail "$program is no PIE"
		assert_output_has GNU_RELRO
		[[ $output =~ FLAGS.*NOW ]] || fail "$program binds lazily"
		[[ $output =~ GNU_STACK\ .*\ 'RW '\  ]] || fail "$program: executable stack"
	done
}
