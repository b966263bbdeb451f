#!/usr/bin/env bats
# Programs that call /usr/sbin/sendmail, as Debian has them. Each sends into
# the default pickup folder or to a server, from a root of its own.

load ../support/common

HERE=$BATS_TEST_DIRNAME/callers

setup_file() {
	local status=0
	"$SUPPORT/peers" make callers 2>"$BATS_FILE_TMPDIR/why" || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || return "$status"
}

setup() {
	common_setup
	[ ! -s "$BATS_FILE_TMPDIR/why" ] || skip "$(cat "$BATS_FILE_TMPDIR/why")"
	mkdir -p "$PICKUP" etc/outtray
	chmod 1777 "$PICKUP"
	settings <<-END
	[outtray]
	domain = here.test
	END
}

settings() {
	cat >"$WORK/etc/outtray/outtray.ini"
}

# Run a caller in its root, where $HOME is $WORK/home as well.
call() {
	WORK=$WORK run timeout 120 "$SUPPORT/peers" enter callers "$@" \
		</dev/null
}

# call, with a shell command.
call_shell() {
	call bash -c "$1"
}

# assert_envelope SENDER RECEIVER...: of the file $file, else the only one.
assert_envelope() {
	local receiver
	{
		printf 'X-Sender: <%s>\r\n' "$1"
		for receiver in "${@:2}"; do
			printf 'X-Receiver: <%s>\r\n' "$receiver"
		done
	} >"$WORK/.envelope"
	file=${file:-$(eml)}
	eml_envelope "$file" | diff <(cat -A "$WORK/.envelope") <(cat -A)
}

# Without the fields that differ from one mail to the next.
steady() {
	awk '
		!body && /^[ \t]/ && drop { next }
		!body { drop = 0 }
		!body && tolower($0) ~ /^(received|date|message-id|user-agent):/ {
			drop = 1; next
		}
		/^\r?$/ { body = 1 }
		{ print }'
}

# The message as it was kept, to the byte; the here-document has LF.
assert_message() {
	file=${file:-$(eml)}
	sed 's/$/\r/' | diff <(cat -A) <(eml_message "$file" | steady | cat -A)
}

@test "PHP mail() with four parameters" {
	call php -r 'var_dump(mail("you@example.net, two@example.net",
		"S", "line1\n.\nline3\r\nBcc: no@example.net\n",
		"From: Web <web@example.com>\r\nBcc: hid@example.net"));'
	assert_status 0
	assert_equal "bool(true)" "$output"
	assert_envelope root@here.test \
		you@example.net two@example.net hid@example.net
	assert_message <<-END
	To: you@example.net, two@example.net
	Subject: S
	From: Web <web@example.com>

	line1
	.
	line3
	Bcc: no@example.net

	END
}

@test "PHP mail() with a fifth parameter sets the envelope's sender" {
	call php -r 'var_dump(mail("you@example.net", "S", "body",
		["From" => "web@example.com", "X-Two" => "2"],
		"-fbounce@example.com"));'
	assert_equal "bool(true)" "$output"
	assert_envelope bounce@example.com you@example.net
	assert_message <<-END
	To: you@example.net
	Subject: S
	From: web@example.com
	X-Two: 2

	body
	END
}

@test "PHP mail() is false when the mail was not kept" {
	settings <<-END
	[outtray]
	domain = here.test
	[pickup]
	directory = /nowhere
	END
	call php -r 'var_dump(mail("you@example.net", "S", "body"));'
	assert_output_has "bool(false)"
	assert_output_has "/nowhere"
}

@test "PHP mail() through a server arrives with CRLF, once and complete" {
	smtpd
	settings <<-END
	[outtray]
	domain = here.test
	[smtp]
	host = 127.0.0.1
	port = $PORT
	END
	call php -r 'var_dump(mail("you@example.net", "S",
		"line1\n.\nline3\r\nline4\r\r\n..",
		"From: web@example.com\r\nBcc: hid@example.net"));'
	assert_equal "bool(true)" "$output"
	assert_equal 1 "$(messages)"
	has "$(envelope)" '^MAIL FROM:<root@here.test>'
	has "$(envelope)" '^RCPT TO:<you@example.net>'
	has "$(envelope)" '^RCPT TO:<hid@example.net>'
	lacks "$(message)" 'Bcc|hid@'
	dialog | grep -q 'barecr=0 barelf=0'
	sed '1,/^\r$/d' "$(message)" |
		diff <(printf 'line1\r\n.\r\nline3\r\nline4\r\n..\r\n') -
}

