"""HEIC, as iPhones write it: read like any photo, and no more of it decoded than has to be."""

import io
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from inspector.photo_images import MAX_PIXELS, PhotoFacts, Unreadable, UnreadablePhotoError, inspect_photo
from tests.corpora import pictures
from tests.inspector.pictures import BLUE, GREEN, RED, WHITE, derived, four_corners

ORIENTATION = 0x0112


def heic(image: Image.Image, *others: Image.Image, **options: object) -> bytes:
    """A HEIC of the picture, with further ones in the same file."""
    pillow_heif.register_heif_opener()
    target = io.BytesIO()
    options |= {"save_all": True, "append_images": list(others)} if others else {}
    image.save(target, "HEIF", quality=90, chroma=444, **options)
    return target.getvalue()


def assert_corners(picture: Image.Image) -> None:
    assert picture.size == (80, 60)
    for place, colour in [((8, 8), RED), ((72, 8), GREEN), ((8, 52), BLUE), ((72, 52), WHITE)]:
        pixel = picture.getpixel(place)
        assert isinstance(pixel, tuple)
        assert all(abs(part - wanted) <= 16 for part, wanted in zip(pixel, colour, strict=True)), (place, pixel)


def claiming(photo: bytes, width: int, height: int) -> bytes:
    """The file with another size in each of its headers of sizes; what is coded in it stays."""
    changed = bytearray(photo)
    for found in re.finditer(b"ispe", photo):
        changed[found.start() + 8 : found.start() + 16] = struct.pack(">II", width, height)
    return bytes(changed)


def corpus(name: str) -> bytes:
    return next(picture.content for picture in pictures() if picture.name.endswith(f"/{name}"))


def test_a_heic_is_a_photo() -> None:
    photo = heic(four_corners())
    assert inspect_photo(io.BytesIO(photo)) == PhotoFacts(True, None, 160, 120, "image/heic")
    assert_corners(derived(photo, 80)[0])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_once_though_its_exif_says_so_too(orientation: int) -> None:
    """The encoder turns the picture's EXIF into the file's own words, `irot` and `imir`, and leaves the EXIF there."""
    turns = [None, *Image.Transpose]
    stored_as = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    turn = stored_as[orientation]
    assert turn in turns
    stored = four_corners() if turn is None else four_corners().transpose(turn)
    stored.getexif()[ORIENTATION] = orientation
    photo = heic(stored)
    assert (b"irot" in photo or b"imir" in photo) is (orientation > 1)
    facts = inspect_photo(io.BytesIO(photo))
    assert (facts.width, facts.height) == (160, 120)
    assert_corners(derived(photo, 80)[0])


def test_nothing_of_its_metadata_is_derived() -> None:
    image = four_corners()
    image.getexif()[0x010F] = "Camera-7"
    photo = heic(image, xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Anna</x:xmpmeta>")
    picture, copy = derived(photo, 80)
    assert not picture.getexif()
    for trace in (b"Camera-7", b"Anna"):
        assert trace in photo
        assert trace not in copy


def test_of_several_pictures_in_a_file_the_main_one_is_shown() -> None:
    photo = heic(Image.new("RGB", (64, 64), RED), four_corners(), primary_index=1)
    assert inspect_photo(io.BytesIO(photo)).width == 160
    for long_edge in (80, 20):
        picture, _ = derived(photo, long_edge)
        assert picture.size == (long_edge, long_edge * 3 // 4)
    assert_corners(derived(photo, 80)[0])


@pytest.mark.parametrize("name", ["spatial_photo.heic", "bird_burst.heic", "xiaomi.heic", "alpha.heic"])
def test_what_telephones_write_is_read(name: str) -> None:
    """Two eyes' pictures, a burst, a preview beside the picture, a mask for what is transparent."""
    photo = corpus(name)
    assert inspect_photo(io.BytesIO(photo)).readable
    picture, _ = derived(photo, 320)
    assert max(picture.size) == 320


AVIF = b"\0\0\0\x20ftypmif1\0\0\0\0mif1avifmiaf" + bytes(40)


@pytest.mark.parametrize(
    ("make_photo", "reason"),
    [
        pytest.param(lambda: corpus("200MP.heic"), Unreadable.TOO_MANY_PIXELS, id="200 megapixels"),
        pytest.param(lambda: corpus("guitar_cw90.hif"), Unreadable.TOO_MANY_PIXELS, id="33 megapixels of 10 bits"),
        pytest.param(lambda: claiming(heic(four_corners()), 60_000, 60_000), Unreadable.TOO_MANY_PIXELS, id="a claim"),
        pytest.param(
            lambda: claiming(heic(Image.new("RGB", (2_000, 2_000))), 16, 16), Unreadable.TOO_MANY_PIXELS, id="a lie"
        ),
        pytest.param(lambda: corpus("cat.hif")[:9_000], Unreadable.TRUNCATED, id="the headers"),
        pytest.param(lambda: heic(four_corners())[:-40], Unreadable.TRUNCATED, id="all but the last bytes"),
        pytest.param(lambda: heic(four_corners())[:60], Unreadable.TRUNCATED, id="the first bytes"),
        pytest.param(lambda: corpus("corrupted.heic"), Unreadable.TRUNCATED, id="damaged"),
        pytest.param(lambda: AVIF, Unreadable.UNSUPPORTED_FORMAT, id="AVIF in a plain container"),
        pytest.param(lambda: AVIF.replace(b"ftypmif1", b"ftypavif"), Unreadable.UNSUPPORTED_FORMAT, id="AVIF"),
    ],
)
def test_what_cannot_be_read_has_a_reason(make_photo: Callable[[], bytes], reason: Unreadable) -> None:
    photo = make_photo()
    assert inspect_photo(io.BytesIO(photo)) == PhotoFacts(readable=False, reason=reason)
    with pytest.raises(UnreadablePhotoError) as raised:
        derived(photo, 80)
    assert raised.value.reason is reason


PEAK_MEMORY = """
import io, re, sys
from inspector.photo_images import derive, inspect_photo

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) // 1024

photo = open(sys.argv[1], "rb").read()
before = peak()
facts = inspect_photo(io.BytesIO(photo))
if facts.readable:
    derive(io.BytesIO(photo), 1280, io.BytesIO())
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak")
@pytest.mark.parametrize(
    ("make_photo", "limit_mb"),
    [
        pytest.param(lambda: corpus("200MP.heic"), 20, id="200 megapixels are not decoded"),
        pytest.param(lambda: corpus("guitar_cw90.hif"), 30, id="nor 33 of 10 bits"),
        pytest.param(lambda: claiming(corpus("pug.heic"), 64, 64), 20, id="nor 12 that pretend to be few"),
        pytest.param(lambda: corpus("pug.heic"), 150, id="an iPhone's 12 megapixels"),
    ],
)
def test_memory_is_bounded(tmp_path: Path, make_photo: Callable[[], bytes], limit_mb: int) -> None:
    """Seven bytes a pixel while it is decoded: 85 MB for 12 megapixels, and 350 for the 50 that are the most."""
    path = tmp_path / "photo"
    path.write_bytes(make_photo())
    command = [sys.executable, "-c", PEAK_MEMORY, str(path)]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{peak} MB")
    assert peak < limit_mb
    assert MAX_PIXELS * 7 < 360 * 2**20
