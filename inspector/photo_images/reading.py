"""Is it a photo; turned and shrunk copies of it."""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import pi_heif
from PIL import ExifTags, Image, ImageOps

THUMBNAIL = 320  # Long edge in pixels: beside a criterion.
SCREEN = 1280  # Long edge in pixels: opened to be looked at.
MAX_PIXELS = 50_000_000  # Phones shrink to 3 megapixels at capture; 50 is what an unshrunk HEIC may have.
MAX_WEBP_PIXELS = 25_000_000  # Its decoder holds the picture four times over, however simple it is.
MAX_DEEP_PIXELS = 25_000_000  # A HEIC with more than 8 bits of each colour takes 16 bytes a pixel, others 7.
MOST_JPEG_SCANS = 100  # Cameras make some ten. Each goes over all the pixels, and costs its sender a few bytes.
JPEG_QUALITY = 82
STRIP = 64  # Rows of a shrunk picture that are made at a time.

# Between one and two times its limit Pillow only warns, and 50 megapixels are 200 MB once decoded.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)

# What lies in a HEIC beside the picture is nobody's to decode, and each thread would hold tiles of its own.
pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
pi_heif.options.DECODE_THREADS = 1

# Pillow calls a JPEG with a second picture inside (depth, a preview: many Android cameras) an MPO.
_MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIF": "image/heic",
}
_OPENED_FORMATS = tuple(name for name in _MEDIA_TYPES if name != "MPO")
_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_AVIF_BRANDS = {b"avif", b"avis"}

# Decoding is where memory goes. Threads of one process take turns, so that its peak is one picture's.
_one_at_a_time = threading.Lock()


