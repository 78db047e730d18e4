"""The demo's pictures: each scene drawn in a few variants for each brand, and photographed anew for each photo, so that
no two look alike to a program that looks for photos used twice.
"""

import hashlib
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from uuid import UUID

from checklists.checklist import GuidancePicture
from checklists.orm import new_id
from checklists.visits import ALIKE, Photo, are_alike
from inspector.demo.parts import DemoEngagement
from inspector.demo.scenes import draw_scene
from inspector.photo_images import fingerprint, reframe
from inspector.photo_storage import PhotoStorage, photo_key, picture_key

VARIANTS = 2
PICTURE_SIZE = (880, 660)
PHOTO_SIZE = (640, 480)
GLANCE = (96, 72)
"""So few pixels are enough to see what a photo will look like."""
MOST_TRIES = 10
APART = ALIKE + 3
"""A photo's look differs by a few bits from that of its thumbnail, which is what photos are compared by."""
WRITERS = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn picture's bytes, as a phone would have shrunk them."""

    content: bytes
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.content).hexdigest())

    @property
    def size(self) -> int:
        return len(self.content)


class Albums:
    """Draws a picture when it is first asked for."""

    def __init__(self) -> None:
        self._drawn: dict[tuple[str, str, int], bytes] = {}
        self._framing = Random("how the phone was held")
        self._looks: set[int] = set()

    def picture(self, brand: str, scene: str, random: Random) -> Picture:
        """One of the variants of this scene at this brand, as nobody else photographs it."""
        key = (brand, scene, random.randrange(VARIANTS))
        if key not in self._drawn:
            self._drawn[key] = draw_scene(scene, brand, key[2], PICTURE_SIZE)
        for _ in range(MOST_TRIES):
            framing = self._framed()
            look = fingerprint(io.BytesIO(reframe(self._drawn[key], *framing, GLANCE)))
            if look is None or not any(are_alike(look, known, APART) for known in self._looks):
                break
        self._looks |= set() if look is None else {look}
        return Picture(reframe(self._drawn[key], *framing, PHOTO_SIZE))

    def _framed(self) -> tuple[float, float, float, float]:
        """How the phone was held, and the light: what reframe() takes."""
        share = self._framing.uniform(0.4, 0.9)
        left, top = (self._framing.uniform(0, 1 - share) for _ in range(2))
        return left, top, share, self._framing.uniform(0.8, 1.2)


def retouched(picture: Picture) -> Picture:
    """The same picture, brightened and cut by a little: what somebody does to a photo who hopes that nobody notices."""
    return Picture(reframe(picture.content, 0.01, 0.01, 0.98, 1.1, PHOTO_SIZE))


def store_guidance(
    storage: PhotoStorage, organization_id: UUID, engagement: DemoEngagement, now: datetime
) -> dict[str, GuidancePicture]:
    """Draw the reference pictures that the criteria ask for and store them; rows without a project, not yet saved."""
    brand, found = engagement.brands[0].name, {}
    criteria = [each for checklist in engagement.checklists for part in checklist.sections for each in part.criteria]
    for scene in sorted({criterion.picture for criterion in criteria if criterion.picture}):
        drawn = Picture(draw_scene(scene, brand, VARIANTS, PICTURE_SIZE))
        row = GuidancePicture(
            id=new_id(),
            organization_id=organization_id,
            sha256=drawn.sha256,
            size=drawn.size,
            media_type="image/jpeg",
            width=PICTURE_SIZE[0],
            height=PICTURE_SIZE[1],
            added_at=now,
        )
        storage.write(picture_key(row), io.BytesIO(drawn.content), size=drawn.size, sha256=drawn.sha256)
        found[scene] = row
    return found


def store_photos(storage: PhotoStorage, organization_id: UUID, photos: Iterable[tuple[UUID, Picture]]) -> None:
    """Store promised photos under the ids that their reports have for them; several at a time."""

    def store(photo: tuple[UUID, Picture]) -> None:
        photo_id, picture = photo
        key = photo_key(Photo(id=photo_id, organization_id=organization_id))
        storage.write(key, io.BytesIO(picture.content), size=picture.size, sha256=picture.sha256)

    with ThreadPoolExecutor(WRITERS) as writers:
        for _ in writers.map(store, photos):
            pass  # What one of them raised is raised here.
