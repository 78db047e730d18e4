"""The demo's fieldwork: a wave is planned, its visits are delivered and reviewed, and then it is extended."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.matrix import uncounted_checks
from checklists.orm import new_id
from checklists.people import Role
from checklists.review import approve, reject
from checklists.scoring import read_form
from checklists.visits import FieldAccess, Photo, Sender, VisitState, receive_photo, record_visit
from checklists.waves import (
    Assignment,
    assignments_of,
    change_assignment,
    hand_out,
    plan_assignments,
    revoke,
    set_required_checks,
)
from inspector.api.visits import ReportSchema
from inspector.demo.building import Engagement
from inspector.demo.coffee_chain import CALL_BRIEF, MOKKA, OWN, STEAM, WRONG_PLACE
from inspector.demo.reports import Delivery, Picture, write_report
from inspector.photo_images import draw_demo_photo
from inspector.photo_storage import PhotoStorage, photo_key

REJECTED = (MOKKA, 4)
"""A brand and the number of its visit on site, from 0: the inspector went to the wrong place."""
REVOKED = (STEAM, 7)
"""The same: the assignment was taken back while the inspector was on the way, so the visit is held."""
WAITING = 6
VISITS_ON_SITE = 14
EXTRA_PICTURES = {1: 2, 6: 2, 11: 2}
"""Photos beside the required one, by the number of a brand's visit on site."""
EXTENDED_BY_DAYS = 14


def store_pictures(storage: PhotoStorage, organization_id: UUID) -> dict[str, Iterator[Picture]]:
    """Draw all photos of the demo and store them under the ids by which the reports will promise them, by brand."""
    count = VISITS_ON_SITE + sum(EXTRA_PICTURES.values())
    albums = {}
    for number, brand in enumerate((OWN, STEAM, MOKKA)):
        pictures = []
        for seed in range(number * count, (number + 1) * count):
            content = draw_demo_photo(seed, brand)
            picture = Picture(new_id(), hashlib.sha256(content).hexdigest(), len(content))
            key = photo_key(Photo(id=picture.id, organization_id=organization_id))
            storage.write(key, io.BytesIO(content), size=picture.size, sha256=picture.sha256)
            pictures.append(picture)
        albums[brand] = iter(pictures)
    return albums


def run_wave(session: Session, engagement: Engagement, albums: Mapping[str, Iterator[Picture]], now: datetime) -> None:
    """Plan the wave, hand it out and take in its visits.

    All but the latest ones are reviewed; one is rejected, and one is held.
    """
    wave = engagement.wave
    _require(session, engagement, {("call", MOKKA): 5, ("consultation", MOKKA): 5})
    plan_assignments(session, wave, engagement.people[Role.INSPECTOR], wave.created_at)
    assignments = assignments_of(session, wave.id)
    for assignment in assignments:
        _change(engagement, assignment, assignment.inspector_id, assignment.due_from, assignment.due_until)
    hand_out(assignments, wave.created_at)

    reviewers = cycle([*engagement.people[Role.REVIEWER], *engagement.people[Role.MANAGER]])
    hours = Random("how long reviews take")
    waiting = []
    for delivery, number in _deliveries(engagement, assignments, albums):
        if number == REVOKED:
            revoke(delivery.assignment)
        visit_id, state = _deliver(session, delivery)
        decided_at = min(delivery.received_at + timedelta(hours=hours.uniform(3, 40)), now)
        if number == REJECTED:
            reject(session, visit_id, next(reviewers).id, WRONG_PLACE, decided_at)
        elif state is VisitState.RECEIVED:
            waiting.append((visit_id, decided_at))
    for visit_id, decided_at in waiting[:-WAITING]:
        approve(session, visit_id, next(reviewers).id, decided_at)


def _require(session: Session, engagement: Engagement, numbers: Mapping[tuple[str, str], int]) -> None:
    """Change the wave's required checks, by touchpoint and brand."""
    set_required_checks(
        session,
        engagement.wave,
        {
            (engagement.touchpoints[touchpoint].id, engagement.brands[brand].id, None): number
            for (touchpoint, brand), number in numbers.items()
        },
    )


def _change(
    engagement: Engagement, assignment: Assignment, inspector_id: UUID | None, due_from: datetime, due_until: datetime
) -> None:
    """Give the assignment a window and an inspector, and the brief that suits its checklist."""
    called = assignment.version_id == engagement.versions["call"].id
    change_assignment(
        assignment,
        inspector_id=inspector_id,
        due_from=due_from,
        due_until=due_until,
        brief=CALL_BRIEF if called else engagement.wave.brief,
    )


def _deliveries(
    engagement: Engagement, assignments: Sequence[Assignment], albums: Mapping[str, Iterator[Picture]]
) -> list[tuple[Delivery, tuple[str, int] | None]]:
    """A visit of each assignment in the order of arrival; those on site with their brand and number."""
    forms = {version.id: read_form(version.document or {}) for version in engagement.versions.values()}
    numbers = Counter[str]()
    deliveries = []
    for assignment in assignments:
        brand, number, extra = assignment.outlet.brand.name, None, 0
        if assignment.version_id == engagement.versions["visit"].id:
            number, extra = (brand, numbers[brand]), EXTRA_PICTURES.get(numbers[brand], 0)
            numbers[brand] += 1
        form = forms[assignment.version_id]
        delivery = write_report(assignment, form, engagement.touchpoints, albums[brand], extra)
        deliveries.append((delivery, number))
    return sorted(deliveries, key=lambda each: each[0].received_at)


def _deliver(session: Session, delivery: Delivery) -> tuple[UUID, VisitState]:
    """What the phone's two calls do, in the transaction of the whole demo."""
    inspector_id = delivery.assignment.inspector_id
    assert inspector_id is not None
    receipt = record_visit(
        session,
        new_id(),
        Sender(inspector_id, (FieldAccess(delivery.assignment.organization_id),)),
        delivery.body,
        ReportSchema().load(json.loads(delivery.body)),
        delivery.received_at,
    )
    for photo_id in receipt.missing_photos:
        receive_photo(session, photo_id, delivery.received_at)
    return receipt.id, receipt.state


def extend_wave(session: Session, engagement: Engagement, today: date, now: datetime) -> None:
    """Ask for more checks and hand the missing visits out, every other one to the first inspector and from today on.

    That inspector is whom a visitor of the demo will be, and should find something to do on the phone.
    """
    engagement.wave.ends_on = today + timedelta(days=EXTENDED_BY_DAYS)
    _require(session, engagement, {("counter", OWN): 20, ("call", MOKKA): 8, ("consultation", MOKKA): 8})
    first, *others = engagement.people[Role.INSPECTOR]
    uncounted = uncounted_checks(session, engagement.wave.id)
    planned = plan_assignments(session, engagement.wave, others, now, uncounted)
    for number, assignment in enumerate(planned):
        inspector_id, due_from, due_until = assignment.inspector_id, assignment.due_from, assignment.due_until
        if number % 2 == 0:
            inspector_id = first.id
            due_from = datetime.combine(today, time.min, assignment.outlet.zone)
            due_until = due_from + timedelta(days=EXTENDED_BY_DAYS + 1 - number % 12)
        _change(engagement, assignment, inspector_id, due_from, due_until)
    hand_out(planned, now)
