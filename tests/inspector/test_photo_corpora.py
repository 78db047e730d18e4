"""Pillow's, piexif's and pi-heif's own test pictures sent as evidence: cameras' photos, every format there is, damaged
files; and our bombs among them. With -s it prints what became of each format, and how much memory the worker took.
"""

import hashlib
import io
import re
import signal
import subprocess
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pillow_heif
import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from checklists.jobs import Job
from checklists.orm import ScopedSession, new_id
from checklists.visits import Photo
from inspector.photo_images import MAX_DEEP_PIXELS, MAX_PIXELS, Unreadable
from inspector.photo_storage import FolderStorage, PhotoSize, photo_key
from inspector.settings import Settings
from tests.bombs import bombs
from tests.corpora import Picture, pictures
from tests.factories import Audit
from tests.field import FieldPhoto
from tests.phone_client import FieldClient, with_photos
from tests.servers import ROOT, inspector_command, server_environment

PHOTOS_OF_A_VISIT = 150
MOST_MEMORY_MB = 360  # It took 308 when this was written, idle some 90; the bombs have up to 4,290 megapixels.
PATIENCE_SECONDS = 300


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells another process's peak memory")
@pytest.mark.timeout(2 * PATIENCE_SECONDS)
@pytest.mark.parametrize("several", [6, pytest.param(1, marks=pytest.mark.soak)], ids=["quick", "whole"])
def test_every_picture_of_the_corpora_is_stored_and_readable_or_has_a_reason(
    app: Flask, settings: Settings, session: ScopedSession, audit: Audit, phone: FieldClient, several: int
) -> None:
    """All of them on SQLite; PostgreSQL, which sees no more of a photo than its row, gets every third one."""
    chosen = _chosen(max(1, several // 2) if settings.database_url.startswith("sqlite") else several)
    sent = {FieldPhoto(each.content): each for each in chosen}
    _deliver(session, audit, phone, list(sent))
    with _worker(settings) as process:
        _wait_for_jobs(session)
        peak = _peak_mb(process)
    rows = {photo.id: photo for photo in session.scalars(select(Photo))}
    assert rows.keys() == {photo.id for photo in sent}
    storage: FolderStorage = app.extensions["photos"]
    for photo, picture in sent.items():
        _look_at(rows[photo.id], picture, storage)
    print(_table({picture: rows[photo.id] for photo, picture in sent.items()}))
    print(f"The worker's memory at its peak: {peak} MB")
    assert peak < MOST_MEMORY_MB


def _chosen(several: int) -> list[Picture]:
    """One in `several` pictures of each format, the same ones every time, and all the bombs."""
    by_format: dict[str, list[Picture]] = defaultdict(list)
    for picture in pictures():
        by_format[picture.suffix].append(picture)
    chosen = [picture for alike in by_format.values() for picture in alike[::several]]
    return chosen + [Picture(f"{bomb.name}.bomb", bomb.content) for bomb in bombs()]


def _deliver(session: ScopedSession, audit: Audit, phone: FieldClient, photos: Sequence[FieldPhoto]) -> None:
    for first in range(0, len(photos), PHOTOS_OF_A_VISIT):
        some = photos[first : first + PHOTOS_OF_A_VISIT]
        assignment = audit.assign(session)
        session.commit()
        answer = phone.put_visit(new_id(), with_photos(audit, assignment, *some))
        session.commit()
        assert answer.status_code == 201, answer.text
        for photo in some:
            answer = phone.put_photo(photo)
            assert answer.status_code == 201, answer.text
            assert answer.json is not None
            assert (answer.json["id"], answer.json["sha256"]) == (str(photo.id), photo.sha256)


@contextmanager
def _worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`inspector worker` in a process of its own, which must still be there at the end."""
    process = subprocess.Popen(
        inspector_command("worker"),
        env=server_environment(settings.database_url, settings.data_dir),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )
    try:
        yield process
        assert process.poll() is None, "the worker died"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def _wait_for_jobs(session: ScopedSession) -> None:
    """Until every job is done, each at its first attempt: a crash or a retry would show there."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    unfinished = select(func.count()).select_from(Job).where(Job.finished_at.is_(None), Job.error.is_(None))
    while session.scalar(unfinished):
        session.rollback()
        assert time.monotonic() < give_up, "the worker is still at it"
        time.sleep(0.2)
    assert {(job.attempts, job.error) for job in session.scalars(select(Job))} == {(1, None)}


def _peak_mb(process: subprocess.Popen[bytes]) -> int:
    """The most memory that the process has taken so far."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found
    return int(found[1]) // 1024


def _look_at(photo: Photo, picture: Picture, storage: FolderStorage) -> None:
    """What lies of a photo after the worker: the original as it came, and two JPEGs where Pillow, asked on its own,
    could read it too.
    """
    with storage.open(photo_key(photo)) as stream:
        assert hashlib.file_digest(stream, "sha256").hexdigest() == photo.sha256, picture.name
    assert photo.derived_at is not None, picture.name
    assert photo.readable is _pillow_reads(picture.content), (picture.name, photo.unreadable_reason)
    if not photo.readable:
        assert photo.unreadable_reason in set(Unreadable), picture.name
        assert not storage.exists(photo_key(photo, PhotoSize.THUMBNAIL)), picture.name
        return
    for size, long_edge in ((PhotoSize.THUMBNAIL, 320), (PhotoSize.SCREEN, 1280)):
        with storage.open(photo_key(photo, size)) as stream, Image.open(stream) as copy:
            copy.load()
            assert (copy.format, copy.mode) == ("JPEG", "RGB"), picture.name
            assert max(copy.size) <= long_edge, picture.name
            assert not copy.getexif(), picture.name


def _pillow_reads(content: bytes) -> bool:
    if any(content == bomb.content for bomb in bombs()):
        return False  # Some of them Pillow would read: in a minute, or in an hour.
    if content[4:8] == b"ftyp":
        return _libheif_reads(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"]) as image:
                image.load()
        except Exception:  # Pillow raises nearly everything on damaged bytes.
            return False
    return True


def _libheif_reads(content: bytes) -> bool:
    """Whether another build of libheif reads a HEIC within our limits: the one of pillow-heif, which can write too."""
    if content[8:12] in (b"avif", b"avis") or (content[8:12] in (b"mif1", b"msf1") and b"avif" in content[16:32]):
        return False
    try:
        file = pillow_heif.open_heif(content)
        picture = file[file.primary_index]
        if picture.size[0] * picture.size[1] > (MAX_DEEP_PIXELS if picture.info["bit_depth"] > 8 else MAX_PIXELS):
            return False
        picture.to_pillow()
    except Exception:  # As Pillow.
        return False
    return True


def _table(became: dict[Picture, Photo]) -> str:
    """Format, files, readable, and why the others are not; formats of which there are few in one line."""
    by_format: dict[str, list[Photo]] = defaultdict(list)
    for picture, photo in became.items():
        by_format[picture.suffix].append(photo)
    by_format["no suffix"] = by_format.pop("", [])
    few = [
        name for name, photos in by_format.items() if len(photos) < 4 and not any(photo.readable for photo in photos)
    ]
    by_format[f"{len(few)} others"] = [photo for name in few for photo in by_format.pop(name)]
    by_format["together"] = list(became.values())
    lines = [f"\n{'format':<12}{'files':>6}{'readable':>10}  unreadable"]
    for name, photos in by_format.items():
        reasons = Counter(str(photo.unreadable_reason) for photo in photos if not photo.readable)
        words = ", ".join(f"{reason} {number}" for reason, number in reasons.most_common())
        lines.append(f"{name:<12}{len(photos):>6}{sum(bool(photo.readable) for photo in photos):>10}  {words}")
    return "\n".join(lines)
