"""What an inspector's phone sends: answers in a wished zone, photos, whole reports, and their delivery."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from checklists.orm import new_id
from checklists.scoring import Given, Status, Zone
from checklists.visits import (
    AnswerReport,
    BestPracticeKind,
    BestPracticeReport,
    Consent,
    FieldAccess,
    PhotoPromise,
    Receipt,
    RepetitionReport,
    Report,
    Sender,
    StaffReport,
    record_visit,
)
from checklists.waves import Assignment

Answers = Mapping[str, Mapping[str, Any]]
"""What to answer otherwise than green, by criterion id as in the document: {"<id>": {"status": "not_applicable"}}."""


FACTS = {
    "text": "«Добрый день!»",
    "date": "2026-11-22",
    "time_stamp": "2026-11-22T10:15:00+03:00",
    "money": 349.9,
    "photo": None,
}
"""What is answered where there are no zones."""


def answer_in_zone(criterion: Mapping[str, Any], zone: Zone | str = Zone.GREEN) -> dict[str, Any]:
    """An answer on the wire that comes out in the zone; `criterion` as in a compiled document.

    Yellow for states is the first expected one alone, which earns its share of the weights.
    """
    zone = Zone(zone)
    answer: dict[str, Any] = {
        "criterion_id": criterion["id"],
        "repetition": 0,
        "status": "not_applicable" if zone is Zone.NOT_APPLICABLE else "answered",
        "states": [],
        "options": [],
        "value": None,
        "reason": None,
        "comment": None,
        "photo_ids": [],
    }
    if zone is Zone.NOT_APPLICABLE:
        return answer
    if criterion["kind"] == "states":
        expected = [state["id"] for state in criterion["states"] if state["polarity"] == "expected"]
        forbidden = [state["id"] for state in criterion["states"] if state["polarity"] == "forbidden"]
        answer["states"] = {Zone.GREEN: expected, Zone.YELLOW: expected[:1], Zone.RED: forbidden[:1]}[zone]
    elif criterion["kind"] in ("measure", "rating"):
        green, red = criterion["green_limit"], criterion["red_limit"]
        answer["value"] = {Zone.GREEN: green, Zone.YELLOW: (green + red) / 2, Zone.RED: red}[zone]
    elif criterion["kind"] != "choice":
        answer["value"] = FACTS.get(criterion["kind"], 1)
    else:
        fitting = [option["id"] for option in criterion["options"] if option["zone"] == zone]
        answer["options"] = fitting if criterion["several"] and zone is Zone.GREEN else fitting[:1]
    return answer


@dataclass(frozen=True, slots=True)
class FieldPhoto:
    """A photo as the phone holds it: its id and its bytes."""

    content: bytes = b"not a picture at all"
    media_type: str = "image/jpeg"
    id: UUID = field(default_factory=new_id)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def make_report(
    assignment: Assignment,
    document: Mapping[str, Any],
    *,
    zones: Mapping[str, Zone | str] | None = None,
    answers: Answers | None = None,
    photos: Mapping[str, Sequence[FieldPhoto]] | None = None,
    repetitions: Mapping[str, Sequence[str]] | None = None,
    started_at: datetime | None = None,
    **values: Any,
) -> dict[str, Any]:
    """A whole report as rules.md has it on the wire: all green but for `zones` and `answers`, both by criterion id.

    `repetitions` are the labels of a repeating section's repetitions by its id; what is said of the second one alone
    goes under "<criterion id>/1". `photos` are by criterion id too and are promised in the manifest; a photo criterion
    gets one by itself. `values` replace what stands at the top.
    """
    started_at = started_at or datetime.now(UTC) - timedelta(hours=1)
    given, begun, taken = [], [], dict(photos or {})
    for section in document["sections"]:
        labels = (repetitions or {}).get(section["id"], [""]) if section["repeats"] else [""]
        begun += [
            {"section_id": section["id"], "repetition": number, "label": label}
            for number, label in enumerate(labels)
            if section["repeats"]
        ]
        for number in range(len(labels)):
            for criterion in section["criteria"]:
                if criterion["kind"] == "duration":
                    continue
                if criterion["kind"] == "photo" and number == 0:
                    taken.setdefault(criterion["id"], [FieldPhoto()])
                keys = (criterion["id"], f"{criterion['id']}/{number}")
                zone = [(zones or {}).get(key) for key in keys]
                answer = answer_in_zone(criterion, zone[1] or zone[0] or Zone.GREEN) | {"repetition": number}
                answer["photo_ids"] = [str(photo.id) for photo in taken.get(criterion["id"], ())]
                for key in keys:
                    answer |= dict((answers or {}).get(key, {}))
                given.append(answer)
    taken_at = (started_at + timedelta(minutes=2)).isoformat()
    return {
        "revision": 1,
        "assignment_id": str(assignment.id),
        "checklist_version_id": str(assignment.version_id),
        "started_at": started_at.isoformat(),
        "finished_at": (started_at + timedelta(minutes=12)).isoformat(),
        "elapsed_ms": 720_000,
        "utc_offset": 180,
        "app_version": "0.1.0",
        "device_id": "a phone of the tests",
        "positions": [{"lat": 55.7512, "lon": 37.6184, "accuracy_m": 12.0, "at": started_at.isoformat()}],
        "answers": given,
        "best_practices": [],
        "repetitions": begun,
        "staff_met": [],
        "photos": [
            {
                "id": str(photo.id),
                "sha256": photo.sha256,
                "size": len(photo.content),
                "media_type": photo.media_type,
                "taken_at": taken_at,
            }
            for several in taken.values()
            for photo in several
        ],
        **values,
    }


def read_report(wire: Mapping[str, Any]) -> Report:
    """A sound report from the wire as the domain wants it, for tests that run without the web."""
    return Report(
        revision=wire["revision"],
        assignment_id=UUID(wire["assignment_id"]),
        version_id=UUID(wire["checklist_version_id"]),
        started_at=datetime.fromisoformat(wire["started_at"]),
        finished_at=datetime.fromisoformat(wire["finished_at"]),
        elapsed_ms=wire["elapsed_ms"],
        utc_offset=wire["utc_offset"],
        app_version=wire["app_version"],
        device_id=wire["device_id"],
        positions=wire["positions"],
        answers=tuple(
            AnswerReport(
                Given(
                    UUID(answer["criterion_id"]),
                    answer["repetition"],
                    Status(answer["status"]),
                    frozenset(map(UUID, answer["states"])),
                    frozenset(map(UUID, answer["options"])),
                    answer["value"],
                ),
                answer["reason"],
                answer["comment"],
                tuple(map(UUID, answer["photo_ids"])),
            )
            for answer in wire["answers"]
        ),
        photos=tuple(
            PhotoPromise(
                UUID(photo["id"]),
                photo["sha256"],
                photo["size"],
                photo["media_type"],
                datetime.fromisoformat(photo["taken_at"]),
                tuple(photo["marks"]) if "marks" in photo else None,
                photo.get("duration_ms"),
                (photo["receipt"] or {}) if "receipt" in photo else None,
            )
            for photo in wire["photos"]
        ),
        best_practices=tuple(
            BestPracticeReport(
                UUID(each["touchpoint_id"]),
                BestPracticeKind(each["kind"]),
                each["text"],
                tuple(map(UUID, each["photo_ids"])),
            )
            for each in wire["best_practices"]
        ),
        repetitions=tuple(
            RepetitionReport(UUID(each["section_id"]), each["repetition"], each["label"])
            for each in wire["repetitions"]
        ),
        staff_met=tuple(StaffReport(**each) for each in wire["staff_met"]),
        consents=tuple(
            Consent(each["what"], each["words"], datetime.fromisoformat(each["at"])) for each in wire["consents"]
        )
        if "consents" in wire
        else None,
    )


def deliver(
    session: Session, assignment: Assignment, wire: Mapping[str, Any], *, visit_id: UUID | None = None
) -> Receipt:
    """Hand a report in as the assignment's inspector; its photos are still to come."""
    assert assignment.inspector_id is not None
    receipt = record_visit(
        session,
        visit_id or new_id(),
        Sender(assignment.inspector_id, (FieldAccess(assignment.organization_id),)),
        json.dumps(wire).encode(),
        read_report(wire),
        datetime.now(UTC),
    )
    session.expire(assignment)
    return receipt
