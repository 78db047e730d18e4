"""What the demo's inspectors send in: reports as the phone writes them, with answers drawn by a seeded random."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

from checklists.journey import Touchpoint
from checklists.scoring import Form, FormCriterion, Kind, Zone
from checklists.waves import Assignment
from inspector.demo.coffee_chain import QUALITY
from inspector.demo.coffee_checklists import COULD_NOT_CHECK, REMARKS

SEED = 1038
"""Chosen so that the matrix has every kind of verdict."""
NOT_APPLICABLE_CHANCE = 0.12
COULD_NOT_CHECK_CHANCE = 0.02
REMARK_CHANCE = 0.6
OUTLETS_LUCK = 0.04
"""How far an outlet's quality may lie above or below its brand's."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo that the storage holds already and a report may promise."""

    id: UUID
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One visit on its way: when it was made, when it arrives, and its body as the phone sends it."""

    assignment: Assignment
    finished_at: datetime
    received_at: datetime
    body: bytes


def write_report(
    assignment: Assignment,
    form: Form,
    touchpoints: Mapping[str, Touchpoint],
    pictures: Iterator[Picture],
    extra_pictures: int,
) -> Delivery:
    """A finished visit of this assignment, within its window, with one photo where one is required and some more."""
    day = (assignment.due_from.astimezone(assignment.outlet.zone).date() - assignment.wave.starts_on).days
    random = Random(f"{SEED}, {assignment.outlet.name}, {form.title['en']}, day {day}")
    remote = all(point.channel.remote for point in touchpoints.values() if point.id in form.touchpoints)
    started, finished = _times(assignment, random, minutes=(4, 9) if remote else (25, 50))
    quality = _quality(assignment, touchpoints)
    answers = [
        _answer(criterion, quality[criterion.touchpoint_id], assignment, random) for criterion in form.criteria.values()
    ]
    photos = _attach_photos(form, answers, pictures, extra_pictures, random)
    report = {
        "revision": 1,
        "assignment_id": str(assignment.id),
        "checklist_version_id": str(form.version_id),
        "started_at": started.isoformat(),
        "finished_at": finished.isoformat(),
        "elapsed_ms": int((finished - started) / timedelta(milliseconds=1)),
        "utc_offset": int((started.utcoffset() or timedelta()) / timedelta(minutes=1)),
        "app_version": "demo",
        "device_id": str(UUID(int=Random(str(assignment.inspector_id)).getrandbits(128), version=4)),
        "positions": [] if remote else [_position(assignment, started, random)],
        "answers": answers,
        "best_practices": [],
        "photos": [
            {
                "id": str(photo.id),
                "sha256": photo.sha256,
                "size": photo.size,
                "media_type": "image/jpeg",
                "taken_at": (started + (finished - started) * random.uniform(0.1, 0.9)).isoformat(),
            }
            for photo in photos
        ],
    }
    return Delivery(
        assignment,
        finished.astimezone(UTC),
        (finished + timedelta(minutes=random.randint(1, 150))).astimezone(UTC),
        json.dumps(report, ensure_ascii=False, separators=(",", ":")).encode(),
    )


def _times(assignment: Assignment, random: Random, minutes: tuple[int, int]) -> tuple[datetime, datetime]:
    """Some hour of some day within the assignment's window, as the clock shows it at the outlet."""
    zone = assignment.outlet.zone
    first, end = assignment.due_from.astimezone(zone), assignment.due_until.astimezone(zone)
    day = first.date() + timedelta(days=random.randrange((end.date() - first.date()).days))
    started = datetime.combine(day, time(random.randint(9, 19), random.randrange(60)), zone)
    return started, started + timedelta(minutes=random.randint(*minutes), seconds=random.randrange(60))


def _quality(assignment: Assignment, touchpoints: Mapping[str, Touchpoint]) -> dict[UUID, float]:
    outlet = assignment.outlet
    luck = Random(outlet.name).uniform(-OUTLETS_LUCK, OUTLETS_LUCK)
    return {touchpoints[name].id: quality[outlet.brand.name] + luck for name, quality in QUALITY.items()}


