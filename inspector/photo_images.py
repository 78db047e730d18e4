"""Is it a photo; turned and shrunk copies of it; drawn ones for the demo. The only file that knows Pillow."""

import importlib
import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import BinaryIO

from PIL import ExifTags, Image, ImageDraw, ImageFont, ImageOps

THUMBNAIL = 320  # Long edge in pixels: beside a criterion.
SCREEN = 1280  # Long edge in pixels: opened to be looked at.
MAX_PIXELS = 50_000_000  # Phones shrink to 3 megapixels at capture; 50 is what an unshrunk HEIC may have.
JPEG_QUALITY = 82

# Between one and two times its limit Pillow only warns, and 50 megapixels are 200 MB once decoded.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

# Pillow calls a JPEG with a second picture inside (depth, a preview: many Android cameras) an MPO.
_MEDIA_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
try:
    importlib.import_module("pi_heif").register_heif_opener()
    _MEDIA_TYPES["HEIF"] = "image/heic"
except ImportError:
    pass  # The plugin is an extra: without it a HEIC is kept as it came and marked as unreadable.
_OPENED_FORMATS = tuple(name for name in _MEDIA_TYPES if name != "MPO")

# Decoding is where memory goes. Threads of one process take turns, so that its peak is one picture's.
_one_at_a_time = threading.Lock()


class Unreadable(StrEnum):
    """Why nobody can see a photo."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not_a_picture"
    TOO_MANY_PIXELS = "too_many_pixels"
    TRUNCATED = "truncated"  # It begins as a picture and cannot be decoded to its end: cut off or damaged.
    UNSUPPORTED_FORMAT = "unsupported_format"


@dataclass(frozen=True)
class PhotoFacts:
    """What the bytes of a photo say; width and height in pixels, as a person sees it (turned by its EXIF)."""

    readable: bool
    reason: Unreadable | None = None
    width: int | None = None
    height: int | None = None
    media_type: str | None = None


class UnreadablePhotoError(ValueError):
    """A picture cannot be made of these bytes; `reason` says why."""

    def __init__(self, reason: Unreadable) -> None:
        super().__init__(reason.value)
        self.reason = reason


def inspect_photo(source: Path | BinaryIO) -> PhotoFacts:
    """Decode a file, or a seekable binary stream, to its end and say what it is.

    Never raises because of the bytes, whatever they are; an OSError of the disk under them passes through.
    """
    try:
        with _photo(source) as image:
            media_type = _MEDIA_TYPES[image.format or ""]
            width, height = image.size
            # An eighth of the size reads every byte of a JPEG and needs a sixty-fourth of the memory.
            image.draft(None, (1, 1))
            image.load()
            if _lies_on_its_side(image):
                width, height = height, width
    except UnreadablePhotoError as unreadable:
        return PhotoFacts(readable=False, reason=unreadable.reason)
    return PhotoFacts(readable=True, width=width, height=height, media_type=media_type)


def derive(source: Path | BinaryIO, long_edge: int, target: BinaryIO) -> None:
    """Write a JPEG copy of at most `long_edge` pixels: turned upright, RGB on white, without any metadata.

    A photo is never enlarged. Raises UnreadablePhotoError for what inspect_photo() would not read.
    """
    with _photo(source) as image:
        image.draft(None, (2 * long_edge, 2 * long_edge))
        shrinkable = _in_plain_colours(image)
        shrinkable.thumbnail((long_edge, long_edge), Image.Resampling.LANCZOS, reducing_gap=2.0)
        upright = _turned(shrinkable)
        # Pasted into a new picture, because Pillow carries comments and positions along from the old one.
        clean = Image.new("RGB", upright.size, "white")
        clean.paste(upright, mask=upright.getchannel("A") if upright.mode == "RGBA" else None)
    clean.save(target, "JPEG", quality=JPEG_QUALITY, optimize=True)


@contextmanager
def _photo(source: Path | BinaryIO) -> Iterator[Image.Image]:
    """An opened, not yet decoded picture; whatever its bytes do to the block's decoding is UnreadablePhotoError."""
    with _one_at_a_time:
        stream = source.open("rb") if isinstance(source, Path) else source
        try:
            yield _open(stream)
        except UnreadablePhotoError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as bomb:
            raise UnreadablePhotoError(Unreadable.TOO_MANY_PIXELS) from bomb
        except Exception as fault:
            # Pillow's decoders raise nearly every built-in error on damaged bytes. Only the
            # operating system's own errors carry a number, and those say nothing about the photo.
            if isinstance(fault, OSError) and fault.errno is not None:
                raise
            raise UnreadablePhotoError(Unreadable.TRUNCATED) from fault
        finally:
            if stream is not source:
                stream.close()


