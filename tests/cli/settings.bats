#!/usr/bin/env bats
# Which settings count, and which are refused (outtray.ini(5)). A pickup
# folder shows what was read: the message is where that file said.

load ../support/common

# A folder that every user can reach, with a copy of the program in it.
setup() {
	common_setup
	OPEN=$(mktemp -d /tmp/outtray-settings.XXXXXX)
	chmod 755 "$OPEN"
	install -m 755 "$SENDMAIL" "$OPEN/sendmail"
	FILE=$OPEN/outtray.ini
	mkdir -m 1777 "$OPEN/here" "$OPEN/there"
	cd "$OPEN"
}

teardown() {
	common_teardown
	rm -rf "$OPEN"
}

settings_to() {
	printf '[outtray]\nlog = stderr\n[pickup]\ndirectory = %s\n' "$OPEN/$1"
}

# send [VARIABLE=VALUE...] [COMMAND...] -- [OPTIONS...]
send() {
	local before=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	run --separate-stderr env "${before[@]}" "$OPEN/sendmail" "${@:2}" \
		a@x.test <<< $'Subject: x\n\nhi'
	output+=$stderr
}

as_nobody() { echo setpriv --reuid 65534 --regid 65534 --clear-groups; }

needs_root() {
	[ "$(id -u)" -eq 0 ] || skip "only root can be another user"
}

arrived_in() {
	assert_status 0
	eml "$OPEN/$1" > /dev/null
}

# Nothing was sent, and the line names the file and what is wrong with it.
refused() {
	assert_status 78
	assert_output_has "$1"
	assert_equal "" "$(ls "$OPEN/here" "$OPEN/there" | grep eml)"
}

@test "OUTTRAY_CONFIG names the file" {
	settings_to here > "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	arrived_in here
}

@test "a variable wins over the file" {
	settings_to here > "$FILE"
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_PICKUP_DIRECTORY="$OPEN/there" --
	arrived_in there
}

@test "the environment alone is enough, with nothing else in it" {
	send -i OUTTRAY_PICKUP_DIRECTORY="$OPEN/there" --
	arrived_in there
}

@test "OUTTRAY_CONFIG=/dev/null stands for no file" {
	send OUTTRAY_CONFIG=/dev/null OUTTRAY_PICKUP_DIRECTORY="$OPEN/here" --
	arrived_in here
}

@test "the user's own file is found by HOME, and by XDG_CONFIG_HOME before that" {
	mkdir -p "$OPEN/home/.config/outtray" "$OPEN/xdg/outtray"
	settings_to here > "$OPEN/home/.config/outtray/outtray.ini"
	settings_to there > "$OPEN/xdg/outtray/outtray.ini"
	send HOME="$OPEN/home" --
	arrived_in here
	send HOME="$OPEN/home" XDG_CONFIG_HOME="$OPEN/xdg" --
	arrived_in there
}

@test "a relative XDG_CONFIG_HOME is passed over, as its specification says" {
	mkdir -p home/.config/outtray xdg/outtray
	settings_to here > home/.config/outtray/outtray.ini
	settings_to there > xdg/outtray/outtray.ini
	send HOME="$OPEN/home" XDG_CONFIG_HOME=xdg --
	arrived_in here
}

@test "OUTTRAY_CONFIG wins over the user's file" {
	mkdir -p home/.config/outtray
	settings_to here > home/.config/outtray/outtray.ini
	settings_to there > "$FILE"
	send HOME="$OPEN/home" OUTTRAY_CONFIG="$FILE" --
	arrived_in there
}

@test "a missing file that OUTTRAY_CONFIG or -C names is an error" {
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_PICKUP_DIRECTORY="$OPEN/here" --
	refused "there is no file $FILE"
	send OUTTRAY_PICKUP_DIRECTORY="$OPEN/here" -- -C "$FILE"
	refused "$FILE"
}

@test "a mistake is named by file and line, with the key that was meant" {
	{ settings_to here; printf '[smtp]\n\nhots = mail.example.com\n'; } > "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	refused "$FILE:7: [smtp] has no key \"hots\"; is \"host\" meant?"
}

@test "a misspelt variable is an error, another program's is not" {
	settings_to here > "$FILE"
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_SMTP_HOTS=x --
	refused "OUTTRAY_SMTP_HOTS: there is no such setting; is OUTTRAY_SMTP_HOST meant?"
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_PEERS=x --
	arrived_in here
}

@test "a host's name with a line break is refused, from a file or a variable" {
	settings_to here > "$FILE"
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_HOSTNAME=$'x\r\nMAIL FROM:<evil@x>' --
	refused OUTTRAY_HOSTNAME
	printf '[outtray]\nhostname = x\rMAIL\n' >> "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	refused "$FILE:6: "
}

@test "a pipe, a folder, a device, a socket: each is named and nothing waits" {
	mkfifo pipe
	"$PYTHON" -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
	send OUTTRAY_CONFIG="$OPEN/pipe" timeout 10 --
	refused "$OPEN/pipe is a pipe"
	send OUTTRAY_CONFIG="$OPEN/here" --
	refused "$OPEN/here is a folder"
	send OUTTRAY_CONFIG=/dev/zero --
	refused "/dev/zero is a device"
	send OUTTRAY_CONFIG="$OPEN/socket" --
	refused "$OPEN/socket"
}

