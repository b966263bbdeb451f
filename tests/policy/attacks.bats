#!/usr/bin/env bats
# Attacks that were made on other programs of this kind, and must fail here:
# by the caller's arguments, by what is in a message, by the server. Those on
# certificates are in smtp/tls.cases, those on -bs in cli/bs.bats, those on
# the options' values in cli/options.bats.

load ../support/common

# The one message of the session as it went out: each CR before an LF, each LF
# behind a CR, no NUL, and no line of one dot but the last.
assert_clean_wire() {
	"$PYTHON" - "$SMTP/$(sed -n 1p "$SMTP/accepted").wire" <<-'END' || fail "$(cat -v "$SMTP"/*.wire)"
	import re, sys
	wire = open(sys.argv[1], "rb").read()
	assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", wire)
	assert wire.split(b"\r\n").index(b".") == wire.count(b"\r\n") - 1
	END
}

@test "no address and no option becomes a second command or a second field" {
	local inject bad option
	smtpd
	ini_smtp
	for inject in $'\r\nRCPT TO:<v@evil.test>' $'\nRCPT TO:<v@evil.test>' \
		$'\rRCPT TO:<v@evil.test>' $'\r\nBcc: v@evil.test'; do
		bad="a@b.test>$inject"
		for option in -f -r -F -N -V -R -B -p -L -h -O; do
			run "$SENDMAIL" "$option" "$bad" a@x.test <<<hi
			assert_status 64
			run "$SENDMAIL" "$option$bad" a@x.test <<<hi
			assert_status 64
		done
		run "$SENDMAIL" "$bad" <<<hi
		assert_status 64
		run "$SENDMAIL" -- "a@b.test$inject" <<<hi
		assert_status 64
	done
	assert_equal '' "$(dialog)"
}

@test "no line break in the message ends it early or starts a second one" {
	local end evil='MAIL FROM:<v@evil.test>\r\nRCPT TO:<v@evil.test>\r\nDATA\r\nspam\r\n.\r\n'
	for end in '\n.\n' '\n.\r\n' '\r\n.\n' '\r.\r' '\r\n.\r' '\r\n.\r\r\n' '\r.\n' '\r\r\n.\r\r\n' '\r\n\0.\r\n' '\n.\0\n'; do
		smtpd
		ini_smtp
		run "$SENDMAIL" -i a@x.test < <(printf "Subject: s\n\nhi$end$evil")
		assert_status 0
		assert_equal 1 "$(messages)"
		assert_equal 1 "$(client | grep -c '^MAIL')"
		assert_clean_wire
		stop_background
	done
}

@test "nothing that names a program, a host or a port moves the mail or the login elsewhere" {
	local words
	smtpd '{}' thief
	local thief=$PORT
	smtpd '{"auth": ["PLAIN"], "users": {"joe": "pencil"}}'
	ini_smtp 'user = joe' 'password = pencil'
	for words in --host=127.0.0.1 --port="$thief" -S127.0.0.1:"$thief" -S \
		-apjoe -amPLAIN --user=joe --passwordeval='touch${IFS}canary' \
		-H'touch${IFS}canary' --token-command='touch${IFS}canary' \
		--tls=off --auth=plain --logfile=canary --file=canary; do
		run "$SENDMAIL" "$words" a@x.test <<<hi
		assert_status 64
	done
	assert_equal '' "$(cat thief/dialog)$(dialog)"
	[ ! -e canary ]
	for words in -p127.0.0.1:"$thief" -OMailHub=127.0.0.1 -oMa127.0.0.1 -d+all -Xcanary; do
		run "$SENDMAIL" "$words" a@x.test <<<hi
		assert_status 0
		assert_output_lacks pencil
	done
	assert_equal '' "$(cat thief/dialog)"
	[ ! -e canary ]
}

tried() {
	run "$SENDMAIL" "$@"
	[[ $status = 0 || $status = 64 || $status = 65 ]] ||
		fail "$*: status $status: $output"
}