def _open(stream: BinaryIO) -> Image.Image:
    stream.seek(0)
    beginning = stream.read(16)
    stream.seek(0)
    if not beginning:
        raise UnreadablePhotoError(Unreadable.EMPTY)
    format_name = _format_by_signature(beginning)
    if format_name is None:
        raise UnreadablePhotoError(Unreadable.NOT_A_PICTURE)
    if format_name not in _OPENED_FORMATS:
        raise UnreadablePhotoError(Unreadable.UNSUPPORTED_FORMAT)
    image = Image.open(stream, formats=[format_name])
    if image.width * image.height > MAX_PIXELS:
        raise UnreadablePhotoError(Unreadable.TOO_MANY_PIXELS)
    return image


def _format_by_signature(beginning: bytes) -> str | None:
    """The format by a file's first 16 bytes, so that only one decoder of Pillow's forty ever sees hostile bytes."""
    if beginning.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP":
        return "WEBP"
    if beginning[4:8] == b"ftyp":
        brand = beginning[8:12]
        if brand in {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}:
            return "HEIF"
        return "AVIF" if brand in {b"avif", b"avis"} else None
    if beginning.startswith((b"II*\x00", b"MM\x00*")):
        return "TIFF"
    if beginning.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if beginning.startswith(b"BM") and len(beginning) == 16 and beginning[6:10] == bytes(4):
        return "BMP"
    return None


def _in_plain_colours(image: Image.Image) -> Image.Image:
    """The picture as RGB, or as RGBA where parts of it are transparent."""
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):  # 16 bits of grey: a plain conversion would cut all above 255 to white.
        return image.point(lambda grey: grey * (1 / 256)).convert("L").convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _lies_on_its_side(image: Image.Image) -> bool:
    try:
        return image.getexif().get(ExifTags.Base.Orientation) in {5, 6, 7, 8}
    except Exception:
        return False  # As in _turned().


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # A damaged EXIF block raises anything from struct.error to SyntaxError. It costs the turn, not the photo.
        return image


def draw_demo_photo(seed: int, label: str, size: tuple[int, int] = (1280, 960)) -> bytes:
    """A drawn shop (counter, shelves, cups, a price board) as JPEG bytes; equal arguments give equal bytes.

    `label` is the sign on the wall; `size` is width and height in pixels. There is no metadata inside.
    """
    width, height = size
    random = Random(seed)
    colours = random.choice(_SHOP_COLOURS)
    image = Image.new("RGB", size, colours.wall)
    draw = ImageDraw.Draw(image)

    def box(left: float, top: float, right: float, bottom: float) -> tuple[int, int, int, int]:
        """Fractions of the picture as pixels."""
        return round(left * width), round(top * height), round(right * width), round(bottom * height)

    mirrored = random.random() < 0.5
    _draw_room(draw, box, colours)
    _draw_lamps(draw, box, random, colours)
    _draw_sign(draw, box, colours, label)
    _draw_price_board(draw, box, random, left=0.06 if mirrored else 0.64)
    _draw_shelves(draw, box, random, left=0.46 if mirrored else 0.06)
    if random.random() < 0.7:
        _draw_employee(draw, box, random, colours, middle=random.uniform(0.36, 0.62))
    _draw_counter(draw, box, random, colours)
    # Light falls off towards the corners, as it does in a phone's picture.
    shade = Image.radial_gradient("L").resize(size).point(lambda distance: distance * 0.45)
    image.paste("black", mask=shade)
    photo = io.BytesIO()
    image.save(photo, "JPEG", quality=80)
    return photo.getvalue()


