"""`make bench`: how quick the service is on this machine, beside what the machine can do at best.

The real server runs on SQLite and on PostgreSQL, both durable as in production; the phones, this program, run beside
it on the same processors. It prints a table and writes build/bench.json. QUICK=1 is a short run for trying.
"""

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from checklists.orm import connect
from tests.bench.field import Line, deliver_visits, finish_visits, peak_memory_mb
from tests.bench.floors import Floors, bare_list_ms, bare_matrix_ms, make_photo, measure_floors, median_ms
from tests.bench.world import World, add_assignments, add_wave, copy_visits, make_world
from tests.databases import KINDS, Databases
from tests.servers import ROOT, LiveServer

QUICK = os.environ.get("QUICK", "0") != "0"
SECONDS = 0.6 if QUICK else 3.0
HUNDREDS = (1, 10) if QUICK else (1, 10, 100)
PAGES = 5 if QUICK else 11
CONNECTIONS = (1, 4)
PHOTOS = 5
VISITS = 200 if QUICK else 800
VISITS_WITH_PHOTOS = 5 if QUICK else 24
ON_A_LIST = 50


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; `floor` in the same unit, and `ratio` = value / floor, where there is one to compare with."""

    what: str
    value: float
    unit: str
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None


def main() -> int:
    began = time.monotonic()
    photo = make_photo()
    results: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory(prefix="audit-bench-") as folder:
        databases = Databases(Path(folder), durable=True)
        try:
            for kind in KINDS:
                print(f"\n{kind}: {HEADING}", flush=True)
                results[kind] = []
                for figure in _measure(databases.fresh(kind), Path(folder) / kind, photo):
                    results[kind].append(figure)
                    print(_line(figure), flush=True)
        finally:
            databases.close()
    _write(results)
    print(f"\n{time.monotonic() - began:.0f} s; also in build/bench.json")
    return 0


def _measure(database_url: str, data_dir: Path, photo: bytes) -> Iterator[Figure]:
    engine = connect(database_url)
    floors = measure_floors(engine, data_dir / "floor", photo, SECONDS / 2)
    yield Figure("floor: commits of one row", floors.commits, "/s")
    yield Figure(f"floor: files of {len(photo) // 1000} KB, durable", floors.files, "/s")
    yield Figure("floor: photos shrunk by Pillow alone", floors.pictures, "/s")
    world = make_world(engine)
    server = LiveServer(database_url, data_dir)
    server.start()
    try:
        yield from _measure_pages(server, world)
        yield from _measure_intake(server, world, photo, floors)
        yield Figure("the server's memory at most", peak_memory_mb(server.pid), "MB")
    finally:
        server.kill()
        engine.dispose()


def _measure_pages(server: LiveServer, world: World) -> Iterator[Figure]:
    """The matrix of a wave that grows, then that of a small wave beside it; the list of visits as they grow."""
    manager = Line(server.url, world.audit.manager.email)
    address, there = world.audit.address, 0
    growing = add_wave(world, "Growing")
    for hundreds in HUNDREDS:
        copy_visits(world, growing, hundreds - there)
        there = hundreds
        matrix = median_ms(PAGES, lambda: manager.ask("GET", f"{address}/results/waves/{growing.id}", expected=200))
        yield Figure(f"matrix of {100 * hundreds:,} visits", matrix, "ms", bare_matrix_ms(world, growing.id, PAGES))
        visits = median_ms(PAGES, lambda: manager.ask("GET", f"{address}/visits/", expected=200))
        yield Figure(f"list among {100 * hundreds:,} visits", visits, "ms", bare_list_ms(world, ON_A_LIST, PAGES))
    small = add_wave(world, "Small")
    copy_visits(world, small, HUNDREDS[0])
    matrix = median_ms(PAGES, lambda: manager.ask("GET", f"{address}/results/waves/{small.id}", expected=200))
    beside = f"matrix of {100 * HUNDREDS[0]:,} visits beside {100 * HUNDREDS[-1]:,} of others"
    yield Figure(beside, matrix, "ms", bare_matrix_ms(world, small.id, PAGES))
    manager.close()


def _measure_intake(server: LiveServer, world: World, photo: bytes, floors: Floors) -> Iterator[Figure]:
    """Visits of forty answers without photos, then with them; while those come in, the worker shrinks them."""
    email = world.audit.inspectors[0].email
    field = add_wave(world, "In the field")
    for photos, number in ((0, VISITS), (PHOTOS, VISITS_WITH_PHOTOS)):
        with_photos = f" with {photos} photos" if photos else ""
        for connections in CONNECTIONS:
            finished = finish_visits(world, add_assignments(world, field, number), photo, photos)
            delivery = deliver_visits(server, email, finished, connections, SECONDS)
            what = f"visits{with_photos} over {connections} connection{'s' * (connections > 1)}"
            yield Figure(what, delivery.visits_per_second, "/s", floors.visits(photos))
            yield Figure("  processor time for one of them", delivery.cpu_ms_per_visit, "ms")
    yield Figure("photos shrunk by the worker", delivery.photos_per_second, "/s", floors.pictures)


HEADING = f"{'':<44}{'measured':>12}{'at best':>12}{'ratio':>9}"


def _line(figure: Figure) -> str:
    value, floor = f"{figure.value:,.1f} {figure.unit}", f"{figure.floor:,.1f}" if figure.floor else ""
    return f"  {figure.what:<52}{value:>14}{floor:>12}{f'{figure.ratio:.2f}' if figure.ratio else '':>9}"


def _write(results: dict[str, list[Figure]]) -> None:
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "system": platform.platform(), "processors": os.cpu_count()}
    figures = {kind: [asdict(each) | {"ratio": each.ratio} for each in several] for kind, several in results.items()}
    whole = {"at": datetime.now(UTC).isoformat(), "quick": QUICK, "machine": machine, "figures": figures}
    target.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
