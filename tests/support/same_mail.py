#!/usr/bin/python3
"""same_mail.py SENT RECEIVED: does the reader see the same message?

Both are read with Python's email package. Headers are compared unfolded and
decoded, bodies decoded, part by part. Fields that say how a body is encoded,
and those that make a message of another kind a MIME one, may differ. RECEIVED
may have no line over 998 bytes. With --ascii it may have no byte over 127.
"""
import email
import email.header
import email.message
import email.policy
import re
import sys

FREE = {"content-transfer-encoding", "mime-version"}
MIME = {"content-type", "content-disposition"}


def latin(text):
    """Raw bytes as characters, whatever they meant."""
    return text.encode("ascii", "surrogateescape").decode("latin-1")


def decoded(value, phrases):
    """The text of a field: unfolded, words decoded, bytes as latin-1."""
    value = latin(re.sub(r"\r?\n(?=[ \t])", "", value))
    text = "".join(part if isinstance(part, str) else part.decode("latin-1")
                   for part, _ in email.header.decode_header(value))
    return re.sub(r"[\s\"]+", "", text) if phrases else text.strip()


def fields(part, structured):
    """Names and values; of MIME fields the parameters as readers see them."""
    result = []
    for name, value in part.raw_items():
        low = name.lower()
        if low in FREE:
            continue
        if low in MIME:
            alone = email.message.Message()
            alone[low] = latin(str(value))
            params = alone.get_params(header=low, unquote=True) or []
            value = [(k.lower(), v[2] if isinstance(v, tuple) else v)
                     for k, v in params]
            if low == "content-type":
                value = [v for v in value if v[0] != "charset"]
            result.append((low, value))
        else:
            result.append((low, decoded(str(value), low in structured)))
    return result


def content(part):
    data = part.get_payload(decode=True)
    return data.replace(b"\r\n", b"\n").rstrip(b"\n")


def compare(a, b, where):
    structured = {"to", "cc", "from", "reply-to", "sender"}
    fa, fb = fields(a, structured), fields(b, structured)
    if a.get_content_type() == "text/plain" and "content-type" not in a:
        fb = [f for f in fb if f[0] != "content-type"]
    if fa != fb:
        sys.exit(f"{where}: header\n{fa}\n{fb}")
    if a.is_multipart() != b.is_multipart():
        sys.exit(f"{where}: the structure differs")
    if not a.is_multipart():
        if content(a) != content(b):
            sys.exit(f"{where}: content\n{content(a)[:2000]}\n{content(b)[:2000]}")
        return
    if len(a.get_payload()) != len(b.get_payload()):
        sys.exit(f"{where}: {len(a.get_payload())} parts, {len(b.get_payload())}")
    for i, (x, y) in enumerate(zip(a.get_payload(), b.get_payload())):
        compare(x, y, f"{where}.{i}")


def main():
    ascii_only = sys.argv[1] == "--ascii"
    sent, received = sys.argv[-2:]
    data = open(received, "rb").read()
    if any(len(line) > 998 for line in data.split(b"\r\n")):
        sys.exit("a line is too long")
    if ascii_only and any(byte > 127 for byte in data):
        sys.exit("a byte is over 127")
    original = open(sent, "rb").read()
    while original.lower().startswith((b"x-sender:", b"x-receiver:")):
        original = original.split(b"\n", 1)[1]
    policy = email.policy.compat32
    compare(email.message_from_bytes(original, policy=policy),
            email.message_from_bytes(data, policy=policy), "message")


main()
