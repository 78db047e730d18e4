"""What the demo's inspectors send in: reports as the phone writes them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from checklists.orm import new_id
from checklists.scoring import Form, Zone
from checklists.waves import Assignment
from inspector.demo.albums import Albums, Picture
from inspector.demo.answers import Drawn, Place, draw_answers
from inspector.demo.building import Engagement
from inspector.demo.coffee_chain import LUCK, QUALITY, WEAK_OUTLETS, WITHOUT_RESTROOM
from inspector.demo.parts import DemoChecklist
from inspector.demo.stories import STAFF, DemoPractice

SEED = 1038
"""Chosen so that the matrix of the first wave has every kind of verdict."""
OPTIONAL_PHOTO_CHANCE = 0.04
LATE_CHANCE = 0.05
"""How often a phone was without a signal for days."""
FIRST_HOUR, LAST_HOUR = 9, 18


@dataclass(slots=True)
class Delivery:
    """One visit on its way: what the phone sends of it, by whom, when it arrives, and the photos that follow."""

    visit_id: UUID
    assignment: Assignment
    sender_id: UUID
    language: str
    checklist: str
    form: Form
    report: dict[str, Any]
    drawn: Drawn
    photos: list[tuple[UUID, Picture]]
    received_at: datetime

    @property
    def body(self) -> bytes:
        return json.dumps(self.report, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def arrived_on(self) -> date:
        """The day of its arrival on the outlet's clocks."""
        return self.received_at.astimezone(self.assignment.outlet.zone).date()


def write_report(
    built: Engagement,
    assignment: Assignment,
    form: Form,
    checklist: DemoChecklist,
    wave: tuple[int, int],
    albums: Albums,
    practices: Iterator[DemoPractice],
) -> Delivery:
    """A finished visit of this assignment, within its window; `wave` is the wave's number, and that of the visit in it.

    The photos are promised and not stored yet.
    """
    assert assignment.inspector is not None
    outlet, language = assignment.outlet, assignment.inspector.language
    random = Random(f"{SEED}, {outlet.name}, {checklist.key}, {wave}")
    started = _begin(assignment, random)
    repetitions = {section.id: random.randint(2, 3) for section in form.sections if section.repeats}
    place = _place(built, assignment, wave[0])
    drawn = draw_answers(form, built.criteria, place, repetitions, started, language, random)
    minutes = timedelta(minutes=random.randint(*checklist.minutes), seconds=random.randrange(60))
    finished = max(started + minutes, _waited_until(form, drawn, started)) + timedelta(seconds=random.randint(60, 240))
    photos = _attach_photos(built, form, drawn, outlet.brand.name, albums, random)
    best = [_practice(built, each, language, albums, photos) for each in practices]
    report = {
        "revision": 1,
        "assignment_id": str(assignment.id),
        "checklist_version_id": str(form.version_id),
        "started_at": started.isoformat(),
        "finished_at": finished.isoformat(),
        "elapsed_ms": int((finished - started) / timedelta(milliseconds=1)),
        "utc_offset": int((started.utcoffset() or timedelta()) / timedelta(minutes=1)),
        "app_version": "demo",
        "device_id": str(UUID(int=Random(assignment.inspector.email).getrandbits(128), version=4)),
        "positions": [_position(assignment, started, random)] if _on_site(built, form) else [],
        "answers": list(drawn.answers.values()),
        "repetitions": _repetitions(built, form, repetitions, language, random),
        "staff_met": _staff(language, random) if form.staff_met else [],
        "best_practices": best,
        "photos": [
            {
                "id": str(photo_id),
                "sha256": picture.sha256,
                "size": picture.size,
                "media_type": "image/jpeg",
                "taken_at": (started + (finished - started) * random.uniform(0.1, 0.9)).isoformat(),
            }
            for photo_id, picture in photos
        ],
    }
    return Delivery(
        new_id(),
        assignment,
        assignment.inspector.id,
        language,
        checklist.key,
        form,
        report,
        drawn,
        photos,
        (finished + _on_the_way(random)).astimezone(UTC),
    )


def _begin(assignment: Assignment, random: Random) -> datetime:
    """Some minute of some day within the assignment's window and hours, as the clock shows it at the outlet."""
    zone = assignment.outlet.zone
    first, end = assignment.due_from.astimezone(zone), assignment.due_until.astimezone(zone)
    day = first.date() + timedelta(days=random.randrange((end.date() - first.date()).days))
    hours = (assignment.hours_from or FIRST_HOUR, min(assignment.hours_until or LAST_HOUR + 1, LAST_HOUR + 1))
    return datetime.combine(day, time(random.randrange(*hours), random.randrange(60)), zone)


