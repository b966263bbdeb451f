#!/usr/bin/env bats
# make install and make uninstall: what is put where, with which modes, that it
# works from there, and what stays when it goes. And what mandoc says of the pages.

load ../support/common

setup() {
	common_setup
	need_plain_build
	# A build of our own to link in; its objects are not made again.
	OURS=$BATS_FILE_TMPDIR/build
	[ -d "$OURS" ] || cp -a "$BUILD" "$OURS"
}

# The variables of a make that runs us are not for this one.
make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make --no-print-directory -s \
		-C "$TOP" BUILD="$OURS" "$@"
}

# list FOLDER: mode, path and target of all in it, without its folders.
list() { (cd "$1" && find . ! -type d -printf '%M %P %l\n' | LC_ALL=C sort -k 2); }

# What there is to install beyond programs, from the tree itself.
pages() {
	local page
	for page in "$TOP"/man/*.[1-8]; do
		echo "-rw-r--r-- $1/man${page##*.}/$(basename "$page") "
	done
}

examples() {
	local file
	for file in "$TOP"/conf/examples/*; do
		echo "-rw-r--r-- $1/examples/$(basename "$file") "
	done
}

@test "install puts each file where it belongs, readable for all, under any umask" {
	(umask 077 && make DESTDIR="$WORK/root" install)
	{
		echo "-rw-r--r-- etc/outtray/outtray.ini "
		echo "lrwxrwxrwx usr/local/bin/mailq ../sbin/sendmail"
		echo "lrwxrwxrwx usr/local/bin/newaliases ../sbin/sendmail"
		echo "-rwxr-xr-x usr/local/libexec/outtray/outtray-smtp "
		echo "-rwxr-xr-x usr/local/libexec/outtray/outtray-smtp-tls "
		echo "-rwxr-xr-x usr/local/sbin/outtrayd "
		echo "-rwxr-xr-x usr/local/sbin/sendmail "
		examples usr/local/share/doc/outtray
		pages usr/local/share/man
	} | LC_ALL=C sort -k 2 >want
	list root >got
	diff want got
	run find root -type d ! -perm 0755
	assert_equal "" "$output"
	cmp "$TOP/conf/outtray.ini" root/etc/outtray/outtray.ini
}

@test "no file that is installed carries a set-uid or set-gid bit or a capability" {
	make DESTDIR="$WORK/root" install
	run find root -type f -perm /7000
	assert_equal "" "$output"
	run find root -type f -perm /022
	assert_equal "" "$output"
	run find root -type f -perm /111 -name '*sendmail*'
	assert_equal root/usr/local/sbin/sendmail "$output"
	run "$PYTHON" -c '
import os
for folder, _, names in os.walk("root"):
    for name in names:
        path = os.path.join(folder, name)
        if "security.capability" in os.listxattr(path, follow_symlinks=False):
            print(path)'
	assert_status 0
	assert_equal "" "$output"
}

@test "mailq and newaliases find sendmail, wherever the two folders are" {
	local name set
	for set in 'prefix=/usr' 'prefix=/opt/out' \
		'sbindir=/usr/sbin bindir=/usr/bin libexecdir=/usr/lib/outtray' \
		'prefix=/usr sbindir=/usr/lib/mail' 'prefix=/usr sbindir=/usr/bin'; do
		rm -rf root
		# shellcheck disable=SC2086
		make DESTDIR="$WORK/root" $set install
		for name in mailq newaliases; do
			set -- "$WORK"/root/*/bin/"$name" "$WORK"/root/opt/out/bin/"$name"
			[ -L "$1" ] || shift
			set -- "$1" "$(readlink "$1")"
			# An absolute link means the root that it is installed for.
			case $2 in
			/*) set -- "$WORK/root$2" ;;
			*) set -- "$(dirname "$1")/$2" ;;
			esac
			[ -x "$1" ] || fail "$set: $name leads to $1"
			cmp "$1" "$OURS/installed/sendmail"
		done
	done
}

@test "what is installed finds its agent, its settings and its folder, and takes mail" {
	smtpd
	make prefix="$WORK/opt" sysconfdir="$WORK/etc" localstatedir="$WORK/var" install
	cat >>"$WORK/etc/outtray/outtray.ini" <<-END
	[smtp]
	host = 127.0.0.1:$PORT
	END
	cd /
	printf 'Subject: s\n\nhi\n' | "$WORK/opt/sbin/sendmail" joe@there.test
	assert_equal 1 "$(messages)"
	run "$WORK/opt/bin/mailq"
	assert_status 0
	run "$WORK/opt/bin/newaliases"
	assert_status 0
	cp "$TOP/conf/outtray.ini" "$WORK/etc/outtray/outtray.ini"
	mkdir -p "$WORK/var/spool/outtray/pickup"
	printf 'Subject: s\n\nhi\n' | "$WORK/opt/sbin/sendmail" joe@there.test
	[ -f "$(eml "$WORK/var/spool/outtray/pickup")" ]
}

@test "edited settings outlive a reinstall and an uninstall, unedited ones do not" {
	local settings=root/etc/outtray/outtray.ini
	make DESTDIR="$WORK/root" install
	echo '# mine' >>"$settings"
	chmod 0600 "$settings"
	cp -p "$settings" mine
	make DESTDIR="$WORK/root" install
	cmp mine "$settings"
	assert_equal 600 "$(stat -c %a "$settings")"
	make DESTDIR="$WORK/root" uninstall 2>/dev/null
	cmp mine "$settings"
	assert_equal "-rw------- etc/outtray/outtray.ini " "$(list root)"
	rm "$settings"
	make DESTDIR="$WORK/root" install
	make DESTDIR="$WORK/root" uninstall 2>/dev/null
	assert_equal "" "$(list root)"
	[ ! -e root/etc/outtray ] || fail "the folder of the settings stays"
}

@test "uninstall leaves what others have put into the same folders" {
	mkdir "my root"
	ln -s "my root" root
	make DESTDIR="$WORK/my root" prefix=/usr install
	echo theirs >root/usr/sbin/sendmail.postfix
	echo theirs >root/usr/share/man/man1/mailq.postfix.1
	echo theirs >root/usr/libexec/outtray/plugin
	mkdir -p root/var/spool/outtray/pickup
	echo mail >root/var/spool/outtray/pickup/a.eml
	make DESTDIR="$WORK/my root" prefix=/usr uninstall 2>/dev/null
	assert_equal "usr/libexec/outtray/plugin
usr/sbin/sendmail.postfix
usr/share/man/man1/mailq.postfix.1
var/spool/outtray/pickup/a.eml" "$(cd root && find . -type f -printf '%P\n' | sort)"
}

@test "mandoc finds nothing to warn of in the pages, and each page they name is there" {
	local file name section
	command -v mandoc >/dev/null || skip "needs mandoc"
	run mandoc -T lint -W warning "$TOP"/man/*.[1-8]
	assert_equal "" "$output"
	assert_status 0
	while read -r name section; do
		case $name.$section in
		aliases.5 | hostname.1 | su.1) ;;	# pages of others
		*) [ -e "$TOP/man/$name.$section" ] || fail "no page $name($section)" ;;
		esac
	done < <(sed -nE 's/^\.Xr ([^ ]+) ([0-9]).*/\1 \2/p' "$TOP"/man/*.[1-8])
	for file in "$TOP"/man/*.[1-8]; do
		mandoc -T utf8 "$file" >page
		[ "$(wc -l <page)" -gt 10 ] || fail "$file prints as nothing"
	done
}
