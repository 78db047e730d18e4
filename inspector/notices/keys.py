"""The keys of web push: ours, by which push services know us (VAPID, RFC 8292), and those of browsers."""

import base64
import time
from functools import lru_cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import json

from inspector.settings import Settings, kept_secret

CURVE = ec.SECP256R1()
SCALAR_BYTES = 32
TOKEN_SECONDS = 12 * 3600
"""A push service takes no token that lasts for more than a day."""


def own_key(settings: Settings) -> ec.EllipticCurvePrivateKey:
    """The key of `VAPID_PRIVATE_KEY`, else one that is made once and kept. Raises ValueError for what is no key.

    Browsers give addresses for this key only: with another one, a phone asks for a new address within a day.
    """
    return read_key(settings.vapid_private_key or kept_secret(settings.data_dir / "vapid-key", make_key))


@lru_cache(maxsize=4)
def read_key(words: str) -> ec.EllipticCurvePrivateKey:
    """A private key as make_key() writes it. Raises ValueError."""
    scalar = from_base64(words)
    if len(scalar) != SCALAR_BYTES:
        raise ValueError("a VAPID key is 32 bytes in base64url, as `inspector vapid-key` makes it")
    return ec.derive_private_key(int.from_bytes(scalar), CURVE)


def make_key() -> str:
    scalar = ec.generate_private_key(CURVE).private_numbers().private_value
    return to_base64(scalar.to_bytes(SCALAR_BYTES))


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, as 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def browser_key(words: str) -> ec.EllipticCurvePublicKey:
    """A browser's public key as it comes over the wire. Raises ValueError for what is no point of the curve."""
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, from_base64(words))


def authorization(key: ec.EllipticCurvePrivateKey, endpoint: str, contact: str) -> str:
    """The header that tells the endpoint's push service who we are, and whom to ask if we are a nuisance."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + TOKEN_SECONDS}
    claims |= {"sub": contact} if contact else {}
    signed = ".".join(to_base64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    numbers = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = b"".join(number.to_bytes(SCALAR_BYTES) for number in numbers)
    return f"vapid t={signed}.{to_base64(signature)}, k={to_base64(point_of(key))}"


def contact_of(settings: Settings) -> str:
    """Whom a push service may write to: what is set, else who our mail comes from, else our address; else nobody."""
    if settings.vapid_contact:
        return settings.vapid_contact
    sender = settings.mail_from.rpartition("<")[2].strip("<> ")
    if "@" in sender:
        return f"mailto:{sender}"
    return settings.base_url if settings.secure else ""


def to_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64(words: str) -> bytes:
    """Base64url with or without its padding. Raises ValueError."""
    bare = words.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
