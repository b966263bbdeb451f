"""One SMTP session of smtpd.py; smtpd.py says what a script can do."""
import re
import select
import socket
import ssl
import struct
import time

import smtp_auth

CAPS = ["PIPELINING", "8BITMIME", "SIZE 100000000", "ENHANCEDSTATUSCODES"]

# Each parameter of MAIL and RCPT, and the capability that allows it.
PARAMETERS = {
    "MAIL": {"SIZE": "SIZE", "BODY": "8BITMIME", "SMTPUTF8": "SMTPUTF8",
             "RET": "DSN", "ENVID": "DSN", "AUTH": "AUTH"},
    "RCPT": {"NOTIFY": "DSN", "ORCPT": "DSN"},
}


def lines_of(text):
    return text.replace(b"\n", b"\r\n") + b"\r\n"


def code_of(said):
    return int(said[:3]) if said[:3].isdigit() else 0


def versions(script):
    """The lowest and the highest TLS version, where the script has them."""
    words = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
             "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
    return (words.get(script.get("tls_min")), words.get(script.get("tls_max")))


CONTEXTS = {}   # kept, so that a client can resume its TLS session


def context_for(script):
    key = tuple(script.get(k) for k in (
        "cert", "key", "client_ca", "tls_min", "tls_max"))
    if key not in CONTEXTS:
        CONTEXTS[key] = make_context(script)
    return CONTEXTS[key]


def make_context(script):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    lowest, highest = versions(script)
    if highest:
        if highest < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = min(highest, context.minimum_version)
        context.maximum_version = highest
    if lowest:
        context.minimum_version = lowest
    context.load_cert_chain(script["cert"], script.get("key"))
    if "client_ca" in script:
        context.load_verify_locations(script["client_ca"])
        context.verify_mode = ssl.CERT_OPTIONAL
    context.sni_callback = remember_name
    return context


def remember_name(sock, name, _context):
    sock.asked_name = name


class Gone(Exception):
    """The connection is over, by the client or by the script."""


