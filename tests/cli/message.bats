#!/usr/bin/env bats
# What goes in on standard input, and what a pickup folder holds afterwards:
# sendmail's and Postfix's habits, case by case.

load ../support/common

setup() {
	common_setup
	ini_pickup received=no
}

# send ARGUMENTS... with printf's format in $input; the folder is emptied first.
send() {
	rm -f "$PICKUP"/*.eml
	run "$SENDMAIL" "$@" < <(printf "$input")
}

# The receivers of the only message, joined by blanks.
receivers() {
	eml_envelope | plain | sed -n 's/^X-Receiver: <\(.*\)>$/\1/p' | paste -sd' '
}

sender() { eml_envelope | plain | sed -n 's/^X-Sender: <\(.*\)>$/\1/p'; }

# What stands behind the first blank line, with its line ends visible.
body() { eml_message | sed '1,/^\r$/d' | cat -A; }

header() { eml_message | sed '/^\r$/,$d' | plain; }

expect_receivers() {
	assert_status 0
	assert_equal "$1" "$(receivers)"
}

expect_body() {
	assert_status 0
	assert_equal "$1" "$(body)"
}

@test "-t with recipients as arguments sends to both, each once" {
	input='To: a@x.test\nCc: b@x.test\n\nhi\n'
	send -t c@x.test A@x.test a@X.TEST
	expect_receivers "c@x.test A@x.test a@X.TEST b@x.test"
}

@test "-t without any recipient header is a usage error, and nothing is kept" {
	input='Subject: x\n\nhi\n'
	send -t
	assert_status 64
	assert_equal "" "$(ls "$PICKUP")"
	run --separate-stderr "$SENDMAIL" -t < <(printf "$input")
	assert_equal "" "$output"	# a caller reads standard error alone
	[[ $stderr == *"neither To, Cc nor Bcc"* ]] || fail "$stderr"
}

@test "no recipient and no -t is a usage error, and the writer gets no SIGPIPE" {
	run bash -c 'set -o pipefail; head -c 3000000 /dev/zero | "$SENDMAIL"; echo ${PIPESTATUS[*]}'
	assert_output_has "0 64"
}

@test "a Bcc alone is a recipient and is gone from the header" {
	input='Bcc: a@x.test\n\nhi\n'
	send -t
	expect_receivers a@x.test
	lacks "$(eml)" '^[Bb][Cc][Cc]'
	lacks "$(eml)" '^To:'
}

@test "undisclosed-recipients is added only where it is asked for" {
	ini_pickup undisclosed_recipients=yes
	input='Bcc: a@x.test\n\nhi\n'
	send -t
	has "$(eml)" '^To: undisclosed-recipients:;$'
}

@test "an empty group names nobody and disturbs nobody" {
	input='To: a@x.test\nCc: undisclosed-recipients:;\n\nhi\n'
	send -t
	expect_receivers a@x.test
}

@test "a semicolon separates as a comma does" {
	input='To: a@x.test; b@y.test\n\nhi\n'
	send -t
	expect_receivers "a@x.test b@y.test"
}

@test "an empty To is passed over" {
	input='To:\nCc: b@y.test\n\nhi\n'
	send -t
	expect_receivers b@y.test
}

@test "Resent-To and Resent-Bcc come before To, and Resent-Bcc is removed" {
	input='To: old@x.test\nResent-To: new@x.test\nResent-Bcc: hid@x.test\n\nhi\n'
	send -t
	expect_receivers "new@x.test hid@x.test"
	lacks "$(eml)" '^Resent-Bcc'
	has "$(eml)" '^Resent-Date: '
	has "$(eml)" '^To: old@x.test$'
}

@test "a Bcc in the header without -t is removed and not mailed" {
	input='To: a@x.test\nBcc: secret@x.test\n\nhi\n'
	send b@x.test
	expect_receivers b@x.test
	lacks "$(eml)" 'secret'
}

@test "each Bcc counts, folded or not, in any case, and all are gone" {
	input='bCC: a@x.test,\n\tb@x.test\nSubject: s\nBcc : c@x.test\r\nBCC: d@x.test\n\nhi\n'
	send -t
	expect_receivers "a@x.test b@x.test c@x.test d@x.test"
	assert_equal "" "$(eml_message | grep -i 'bcc\|[abcd]@x.test' | plain)"
	has "$(eml)" '^Subject: s$'
}

@test "a first line that is no header field gets a blank line before it" {
	input='hello world\nTo: x@x.test\n'
	send a@x.test
	expect_body 'hello world^M$
To: x@x.test^M$'
}

@test "a text line straight behind the header ends it and is kept" {
	input='Subject: s\nhello\n\nmore\n'
	send a@x.test
	expect_body 'hello^M$
^M$
more^M$'
}

@test "a first blank line means an empty header and is consumed" {
	input='\nhello\n'
	send a@x.test
	expect_body 'hello^M$'
}

@test "'To :' is a header field, used and written as 'To:'" {
	input='To : a@x.test\n\nhi\n'
	send -t
	expect_receivers a@x.test
	has "$(eml)" '^To: a@x.test$'
}

@test "line ends of every kind become one CRLF" {
	local nl
	for nl in '\n' '\r\n' '\r' '\r\r\n'; do
		input="To: a@x.test${nl}Subject: s${nl}${nl}one${nl}two${nl}"
		send -t
		expect_body 'one^M$
two^M$'
	done
	input='To: a@x.test\r\nSubject: s\n\r\none\ntwo\r\nthree\rfour\r\r\n'
	send -t
	expect_body 'one^M$
two^M$
three^M$
four^M$'
}

@test "a line of one dot ends the message unless -i or -oi says otherwise" {
	input='To: a@x.test\n\none\n.\nignored\n'
	send -t
	expect_body 'one^M$'
	assert_output_has "8 bytes"
	input='To: a@x.test\n\none\r\n.\r\nignored\n'
	send -t
	expect_body 'one^M$'
	local dot
	for dot in -i -oi '-o i' -it; do
		input='To: a@x.test\n\none\n.\ntwo\n'
		send -t $dot
		expect_body 'one^M$
.^M$
two^M$'
	done
}

@test "the setting lone_dot = keep does what -i does" {
	ini_pickup lone_dot=keep
	input='To: a@x.test\n\none\n.\ntwo\n'
	send -t
	expect_body 'one^M$
.^M$
two^M$'
}

@test "two dots at the start of a line stay two, with and without -i" {
	input='To: a@x.test\n\n..two\n'
	send -t
	expect_body '..two^M$'
	send -ti
	expect_body '..two^M$'
}

@test "a last line of one dot without line end is kept with -i" {
	input='To: a@x.test\n\none\n.'
	send -ti
	expect_body 'one^M$
.^M$'
}

@test "a missing last line end is added" {
	input='To: a@x.test\n\none'
	send -t
	expect_body 'one^M$'
}

@test "a header and nothing else is a message with an empty body" {
	input='Subject: x'
	send a@x.test
	expect_body ''
	has "$(eml)" '^Subject: x$'
	assert_equal '^M$' "$(tail -n 1 "$(eml)" | cat -A)"
	input='Subject: x\n'
	send a@x.test
	expect_body ''
	has "$(eml)" '^Subject: x$'
	assert_equal '^M$' "$(tail -n 1 "$(eml)" | cat -A)"
}

@test "empty input is sent with the header it lacks" {
	run "$SENDMAIL" a@x.test </dev/null
	expect_body ''
	has "$(eml)" '^From: '
	has "$(eml)" '^Date: '
	has "$(eml)" '^Message-ID: <.*@'
}

@test "the same address in another case of the domain is the same recipient" {
	input='\nhi\n'
	send a@x.test a@X.test A@x.test a@x.test
	expect_receivers "a@x.test A@x.test"
}

@test "mbox lines and Return-Path are dropped and not believed" {
	input='From joe@evil.test Mon Jan  1 00:00:00 2001\n>From x\nReturn-Path: <r@evil.test>\nTo: a@x.test\n\nhi\n'
	send -t -f me@here.test
	expect_receivers a@x.test
	assert_equal me@here.test "$(sender)"
	lacks "$(eml)" 'evil|2001'
	input='>From x\nTo: a@x.test\n\nhi\n'
	send -t
	expect_body 'hi^M$'
	lacks "$(eml)" '>From'
}

@test "From is the caller's name and address where neither the message nor -F says one" {
	local name
	name=$(getent passwd "$(id -u)" | cut -d: -f5 | cut -d, -f1)
	[[ $name =~ ^[A-Za-z]+$ ]] || skip "the name in passwd is no single word: $name"
	input='\nhi\n'
	send b@x.test
	has "$(eml)" "^From: $name <$(id -un)@here\.test>\$"
	has "$(eml)" '^Date: [A-Z][a-z]{2}, [0-9]+ [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} [+-][0-9]{4}'
	has "$(eml)" '^Message-ID: <[^ <>@]+@[^ <>@]+>$'
	assert_equal 1 "$(grep -c '^From: ' "$(eml)")"
}

@test "cron's From gets the domain and keeps its comment" {
	input='From: root (Cron Daemon)\nTo: root\n\nhi\n'
	send -FCronDaemon -i -odi -oem -oi -t -f root
	expect_receivers root@here.test
	assert_equal root@here.test "$(sender)"
	has "$(eml)" '^From: root@here.test \(Cron Daemon\)$'
	has "$(eml)" '^To: root@here.test$'
}

@test "From is made of -F, in quotes or encoded where that is needed" {
	input='\nhi\n'
	send -F 'First Last' -f a@here.test b@x.test
	has "$(eml)" '^From: First Last <a@here.test>$'
	send -F 'Last, First' -f a@here.test b@x.test
	has "$(eml)" '^From: "Last, First" <a@here.test>$'
	send -F 'Jürgen' -f a@here.test b@x.test
	has "$(eml)" '^From: =\?utf-8\?Q\?J=C3=BCrgen\?= <a@here.test>$'
}

@test "a uid without passwd entry can send" {
	local open
	open=$(mktemp -d "${TMPDIR:-/tmp}/outtray-test.XXXXXX")
	PICKUP=$open/pickup
	ini_pickup received=no
	cp "$SENDMAIL" "$OUTTRAY_CONFIG" "$open/"
	chmod 755 "$open"; chmod 777 "$PICKUP"; chmod 644 "$open/outtray.ini"
	run setpriv --reuid 54321 --regid 54321 --clear-groups --no-new-privs \
		env -i OUTTRAY_CONFIG="$open/outtray.ini" "$open/sendmail" a@x.test <<<hi
	mv "$PICKUP" "$WORK/pickup.open"
	rm -r "$open"
	PICKUP=$WORK/pickup.open
	expect_receivers a@x.test
	assert_equal uid54321@here.test "$(sender)"
}

@test "a closed standard input is no message" {
	run bash -c '"$SENDMAIL" a@x.test <&-'
	assert_status 66
	assert_equal "" "$(ls "$PICKUP")"
}

@test "closed output descriptors harm nothing" {
	run bash -c 'echo hi | "$SENDMAIL" a@x.test >&- 2>&-'
	expect_body 'hi^M$'
}

@test "argc 0, an empty environment and a deleted folder harm nothing" {
	mkdir gone
	run "$PYTHON" - "$SENDMAIL" "$OUTTRAY_CONFIG" <<-'END'
	import ctypes, os, sys
	libc = ctypes.CDLL(None, use_errno=True)
	os.chdir("gone"); os.rmdir("../gone")
	r, w = os.pipe(); os.write(w, b"To: a@x.test\n\nhi\n"); os.close(w)
	if os.fork() == 0:
	    os.dup2(r, 0)
	    env = (ctypes.c_char_p * 2)(b"OUTTRAY_CONFIG=" + sys.argv[2].encode(), None)
	    none = (ctypes.c_char_p * 1)(None)
	    libc.execve(sys.argv[1].encode(), none, env)
	    os._exit(99)
	print("exit", os.waitstatus_to_exitcode(os.wait()[1]))
	END
	assert_output_has "exit 64"	# no -t without arguments
}

@test "an empty name of the program is sendmail" {
	run bash -c 'exec -a "" "$SENDMAIL" a@x.test <<<hi'
	expect_receivers a@x.test
}

@test "-f names the sender in each of its forms, and the last one wins" {
	input='\nhi\n'
	local from
	for from in -fa@b.test '-f a@b.test' '-r a@b.test' '-f x@y.test -f a@b.test'; do
		send $from c@x.test
		assert_status 0
		assert_equal a@b.test "$(sender)"
	done
	for from in '<a@b.test>' 'Name <a@b.test>' 'a@b.test (Name)' '<@x,@y:a@b.test>'; do
		send -f "$from" c@x.test
		assert_status 0
		assert_equal a@b.test "$(sender)"
	done
	for from in '' '<>'; do
		send -f "$from" c@x.test
		assert_status 0
		assert_equal '' "$(sender)"
	done
}

@test "recipients as arguments in every form" {
	input='\nhi\n'
	send 'a@x.test,b@x.test' 'c@x.test d@x.test' 'e@x.test, f@x.test' \
		'Name <g@x.test>' 'h@x.test (Name)' '"john doe"@x.test' 'u@[192.0.2.9]'
	expect_receivers 'a@x.test b@x.test c@x.test d@x.test e@x.test f@x.test g@x.test h@x.test "john doe"@x.test u@[192.0.2.9]'
	send '<@a.test,@b.test:i@x.test>'
	expect_receivers i@x.test
	input='To: <@a.test,@b.test:j@x.test>\n\nhi\n'
	send -t
	expect_receivers j@x.test
	input='\nhi\n'
	send -- -dash@x.test
	expect_receivers -dash@x.test
	send ''
	assert_status 64
}

@test "a name without a domain is an alias, or gets the domain; our own literal is our host" {
	printf '[aliases]\nroot = ops@example.com\n' >>"$OUTTRAY_CONFIG"
	input='\nhi\n'
	send root nosuchuser
	expect_receivers "ops@example.com nosuchuser@here.test"
	send 'root@[127.0.0.1]' 'root@[192.0.2.9]'
	expect_receivers "ops@example.com root@[192.0.2.9]"
}

@test "options behind a recipient are recipients, and a warning says so" {
	input='\nhi\n'
	send a@x.test -f x@y.test
	assert_output_has "options go first"
	expect_receivers "a@x.test -f@here.test x@y.test"
}

@test "control characters in any argument are refused" {
	local bad
	for bad in $'a@x.test\nb@x.test' $'a@x.test\rb' $'a\tb@x.test' $'a@x\x7f.test'; do
		input='\nhi\n'
		send "$bad"
		assert_status 64
		send -f "$bad" c@x.test
		assert_status 64
		send -F "$bad" c@x.test
		assert_status 64
	done
	assert_equal "" "$(ls "$PICKUP")"
}

@test "NUL bytes are left out, and said" {
	input='To: a@x.test\n\na\0b\n'
	send -t
	expect_body 'ab^M$'
	assert_output_has "1 NUL"
}

@test "a foreign envelope block in the message is dropped" {
	input='X-Receiver: evil@x.test\nX-Sender: s@evil.test\nTo: a@x.test\n\nhi\n'
	send -t
	expect_receivers a@x.test
	lacks "$(eml)" evil
}

@test "dots = doubled doubles the dots that begin a line" {
	printf 'dots = doubled\n' >>"$OUTTRAY_CONFIG"
	input='To: a@x.test\n\n.one\n..two\nx.y\n.'
	send -ti
	expect_body '..one^M$
...two^M$
x.y^M$
..^M$'
}

@test "kept header bytes stay as they were" {
	input='x-Odd:  two  blanks \nSUBJECT:\tfolded\n \tagain\nTo: "A, B" <a@x.test> (c)\n\nhi\n'
	send -t
	assert_status 0
	local blank=' '
	assert_equal "x-Odd:  two  blanks$blank
SUBJECT:	folded
 	again
To: \"A, B\" <a@x.test> (c)" "$(header | head -n 4)"
}

@test "a message over max_size, a header over its limit and too many recipients are refused" {
	ini_pickup max_size=10K max_recipients=3
	run bash -c '{ printf "\n"; head -c 20000 /dev/zero | tr "\0" a; } | "$SENDMAIL" a@x.test'
	assert_status 65
	assert_output_has max_size
	run "$SENDMAIL" a@x.test b@x.test c@x.test d@x.test <<<hi
	assert_status 65
	assert_output_has recipients
	run bash -c '{ printf "X: "; head -c 2000000 /dev/zero | tr "\0" a; } | "$SENDMAIL" a@x.test'
	assert_status 65
	assert_equal "" "$(ls "$PICKUP")"
}

@test "what the header names and is no address does not stop the others" {
	input='To: a@x.test, b@@x.test, c@x.test\n\nhi\n'
	send -t
	assert_status 65
	assert_equal "a@x.test c@x.test" "$(receivers)"
	assert_output_has "not sent to"
}

@test "a large message goes the way a small one goes" {
	run bash -c '{ printf "To: a@x.test\n\n"; yes "a line of text" | head -c 20000000; } | "$SENDMAIL" -t'
	assert_status 0
	assert_equal "$(yes 'a line of text' | head -c 20000000 | md5sum)" \
		"$(eml_message | sed '1,/^\r$/d' | plain | head -c 20000000 | md5sum)"
}
