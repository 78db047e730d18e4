"""Photos that phones send, and what else somebody might send in their place."""

import io
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from inspector.photo_images import (
    SCREEN,
    THUMBNAIL,
    PhotoFacts,
    Unreadable,
    UnreadablePhotoError,
    draw_demo_photo,
    inspect_and_derive,
    inspect_photo,
)
from tests.bombs import png_of_zeros
from tests.inspector.pictures import BLUE, GREEN, RED, WHITE, derived, four_corners

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F


def facts_of(photo: bytes) -> PhotoFacts:
    return inspect_photo(io.BytesIO(photo))


def saved(image: Image.Image, format_name: str = "JPEG", **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, format_name, **options)
    return target.getvalue()


def assert_near(pixel: object, colour: tuple[int, int, int], tolerance: int = 12) -> None:
    assert isinstance(pixel, tuple)
    assert all(abs(part - wanted) <= tolerance for part, wanted in zip(pixel, colour, strict=True)), (pixel, colour)


@pytest.mark.parametrize(
    ("format_name", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_a_photo_is_readable(format_name: str, media_type: str) -> None:
    facts = facts_of(saved(four_corners(), format_name))
    assert facts == PhotoFacts(readable=True, width=160, height=120, media_type=media_type)


def test_a_photo_can_be_a_path(tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(saved(four_corners()))
    assert inspect_photo(path).readable
    with pytest.raises(FileNotFoundError):
        inspect_photo(tmp_path / "another")


def test_a_jpeg_with_a_second_picture_inside_is_a_jpeg() -> None:
    photo = saved(four_corners(), "MPO", save_all=True, append_images=[four_corners().resize((40, 30))])
    assert facts_of(photo) == PhotoFacts(readable=True, width=160, height=120, media_type="image/jpeg")
    assert_near(derived(photo)[0].getpixel((10, 10)), RED)


def not_photos() -> list[tuple[str, bytes, Unreadable]]:
    jpeg = draw_demo_photo(1, "Coffee")
    progressive = saved(Image.open(io.BytesIO(jpeg)), progressive=True)
    png = saved(Image.open(io.BytesIO(jpeg)), "PNG", compress_level=1)
    webp = saved(four_corners(), "WEBP")
    canvas = struct.pack("<I", 20_000 - 1)[:3]
    webp_bomb = b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas + canvas
    return [
        ("nothing", b"", Unreadable.EMPTY),
        ("a text", "Касса, 12:40, очередь".encode(), Unreadable.NOT_A_PICTURE),
        ("a page", b"<!doctype html><title>Free WiFi</title>", Unreadable.NOT_A_PICTURE),
        ("zeros", bytes(5000), Unreadable.NOT_A_PICTURE),
        ("three letters", b"\xff\xd8\xff", Unreadable.TRUNCATED),
        ("a GIF", saved(four_corners(), "GIF"), Unreadable.UNSUPPORTED_FORMAT),
        ("a TIFF", saved(four_corners(), "TIFF"), Unreadable.UNSUPPORTED_FORMAT),
        ("a BMP", saved(four_corners(), "BMP"), Unreadable.UNSUPPORTED_FORMAT),
        ("an AVIF", b"\0\0\0\x20ftypavif" + bytes(40), Unreadable.UNSUPPORTED_FORMAT),
        ("half a JPEG", jpeg[: len(jpeg) // 2], Unreadable.TRUNCATED),
        ("half a progressive JPEG", progressive[: len(progressive) // 2], Unreadable.TRUNCATED),
        ("half a PNG", png[: len(png) // 2], Unreadable.TRUNCATED),
        ("half a WEBP", webp[: len(webp) // 2], Unreadable.TRUNCATED),
        ("a bomb that Pillow refuses", png_of_zeros(40_000, 40_000, rows=10), Unreadable.TOO_MANY_PIXELS),
        ("a bomb that Pillow warns of", png_of_zeros(8_000, 8_000, rows=10), Unreadable.TOO_MANY_PIXELS),
        ("a bomb as WEBP", webp_bomb, Unreadable.TOO_MANY_PIXELS),
    ]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("photo", "reason"), [case[1:] for case in not_photos()], ids=[case[0] for case in not_photos()]
)
def test_what_is_not_a_photo_has_a_reason(photo: bytes, reason: Unreadable) -> None:
    assert facts_of(photo) == PhotoFacts(readable=False, reason=reason)
    with pytest.raises(UnreadablePhotoError) as raised:
        derived(photo)
    assert raised.value.reason is reason
    assert inspect_and_derive(io.BytesIO(photo), SCREEN, THUMBNAIL) == (PhotoFacts(readable=False, reason=reason), [])


PEAK_MEMORY = """
import io, re, sys, threading
from inspector.photo_images import derive, inspect_photo

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]) // 1024

photo, work, threads = open(sys.argv[1], "rb").read(), sys.argv[2], int(sys.argv[3])
def run():
    inspect_photo(io.BytesIO(photo)) if work == "inspect" else derive(io.BytesIO(photo), 320, io.BytesIO())
before = peak()
running = [threading.Thread(target=run) for _ in range(threads)]
[thread.start() for thread in running]
[thread.join() for thread in running]
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak")
@pytest.mark.parametrize(
    ("work", "threads", "make_photo", "limit_mb"),
    [
        pytest.param("inspect", 1, lambda: png_of_zeros(8_000, 8_000, rows=8_000), 20, id="a bomb is not decoded"),
        pytest.param("inspect", 1, lambda: saved(Image.new("RGB", (4000, 3000))), 20, id="a JPEG is read small"),
        pytest.param("derive", 1, lambda: saved(Image.new("RGB", (4000, 3000))), 20, id="a JPEG is shrunk small"),
        pytest.param("derive", 1, lambda: saved(Image.new("CMYK", (4000, 3000))), 20, id="so is one for print"),
        pytest.param("inspect", 6, lambda: png_of_zeros(3_000, 3_000, rows=3_000), 80, id="threads take turns"),
        pytest.param(
            "derive", 1, lambda: png_of_zeros(7_000, 7_000, rows=7_000), 230, id="the largest PNG is held once"
        ),
        pytest.param("derive", 1, lambda: saved(Image.new("RGBA", (5_000, 5_000)), "WEBP"), 420, id="the largest WEBP"),
    ],
)
def test_memory_is_bounded(
    tmp_path: Path, work: str, threads: int, make_photo: Callable[[], bytes], limit_mb: int
) -> None:
    """Decoded whole, the first would take 256 MB, a JPEG here 48, six pictures at once 216. The two largest that are
    decoded take 196 and 100 as they are; held twice, or as WEBP's decoder does, much more.
    """
    path = tmp_path / "photo"
    path.write_bytes(make_photo())
    command = [sys.executable, "-c", PEAK_MEMORY, str(path), work, str(threads)]
    assert int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) < limit_mb


@settings(max_examples=150, deadline=None)
@given(
    format_name=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    kept=st.floats(0.05, 1),
)
def test_no_bytes_make_it_fail(format_name: str, changes: list[tuple[int, int]], kept: float) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo = bytearray(saved(four_corners(), format_name, exif=exif))
    for place, value in changes:
        photo[place % len(photo)] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        facts = facts_of(bytes(photo[: int(len(photo) * kept)]))
        assert facts.readable == (facts.reason is None)
        if facts.readable:
            derived(bytes(photo[: int(len(photo) * kept)]))


STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_turned_as_its_camera_says(orientation: int, format_name: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turn = STORED_AS[orientation]
    stored = four_corners() if turn is None else four_corners().transpose(turn)
    photo = saved(stored, format_name, exif=exif)
    facts = facts_of(photo)
    assert (facts.width, facts.height) == (160, 120)
    picture, _ = derived(photo, 80)
    assert picture.size == (80, 60)
    for place, colour in [((8, 8), RED), ((72, 8), GREEN), ((8, 52), BLUE), ((72, 52), WHITE)]:
        assert_near(picture.getpixel(place), colour)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "CMYK", "1"])
def test_a_large_photo_is_made_small_in_strips_that_nobody_sees(mode: str) -> None:
    """Its height is no multiple of a strip's; it is dark above and light below, and lies on its side."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    upright = Image.linear_gradient("L").resize((1_400, 1_931))
    lying = upright.transpose(Image.Transpose.ROTATE_90).convert(mode)
    photo = saved(lying, "JPEG" if mode == "CMYK" else "PNG", exif=exif)
    picture, _ = derived(photo)
    assert picture.size == (232, 320)
    for row in range(5, 320, 10):
        seen = (
            picture.convert("L").crop((0, row - 2, 232, row + 2)).resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        )
        assert isinstance(seen, int)
        assert abs(seen - row / 320 * 255) < 8, (row, seen)


def test_a_nearly_square_photo_is_turned_too() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    facts = facts_of(saved(Image.new("RGB", (159, 160)), exif=exif))
    assert (facts.width, facts.height) == (160, 159)


def test_a_damaged_exif_costs_the_turn_and_not_the_photo() -> None:
    damaged = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(range(256)) * 4
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        photo = saved(four_corners(), exif=damaged)
        assert facts_of(photo).readable
        assert derived(photo)[0].size == (160, 120)


def test_nothing_of_the_metadata_is_derived() -> None:
    exif = Image.Exif()
    exif[MAKER] = "Camera-7"
    exif.get_ifd(GPS).update({1: "N", 2: (55.0, 45.0, 21.0), 3: "E", 4: (37.0, 37.0, 4.0)})
    photo = saved(
        four_corners(), exif=exif, comment=b"my secret", xmp=b"<x:xmpmeta>Anna</x:xmpmeta>", icc_profile=b"profile" * 40
    )
    assert Image.open(io.BytesIO(photo)).getexif().get_ifd(GPS)
    picture, copy = derived(photo)
    assert not picture.getexif()
    assert not {"exif", "comment", "xmp", "icc_profile"} & picture.info.keys()
    for trace in (b"Camera-7", b"secret", b"Anna", b"profileprofile", b"Exif"):
        assert trace in photo
        assert trace not in copy


@pytest.mark.parametrize(("long_edge", "size"), [(THUMBNAIL, (320, 240)), (SCREEN, (1280, 960)), (4000, (1600, 1200))])
def test_a_photo_is_shrunk_and_never_enlarged(long_edge: int, size: tuple[int, int]) -> None:
    picture, _ = derived(draw_demo_photo(3, "Кофейня", (1600, 1200)), long_edge)
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", size)


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(1600, 1200), (3001, 1999), (700, 1000), (200, 300)])
def test_one_decoding_gives_what_several_give(format_name: str, size: tuple[int, int]) -> None:
    """What is said of the photo, and copies of the same sizes that show the same."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo = saved(Image.linear_gradient("L").resize(size).convert("RGB"), format_name, exif=exif)
    facts, copies = inspect_and_derive(io.BytesIO(photo), SCREEN, THUMBNAIL)
    assert facts == facts_of(photo)
    for copy, long_edge in zip(copies, (SCREEN, THUMBNAIL), strict=True):
        picture, alone = Image.open(io.BytesIO(copy)), derived(photo, long_edge)[0]
        assert picture.size == alone.size
        assert not picture.getexif()
        assert max(high for _low, high in ImageChops.difference(picture, alone).getextrema()) < 12


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 2)])
def test_narrow_photos_keep_at_least_a_pixel(size: tuple[int, int]) -> None:
    picture, _ = derived(saved(Image.new("RGB", size, RED)))
    assert max(picture.size) == min(max(size), THUMBNAIL)


def test_print_colours_become_screen_colours() -> None:
    photo = saved(Image.new("CMYK", (400, 300), (0, 255, 255, 0)))
    assert facts_of(photo) == PhotoFacts(readable=True, width=400, height=300, media_type="image/jpeg")
    assert_near(derived(photo)[0].getpixel((5, 5)), (255, 0, 0))


def test_sixteen_bits_of_grey_stay_grey() -> None:
    rows = struct.pack("<60H", *[20_000] * 30, *[50_000] * 30) * 20
    photo = saved(Image.frombytes("I;16", (60, 20), rows), "PNG")
    assert facts_of(photo).readable
    picture, _ = derived(photo)
    assert_near(picture.getpixel((5, 10)), (78, 78, 78))
    assert_near(picture.getpixel((55, 10)), (195, 195, 195))


def test_what_is_transparent_becomes_white() -> None:
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([*RED, *BLUE])
    palette.paste(1, (20, 0, 40, 40))
    picture, _ = derived(saved(palette, "PNG", transparency=0))
    assert_near(picture.getpixel((5, 20)), WHITE)
    assert_near(picture.getpixel((35, 20)), BLUE)
    glass = Image.new("RGBA", (40, 40), (255, 0, 0, 128))
    assert_near(derived(saved(glass, "WEBP", lossless=True))[0].getpixel((20, 20)), (255, 127, 127))


def test_a_drawn_photo_is_a_photo_and_always_the_same() -> None:
    photo = draw_demo_photo(7, "Кофейня «Уют»")
    assert photo == draw_demo_photo(7, "Кофейня «Уют»")
    assert facts_of(photo) == PhotoFacts(readable=True, width=1280, height=960, media_type="image/jpeg")
    assert not Image.open(io.BytesIO(photo)).getexif()
    assert len({photo, draw_demo_photo(8, "Кофейня «Уют»"), draw_demo_photo(7, "North Coffee")}) == 3
