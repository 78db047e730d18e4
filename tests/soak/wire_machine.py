"""Any order of what phones, lines, reviewers and kills do over HTTP, from a seed; what was promised is looked at after
every step, in the database and in the storage of the real service.
"""

import hashlib
import json
import random
import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from checklists.errors import DomainError
from checklists.orm import new_id
from checklists.review import approve, send_back
from checklists.visits import DraftPhoto, Photo, SealedReport, Visit, VisitState
from checklists.waves import Assignment
from inspector.photo_storage import photo_key, storage_of
from inspector.settings import Settings
from tests.copies import a_copy
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.faulty_line import FaultyLine
from tests.field import FieldPhoto
from tests.servers import LiveServer
from tests.soak.wire_phone import DAMAGED, DAMAGED_TRIES, Begun, Finished, WirePhone

MISHAPS = ("cut", "lost", "portal", "damaged", "", "")
SELDOM = dict.fromkeys(("kill", "expire", "swap", "spoil"), 1)
ACTS = {"begin": 4, "keep": 4, "finish": 5, "send": 5, "both": 2, "review": 3, "revise": 3, **SELDOM}
MOST_MISHAPS = 12
STEPS = (6, 14)


class WireMachine:
    """Two people with a phone each, whose way to the server is bad. `run(seed)` is one sequence with new visits."""

    def __init__(self, server: LiveServer, line: FaultyLine, sessions: Sessions) -> None:
        self.server, self.line, self.sessions = server, line, sessions
        self.storage = storage_of(Settings.from_environment(server.environment))
        with sessions() as session, session.begin():
            self.audit: Audit = make_audit(session, f"wire-{new_id()}"[-20:])
        self.kills = self.resumed = self.kept = 0

    def run(self, seed: str) -> None:
        """Raises AssertionError with the promise that was not kept, the seed and the steps that led there."""
        self.chance = random.Random(seed)
        self.phones = [WirePhone(self.line.url, each.id, each.email, seed) for each in self.audit.inspectors]
        self.seen: set[tuple[UUID, int]] = set()
        steps = self.chance.choices(list(ACTS), list(ACTS.values()), k=self.chance.randint(*STEPS))
        try:
            for phone in self.phones:
                assert phone.log_in()
            for act in steps:
                getattr(self, f"_{act}")(self.chance.choice(self.phones))
                self._look()
            self._drain_without_faults()
        except AssertionError as broken:
            raise AssertionError(f"{broken}\nSEED={seed} after {steps}") from broken
        self.resumed += sum(phone.resumed for phone in self.phones)

    # ---- What happens

    def _begin(self, phone: WirePhone) -> None:
        place = self.chance.choice(self.audit.outlets)
        person = next(each for each in self.audit.inspectors if each.id == phone.person_id)
        with self.sessions() as session, session.begin():
            assignment = self.audit.assign(session, place, inspector=person)
            photos = self._photos(3)
            copy = json.dumps(a_copy(assignment, *photos)).encode()
            phone.begun.append(Begun(new_id(), assignment.id, photos, copy))

    def _keep(self, phone: WirePhone) -> None:
        self._happen()
        phone.keep()
        self.line.mishaps.clear()

    def _finish(self, phone: WirePhone) -> None:
        """What was begun, whatever of it the server has by now; some photos go, and others come."""
        if not phone.begun:
            self._begin(phone)
        begun = phone.begun.pop(self.chance.randrange(len(phone.begun)))
        photos = [*begun.photos[: self.chance.randrange(4)], *self._photos(1)]
        with self.sessions() as session:
            report = self._report(session.get_one(Assignment, begun.assignment_id), photos)
        phone.visits.append(Finished(begun.visit_id, begun.assignment_id, 1, report, photos))

    def _send(self, phone: WirePhone) -> None:
        self._happen()
        phone.drain()
        self.line.mishaps.clear()

    def _happen(self) -> None:
        self.line.mishaps.extend(self.chance.choices(MISHAPS, k=self.chance.randrange(MOST_MISHAPS)))

    def _both(self, _phone: WirePhone) -> None:
        """Both phones at once, and one of them from two tabs, with the copies of what is begun."""
        self._happen()
        one, two = self.phones
        at_once = [threading.Thread(target=act) for act in (one.drain, two.drain, one.drain, one.keep, two.keep)]
        for each in at_once:
            each.start()
        for each in at_once:
            each.join()
        self.line.mishaps.clear()

    def _kill(self, phone: WirePhone) -> None:
        """The server dies in the middle of a round."""
        self._finish(phone)
        self._begin(phone)
        acts = self.chance.sample([phone.drain, phone.keep], 2)
        sending = threading.Thread(target=lambda: [act() for act in acts])
        sending.start()
        time.sleep(self.chance.uniform(0.0, 0.08))
        self.server.kill()
        sending.join()
        self.kills += 1
        self.server.start()

    def _review(self, phone: WirePhone) -> None:
        arrived = [each for each in phone.visits if each.delivered]
        if not arrived:
            return
        visit_id = self.chance.choice(arrived).visit_id
        with self.sessions() as session, session.begin():
            try:
                if self.chance.random() < 0.7:
                    send_back(session, visit_id, self.audit.reviewer.id, "Which card?", [], datetime.now(UTC))
                else:
                    approve(session, visit_id, self.audit.reviewer.id, datetime.now(UTC))
            except DomainError:
                pass  # It was decided before, or the visit is held.

    def _revise(self, phone: WirePhone) -> None:
        """The next revision of a visit that was sent back: some of its photos again, and new ones."""
        with self.sessions() as session:
            returned = set(session.scalars(select(Visit.id).where(Visit.state == VisitState.RETURNED)))
            waiting = [each for each in phone.visits if each.visit_id in returned and each.delivered]
            if not waiting:
                return
            before = self.chance.choice(waiting)
            photos = [*before.photos[:1], *self._photos(2)]
            report = self._report(session.get_one(Assignment, before.assignment_id), photos, before.revision + 1)
        phone.visits.remove(before)
        phone.visits.append(Finished(before.visit_id, before.assignment_id, before.revision + 1, report, photos))

    def _expire(self, phone: WirePhone) -> None:
        phone.cookie = ""
        phone.drain()
        assert phone.login_ended or not any(each.is_open for each in phone.visits), "drafts: sent without a login"
        assert phone.log_in()

    def _swap(self, phone: WirePhone) -> None:
        """Another person has logged in on the phone between its question and its sending."""
        other = next(each for each in self.phones if each is not phone)
        own, phone.cookie = phone.cookie, other.cookie
        phone.drain()
        phone.cookie = own

    def _spoil(self, phone: WirePhone) -> None:
        """Something that the server never takes lies before everything else."""
        phone.visits.insert(0, Finished(new_id(), new_id(), 1, b"not a report at all", [], spoilt=True))

    def _drain_without_faults(self) -> None:
        for phone in self.phones:
            phone.holds = True
            assert phone.log_in()
            # A part that was damaged on its way is found out when it is whole, and comes again.
            for _ in range(1 + DAMAGED_TRIES):
                phone.keep()
            unkept = [each for each in phone.begun if each.kept != {photo.id for photo in each.photos}]
            assert not unkept, f"drain: of {len(unkept)} begun visits not all photos are kept"
        self._look()
        for phone in self.phones:
            while phone.begun:
                self._finish(phone)
            for _ in range(1 + DAMAGED_TRIES):
                phone.drain()
            undone = [each for each in phone.visits if each.is_open]
            assert not undone, f"drain: {len(undone)} visits are neither received nor parked"
            refused = [each.parked for each in phone.visits if each.parked not in (None, DAMAGED) and not each.spoilt]
            assert not refused, f"once: what was sent before is refused with {refused}"
        self._look()

    # ---- What was promised

    def _look(self) -> None:
        """Look at what was shown as received since the last look; and at who is said to have made what."""
        for phone in self.phones:
            for visit in phone.visits:
                if visit.delivered and (visit.visit_id, visit.revision) not in self.seen:
                    self.seen.add((visit.visit_id, visit.revision))
                    self._is_there(phone, visit)
            for begun in phone.begun:
                self._is_kept(begun)
        made = {each.visit_id: phone.person_id for phone in self.phones for each in phone.visits}
        with self.sessions() as session:
            rows = session.execute(select(Visit.id, Visit.inspector_id).where(Visit.id.in_(made))).all()
        assert len({visit_id for visit_id, _ in rows}) == len(rows), "once: a visit is there twice"
        strangers = [visit_id for visit_id, person in rows if made[visit_id] != person]
        assert not strangers, f"person: {strangers} are said to be another person's"

    def _is_there(self, phone: WirePhone, visit: Finished) -> None:
        with self.sessions() as session:
            sealed = session.scalars(
                select(SealedReport).where(SealedReport.visit_id == visit.visit_id, SealedReport.accepted)
            ).all()
            rows = session.scalars(select(Photo).where(Photo.visit_id == visit.visit_id)).all()
        photos = {photo.id: photo for photo in rows}
        of_revision = [each.body for each in sealed if each.revision == visit.revision]
        assert of_revision == [visit.report], f"once: {len(of_revision)} reports of revision {visit.revision}"
        for promised in visit.photos:
            kept = photos.get(promised.id)
            assert kept is not None, f"received: photo {promised.id} is unknown"
            assert kept.stored_at is not None, f"received: photo {promised.id} has not come"
            with self.storage.open(photo_key(kept)) as stream:
                found = hashlib.sha256(stream.read()).hexdigest()
            assert found == promised.sha256, f"received: photo {promised.id} has other bytes"

    def _is_kept(self, begun: Begun) -> None:
        with self.sessions() as session:
            photos = {photo_id: session.get(DraftPhoto, photo_id) for photo_id in begun.kept}
        for promised in begun.photos:
            if promised.id in begun.kept:
                kept = photos[promised.id]
                assert kept is not None, f"kept: photo {promised.id} is unknown"
                with self.storage.open(photo_key(kept)) as stream:
                    assert stream.read() == promised.content, f"kept: photo {promised.id} has other bytes"
        self.kept += len(begun.kept)

    def _photos(self, most: int) -> list[FieldPhoto]:
        sizes = [self.chance.randrange(1, 30_000) for _ in range(self.chance.randrange(most + 1))]
        return [FieldPhoto(self.chance.randbytes(size)) for size in sizes]

    def _report(self, assignment: Assignment, photos: list[FieldPhoto], revision: int = 1) -> bytes:
        asked = self.audit.criterion("states")["id"]
        report: dict[str, Any] = self.audit.report(assignment, photos={asked: photos}, revision=revision)
        return json.dumps(report).encode()
