"""Drawn photos for the demo and for tests: a shop, and scenes made of plain shapes."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from random import Random

from PIL import Image, ImageDraw, ImageFont


@dataclass(frozen=True, slots=True)
class Shape:
    """A box, ellipse, line or text in a drawn picture; `place` is left, top, right, bottom as shares of the picture.

    A text stands with its middle at left and top, and is `bottom` high; the font is Latin. `radius` rounds a box's
    corners, `thickness` is a line's; both are shares of the width.
    """

    form: str
    colour: str
    place: tuple[float, float, float, float]
    radius: float = 0.0
    thickness: float = 0.005
    words: str = ""


def draw_shapes(shapes: Iterable[Shape], size: tuple[int, int]) -> bytes:
    """The shapes one over the other as JPEG bytes, for the demo; `size` is width and height in pixels."""
    width, height = size
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for shape in shapes:
        left, top, right, bottom = (
            round(share * edge) for share, edge in zip(shape.place, (width, height) * 2, strict=True)
        )
        if shape.form == "ellipse":
            draw.ellipse((left, top, right, bottom), fill=shape.colour)
        elif shape.form == "line":
            draw.line((left, top, right, bottom), fill=shape.colour, width=max(round(shape.thickness * width), 1))
        elif shape.form == "text":
            font = ImageFont.load_default(max(bottom, 6))
            draw.text((left, top), shape.words, fill=shape.colour, font=font, anchor="mm")
        else:
            draw.rounded_rectangle((left, top, right, bottom), round(shape.radius * width), fill=shape.colour)
    return _as_photographed(image)


def _as_photographed(image: Image.Image) -> bytes:
    image.paste("black", mask=_shade(image.size))
    photo = io.BytesIO()
    image.save(photo, "JPEG", quality=80)
    return photo.getvalue()


def reframe(photo: bytes, left: float, top: float, share: float, light: float, size: tuple[int, int]) -> bytes:
    """A JPEG of a part of a photo: from these shares of its width and height on, `share` of both, `light` times as
    bright, in `size` pixels.
    """
    image = _decoded(photo)
    width, height = image.size
    box = (left * width, top * height, (left + share) * width, (top + share) * height)
    part = image.resize(size, Image.Resampling.BILINEAR, box=box).point(lambda level: level * light)
    target = io.BytesIO()
    part.save(target, "JPEG", quality=80)
    return target.getvalue()


@lru_cache(maxsize=64)
def _decoded(photo: bytes) -> Image.Image:
    with Image.open(io.BytesIO(photo), formats=["JPEG"]) as image:
        return image.convert("RGB")


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
    return _as_photographed(image)


@cache
def _shade(size: tuple[int, int]) -> Image.Image:
    """Light falls off towards the corners, as it does in a phone's picture."""
    return Image.radial_gradient("L").resize(size).point(lambda distance: distance * 0.45)


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
