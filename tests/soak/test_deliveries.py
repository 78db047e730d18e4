"""Phones deliver through a bad line to a server that is killed again and again: in the end all is there, once.

Each visit is sent by two phones' tabs at once, some assignments by two phones under two ids. Lines break in the middle
of a request or before its answer; the server dies by SIGKILL and comes back. SEED repeats the choices that were made;
the order in which threads and processes run stays the machine's own.
"""

import hashlib
import json
import os
import random
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from checklists.jobs import Job
from checklists.matrix import touchpoint_matrix
from checklists.orm import new_id
from checklists.visits import Answer, Check, Photo, SealedReport, Visit, VisitState
from inspector.photo_storage import photo_key
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.field import FieldPhoto
from tests.servers import LiveServer
from tests.soak.field_phones import PATIENCE_SECONDS, Errand, Phone

PHONES = 4


def test_all_is_there_once_after_a_kill(sessions: Sessions, live_server: LiveServer) -> None:
    deliver_through_kills(sessions, live_server, visits=10, kills=1)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_all_is_there_once_after_many_kills(sessions: Sessions, live_server: LiveServer) -> None:
    deliver_through_kills(sessions, live_server, visits=300, kills=20)


def deliver_through_kills(sessions: Sessions, server: LiveServer, *, visits: int, kills: int) -> None:
    seed = os.environ.get("SEED") or str(secrets.randbelow(2**32))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    audit, errands = make_errands(sessions, visits, chance)
    twice = [chance.sample(errands, len(errands)) for _ in range(2)]
    shares = [several[number :: PHONES // 2] for several in twice for number in range(PHONES // 2)]
    email = audit.inspectors[0].email
    phones = [Phone(server.url, email, share, random.Random(f"{seed} {n}")) for n, share in enumerate(shares)]
    for phone in phones:
        phone.thread.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.1, 1.5))
        server.kill()
        time.sleep(chance.uniform(0.0, 0.5))
        server.start()
    for phone in phones:
        phone.thread.join(PATIENCE_SECONDS + 2 * visits)
        assert not phone.thread.is_alive()
        if phone.fault:
            raise phone.fault
    print(f"{len(errands)} visits, {kills} kills:", dict(sum((phone.tried for phone in phones), Counter())))
    all_is_there_once(sessions, server.data_dir / "photos", audit, errands)


def make_errands(sessions: Sessions, visits: int, chance: random.Random) -> tuple[Audit, list[Errand]]:
    """So many visits of none to three photos each; every fifth assignment is reported by a second phone as well."""
    with sessions() as session, session.begin():
        audit = make_audit(session)
        assignments = [audit.assign(session, chance.choice(audit.outlets)) for _ in range(visits)]
        criteria = [each["id"] for section in audit.document["sections"] for each in section["criteria"]]
        errands = []
        for assignment in assignments + assignments[::5]:
            asked = chance.sample(criteria, chance.randrange(4))
            photos = {each: [FieldPhoto(chance.randbytes(chance.randrange(1, 200_000)))] for each in asked}
            report = json.dumps(audit.report(assignment, photos=photos)).encode()
            taken = [photo for several in photos.values() for photo in several]
            errands.append(Errand(new_id(), assignment.id, report, taken))
    return audit, errands


def all_is_there_once(sessions: Sessions, folder: Path, audit: Audit, errands: Sequence[Errand]) -> None:
    with sessions() as session:
        visits = session.scalars(select(Visit)).all()
        counted = [visit for visit in visits if visit.state is VisitState.RECEIVED]
        sealed = {row.visit_id: row for row in session.scalars(select(SealedReport))}
        photos = {photo.id: photo for photo in session.scalars(select(Photo))}
        derivations = Counter(
            job.arguments["photo_id"] for job in session.scalars(select(Job).where(Job.kind == "derive_photo"))
        )
        checks, answers, reports = (
            session.scalar(select(func.count()).select_from(table)) for table in (Check, Answer, SealedReport)
        )
        matrix = touchpoint_matrix(session, audit.wave.id, 0.1)
    sections = audit.document["sections"]

    assert sorted(visit.id for visit in visits) == sorted(errand.visit_id for errand in errands)
    assert Counter(visit.assignment_id for visit in counted) == Counter({errand.assignment_id for errand in errands})
    assert {visit.state for visit in visits} == {VisitState.RECEIVED, VisitState.HELD}
    assert reports == len(errands)
    assert checks == len(counted) * len(sections)
    assert answers == len(counted) * sum(len(section["criteria"]) for section in sections)
    for errand in errands:
        assert sealed[errand.visit_id].accepted
        assert sealed[errand.visit_id].body == errand.report
        assert sealed[errand.visit_id].sha256 == hashlib.sha256(errand.report).hexdigest()
    assert all(sum(cell.received for cell in row.cells.values()) == len(counted) for row in matrix.rows)

    promised = {photo.id: photo for errand in errands for photo in errand.photos}
    assert photos.keys() == promised.keys()
    assert derivations == Counter(str(photo_id) for photo_id in promised)
    assert all(photo.stored_at is not None for photo in photos.values())
    stored = {file.relative_to(folder).as_posix() for file in folder.rglob("original") if file.is_file()}
    assert stored == {photo_key(photo) for photo in photos.values()}
    for photo_id, photo in photos.items():
        assert (folder / photo_key(photo)).read_bytes() == promised[photo_id].content
