"""Where the bytes of photos lie: one interface; a folder, or an object store before which photos wait where it is away.

Nothing here but mover.py asks the database; no transaction should be open while a storage works.
"""

from urllib.parse import urlsplit

from inspector.photo_storage.folder import FolderStorage
from inspector.photo_storage.interface import PhotoStorage, Readable
from inspector.photo_storage.keys import PhotoSize, photo_key, picture_key
from inspector.settings import Settings

__all__ = ["FolderStorage", "PhotoSize", "PhotoStorage", "Readable", "photo_key", "picture_key", "storage_of"]


def storage_of(settings: Settings) -> PhotoStorage:
    """The storage that PHOTO_STORAGE names: by default a folder, or "s3://bucket", or "s3://bucket/prefix".

    Raises ValueError for anything else.
    """
    if not settings.photo_storage:
        return FolderStorage(settings.photo_dir)
    place = urlsplit(settings.photo_storage)
    if place.scheme != "s3" or not place.netloc:
        raise ValueError(f"PHOTO_STORAGE takes s3://bucket or s3://bucket/prefix, not {settings.photo_storage!r}")
    # boto3 takes half a second to import, which only those who need it should pay.
    from inspector.photo_storage.s3 import Bucket, S3Storage
    from inspector.photo_storage.waiting import WaitingStorage

    prefix = place.path.strip("/")
    bucket = Bucket(
        place.netloc,
        f"{prefix}/" if prefix else "",
        settings.s3_endpoint_url,
        settings.s3_region,
        settings.s3_access_key,
        settings.s3_secret_key,
        settings.s3_checksums,
    )
    store = S3Storage(bucket, connections=settings.threads + 2)
    return WaitingStorage(store, FolderStorage(settings.waiting_dir), settings.node_name)