def _waited_until(form: Form, drawn: Drawn, started: datetime) -> datetime:
    """When the last time stamp was tapped, and the longest wait that was noted in minutes was over."""
    waits = [
        answer["value"] or 0
        for (criterion_id, _), answer in drawn.answers.items()
        if form.criteria[criterion_id].kind == "measure" and form.criteria[criterion_id].unit == "minutes"
    ]
    return max(drawn.ended_at, started + timedelta(minutes=max(waits, default=0)))


def _on_the_way(random: Random) -> timedelta:
    if random.random() < LATE_CHANCE:
        return timedelta(days=random.randint(1, 2), minutes=random.randint(1, 90))
    return timedelta(minutes=random.randint(1, 40))


def _place(built: Engagement, assignment: Assignment, wave: int) -> Place:
    outlet = assignment.outlet
    luck = Random(outlet.name).uniform(-LUCK, LUCK) - WEAK_OUTLETS.get(outlet.name, 0)
    quality = {}
    for key, brands in QUALITY.items():
        touchpoint = built.touchpoints[key]
        # A site or a page is the brand's; only what is done in the shop depends on the shop.
        quality[touchpoint.id] = brands[outlet.brand.name][wave] + (0 if touchpoint.channel.remote else luck)
    absent = {built.touchpoints["restroom"].id} if outlet.name in WITHOUT_RESTROOM else set()
    return Place(outlet.brand.name, outlet.attributes, quality, frozenset(absent))


def _on_site(built: Engagement, form: Form) -> bool:
    channels = {touchpoint.id: touchpoint.channel for touchpoint in built.touchpoints.values()}
    return any(channels[section.touchpoint_id].value == "on_site" for section in form.sections)


def _attach_photos(
    built: Engagement, form: Form, drawn: Drawn, brand: str, albums: Albums, random: Random
) -> list[tuple[UUID, Picture]]:
    """Put photos to the answers that need them and to some others; returns them all."""
    photos = []
    for key, answer in drawn.answers.items():
        criterion = form.criteria[key[0]]
        demo = built.criteria[criterion.lineage_id]
        if answer["status"] != "answered" or demo.scene is None:
            continue
        needed = criterion.evidence == "required" or criterion.kind == "photo"
        needed |= criterion.evidence == "not_green" and drawn.zones[key] in (Zone.YELLOW, Zone.RED)
        wished = criterion.evidence != "none" and random.random() < OPTIONAL_PHOTO_CHANCE
        for _ in range(criterion.evidence_at_least if needed else int(wished)):
            photo_id, picture = new_id(), albums.picture(brand, demo.scene, random)
            answer["photo_ids"].append(str(photo_id))
            photos.append((photo_id, picture))
    return photos


def _practice(
    built: Engagement, practice: DemoPractice, language: str, albums: Albums, photos: list[tuple[UUID, Picture]]
) -> dict[str, Any]:
    """A best practice as on the wire; its photo joins the visit's."""
    photo_ids = []
    if practice.scene:
        photo_id, picture = new_id(), albums.picture(practice.brand, practice.scene, Random(practice.text["en"]))
        photos.append((photo_id, picture))
        photo_ids.append(str(photo_id))
    return {
        "id": str(new_id()),
        "touchpoint_id": str(built.touchpoints[practice.touchpoint].id),
        "kind": practice.kind,
        "text": practice.text[language],
        "photo_ids": photo_ids,
    }


def _position(assignment: Assignment, at: datetime, random: Random) -> dict[str, Any]:
    """Where the phone believes to be: near the outlet, as exact as a phone is in a street."""
    return {
        "lat": round((assignment.outlet.latitude or 0.0) + random.gauss(0, 0.0002), 6),
        "lon": round((assignment.outlet.longitude or 0.0) + random.gauss(0, 0.0003), 6),
        "accuracy_m": random.randint(8, 45),
        "at": at.isoformat(),
    }


def _repetitions(
    built: Engagement, form: Form, repetitions: Mapping[UUID, int], language: str, random: Random
) -> list[dict[str, Any]]:
    found = []
    for section in form.sections:
        if section.id in repetitions:
            labels = random.sample(built.sections[section.lineage_id].labels, repetitions[section.id])
            found += [
                {"section_id": str(section.id), "repetition": number, "label": label[language]}
                for number, label in enumerate(labels)
            ]
    return found


def _staff(language: str, random: Random) -> list[dict[str, Any]]:
    return [
        {"role": role[language], "description": description[language], "name": name}
        for role, description, name in random.sample(STAFF, random.randint(1, 2))
    ]
