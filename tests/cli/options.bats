#!/usr/bin/env bats
# The command line: what callers pass is taken, and none of it does more than
# send this mail.

load ../support/common

setup() {
	common_setup
	ini_pickup received=no
}

# taken WORDS...: with these options one message to a@x.test is kept.
taken() {
	rm -f "$PICKUP"/*.eml
	run "$SENDMAIL" "$@" a@x.test <<<hi
	assert_status 0
	assert_equal 'X-Receiver: <a@x.test>' "$(eml_envelope | plain | sed 1d)"
}

refused() {
	rm -f "$PICKUP"/*.eml
	run "$SENDMAIL" "$@" <<<hi
	assert_status 64
	assert_equal '' "$(ls "$PICKUP")"
}

@test "every option of every sendmail is taken, attached, detached and joined" {
	local words
	while read -r words; do
		taken $words
	done <<-'END'
	-i
	-oi
	-o i
	-odb
	-odi
	-odf
	-oem
	-oep
	-oeq
	-oee
	-oew
	-om
	-oo
	-o7
	-o8
	-oQ/tmp/x
	-oA/etc/aliases
	-oMr protocol
	-oMa 192.0.2.1
	-oX 25
	-em
	-e m
	-m
	-im
	-imv
	-n
	-v
	-G
	-U
	-bm
	-b m
	-B8BITMIME
	-B 7BIT
	-f s@x.test
	-fs@x.test
	-r s@x.test
	-F Name
	-FCronDaemon -i -odi -oem
	-h 3
	-h3
	-L tag
	-Ltag
	-N never
	-N failure,delay
	-Nsuccess
	-R hdrs
	-Rfull
	-V id
	-Vid
	-O k=v
	-OQueueDirectory=/tmp/x
	-p proto:host
	-Am
	-Ac
	-A m
	-d0.1
	-d
	-D file
	-X file
	-Qreason
	-x
	-c
	-s
	-T
	-E
	-J
	--
	-i --
	END
}

@test "unknown options, missing and bad values are refused with 64" {
	refused -Z a@x.test
	refused --host=127.0.0.1 a@x.test
	refused '--passwordeval=touch${IFS}canary' a@x.test
	refused '-Htouch${IFS}canary' a@x.test
	refused -S127.0.0.1 a@x.test
	refused -bd a@x.test
	refused -be '${run{/usr/bin/touch canary}}'
	refused -bP
	refused -Mrm id
	refused -N bogus a@x.test
	refused -R bogus a@x.test
	refused -V 'a b' a@x.test
	refused -B bogus a@x.test
	refused -f
	refused -C a -C b a@x.test
	[ ! -e canary ]
}

@test "no option writes a file or names a folder" {
	mkdir "$WORK/d"
	taken -X"$WORK/canary.php" -OQueueDirectory="$WORK/d" -oQ"$WORK/d" -D "$WORK/canary"
	[ ! -e canary.php ]
	[ ! -e canary ]
	assert_equal '' "$(ls "$WORK/d")"
}

@test "ten thousand options harm nothing" {
	taken $(yes -- '-p x' | head -n 10000)
}

@test "mailq, -bp, -q and newaliases have nothing to do and exit 0" {
	ln -s "$SENDMAIL" mailq
	ln -s "$SENDMAIL" newaliases
	ln -s "$SENDMAIL" send-mail
	local words
	for words in ./mailq "$SENDMAIL -bp" "$SENDMAIL -q" "$SENDMAIL -q30m" \
		"$SENDMAIL -qf" "$SENDMAIL -qRx"; do
		run --separate-stderr $words </dev/null
		assert_status 0
		assert_equal "Mail queue is empty" "$output"
	done
	run ./newaliases
	assert_status 0
	run "$SENDMAIL" -bi
	assert_status 0
	run ./send-mail a@x.test <<<hi
	assert_status 0
	eml
}

@test "-q30m never reads standard input" {
	mkfifo pipe
	exec 7<>pipe
	run timeout 10 "$SENDMAIL" -q30m <&7
	assert_status 0
}

@test "-bv says how an address would be handled and sends nothing" {
	printf '[aliases]\nroot = ops@example.com\n' >>"$OUTTRAY_CONFIG"
	run "$SENDMAIL" -bv root b@x.test
	assert_status 0
	assert_output_has "root ... to <ops@example.com> by pickup folder $PICKUP"
	assert_output_has "b@x.test ... to <b@x.test>"
	assert_equal '' "$(ls "$PICKUP")"
	run "$SENDMAIL" -bv 'a@@b'
	assert_status 65
}

@test "-C takes root's file alone, and one only" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir "$WORK/other"
	sed "s,$PICKUP,$WORK/other," "$OUTTRAY_CONFIG" >/etc/outtray-test.$$
	chmod 666 /etc/outtray-test.$$
	run "$SENDMAIL" -C /etc/outtray-test.$$ a@x.test <<<hi
	local writable=$status
	chmod 600 /etc/outtray-test.$$
	run "$SENDMAIL" -C /etc/outtray-test.$$ a@x.test <<<hi
	rm /etc/outtray-test.$$
	assert_status 0
	assert_equal 78 "$writable"
	eml "$WORK/other"
}

@test "the man page names every option of the program, and no other" {
	local letters pages
	letters=$(sed -n "s/^	{ '\(.\)', .*/\1/p" "$TOP/src/sendmail/options.c" | LC_ALL=C sort -u | tr -d '\n')
	pages=$(grep '^\.It ' "$TOP/man/sendmail.8" | grep -o 'Fl [A-Za-z]' | sed 's/Fl //' | LC_ALL=C sort -u | tr -d '\n')
	[ ${#letters} -gt 30 ]
	assert_equal "$letters" "$pages"
}
