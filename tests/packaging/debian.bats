#!/usr/bin/env bats
# The Debian package: built, judged by lintian, and installed, used, removed
# and purged in a Debian of its own.
# alone

load ../support/common

setup_file() {
	local tool top
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	export REASON='' CACHE=${OUTTRAY_PEERS:-$top/build/peers} DEB=$BATS_FILE_TMPDIR/deb
	export ROOT=$BATS_FILE_TMPDIR/root
	[ "$(id -u)" -eq 0 ] || REASON="needs root"
	for tool in dpkg-buildpackage dh lintian debootstrap; do
		command -v "$tool" >/dev/null || REASON="needs $tool"
	done
	[ -z "$REASON" ] || return 0
	DEB_BUILD_OPTIONS=nocheck sh "$top/packaging/debian/build" "$DEB" \
		>"$BATS_FILE_TMPDIR/build.log" 2>&1 || {
		tail -n 40 "$BATS_FILE_TMPDIR/build.log"
		return 1
	}
	make_root
}

# A minimal Debian, made once, with what the package depends on.
make_root() {
	local packages=libinih1,libssl3,systemd-standalone-sysusers,systemd-standalone-tmpfiles
	if [ ! -e "$CACHE/debian.tar" ]; then
		mkdir -p "$CACHE"
		if ! debootstrap --variant=minbase --include="$packages" \
			bookworm "$ROOT" >"$BATS_FILE_TMPDIR/debootstrap.log" 2>&1; then
			REASON="debootstrap: $(tail -n 1 "$BATS_FILE_TMPDIR/debootstrap.log")"
			return 0
		fi
		rm -f "$ROOT"/var/cache/apt/archives/*.deb
		tar -C "$ROOT" -cf "$CACHE/debian.tar.new" .
		mv "$CACHE/debian.tar.new" "$CACHE/debian.tar"
	else
		mkdir -p "$ROOT"
		tar -C "$ROOT" -xf "$CACHE/debian.tar"
	fi
	cp "$DEB"/outtray_*.deb "$ROOT/outtray.deb"
}

setup() {
	[ -z "$REASON" ] || skip "$REASON"
	common_setup
}

# systemd-tmpfiles wants /proc.
inside() {
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' \
		"$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
		DEBIAN_FRONTEND=noninteractive "$@"
}

@test "lintian finds nothing" {
	run lintian --fail-on error,warning --allow-root "$DEB"/outtray_*.changes
	assert_status 0
	assert_output_lacks 'E: '
	assert_output_lacks 'W: '
}

@test "it installs, and provides what a mail server provides" {
	run inside dpkg -i /outtray.deb
	assert_status 0
	run inside dpkg-query -W -f '${Provides} ${Conflicts}' outtray
	assert_output_has mail-transport-agent
	[ -x "$ROOT/usr/sbin/sendmail" ]
	[ -x "$ROOT/usr/sbin/outtrayd" ]
	[ -e "$ROOT/lib/systemd/system/outtrayd.service" ]
	[ -x "$ROOT/usr/bin/mailq" ]
	[ -x "$ROOT/usr/bin/newaliases" ]
	[ -x "$ROOT/usr/libexec/outtray/outtray-smtp" ]
	[ -x "$ROOT/usr/libexec/outtray/outtray-smtp-tls" ]
	run find "$ROOT/usr/sbin/sendmail" "$ROOT/usr/libexec/outtray" -perm /6000
	assert_equal '' "$output"
	assert_equal '3733 outtray outtray' \
		"$(inside stat -c '%a %U %G' /var/spool/outtray/incoming)"
	assert_equal '700 outtray outtray' \
		"$(inside stat -c '%a %U %G' /var/spool/outtray/queue)"
}

@test "any user can put a mail into the pickup folder, and nobody can list it" {
	run inside setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs \
		sh -c 'printf "To: a@x.test\n\nhi\n" | /usr/sbin/sendmail -t'
	assert_status 0
	assert_equal 1 "$(find "$ROOT/var/spool/outtray/pickup" -name '*.eml' | wc -l)"
	has "$(find "$ROOT/var/spool/outtray/pickup" -name '*.eml')" '^X-Receiver: <a@x.test>$'
	run inside setpriv --reuid nobody --regid nogroup --clear-groups \
		ls /var/spool/outtray/pickup
	[ "$status" -ne 0 ]
}

@test "the queue that the package makes is run by its owner, and purging minds no lock" {
	run inside /usr/sbin/outtrayd --once
	assert_status 0
	[ -e "$ROOT/var/spool/outtray/queue/.lock" ]
	run inside setpriv --reuid nobody --regid nogroup --clear-groups \
		/usr/sbin/sendmail -q
	assert_status 77
}

@test "installing it again keeps the settings and the mail" {
	echo '# mine' >>"$ROOT/etc/outtray/outtray.ini"
	run inside dpkg -i --force-confold /outtray.deb
	assert_status 0
	has "$ROOT/etc/outtray/outtray.ini" '^# mine$'
	assert_equal 1 "$(find "$ROOT/var/spool/outtray/pickup" -name '*.eml' | wc -l)"
}

@test "removing keeps the settings; purging keeps a spool that holds mail, and says so" {
	run inside dpkg -r outtray
	assert_status 0
	[ ! -e "$ROOT/usr/sbin/sendmail" ]
	[ -e "$ROOT/etc/outtray/outtray.ini" ]
	run inside dpkg -P outtray
	assert_status 0
	assert_output_has "still holds mail"
	assert_equal 1 "$(find "$ROOT/var/spool/outtray/pickup" -name '*.eml' | wc -l)"
	[ ! -e "$ROOT/etc/outtray" ]
}

@test "purging without mail leaves nothing" {
	rm "$ROOT"/var/spool/outtray/pickup/*.eml
	run inside dpkg -i /outtray.deb
	assert_status 0
	run inside dpkg -P outtray
	assert_status 0
	[ ! -e "$ROOT/var/spool/outtray" ]
	[ ! -e "$ROOT/etc/outtray" ]
}