def _answer(criterion: FormCriterion, quality: float, assignment: Assignment, random: Random) -> dict[str, Any]:
    assert assignment.inspector is not None
    language = assignment.inspector.language
    answer: dict[str, Any] = {
        "criterion_id": str(criterion.id),
        "repetition": 0,
        "status": "answered",
        "states": [],
        "options": [],
        "value": None,
        "reason": None,
        "comment": None,
        "photo_ids": [],
    }
    if criterion.may_be_not_applicable and random.random() < NOT_APPLICABLE_CHANCE:
        return answer | {"status": "not_applicable"}
    if criterion.evidence != "required" and random.random() < COULD_NOT_CHECK_CHANCE:
        return answer | {"status": "could_not_check", "reason": COULD_NOT_CHECK[language]}
    zone = _zone(quality, random)
    remark = REMARKS.get(criterion.text["en"])
    if zone is not Zone.GREEN and remark and random.random() < REMARK_CHANCE:
        answer["comment"] = remark[language]
    return answer | _CONTENT[criterion.kind](criterion, zone, random)


def _zone(quality: float, random: Random) -> Zone:
    """The better the place, the fewer its slips, and the milder."""
    if random.random() < quality:
        return Zone.GREEN
    return Zone.YELLOW if random.random() < quality else Zone.RED


def _states(criterion: FormCriterion, zone: Zone, random: Random) -> dict[str, Any]:
    expected = list(criterion.expected)
    forbidden = [state.id for state in criterion.states.values() if state.forbidden]
    if zone is Zone.GREEN:
        seen = random.sample(expected, random.randint(criterion.enough, len(expected)))
    elif zone is Zone.YELLOW and criterion.enough > 1:
        seen = random.sample(expected, random.randrange(1, criterion.enough))
    else:
        seen = [random.choice(forbidden)] if forbidden and random.random() < 0.6 else []
    return {"states": [str(state) for state in seen]}


def _measure(criterion: FormCriterion, zone: Zone, random: Random) -> dict[str, Any]:
    green, red = int(criterion.green_limit or 0), int(criterion.red_limit or 0)
    ranges = {
        Zone.GREEN: (green // 3, green),
        Zone.YELLOW: (green + 1, red - 1),
        Zone.RED: (red, red * 3 // 2),
    }
    return {"value": random.randint(*ranges[zone])}


def _choice(criterion: FormCriterion, zone: Zone, _random: Random) -> dict[str, Any]:
    return {"options": [str(option.id) for option in criterion.options.values() if option.zone is zone]}


_CONTENT = {Kind.STATES: _states, Kind.MEASURE: _measure, Kind.CHOICE: _choice}


def _attach_photos(
    form: Form, answers: list[dict[str, Any]], pictures: Iterator[Picture], extra_pictures: int, random: Random
) -> list[Picture]:
    """Put pictures to the answers that need one, and to `extra_pictures` others that may have one; returns them all."""
    evidence = {str(criterion.id): criterion.evidence for criterion in form.criteria.values()}
    backed = [answer for answer in answers if evidence[answer["criterion_id"]] == "required"]
    open_to_more = [
        answer
        for answer in answers
        if evidence[answer["criterion_id"]] == "optional" and answer["status"] == "answered"
    ]
    backed += random.sample(open_to_more, extra_pictures)
    photos = []
    for answer in backed:
        photo = next(pictures)
        answer["photo_ids"].append(str(photo.id))
        photos.append(photo)
    return photos


def _position(assignment: Assignment, at: datetime, random: Random) -> dict[str, Any]:
    """Where the phone believes to be: near the outlet, as exact as a phone is in a street."""
    return {
        "lat": round((assignment.outlet.latitude or 0.0) + random.gauss(0, 0.0002), 6),
        "lon": round((assignment.outlet.longitude or 0.0) + random.gauss(0, 0.0003), 6),
        "accuracy_m": random.randint(8, 45),
        "at": at.isoformat(),
    }
