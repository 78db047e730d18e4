"""How the demo's visits fare once they have arrived: photos, reviews, corrections, next revisions, held reports."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import cycle
from random import Random
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from checklists.orm import LanguageMap
from checklists.people import Role, User
from checklists.review import Content, Note, approve, correct, put_right, reject, reopen, send_back
from checklists.visits import receive_photo
from inspector.api.report_body import read_report
from inspector.demo.answers import content_in
from inspector.demo.building import Engagement
from inspector.demo.fieldwork import deliver
from inspector.demo.reports import Delivery
from inspector.demo.stories import (
    ANSWERED_NOTE,
    CORRECTIONS,
    PUT_RIGHT,
    REJECTIONS,
    REOPENED,
    RETURNS,
    DemoCorrection,
)

OFFICE, OFFICE_HOURS = ZoneInfo("Europe/Moscow"), (9, 19)
WAITING = 12
"""How many of the latest visits nobody has looked at yet."""


class Fate(StrEnum):
    """What becomes of a visit that was received."""

    APPROVED = "approved"
    WAITING = "waiting"
    RETURNED = "returned"
    RESENT = "returned, sent again and approved"
    RESENT_WAITING = "returned and sent again"
    REJECTED = "rejected"
    REOPENED = "approved, reopened and approved"
    REOPENED_WAITING = "approved and reopened"


FINISHED = {Fate.RESENT: 2, Fate.REOPENED: 1, Fate.REJECTED: 1}
RUNNING = {Fate.RESENT: 2, Fate.RESENT_WAITING: 1, Fate.REOPENED_WAITING: 1, Fate.REJECTED: 2, Fate.RETURNED: 3}
"""How many visits of the finished wave, and of the running one, fare otherwise than well."""


@dataclass(slots=True)
class Desk:
    """Who reviews the visits of an engagement, and when."""

    session: Session
    built: Engagement
    now: datetime
    reviewers: Iterator[User]
    random: Random

    def after(self, moment: datetime, least: float = 3, most: float = 40) -> datetime:
        """Some hours later, when somebody is in the office, but not later than now."""
        later = (moment + timedelta(hours=self.random.uniform(least, most))).astimezone(OFFICE)
        if later.hour >= OFFICE_HOURS[1]:
            later += timedelta(hours=24 - later.hour)
        if later.hour < OFFICE_HOURS[0]:
            later = later.replace(hour=OFFICE_HOURS[0])
        return min(later.astimezone(UTC), self.now)

    def reviewer(self) -> UUID:
        return next(self.reviewers).id


def open_desk(session: Session, built: Engagement, now: datetime) -> Desk:
    reviewers = cycle([*built.people[Role.REVIEWER], *built.people[Role.MANAGER]])
    return Desk(session, built, now, reviewers, Random("how reviews go"))


def receive_photos(session: Session, deliveries: Sequence[Delivery]) -> None:
    """What the phones' second calls do, now that the bytes are stored."""
    for delivery in deliveries:
        for photo_id, _ in delivery.photos:
            receive_photo(session, photo_id, delivery.received_at)


def review_finished(desk: Desk, deliveries: Sequence[Delivery]) -> None:
    """Review a wave to its end."""
    _review(desk, deliveries, _fates(desk, deliveries, FINISHED))


def review_running(desk: Desk, deliveries: Sequence[Delivery], held: Sequence[Delivery]) -> None:
    """Review all but the latest visits; the last but one of the first inspector's on site is sent back, and one of the
    held ones is put right.
    """
    received = [delivery for delivery in deliveries if delivery not in held]
    first = desk.built.people[Role.INSPECTOR][0]
    reviewed, waiting = received[:-WAITING], received[-WAITING:]
    sent_back = [each for each in reviewed if each.sender_id == first.id and each.checklist == "visit"][-1]
    fates = _fates(desk, [each for each in reviewed[:-WAITING] if each is not sent_back], RUNNING)
    fates |= {sent_back.visit_id: Fate.RETURNED} | {each.visit_id: Fate.WAITING for each in waiting}
    _review(desk, received, fates)
    _put_right(desk, held[-1])


def _fates(desk: Desk, deliveries: Sequence[Delivery], numbers: dict[Fate, int]) -> dict[UUID, Fate]:
    chosen = iter(desk.random.sample(_reviewable(deliveries), sum(numbers.values())))
    return {next(chosen).visit_id: fate for fate, number in numbers.items() for _ in range(number)}