@test "an address that a shell would run is an address or refused" {
	local bad
	ini_pickup
	for bad in ';touch canary;@x.test' '|touch canary' '`touch canary`@x.test' \
		'$(touch canary)@x.test' '"|touch canary"@x.test' '/canary' ':include:/etc/passwd'; do
		tried -f "$bad" a@x.test <<<hi
		tried "$bad" <<<hi
		tried -t < <(printf 'To: %s\n\nhi\n' "$bad")
		tried -bv "$bad"
	done
	[ ! -e canary ]
	[ ! -e "$PICKUP/canary" ]
	[ ! -e /canary ]
	run grep -lE '^(root|daemon):' "$PICKUP"/*
	assert_status 1
}

@test "an address in the header that looks like an option is an address" {
	ini_pickup
	run "$SENDMAIL" -t < <(printf 'To: -oQ/tmp@x.test, -Xcanary@x.test\n\nhi\n')
	assert_status 0
	assert_equal 'X-Receiver: <-oQ/tmp@x.test>
X-Receiver: <-Xcanary@x.test>' "$(eml_envelope | plain | sed 1d)"
	[ ! -e canary@x.test ]
}

@test "arguments as long as the kernel passes, of letters, commas or brackets, are refused or sent, no crash" {
	local part
	ini_pickup
	for part in x , '(' '<' '"' '\' @ : ';' '(x)' 'a@b,' ' '; do
		run "$PYTHON" - "$SENDMAIL" "$part" <<-'END'
		import subprocess, sys
		program, part = sys.argv[1:]
		long = (part * 120000)[:120000]
		for args in (["-F", long, "a@x.test"], ["-f", long, "a@x.test"], [long],
		             ["-bv", long], ["-V", long, "a@x.test"]):
		    p = subprocess.run([program] + args, input=b"hi\n",
		                       stderr=subprocess.PIPE, stdout=subprocess.PIPE, timeout=120)
		    assert p.returncode in (0, 64, 65), (args[0][:2], p.returncode, p.stderr[:300])
		for name in (b"To: ", b"From: ", b"Bcc: ", b"Subject: "):
		    text = name + long.encode() + b"\nTo: a@x.test\n\nhi\n"
		    p = subprocess.run([program, "-t"], input=text, stderr=subprocess.PIPE, timeout=120)
		    assert p.returncode in (0, 64, 65), (name, p.returncode, p.stderr[:300])
		END
		assert_status 0
		find "$PICKUP" -name '*.eml' -delete
	done
}

@test "a megabyte of environment costs nothing" {
	ini_pickup
	run "$PYTHON" - "$SENDMAIL" <<-'END'
	import os, subprocess, sys
	env = dict(os.environ, **{f"X{i}": "y" * 100000 for i in range(10)})
	env.update({f"OUTTRAYX{i}": "y" for i in range(3000)})
	p = subprocess.run([sys.argv[1], "a@x.test"], input=b"hi\n", env=env, timeout=60)
	sys.exit(p.returncode)
	END
	assert_status 0
	eml
}

@test "a caller's environment for the loader, the shell or OpenSSL does nothing" {
	smtpd
	ini_smtp
	printf 'touch %s/canary\n' "$WORK" >evil
	run env BASH_ENV="$WORK/evil" ENV="$WORK/evil" IFS=x PATH="$WORK" PERL5LIB="$WORK" \
		OPENSSL_CONF="$WORK/evil" HOSTALIASES="$WORK/evil" "$SENDMAIL" a@x.test <<<hi
	assert_status 0
	assert_equal 1 "$(messages)"
	[ ! -e canary ]
}

@test "long lines that begin with a dot, and no last line end: the same bytes arrive" {
	smtpd
	ini_smtp
	{ printf 'From: "%s" <a@here.test>\n\n' "$(head -c 60000 /dev/zero | tr '\0' n)"
	head -c 1000 /dev/zero | tr '\0' .; printf '\n.x'; } >mail
	run "$SENDMAIL" -i a@x.test <mail
	assert_status 0
	assert_clean_wire
	# Too long for a line of SMTP: in another form, but the same bytes.
	has "$(message)" '^Content-Transfer-Encoding: quoted-printable$'
	assert_equal "$(sed '1,/^$/d' mail; echo)" "$(plain <"$(message)" |
		sed '1,/^$/d' | "$PYTHON" -c 'import quopri, sys
quopri.decode(sys.stdin.buffer, sys.stdout.buffer)')"
}

@test "what a server says cannot forge a line of the log or move the terminal's cursor" {
	smtpd '{"answers": {"rcpt": {"bytes": "550-5.1.1 a\u001b]0;x\u0007\u009b2J\r fake\u0000\r\n550 5.1.1 b\u0085\r\n"}}}'
	ini_smtp
	export OUTTRAY_LOG=$WORK/mail.log
	run "$SENDMAIL" -v a@x.test <<<hi
	assert_status 67
	[ -s mail.log ]
	! LC_ALL=C grep -qP '[^\x20-\x7e]' mail.log || fail "$(cat -v mail.log)"
	! LC_ALL=C grep -qP '[^\x20-\x7e]' <<<"$output" || fail "$(cat -v <<<"$output")"
	assert_equal 1 "$(grep -c 'fake' mail.log)"
}

@test "a host's name that is hostile is no command, no field and no domain" {
	local name
	if ! { [ "$(id -u)" -eq 0 ] && unshare -u true 2>/dev/null; }; then
		skip "no host's name of our own here"
	fi
	for name in 'a\r\nRCPT TO:<v@evil.test>' 'a\nBcc: v@evil.test\n\nx' 'a> SIZE=1' \
		'a b' 'a\0b' '\033[2Ja' 'h\303\244' '-' '' '[127.0.0.1]' 'a..b' \
		'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'; do
		smtpd
		ini_smtp
		sed -i '/^domain\|^hostname/d' outtray.ini
		run timeout 60 unshare -u "$PYTHON" -c '
import os, socket, sys
name = sys.argv[1].encode().decode("unicode_escape").encode("latin-1")
import ctypes
assert ctypes.CDLL(None).sethostname(name, len(name)) == 0
os.execv(sys.argv[2], ["sendmail", "-i", "a@x.test"])' \
			"$name" "$SENDMAIL" < <(printf 'Subject: s\n\nhi\n')
		assert_status 0
		assert_equal 1 "$(messages)"
		assert_clean_wire
		# What stands for the name is a name or a literal.
		has "$SMTP/dialog" 'C EHLO ([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f.:IPv]+\])$'
		assert_equal 'RCPT TO:<a@x.test>' "$(client | grep '^RCPT')"
		has "$(envelope)" '^MAIL FROM:<root(@[A-Za-z0-9.-]+)?>( [A-Z0-9=]+)*$'
		lacks "$(message)" $'^Bcc|^x$|[^\t -~]'
		has "$(message)" '^hi$'
		stop_background
	done
}

@test "a password is in no core file, not even where the caller wants one" {
	local agent
	need_plain_build	# a sanitizer ends otherwise
	mkdir cores
	smtpd '{"auth": ["PLAIN"], "users": {"joe": "pencil-box"}, "answers": {"mail": {"bytes": "", "then": "hang"}}}'
	ini_smtp 'user = joe' 'password = pencil-box'
	# Wherever the kernel would put it, the limit of none is what counts.
	ulimit -c unlimited
	(cd cores && exec "$SENDMAIL" a@x.test <<<hi) &
	wait_until 20 grep -q 'C MAIL' "$SMTP/dialog"
	agent=$(pgrep -P $!)
	grep -qE '^Max core file size +0 +0 ' "/proc/$!/limits"
	grep -qE '^Max core file size +0 +0 ' "/proc/$agent/limits"
	kill -SEGV $!
	wait $! || status=$?
	kill -SEGV "$agent"
	assert_equal "139" "$status"
	assert_equal "" "$(ls cores)"
}

@test "a link, a file or another user's folder under the name of the hidden one is not used" {
	local victim=$WORK/victim plant hidden
	ini_pickup
	mkdir "$victim"
	hidden=$PICKUP/.outtray-$(id -u)
	for plant in "ln -s $victim $hidden" "ln -s /nonexistent/x $hidden" \
		"cp /dev/null $hidden" "mkfifo $hidden" \
		"install -d -o 1234 -m 0777 $hidden"; do
		[[ $plant != install* ]] || [ "$(id -u)" -eq 0 ] || continue
		$plant
		run timeout 60 "$SUPPORT/deny.py" tmpfile=EOPNOTSUPP -- "$SENDMAIL" a@x.test <<<hi
		[ "$status" -ne 77 ] || skip "no seccomp filters here"
		assert_status 73
		assert_output_has ".outtray-"
		assert_equal "" "$(ls -A "$victim")"
		assert_equal ".outtray-$(id -u)" "$(ls -A "$PICKUP")"
		rm -rf "$hidden"
	done
}

@test "a file behind -C that is another's is not read aloud" {
	local victim=$WORK/shadow
	[ "$(id -u)" -eq 0 ] || skip "not root, who may give files away"
	printf 'root:$y$secret:1:0\n[smtp]\npassword = secret\nhots = secret\n' >"$victim"
	chmod 0640 "$victim"
	chown 1234 "$victim"
	run "$SENDMAIL" -C "$victim" a@x.test <<<hi
	assert_status 78
	assert_output_has "belongs to uid 1234"
	assert_output_lacks secret
	# Root's own: what is no setting is told by its line alone.
	chown 0 "$victim"
	chmod 0755 "$BATS_RUN_TMPDIR" "$WORK"
	run "$SENDMAIL" -C "$victim" a@x.test <<<hi
	assert_status 78
	assert_output_lacks secret
}