@test "a file of 1 GB, and one of noise, are refused at once" {
	truncate -s 1G "$FILE"
	send OUTTRAY_CONFIG="$FILE" timeout 10 --
	refused "$FILE has 1073741824 bytes; it may have at most 1048576"
	head -c 100000 /dev/urandom > "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	refused "$FILE"
	cp "$OPEN/sendmail" "$FILE"
	truncate -s 1M "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	refused "$FILE:1: "
}

@test "a file that may not be read is an error with owner, mode and uid" {
	needs_root
	settings_to here > "$FILE"
	chmod 600 "$FILE"
	send OUTTRAY_CONFIG="$FILE" $(as_nobody) --
	refused "$FILE"
	assert_output_has "0600"
	assert_output_has "65534"
}

@test "an unreadable file of the user's own is no reason to take another" {
	needs_root
	mkdir -p home/.config/outtray
	settings_to here > home/.config/outtray/outtray.ini
	chmod 600 home/.config/outtray/outtray.ini
	send HOME="$OPEN/home" OUTTRAY_PICKUP_DIRECTORY="$OPEN/there" $(as_nobody) --
	refused "home/.config/outtray/outtray.ini"
}

@test "HOME of somebody else, as su leaves it: no access is no file, access is no trust" {
	needs_root
	mkdir -p home/.config/outtray
	settings_to here > home/.config/outtray/outtray.ini
	chmod 700 home
	send HOME="$OPEN/home" OUTTRAY_PICKUP_DIRECTORY="$OPEN/there" $(as_nobody) --
	arrived_in there
	rm there/*
	chmod 755 home
	chown 1234 home/.config/outtray/outtray.ini
	send HOME="$OPEN/home" --
	refused "outtray.ini belongs to uid 1234 and is not read for uid 0"
}

@test "a user's file that everybody can write is refused" {
	mkdir -p home/.config/outtray
	settings_to here > home/.config/outtray/outtray.ini
	chmod 666 home/.config/outtray/outtray.ini
	send HOME="$OPEN/home" --
	refused "chmod o-w"
}

@test "-C takes root's file, for every user" {
	needs_root
	settings_to here > "$FILE"
	send -- -C "$FILE"
	arrived_in here
	rm here/*
	send $(as_nobody) -- -C "$FILE"
	arrived_in here
}

@test "-C takes no file that somebody else could have written" {
	needs_root
	settings_to here > "$FILE"
	chmod 664 "$FILE"
	send -- -C "$FILE"
	refused "chmod go-w $FILE"
	chmod 644 "$FILE"
	chown 1234 "$FILE"
	send -- -C "$FILE"
	refused "$FILE belongs to uid 1234"
	chown 0 "$FILE"
	chown 1234 "$OPEN"
	send -- -C "$FILE"
	refused "$OPEN belongs to uid 1234"
	chown 0 "$OPEN"
	chmod 777 "$OPEN"
	send -- -C "$FILE"
	refused "$OPEN can be written by others"
}

@test "-C through a link is judged by what the link leads to" {
	needs_root
	settings_to here > "$FILE"
	ln -s "$FILE" link
	chown -h 1234 link
	send -- -C "$OPEN/link"
	arrived_in here
	mkdir -m 755 theirs
	settings_to there > theirs/outtray.ini
	chown 1234 theirs
	ln -sf theirs/outtray.ini link
	send -- -C "$OPEN/link"
	assert_status 78
	assert_output_has "theirs belongs to uid 1234"
}

@test "-C wins over OUTTRAY_CONFIG; a pipe behind -C does not wait" {
	needs_root
	settings_to here > "$FILE"
	settings_to there > other.ini
	send OUTTRAY_CONFIG="$OPEN/other.ini" -- -C "$FILE"
	arrived_in here
	rm here/*
	mkfifo pipe
	send timeout 10 -- -C "$OPEN/pipe"
	refused "$OPEN/pipe is a pipe"
}

with_password() {
	settings_to here
	printf '[smtp]\nuser = u\npassword = secret\n'
}

@test "a password that others can read is refused with the chmod to type" {
	with_password > "$FILE"
	chmod 644 "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	refused "chmod o-rwx $FILE"
	assert_output_lacks secret
	chmod o-rwx "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	arrived_in here
}

@test "a group may read the password if root chose it or it is ours" {
	needs_root
	with_password > "$FILE"
	chown 0:1234 "$FILE"
	chmod 640 "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	arrived_in here
	rm here/*
	chown 65534:65534 "$FILE"
	send OUTTRAY_CONFIG="$FILE" $(as_nobody) --
	arrived_in here
	rm here/*
	chown 65534:1234 "$FILE"
	send OUTTRAY_CONFIG="$FILE" $(as_nobody) --
	refused "chmod g-rwx $FILE"
}

# What the agent is told shows that a password was read: a server that asks
# for it would do as well, but nobody listens at this port.
smtp_settings() {
	printf '[outtray]\nlog = stderr\n'
	printf '[smtp]\nhost = 127.0.0.1:9\nuser = u\npassword_file = %s\n' "$1"
}

password_was_read() {
	[ "$status" -ne 0 ] && [ "$status" -ne 78 ] ||
		fail "status $status: $output"
	assert_output_lacks password
}

@test "password_file: others may not read it, it is one line, and it is there" {
	smtp_settings "$OPEN/password" > "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	refused "password_file $OPEN/password: there is no such file"
	printf 'secret\n' > password
	chmod 604 password
	send OUTTRAY_CONFIG="$FILE" --
	refused "chmod o-rwx $OPEN/password"
	chmod 600 password
	send OUTTRAY_CONFIG="$FILE" --
	password_was_read
	printf 'secret\nmore\n' > password
	send OUTTRAY_CONFIG="$FILE" --
	refused "$OPEN/password has more than one line"
	printf '\r\n' > password
	send OUTTRAY_CONFIG="$FILE" --
	refused "$OPEN/password is empty"
	printf 'sec\0ret\n' > password
	send OUTTRAY_CONFIG="$FILE" --
	refused "there is a control character in the password"
	truncate -s 20000 password
	send OUTTRAY_CONFIG="$FILE" --
	refused "$OPEN/password has 20000 bytes"
	assert_output_lacks secret
}

@test "a password_file that may not be read is named with owner, mode and uid" {
	needs_root
	smtp_settings "$OPEN/password" > "$FILE"
	printf 'secret\n' > password
	chmod 600 password
	send OUTTRAY_CONFIG="$FILE" $(as_nobody) --
	refused "$OPEN/password"
	assert_output_has 0600
	assert_output_has 65534
}

@test "a user without any password is an error; a credential of systemd is one" {
	smtp_settings "" > "$FILE"
	send OUTTRAY_CONFIG="$FILE" --
	refused "[smtp] has a user but no password"
	mkdir credentials
	printf secret > credentials/outtray-password
	chmod 444 credentials/outtray-password
	send OUTTRAY_CONFIG="$FILE" CREDENTIALS_DIRECTORY="$OPEN/credentials" --
	password_was_read
	send OUTTRAY_CONFIG="$FILE" CREDENTIALS_DIRECTORY=credentials --
	refused "[smtp] has a user but no password"
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_SMTP_AUTH=external --
	password_was_read
}

@test "a secret that a container system mounts may be readable for all" {
	needs_root
	unshare -m true 2> /dev/null || skip "no mount namespaces here"
	smtp_settings "" > "$FILE"
	mkdir mounted
	cat > mounts <<-'END'
	set -e
	mount -t tmpfs none "$OPEN/mounted"
	printf secret > "$OPEN/mounted/password"
	chmod 444 "$OPEN/mounted/password"
	[ -z "$1" ] || mount -o remount,"$1" "$OPEN/mounted"
	shift
	mount -t tmpfs none /run
	mkdir /run/secrets
	cp -p "$OPEN/mounted/password" /run/secrets/mail
	exec "$@"
	END
	export OPEN

	# As Kubernetes does it: in memory and read-only, at any place.
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_SMTP_PASSWORD_FILE="$OPEN/mounted/password" \
		unshare -m sh mounts ro --
	password_was_read
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_SMTP_PASSWORD_FILE="$OPEN/mounted/password" \
		unshare -m sh mounts rw --
	refused "chmod o-rwx"

	# As Docker does it.
	send OUTTRAY_CONFIG="$FILE" OUTTRAY_SMTP_PASSWORD_FILE=/run/secrets/mail \
		unshare -m sh mounts rw --
	password_was_read
	send OUTTRAY_CONFIG="$FILE" \
		OUTTRAY_SMTP_PASSWORD_FILE="/run/secrets/../..$OPEN/mounted/password" \
		unshare -m sh mounts rw --
	refused "chmod o-rwx"
}

# With the system's file, and its pickup folder, in place of this machine's.
system() {
	needs_root
	unshare -m true 2> /dev/null || skip "no mount namespaces here"
	mkdir -p etc var
	cp -a /etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.* etc
	cat > system <<-'END'
	set -e
	mount --bind "$OPEN/etc" /etc
	mount --bind "$OPEN/var" /var
	exec "$@"
	END
	export OPEN
}

@test "the system's file counts where there is no other" {
	system
	mkdir -p etc/outtray
	settings_to here > etc/outtray/outtray.ini
	send -u HOME unshare -m sh system --
	arrived_in here
}

@test "the system's file in a folder that may not be entered is an error" {
	system
	mkdir -p -m 750 etc/outtray
	settings_to here > etc/outtray/outtray.ini
	send -u HOME unshare -m sh system $(as_nobody) --
	refused "/etc/outtray"
	assert_output_has 65534
}

@test "nothing set at all: the default pickup folder, or one line that says what to set" {
	system
	send -u HOME unshare -m sh system --
	refused "OUTTRAY_SMTP_HOST"
	mkdir -p -m 1777 var/spool/outtray/pickup
	send -u HOME unshare -m sh system --
	assert_status 0
	eml "$OPEN/var/spool/outtray/pickup"
}
