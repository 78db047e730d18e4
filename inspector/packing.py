"""Answers packed for who can unpack them."""

import gzip

from flask import Request, Response

WORTH_PACKING = 512


def set_content(response: Response, content: bytes, tag: str, request: Request, packed: bytes | None = None) -> None:
    """Answer with this content under the tag, gzipped where that is asked for and worth it.

    `packed` is the content gzipped already; what is packed has a tag of its own.
    """
    response.headers["Vary"] = "Accept-Encoding"
    if len(content) > WORTH_PACKING and request.accept_encodings["gzip"]:
        content = packed or gzip.compress(content, compresslevel=6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        tag += "-gzip"
    response.set_data(content)
    response.set_etag(tag)
