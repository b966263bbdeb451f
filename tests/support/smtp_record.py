"""The files that smtpd.py writes; smtpd.py says what is in them."""
import json
import os
import re
import threading


def shown(data):
    """Bytes as one printable line: \\r, \\n, \\x00 and so on are spelt out."""
    text = data.decode("latin-1") if isinstance(data, bytes) else data
    return text.encode("unicode_escape").decode("ascii")


class Record:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        for name in ("dialog", "events.jsonl", "accepted"):
            self.append(name, "")

    def append(self, name, text):
        with open(os.path.join(self.folder, name), "a", encoding="utf-8") as f:
            f.write(text)

    def event(self, session, kind, text, **more):
        """kind is C (client), S (server) or * (all else)."""
        line = shown(text)
        with self.lock:
            self.append("dialog", f"{session} {kind} {line}\n")
            entry = {"session": session, "kind": kind, "text": line, **more}
            self.append("events.jsonl", json.dumps(entry) + "\n")

    def message(self, session, number, wire, plain, envelope):
        name = f"{session}.{number}"
        base = os.path.join(self.folder, name)
        with open(base + ".wire", "wb") as f:
            f.write(wire)
        with open(base + ".envelope", "wb") as f:
            f.writelines(line + b"\n" for line in envelope)
        with open(base + ".part", "wb") as f:
            f.write(plain)
        os.rename(base + ".part", base + ".eml")

        longest = max(map(len, plain.split(b"\r\n")))
        eight = "yes" if re.search(rb"[\x80-\xff]", plain) else "no"
        cr = len(re.findall(rb"\r(?!\n)", wire))
        lf = len(re.findall(rb"(?<!\r)\n", wire))
        self.event(session, "*", f"data {name} 8bit={eight} barecr={cr}"
                   f" barelf={lf} longest={longest}", size=len(plain))
        return name

    def accepted(self, name):
        with self.lock:
            self.append("accepted", name + "\n")
