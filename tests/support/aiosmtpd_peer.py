#!/usr/bin/python3
"""aiosmtpd as a smarthost: aiosmtpd_peer.py CERT KEY USER PASSWORD

It listens on 127.0.0.1:587 (STARTTLS) and 465 (TLS), wants a login, refuses
refused@example.net and hands all to the server on port 2525 unchanged.
"""
import asyncio
import smtplib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Relay:
    async def handle_RCPT(self, _server, _session, envelope, address, options):
        if address == "refused@example.net":
            return "550 5.1.1 refused by name"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.pass_on, envelope)
        return "250 OK, passed on"

    def pass_on(self, envelope):
        with smtplib.SMTP("127.0.0.1", 2525) as onward:
            onward.sendmail(envelope.mail_from, envelope.rcpt_tos,
                            envelope.original_content)


def main():
    cert, key, user, password = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    known = LoginPassword(user.encode(), password.encode())

    def authenticate(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=data == known, handled=False)

    def plain():
        return SMTP(Relay(), hostname="aiosmtpd.test", tls_context=context,
                    require_starttls=True, auth_required=True,
                    authenticator=authenticate, enable_SMTPUTF8=True)

    def inside():
        return SMTP(Relay(), hostname="aiosmtpd.test", auth_required=True,
                    auth_require_tls=False, authenticator=authenticate,
                    enable_SMTPUTF8=True)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(loop.create_server(plain, "127.0.0.1", 587))
    loop.run_until_complete(
        loop.create_server(inside, "127.0.0.1", 465, ssl=context))
    loop.run_forever()


main()
