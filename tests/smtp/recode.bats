#!/usr/bin/env bats
# What a server cannot take is sent otherwise, and reads the same: as Python's
# email package decodes it.

load agent

SEVEN='{"caps": ["PIPELINING", "SIZE 100000000"]}'

# The received message reads as the sent one. Options: of same_mail.py.
reads_the_same() {
	run "$PYTHON" "$SUPPORT/same_mail.py" "$@" "$MESSAGE" "$(message)"
	assert_status 0
}

# SIZE= is what went over the wire, dots and the final one aside.
size_is_true() {
	local said
	said=$(client | sed -n 's/^MAIL.* SIZE=\([0-9]*\).*/\1/p')
	assert_equal "$(wc -c <"$(message)")" "$said"
}

sent() {
	run agent "$@"
	assert_status 0
	[[ $output == "pending"$'\n'"sent 0 "* ]] || fail "$output"
}

long() { printf "%0$1d" 0; }

@test "a Subject of 3,000 bytes is folded at white space" {
	mail ann@here.test joe@there.test < <(printf 'Subject:'
		yes ' a word of it' | head -n 230 | tr -d '\n'; printf '\nA: b\n\n.x\n')
	smtpd
	sent
	reads_the_same
	size_is_true
	has "$(message)" '^ (a word of it ){5}a word of$'
	has "$(message)" '^\.x$'
}

@test "300 addresses in one line are folded behind commas" {
	mail ann@here.test joe@there.test < <(printf 'To: '
		seq -f 'person.%g@example.test,' 300 | tr -d '\n'
		printf 'Last <last@x.test>\nSubject: x\n\nhello\n')
	smtpd
	sent
	reads_the_same
	lacks "$(message)" '.{80}'
	has "$(message)" '^ .*person.300@example.test,$'
	size_is_true
}

@test "raw UTF-8 in the header becomes encoded words" {
	mail ann@here.test joe@there.test < <(printf '%s\n' \
		'From: Jürgen Müller <ann@here.test>' \
		'To: "Zoë, the first" <joe@there.test>, Ann (ähnlich) <a@x.test>' \
		'Subject: Grüße aus  Zürich =?utf-8?Q?und?= Köln' \
		'' hello)
	smtpd
	sent
	reads_the_same --ascii
	size_is_true
	has "$(message)" '^Subject: =\?utf-8\?Q\?Gr=C3=BC=C3=9Fe\?= aus'
	[[ $(client) != *BODY=8BITMIME* ]] || fail "$(client)"
}

@test "a byte that is no UTF-8 is encoded as the message's charset, or as unknown" {
	mail ann@here.test joe@there.test < <(printf \
		'Subject: caf\xe9\nContent-Type: text/plain; charset=iso-8859-1\n\nhello\n')
	smtpd
	sent
	reads_the_same --ascii
	has "$(message)" '^Subject: =\?iso-8859-1\?Q\?caf=E9\?=$'
	mail ann@here.test joe@there.test < <(printf 'Subject: caf\xe9\n\nhello\n')
	sent
	has "$(message 2)" '^Subject: =\?unknown-8bit\?Q\?caf=E9\?=$'
}

@test "an SMTPUTF8 transaction keeps the header as it was" {
	mail änn@here.test joe@there.test < <(printf 'Subject: Grüße\n\nhello\n')
	smtpd '{"caps": ["8BITMIME", "SMTPUTF8"]}'
	sent
	has "$(message)" '^Subject: Grüße$'
	client | grep -q ' SMTPUTF8'
}

@test "an address in the header alone asks for SMTPUTF8, or is refused without" {
	mail ann@here.test joe@there.test < <(printf 'To: jürgen@x.test\n\nhello\n')
	smtpd '{"sessions": [{"caps": ["8BITMIME", "SMTPUTF8"]}, {"caps": ["8BITMIME"]}]}'
	sent
	has "$(message)" '^To: jürgen@x.test$'
	client | grep -q ' SMTPUTF8'
	run agent
	[[ $output == "refused 0 65 0 5.6.7 R MAIL "*SMTPUTF8* ]] || fail "$output"
	assert_equal 1 "$(messages)"
}

@test "a signed header is not touched" {
	mail ann@here.test joe@there.test < <(printf \
		'DKIM-Signature: v=1; h=subject\nSubject: Grüße\n\nhello\n')
	smtpd
	sent
	has "$(message)" '^Subject: Grüße$'
}

@test "what fits goes out byte for byte" {
	mail ann@here.test joe@there.test < <(printf 'Subject: =?x?=\nX: %s\n\nü\n.\n%s\n' \
		"$(long 995)" "$(long 998)")
	smtpd
	sent
	tail -n +3 "$MESSAGE" | cmp - "$(message)"
}
