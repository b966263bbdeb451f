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
	run agent
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

@test "a body line of 5,000 bytes becomes quoted-printable" {
	mail ann@here.test joe@there.test < <(printf 'Subject: x\n\n.a b \n%s\n-- \n.\n' \
		"$(long 5000)")
	smtpd
	sent
	reads_the_same --ascii
	size_is_true
	has "$(message)" '^Content-Transfer-Encoding: quoted-printable$'
	has "$(message)" '^MIME-Version: 1.0$'
	lacks "$(message)" '.{77}'
}

@test "8-bit text for a server without 8BITMIME becomes quoted-printable" {
	mail ann@here.test joe@there.test < <(printf '%s\n' 'Subject: Grüße' \
		'MIME-Version: 1.0' 'Content-Type: text/plain; charset=utf-8' \
		'Content-Transfer-Encoding: 8bit' '' 'Viele Grüße aus Köln = 4711 ' '.' \
		'a line of some more words than the others have' 'the end')
	smtpd "$SEVEN"
	sent
	reads_the_same --ascii
	size_is_true
	has "$(message)" '^Content-Type: text/plain; charset=utf-8$'
	has "$(message)" '^Viele Gr=C3=BC=C3=9Fe aus K=C3=B6ln =3D 4711=20$'
	lacks "$(message)" '8bit'
	[[ $(client) != *BODY=* ]] || fail "$(client)"
}

@test "Latin-1 keeps its charset, Cyrillic becomes base64" {
	mail ann@here.test joe@there.test < <(printf '%b' 'Subject: x\nMIME-Version: 1.0\n' \
		'Content-Type: text/plain; charset=iso-8859-1\n\ndes caf\xe9s de Paris\n')
	smtpd "$SEVEN"
	sent
	reads_the_same --ascii
	has "$(message)" '^des caf=E9s de Paris$'
	mail ann@here.test joe@there.test < <(printf '%s\n' 'Subject: x' 'MIME-Version: 1.0' \
		'Content-Type: text/plain; charset=utf-8' '' 'Привет из Москвы' '' 'всё')
	sent
	run "$PYTHON" "$SUPPORT/same_mail.py" --ascii "$MESSAGE" "$(message 2)"
	assert_status 0
	has "$(message 2)" '^Content-Transfer-Encoding: base64$'
}

# A message of all kinds of parts; $1 is the encoding its composites say.
many_parts() {
	cat <<-END
	Subject: parts
	MIME-Version: 1.0
	Content-Type: multipart/mixed; boundary="=_one"
	Content-Transfer-Encoding: $1

	for old readers: grüße
	--=_one
	Content-Type: multipart/alternative;
	 boundary="=_one.two"
	Content-Transfer-Encoding: $1

	--=_one.two
	Content-Type: text/plain; charset=utf-8
	Content-Transfer-Encoding: 8bit

	Schöne Grüße aus Köln, und das ist der Rest des Satzes
	--=_on
	--=_one.tw
	.
	--=_one.two
	Content-Type: text/html; charset="utf-8"

	<p>no $(long 2000) =3D</p>

	--=_one.two--

	--=_one
	Content-Type: application/octet-stream; name="Übersicht.bin"
	Content-Disposition: attachment; filename="Übersicht 2026.bin"
	Content-Transfer-Encoding: base64

	$(seq 300 | base64 -w 0)
	--=_one
	Content-Type: text/plain; charset=utf-8
	Content-Transfer-Encoding: quoted-printable

	a=20long =C3=BC $(long 1500)=3D
	and an 8-bit ü in it
	--=_one
	Content-Type: message/rfc822
	Content-Transfer-Encoding: 8bit

	From: Jürgen <j@x.test>
	Subject: weiter: Grüße

	ein angehängter Text, der nicht sehr kurz ist
	--=_one
	Content-Type: text/plain

	in order
	--=_one--
	the epilogue
	END
}

@test "of a multipart those parts are encoded that need it" {
	mail ann@here.test joe@there.test < <(many_parts 8bit)
	smtpd "$SEVEN"
	sent
	reads_the_same --ascii
	size_is_true
	has "$(message)" '^in order$'
	assert_equal 0 "$(grep -c 8bit "$(message)")"
}

@test "with 8BITMIME only the parts with long lines are encoded" {
	mail ann@here.test joe@there.test < <(many_parts 8bit)
	smtpd
	sent
	reads_the_same
	size_is_true
	has "$(message)" '^Schöne Grüße aus Köln, und'
	has "$(message)" '^Content-Disposition: attachment; filename="Übersicht 2026.bin"$'
	client | grep -q BODY=8BITMIME
}

