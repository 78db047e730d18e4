"""Where photos are moved to and restored to: the storage itself, without the disk on which they would wait for it."""

from dataclasses import replace
from pathlib import Path

from inspector.photo_storage import FolderStorage, PhotoStorage, storage_of
from inspector.settings import Settings


def storage_at(settings: Settings, place: str) -> PhotoStorage:
    """The storage at "s3://bucket" (with the settings' S3_…) or in "/a/folder"; ValueError for any other place."""
    if place.startswith("/"):
        return FolderStorage(Path(place))
    return _itself(storage_of(replace(settings, photo_storage=place)))


def own_storage(settings: Settings) -> PhotoStorage:
    """The installation's own."""
    return _itself(storage_of(settings))


def _itself(storage: PhotoStorage) -> PhotoStorage:
    """What only waits on this machine's disk has not arrived."""
    store: PhotoStorage = getattr(storage, "store", storage)
    return store