class Session:
    def __init__(self, number, sock, script, record):
        self.number = number
        self.sock = sock
        self.script = script
        self.record = record
        self.buffer = b""
        self.turns = self.reads = self.messages = 0
        self.spoke = True
        self.tls = False
        self.user = None
        self.used = {}
        self.reset()

    def reset(self):
        self.sender = None
        self.envelope = []
        self.tried = self.taken = 0
        self.chunks = b""

    def note(self, text, **more):
        self.record.event(self.number, "*", text, **more)

    # The connection -----------------------------------------------------

    def run(self):
        try:
            if self.script.get("tls") == "implicit":
                self.handshake()
            self.answer("connect", None)
            self.answer("greeting", b"220 smtp.test ESMTP")
            while True:
                self.command()
        except (Gone, OSError) as e:
            why = "" if isinstance(e, Gone) else f" error={e}"
            self.note(f"close turns={self.turns} reads={self.reads}{why}",
                      turns=self.turns, reads=self.reads)
        finally:
            try:
                self.sock.close()
            except OSError:
                pass

    def fill(self):
        data = self.sock.recv(65536)
        self.reads += 1
        if self.spoke and data:
            self.turns += 1
            self.spoke = False
        self.buffer += data
        return bool(data)

    def line(self):
        """A line without its CRLF; None at the end. A bare LF is kept."""
        while b"\n" not in self.buffer:
            if len(self.buffer) > 100000 or not self.fill():
                if self.buffer:
                    self.note(b"unfinished " + self.buffer[:200])
                raise Gone()
        line, _, self.buffer = self.buffer.partition(b"\n")
        line = line[:-1] if line.endswith(b"\r") else line + b"\n"
        self.record.event(self.number, "C", line)
        return line

    def send(self, data, drip=0):
        for line in data.removesuffix(b"\r\n").split(b"\r\n"):
            self.record.event(self.number, "S", line)
        self.spoke = True
        if not drip:
            self.sock.sendall(data)
            return
        for i in range(len(data)):
            self.sock.sendall(data[i:i + 1])
            time.sleep(drip)

    def say(self, text):
        self.send(lines_of(text))

    def hang(self):
        self.note("hang")
        while self.sock.recv(65536):
            pass
        raise Gone()

    def deaf(self):
        self.note("deaf")
        gone = select.poll()
        gone.register(self.sock, select.POLLRDHUP | select.POLLHUP)
        gone.poll()
        raise Gone()

    def close(self):
        """Ends with FIN, so that what was said last is not lost to an RST."""
        self.sock.shutdown(socket.SHUT_WR)
        self.sock.settimeout(0.5)
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass
        raise Gone()

    def cut(self):
        """Ends with RST rather than FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        raise Gone()

    # The script ---------------------------------------------------------

    def scripted(self, *steps):
        """The script's answer to the first of these steps that it knows."""
        answers = self.script.get("answers", {})
        for step in steps:
            if step not in answers:
                continue
            answer = answers[step]
            if isinstance(answer, list):
                n = self.used[step] = self.used.get(step, -1) + 1
                answer = answer[min(n, len(answer) - 1)]
            if answer is not None:
                return answer
        return None

    def plan(self, steps, ordinary):
        """What to do at a step: its script, or the ordinary answer."""
        steps = [steps] if isinstance(steps, str) else steps
        answer = self.scripted(*steps)
        if answer is None:
            answer = {"then": "go on"}
        elif isinstance(answer, str):
            answer = {"say": answer}
        plan = dict(answer, said=b"")
        if "say" in answer:
            plan["said"] += lines_of(answer["say"].encode())
        if "bytes" in answer:
            plan["said"] += answer["bytes"].encode("latin-1")
        if answer.get("then") == "go on":
            if ordinary is not None:
                plan["said"] += lines_of(ordinary)
            del plan["then"]
        return plan

    def perform(self, plan):
        """Returns the code that was said, 0 where there was none."""
        time.sleep(plan.get("delay", 0))
        if plan["said"]:
            self.send(plan["said"], plan.get("drip", 0))
        while "forever" in plan:
            self.sock.sendall(plan["forever"].encode("latin-1") * 64)
        if "then" in plan:
            {"close": self.close, "reset": self.cut, "hang": self.hang,
             "deaf": self.deaf}[plan["then"]]()
        return code_of(plan["said"])

    def answer(self, steps, ordinary):
        return self.perform(self.plan(steps, ordinary))

    # What is offered ----------------------------------------------------

    def caps(self):
        caps = list(self.script.get("caps", CAPS))
        if self.tls:
            caps = list(self.script.get("tls_caps", caps))
        elif self.script.get("tls") == "starttls":
            caps.append("STARTTLS")
        always = self.script.get("auth_when", "always") == "always"
        if self.script.get("auth") and (self.tls or always):
            caps.append("AUTH " + " ".join(self.script["auth"]))
        return caps

    def offers(self, word):
        return any(c.upper().split(" ")[0] == word for c in self.caps())

    def limit(self):
        for cap in self.caps():
            word, _, size = cap.partition(" ")
            if word.upper() == "SIZE" and size.isdigit():
                return int(size) or 1 << 60
        return 1 << 60

    # Commands -----------------------------------------------------------

    def command(self):
        line = self.line()
        verb, _, argument = line.partition(b" ")
        verb = verb.upper().decode("ascii", "replace")
        self.check_early(verb)
        hear = self.COMMANDS.get(verb)
        if hear is None or line.endswith(b"\n"):
            self.say(b"500 5.5.2 what?")
        else:
            hear(self, verb, line, argument)

    def check_early(self, verb):
        """RFC 2920: what may follow a command in the same breath."""
        if not self.buffer or verb == "BDAT":
            return
        last = ("EHLO", "DATA", "VRFY", "QUIT", "STARTTLS", "AUTH", "HELO")
        if not self.offers("PIPELINING") or verb in last:
            self.note(f"early {len(self.buffer)} after {verb}")
            if self.script.get("strict"):
                self.say(b"554 5.5.0 you speak too early")
                self.close()

    def ehlo(self, _verb, line, _argument):
        self.reset()
        lines = ["smtp.test"] + self.caps()
        text = [f"250{'-' if i + 1 < len(lines) else ' '}{c}"
                for i, c in enumerate(lines)]
        self.answer("ehlo", "\n".join(text).encode())

    def helo(self, _verb, line, _argument):
        self.reset()
        self.answer("helo", b"250 smtp.test")

    def starttls(self, _verb, line, _argument):
        if not self.offers("STARTTLS") and not self.scripted("starttls"):
            self.say(b"502 5.5.1 no TLS")
            return
        if self.answer("starttls", b"220 2.0.0 go ahead") == 220:
            self.handshake()

    def handshake(self):
        if self.buffer:
            self.note(f"early {len(self.buffer)} after STARTTLS")
            self.buffer = b""
        plan = self.plan("handshake", None)
        # Plain text is what comes before the client has begun.
        if plan["said"].startswith(b"\x16"):
            self.sock.recv(1, socket.MSG_PEEK)
        self.perform(plan)
        try:
            self.sock = context_for(self.script).wrap_socket(
                self.sock, server_side=True, do_handshake_on_connect=False)
            self.sock.do_handshake()
        except (ssl.SSLError, OSError) as e:
            self.note(f"tls failed: {e}")
            raise Gone() from None
        self.tls = True
        self.spoke = True
        self.reset()
        name = getattr(self.sock, "asked_name", None) or "-"
        resumed = "yes" if self.sock.session_reused else "no"
        self.note(f"tls {self.sock.version()} sni={name}"
                  f" client={self.client_subject()} resumed={resumed}")

    def client_subject(self):
        cert = self.sock.getpeercert() if self.tls else None
        for part in (cert or {}).get("subject", ()):
            for key, value in part:
                if key == "commonName":
                    return value
        return "-"

    def auth(self, _verb, line, argument):
        if self.user:
            self.say(b"503 5.5.1 once is enough")
            return
        plan = self.plan("auth", None)
        if plan["said"]:
            self.perform(plan)
            return
        self.perform(plan)
        answer, note = smtp_auth.authenticate(self, argument)
        self.note("auth " + note)
        if self.answer("auth_done", answer) == 235:
            self.user = note

    def refusal(self, verb, line):
        """What an ordinary server has against MAIL or RCPT; else None."""
        m = re.fullmatch(
            rb"(?i)(?:MAIL FROM|RCPT TO):<((?:\"(?:\\.|[^\"\\])*\"|[^>\"])*)>"
            rb"((?: [!-~]+)*)", line)
        if not m:
            return b"501 5.5.4 syntax"
        if verb == "RCPT" and not m[1]:
            return b"501 5.1.3 empty address"
        if re.search(rb"[^ -~]", m[1]) and (
                b"SMTPUTF8" not in self.sender_line(verb, line)):
            return b"553 5.6.7 not without SMTPUTF8"
        for parameter in m[2].decode("ascii").split():
            word, _, value = parameter.partition("=")
            needs = PARAMETERS[verb].get(word.upper())
            if not needs or not self.offers(needs):
                return b"555 5.5.4 parameter not offered"
            if word.upper() == "SIZE" and int(value) > self.limit():
                return b"552 5.3.4 too large"
        return None

    def sender_line(self, verb, line):
        return line if verb == "MAIL" else self.sender

    def mail(self, verb, line, _argument):
        if self.script.get("auth_required") and not self.user:
            self.say(b"530 5.7.0 authentication required")
        elif self.sender is not None:
            self.say(b"503 5.5.1 nested MAIL")
        else:
            fault = self.refusal(verb, line)
            if self.answer("mail", fault or b"250 2.1.0 ok") // 100 == 2:
                self.sender = line
                self.envelope = [line]

    def rcpt(self, verb, line, _argument):
        if self.sender is None:
            self.say(b"503 5.5.1 no MAIL")
            return
        self.tried += 1
        limit = self.script.get("rcpt_limit")
        fault = self.refusal(verb, line)
        if limit is not None and self.taken >= limit:
            fault = fault or b"452 4.5.3 too many recipients"
        address = line.partition(b"<")[2].rpartition(b">")[0].decode("latin-1")
        steps = [f"rcpt {address}", f"rcpt {self.tried}", "rcpt"]
        if self.answer(steps, fault or b"250 2.1.5 ok") // 100 == 2:
            self.taken += 1
            self.envelope.append(line)

    def data(self, _verb, line, _argument):
        if not self.taken:
            self.answer("data", b"503 5.5.1 no recipients")
            return
        if self.answer("data", b"354 go on") != 354:
            return
        wire = self.body()
        plain = re.sub(rb"(\A|\r\n)\.", rb"\1", wire[:-3])
        self.take(wire, plain)

    def body(self):
        """All up to the final dot, with it. Only CRLF . CRLF ends it."""
        wire = bytearray(b"\r\n")     # the end of the line DATA
        searched = 0
        after = self.script.get("body_after", 0)
        middle = "body" in self.script.get("answers", {})
        while True:
            wire += self.buffer
            self.buffer = b""
            at = wire.find(b"\r\n.\r\n", searched)
            if at >= 0:
                self.buffer = bytes(wire[at + 5:])
                return bytes(wire[2:at + 5])
            searched = max(0, len(wire) - 4)
            if middle and len(wire) - 2 > after:
                self.note(f"body {len(wire) - 2}")
                middle = False
                self.answer("body", None)
            if not self.fill():
                self.note(f"unfinished data {len(wire) - 2}")
                raise Gone()

    def bdat(self, _verb, line, argument):
        size, _, last = argument.partition(b" ")
        if not self.offers("CHUNKING") or not size.isdigit():
            self.say(b"502 5.5.1 no chunks")
            return
        while len(self.buffer) < int(size):
            if not self.fill():
                raise Gone()
        self.chunks += self.buffer[:int(size)]
        self.buffer = self.buffer[int(size):]
        if not self.taken:
            self.answer("bdat", b"503 5.5.1 no recipients")
        elif last.upper() == b"LAST":
            self.take(self.chunks, self.chunks)
        else:
            self.answer("bdat", b"250 2.0.0 more")

    def take(self, wire, plain):
        self.messages += 1
        name = self.record.message(self.number, self.messages, wire, plain,
                                   self.envelope)
        fault = b"552 5.3.4 too large" if len(plain) > self.limit() else None
        plan = self.plan("dot", fault or b"250 2.0.0 taken as "
                         + name.encode())
        if code_of(plan["said"]) // 100 == 2:
            self.record.accepted(name)
        self.reset()
        self.perform(plan)

    def rset(self, _verb, line, _argument):
        self.reset()
        self.answer("rset", b"250 2.0.0 ok")

    def noop(self, verb, line, _argument):
        self.answer(verb.lower(), b"250 2.0.0 ok")

    def quit(self, _verb, line, _argument):
        self.answer("quit", b"221 2.0.0 bye")
        self.close()

    COMMANDS = {
        "EHLO": ehlo, "HELO": helo, "STARTTLS": starttls, "AUTH": auth,
        "MAIL": mail, "RCPT": rcpt, "DATA": data, "BDAT": bdat,
        "RSET": rset, "NOOP": noop, "VRFY": noop, "QUIT": quit,
    }
