"""Small files that would fill a machine's memory, or keep it busy for hours, if somebody unpacked or decoded them."""

import functools
import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from inspector.photo_images import Unreadable


@dataclass(frozen=True, slots=True)
class Bomb:
    """`reason` is what we say of it, without having decoded it."""

    name: str
    content: bytes
    reason: Unreadable


@functools.cache
def bombs() -> tuple[Bomb, ...]:
    """One of each kind, none above 3 MB."""
    return (
        Bomb("a PNG that claims 1,600 megapixels", png_of_zeros(40_000, 40_000, rows=10), Unreadable.TOO_MANY_PIXELS),
        Bomb("a PNG that has 64 megapixels", png_of_zeros(8_000, 8_000, rows=8_000), Unreadable.TOO_MANY_PIXELS),
        Bomb("a PNG with 100 MB of words", _png_with_words(), Unreadable.TRUNCATED),
        Bomb("a PNG with 100 MB of colour profile", _png_with_profile(), Unreadable.TRUNCATED),
        Bomb("a JPEG that claims 4,290 megapixels", _jpeg_header(65_500), Unreadable.TOO_MANY_PIXELS),
        Bomb("a JPEG that goes over its pixels 20,000 times", _jpeg_of_scans(20_000), Unreadable.TOO_MANY_PIXELS),
        Bomb("a WEBP that claims 268 megapixels", _webp_canvas(16_383), Unreadable.TOO_MANY_PIXELS),
        Bomb("a ZIP of 100 MB", _zip_bomb(), Unreadable.NOT_A_PICTURE),
        Bomb("an SVG of a billion laughs", _laughing_svg(), Unreadable.NOT_A_PICTURE),
    )


def png_of_zeros(width: int, height: int, rows: int, chunks: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """A PNG of RGBA pixels that says it is `width` x `height`, and holds `rows` rows of zeros."""
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(4 * width + 1)) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def _png_with_words() -> bytes:
    return png_of_zeros(8, 8, rows=8, chunks=[(b"zTXt", b"Comment\0\0" + _packed_zeros())])


def _png_with_profile() -> bytes:
    return png_of_zeros(8, 8, rows=8, chunks=[(b"iCCP", b"profile\0\0" + _packed_zeros())])


def _packed_zeros() -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()


def _jpeg_header(edge: int) -> bytes:
    """A small JPEG whose frame header is changed to say that it is `edge` x `edge`."""
    photo = bytearray(_jpeg(16))
    frame = photo.index(b"\xff\xc0")
    photo[frame + 5 : frame + 9] = struct.pack(">HH", edge, edge)
    return bytes(photo)


def _jpeg_of_scans(times: int) -> bytes:
    """A progressive JPEG that repeats the last of its scans: each costs a hundred bytes, and a walk over all pixels."""
    photo = _jpeg(2_000, progressive=True)
    scan, end = photo.rindex(b"\xff\xc4"), photo.rindex(b"\xff\xd9")
    assert photo.count(b"\xff\xda", scan) == 1
    return photo[:end] + photo[scan:end] * times + photo[end:]


def _jpeg(edge: int, **options: bool) -> bytes:
    target = io.BytesIO()
    Image.new("L", (edge, edge)).save(target, "JPEG", quality=30, **options)
    return target.getvalue()


def _webp_canvas(edge: int) -> bytes:
    canvas = struct.pack("<I", edge - 1)[:3]
    return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas + canvas


def _zip_bomb() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("../../photo.jpg", "w") as inside:
        for _ in range(100):
            inside.write(bytes(1_000_000))
    return target.getvalue()


def _laughing_svg() -> bytes:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE svg [<!ENTITY l0 "ha">{laughs}]><svg xmlns="x"><text>&l9;</text></svg>'.encode()
