#!/usr/bin/python3
"""A scripted SMTP server that records everything; a peer for the tests.

    smtpd.py FOLDER [--listen ADDRESS] [--port N] [SCRIPT]

It listens on a port that the kernel chose, on 127.0.0.1, on ADDRESS (such as
::1), or on a unix socket where ADDRESS has a slash. When it is ready it
writes the port (or the path) to FOLDER/port. It ends with SIGTERM.

What it writes into FOLDER, each always before the answer is sent, so that a
client that has ended can be judged at once:

    dialog        one line an event: session, kind, text with escapes
                      1 * connect
                      1 S 220 smtp.test ESMTP
                      1 C EHLO me
                      1 * tls TLSv1.3 sni=localhost client=-
                      1 * auth PLAIN user=joe password=secret accepted
                      1 * data 1.1 8bit=no barecr=0 barelf=0 longest=78
                      1 * close turns=7 reads=7
                  A line of the client that ended in a bare LF shows a
                  final \\n. "turns" counts how often the client spoke after
                  the server did, that is, its round trips; "early N" is the
                  count of bytes that came before they were allowed.
    events.jsonl  the same as JSON, one object an event
    1.2.wire      message 2 of session 1 as it came, dots and final dot too
    1.2.eml       the same without the final dot and with dots taken off
    1.2.envelope  its commands MAIL and RCPT, the accepted ones only
    accepted      one line for each message answered with 2xx: 1.2

SCRIPT is JSON, or the name of a file with it. All is optional:

    {"caps": ["PIPELINING", "8BITMIME", "SIZE 1000000"],
     "tls_caps": [...],             those inside TLS; else caps again
     "tls": "off|starttls|implicit", "cert": "x.pem", "key": "x.key",
     "client_ca": "ca.pem",         ask for a client certificate
     "tls_max": "1.2",              highest version (tls_min the lowest)
     "auth": ["PLAIN", "LOGIN"],    the mechanisms of smtp_auth.py
     "auth_when": "always|tls",     when they are offered
     "auth_required": true,         MAIL before AUTH is answered 530
     "users": {"joe": "secret"}, "tokens": {"joe": "ya29.x"},
     "scram": {"iterations": 4096, "forge": "signature|nonce|error"},
     "rcpt_limit": 2,               452 for more in one transaction
     "strict": true,                end a session that speaks too early
     "body_after": 100,             bytes of DATA before the step "body"
     "answers": {STEP: ANSWER},
     "sessions": [{...}, {...}]}    what differs in the 1st, 2nd … session

STEP is connect (before the greeting), greeting, ehlo, helo, starttls,
handshake, auth, auth_done, mail, rcpt, "rcpt 2" (the second one of a
transaction), "rcpt joe@example.net", data, body (in the middle of DATA), dot,
bdat, rset, noop, vrfy, quit. ANSWER is a list of answers for the 1st, 2nd …
time (the last stays), null for the ordinary one, a text such as "550 no"
(lines parted by \\n are sent as a multi-line answer if the text begins with
its code in each line), or an object:

    {"delay": 2}          wait so many seconds first
    {"say": "250 ok"}     the text, each line with CRLF
    {"bytes": "250 \\u001b"} exactly these bytes (latin-1)
    {"drip": 0.2}         pause after each byte of it
    {"forever": "250-x\\r\\n"} this again and again until the client goes
    {"then": "close"}     end the connection; "reset" with RST; "hang": say
                          nothing more and keep it open; "deaf": nor read
                          any more; "go on" as if it had been the ordinary
                          answer

Without a script it takes everything, offers PIPELINING, 8BITMIME, SIZE and
ENHANCEDSTATUSCODES, and knows neither TLS nor AUTH.
"""
import argparse
import json
import os
import signal
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

from smtp_record import Record      # noqa: E402
from smtp_session import Session    # noqa: E402


def load_script(text):
    if not text:
        return {}
    if not text.lstrip().startswith("{"):
        with open(text, encoding="utf-8") as f:
            text = f.read()
    return json.loads(text)


def script_for(script, number):
    """The script of the numbered session: the common part and its own."""
    own = script.get("sessions", [])
    merged = dict(script)
    if number <= len(own):
        extra = own[number - 1]
        answers = {**script.get("answers", {}), **extra.get("answers", {})}
        merged.update(extra)
        merged["answers"] = answers
    return merged


def listener(address, port):
    if "/" in address:
        s = socket.socket(socket.AF_UNIX)
        s.bind(address)
        os.chmod(address, 0o777)
    else:
        v6 = ":" in address
        s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, port))
    s.listen(128)
    return s


def announce(folder, text):
    """The port file appears complete, as readers poll for it."""
    hidden = os.path.join(folder, ".port")
    with open(hidden, "w", encoding="ascii") as f:
        f.write(text + "\n")
    os.rename(hidden, os.path.join(folder, "port"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--listen", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("script", nargs="?", default="")
    args = p.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.makedirs(args.folder, exist_ok=True)
    script = load_script(args.script)
    record = Record(args.folder)
    s = listener(args.listen, args.port)
    unix = s.family == socket.AF_UNIX
    announce(args.folder, args.listen if unix else str(s.getsockname()[1]))

    number = 0
    while True:
        conn, _ = s.accept()
        if not unix:    # an answer does not wait for the one before it
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number += 1
        record.event(number, "*", "connect")
        session = Session(number, conn, script_for(script, number), record)
        threading.Thread(target=session.run, daemon=True).start()


if __name__ == "__main__":
    main()
