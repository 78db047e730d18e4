"""A message that one browser only can read (RFC 8291), in one record of the encoding aes128gcm (RFC 8188)."""

import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inspector.notices.keys import CURVE, point_of

RECORD_BYTES = 4096
LEAST_BYTES = 512
"""What is shorter is filled up: the length of a message tells nothing."""
SALT_BYTES = 16
SECRET_BYTES = 16
LAST_RECORD = b"\x02"


def encrypt(
    message: bytes,
    browser: ec.EllipticCurvePublicKey,
    secret: bytes,
    *,
    once: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
    least_bytes: int = LEAST_BYTES,
) -> bytes:
    """The body to send. Key and salt are used once; only a test of the RFC's own figures names them."""
    once, salt = once or ec.generate_private_key(CURVE), salt or secrets.token_bytes(SALT_BYTES)
    theirs = browser.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    ours = point_of(once)
    shared = _derive(secret, once.exchange(ec.ECDH(), browser), b"WebPush: info\0" + theirs + ours, 32)
    key = _derive(salt, shared, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(salt, shared, b"Content-Encoding: nonce\0", 12)
    filled = (message + LAST_RECORD).ljust(least_bytes, b"\0")
    head = salt + RECORD_BYTES.to_bytes(4) + len(ours).to_bytes(1) + ours
    return head + AESGCM(key).encrypt(nonce, filled, None)


def _derive(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)
