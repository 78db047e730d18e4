"""A small push service (RFC 8030) with one browser behind it, which reads what it is sent as browsers do (RFC 8291)."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import update
from sqlalchemy.orm import Session

from checklists.jobs import Job, JobState
from checklists.notices import JOB
from checklists.people import User
from tests.phone_client import OWN_SITE, FieldClient

CURVE = ec.SECP256R1()


@dataclass
class Browser:
    """A browser's keys, which no server has."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    secret: bytes = b"sixteen letters!"

    @property
    def point(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def address(self, endpoint: str, device_id: str = "first") -> dict[str, Any]:
        """What PUT /phone/notices takes."""
        keys = {"p256dh": in_base64(self.point), "auth": in_base64(self.secret)}
        return {"device_id": device_id, "endpoint": endpoint, "keys": keys}

    def read(self, body: bytes) -> bytes:
        salt, length = body[:16], body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, theirs))
        material = HKDF(SHA256(), 32, self.secret, b"WebPush: info\0" + self.point + theirs).derive(shared)
        key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
        message, last, _filling = AESGCM(key).decrypt(nonce, sealed, None).rpartition(b"\x02")
        assert last
        return message


@dataclass
class Pushed:
    """One message as it came: where it was sent, with which headers, and what the browser reads."""

    path: str
    headers: Mapping[str, str]
    message: dict[str, Any]

    def claims(self, origin: str) -> dict[str, Any]:
        """What the sender says of itself, once its signature was checked as a push service does (RFC 8292)."""
        words = self.headers["Authorization"].removeprefix("vapid ")
        told = dict(part.strip().split("=", 1) for part in words.split(","))
        signed, _, signature = told["t"].rpartition(".")
        numbers = from_base64(signature)
        both = encode_dss_signature(int.from_bytes(numbers[:32]), int.from_bytes(numbers[32:]))
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, from_base64(told["k"]))
        key.verify(both, signed.encode(), ec.ECDSA(SHA256()))
        claims: dict[str, Any] = json.loads(from_base64(signed.split(".")[1]))
        assert claims["aud"] == origin
        return claims


@dataclass
class PushService:
    """`status` is what it answers next; the port is open for as long as `running_push_service` lasts."""

    browser: Browser = field(default_factory=Browser)
    pushed: list[Pushed] = field(default_factory=list)
    status: int = 201
    elsewhere: str = ""
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def listen_to(self, phone: FieldClient, device_id: str = "first") -> int:
        """Turn notices on, as the app does; the status of the server's answer."""
        wish = self.browser.address(f"{self.origin}/send/{device_id}?k=1", device_id)
        return phone.client.put("/api/v1/phone/notices", json=wish, headers=OWN_SITE).status_code

    def told(self, person: User) -> list[str]:
        """What the person has read, in order."""
        return [each.message["words"] for each in self.pushed if each.message["for"] == str(person.id)]


@contextmanager
def running_push_service() -> Iterator[PushService]:
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if service.status == 201:
                message = json.loads(service.browser.read(body))
                service.pushed.append(Pushed(self.path, dict(self.headers), message))
            self.send_response(service.status)
            if service.elsewhere:
                self.send_header("Location", service.elsewhere)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield service
        server.shutdown()
        thread.join()


def let_it_be_due(session: Session) -> None:
    """As if the time had passed for which notices are gathered."""
    due = update(Job).where(Job.kind == JOB, Job.state == JobState.WAITING).values(run_after=datetime.now(UTC))
    session.execute(due.execution_options(synchronize_session=False))


def in_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64(words: str) -> bytes:
    return base64.urlsafe_b64decode(words + "=" * (-len(words) % 4))
