# common.bash - what every end-to-end test starts from. In a bats file:
#
#     load ../support/common          (setup and teardown come with it)
#
# Places:   $TOP the source tree; $BUILD (environment BUILD, else $TOP/build);
#           $SENDMAIL; $WORK a folder of this test, also the current one;
#           $HOME an empty one of its own. No OUTTRAY_* variable is left.
# Settings: ini <<END              writes $WORK/outtray.ini, sets OUTTRAY_CONFIG
#           ini_pickup [LINES]     pickup folder $PICKUP, further [outtray] lines
#           ini_smtp [LINES]       server at $PORT, further [smtp] lines
# Servers:  smtpd [SCRIPT [NAME [OPTION...]]]   smtpd.py; sets $SMTP (its
#               folder) and $PORT; see smtpd.py for scripts and files
#           dialog                 all that was said at $SMTP
#           client                 the client's lines only
#           messages               how many were accepted
#           message [N] / envelope [N]   file of the Nth accepted one
#           background CMD...      starts it, ends it with the test
#           stop_background        ends all of them now
# Pickup:   eml [FOLDER]           path of the only .eml there
#           eml_envelope [FILE]    its X-Sender and X-Receiver lines
#           eml_message [FILE]     all after them
#           plain                  filter: CR taken off line ends
# Asking:   wait_until SECONDS CMD...     polls until CMD succeeds
#           run CMD...             bats; then
#           assert_status N        with all output if it is another
#           assert_output_has TEXT / assert_output_lacks TEXT
#           assert_equal WANT GOT
#           has FILE REGEX / lacks FILE REGEX   (grep -E, CR ignored)
#           same FILE < BYTES      byte for byte
#           fail TEXT
# Builds:   need_plain_build       skips where a sanitizer's own calls, memory
#                                  or libraries would be counted
#           will_be_traced         this test runs the programs under strace

bats_require_minimum_version 1.5.0

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=$(realpath -m "${BUILD:-$TOP/build}")
SENDMAIL=$BUILD/sendmail
SUPPORT=$TOP/tests/support
PYTHON=/usr/bin/python3
export TOP BUILD SENDMAIL SUPPORT PYTHON

setup() { common_setup; }
teardown() { common_teardown; }

common_setup() {
	local name
	for name in $(compgen -e | grep -E '^(OUTTRAY|XDG)_'); do
		unset "$name"
	done
	unset CREDENTIALS_DIRECTORY NAME EMAIL MAIL REPLYTO MAILRC \
		SSL_CERT_FILE SSL_CERT_DIR
	export LC_ALL=C TZ=UTC PYTHONDONTWRITEBYTECODE=1
	WORK=$BATS_TEST_TMPDIR
	PICKUP=$WORK/pickup
	SMTP=$WORK/smtp
	export HOME=$WORK/home
	mkdir -p "$HOME"
	cd "$WORK" || return 1
}

common_teardown() {
	local status=$?
	stop_background
	# What the server saw explains most failures.
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		tail -n 60 "$WORK"/*/dialog 2>/dev/null
	fi
	return $status
}

need_plain_build() {
	if nm -D "$SENDMAIL" | grep -q __asan_init; then
		skip "a sanitizer's calls, memory and libraries would be counted"
	fi
}

# The leak sanitizer traces the program itself, and there is one tracer only.
will_be_traced() {
	export ASAN_OPTIONS=detect_leaks=0
}

fail() {
	printf '%s\n' "$*" >&2
	return 1
}

# Settings --------------------------------------------------------------

ini() {
	cat >"$WORK/outtray.ini"
	chmod 600 "$WORK/outtray.ini"
	export OUTTRAY_CONFIG=$WORK/outtray.ini
}

ini_pickup() {
	mkdir -p "$PICKUP"
	ini <<-END
	[outtray]
	log = stderr
	domain = here.test
	hostname = host.here.test
	$(printf '%s\n' "$@")
	[pickup]
	directory = $PICKUP
	END
}

ini_smtp() {
	ini <<-END
	[outtray]
	log = stderr
	domain = here.test
	hostname = host.here.test
	[smtp]
	host = 127.0.0.1
	port = $PORT
	$(printf '%s\n' "$@")
	END
}

# Background processes and servers --------------------------------------

wait_until() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000)) seconds=$1
	shift
	until "$@"; do
		if [ "${EPOCHREALTIME/./}" -gt "$deadline" ]; then
			fail "not within $seconds s: $*"
			return
		fi
		sleep 0.02
	done
}

# bats waits for its descriptor 3, so nobody else may hold it.
background() {
	"$@" 3>&- &
	echo $! >>"$WORK/.background"
}

stop_background() {
	local pid
	[ -f "$WORK/.background" ] || return 0
	while read -r pid; do
		if kill -TERM "$pid" 2>/dev/null; then
			wait "$pid" 2>/dev/null || :	# its status is our signal
		fi
	done <"$WORK/.background"
	rm -f "$WORK/.background"
}

smtpd() {
	local script=${1:-} name=${2:-smtp}
	SMTP=$WORK/$name
	rm -rf "$SMTP"
	mkdir -p "$SMTP"
	background "$PYTHON" "$SUPPORT/smtpd.py" "${@:3}" "$SMTP" "$script" \
		>"$SMTP/log" 2>&1
	wait_until 20 test -e "$SMTP/port" || { cat "$SMTP/log"; return 1; }
	PORT=$(cat "$SMTP/port")
}

dialog() { cat "$SMTP/dialog"; }
client() { sed -n 's/^[0-9]* C //p' "$SMTP/dialog"; }
messages() { wc -l <"$SMTP/accepted"; }
message() { echo "$SMTP/$(sed -n "${1:-1}p" "$SMTP/accepted").eml"; }
envelope() { echo "$SMTP/$(sed -n "${1:-1}p" "$SMTP/accepted").envelope"; }

# Pickup folders --------------------------------------------------------

eml() {
	local folder=${1:-$PICKUP}
	local files=("$folder"/*.eml)
	if [ ${#files[@]} -ne 1 ] || [ ! -f "${files[0]}" ]; then
		fail "not one message in $folder: $(ls -A "$folder")"
		return
	fi
	echo "${files[0]}"
}

eml_envelope() {
	sed -n '/^X-\(Sender\|Receiver\): /!q; p' "${1:-$(eml)}"
}

eml_message() {
	sed '/^X-\(Sender\|Receiver\): /d; :rest; n; b rest' "${1:-$(eml)}"
}

plain() { sed 's/\r$//'; }

# Assertions ------------------------------------------------------------

assert_status() {
	[ "$status" -eq "$1" ] ||
		fail "status $status, not $1; output: $output ${stderr:-}"
}

assert_output_has() {
	[[ $output == *"$1"* ]] || fail "no \"$1\" in: $output"
}

assert_output_lacks() {
	[[ $output != *"$1"* ]] || fail "\"$1\" in: $output"
}

assert_equal() {
	[ "$1" = "$2" ] || fail "$(printf 'want: %q\n got: %q' "$1" "$2")"
}

has() {
	plain <"$1" | grep -qaE -- "$2" ||
		fail "no /$2/ in $1: $(cat -v "$1")"
}

lacks() {
	[ -f "$1" ] || fail "$1 is missing" || return
	if plain <"$1" | grep -qaE -- "$2"; then
		fail "/$2/ in $1: $(cat -v "$1")"
	fi
}

same() {
	cat >"$WORK/.want"
	cmp "$WORK/.want" "$1" ||
		fail "$(diff <(cat -A "$WORK/.want") <(cat -A "$1"))"
}
