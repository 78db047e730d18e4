"""Is it a recording: what the first bytes say. Nothing here decodes any; who listens has a browser for that."""

from enum import StrEnum
from typing import BinaryIO

HEAD_BYTES = 64
HEARD = ("audio/webm", "audio/mp4", "audio/ogg")
"""What phones record, and every browser plays one or the other of."""


class Unheard(StrEnum):
    """Why nobody can hear a recording."""

    EMPTY = "empty"
    NOT_A_RECORDING = "not_a_recording"  # Its bytes do not begin as its type does.
    UNSUPPORTED_FORMAT = "unsupported_format"


def why_not_heard(stream: BinaryIO, media_type: str) -> Unheard | None:
    """What speaks against playing these bytes as that type; None where they begin as it does."""
    head = stream.read(HEAD_BYTES)
    if not head:
        return Unheard.EMPTY
    match media_type:
        case "audio/webm":  # EBML (RFC 8794) whose DocType is WebM.
            begins = head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head
        case "audio/ogg":  # RFC 3533, section 6.
            begins = head.startswith(b"OggS\0")
        case "audio/mp4":  # ISO/IEC 14496-12, section 4.3: the size of the box stands before its type.
            begins = head[4:8] == b"ftyp"
        case _:
            return Unheard.UNSUPPORTED_FORMAT
    return None if begins else Unheard.NOT_A_RECORDING
