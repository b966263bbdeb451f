#!/usr/bin/env bats
# From the setting `host` to a connection: names, addresses, other hosts.

load agent

# A port of 127.0.0.1 where nobody listens: bound, so that nobody else gets it.
closed_port() {
	rm -f "$WORK/closed"
	background "$PYTHON" -c '
import os, signal, socket, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(s.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
signal.pause()' "$WORK/closed"
	wait_until 20 test -e "$WORK/closed"
	CLOSED=$(cat "$WORK/closed")
}

short_mail() { mail ann@here.test joe@there.test <<<'Subject: x'; }

# raw SETTING...: the agent's verdicts with the relay as it is.
raw() {
	printf '%s\n' job.deadline_milliseconds=5000 "$@" >"$WORK/job"
	run timeout -s KILL 60 "$AGENT" <"$MESSAGE" 3<"$WORK/job"
	assert_status 0
}

@test "where the first host is not there, the second one gets the mail" {
	short_mail
	smtpd
	closed_port
	raw "smtp.host=127.0.0.1:$CLOSED 127.0.0.1:$PORT"
	[[ $output == $'pending\nsent 0 0 250 2.0.0 [127.0.0.1]:'"$PORT dot "* ]] || fail "$output"
	assert_equal 1 "$(messages)"
}

@test "where the first host is busy or refuses everybody, the second one gets the mail" {
	local greeting first
	short_mail
	for greeting in '"421 4.3.2 busy"' '"554 5.3.2 not today"' '{"bytes": "", "then": "close"}'; do
		smtpd "{\"answers\": {\"greeting\": $greeting}}" first
		first=$PORT
		smtpd '{}' second
		raw "smtp.host=127.0.0.1:$first, 127.0.0.1:$PORT"
		[[ $output == *"sent 0 0 250 2.0.0 [127.0.0.1]:$PORT dot "* ]] || fail "$output"
		stop_background
	done
}

@test "a first host that says nothing leaves the second one its share of the time" {
	local first
	short_mail
	smtpd '{"answers": {"greeting": {"bytes": "", "then": "hang"}}}' first
	first=$PORT
	smtpd '{}' second
	raw "smtp.host=127.0.0.1:$first 127.0.0.1:$PORT" job.deadline_milliseconds=3000
	[[ $output == *"sent 0 0 250 2.0.0 [127.0.0.1]:$PORT dot "* ]] || fail "$output"
}

@test "a refused login or message is not taken to the second host" {
	local first
	short_mail
	smtpd '{"auth": ["PLAIN"], "users": {"joe": "x"}}' first
	first=$PORT
	smtpd '{}' second
	raw "smtp.host=127.0.0.1:$first 127.0.0.1:$PORT" smtp.user=joe smtp.password=y
	[[ $output == "later 0 77 535 5.7.8 [127.0.0.1]:$first AUTH "* ]] || fail "$output"
	stop_background
	smtpd '{"answers": {"mail": "550 5.7.1 not you"}}' third
	first=$PORT
	smtpd '{}' fourth
	raw "smtp.host=127.0.0.1:$first 127.0.0.1:$PORT"
	[[ $output == "refused 0 69 550 5.7.1 [127.0.0.1]:$first MAIL not you" ]] || fail "$output"
	assert_equal '' "$(dialog)"
}

@test "when all hosts fail each is named with its reason" {
	local first
	short_mail
	closed_port
	smtpd '{"answers": {"mail": "451 4.3.0 later"}}'
	raw "smtp.host=127.0.0.1:$CLOSED 127.0.0.1:$PORT"
	[[ $output == "later 0 75 451 4.3.0 [127.0.0.1]:$PORT MAIL "* ]] || fail "$output"
	assert_output_has "[127.0.0.1]:$CLOSED: Connection refused"
	assert_output_has "MAIL: 451 later"
}

@test "all addresses of a name are tried, and all are named" {
	short_mail
	closed_port
	raw "smtp.host=localhost:$CLOSED"
	[[ $output == "later 0 75 0 - localhost:$CLOSED connect "* ]] || fail "$output"
	assert_output_has "[::1]:$CLOSED: "
	assert_output_has "[127.0.0.1]:$CLOSED: Connection refused"
}

@test "IPv6" {
	local host
	short_mail
	[ -e /proc/sys/net/ipv6/conf/lo ] || skip "no IPv6 here"
	smtpd '{}' smtp --listen ::1
	for host in "[::1]:$PORT" "localhost:$PORT"; do
		raw "smtp.host=$host"
		[[ $output == *"sent 0 0 250 2.0.0 "*"[::1]:$PORT dot "* ]] || fail "$output"
	done
}

@test "a unix socket" {
	short_mail
	smtpd '{}' smtp --listen "$WORK/socket"
	raw "smtp.host=unix:$WORK/socket"
	[[ $output == *"sent 0 0 250 2.0.0 unix:$WORK/socket dot "* ]] || fail "$output"
	raw "smtp.host=unix:$WORK/nowhere"
	[[ $output == "later 0 75 0 - unix:$WORK/nowhere"*" connect unix:$WORK/nowhere: No such file or directory" ]] || fail "$output"
}

@test "source_address is where the connection comes from" {
	short_mail
	smtpd
	raw "smtp.host=127.0.0.1:$PORT" smtp.source_address=127.0.0.9 outtray.hostname=localhost
	[[ $output == *"sent 0 0 "* ]] || fail "$output"
	# Without a name of its own the agent says its own address.
	has "$SMTP/dialog" 'C EHLO \[127\.0\.0\.9\]'
	raw "smtp.host=127.0.0.1:$PORT" smtp.source_address=192.0.2.77
	[[ $output == "later 0 75 0 - 127.0.0.1:$PORT connect [127.0.0.1]:$PORT: Cannot assign requested address"* ]] || fail "$output"
}

# with_resolv NAMESERVER_LINE HOSTS_LINES CMD...: names are looked up there, in
# a network of its own; with KEEP_NETWORK in ours. SOURCES of nsswitch.conf.
with_resolv() {
	if ! { [ "$(id -u)" -eq 0 ] && unshare -m -n true 2>/dev/null; }; then
		skip "needs root for namespaces of its own"
	fi
	printf '%s\n' "$1" >"$WORK/resolv.conf"
	printf '%s\n' "$2" >"$WORK/hosts"
	echo "hosts: ${SOURCES:-files dns}" >"$WORK/nsswitch.conf"
	# shellcheck disable=SC2016 # it is for that shell
	run timeout -s KILL 60 unshare "${KEEP_NETWORK:--mn}" sh -c '
		ip link set lo up || exit 99
		for file in resolv.conf hosts nsswitch.conf; do
			mount --bind "$1/$file" "$(realpath /etc/$file)" || exit 99
		done
		shift
		"$@"' sh "$WORK" "${@:3}"
}

# A name server that hears and says nothing while its arguments are run.
silent_names='
import os, signal, socket, subprocess, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
sys.exit(subprocess.run(sys.argv[1:], pass_fds=[3]).returncode)'

@test "a lookup that hangs ends by the deadline" {
	local start
	short_mail
	printf '%s\n' smtp.host=smtp.example.test smtp.tls=off \
		job.deadline_milliseconds=1500 >"$WORK/job"
	start=${EPOCHREALTIME/./}
	with_resolv 'nameserver 127.0.0.1' '127.0.0.1 localhost' \
		"$PYTHON" -c "$silent_names" "$AGENT" <"$MESSAGE" 3<"$WORK/job"
	assert_status 0
	[[ $output == "later 0 75 0 - smtp.example.test lookup no address of smtp.example.test could be found in time" ]] || fail "$output"
	[ $((${EPOCHREALTIME/./} - start)) -lt 8000000 ] || fail "it took too long"
}

# The same; the agent is killed when it has asked, and all that is left of it
# becomes a child of this program (prctl 36), which waits for its end.
killed_while_asking='
import ctypes, os, signal, socket, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 53))
s.settimeout(10)
agent = subprocess.Popen(sys.argv[1:], pass_fds=[3], stdout=subprocess.PIPE)
s.recv(512)
agent.kill()
agent.wait()
end = time.monotonic() + 5
agent.stdout.read()
print("closed in time" if time.monotonic() < end else "closed too late")
try:
    while time.monotonic() < end:
        os.waitpid(-1, os.WNOHANG)
        time.sleep(0.05)
    print("still running")
