# agent.bash - outtray-smtp against a scripted server. In a bats file:
#
#     load agent                      (brings ../support/common)
#
#   agent [SETTING...]      one message from $MESSAGE (an X-Sender block and a
#                           message) to 127.0.0.1:$PORT. SETTING: smtp.x=y.
#                           Prints verdicts, the relay made "R".
#   mail FROM TO... <TEXT   makes $MESSAGE; LF becomes CRLF
#   certificates            makes them once a file; $CERTS is the folder
#   cases FILE [SETTING...]  runs a table of cases, see there:
#
#     == name of the case
#     server {"answers": ...}         script of smtpd.py; {} without it
#     set smtp.tls=off                a setting; may come often
#     to a@x.test b@x.test            default: joe@there.test
#     want later 0 75 451 4.7.1 R RCPT *     each line of output, a pattern
#     said MAIL FROM:.*               a line of the client's, a regex
#     never AUTH                      no line of the client's
#     noted tls TLSv1.*               a line of the server's own ("*")
#     once                            do not repeat it without PIPELINING
#
# A case whose script has no caps is run with PIPELINING and without. In a
# case @CERTS@ is that folder.

load ../support/common

AGENT=$BUILD/outtray-smtp
DEADLINE=10000
CAPS='"8BITMIME", "SIZE 100000000", "ENHANCEDSTATUSCODES", "DSN"'

mail() {
	MESSAGE=$WORK/message
	{
		printf 'X-Sender: <%s>\r\n' "$1"
		printf 'X-Receiver: <%s>\r\n' "${@:2}"
		sed 's/$/\r/'
	} >"$MESSAGE"
}

agent() {
	local setting
	{
		printf '%s\n' "smtp.host=127.0.0.1:$PORT" \
			"outtray.hostname=me.here.test" \
			"job.deadline_milliseconds=$DEADLINE"
		for setting in "$@"; do printf '%s\n' "$setting"; done
	} >"$WORK/job"
	"$AGENT" <"$MESSAGE" 3<"$WORK/job" |
		sed -E 's/ [^ ]*\[(127\.0\.0\.1|::1)\]:[0-9]+ / R /'
	return "${PIPESTATUS[0]}"
}

certificates() {
	CERTS=$BATS_FILE_TMPDIR/certs
	[ -d "$CERTS" ] || "$SUPPORT/certs" "$CERTS" >"$WORK/certs.log" 2>&1 ||
		fail "$(cat "$WORK/certs.log")"
}

# The file of cases is read twice: first all their scripts become the sessions
# of one server, then each is run.

cases() {
	local line name='' lines=() bad=0 count=0 sessions=() given=("${@:2}")
	each_case "$1" add_sessions
	[ ${#sessions[@]} -gt 0 ] || fail "no cases in $1"
	smtpd "{\"sessions\": [$(IFS=,; echo "${sessions[*]}")]}"
	each_case "$1" run_case
	[ "$bad" -eq 0 ] || fail "$bad of $count cases failed"
}

each_case() {
	name=
	while IFS= read -r line || [ -n "$line" ]; do
		line=${line//@CERTS@/${CERTS-}}
		case $line in
		'' | '#'*) ;;
		'== '*)
			[ -z "$name" ] || "$2"
			name=${line#== } lines=()
			;;
		*) lines+=("$line") ;;
		esac
	done <"$1"
	[ -z "$name" ] || "$2"
}

# The scripts of a case: with PIPELINING, without, or just its own.
add_sessions() {
	local script='{}' caps="\"caps\": [$CAPS" line
	for line in "${lines[@]}"; do
		[[ $line != 'server '* ]] || script=${line#server }
	done
	if [[ $script != *'"caps"'* ]]; then
		script=${script#\{}
		[ "$script" = "}" ] || script=", $script"
		is_once || sessions+=("{$caps]$script")
		script="{$caps, \"PIPELINING\"]$script"
	fi
	sessions+=("$script")
}

is_once() { [[ " ${lines[*]} " == *" once "* ]]; }

has_caps() { [[ "${lines[*]}" == *'"caps"'* ]]; }

run_case() {
	local mode
	count=$((count + 1))
	for mode in 'one by one' pipelining; do
		if [ "$mode" = 'one by one' ] && { is_once || has_caps; }; then
			continue
		fi
		one_case >"$WORK/wrong"
		[ -s "$WORK/wrong" ] || continue
		bad=$((bad + 1))
		printf -- '-- %s (%s)\n' "$name" "$mode"
		cat "$WORK/wrong"
		session
	done
}

# The last session of the dialog.
session() {
	local number
	number=$(sed -n '$s/ .*//p' "$SMTP/dialog")
	grep -a "^$number " "$SMTP/dialog"
}

one_case() {
	local line word rest settings=("${given[@]}") to=(joe@there.test)
	local want=() said=() never=() noted=()
	for line in "${lines[@]}"; do
		read -r word rest <<<"$line"
		case $word in
		server | once) ;;
		set) settings+=("$rest") ;;
		to) read -ra to <<<"$rest" ;;
		want) want+=("$rest") ;;
		said) said+=("$rest") ;;
		never) never+=("$rest") ;;
		noted) noted+=("$rest") ;;
		*) echo "no such word: $word"; return ;;
		esac
	done
	mail ann@here.test "${to[@]}" < <(
		printf 'Subject: a case\n\n.dots\n..more\nthe end\n')
	agent "${settings[@]}" 2>"$WORK/errors" |
		sed 's/taken as [0-9]*\./taken as 1./' >"$WORK/verdicts"
	[ ! -s "$WORK/errors" ] || cat "$WORK/errors"
	judge
}

judge() {
	local i pattern got
	mapfile -t got <"$WORK/verdicts"
	for i in "${!want[@]}"; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ ${got[i]-} == ${want[i]} ]] ||
			printf 'want: %s\n got: %s\n' "${want[i]}" "${got[i]-}"
	done
	if [ ${#got[@]} -gt ${#want[@]} ]; then
		printf 'more: %s\n' "${got[@]:${#want[@]}}"
	fi
	session | sed -n 's/^[0-9]* C //p' | plain >"$WORK/client"
	for pattern in "${said[@]}"; do
		grep -qE -- "$pattern" "$WORK/client" || echo "not said: $pattern"
	done
	for pattern in "${noted[@]}"; do
		session | grep -qE -- "^[0-9]+ \* $pattern" ||
			echo "not noted: $pattern"
	done
	for pattern in "${never[@]}"; do
		sed -nE "/${pattern//\//\\/}/s/^/was said: /p" "$WORK/client"
	done
}
