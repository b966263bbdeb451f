#!/usr/bin/env bats
# A caller's resource limits (setrlimit): whatever is too small, the mail is
# kept and the exit is 0, or it is not and the exit and a line say so.

load ../support/common

setup() {
	common_setup
	need_plain_build
}

mail() { printf 'To: a@x.test\nSubject: s\n\nhi\n'; }

# The files in the pickup folder and the queue, and no more of them.
kept() { find "$WORK" -name '*.eml' -print | wc -l; }
empty() { rm -f "$PICKUP"/*.eml "$WORK"/spool/incoming/*.eml; }

# limited LIMIT FILE [ARGUMENT...]: sendmail (-t) under that limit, with an
# environment of known size, since it is on the stack. Sets `status` and `stderr`.
limited() {
	local limit=$1 file=$2
	shift 2
	[ $# -gt 0 ] || set -- -t
	status=0
	stderr=$(timeout -k 5 60 env -i OUTTRAY_CONFIG="$OUTTRAY_CONFIG" \
		prlimit "$limit" "$SENDMAIL" "$@" <"$file" 2>&1) || status=$?
}

# starved FILE FIRST STEP LAST: with each of these many bytes of data it is
# kept, or the want of memory is said; the latter at least once.
starved() {
	local data said='' begun=''
	for data in $(seq "$2" "$3" "$4"); do
		empty
		limited --data="$data" "$1"
		assert_equal "$data $((status == 0))" "$data $(kept)"
		# The kernel's and the loader's, before there is anything of ours.
		case $status:$begun in
		139: | 127:) continue ;;
		0:*) begun=yes && continue ;;
		esac
		begun=yes
		assert_status 71
		[[ $stderr == *"sendmail: "*memory* ]] || fail "$data: $stderr"
		said=yes
	done
	assert_equal yes "$said"
}

@test "without memory the error is still said" {
	ini_pickup
	mail >small
	starved small 300000 8192 800000
}

@test "a header that there is no memory for is not called too long" {
	ini_pickup
	{ printf 'To: a@x.test\n'; printf 'X-%09999d: x\n' {1..60}; } >header
	starved header 450000 32768 1400000
}

@test "a stack that is too small is said before anything is kept, not felt behind it" {
	local log stack
	ini_pickup
	mail >small
	for log in stderr syslog "$WORK/log"; do
		sed -i "s|^log = .*|log = $log|" outtray.ini
		for stack in $(seq 12288 4096 81920); do
			empty
			limited --stack="$stack" small
			if [ "$stack" -ge 65536 ]; then
				assert_status 0
				assert_equal 1 "$(kept)"
				continue
			fi
			assert_equal "$stack 0" "$stack $(kept)"
			# What the program itself is started with is as much.
			[ "$stack" -lt 32768 ] && [ "$status" -eq 139 ] && continue
			assert_status 71
			[[ $stderr == *"ulimit -s"* ]] || fail "$stack: $stderr"
		done
	done
}

@test "too few descriptors for a server: the limit is named" {
	local n before=0 said=
	smtpd
	ini_smtp
	mail >small
	for n in $(seq 4 24); do
		limited --nofile="$n" small
		[ "$status" -ne 127 ] || continue
		assert_equal "$n $((before + (status == 0)))" "$n $(messages)"
		before=$(messages)
		[ "$status" -ne 0 ] || continue
		[[ $stderr == *"$n descriptors (ulimit -n)"* ]] || fail "$n: $stderr"
		said=yes
	done
	assert_equal yes "$said"
	assert_status 0
}

@test "a file size that is too small for the message: the limit is named" {
	smtpd
	ini_smtp
	mail >small
	limited --fsize=100 small
	assert_status 71
	[[ $stderr == *"100 bytes a file (ulimit -f)"* ]] || fail "$stderr"
	assert_equal 0 "$(messages)"
}

@test "too few processes for the agent: the limit is named" {
	[ "$(id -u)" -eq 0 ] || skip "not root, who may become somebody else"
	chmod 0755 "$BATS_RUN_TMPDIR" "$WORK"
	cp "$SENDMAIL" "$WORK/"
	run setpriv --reuid 65534 --regid 65534 --clear-groups env -C / \
		OUTTRAY_SMTP_HOST=127.0.0.1 OUTTRAY_LOG=stderr \
		OUTTRAY_QUEUE_DIRECTORY=/nonexistent \
		prlimit --nproc=0 "$WORK/sendmail" a@x.test < <(mail)
	assert_status 71
	assert_output_has "uid 65534 or its service may have no more processes"
	assert_output_has "ulimit -u"
}

# What each limit is counted in, and values from nothing to enough. 127 and a
# death by SIGSEGV or SIGKILL are the loader's and the kernel's, at the start.
limits='
	--as       2000000 2500000 3000000 3500000 4000000 6000000 8000000
	--core     0
	--cpu      1
	--data     1 300000 420000 500000 520000 600000 900000 2000000
	--fsize    0 1 100 280 500 70000
	--locks    0
	--memlock  0
	--msgqueue 0
	--nice     0
	--nofile   0 3 4 5 6 8 12 16
	--nproc    0 1
	--rss      0
	--sigpending 0
	--stack    1 8192 16384 32768 65535 65536 131072'

# every LIMIT COUNT: COUNT prints how many mails are kept. One more where
# sendmail ended with 0, else none more and a line that says why.
every() {
	local kind value values before after
	while read -r kind values; do
		for value in $values; do
			empty
			before=$("$1")
			limited "$kind=$value" small
			after=$(($("$1") - before))
			case $status:$after in
			0:1) continue ;;
			127:0 | 139:0 | 137:0) continue ;;
			[67]?:0) [[ $stderr == *"sendmail: "* ]] && continue ;;
			esac
			fail "$kind=$value: status $status, $after kept: $stderr"
		done
	done <<<"${limits#?}"
}

@test "each kind of limit, a pickup folder: 0 and a mail, or neither and a line" {
	ini_pickup
	mail >small
	every kept
}

@test "each kind of limit, a queue: 0 and a mail, or neither and a line" {
	mkdir -p spool/incoming
	ini_pickup 'transport = smtp' 'delivery = queue'
	cat >>outtray.ini <<-END
	[smtp]
	host = 127.0.0.1
	[queue]
	directory = $WORK/spool
	END
	mail >small
	every kept
}

@test "each kind of limit, a server: 0 and a mail, or neither and a line" {
	local host
	smtpd
	mail >small
	for host in 127.0.0.1 localhost; do
		ini_smtp
		sed -i "s/^host = .*/host = $host/" outtray.ini
		every messages
	done
}

