"""What waits on the disk is moved piece by piece, and one bad piece is only itself."""

import hashlib
import io
from pathlib import Path

import pytest
from flask import Flask

from checklists.errors import StorageUnavailable
from checklists.orm import new_id
from checklists.visits import Photo
from inspector.photo_storage import FolderStorage, photo_key
from inspector.photo_storage.mover import Mover
from inspector.photo_storage.s3 import Bucket, S3Storage
from inspector.photo_storage.waiting import WaitingStorage


@pytest.mark.parametrize("fault", [OSError("a broken sector"), StorageUnavailable()])
def test_one_photo_that_cannot_be_moved_does_not_hold_up_the_others(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    storage = WaitingStorage(S3Storage(Bucket("photos")), FolderStorage(tmp_path / "waiting"), "first")
    monkeypatch.setattr(storage.store, "check_intake", lambda: None)
    for _ in range(4):
        key = photo_key(Photo(id=new_id(), organization_id=new_id()))
        storage.disk.write(key, io.BytesIO(b""), size=0, sha256=hashlib.sha256().hexdigest())
    mover, tried = Mover(app, storage), list[str]()

    def move(key: str) -> bool:
        tried.append(key)
        if len(tried) == 1:
            raise fault
        return True

    monkeypatch.setattr(mover, "_move", move)
    assert mover.move_all() == 3
    assert sorted(tried) == sorted(dict(storage.disk.keys()))
    assert (mover.move_all(), tried.count(tried[0])) == (3, 1), "the one that failed is not tried again at once"