@dataclass(frozen=True)
class _ShopColours:
    wall: str
    floor: str
    wood: str
    accent: str


_SHOP_COLOURS = (
    _ShopColours(wall="#d9cbb4", floor="#8b6f55", wood="#6b4a32", accent="#b5483a"),
    _ShopColours(wall="#c9d6d2", floor="#77777a", wood="#a9845b", accent="#1f6f6b"),
    _ShopColours(wall="#e4e1da", floor="#a99a86", wood="#3f3a38", accent="#d08a1d"),
    _ShopColours(wall="#b9c4d6", floor="#5f6673", wood="#8a6a4a", accent="#2f4f8f"),
    _ShopColours(wall="#e3cfc8", floor="#93837b", wood="#54403a", accent="#7a4a7d"),
    _ShopColours(wall="#cfd3b8", floor="#7d7458", wood="#5b5134", accent="#4c7a34"),
)
_GOODS = ("#b5483a", "#1f6f6b", "#d9a441", "#2f4f8f", "#efe7d6", "#4c7a34", "#7a4a7d", "#3b3330", "#c97b4a")

_Box = Callable[[float, float, float, float], tuple[int, int, int, int]]


def _draw_room(draw: ImageDraw.ImageDraw, box: _Box, colours: _ShopColours) -> None:
    draw.rectangle(box(0, 0.78, 1, 1), fill=colours.floor)
    for column in range(-6, 17):  # Joints of the floor run towards a point behind the counter.
        near, far, *_ = box(column / 10, 0.5 + (column - 5) / 25, 0, 0)
        draw.line([(near, box(0, 1, 0, 0)[1]), (far, box(0, 0.78, 0, 0)[1])], fill="#4b4138", width=2)
    draw.rectangle(box(0, 0.77, 1, 0.785), fill=colours.wood)


def _draw_lamps(draw: ImageDraw.ImageDraw, box: _Box, random: Random, colours: _ShopColours) -> None:
    lamps = random.randrange(2, 5)
    for lamp in range(lamps):
        middle = (lamp + 0.5) / lamps
        draw.line(box(middle, 0, middle, 0.17), fill="#2b2622", width=3)
        draw.pieslice(box(middle - 0.045, 0.15, middle + 0.045, 0.27), 180, 360, fill=colours.wood)
        draw.ellipse(box(middle - 0.014, 0.2, middle + 0.014, 0.232), fill="#fff3c4")