@test "each kind of limit, a server with TLS and a login: 0 and a mail, or neither and a line" {
	"$SUPPORT/certs" certs >certs.log 2>&1 || fail "$(cat certs.log)"
	smtpd "{\"tls\": \"starttls\", \"cert\": \"$WORK/certs/good.pem\", \"key\": \"$WORK/certs/good.key\",
		\"auth\": [\"PLAIN\"], \"users\": {\"joe\": \"pencil\"}, \"auth_required\": true}"
	ini_smtp 'tls = starttls' "tls_ca_file = $WORK/certs/ca.pem" 'user = joe' 'password = pencil'
	mail >small
	limited --core=0 small
	assert_equal "0 1" "$status $(messages)"
	every messages
}

@test "each kind of limit, a server and a queue beside it: sent or queued, once" {
	sent_or_queued() { echo $(($(messages) + $(ls spool/incoming | wc -l))); }
	mkdir -p spool/incoming
	smtpd
	ini_smtp
	cat >>outtray.ini <<-END
	[queue]
	directory = $WORK/spool
	END
	mail >small
	every sent_or_queued
}

@test "-bv answers for each address whatever memory there is, or says so" {
	local data
	ini_pickup
	for data in $(seq 400000 65536 1100000); do
		limited --data="$data" /dev/null -bv $(yes 'a@x.test,b@x.test' | head -n 2000)
		if [ "$status" -eq 0 ]; then
			assert_equal 4000 "$(grep -c ' \.\.\. to <' <<<"$stderr")"
		else
			assert_status 71
			[[ $stderr == *memory* ]] || fail "$data: ${stderr: -300}"
		fi
	done
	assert_status 0
}
