#!/usr/bin/python3
"""deny.py - run a program in which a system call fails, as on another system

    deny.py CALL=ERRNO ... -- PROGRAM [ARGUMENT...]

CALL is one of those below; "tmpfile" is openat with O_TMPFILE. The program
cannot tell it from a file system or a kernel that refuses. A machine that has
no seccomp filters, or whose numbers are not known here, exits 77.
"""
import ctypes
import errno
import os
import platform
import struct
import sys

NUMBERS = {
    "x86_64": dict(openat=257, linkat=265, renameat2=316, fsync=74,
                   fdatasync=75, unlinkat=263, mkdirat=258, flock=73,
                   memfd_create=319),
    "aarch64": dict(openat=56, linkat=37, renameat2=276, fsync=82,
                    fdatasync=83, unlinkat=35, mkdirat=34, flock=32,
                    memfd_create=279),
}
O_TMPFILE_BIT = 0o20000000
LOAD, AND, EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06
ALLOW, FAIL = 0x7fff0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 38, 22


def filter_for(number, code, mask):
    """The third argument must have all bits of mask."""
    argument = 16 + 2 * 8 + (4 if sys.byteorder == "big" else 0)
    return [(LOAD, 0, 0, 0), (EQUAL, 0, 4, number), (LOAD, 0, 0, argument),
            (AND, 0, 0, mask), (EQUAL, 0, 1, mask), (RETURN, 0, 0, FAIL | code),
            (RETURN, 0, 0, ALLOW)]


def install(libc, steps):
    code = ctypes.create_string_buffer(
        b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(
        struct.pack("@HP", len(steps), ctypes.addressof(code)))
    return libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and \
        libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0) == 0


def main():
    split = sys.argv.index("--")
    numbers = NUMBERS.get(platform.machine())
    libc = ctypes.CDLL(None, use_errno=True)
    for rule in sys.argv[1:split]:
        call, name = rule.split("=")
        mask = O_TMPFILE_BIT if call == "tmpfile" else 0
        if numbers is None or not install(libc, filter_for(
                numbers["openat" if mask else call],
                getattr(errno, name), mask)):
            sys.exit(77)
    program = sys.argv[split + 1:]
    os.execv(program[0], program)


main()
