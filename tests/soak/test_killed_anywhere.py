"""App, worker, database and object store are killed at random under 200 visits at once: nothing is lost, nothing twice.

Each visit is sent by a phone of its own over a line that breaks, some by two at once, until the server has confirmed
it. SEED repeats the choices that were made; the order in which processes run stays the machine's own.
"""

import hashlib
import json
import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import NullPool, func, select

from checklists.jobs import Job, JobState
from checklists.orm import ScopedSession, connect, new_id, unscoped
from checklists.visits import Answer, Check, Photo, SealedReport, Visit, VisitState, waiting_photos
from inspector.photo_images import draw_demo_photo
from inspector.photo_storage import PhotoSize, photo_key, storage_of
from inspector.photo_storage.folder import LEFTOVER_AGE
from inspector.photo_storage.waiting import WaitingStorage
from inspector.settings import Settings
from tests.databases import Databases, PostgreSQL
from tests.engines import FullServer, new_server
from tests.factories import PASSWORD, Audit, make_audit
from tests.field import FieldPhoto
from tests.lines import log_in
from tests.object_store import ObjectStore
from tests.redis_server import RedisServer
from tests.soak.field_phones import Errand, Phone

VISITS = 200
SENT_TWICE = 5
"""Every fifth visit is sent by two phones' tabs at once."""
KILLS = 24
PATIENCE_SECONDS = 1500.0


@dataclass
class House:
    """All that runs, each part to be killed by itself."""

    server: FullServer
    database: PostgreSQL
    store: ObjectStore

    def kill(self, part: str) -> None:
        {
            "app": self.server.kill_app,
            "worker": self.server.kill_worker,
            "database": self.database.kill,
            "store": self.store.kill,
        }[part]()

    def start(self, part: str) -> None:
        {
            "app": self.server.start_app,
            "worker": self.server.start_worker,
            "database": self.database.start,
            "store": self.store.start,
        }[part]()

    def sessions(self) -> ScopedSession:
        engine = connect(self.server.database_url, poolclass=NullPool)
        return ScopedSession(engine, unscoped("a test looks at everything"))

    def storage(self) -> WaitingStorage:
        made = storage_of(Settings.from_environment(self.server.environment))
        assert isinstance(made, WaitingStorage)
        return made


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """PostgreSQL as durable as in production, Swift, Redis, two app processes and a worker, all of them running."""
    (tmp_path / "databases").mkdir()
    databases, store, redis = Databases(tmp_path / "databases", durable=True), ObjectStore(), RedisServer()
    store.start()
    redis.start()
    server = new_server("full", databases, tmp_path / "data", store, redis)
    assert isinstance(server, FullServer)
    server.start()
    yield House(server, databases.cluster, store)
    server.kill()
    redis.kill()
    store.close()
    databases.close()


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_nothing_is_lost_or_twice_whatever_is_killed(house: House) -> None:
    seed = os.environ.get("SEED") or str(secrets.randbelow(2**32))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    audit, errands = make_errands(house, chance)
    cookie = log_in(house.server.url, audit.inspectors[0].email, PASSWORD)
    phones = [
        Phone(
            house.server.url,
            audit.inspectors[0].email,
            [errand],
            random.Random(f"{seed} {number}"),
            cookie=cookie,
            pause_seconds=2.0,
            patience_seconds=PATIENCE_SECONDS,
        )
        for number, errand in enumerate(errands + errands[::SENT_TWICE])
    ]
    began = time.monotonic()
    for phone in phones:
        phone.thread.start()
    killed, most_waiting = kill_at_random(house, chance)
    for phone in phones:
        phone.thread.join(PATIENCE_SECONDS)
        assert not phone.thread.is_alive(), "a phone was never answered"
        if phone.fault:
            raise phone.fault
    confirmed_after = time.monotonic() - began
    late = let_everything_settle(house)
    print(f"{VISITS} visits, {len(phones)} phones at once, {sum(len(each.photos) for each in errands)} photos")
    print(f"killed: {dict(killed)}; at most {most_waiting} photos waited on the disk")
    print(f"answers: {dict(sum((phone.tried for phone in phones), Counter()))}")
    print(f"all confirmed after {confirmed_after:.0f} s, all moved and derived after {time.monotonic() - began:.0f} s")
    print(f"{late} jobs of killed workers or of a database that was away were taken up again")
    all_is_there_once(house, audit, errands)


