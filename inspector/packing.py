"""Answers packed for who can unpack them."""

import gzip
from collections.abc import Mapping

import brotli
from flask import Request, Response

WORTH_PACKING = 512
# As long as gzip takes at its usual level, and smaller by a sixth.
QUICK_QUALITY = 6


def packed_well(content: bytes) -> dict[str, bytes]:
    """What is sent often, packed as small as each encoding can, the better one first. It takes its time: keep it."""
    return {"br": brotli.compress(content, quality=11), "gzip": gzip.compress(content, mtime=0)}


def set_content(
    response: Response, content: bytes, tag: str, request: Request, packed: Mapping[str, bytes] | None = None
) -> None:
    """Answer with this content under the tag, packed where that is asked for and worth it.

    `packed` is the content as packed_well() made it; what is packed has a tag of its own.
    """
    response.headers["Vary"] = "Accept-Encoding"
    known = [name for name in ("br", "gzip") if request.accept_encodings[name]]
    if len(content) > WORTH_PACKING and known:
        content = packed[known[0]] if packed else _packed_quickly(content, known[0])
        response.headers["Content-Encoding"] = known[0]
        tag += f"-{known[0]}"
    response.set_data(content)
    response.set_etag(tag)


def _packed_quickly(content: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.compress(content, compresslevel=6, mtime=0)
    packed: bytes = brotli.compress(content, quality=QUICK_QUALITY)
    return packed