def _draw_sign(draw: ImageDraw.ImageDraw, box: _Box, colours: _ShopColours, label: str) -> None:
    left, top, right, bottom = box(0.28, 0.04, 0.72, 0.14)
    draw.rounded_rectangle((left, top, right, bottom), radius=(bottom - top) // 5, fill=colours.accent)
    words = label.lower().translate(_LATIN).upper()
    fitting = min((bottom - top) * 0.6, 1.6 * (right - left) / max(len(words), 1))
    middle = ((left + right) // 2, (top + bottom) // 2)
    draw.text(middle, words, fill="#fffaf0", font=ImageFont.load_default(max(fitting, 6)), anchor="mm")


def _draw_price_board(draw: ImageDraw.ImageDraw, box: _Box, random: Random, left: float) -> None:
    draw.rectangle(box(left, 0.18, left + 0.3, 0.5), fill="#4a3a2c")
    draw.rectangle(box(left + 0.008, 0.19, left + 0.292, 0.49), fill="#26302d")
    font = ImageFont.load_default(max(box(0, 0.032, 0, 0)[1], 6))
    for line in range(6):
        top = 0.21 + line * 0.046
        draw.rectangle(box(left + 0.025, top + 0.01, left + random.uniform(0.1, 0.19), top + 0.024), fill="#d8d4c4")
        draw.text(box(left + 0.22, top, 0, 0)[:2], str(random.randrange(9, 49) * 10), fill="#f2c14e", font=font)


def _draw_shelves(draw: ImageDraw.ImageDraw, box: _Box, random: Random, left: float) -> None:
    for shelf in range(3):
        bottom = 0.28 + shelf * 0.12
        position = left + 0.01
        while position < left + 0.43:
            thing_width, thing_height = random.uniform(0.016, 0.036), random.uniform(0.03, 0.08)
            if random.random() < 0.85:  # The rest are gaps: somebody bought it.
                right = position + thing_width
                draw.rectangle(box(position, bottom - thing_height, right, bottom), fill=random.choice(_GOODS))
                draw.rectangle(
                    box(position, bottom - thing_height * 0.6, right, bottom - thing_height * 0.35), fill="#f4efe4"
                )
            position += thing_width + 0.006
        draw.rectangle(box(left, bottom, left + 0.46, bottom + 0.012), fill="#5a4330")


def _draw_employee(draw: ImageDraw.ImageDraw, box: _Box, random: Random, colours: _ShopColours, middle: float) -> None:
    skin = random.choice(("#e0b090", "#c68a62", "#8d5a3b", "#f0c8a8"))
    draw.ellipse(box(middle - 0.042, 0.29, middle + 0.042, 0.42), fill=random.choice(("#2e2320", "#6b4a2e", "#b08a54")))
    draw.rounded_rectangle(box(middle - 0.09, 0.44, middle + 0.09, 0.8), radius=box(0.03, 0, 0, 0)[0], fill="#f3f0ea")
    draw.rectangle(box(middle - 0.018, 0.4, middle + 0.018, 0.46), fill=skin)
    draw.ellipse(box(middle - 0.034, 0.32, middle + 0.034, 0.43), fill=skin)
    draw.rectangle(box(middle - 0.055, 0.5, middle + 0.055, 0.8), fill=colours.accent)


def _draw_counter(draw: ImageDraw.ImageDraw, box: _Box, random: Random, colours: _ShopColours) -> None:
    machine = random.choice((0.07, 0.68))
    draw.rectangle(box(machine, 0.44, machine + 0.22, 0.62), fill="#9aa0a3")
    draw.rectangle(box(machine + 0.01, 0.45, machine + 0.21, 0.48), fill="#3a3f42")
    for tap in (0.06, 0.14):
        draw.rectangle(box(machine + tap, 0.51, machine + tap + 0.02, 0.56), fill="#2b2e30")
    draw.rectangle(box(0, 0.62, 1, 0.65), fill="#efe6d8")
    draw.rectangle(box(0, 0.65, 1, 0.9), fill=colours.wood)
    for plank in range(1, 10):
        draw.line(box(plank / 10, 0.65, plank / 10, 0.9), fill="#2a1d14", width=2)
    case = 0.34 if machine < 0.5 else 0.08
    draw.rectangle(box(case, 0.68, case + 0.5, 0.86), fill="#cfe0e2")
    for cake in range(random.randrange(4, 9)):
        left = case + 0.02 + cake * 0.058
        draw.pieslice(
            box(left, 0.74, left + 0.045, 0.88), 180, 360, fill=random.choice(("#a8672c", "#d9a441", "#7a3b22"))
        )
    for cup in range(random.randrange(2, 6)):
        left = case + 0.06 + cup * 0.07
        corners = ((0, 0.56), (0.04, 0.56), (0.032, 0.62), (0.008, 0.62))
        draw.polygon([box(left + x, y, 0, 0)[:2] for x, y in corners], fill="#fbf7ef")
        draw.rectangle(box(left + 0.004, 0.58, left + 0.036, 0.6), fill=colours.accent)


# The font inside Pillow has no Cyrillic and would draw empty squares.
_LATIN = str.maketrans(
    {"а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i", "й": "y"}
    | {"к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f"}
    | {"х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu"}
    | {"я": "ya", "«": '"', "»": '"'}
)
