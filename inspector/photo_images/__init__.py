"""Everything that knows Pillow: photos as they are read and derived, and drawn ones for the demo."""

from inspector.photo_images.drawing import Shape, draw_demo_photo, draw_shapes, reframe
from inspector.photo_images.hashing import fingerprint
from inspector.photo_images.marking import draw_marks
from inspector.photo_images.reading import (
    JPEG_QUALITY,
    MAX_DEEP_PIXELS,
    MAX_PIXELS,
    MAX_WEBP_PIXELS,
    MOST_JPEG_SCANS,
    SCREEN,
    THUMBNAIL,
    PhotoFacts,
    Unreadable,
    UnreadablePhotoError,
    derive,
    inspect_and_derive,
    inspect_photo,
)

__all__ = [
    "JPEG_QUALITY",
    "MAX_DEEP_PIXELS",
    "MAX_PIXELS",
    "MAX_WEBP_PIXELS",
    "MOST_JPEG_SCANS",
    "SCREEN",
    "THUMBNAIL",
    "PhotoFacts",
    "Shape",
    "Unreadable",
    "UnreadablePhotoError",
    "derive",
    "draw_demo_photo",
    "draw_marks",
    "draw_shapes",
    "fingerprint",
    "inspect_and_derive",
    "inspect_photo",
    "reframe",
]
