"""The demo's pictures: each scene drawn in a few variants for each brand, and lent to as many photos as need one."""

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
from checklists.visits import Photo
from inspector.demo.parts import DemoEngagement
from inspector.demo.scenes import draw_scene
from inspector.photo_storage import PhotoStorage, photo_key, picture_key

VARIANTS = 2
PICTURE_SIZE = (880, 660)
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
        self._drawn: dict[tuple[str, str, int], Picture] = {}

    def picture(self, brand: str, scene: str, random: Random) -> Picture:
        """One of the variants of this scene at this brand."""
        key = (brand, scene, random.randrange(VARIANTS))
        if key not in self._drawn:
            self._drawn[key] = Picture(draw_scene(scene, brand, key[2], PICTURE_SIZE))
        return self._drawn[key]


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
