"""The SASL mechanisms of smtpd.py, seen from the server.

Each takes the session and the initial response (None if there was none) and
returns (accepted, user, secret as it was seen or a word on it). `ask` sends
a 334 with a challenge and returns the answer, or raises Cancelled.
"""
import base64
import hashlib
import hmac
import json
import os
import ssl


class Cancelled(Exception):
    """The client sent "*", nonsense, or went away."""


def ask(session, challenge):
    session.say(b"334 " + base64.b64encode(challenge))
    line = session.line()
    if line is None or line == b"*":
        raise Cancelled()
    return decode(line)


def decode(text):
    try:
        return b"" if text == b"=" else base64.b64decode(text, validate=True)
    except ValueError:
        raise Cancelled() from None


def given(session, initial, challenge=b""):
    return ask(session, challenge) if initial is None else initial


def password_of(session, user):
    return session.script.get("users", {}).get(user)


def plain(session, initial):
    parts = given(session, initial).decode().split("\0")
    if len(parts) != 3:
        return False, "?", "malformed"
    _, user, password = parts
    return password_of(session, user) == password, user, f"password={password}"


def login(session, initial):
    user = given(session, initial, b"Username:").decode()
    password = ask(session, b"Password:").decode()
    return password_of(session, user) == password, user, f"password={password}"


def cram_md5(session, initial):
    if initial is not None:
        return False, "?", "unexpected initial response"
    challenge = b"<1896.697170952@smtp.test>"
    user, _, digest = ask(session, challenge).decode().rpartition(" ")
    password = password_of(session, user)
    if password is None:
        return False, user, "unknown"
    want = hmac.new(password.encode(), challenge, "md5").hexdigest()
    return hmac.compare_digest(want, digest), user, f"digest={digest}"


def bearer_of(fields):
    for field in fields:
        if field.lower().startswith("auth=bearer "):
            return field[12:]
    return ""


def bearer(session, user, token, error):
    """A refused token: an error in JSON, which the client has to answer."""
    if session.script.get("tokens", {}).get(user) == token:
        return True, user, f"token={token}"
    ask(session, json.dumps(error).encode())
    return False, user, f"token={token}"


def xoauth2(session, initial):
    fields = given(session, initial).decode().split("\x01")
    user = fields[0].removeprefix("user=")
    return bearer(session, user, bearer_of(fields), {
        "status": "400", "schemes": "Bearer",
        "scope": "https://mail.example/"})


def oauthbearer(session, initial):
    fields = given(session, initial).decode().split("\x01")
    header = fields[0].split(",")
    user = next((f[2:] for f in header if f.startswith("a=")), "")
    return bearer(session, user, bearer_of(fields), {
        "status": "invalid_token", "scope": "mail"})


def external(session, initial):
    name = given(session, initial).decode()
    subject = session.client_subject()
    return subject != "-", name or subject, f"certificate={subject}"


def channel_binding(session, name):
    """What RFC 5929 wants bound; None for what Python cannot know."""
    if name == "tls-server-end-point":
        with open(session.script["cert"], encoding="ascii") as f:
            pem = f.read()
        begin = pem.index("-----BEGIN CERTIFICATE")
        end = pem.index("-----END CERTIFICATE-----") + 25
        der = ssl.PEM_cert_to_DER_cert(pem[begin:end])
        return hashlib.sha256(der).digest()
    if name == "tls-unique":
        return session.sock.get_channel_binding("tls-unique")
    return None


def scram(name, plus):
    def mechanism(session, initial):
        options = session.script.get("scram", {})
        forge = options.get("forge", "")
        first = given(session, initial).decode()

        gs2, authzid, bare = first.split(",", 2)
        header = f"{gs2},{authzid},"
        if gs2.startswith("p=") != plus:
            return False, "?", f"gs2={gs2}"
        fields = dict(f.split("=", 1) for f in bare.split(","))
        user = fields["n"].replace("=2C", ",").replace("=3D", "=")
        password = password_of(session, user) or "\0unknown"

        salt = options.get("salt", "outtray salt").encode()
        count = options.get("iterations", 4096)
        nonce = fields["r"] + base64.b64encode(os.urandom(12)).decode()
        if forge == "nonce":
            nonce = "x" + nonce[1:]
        server_first = "r=%s,s=%s,i=%s" % (
            nonce, base64.b64encode(salt).decode(), count)
        final = ask(session, server_first.encode()).decode()

        without_proof, _, proof = final.rpartition(",p=")
        fields = dict(f.split("=", 1) for f in without_proof.split(","))
        bound = header.encode()
        if plus:
            bound += channel_binding(session, gs2[2:]) or os.urandom(8)

        def mac(key, text):
            return hmac.new(key, text.encode(), name).digest()

        salted = hashlib.pbkdf2_hmac(name, password.encode(), salt,
                                     max(int(count), 1))
        text = ",".join((bare, server_first, without_proof))
        key = mac(salted, "Client Key")
        signature = mac(hashlib.new(name, key).digest(), text)
        want = bytes(a ^ b for a, b in zip(key, signature))
        good = (fields.get("r") == nonce
                and decode(fields["c"].encode()) == bound
                and hmac.compare_digest(decode(proof.encode()), want))
        if not good:
            return False, user, f"gs2={gs2} proof=wrong"

        verifier = mac(mac(salted, "Server Key"), text)
        if forge == "signature":
            verifier = bytes(len(verifier))
        word = b"v=" + base64.b64encode(verifier)
        if forge == "error":
            word = b"e=other-error"
        if forge == "missing":
            return True, user, f"gs2={gs2} proof=right unsigned"
        if ask(session, word) != b"":
            return False, user, "the last answer is not empty"
        return True, user, f"gs2={gs2} proof=right"
    return mechanism


MECHANISMS = {
    "PLAIN": plain,
    "LOGIN": login,
    "CRAM-MD5": cram_md5,
    "SCRAM-SHA-1": scram("sha1", False),
    "SCRAM-SHA-256": scram("sha256", False),
    "SCRAM-SHA-1-PLUS": scram("sha1", True),
    "SCRAM-SHA-256-PLUS": scram("sha256", True),
    "XOAUTH2": xoauth2,
    "OAUTHBEARER": oauthbearer,
    "EXTERNAL": external,
}


def authenticate(session, argument):
    """Returns (code and text of the answer, what to note of it)."""
    name, _, rest = argument.partition(b" ")
    name = name.upper().decode("ascii", "replace")
    if name not in session.script.get("auth", []):
        return b"504 5.5.4 not offered", f"{name} not offered"
    try:
        initial = decode(rest) if rest else None
        good, user, note = MECHANISMS[name](session, initial)
    except Cancelled:
        return b"501 5.7.0 cancelled", f"{name} cancelled"
    except (ValueError, KeyError, UnicodeDecodeError) as e:
        return b"501 5.5.2 malformed", f"{name} malformed: {e}"
    word = "accepted" if good else "refused"
    answer = b"235 2.7.0 welcome" if good else b"535 5.7.8 no such login"
    return answer, f"{name} user={user} {note} {word}"
