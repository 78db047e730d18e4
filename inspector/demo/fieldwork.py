"""The demo's fieldwork: waves are planned and handed out, and their visits are delivered."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.people import Role, User
from checklists.scoring import read_form
from checklists.visits import FieldAccess, Receipt, Sender, record_visit
from checklists.waves import Assignment, Wave, assignments_of, change_assignment, hand_out, plan_assignments, revoke
from inspector.api.report_body import read_report
from inspector.demo.albums import Albums, Picture, retouched
from inspector.demo.building import Engagement
from inspector.demo.coffee_chain import OWN
from inspector.demo.reports import Delivery, write_report
from inspector.demo.stories import PRACTICES, DemoPractice

VISITS = 300
"""How many visits there are in both waves."""
PRACTICES_IN = (7, 5)
"""How many of the best practices are found in the first wave, and in the second."""


def plan(session: Session, built: Engagement, wave: Wave) -> list[Assignment]:
    """Plan the whole wave and hand it out, each assignment with its checklist's brief; by due date."""
    plan_assignments(session, wave, built.people[Role.INSPECTOR], wave.created_at)
    assignments = assignments_of(session, wave.id)
    for assignment in assignments:
        _change(built, assignment, assignment.inspector, assignment.due_from, assignment.due_until)
    hand_out(assignments, wave.created_at)
    return assignments


def _change(
    built: Engagement, assignment: Assignment, inspector: User | None, due_from: datetime, due_until: datetime
) -> None:
    hours = (assignment.hours_from, assignment.hours_until)
    change_assignment(
        assignment,
        inspector_id=inspector.id if inspector else None,
        due_from=due_from,
        due_until=due_until,
        brief=built.checklists[checklist_of(built, assignment)].brief,
        hours=None if hours[0] is None or hours[1] is None else (hours[0], hours[1]),
    )
    assignment.inspector = inspector


def checklist_of(built: Engagement, assignment: Assignment) -> str:
    """The key of the assignment's checklist."""
    (key,) = (key for key, version in built.versions.items() if version.checklist_id == assignment.version.checklist_id)
    return key


def finished_wave(built: Engagement, number: int, assignments: Sequence[Assignment], albums: Albums) -> list[Delivery]:
    """The visits of a wave of which each one was made, in the order of arrival; `number` is the wave's."""
    return _write(built, assignments, number, albums)


def running_wave(
    built: Engagement, number: int, assignments: Sequence[Assignment], albums: Albums, today: date, visits: int
) -> list[Delivery]:
    """The first `visits` visits of a wave of which some are still to be made, and some are overdue.

    The first inspector, whom a visitor of the demo will be, finds one of each checklist to do, and one that is overdue.
    """
    first = built.people[Role.INSPECTOR][0]
    reserved = _reserve(built, assignments, first, today)
    made = [
        delivery
        for delivery in _write(built, [each for each in assignments if each not in reserved], number, albums)
        if delivery.arrived_on < today
    ]
    could_be_late = [delivery for delivery in made if _window_is_over(delivery.assignment, today)]
    late = Random("who is late").sample(could_be_late, len(made) - visits)
    _change(built, late[0].assignment, first, late[0].assignment.due_from, late[0].assignment.due_until)
    return [delivery for delivery in made if delivery not in late]


def _window_is_over(assignment: Assignment, today: date) -> bool:
    return assignment.due_until <= datetime.combine(today, time.min, assignment.outlet.zone)


def _reserve(built: Engagement, assignments: Sequence[Assignment], person: User, today: date) -> list[Assignment]:
    """Each checklist's last assignment at the own brand, for this person from today on; due one after the other."""
    last = {checklist_of(built, each): each for each in assignments if each.outlet.brand.name == OWN}
    for number, assignment in enumerate(last.values()):
        due_from = datetime.combine(today, time.min, assignment.outlet.zone)
        _change(built, assignment, person, due_from, due_from + timedelta(days=1 + number))
        assignment.hours_from = assignment.hours_until = None
    return list(last.values())


