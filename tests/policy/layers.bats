#!/usr/bin/env bats
# Who may know whom: src/STYLE.md, "The shape".

load ../support/common

# The folders of src in their order, with those that are programs last.
declare -gA rank=([base]=1 [mail]=2 [settings]=3 [store]=4 [deliver]=5
	[smtp]=6 [sendmail]=7 [daemon]=8 [admin]=9)
first_program=6

# Lines "file own-folder header" for each #include "folder/header" below src.
includes() {
	cd "$TOP" || return
	grep -HoE '^#[[:space:]]*include[[:space:]]*"[^"]*"' src/*/*.[ch] |
		sed -E 's,^(src/([^/]*)/[^:]*):[^"]*"(.*)"$,\1 \2 \3,'
}

@test "a folder includes only itself and the folders before it" {
	local file own header to wrong=()
	includes > "$WORK/includes"
	while read -r file own header; do
		to=${rank[${header%%/*}]:-99}
		[ "$to" -le "${rank[$own]}" ] || wrong+=("$file includes $header")
	done < "$WORK/includes"
	[ ${#wrong[@]} -eq 0 ] || fail "$(printf '%s\n' "${wrong[@]}")"
	[ "$(wc -l < "$WORK/includes")" -gt 100 ] || fail "hardly an include was found"
}

@test "no program includes another" {
	local file own header wrong=()
	while read -r file own header; do
		[ "${header%%/*}" = "$own" ] ||
			[ "${rank[${header%%/*}]}" -lt "$first_program" ] ||
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

@test "sendmail and outtrayd link libc and inih only, outtray-smtp libc, outtray-smtp-tls OpenSSL too" {
	need_plain_build
	needed() {
		readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(lib[a-z]*\).*/\1/p' |
			sort | tr '\n' ' '
	}
	# inih is within, where it can be had as an archive.
	assert_equal "libc " "$(needed "$SENDMAIL" | sed 's/libinih //')"
	assert_equal "libc " "$(needed "$BUILD/outtrayd" | sed 's/libinih //')"
	assert_equal "libc " "$(needed "$BUILD/outtray-smtp")"
	assert_equal "libc libcrypto libssl " "$(needed "$BUILD/outtray-smtp-tls")"
}

@test "the programs are position independent, with full RELRO and no executable stack" {
	for program in "$SENDMAIL" "$BUILD/outtrayd" "$BUILD/outtray-smtp" \
		"$BUILD/outtray-smtp-tls"; do
		run readelf -Wlhd "$program"
		[[ $output =~ 'Type:'\ +DYN ]] || fail "$program is no PIE"
		assert_output_has GNU_RELRO
		[[ $output =~ FLAGS.*NOW ]] || fail "$program binds lazily"
		[[ $output =~ GNU_STACK\ .*\ 'RW '\  ]] || fail "$program: executable stack"
	done
}
