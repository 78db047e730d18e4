"""A storage keeps photos whole, whatever happens to the process, the line or the disk: a folder, an object store, and
one before which photos may wait.
"""

import hashlib
import io
import multiprocessing
import os
import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from checklists.errors import StorageUnavailable, WrongHash, WrongSize
from checklists.visits import Photo
from inspector.photo_storage import FolderStorage, PhotoSize, PhotoStorage, photo_key
from inspector.photo_storage.s3 import Bucket, S3Storage
from inspector.photo_storage.waiting import WaitingStorage
from tests.object_store import ACCESS_KEY, REGION, SECRET_KEY, ObjectStore

ORGANIZATION = UUID("0198b6a0-0000-7000-8000-0000000000a1")
PHOTO = UUID("0198b6a0-1111-7111-8111-1111111111c7")
ROW = Photo(id=PHOTO, organization_id=ORGANIZATION)
KEY = photo_key(ROW)
BYTES = bytes(range(256)) * 4096
PROCESSES = multiprocessing.get_context("fork")  # A fresh interpreter would spend a second on imports, twenty times.
SHA256 = hashlib.sha256(BYTES).hexdigest()


@dataclass
class Kept:
    """A storage, and all that lies in it, by whatever name."""

    storage: PhotoStorage
    everything: Callable[[], list[str]]


