"""`make bench`: how quick the service and the phone app are on this machine, beside what it can do at best.

The service runs as in production, gunicorn with two processes on a durable PostgreSQL; the phones, this program, run
beside it on the same processors. It prints a table and writes build/bench.json. QUICK=1 is a short run for trying;
PHONE_ONLY=1 measures the phone app alone.
"""

import itertools
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from checklists.orm import connect
from checklists.waves import Wave
from tests.bench.field import Delivery, Finished, Line, deliver_visits, finish_visits, send_twenty_times
from tests.bench.figures import HEADING, Figure
from tests.bench.floors import PHOTO_BYTES, Floors, make_photos, measure_floors
from tests.bench.pages import lists_of, page_times, settle_everything
from tests.bench.phone import measure_phone
from tests.bench.processes import Production
from tests.bench.world import World, add_assignments, add_wave, make_world, refresh_statistics, store_visits, superuser
from tests.databases import Databases
from tests.servers import ROOT, LiveServer

QUICK = os.environ.get("QUICK", "0") != "0"
PHONE_ONLY = os.environ.get("PHONE_ONLY", "0") != "0"
SECONDS = 1.5 if QUICK else 6.0
CONNECTIONS = (1, 4, 16)
PHOTOS = 5
STORED = (500, 2_000) if QUICK else (50_000, 500_000)
MATRIX = 200 if QUICK else 10_000
MOST_PER_SECOND = 600
"""Visits that are made ready for each second of delivering; with photos a tenth of it."""
PHOTOS_DERIVED = 20 if QUICK else 150
PAGES = 5 if QUICK else 20


def main() -> int:
    began = time.monotonic()
    figures: list[Figure] = []
    print(HEADING, flush=True)
    with tempfile.TemporaryDirectory(prefix="audit-bench-") as folder:
        for figure in itertools.chain(_measure_service(Path(folder)), measure_phone(Path(folder))):
            figures.append(figure)
            print(figure.line, flush=True)
    _write(figures)
    print(f"\n{time.monotonic() - began:.0f} s; also in build/bench.json")
    return 0


def _measure_service(folder: Path) -> Iterator[Figure]:
    if PHONE_ONLY:
        return
    databases = Databases(folder, durable=True)
    try:
        yield from _measure(databases, folder / "data")
    finally:
        databases.close()


def _measure(databases: Databases, data_dir: Path) -> Iterator[Figure]:
    url = databases.fresh("postgresql")
    engine = connect(url)
    pictures = make_photos(8 if QUICK else 60)
    floors = measure_floors(engine, data_dir / "floor", pictures[0], SECONDS / 2)
    yield Figure("floor: commits of one row", floors.commits, "/s")
    yield Figure(f"floor: files of {PHOTO_BYTES // 1000} KB, hashed and durable", floors.files, "/s")
    yield Figure("floor: photos shrunk to two sizes by Pillow alone", floors.pictures, "/s")
    world = make_world(engine)
    server = LiveServer(url, data_dir, PROCESSES="2", THREADS="4")
    server.start()
    production = Production(server, databases.cluster.pid)
    bench = Bench(world, production, floors, pictures)
    try:
        with production.watching_memory() as most:
            yield Figure("memory of the server, idle", production.memory_mb(), "MB")
            yield from bench.intake(0, CONNECTIONS)
            yield from bench.intake_with_photos(CONNECTIONS)
            yield from bench.jobs()
            yield from bench.twenty_at_once()
            for stored in STORED:
                yield from bench.store(stored)
                yield from bench.intake(stored, (4,))
            yield from bench.matrix()
            yield from bench.lists()
            yield Figure("memory of the server, at most", most[0], "MB", goal=250, known=390)
    finally:
        server.kill()
        engine.dispose()