def _reviewable(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Visits to which the notes and reasons of the demo suit."""
    return [each for each in deliveries if each.checklist in ("visit", "call") and not each.report["best_practices"]]


def _review(desk: Desk, deliveries: Sequence[Delivery], fates: dict[UUID, Fate]) -> None:
    corrections = list(CORRECTIONS)
    for delivery in deliveries:
        fate = fates.get(delivery.visit_id, Fate.APPROVED)
        decided_at = desk.after(delivery.received_at)
        if fate is Fate.APPROVED:
            _correct(desk, delivery, corrections, decided_at)
        _HISTORIES[fate](desk, delivery, decided_at)


def _approve(desk: Desk, delivery: Delivery, at: datetime) -> None:
    approve(desk.session, delivery.visit_id, desk.reviewer(), at)


def _leave(_desk: Desk, _delivery: Delivery, _at: datetime) -> None:
    """Nobody has looked at it yet."""


def _reject(desk: Desk, delivery: Delivery, at: datetime) -> None:
    reason = desk.random.choice(REJECTIONS[delivery.checklist])
    reject(desk.session, delivery.visit_id, desk.reviewer(), _in_language(delivery, reason), at)


def _send_back(desk: Desk, delivery: Delivery, at: datetime) -> list[Note]:
    reason, texts = desk.random.choice(RETURNS)
    notes = [
        Note(UUID(answer["criterion_id"]), answer["repetition"], _in_language(delivery, texts[key]))
        for answer in delivery.report["answers"]
        if answer["status"] == "answered" and (key := _key(desk, delivery, answer["criterion_id"])) in texts
    ][:2]
    send_back(desk.session, delivery.visit_id, desk.reviewer(), _in_language(delivery, reason), notes, at)
    return notes


def _return(desk: Desk, delivery: Delivery, at: datetime) -> None:
    _send_back(desk, delivery, at)


def _resend(desk: Desk, delivery: Delivery, at: datetime) -> datetime:
    """Send the visit back, and let its inspector send the next revision with the same photos; says when it came."""
    noted = {str(note.criterion_id) for note in _send_back(desk, delivery, at)}
    again = deepcopy(delivery.report) | {"revision": 2}
    for answer in again["answers"]:
        if answer["criterion_id"] in noted:
            answer["comment"] = _in_language(delivery, ANSWERED_NOTE)
    delivery.report, delivery.received_at = again, desk.after(at, 2, 20)
    deliver(desk.session, delivery)
    return delivery.received_at


def _resend_and_wait(desk: Desk, delivery: Delivery, at: datetime) -> None:
    _resend(desk, delivery, at)


def _resend_and_approve(desk: Desk, delivery: Delivery, at: datetime) -> None:
    _approve(desk, delivery, desk.after(_resend(desk, delivery, at)))


def _reopen(desk: Desk, delivery: Delivery, at: datetime) -> datetime:
    _approve(desk, delivery, at)
    reopened_at = desk.after(at, 20, 60)
    reopen(desk.session, delivery.visit_id, desk.reviewer(), _in_language(delivery, REOPENED), reopened_at)
    return reopened_at


def _reopen_and_wait(desk: Desk, delivery: Delivery, at: datetime) -> None:
    _reopen(desk, delivery, at)


def _reopen_and_approve(desk: Desk, delivery: Delivery, at: datetime) -> None:
    _approve(desk, delivery, desk.after(_reopen(desk, delivery, at)))


_HISTORIES: dict[Fate, Callable[[Desk, Delivery, datetime], None]] = {
    Fate.APPROVED: _approve,
    Fate.WAITING: _leave,
    Fate.RETURNED: _return,
    Fate.RESENT: _resend_and_approve,
    Fate.RESENT_WAITING: _resend_and_wait,
    Fate.REJECTED: _reject,
    Fate.REOPENED: _reopen_and_approve,
    Fate.REOPENED_WAITING: _reopen_and_wait,
}


def _correct(desk: Desk, delivery: Delivery, corrections: list[DemoCorrection], at: datetime) -> None:
    """Make the first of these corrections that suits the visit, before it is approved, and take it off the list."""
    wished = {(each.checklist, each.criterion): each for each in corrections}
    for answer in delivery.report["answers"]:
        place = (UUID(answer["criterion_id"]), answer["repetition"])
        correction = wished.get((delivery.checklist, _key(desk, delivery, answer["criterion_id"])))
        if correction is None or delivery.drawn.zones[place] in (None, correction.zone):
            continue
        content = {name: answer[name] for name in ("status", "states", "options", "value", "comment")}
        content |= content_in(delivery.form.criteria[place[0]], correction.zone, desk.random)
        reason = _in_language(delivery, correction.reason)
        correct(desk.session, delivery.visit_id, desk.reviewer(), *place, cast(Content, content), reason, at)
        corrections.remove(correction)
        return


def _put_right(desk: Desk, delivery: Delivery) -> None:
    at = desk.after(delivery.received_at)
    put_right(
        desk.session,
        delivery.visit_id,
        desk.built.people[Role.MANAGER][0].id,
        read_report(delivery.body),
        delivery.assignment.id,
        _in_language(delivery, PUT_RIGHT),
        at,
    )
    _approve(desk, delivery, desk.after(at))


def _key(desk: Desk, delivery: Delivery, criterion_id: str) -> str:
    """What the demo calls the criterion."""
    return desk.built.criteria[delivery.form.criteria[UUID(criterion_id)].lineage_id].key


def _in_language(delivery: Delivery, text: LanguageMap) -> str:
    """In the language of the inspector, who shall read it."""
    return text[delivery.language]
