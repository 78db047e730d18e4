"""What the machine can do at best, measured in the same run: no figure of ours says anything without it."""

import hashlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table

from inspector.photo_images import JPEG_QUALITY, SCREEN, THUMBNAIL, draw_demo_photo

PHOTO_PX = (2048, 1536)
PHOTO_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Floors:
    """Each the rate of the bare work, per second: one-row commits, photos kept durably, photos shrunk to both sizes."""

    commits: float
    files: float
    pictures: float

    def visits(self, photos: int) -> float:
        """Visits per second if a visit were no more than its commit, and a photo no more than bytes and a commit."""
        return 1 / ((1 + photos) / self.commits + photos / self.files)


def measure_floors(engine: Engine, folder: Path, photo: bytes, seconds: float) -> Floors:
    """Each of them measured for about so many seconds; the files go into `folder`, which is made and removed."""
    return Floors(
        commits=_commits_per_second(engine, seconds),
        files=_files_per_second(folder, photo, seconds),
        pictures=_pictures_per_second(photo, seconds),
    )


def _commits_per_second(engine: Engine, seconds: float) -> float:
    """Transactions of one inserted row each over one connection, made durable as in production."""
    table = Table("bench_floor", MetaData(), Column("id", Integer, primary_key=True), Column("words", String))
    table.create(engine)
    with engine.connect() as connection:

        def commit_one_row() -> None:
            with connection.begin():
                connection.exec_driver_sql(f"INSERT INTO {table.name} (words) VALUES ('{'x' * 100}')")

        rate = repeat(seconds, commit_one_row)
    table.drop(engine)
    return rate


def _files_per_second(folder: Path, content: bytes, seconds: float) -> float:
    folder.mkdir(parents=True)
    numbers = iter(range(1_000_000))

    def write_one_file() -> None:
        hashlib.sha256(content).hexdigest()
        with (folder / str(next(numbers))).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())

    rate = repeat(seconds, write_one_file)
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    return rate


def _pictures_per_second(photo: bytes, seconds: float) -> float:
    def shrink_one_photo() -> None:
        for long_edge in (THUMBNAIL, SCREEN):
            with Image.open(io.BytesIO(photo)) as picture:
                picture.draft(None, (2 * long_edge, 2 * long_edge))
                picture.thumbnail((long_edge, long_edge))
                picture.save(io.BytesIO(), "JPEG", quality=JPEG_QUALITY)

    return repeat(seconds, shrink_one_photo)


def make_photos(number: int) -> list[bytes]:
    """Pictures as a phone keeps them after shrinking: 2048 x 1536 pixels with a sensor's noise, about 400 KB each."""
    return [_make_photo(seed) for seed in range(number)]


def _make_photo(seed: int) -> bytes:
    with Image.open(io.BytesIO(draw_demo_photo(seed, "Utro", PHOTO_PX))) as drawn:
        noisy = Image.blend(drawn, Image.effect_noise(PHOTO_PX, 60).convert("RGB"), 0.12)
    content = io.BytesIO()
    for quality in range(83, 30, -3):
        content = io.BytesIO()
        noisy.save(content, "JPEG", quality=quality)
        if content.tell() <= PHOTO_BYTES:
            break
    return content.getvalue()


def repeat(seconds: float, action: Callable[[], object]) -> float:
    """How often per second the action can be done, tried for this long after a first time."""
    action()
    times, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        action()
        times += 1
    return times / passed
