#!/usr/bin/env bats
# What README.md and the manual pages tell a user to type or to write, as it
# stands there: the commands run, the settings are taken.

load ../support/common

setup() {
	common_setup
	mkdir bin
	ln -s "$SENDMAIL" bin/sendmail
	PATH=$WORK/bin:$PATH
}

# blocks FILE LANGUAGE: the fenced blocks of a Markdown page become 1.block,
# 2.block …; prints how many.
blocks() {
	awk -v fence="^ *\`\`\`$2\$" '
		/^ *```$/ { inside = 0 }
		inside { print > (n ".block") }
		$0 ~ fence { inside = 1; n++ }
		END { print n + 0 }' "$1"
}

# As root's file in /etc would be; whose password is here.
password_here() {
	echo secret >password
	chmod 0600 password
	sed -i -E "s,= ?/etc/outtray/password\$,= $WORK/password,
		s,=/run/secrets/.*,=$WORK/password," "$1"
	! grep -E '/run/secrets|/etc/outtray' "$1"
}

@test "the settings that the README shows are taken" {
	local n count way
	count=$(blocks "$TOP/README.md" ini)
	[ "$count" -ge 3 ] || fail "$count blocks"
	for n in $(seq "$count"); do
		grep -q '^\[' "$n.block" || continue	# php.ini
		password_here "$n.block"
		ini <"$n.block"
		# Aliases alone name no way out.
		grep -q 'aliases' "$n.block" && export OUTTRAY_SMTP_HOST=smtp.example.com
		run sendmail -bv root
		assert_status 0
		way="smtp smtp.example.com"
		grep -q 'pickup' "$n.block" && way="pickup folder /srv/mail/pickup"
		assert_output_has "> by $way"
		grep -q 'aliases' "$n.block" && assert_output_has "root ... to <ops@example.com>"
		unset OUTTRAY_SMTP_HOST
	done
}

@test "the variables that the README shows for a container are taken" {
	[ "$(blocks "$TOP/README.md" sh)" -ge 1 ]
	grep -q OUTTRAY_SMTP_HOST 1.block
	password_here 1.block
	run env -i $(cat 1.block) "$SENDMAIL" -bv root@example.com
	assert_status 0
	assert_output_has "by smtp smtp.example.com"
}

@test "the README's php.ini line sends what PHP writes to it" {
	local line
	line=$(sed -n 's,^sendmail_path = /usr/sbin/,,p' "$TOP/README.md")
	assert_equal "sendmail -t -i" "$line"
	ini_pickup
	printf 'To: ann@example.net\r\nSubject: s\r\n\r\n.\r\nhi\r\n' | sh -c "$line"
	assert_equal "hi" "$(tail -n 1 "$(eml)" | plain)"
}

@test "the README's command for a mail that did not go out shows the dialogue" {
	local line
	line=$(sed -n 's,^ *sudo -u www-data \(sh -c .*\),\1,p' "$TOP/README.md")
	[ -n "$line" ] || fail "no such line"
	smtpd
	ini_smtp
	run sh -c "${line//\/usr\/sbin\//}"
	assert_status 0
	assert_output_has "<<< 220 "
	assert_output_has ">>> RCPT TO:<you@example.com>"
	assert_equal 1 "$(messages)"
}

@test "the log is found under the name that the README gives to journalctl" {
	local name
	command -v strace >/dev/null || skip "needs strace"
	will_be_traced
	name=$(sed -n 's/.*`journalctl -t \([a-z]*\)`.*/\1/p' "$TOP/README.md")
	[ -n "$name" ] || fail "no such command"
	ini_pickup
	sed -i 's/^log = .*/log = syslog/' outtray.ini
	# Whether or not there is a /dev/log, it is as if there were.
	strace -f -o trace -e trace=sendto,send,connect \
		-e inject=connect:retval=0 -e inject=sendto:retval=100 \
		"$SENDMAIL" ann@example.net <<<'Subject: s'
	has trace "\"<22>... .. ..:..:.. $name\\["
}

@test "the examples of sendmail(8) send their mail" {
	local line count=0
	smtpd
	ini_smtp
	printf 'Subject: s\n\n.\nhi\n' >message
	sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$TOP/man/sendmail.8" |
		grep -v '^\.' | sed 's/\\e/\\/g' >examples
	while read -r line; do
		count=$((count + 1))
		run sh -c "$line" </dev/null
		assert_status 0
	done <examples
	assert_equal 3 "$count"
	assert_output_has "root ... to <root@here.test> by smtp 127.0.0.1"
	assert_equal 2 "$(messages)"
	has "$(message 1)" '^hello$'
	has "$(envelope 1)" 'RCPT TO:<ann@example\.net>'
	has "$(message 2)" '^hi$'
	has "$(envelope 2)" 'MAIL FROM:<web@example\.com>'
	has "$(envelope 2)" 'RCPT TO:<bob@example\.net>'
}

@test "the status that cron prints is the one the README reads from it" {
	local shown number
	read -r shown number < <(sed -nE \
		's/.*`got status (0x[0-9a-f]*)` is the exit status: ([0-9]*),.*/\1 \2/p' \
		"$TOP/README.md")
	assert_equal "$number" "$((shown))"
	OUTTRAY_CONFIG=/dev/null OUTTRAY_SMTP_TLS=perhaps run sendmail ann@example.net <<<x
	assert_status "$number"
}
