#!/usr/bin/python3
"""Sends one mail with alpine by typing on a terminal.

Its default is `sendmail -bs -odb -oem`. Exit 0 when alpine says that it was
sent, or ends, which it does only then: its last words may be gone from the
screen before they were drawn. Exit 1 with all that it showed otherwise.
"""
import os
import pty
import re
import select
import sys
import time

URL = ("mailto:you@example.net?cc=cc@example.net&subject=pine"
       "&body=line1%0A.%0Aline3")


def wait_for(fd, seen, *texts):
    deadline = time.monotonic() + 30
    while not any(text in seen for text in texts):
        if not select.select([fd], [], [], deadline - time.monotonic())[0]:
            break
        try:
            seen += os.read(fd, 4096)
        except OSError:
            break
    for text in texts:
        if text in seen:
            del seen[:seen.index(text) + len(text)]
            return
    words = re.findall(rb"[ -Z^-~]{12,}", seen)
    sys.exit(f"alpine said none of {texts}, but {words[-40:]}")


def main():
    with open("pinerc", "w", encoding="ascii") as rc:
        rc.write("personal-name=Al Pine\nuser-domain=example.com\n"
                 'default-fcc=""\nuser-input-timeout=0\n'
                 "new-version-threshold=99.99\n"
                 f"inbox-path={os.getcwd()}/inbox\n")
    os.environ.update(TERM="vt100", LINES="24", COLUMNS="80")
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("alpine", ["alpine", "-p", "pinerc", "-P", "/dev/null",
                             "-url", URL])
    seen = bytearray()
    wait_for(fd, seen, b"line3")
    os.write(fd, b"\x18")
    wait_for(fd, seen, b"Send message?")
    os.write(fd, b"y")
    wait_for(fd, seen, b"Message sent", b"Alpine finished")


main()
