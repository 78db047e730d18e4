"""A picture whose corners tell which way up it stands, and what is made of it."""

import io

from PIL import Image

from inspector.photo_images import THUMBNAIL, derive

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (30, 60, 200), (255, 255, 255)


def four_corners() -> Image.Image:
    """160 x 120 pixels: red and green above, blue and white below."""
    image = Image.new("RGB", (160, 120), WHITE)
    image.paste(RED, (0, 0, 80, 60))
    image.paste(GREEN, (80, 0, 160, 60))
    image.paste(BLUE, (0, 60, 80, 120))
    return image


def derived(photo: bytes, long_edge: int = THUMBNAIL) -> tuple[Image.Image, bytes]:
    """The picture of this long edge in pixels, and its file."""
    target = io.BytesIO()
    derive(io.BytesIO(photo), long_edge, target)
    return Image.open(io.BytesIO(target.getvalue())), target.getvalue()