class Unreadable(StrEnum):
    """Why nobody can see a photo."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not_a_picture"
    TOO_MANY_PIXELS = "too_many_pixels"  # Decoding it would take too much memory, or too long.
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
            width, height = image.size
            # An eighth of the size reads every byte of a JPEG and needs a sixty-fourth of the memory.
            image.draft(None, (1, 1))
            image.load()
            return _facts(image, width, height)
    except UnreadablePhotoError as unreadable:
        return PhotoFacts(readable=False, reason=unreadable.reason)


def derive(source: Path | BinaryIO, long_edge: int, target: BinaryIO) -> None:
    """Write a JPEG copy of at most `long_edge` pixels: turned upright, RGB on white, without any metadata.

    A photo is never enlarged. Raises UnreadablePhotoError for what inspect_photo() would not read.
    """
    with _photo(source) as image:
        copy = _small(image, long_edge)
    _save(copy, target)


def inspect_and_derive(source: Path | BinaryIO, *long_edges: int) -> tuple[PhotoFacts, list[bytes]]:
    """What inspect_photo() says, and copies as derive() makes them, the largest first; none of an unreadable photo.

    The photo is decoded once, and each further copy is made from the one before.
    """
    try:
        with _photo(source) as image:
            width, height = image.size
            copy = _small(image, long_edges[0])
            facts = _facts(image, width, height)
    except UnreadablePhotoError as unreadable:
        return PhotoFacts(readable=False, reason=unreadable.reason), []
    copies = []
    for long_edge in long_edges:
        _shrink(copy, long_edge)
        target = io.BytesIO()
        _save(copy, target)
        copies.append(target.getvalue())
    return facts, copies


def _facts(image: Image.Image, width: int, height: int) -> PhotoFacts:
    """Of a decoded picture that had this size before it was drafted."""
    if _lies_on_its_side(image):
        width, height = height, width
    return PhotoFacts(readable=True, width=width, height=height, media_type=_MEDIA_TYPES[image.format or ""])


def _small(image: Image.Image, long_edge: int) -> Image.Image:
    """A new picture of at most `long_edge` pixels, turned upright, RGB on white."""
    image.draft(None, (2 * long_edge, 2 * long_edge))
    image.load()  # To its end, before looking for the EXIF does so and takes a truncated picture for a damaged EXIF.
    shrinkable = _reduced(image, max(image.size) // (2 * long_edge))
    _shrink(shrinkable, long_edge)
    upright = _turned(shrinkable)
    # Pasted into a new picture, because Pillow carries comments and positions along from the old one.
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright, mask=upright.getchannel("A") if upright.mode == "RGBA" else None)
    return clean


def _shrink(image: Image.Image, long_edge: int) -> None:
    # Lanczos' window takes twice as long, and the difference is a fraction of what JPEG then loses.
    image.thumbnail((long_edge, long_edge), Image.Resampling.HAMMING, reducing_gap=2.0)


def _save(image: Image.Image, target: BinaryIO) -> None:
    image.save(target, "JPEG", quality=JPEG_QUALITY)


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
            # libheif finds out while it decodes that a picture is larger than its header said.
            too_large = "Security limit exceeded" in str(fault)
            raise UnreadablePhotoError(Unreadable.TOO_MANY_PIXELS if too_large else Unreadable.TRUNCATED) from fault
        finally:
            if stream is not source:
                stream.close()


def _open(stream: BinaryIO) -> Image.Image:
    stream.seek(0)
    beginning = stream.read(64)
    stream.seek(0)
    if not beginning:
        raise UnreadablePhotoError(Unreadable.EMPTY)
    format_name = _format_by_signature(beginning)
    if format_name is None:
        raise UnreadablePhotoError(Unreadable.NOT_A_PICTURE)
    if format_name not in _OPENED_FORMATS:
        raise UnreadablePhotoError(Unreadable.UNSUPPORTED_FORMAT)
    if format_name == "JPEG" and _scans(stream) > MOST_JPEG_SCANS:
        raise UnreadablePhotoError(Unreadable.TOO_MANY_PIXELS)
    if format_name == "HEIF":
        return _open_heif(stream)
    image = Image.open(stream, formats=[format_name])
    if image.width * image.height > (MAX_WEBP_PIXELS if format_name == "WEBP" else MAX_PIXELS):
        raise UnreadablePhotoError(Unreadable.TOO_MANY_PIXELS)
    return image


def _format_by_signature(beginning: bytes) -> str | None:
    """The format by a file's first 64 bytes, so that only one decoder of Pillow's forty ever sees hostile bytes."""
    if beginning.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if beginning.startswith(b"RIFF") and beginning[8:12] == b"WEBP":
        return "WEBP"
    if beginning[4:8] == b"ftyp":
        return _format_by_brands(beginning[: int.from_bytes(beginning[:4])])
    if beginning.startswith((b"II*\x00", b"MM\x00*")):
        return "TIFF"
    if beginning.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if beginning.startswith(b"BM") and len(beginning) >= 16 and beginning[6:10] == bytes(4):
        return "BMP"
    return None


def _format_by_brands(box: bytes) -> str | None:
    """What the first box of a file of boxes says: `mif1` and `msf1` only that there are pictures inside, others how
    they are coded.
    """
    brands = [box[8:12], *(box[start : start + 4] for start in range(16, len(box), 4))]
    if brands[0] in (b"mif1", b"msf1"):
        brands = [each for each in brands if each in _HEVC_BRANDS | _AVIF_BRANDS][:1] or [b"heic"]
    if brands[0] in _HEVC_BRANDS:
        return "HEIF"
    return "AVIF" if brands[0] in _AVIF_BRANDS else None


def _open_heif(stream: BinaryIO) -> Image.Image:
    """The main picture of a HEIC, decoded whole once its size is known; it is turned as the file says, not as its EXIF
    does, which repeats that.
    """
    file = pi_heif.open_heif(stream, remove_stride=False)
    picture = file[file.primary_index]
    width, height = picture.size
    if width * height > (MAX_DEEP_PIXELS if picture.info["bit_depth"] > 8 else MAX_PIXELS):
        raise UnreadablePhotoError(Unreadable.TOO_MANY_PIXELS)
    image: Image.Image = picture.to_pillow()
    image.format = "HEIF"
    return image


def _scans(stream: BinaryIO) -> int:
    """How often a JPEG goes over its pixels. Within the pixels' own bytes the marker that is counted cannot occur."""
    scans = stream.read().count(b"\xff\xda")
    stream.seek(0)
    return scans


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """The picture in plain colours, `factor` times smaller; made strip by strip, so that the large one is held once."""
    if factor < 2:
        return _in_plain_colours(image)
    strips = [
        _in_plain_colours(image.crop((0, top, image.width, min(top + STRIP * factor, image.height)))).reduce(factor)
        for top in range(0, image.height, STRIP * factor)
    ]
    whole = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    for number, strip in enumerate(strips):
        whole.paste(strip, (0, number * STRIP))
    whole.info = image.info  # It says how to turn the picture.
    return whole


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
