#!/usr/bin/env bats
# sendmail -bs: SMTP on standard input and output.

load ../support/common

setup() {
	common_setup
	ini_pickup received=no
}

# smtp FORMAT: the session that printf makes of it.
smtp() { run "$SENDMAIL" -bs < <(printf "$1"); }

kept() { ls "$PICKUP" | wc -l; }
body() { eml_message | sed '1,/^\r$/d' | cat -A; }
receivers() { eml_envelope | plain | sed -n 's/^X-Receiver: <\(.*\)>$/\1/p' | paste -sd' '; }

ENVELOPE='EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n'

@test "a whole session piped at once, with CRLF and with LF" {
	local nl
	for nl in '\r\n' '\n'; do
		rm -f "$PICKUP"/*
		smtp "EHLO me${nl}MAIL FROM:<a@b.test>${nl}RCPT TO:<c@d.test>${nl}DATA${nl}Subject: s${nl}${nl}hi${nl}..dot${nl}.${nl}QUIT${nl}"
		assert_status 0
		assert_output_has "220 host.here.test ESMTP"
		assert_output_has "354 "
		assert_output_has "250 2.0.0 Ok: kept as"
		assert_output_has "221 2.0.0"
		assert_equal 'hi^M$
.dot^M$' "$(body)"
		assert_equal c@d.test "$(receivers)"
	done
}

@test "the greeting and the extensions are those of a submission service" {
	smtp 'EHLO me\r\nQUIT\r\n'
	for word in PIPELINING 'SIZE 52428800' 8BITMIME DSN SMTPUTF8 ENHANCEDSTATUSCODES; do
		assert_output_has "$word"
	done
	assert_output_lacks STARTTLS
}

@test "SMTPUTF8 is not offered where a server is the way out" {
	ini <<-END
	[smtp]
	host = 127.0.0.1
	END
	smtp 'EHLO me\r\nMAIL FROM:<\xc3\xa4@b.test>\r\nQUIT\r\n'
	assert_output_lacks SMTPUTF8$'\r'
	assert_output_has "553 5.6.7"
}

@test "several messages, RSET, NOOP, VRFY and HELP in one session" {
	smtp "${ENVELOPE}RSET\r\nRCPT TO:<x@d.test>\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.test>\r\nDATA\r\none\r\n.\r\nNOOP\r\nVRFY root\r\nHELP\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<e@f.test>\r\nDATA\r\ntwo\r\n.\r\nQUIT\r\n"
	assert_status 0
	assert_output_has "503 5.5.1 MAIL first"
	assert_output_has "252 "
	assert_output_has "214 "
	assert_equal 2 "$(kept)"
}

@test "only CRLF . CRLF ends a message in CRLF traffic" {
	smtp "${ENVELOPE}DATA\r\n\r\na\n.\nMAIL FROM:<evil@x.test>\nb\r\n.\nc\n.\r\nd\r.\re\r\n.\r\nQUIT\r\n"
	assert_status 0
	assert_equal 1 "$(kept)"
	assert_equal 1 "$(grep -c '354' <<<"$output")"
	assert_equal 'a^M$
.^M$
MAIL FROM:<evil@x.test>^M$
b^M$
^M$
c^M$
.^M$
d^M$
.^M$
e^M$' "$(body)"
}

@test "the end of input within a message sends nothing and exits non-zero" {
	smtp "${ENVELOPE}DATA\r\nSubject: x\r\n\r\nhalf a mes"
	assert_status 66
	assert_equal 0 "$(kept)"
	smtp "${ENVELOPE}DATA\r\nhalf\r\n."
	assert_status 66
	assert_equal 0 "$(kept)"
}

@test "limits: recipients 452, size 552, a long line 500" {
	ini_pickup max_recipients=2 max_size=1K
	smtp "EHLO me\r\nMAIL FROM:<a@b.test> SIZE=2000\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<a@b.test>\r\nRCPT TO:<b@b.test>\r\nRCPT TO:<c@b.test>\r\nDATA\r\n$(head -c 3000 /dev/zero | tr '\0' x)\r\n.\r\n$(head -c 5000 /dev/zero | tr '\0' y)\r\nQUIT\r\n"
	assert_status 0
	assert_output_has "552 5.3.4 The message is larger"
	assert_output_has "452 4.5.3"
	assert_output_has "552 5.3.4 the message is larger"
	assert_output_has "500 5.5.6"
	assert_equal 0 "$(kept)"
}

@test "twenty thousand recipients are too many, and the rest goes on" {
	run bash -c '{ printf "EHLO me\r\nMAIL FROM:<a@b.test>\r\n"; seq -f "RCPT TO:<r%.0f@d.test>" 20000 | sed "s/$/\r/"; printf "DATA\r\nhi\r\n.\r\nQUIT\r\n"; } | "$SENDMAIL" -bs >out'
	assert_status 0
	assert_equal 19000 "$(grep -c '^452 4.5.3' out)"
	assert_equal 1000 "$(eml_envelope | grep -c X-Receiver)"
}

@test "a megabyte of garbage ends the session" {
	run bash -c 'head -c 1000000 /dev/urandom | "$SENDMAIL" -bs >out'
	assert_status 76
	assert_equal 0 "$(kept)"
	has out '^(421|500) '
}

@test "commands out of order and unknown ones are refused, a message goes on" {
	smtp "MAIL FROM:<a@b.test>\r\nDATA x\r\nSTARTTLS\r\nFOO\r\n${ENVELOPE}RCPT TO:<>\r\nRCPT TO:<a b@c>\r\nRCPT TO:c@d.test\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n"
	assert_output_has "503 5.5.1 EHLO first"
	assert_output_has "500 5.5.2"
	assert_output_has "501 5.1.3"
	assert_equal c@d.test "$(receivers)"
}

@test "an address that begins with a dash or holds an option stays an address" {
	smtp 'EHLO me\r\nMAIL FROM:<-f@b.test>\r\nRCPT TO:<-Xcanary@y.test>\r\nDATA\r\nhi\r\n.\r\nQUIT\r\n'
	assert_status 0
	assert_equal -Xcanary@y.test "$(receivers)"
	[ ! -e canary@y.test ]
}

@test "with -f the sender of MAIL wins" {
	run "$SENDMAIL" -bs -f z@x.test < <(printf "${ENVELOPE}DATA\r\nhi\r\n.\r\nQUIT\r\n")
	has "$(eml)" '^X-Sender: <a@b.test>$'
}

@test "no greeting is waited for, and a closed output is an error" {
	run bash -c 'printf "EHLO me\r\nQUIT\r\n" | "$SENDMAIL" -bs >/dev/full'
	assert_status 74
}

@test "the text of a message whose addresses were refused is never taken for commands" {
	local text='MAIL FROM:<evil@x.test>\r\nRCPT TO:<victim@y.test>\r\nDATA\r\nspam\r\n.\r\n'
	smtp "EHLO me\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<no address>\r\nDATA\r\n${text}QUIT\r\n"
	assert_status 0
	assert_output_has "554 5.5.1 no recipient was accepted"
	assert_equal 0 "$(kept)"
	smtp "EHLO me\r\nMAIL FROM:<no address>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n${text}QUIT\r\n"
	assert_output_has "503 5.5.1 MAIL and RCPT first"
	assert_equal 0 "$(kept)"
}

@test "a folder that cannot be written is our fault, and said as temporary" {
	export OUTTRAY_PICKUP_DIRECTORY=$WORK/none
	smtp "${ENVELOPE}DATA\r\nhi\r\n.\r\nNOOP\r\nQUIT\r\n"
	assert_status 0
	assert_output_has "451 4.3.0"
	assert_output_has "$WORK/none"
	assert_output_has "221 2.0.0"
}

@test "a client that waits for each answer gets it at once" {
	run "$PYTHON" - <<-'END'
	import os, subprocess
	p = subprocess.Popen([os.environ["SENDMAIL"], "-bs"], stdin=-1, stdout=-1)
	def say(line, want):
	    p.stdin.write(line + b"\r\n")
	    p.stdin.flush()
	    while (answer := p.stdout.readline())[3:4] == b"-":
	        pass
	    assert answer.startswith(want), (line, answer)
	assert p.stdout.readline().startswith(b"220 ")
	for i in range(3):
	    say(b"EHLO me", b"250")
	    say(b"MAIL FROM:<a@b.test> SIZE=10 BODY=8BITMIME", b"250")
	    say(b"RCPT TO:<c@d.test> NOTIFY=NEVER", b"250")
	    say(b"DATA", b"354")
	    say(b"Subject: x\r\n\r\nhi\r\n.", b"250")
	say(b"QUIT", b"221")
	assert p.stdout.read() == b"" and p.wait() == 0
	END
	assert_status 0
	assert_equal 3 "$(kept)"
}

@test "it speaks on a socket as well" {
	run "$PYTHON" - <<-'END'
	import os, smtplib, socket, subprocess
	ours, theirs = socket.socketpair()
	p = subprocess.Popen([os.environ["SENDMAIL"], "-bs"], stdin=theirs, stdout=theirs)
	theirs.close()
	class Client(smtplib.SMTP):
	    def _get_socket(self, *ignored):
	        return ours
	with Client("here", 25) as c:
	    c.sendmail("a@b.test", ["c@d.test", "e@f.test"], "Subject: x\n\n.hi\n..\n")
	assert p.wait() == 0
	END
	assert_status 0
	assert_equal 'c@d.test e@f.test' "$(receivers)"
	assert_equal '.hi^M$
..^M$' "$(body)"
}

@test "a closed client, a thousand times, leaves no message and no process behind" {
	local i shell=$BASHPID
	for ((i = 0; i < 1000; i++)); do
		if printf "${ENVELOPE}DATA\r\nhalf" | "$SENDMAIL" -bs >/dev/null; then
			fail "session $i exited 0"
		fi
	done
	assert_equal 0 "$(kept)"
	run pgrep -P "$shell" -x sendmail
	assert_status 1
}

@test "memory does not grow with what is said" {
	need_plain_build
	run bash -c '(ulimit -v 40000; { printf "EHLO me\r\nMAIL FROM:<a@b.test>\r\n"; yes "RCPT TO:<a@b.test>" | head -200000; yes NOOP | head -200000; head -c 20000000 /dev/zero | tr "\0" x; printf "\nQUIT\r\n"; } | "$SENDMAIL" -bs >out)'
	assert_status 0
	assert_equal 200000 "$(grep -c '^250 2.1.5 Ok' out)"
	assert_equal 200000 "$(grep -c '^250 2.0.0 Ok' out)"
	has out '^500 5.5.6'
	has out '^221'
}

@test "a long session leaves no processes behind" {
	local n session
	smtpd '{}'
	ini_smtp
	mkfifo in
	exec 7<>in
	background bash -c 'exec "$SENDMAIL" -bs <in >out 7>&-'
	session=$(tail -n 1 "$WORK/.background")
	answered() { [ "$(grep -c '^250 2.0.0' out)" -ge "$1" ]; }
	printf 'EHLO me.test\r\n' >&7
	for n in 1 2 3 4 5 6; do
		printf '%s\r\n' 'MAIL FROM:<a@here.test>' 'RCPT TO:<b@x.test>' DATA \
			'A: b' '' hi . >&7
		wait_until 20 answered "$n"
	done
	# The last one's agent may be ending just now.
	few() { [ "$(ps -o pid= --ppid "$session" | wc -l)" -le 2 ]; }
	wait_until 20 few
	exec 7<&-
	assert_equal 6 "$(messages)"
}
