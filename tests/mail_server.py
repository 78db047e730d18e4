"""A small SMTP server (RFC 5321) that keeps what it is given, for tests: with or without encryption and passwords."""

import base64
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path


@dataclass
class Delivered:
    """One mail as it came: the envelope's recipients, the message, and how it was handed over."""

    recipients: list[str]
    message: EmailMessage
    encrypted: bool
    user: str


@dataclass
class MailBox:
    """What the server received. `refuse` and `refuse_login` are answers instead of taking a mail or a password."""

    port: int = 0
    mails: list[Delivered] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    refuse: str = ""
    refuse_login: str = ""
    listens: bool = True

    @contextmanager
    def refusing(self, answer: str, *, login: str = "") -> Iterator[None]:
        self.refuse, self.refuse_login = answer, login
        yield
        self.refuse = self.refuse_login = ""

    @contextmanager
    def away(self) -> Iterator[None]:
        """Each line breaks as soon as it is there."""
        self.listens = False
        yield
        self.listens = True


class _Line(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.encrypted, self.user, self.recipients = self.server.at_once, "", list[str]()
        if not self.server.box.listens:
            return
        self._say("220 ready")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            getattr(self, f"_{verb.casefold()}", self._unknown)(rest)

    def _ehlo(self, _name: str) -> None:
        extensions = ["SMTPUTF8", "8BITMIME", "AUTH PLAIN"]
        if self.server.tls is not None and not self.encrypted:
            extensions.append("STARTTLS")
        self._say(*[f"250-{each}" for each in ("here", *extensions[:-1])], f"250 {extensions[-1]}")

    def _starttls(self, _nothing: str) -> None:
        self._say("220 go on")
        assert self.server.tls is not None
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)  # type: ignore[assignment]
        self.encrypted = True

    def _auth(self, plain: str) -> None:
        _, self.user, password = base64.b64decode(plain.split()[1]).decode().split("\0")
        if self.server.box.refuse_login:
            self._say(self.server.box.refuse_login)
            return
        self.server.box.passwords.append(password)
        self._say("235 welcome")

    def _mail(self, _sender: str) -> None:
        self.recipients = []
        self._say("250 fine")

    def _rcpt(self, recipient: str) -> None:
        if self.server.box.refuse:
            self._say(self.server.box.refuse)
            return
        self.recipients.append(recipient.partition(":")[2].partition(">")[0].strip("<"))
        self._say("250 fine")

    def _data(self, _nothing: str) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.server.box.mails.append(Delivered(self.recipients, message, self.encrypted, self.user))
        self._say("250 kept")

    def _rset(self, _nothing: str) -> None:
        self._say("250 fine")

    def _unknown(self, _rest: str) -> None:
        self._say("502 what?")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True

    def __init__(self, tls: ssl.SSLContext | None, at_once: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.tls, self.at_once = tls, at_once
        self.box = MailBox(int(self.server_address[1]))
        if tls is not None and at_once:
            self.socket = tls.wrap_socket(self.socket, server_side=True)


@contextmanager
def mail_server(certificate: Path | None = None, *, at_once: bool = False) -> Iterator[MailBox]:
    """A server on a free port of 127.0.0.1; with a certificate it offers STARTTLS, or speaks TLS from the start."""
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    with _Server(tls, at_once) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.box
        server.shutdown()


def make_certificate(folder: Path) -> Path:
    """A key with a certificate for 127.0.0.1 that it signed itself, in one file."""
    whole, key = folder / "mail.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *named, "-keyout", str(key), "-out", str(whole)], check=True, capture_output=True)
    whole.write_text(whole.read_text() + key.read_text())
    return whole
