# disk.bash - file systems of a test's own, after support/common.

need_root() { [ "$(id -u)" -eq 0 ] || skip "not root"; }

need_mounts() {
	need_root
	unshare -m true || skip "no mounts of our own"
}

# power_cut COMMAND: COMMAND puts mail into $MOUNT of an ext4 file system; an
# image of its disk, taken right afterwards, is mounted as after a power cut
# and copied to $WORK/after.
power_cut() {
	need_mounts
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4"
	truncate -s 32M "$WORK/disk"
	mkfs.ext4 -q "$WORK/disk"
	mkdir -p "$WORK/mount" "$WORK/after"
	export MOUNT=$WORK/mount WORK COMMAND=$1
	run unshare -m bash -e -c '
		mount -o loop "$WORK/disk" "$MOUNT" || exit 99
		mkdir "$MOUNT/in" "$MOUNT/incoming"
		chmod 1733 "$MOUNT/in" "$MOUNT/incoming"
		chmod 0755 "$MOUNT"
		sync -f "$MOUNT"
		bash -e -c "$COMMAND"
		cp "$WORK/disk" "$WORK/cut"
		umount "$MOUNT"
		mount -o loop "$WORK/cut" "$MOUNT"
		cp -a "$MOUNT/." "$WORK/after"
		umount "$MOUNT"'
	[ "$status" -ne 99 ] || skip "no loop device: $output"
	assert_status 0
}
