"""The inspector's marks, drawn into a derived copy of a photo: what was covered cannot be made out of it again."""

import io
from collections.abc import Iterable, Mapping
from math import atan2, cos, pi, sin
from typing import Any

from PIL import Image, ImageDraw

from inspector.photo_images.reading import JPEG_QUALITY

COLOUR, RIM = "#d83a00", "#ffffff"
SPOTS = 4
"""Along the longer side of what is covered: so few averages tell neither a face nor the signs of a number plate."""
LEAST_SPOT = 12
"""In pixels: a small covered place is one or two averages, not as many as it has pixels."""
HEAD_TURN = 0.45  # Radians between an arrow's shaft and each side of its head.

_Place = tuple[float, float, float, float]


def draw_marks(copy: bytes, marks: Iterable[Mapping[str, Any]], *long_edges: int) -> list[bytes]:
    """A JPEG that inspect_and_derive() made, with its marks, as JPEGs of at most these long edges, the largest first.

    A mark is {what: arrow | box | blur, at: [x, y, x, y]} in shares of the upright picture; an arrow points to its
    second place. What is covered is covered below all lines.
    """
    with Image.open(io.BytesIO(copy), formats=["JPEG"]) as opened:
        image = opened.convert("RGB")
    placed = [(mark["what"], _in_pixels(mark["at"], image.size)) for mark in marks]
    for what, place in placed:
        if what == "blur":
            _cover(image, place)
    draw = ImageDraw.Draw(image)
    for what, place in placed:
        if what != "blur":
            _draw_lines(draw, what, place, max(image.size))
    copies = []
    for long_edge in long_edges:
        image.thumbnail((long_edge, long_edge), Image.Resampling.HAMMING, reducing_gap=2.0)
        target = io.BytesIO()
        image.save(target, "JPEG", quality=JPEG_QUALITY)
        copies.append(target.getvalue())
    return copies


def _in_pixels(at: list[float], size: tuple[int, int]) -> _Place:
    width, height = size
    return at[0] * width, at[1] * height, at[2] * width, at[3] * height


def _cover(image: Image.Image, place: _Place) -> None:
    """Put a few averages, smoothly joined, in the place of what is there: a whole pixel more on each side."""
    (left, right), (top, bottom) = sorted(place[0::2]), sorted(place[1::2])
    box = (
        max(int(left) - 1, 0),
        max(int(top) - 1, 0),
        min(int(right) + 2, image.width),
        min(int(bottom) + 2, image.height),
    )
    part = image.crop(box)
    spot = max(max(part.size) / SPOTS, LEAST_SPOT)
    few = max(round(part.width / spot), 1), max(round(part.height / spot), 1)
    averages = part.resize(few, Image.Resampling.BOX)
    image.paste(averages.resize(part.size, Image.Resampling.BICUBIC), box)


def _draw_lines(draw: ImageDraw.ImageDraw, what: str, place: _Place, long_edge: int) -> None:
    """In the colour on a light rim, so that they are seen on everything."""
    thickness = max(long_edge // 200, 2)
    for colour, width in ((RIM, 2 * thickness), (COLOUR, thickness)):
        for line in _outline(place) if what == "box" else _arrow(place, long_edge):
            draw.line(line, fill=colour, width=width, joint="curve")


def _outline(place: _Place) -> list[list[tuple[float, float]]]:
    left, top, right, bottom = place
    return [[(left, top), (right, top), (right, bottom), (left, bottom), (left, top), (right, top)]]


def _arrow(place: _Place, long_edge: int) -> list[list[tuple[float, float]]]:
    left, top, right, bottom = place
    back = atan2(bottom - top, right - left) + pi
    length = long_edge / 25
    head = [(right + length * cos(back + turn), bottom + length * sin(back + turn)) for turn in (-HEAD_TURN, HEAD_TURN)]
    return [[(left, top), (right, bottom)], [head[0], (right, bottom), head[1]]]