@test "PHP mail() is false when one of two recipients is refused" {
	smtpd '{"answers": {"rcpt bad@example.net": "550 5.1.1 unknown"}}'
	settings <<-END
	[outtray]
	domain = here.test
	[smtp]
	host = 127.0.0.1
	port = $PORT
	END
	call php -r 'var_dump(mail("bad@example.net, you@example.net",
		"S", "body"));'
	assert_output_has "bool(false)"
	assert_output_has "bad@example.net"
	assert_equal 1 "$(messages)"
	lacks "$(envelope)" bad@
}

phpmailer() {
	call php "$HERE/phpmailer.php" "$1"
	assert_equal "bool(true)" "$output"
	assert_envelope web@example.com \
		you@example.net cc@example.net hid@example.net
}

@test "PHPMailer by mail()" {
	phpmailer isMail
	assert_message <<-END
	To: You <you@example.net>
	Subject: =?UTF-8?B?R3LDvMOfZQ==?=
	From: =?UTF-8?B?V8OpYg==?= <web@example.com>
	Cc: cc@example.net
	X-Mailer: PHPMailer
	MIME-Version: 1.0
	Content-Type: text/plain; charset=UTF-8

	line1
	.
	line3

	END
}

@test "PHPMailer by sendmail" {
	phpmailer isSendmail
	assert_message <<-END
	To: You <you@example.net>
	From: =?UTF-8?B?V8OpYg==?= <web@example.com>
	Cc: cc@example.net
	Subject: =?UTF-8?B?R3LDvMOfZQ==?=
	X-Mailer: PHPMailer
	MIME-Version: 1.0
	Content-Type: text/plain; charset=UTF-8

	line1
	.
	line3
	END
}

