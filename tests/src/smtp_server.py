"""A mail server for tests: STARTTLS and a password before any mail, and each mail becomes two files.

usage: smtp_server.py FOLDER CERTIFICATE KEY USERNAME PASSWORD_FILE

Prints the port that it listens on. `NNNN.eml` is the mail as it came, `NNNN.json` what it says, decoded.
"""

import asyncio
import email
import email.policy
import hmac
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Mailbox:
    """Writes each mail into the folder, whole or not at all."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def write(self, name, content):
        part = os.path.join(self.folder, name + ".part")
        with open(part, "wb") as out:
            out.write(content)
        os.replace(part, os.path.join(self.folder, name))

    async def handle_DATA(self, _server, _session, envelope):
        self.count += 1
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = mail.get_body(("plain",))
        page = mail.get_body(("html",))
        said = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "subject": str(mail["subject"] or ""),
            "text": text.get_content() if text else "",
            "html": page.get_content() if page else "",
        }
        self.write(f"{self.count:04}.eml", envelope.content)
        self.write(f"{self.count:04}.json", json.dumps(said).encode())
        return "250 taken"


def authenticator(username, password):
    def judge(_server, _session, _envelope, _mechanism, given):
        right = hmac.compare_digest(given.login, username) and hmac.compare_digest(given.password, password)
        return AuthResult(success=right, handled=False)  # not handled: the server is to send the answer itself

    return judge


async def serve(folder, certificate, key, username, password_file):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with open(password_file, "rb") as source:
        password = source.read().strip()
    mailbox = Mailbox(folder)

    def connection():
        return SMTP(
            mailbox,
            hostname="mail.localhost",
            tls_context=tls,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticator(username.encode(), password),
        )

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve(*sys.argv[1:]))