class Bench:
    """The measurements, in the order in which they are made."""

    def __init__(self, world: World, production: Production, floors: Floors, pictures: list[bytes]) -> None:
        self.world, self.production, self.floors = world, production, floors
        self.email = world.audit.inspectors[0].email
        self.field = add_wave(world, world.short, "In the field")
        self.oldest: Wave | None = None
        self.without_jobs: Delivery | None = None
        # Every photo has bytes of its own behind its picture, as two photos of one thing have in life.
        self._photos = (picture + number.to_bytes(8, "big") for number, picture in enumerate(itertools.cycle(pictures)))

    def intake(self, stored: int, connections: tuple[int, ...]) -> Iterator[Figure]:
        for number in connections:
            delivery = self._deliver(number, 0)
            what = f"visits without photos, {stored:,} stored, {_lines(number)}"
            yield Figure(what, delivery.visits_per_second, "/s", 500, 105, self.floors.visits(0))
            yield Figure("  server and database, of one visit", delivery.cpu_ms, "ms CPU", 4, 15)
            yield from _parts(delivery)

    def intake_with_photos(self, connections: tuple[int, ...]) -> Iterator[Figure]:
        for number in connections:
            delivery = self.without_jobs = self._deliver(number, PHOTOS)
            what = f"visits with {PHOTOS} photos, {_lines(number)}"
            yield Figure(what, delivery.visits_per_second, "/s", 90, 18, self.floors.visits(PHOTOS))
            yield Figure("  server and database, of one visit", delivery.cpu_ms, "ms CPU", None, 98)
            yield from _parts(delivery)

    def jobs(self) -> Iterator[Figure]:
        """The worker shrinks what came in, while nothing else happens."""
        self._forget_jobs()
        finished = self._finished(PHOTOS_DERIVED // PHOTOS, PHOTOS)
        line = Line(self.production.server.url, self.email)
        for each in finished:
            line.send(line.request("PUT", f"/api/v1/visits/{each.id}", each.report), 201)
            for photo in each.photos:
                line.send(line.request("PUT", f"/api/v1/photos/{photo.id}", photo.content), 201)
        line.close()
        with self.production.worker():
            waiting = self._jobs()
            while self._jobs() > 0.9 * waiting:  # Until it has started and knows its statements.
                time.sleep(0.05)
            first, before, began = self._jobs(), self.production.spent(), time.perf_counter()
            while self._jobs():
                time.sleep(0.2)
            passed, spent = time.perf_counter() - began, self.production.spent().since(before)
        yield Figure("photos derived by the worker", first / passed, "/s", None, None, self.floors.pictures)
        of_one = 1000 * (spent.worker + spent.database) / first
        yield Figure("  worker and database, of one photo", of_one, "ms CPU", None, None, 1000 / self.floors.pictures)
        assert self.without_jobs is not None
        whole = self.without_jobs.cpu_ms + PHOTOS * of_one
        yield Figure(f"a visit with {PHOTOS} photos and all its jobs", whole, "ms CPU", None, 142)

    def twenty_at_once(self) -> Iterator[Figure]:
        answers, wrong = send_twenty_times(self.production, self.email, self._finished(5 if QUICK else 25, 0))
        yield Figure(f"wrong answers of {answers}, each visit sent 20 times at once", wrong, "", 0, 0.44 * answers)

    def store(self, number: int) -> Iterator[Figure]:
        """Visits by copying, in waves of ten thousand; the first of them is the one whose matrix is measured."""
        began, missing = time.perf_counter(), number - self.world.copies
        while missing > 0:
            version = self.world.short if self.oldest else self.world.long
            wave = add_wave(self.world, version, f"Stored {self.world.copies:,}")
            store_visits(self.world, version, wave, min(MATRIX, missing), approved=self.oldest is None)
            self.oldest = self.oldest or wave
            missing = number - self.world.copies
        refresh_statistics(self.world)
        yield Figure(f"copied until {number:,} are stored", time.perf_counter() - began, "s")

    def matrix(self) -> Iterator[Figure]:
        assert self.oldest is not None
        manager = Line(self.production.server.url, self.world.audit.manager.email)
        path = f"{self.world.audit.address}/results/waves/{self.oldest.id}"
        checks = MATRIX * len(self.world.audit.touchpoints)
        median, _ = page_times(manager, path, 3)
        yield Figure(f"matrix, {checks:,} checks, before any is settled", median, "ms")
        yield Figure(f"settling the tallies of {self.world.copies:,} visits", settle_everything(self.world), "s")
        refresh_statistics(self.world)
        median, slowest = page_times(manager, path, PAGES)
        yield Figure(f"matrix, {checks:,} checks, beside {self.world.copies:,} visits, p50", median, "ms", 100)
        yield Figure("  p95", slowest, "ms", 100)
        manager.close()

    def lists(self) -> Iterator[Figure]:
        assert self.oldest is not None
        manager = Line(self.production.server.url, self.world.audit.manager.email)
        for what, path in lists_of(self.world, self.oldest.id):
            median, slowest = page_times(manager, path, PAGES)
            yield Figure(f"list of {self.world.copies:,} visits, {what}, p50", median, "ms", 100)
            yield Figure("  p95", slowest, "ms", 100)
        manager.close()

    def _deliver(self, connections: int, photos: int) -> Delivery:
        number = int(SECONDS * MOST_PER_SECOND / (10 if photos else 1)) + 4 * connections
        return deliver_visits(self.production, self.email, self._finished(number, photos), connections, SECONDS)

    def _finished(self, number: int, photos: int) -> list[Finished]:
        return finish_visits(
            self.world, add_assignments(self.world, self.field, number), lambda: next(self._photos), photos
        )

    def _forget_jobs(self) -> None:
        with superuser(self.world) as database:
            database.execute("UPDATE jobs SET state = 'done' WHERE state = 'waiting'")

    def _jobs(self) -> int:
        with superuser(self.world) as database:
            row = database.execute("SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running')").fetchone()
        return int(row[0]) if row else 0


def _lines(number: int) -> str:
    return f"{number} connection{'s' * (number > 1)}"


def _parts(delivery: Delivery) -> Iterator[Figure]:
    yield Figure("    of it the server", delivery.server_ms, "ms CPU")
    yield Figure("    of it the database", delivery.database_ms, "ms CPU")
    yield Figure("  beside it the phones, this program", delivery.phones_ms, "ms CPU")


def _write(figures: list[Figure]) -> None:
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "system": platform.platform(), "processors": os.cpu_count()}
    whole = {
        "at": datetime.now(UTC).isoformat(),
        "quick": QUICK,
        "machine": machine,
        "figures": [asdict(each) | {"ratio": each.ratio} for each in figures],
    }
    target.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
