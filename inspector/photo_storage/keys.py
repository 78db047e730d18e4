"""What the bytes of a photo are called: made of ids and a size's name only, so that no file name from a phone ever
comes near a path.
"""

import re
from enum import StrEnum
from uuid import UUID

from checklists.checklist.tables import GuidancePicture
from checklists.visits import AwaitedPhoto, DraftPhoto, Photo, PromisedPhoto


class PhotoSize(StrEnum):
    """What lies of one photo: as it came, and two derived JPEGs."""

    ORIGINAL = "original"
    THUMBNAIL = "thumbnail"
    SCREEN = "screen"


_PICTURE = "picture"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(f"{_UUID}/[0-9a-f]{{2}}/{_UUID}/({'|'.join([*PhotoSize, _PICTURE])})")


def photo_key(photo: Photo | DraftPhoto | AwaitedPhoto | PromisedPhoto, size: str = PhotoSize.ORIGINAL) -> str:
    """ "<organization>/<aa>/<photo id>/<size>", where aa are the id's last two digits; ValueError for another size.

    A UUIDv7 begins with the time: its first digits would put a whole month into one folder.
    """
    return f"{photo.organization_id}/{str(photo.id)[-2:]}/{photo.id}/{PhotoSize(size)}"


def picture_key(picture: GuidancePicture) -> str:
    """ "<organization>/<aa>/<picture id>/picture": a reference picture of a criterion's guidance has one size."""
    return f"{picture.organization_id}/{str(picture.id)[-2:]}/{picture.id}/{_PICTURE}"


def is_key(words: str) -> bool:
    """Whether it has the form of a key."""
    return _KEY.fullmatch(words) is not None


def checked_key(key: str) -> str:
    """The key as it is. ValueError where it has not a key's form."""
    if not is_key(key):
        raise ValueError(f"not a photo's key: {key!r}")
    return key


def is_original(key: str) -> bool:
    """Whether the key is that of a photo as it came: evidence of which there is no other copy."""
    return key.endswith(f"/{PhotoSize.ORIGINAL}")


def owner_of(key: str) -> tuple[UUID, UUID]:
    """The ids of the organization and of the photo (or picture) whose bytes lie under the key."""
    organization, _last_digits, identity, _size = checked_key(key).split("/")
    return UUID(organization), UUID(identity)