def make_errands(house: House, chance: random.Random) -> tuple[Audit, list[Errand]]:
    """The visits, of one to three photos each; no two pictures are the same bytes."""
    pictures = [draw_demo_photo(number, "Utro", (800, 600)) for number in range(4)]
    with house.sessions() as session, session.begin():
        audit = make_audit(session)
        assignments = [audit.assign(session, chance.choice(audit.outlets)) for _ in range(VISITS)]
        criteria = [each["id"] for section in audit.document["sections"] for each in section["criteria"]]
        errands = []
        for assignment in assignments:
            asked = chance.sample(criteria, chance.randint(1, 3))
            photos = {
                each: [FieldPhoto(chance.choice(pictures) + chance.randbytes(chance.randrange(1, 100_000)))]
                for each in asked
            }
            report = json.dumps(audit.report(assignment, photos=photos)).encode()
            taken = [photo for several in photos.values() for photo in several]
            errands.append(Errand(new_id(), assignment.id, report, taken))
    return audit, errands


def kill_at_random(house: House, chance: random.Random) -> tuple[Counter[str], int]:
    """Kill one part after the other, each away for a while, and start it again; how often which, and the most photos
    that were seen to wait.
    """
    killed: Counter[str] = Counter()
    most_waiting = 0
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.2, 3.0))
        part = chance.choice(("app", "app", "worker", "worker", "database", "store"))
        house.kill(part)
        killed[part] += 1
        time.sleep(chance.uniform(0.0, 3.0))
        house.start(part)
        most_waiting = max(most_waiting, len(list((house.server.data_dir / "waiting").rglob("original"))))
    return killed, most_waiting


def let_everything_settle(house: House) -> int:
    """Wait until what waited has moved and each job is done, as if the leases of killed workers had run out."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    late = 0
    while True:
        assert time.monotonic() < give_up, house.server.log[-5000:]
        time.sleep(1.0)
        with house.sessions() as session, session.begin():
            waiting = waiting_photos(session).number
            idle = list(session.scalars(select(Job).where(Job.finished_at.is_(None))))
            soon = datetime.now(UTC) + timedelta(seconds=20)
            for job in idle:
                if job.state is JobState.WAITING and job.run_after > soon:
                    job.run_after, late = datetime.now(UTC), late + 1
                elif job.lease_until and job.lease_until < datetime.now(UTC) + timedelta(minutes=9):
                    job.lease_until, late = datetime.now(UTC), late + 1
        if not idle and not waiting and not list(house.storage().disk.keys()):
            return late


def all_is_there_once(house: House, audit: Audit, errands: Sequence[Errand]) -> None:
    with house.sessions() as session:
        visits = session.scalars(select(Visit)).all()
        sealed = {row.visit_id: row for row in session.scalars(select(SealedReport))}
        photos = {photo.id: photo for photo in session.scalars(select(Photo))}
        jobs = session.scalars(select(Job).where(Job.kind == "derive_photo")).all()
        checks, answers, reports = (
            session.scalar(select(func.count()).select_from(table)) for table in (Check, Answer, SealedReport)
        )
    sections = audit.document["sections"]
    assert sorted(visit.id for visit in visits) == sorted(errand.visit_id for errand in errands)
    assert {visit.state for visit in visits} == {VisitState.RECEIVED}
    assert reports == VISITS
    assert checks == VISITS * len(sections)
    assert answers == VISITS * sum(len(section["criteria"]) for section in sections)
    assert all(sealed[errand.visit_id].body == errand.report for errand in errands)

    promised = {photo.id: photo for errand in errands for photo in errand.photos}
    assert photos.keys() == promised.keys()
    assert {(photo.stored_at is None, photo.waits_on, photo.readable) for photo in photos.values()} == {
        (False, None, True)
    }
    assert Counter(job.arguments["photo_id"] for job in jobs) == Counter(str(photo_id) for photo_id in promised)
    assert {job.state for job in jobs} == {JobState.DONE}

    storage = house.storage()
    stored = house.store.contents(house.server.bucket)
    assert sorted(stored) == sorted(photo_key(photo, size) for photo in photos.values() for size in PhotoSize)
    for photo in photos.values():
        with storage.store.open(photo_key(photo)) as stream:
            assert hashlib.sha256(stream.read()).hexdigest() == promised[photo.id].sha256 == photo.sha256
    nothing_is_left_on_the_disk(storage)


def nothing_is_left_on_the_disk(storage: WaitingStorage) -> None:
    """No photo, and of the writes that were interrupted nothing that the daily sweep would not take."""
    assert list(storage.disk.keys()) == []
    leftovers = list(storage.disk.root.glob("incoming/*"))
    long_ago = time.time() - LEFTOVER_AGE.total_seconds() - 60
    for path in leftovers:
        os.utime(path, (long_ago, long_ago))
    assert storage.disk.sweep() == len(leftovers)
    print(f"{len(leftovers)} interrupted writes were swept")
    assert [path.name for path in storage.disk.root.rglob("*") if path.is_file()] == ["moving.lock"]
