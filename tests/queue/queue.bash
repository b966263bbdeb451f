# queue.bash - what the tests of outtrayd share, after support/common.
#
#     spool                 a queue in $SPOOL, owned by $OWNER, and a user who
#                           hands mail over ($CALLER)
#     submit ARGS... <MAIL  sendmail -odq; $ID is the message's name in the queue
#     once [OPTION...]      run outtrayd --once, as bats' run does
#     daemon                start outtrayd in the background; $DAEMON
#     waiting / failed      how many messages
#     journal               the log of the only one
#     got                   the recipients of all accepted messages, sorted
#     two_servers           see there
#     server_down           a port where nobody listens, in $PORT

OUTTRAYD=$BUILD/outtrayd
OWNER=65534

spool() {
	SPOOL=$WORK/spool
	mkdir -p "$SPOOL/incoming"
	chmod 3733 "$SPOOL/incoming"
	if [ "$(id -u)" = 0 ]; then
		chown "$OWNER:$OWNER" "$SPOOL/incoming"
		chmod 3733 "$SPOOL/incoming"
		chmod 0755 "$BATS_RUN_TMPDIR" "$WORK"
	fi
	LOG=$WORK/log
	export OUTTRAY_QUEUE_DIRECTORY=$SPOOL OUTTRAY_LOG=stderr
}

submit() {
	local before after
	before=$(ls "$SPOOL/incoming")
	"$SENDMAIL" -odq -i "$@" 2>>"$LOG" || return
	after=$(comm -13 <(echo "$before") <(ls "$SPOOL/incoming"))
	ID=${after%%,*}
}

once() {
	run "$OUTTRAYD" --once "$@"
	printf '%s\n' "$output" >>"$LOG"
}

daemon() {
	background "$OUTTRAYD" "$@" 2>>"$LOG"
	DAEMON=$(tail -n 1 "$WORK/.background")
}

count() { find "$@" -name '*.eml' 2>/dev/null | wc -l; }
waiting() { count "$SPOOL/incoming" "$SPOOL/queue"; }
failed() { count "$SPOOL/failed"; }
journal() { cat "$SPOOL"/queue/*.log; }
nothing_waits() { [ "$(waiting)" = 0 ]; }
accepted() { [ "$(messages)" -ge "$1" ]; }

got() {
	local m
	while read -r m; do
		sed -n 's/^RCPT TO:<\([^>]*\)>.*/\1/p' "$SMTP/$m.envelope"
	done <"$SMTP/accepted" | tr -d '\r' | sort
}

server_down() {
	PORT=$("$PYTHON" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
}

# two_servers: the first puts b off, both refuse c; $SHY and $FREE are the
# settings, and $SEEN the folders of what they were sent.
two_servers() {
	smtpd '{"answers": {"rcpt b@x.test": "451 4.2.1 later",
		"rcpt c@x.test": "550 5.1.1 nobody of that name"}}' shy
	ini_smtp
	mv "$OUTTRAY_CONFIG" "$WORK/shy.ini"
	smtpd '{"answers": {"rcpt c@x.test": "550 5.1.1 nobody of that name"}}' free
	ini_smtp
	mv "$OUTTRAY_CONFIG" "$WORK/free.ini"
	export SHY=$WORK/shy.ini FREE=$WORK/free.ini
	SEEN=("$WORK/shy" "$WORK/free")
}