@pytest.fixture(params=["folder", "s3", "waiting"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    root = tmp_path / "photos"
    if request.param == "folder":
        return Kept(FolderStorage(root), lambda: files_below(root))
    store: ObjectStore = request.getfixturevalue("object_store")
    bucket = store.new_bucket()
    s3 = S3Storage(Bucket(bucket, "all/", store.url, REGION, ACCESS_KEY, SECRET_KEY))
    storage = s3 if request.param == "s3" else WaitingStorage(s3, FolderStorage(root), "here")
    return Kept(storage, lambda: files_below(root) + [name.removeprefix("all/") for name in store.contents(bucket)])


@pytest.fixture
def storage(kept: Kept) -> PhotoStorage:
    return kept.storage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "photos"


@pytest.fixture
def folder(root: Path) -> FolderStorage:
    return FolderStorage(root)


def files_below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def write(storage: PhotoStorage, key: str = KEY, content: bytes = BYTES) -> None:
    storage.write(key, io.BytesIO(content), size=len(content), sha256=hashlib.sha256(content).hexdigest())


def read(storage: PhotoStorage, key: str = KEY) -> bytes:
    with storage.open(key) as stream:
        return stream.read()


def test_a_key_is_made_of_ids_and_a_size() -> None:
    assert photo_key(ROW) == f"{ORGANIZATION}/c7/{PHOTO}/original"
    assert photo_key(ROW, PhotoSize.THUMBNAIL) == f"{ORGANIZATION}/c7/{PHOTO}/thumbnail"
    with pytest.raises(ValueError, match="IMG_0001"):
        photo_key(ROW, "IMG_0001.jpg")


def test_what_was_written_can_be_read(storage: PhotoStorage, kept: Kept) -> None:
    assert not storage.exists(KEY)
    write(storage)
    assert storage.exists(KEY)
    assert read(storage) == BYTES
    assert kept.everything() == [KEY]
    assert list(storage.keys()) == [(KEY, len(BYTES))]
    with storage.open(KEY) as stream:
        stream.seek(-1, os.SEEK_END)
        assert stream.read() == BYTES[-1:]


def test_writing_again_changes_nothing(storage: PhotoStorage, kept: Kept) -> None:
    write(storage)
    write(storage)
    assert read(storage) == BYTES
    assert kept.everything() == [KEY]


@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_photos_of_any_size_are_kept(storage: PhotoStorage, size: int) -> None:
    content = os.urandom(size)
    write(storage, content=content)
    assert read(storage) == content


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(BYTES[:-1], WrongSize, id="a byte is missing"),
        pytest.param(BYTES[: len(BYTES) // 2], WrongSize, id="cut off half-way"),
        pytest.param(b"", WrongSize, id="nothing came"),
        pytest.param(BYTES + b"!", WrongSize, id="a byte too many"),
        pytest.param(b"!" + BYTES[1:], WrongHash, id="a byte is another"),
    ],
)
def test_other_bytes_than_promised_are_refused(
    storage: PhotoStorage, kept: Kept, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        storage.write(KEY, io.BytesIO(content), size=len(BYTES), sha256=SHA256)
    assert not storage.exists(KEY)
    assert kept.everything() == []


def test_a_refused_repeat_leaves_what_was_stored(storage: PhotoStorage) -> None:
    write(storage)
    with pytest.raises(WrongHash):
        storage.write(KEY, io.BytesIO(b"!" + BYTES[1:]), size=len(BYTES), sha256=SHA256)
    assert read(storage) == BYTES


def test_reading_stops_at_the_first_byte_too_many(storage: PhotoStorage) -> None:
    endless = Path("/dev/zero").open("rb", buffering=0)  # noqa: SIM115
    with endless, pytest.raises(WrongSize) as raised:
        storage.write(KEY, endless, size=1000, sha256=SHA256)
    assert raised.value.details == {"received": 1001, "promised": 1000}


class BreakingLine:
    """A request's body whose line breaks after a few bytes."""

    def __init__(self) -> None:
        self.rest = [b"first bytes"]

    def read(self, _size: int) -> bytes:
        if self.rest:
            return self.rest.pop()
        raise ConnectionResetError("the phone is gone")


def test_a_broken_line_is_no_fault_of_the_storage(storage: PhotoStorage, kept: Kept) -> None:
    with pytest.raises(ConnectionResetError):
        storage.write(KEY, BreakingLine(), size=len(BYTES), sha256=SHA256)
    assert kept.everything() == []
    assert not storage.store_is_away


def test_only_keys_of_photos_are_taken(storage: PhotoStorage, root: Path) -> None:
    for key in (
        "",
        "/etc/passwd",
        "../outside",
        f"{ORGANIZATION}/c7/../../outside/original",
        f"{ORGANIZATION}/c7/{PHOTO}/original/../../../x",
        f"{ORGANIZATION}/c7/{PHOTO}/IMG_0001.jpg",
        f"{ORGANIZATION}/c7/{PHOTO}/original\n",
        f"{ORGANIZATION}/c7/{PHOTO}/original\0",
    ):
        for call in (storage.open, storage.exists, storage.delete):
            with pytest.raises(ValueError, match="not a photo's key"):
                call(key)
        with pytest.raises(ValueError, match="not a photo's key"):
            write(storage, key)
    assert not root.exists()


def test_deleting(storage: PhotoStorage) -> None:
    thumbnail = photo_key(ROW, PhotoSize.THUMBNAIL)
    write(storage)
    write(storage, thumbnail, b"small")
    storage.delete(KEY)
    storage.delete(KEY)
    assert not storage.exists(KEY)
    assert read(storage, thumbnail) == b"small"
    with pytest.raises(FileNotFoundError):
        storage.open(KEY)
    storage.delete(thumbnail)
    write(storage)
    assert read(storage) == BYTES


def test_a_photos_folder_goes_with_the_last_of_its_sizes(folder: FolderStorage, root: Path) -> None:
    write(folder)
    folder.delete(KEY)
    assert not (root / KEY).parent.exists()


def test_folders_that_somebody_removed_are_made_again(folder: FolderStorage, root: Path) -> None:
    write(folder)
    shutil.rmtree(root / str(ORGANIZATION))
    write(folder)
    assert read(folder) == BYTES


def test_only_we_may_read_what_is_kept(folder: FolderStorage, root: Path) -> None:
    write(folder)
    assert (root / KEY).stat().st_mode & 0o777 == 0o600


def test_ready_means_that_it_can_write_and_read(storage: PhotoStorage, kept: Kept) -> None:
    storage.check()
    storage.check_intake()
    assert kept.everything() == []


def test_a_folder_that_is_none_is_not_ready(folder: FolderStorage, root: Path) -> None:
    root.mkdir()
    (root / "incoming").write_bytes(b"not a folder")
    with pytest.raises(StorageUnavailable):
        folder.check()
    with pytest.raises(StorageUnavailable):
        write(folder)


class HalfWay:
    """A stream that gives one half, waits, and gives the rest."""

    def __init__(self, wait: Callable[[], object]) -> None:
        self.stream = io.BytesIO(BYTES)
        self.wait = wait

    def read(self, size: int) -> bytes:
        half = len(BYTES) // 2 - self.stream.tell()
        if half == 0:
            self.wait()
        return self.stream.read(min(size, half) if half > 0 else size)


def write_half_way(storage: PhotoStorage, wait: Callable[[], object]) -> None:
    storage.write(KEY, HalfWay(wait), size=len(BYTES), sha256=SHA256)


def test_many_processes_write_the_same_photo(storage: PhotoStorage, kept: Kept) -> None:
    storage.check()  # What a process has opened must not be shared with those that it forks.
    many = 20 if isinstance(storage, FolderStorage) else 5
    all_half_way = PROCESSES.Barrier(many)
    writers = [PROCESSES.Process(target=write_half_way, args=(storage, all_half_way.wait)) for _ in range(many)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * many
    assert read(storage) == BYTES
    assert kept.everything() == [KEY]


def test_a_killed_process_leaves_no_half_photo(folder: FolderStorage, root: Path) -> None:
    half_way = PROCESSES.Barrier(2)

    def wait_for_ever() -> None:
        half_way.wait(30)
        time.sleep(60)

    writer = PROCESSES.Process(target=write_half_way, args=(folder, wait_for_ever))
    writer.start()
    half_way.wait(30)
    writer.kill()
    writer.join()
    assert not folder.exists(KEY)
    (leftover,) = root.glob("incoming/*")
    assert leftover.stat().st_size == len(BYTES) // 2
    assert folder.sweep() == 0  # Another process may be writing it at this moment.
    yesterday = time.time() - 25 * 3600
    os.utime(leftover, (yesterday, yesterday))
    write(folder)
    assert folder.sweep() == 1
    assert files_below(root) == [KEY]


def test_without_room_it_says_so_and_cleans_up(folder: FolderStorage, root: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))  # The kernel cuts a write short, as on a full disk.
    try:
        with pytest.raises(StorageUnavailable) as raised:
            write(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert isinstance(raised.value.__cause__, OSError)
    assert not folder.exists(KEY)
    assert files_below(root) == []


def test_sweeping_an_empty_storage(storage: PhotoStorage) -> None:
    assert storage.sweep() == 0