def _write(built: Engagement, assignments: Sequence[Assignment], wave: int, albums: Albums) -> list[Delivery]:
    """A visit of each assignment in the order of arrival."""
    forms = {version.id: read_form(version.document or {}) for version in built.versions.values()}
    numbers = Counter[str]()
    found = _Practices(PRACTICES[: PRACTICES_IN[0]] if wave == 0 else PRACTICES[PRACTICES_IN[0] :])
    deliveries = []
    for assignment in assignments:
        key = checklist_of(built, assignment)
        place = f"{assignment.outlet.name}, {key}"
        numbers[place] += 1
        practices = found.at(assignment.outlet.brand.name, {s.touchpoint for s in built.checklists[key].sections})
        form = forms[assignment.version_id]
        number = (wave, numbers[place])
        deliveries.append(write_report(built, assignment, form, built.checklists[key], number, albums, practices))
    return sorted(deliveries, key=lambda each: each.received_at)


class _Practices:
    """Hands each best practice to one visit at its brand and touchpoint, and lets some visits pass in between."""

    def __init__(self, practices: Sequence[DemoPractice]) -> None:
        self.left = list(practices)
        self.random = Random("who finds what")

    def at(self, brand: str, touchpoints: set[str]) -> Iterator[DemoPractice]:
        for practice in [each for each in self.left if each.brand == brand and each.touchpoint in touchpoints]:
            if self.random.random() < 0.3:
                self.left.remove(practice)
                yield practice
                return


def deliver(session: Session, delivery: Delivery) -> Receipt:
    """What the phone's first call does; its photos are still to come."""
    return record_visit(
        session,
        delivery.visit_id,
        Sender(delivery.sender_id, (FieldAccess(delivery.assignment.organization_id),)),
        delivery.body,
        read_report(delivery.body),
        delivery.received_at,
    )


def disturb(session: Session, deliveries: Sequence[Delivery], inspectors: Sequence[User]) -> list[Delivery]:
    """Let some visits go wrong so that they will be held, and return these.

    One is made while its assignment is revoked, one lacks a photo, one has a phone whose clock began anew, and two are
    sent by a colleague who stood in.
    """
    random = Random("what goes wrong")
    revoked, bare, timeless = random.sample([each for each in deliveries if each.checklist == "visit"], 3)
    strangers = random.sample([each for each in deliveries if each.checklist == "call"], 2)
    revoke(revoked.assignment)
    session.flush()
    answer = next(each for each in bare.report["answers"] if each["photo_ids"])
    answer["photo_ids"] = []
    _begin_anew(timeless)
    for stranger in strangers:
        stranger.sender_id = random.choice([each.id for each in inspectors if each.id != stranger.sender_id])
    return [revoked, bare, timeless, *strangers]


def reuse_a_photo(finished: Sequence[Delivery], running: Sequence[Delivery]) -> None:
    """Let one inspector send for the same criterion, at the same brand, what another one photographed a wave before."""
    taken = {
        (early.assignment.outlet.brand_id, answer["criterion_id"]): (early, answer["photo_ids"][0])
        for early in finished
        for answer in early.report["answers"]
        if answer["photo_ids"]
    }
    for late in running:
        for answer in late.report["answers"]:
            early, photo_id = taken.get((late.assignment.outlet.brand_id, answer["criterion_id"]), (late, ""))
            if answer["photo_ids"] and early.sender_id != late.sender_id:
                picture = retouched(dict(early.photos)[UUID(photo_id)])
                _exchange(late, UUID(answer["photo_ids"][0]), picture)
                return


def _exchange(delivery: Delivery, photo_id: UUID, picture: Picture) -> None:
    """Let the photo be another picture, in the report and in what follows it."""
    (promise,) = (each for each in delivery.report["photos"] if each["id"] == str(photo_id))
    promise |= {"sha256": picture.sha256, "size": picture.size}
    delivery.photos = [(one, picture if one == photo_id else other) for one, other in delivery.photos]


def _begin_anew(delivery: Delivery) -> None:
    """Let the phone's clock have begun anew in 1970, on the day of the visit."""
    report = delivery.report
    started = datetime.fromisoformat(report["started_at"])
    ahead = started - started.replace(year=1970, month=1, day=1)
    for place, name in (
        *((report, name) for name in ("started_at", "finished_at")),
        *((position, "at") for position in report["positions"]),
        *((photo, "taken_at") for photo in report["photos"]),
        *((answer, "value") for answer in report["answers"] if _is_moment(answer["value"])),
    ):
        place[name] = (datetime.fromisoformat(place[name]) - ahead).isoformat()


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and "T" in value and value[:4].isdecimal()
