#!/usr/bin/env bats
# Many messages, while the server and outtrayd have bad luck at random. The
# seed is printed; SEED=N repeats the same luck (not the same moments).

load ../support/common
load queue

WRITERS=4 EACH=60 ROUNDS=8 CONNECTIONS=4

# A server's script: most sessions have one trouble, of those that pass by.
bad_luck() {
	"$PYTHON" - "$1" <<'END'
import json, random, sys
random.seed(int(sys.argv[1]))
STEPS = {"greeting": (421, 454), "ehlo": (421,), "mail": (421, 432, 450, 451, 452),
         "rcpt": (421, 450, 451, 452), "rcpt 2": (450, 451, 452),
         "data": (421, 451, 452), "body": (), "dot": (421, 450, 451, 452, 454)}

def trouble(step):
    kind = random.choice(("code", "code", "code", "close", "reset", "hang", "taken"))
    if kind == "taken" and step == "dot":   # the answer may not get through
        return {"say": "250 2.0.0 taken", "then": "reset"}
    if kind in ("code", "taken") and STEPS[step]:
        return "%d 4.3.2 not now" % random.choice(STEPS[step])
    return {"bytes": "", "then": kind if kind == "hang" else "reset"}

def session():
    if random.random() < 0.3:
        return {}
    step = random.choice(list(STEPS))
    return {"answers": {step: trouble(step)}, "body_after": 50}

print(json.dumps({"sessions": [session() for _ in range(200)]}))
END
}

# The messages of one writer, until all were handed over.
writer() {
	local i n to
	for i in $(seq "$EACH"); do
		n=$((i * WRITERS + $1))
		to=("r$n@x.test")
		[ $((n % 3)) -ne 0 ] || to+=("s$n@x.test")
		{
			printf 'Subject: n=%d\n\n' "$n"
			seq "$n"
		} | "$SENDMAIL" -odq -i "${to[@]}" || echo "$n" >>"$WORK/unsent"
	done 2>>"$WORK/writers"
	echo "$1" >>"$WORK/submitted"
}

wanted() {
	local n
	for n in $(seq $((WRITERS)) $((WRITERS * (EACH + 1) - 1))); do
		echo "r$n"
		[ $((n % 3)) -ne 0 ] || echo "s$n"
	done | sort
}

# All that the servers took: their recipients; "torn N" where one is not whole.
taken() {
	local dir m n
	for dir in "$WORK"/server*; do
		while read -r m; do
			n=$(sed -n 's/^Subject: n=\([0-9]*\).*/\1/p' "$dir/$m.eml")
			sed '1,/^\r*$/d' "$dir/$m.eml" | plain | cmp -s - <(seq "$n") ||
				echo "torn $n"
			sed -n "s/^RCPT TO:<\([rs]$n\)@x.test>.*/\1/p" "$dir/$m.envelope"
		done <"$dir/accepted"
	done | sort
}

# server SCRIPT: the next one, always at the same port.
server() {
	servers=$((servers + 1))
	smtpd "$1" "server$servers" ${PORT:+--port "$PORT"}
	SERVER=$(tail -n 1 "$WORK/.background")
}

has_said() { [ "$(wc -l <"$SMTP/dialog")" -ge "$1" ]; }

# end PID SIGNAL: it, and nothing else.
end() {
	kill "-$2" "$1"
	wait "$1" || :		# its status is the signal
	sed -i "/^$1\$/d" "$WORK/.background"
}

round() {
	server "$(bad_luck "$((SEED + $1))")"
	daemon --now
	# Both end at a moment that nobody has chosen.
	if wait_until 3 has_said $((RANDOM % 500 + 20)) 2>/dev/null; then
		soon=$((soon + 1))
	fi
	if [ $((RANDOM % 3)) -gt 0 ]; then
		end "$DAEMON" KILL
		kills=$((kills + 1))
	else
		end "$DAEMON" TERM
	fi
	end "$SERVER" TERM
}

all_submitted() {
	[ "$(cat "$WORK"/submitted 2>/dev/null | wc -l)" -eq "$WRITERS" ]
}

drained() {
	"$OUTTRAYD" --once --now 2>>"$LOG"
}

@test "bad luck for everybody: all arrives, whole, and little of it twice" {
	local servers=0 kills=0 soon=0 cuts twice
	SEED=${SEED:-$RANDOM}
	RANDOM=$SEED
	echo "# seed $SEED" >&3
	spool
	PORT=
	server '{}'
	end "$SERVER" TERM
	export OUTTRAY_QUEUE_RETRY=1s
	ini_smtp "dot_timeout = 1s" "max_connections = $CONNECTIONS"
	for i in $(seq 0 $((WRITERS - 1))); do
		background writer "$i"
	done
	for i in $(seq "$ROUNDS"); do
		round "$i"
	done
	wait_until 60 all_submitted
	server '{}'
	wait_until 120 drained
	[ ! -e "$WORK/unsent" ] || fail "$(cat "$WORK/writers")"
	assert_equal 0 "$(failed)"
	assert_equal 0 "$(waiting)"
	taken >"$WORK/taken"
	wanted >"$WORK/wanted"
	uniq "$WORK/taken" | diff "$WORK/wanted" - || fail "lost or torn"
	twice=$(($(wc -l <"$WORK/taken") - $(wc -l <"$WORK/wanted")))
	cuts=$(cat "$WORK"/server*/dialog | grep -c '250 2.0.0 taken$' || :)
	echo "# $kills kills, $cuts cuts behind the dot, $twice recipients twice" >&3
	[ "$kills" -gt 0 ] && [ "$soon" -gt 0 ]
	[ "$twice" -le $((2 * (kills * CONNECTIONS + cuts))) ]
}