except ChildProcessError:
    print("ended")'

@test "a lookup does not outlive an agent that was killed, nor keep its answers open" {
	short_mail
	printf '%s\n' smtp.host=smtp.example.test smtp.tls=off \
		job.deadline_milliseconds=1500 >"$WORK/job"
	with_resolv 'nameserver 127.0.0.1' '127.0.0.1 localhost' \
		"$PYTHON" -c "$killed_while_asking" "$AGENT" <"$MESSAGE" 3<"$WORK/job"
	assert_status 0
	assert_equal $'closed in time\nended' "$output"
}

@test "a name that does not exist is told from name servers that do not answer" {
	short_mail
	printf '%s\n' smtp.host=smtp.example.test smtp.tls=off \
		job.deadline_milliseconds=5000 >"$WORK/job"
	# Nobody listens at port 53: that is known at once.
	with_resolv 'nameserver 127.0.0.1' '127.0.0.1 localhost' \
		"$AGENT" <"$MESSAGE" 3<"$WORK/job"
	assert_status 0
	[[ $output == "later 0 75 0 - smtp.example.test lookup the name servers do not answer for smtp.example.test" ]] || fail "$output"
	SOURCES=files with_resolv 'nameserver 127.0.0.1' '127.0.0.1 localhost' \
		"$AGENT" <"$MESSAGE" 3<"$WORK/job"
	assert_status 0
	[[ $output == "later 0 69 0 - smtp.example.test lookup cannot find smtp.example.test: Name or service not known" ]] || fail "$output"
}

@test "a name with several addresses: the one that answers is found, or all are named" {
	local hosts=$'::1 smtp.example.test\n127.0.0.1 smtp.example.test'
	short_mail
	smtpd
	printf '%s\n' "smtp.host=smtp.example.test:$PORT" smtp.tls=off \
		job.deadline_milliseconds=5000 >"$WORK/job"
	KEEP_NETWORK=-m with_resolv 'nameserver 127.0.0.1' "$hosts" \
		"$AGENT" <"$MESSAGE" 3<"$WORK/job"
	assert_status 0
	[[ $output == *"sent 0 0 250 2.0.0 smtp.example.test[127.0.0.1]:$PORT dot "* ]] || fail "$output"
	with_resolv 'nameserver 127.0.0.1' "$hosts" \
		"$AGENT" <"$MESSAGE" 3<"$WORK/job"
	assert_status 0
	[[ $output == "later 0 75 0 - smtp.example.test:$PORT connect "* ]] || fail "$output"
	assert_output_has "[::1]:$PORT: "
	assert_output_has "[127.0.0.1]:$PORT: Connection refused"
}