# symfony DSN, and the body that is due.
symfony() {
	local subject
	call php "$HERE/symfony.php" "$1"
	assert_status 0
	assert_equal "" "$output"
	assert_equal 2 "$(find "$PICKUP" -name '*.eml' | wc -l)"
	cat >"$WORK/body"
	for subject in one two; do
		file=$(grep -l "^Subject: $subject" "$PICKUP"/*.eml)
		assert_envelope bounce@example.com \
			you@example.net cc@example.net hid@example.net
		cat - "$WORK/body" >"$WORK/mail" <<-END
		From: web@example.com
		To: you@example.net
		Cc: cc@example.net
		Subject: $subject
		MIME-Version: 1.0
		Content-Type: text/plain; charset=utf-8
		Content-Transfer-Encoding: quoted-printable

		END
		assert_message <"$WORK/mail"
	done
}

# By SMTP Symfony ends every body with a CRLF of its own.
@test "Symfony Mailer, its default: sendmail -bs, two mails in one session" {
	symfony sendmail://default <<-END
	line1
	.
	line3
	..x

	END
}

@test "Symfony Mailer with sendmail -t -i" {
	symfony 'sendmail://default?command=%2Fusr%2Fsbin%2Fsendmail%20-t%20-i' <<-END
	line1
	.
	line3
	..x
	END
}

# Symfony doubles leading dots where there is no -i; as in Postfix they stay.
@test "Symfony Mailer with sendmail -t: no line is lost" {
	symfony 'sendmail://default?command=%2Fusr%2Fsbin%2Fsendmail%20-t' <<-END
	line1
	..
	line3
	...x
	END
}

@test "Symfony Mailer with sendmail -bs is told of a refusal" {
	smtpd '{"answers": {"mail": "550 5.7.1 not you"}}'
	settings <<-END
	[outtray]
	domain = here.test
	[smtp]
	host = 127.0.0.1
	port = $PORT
	END
	call php "$HERE/symfony.php" sendmail://default
	[ "$status" -ne 0 ]
	assert_output_has TransportException
	assert_equal 0 "$(messages)"
}

@test "Perl's Email::Sender" {
	call perl "$HERE/email_sender.pl"
	assert_status 0
	assert_envelope bounce@example.com you@example.net hid@example.net
	assert_message <<-END
	From: perl@example.com
	To: you@example.net
	Subject: perl

	line1
	.
	line3
	END
}

@test "Perl's Email::Sender dies when the mail was not kept" {
	settings <<-END
	[pickup]
	directory = /nowhere
	END
	call perl "$HERE/email_sender.pl"
	[ "$status" -ne 0 ]
}

nodemailer() {
	call node "$HERE/nodemailer.js" "$1"
	assert_status 0
	assert_envelope node@example.com \
		you@example.net cc@example.net hid@example.net
	assert_message <<-END
	Content-Type: text/plain; charset=utf-8
	From: node@example.com
	To: you@example.net
	Cc: cc@example.net
	Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=
	Content-Transfer-Encoding: 7bit
	MIME-Version: 1.0

	line1
	.
	line3
	END
}

@test "nodemailer with Unix line ends" {
	nodemailer unix
}

@test "nodemailer with Windows line ends" {
	nodemailer windows
}

@test "git send-email" {
	call_shell '
		set -e
		git init -q repository
		cd repository
		git config user.name "Joe Döe"
		git config user.email joe@example.com
		echo text >file
		git add file
		git commit -q -m "first: grüße" -m "line1
.
line3"
		git format-patch -q -1 --root
		git send-email --quiet --confirm=never --suppress-cc=all \
			--envelope-sender=bounce@example.com \
			--to=you@example.net --cc=cc@example.net \
			--bcc=hid@example.net 0001-*.patch'
	assert_status 0
	assert_envelope bounce@example.com \
		you@example.net cc@example.net hid@example.net
	# All that follows the header is the patch, but for line ends.
	diff <(sed '1,/^$/d' repository/0001-*.patch) \
		<(eml_message | sed '1,/^\r$/d' | plain)
	eml_message >mail
	lacks mail '^[Bb]cc:'
	has mail '^To: you@example.net$'
	[ "$(grep -c -v $'\r$' "$(eml)")" -eq 0 ]
}

mailer() {
	call_shell "printf 'line1\n.\nline3\n' | $1"
	assert_status 0
	assert_equal "" "$output"
	assert_envelope "$2" you@example.net cc@example.net hid@example.net
}

@test "mutt" {
	mailer "mutt -n -e 'set from=mutt@example.com use_envelope_from=yes' \
		-s Subject -c cc@example.net -b hid@example.net \
		you@example.net" mutt@example.com
	assert_message <<-END
	From: root <mutt@example.com>
	To: you@example.net
	Cc: cc@example.net
	Subject: Subject
	MIME-Version: 1.0
	Content-Type: text/plain; charset=us-ascii
	Content-Disposition: inline

	line1
	.
	line3
	END
}

@test "s-nail" {
	mailer "s-nail -n -r snail@example.com -s Subject \
		-c cc@example.net -b hid@example.net you@example.net" \
		snail@example.com
	assert_message <<-END
	From: snail@example.com
	To: you@example.net
	Cc: cc@example.net
	Subject: Subject

	line1
	.
	line3
	END
}

@test "bsd-mailx" {
	call_shell "printf 'line1\n..\nline3\n' |
		bsd-mailx -r bsd@example.com -s Subject \
		-c cc@example.net -b hid@example.net you@example.net"
	assert_status 0
	assert_envelope bsd@example.com \
		you@example.net cc@example.net hid@example.net
	assert_message <<-END
	From: bsd@example.com
	To: you@example.net
	Subject: Subject
	Cc: cc@example.net
	MIME-Version: 1.0
	Content-Type: text/plain; charset="ANSI_X3.4-1968"
	Content-Transfer-Encoding: 8bit

	line1
	..
	line3
	END
}

@test "alpine, by sendmail -bs" {
	call python3 "$HERE/alpine.py"
	assert_status 0
	assert_envelope root@example.com you@example.net cc@example.net
	assert_message <<-END
	From: Al Pine <root@example.com>
	To: you@example.net
	cc: cc@example.net
	Subject: pine
	MIME-Version: 1.0
	Content-Type: text/plain; format=flowed; charset=US-ASCII

	line1
	.
	line3
	END
}

# A job at boot is mailed like any other and needs no minute's wait.
@test "cron mails a job's output, from a user without rights" {
	mkdir -p etc/cron.d
	cat >etc/cron.d/job <<-'END'
	MAILTO=ops
	@reboot nobody printf 'one\n.\nBcc: no@example.net\n'
	END
	call_shell '
		chmod 644 /etc/cron.d/job
		hostname cron.test
		cron -f &
		for i in $(seq 300); do
			ls pickup | grep -q . && exit 0
			sleep 0.1
		done
		exit 1'
	assert_status 0
	assert_envelope nobody@here.test ops@here.test
	assert_message <<-'END'
	From: root@here.test (Cron Daemon)
	To: ops@here.test
	Subject: Cron <nobody@cron> printf 'one\n.\nBcc: no@example.net\n'
	MIME-Version: 1.0
	Content-Type: text/plain; charset=US-ASCII
	Content-Transfer-Encoding: 8bit
	X-Cron-Env: <MAILTO=ops>
	X-Cron-Env: <SHELL=/bin/sh>
	X-Cron-Env: <HOME=/nonexistent>
	X-Cron-Env: <PATH=/usr/bin:/bin>
	X-Cron-Env: <LOGNAME=nobody>

	one
	.
	Bcc: no@example.net
	END
}
