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
	assert_equal "$(sed '1,/^$/d' mail; echo)" "$(plain <"$(message)" | sed '1,/^$/d')"
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