@test "bad MIME loses no byte" {
	local type
	smtpd "$SEVEN"
	for type in 'multipart/mixed' 'multipart/mixed; boundary=never' \
		'multipart/mixed; boundary="' 'text' 'multipart/mixed; boundary=""'; do
		mail ann@here.test joe@there.test < <(printf '%s\n' 'Subject: x' \
			'MIME-Version: 1.0' "Content-Type: $type" '' '--nowhere' \
			'Content-Type: a/b' '' 'für niemanden, und noch etwas mehr' '--nowhere--')
		sent
		run "$PYTHON" "$SUPPORT/same_mail.py" --ascii "$MESSAGE" \
			"$(message "$(messages)")"
		assert_status 0
	done
	assert_equal 5 "$(messages)"
}

@test "signed and encrypted mail in 8 bit is refused where it cannot go" {
	local type
	smtpd "$SEVEN"
	for type in signed encrypted; do
		mail ann@here.test joe@there.test < <(printf '%s\n' 'Subject: x' \
			"Content-Type: multipart/$type; boundary=b" '' --b '' 'für dich' --b '' x --b--)
		run agent
		assert_status 0
		[[ $output == "refused 0 65 0 5.6.3 R MAIL "*"signed or encrypted"*"encode it first"* ]] ||
			fail "$output"
	done
	mail ann@here.test joe@there.test < <(printf 'DKIM-Signature: v=1\nSubject: x\n\nü\n')
	run agent
	[[ $output == "refused 0 65 0 5.6.3 "* ]] || fail "$output"
	assert_equal 0 "$(messages)"
}

@test "signed mail goes byte for byte where it can, long lines and all" {
	mail ann@here.test joe@there.test < <(printf '%s\n' 'Subject: x' \
		'Content-Type: multipart/signed; boundary=b' '' --b '' "für $(long 2000)" --b '' x --b--)
	smtpd
	sent
	tail -n +3 "$MESSAGE" | cmp - "$(message)"
}

@test "a message that is too large only when it is encoded is refused at once" {
	mail ann@here.test joe@there.test < <(printf 'Subject: x\n\n'
		yes 'grüße' | head -n 300)
	smtpd '{"caps": ["SIZE 2600"]}'
	run agent
	[[ $output == "refused 0 65 0 5.3.4 R MAIL the message has "*" bytes, the server takes at most 2600" ]] ||
		fail "$output"
	[[ $(client) != *MAIL* ]] || fail "$(client)"
}

@test "each server gets the message as it can take it" {
	mail ann@here.test joe@there.test < <(printf 'Subject: x\n\nfür dich und alle anderen\n')
	smtpd '{"sessions": [{"caps": ["SIZE"], "answers": {"mail": "451 no"}}]}'
	local first=$PORT
	mv "$SMTP" "$WORK/first"
	smtpd '{}' second
	run agent "smtp.host=127.0.0.1:$first 127.0.0.1:$PORT"
	[[ $output == *"sent 0 "* ]] || fail "$output"
	has "$(message)" '^für dich'
}

@test "a message of 60 MB is encoded in little memory" {
	need_plain_build
	mail ann@here.test joe@there.test < <(printf 'Subject: x\n\n'
		yes 'eine Zeile mit Grüßen, so lang wie Zeilen sind' | head -n 1200000)
	smtpd "$SEVEN"
	# shellcheck disable=SC2034 # it is the agent's
	DEADLINE=120000
	ulimit -v 60000
	sent
	size_is_true
	tail -n +5 "$(message)" | "$PYTHON" -c '
import quopri, sys
for line in sys.stdin.buffer:
    if line.rstrip() and quopri.decodestring(line).rstrip() != "eine Zeile mit Grüßen, so lang wie Zeilen sind".encode():
        sys.exit(line)'
}

@test "a header that sendmail makes too long is folded, too" {
	smtpd
	ini_smtp
	{
		printf 'To: '
		seq -f 'user%g,' 100 139 | tr -d '\n'
		seq -f ' someone.else%g,' 100 129 | tr -d '\n'
		printf ' last\nSubject: x\n\n.hello\n'
	} >"$WORK/input"
	[ "$(head -n 1 "$WORK/input" | wc -c)" -lt 998 ] || fail "it is too long already"
	run "$SENDMAIL" -t -i <"$WORK/input"
	assert_status 0
	lacks "$(message)" '.{999}'
	has "$(message)" ' last@here.test$'
	has "$(message)" '^\.hello$'
	assert_equal 71 "$(grep -c RCPT "$(envelope)")"
	size_is_true
}
