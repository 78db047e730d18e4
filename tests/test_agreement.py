"""The phone and the server make the same of the same visit: what is shown, what is not green, how long it took.

Checklists and answers are drawn by a seeded random; the server's own document is made blind as for a phone, and the
phone's modules judge it under node.
"""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from checklists.checklist import phone_document
from checklists.scoring import Given, Kind, Status, Zone, read_form, score_visit
from tests.servers import ROOT

CASES = 400
TOUCHPOINTS = [str(UUID(int=number)) for number in (901, 902)]
KINDS = ["states", "states", "choice", "choice", "measure", "rating", "money", "text"]
DAY = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here to run the phone's modules")
def test_phone_and_server_agree() -> None:
    random = Random(1038)
    cases = [Case(random) for _ in range(CASES)]
    judged = subprocess.run(
        ["node", str(ROOT / "tests" / "phone" / "agreement.js")],
        input=json.dumps([case.for_the_phone() for case in cases]),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    said = json.loads(judged.stdout)
    hidden = not_green = durations = 0
    for case, phone in zip(cases, said, strict=True):
        server = case.for_the_server()
        assert {name: sorted(phone[name]) for name in ("shown", "not_green")} == {
            name: sorted(server[name]) for name in ("shown", "not_green")
        }, json.dumps(case.document, indent=1)
        assert phone["durations"] == pytest.approx(server["durations"])
        hidden += case.places - len(phone["shown"])
        not_green += len(phone["not_green"])
        durations += len(phone["durations"])
    assert min(hidden, not_green, durations) > CASES / 10, "the cases must have something to disagree about"


class Case:
    """One checklist, the answers of one visit, and the outlet's attributes."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.number = 0
        self.sections: list[dict[str, Any]] = []
        self.places = 0
        for _ in range(random.randint(1, 3)):
            self.sections.append(self.section())
        self.attributes = {"Terrace": random.choice(["yes", "no"])} if random.random() < 0.5 else {}
        self.repetitions = {
            section["id"]: [""] * (random.randint(1, 3) if section["repeats"] else 1) for section in self.sections
        }
        self.answers = [
            self.answer(criterion, repetition)
            for section in self.sections
            for repetition in range(len(self.repetitions[section["id"]]))
            for criterion in section["criteria"]
            if criterion["kind"] != "duration" and random.random() < 0.85
        ]
        self.places = sum(len(each["criteria"]) * len(self.repetitions[each["id"]]) for each in self.sections)
        self.document = {
            "version_id": self.id(),
            "checklist_id": self.id(),
            "number": 1,
            "title": {},
            "languages": ["en"],
            "default_language": "en",
            "blind": random.random() < 0.8,
            "sections": self.sections,
        }

    def id(self) -> str:
        self.number += 1
        return str(UUID(int=self.number))

    def section(self) -> dict[str, Any]:
        section: dict[str, Any] = {
            **self.part(),
            "touchpoint_id": self.random.choice(TOUCHPOINTS),
            "title": {},
            "intro": {},
            "repeats": self.random.random() < 0.3,
            "most_repetitions": 3,
            "shown_when": self.conditions([]) if self.random.random() < 0.3 else None,
            "criteria": [],
        }
        for kind in self.random.choices(KINDS, k=self.random.randint(1, 5)):
            section["criteria"].append(self.criterion(kind, section))
        if self.random.random() < 0.5:
            section["criteria"] += self.stamps()
        return section

    def part(self) -> dict[str, Any]:
        return {"id": self.id(), "lineage_id": self.id(), "text": {}}

    def criterion(self, kind: str, section: dict[str, Any]) -> dict[str, Any]:
        random = self.random
        criterion = {
            **self.part(),
            "kind": kind,
            "guidance": {},
            "required": True,
            "may_be_not_applicable": True,
            "evidence": "not_green",
            "evidence_at_least": 1,
            "comment": "none",
            "unit": None,
            "decimals": 0,
            "several": random.random() < 0.5,
            "enough": random.choice(["all", "any", 2]),
            "all_or_nothing": random.random() < 0.5,
            "direction": random.choice(["lower_is_better", "higher_is_better"]),
            "green_limit": random.choice([None, 3.0, 6.0]),
            "red_limit": random.choice([None, 3.0, 6.0]),
            "settings": {"lowest": 0, "highest": 10, "currency": "RUB"},
            "states": [],
            "options": [],
            "shown_when": self.conditions(section["criteria"]) if random.random() < 0.5 else None,
        }
        if kind == "states":
            polarities = random.choices(["expected", "forbidden"], k=random.randint(1, 4))
            criterion["states"] = [self.part() | {"polarity": each} for each in polarities]
        if kind == "choice":
            zones = random.choices(["green", "yellow", "red"], k=random.randint(2, 4))
            criterion["options"] = [self.part() | {"zone": zone, "free_text": False} for zone in zones]
        return criterion

    def stamps(self) -> list[dict[str, Any]]:
        start, end = (self.criterion("time_stamp", {"criteria": []}) | {"shown_when": None} for _ in range(2))
        duration = self.criterion("duration", {"criteria": []}) | {
            "settings": {"from": start["id"], "until": end["id"]},
            "unit": self.random.choice(["seconds", "minutes"]),
            "shown_when": None,
        }
        return [start, end, duration]

    def conditions(self, within: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Conditions on what comes before: in the same section, or in an earlier one that does not repeat."""
        earlier = within + [
            criterion for section in self.sections if not section["repeats"] for criterion in section["criteria"]
        ]
        askable = [each for each in earlier if each["kind"] not in ("text", "time_stamp")]
        found = [self.condition(self.random.choice(askable)) for _ in range(self.random.randint(0, 2)) if askable]
        if self.random.random() < 0.2:
            found.append({"attribute": "terrace", "value": self.random.choice(["YES", None])})
        return {"match": self.random.choice(["all", "any"]), "conditions": found} if found else None

    def condition(self, criterion: dict[str, Any]) -> dict[str, Any]:
        parts = [part["id"] for part in (*criterion["states"], *criterion["options"])]
        if parts:
            test = self.random.choice(["is", "contains"])
            return {"criterion": criterion["id"], "test": test, "part": self.random.choice([*parts, "none"])}
        test = self.random.choice(["below", "at_most", "equals", "at_least", "above"])
        return {"criterion": criterion["id"], "test": test, "number": self.random.choice([0, 3, 5])}

    def answer(self, criterion: dict[str, Any], repetition: int) -> dict[str, Any]:
        random = self.random
        line: dict[str, Any] = {"criterion_id": criterion["id"], "repetition": repetition, "status": "answered"}
        line |= {"states": [], "options": [], "value": None, "reason": None, "comment": None, "photo_ids": []}
        if random.random() < 0.15:
            return line | {"status": random.choice(["not_applicable", "could_not_check"])}
        kind = criterion["kind"]
        if kind == "states":
            line["states"] = [state["id"] for state in criterion["states"] if random.random() < 0.5]
        elif kind == "choice":
            most = len(criterion["options"]) if criterion["several"] else 1
            chosen = random.sample(criterion["options"], random.randint(1, most))
            line["options"] = [option["id"] for option in chosen]
        elif kind == "time_stamp":
            line["value"] = (DAY + timedelta(seconds=random.randint(0, 600))).isoformat()
        elif kind == "text":
            line["value"] = "Hello"
        else:
            line["value"] = random.randint(0, 10)
        return line

    def for_the_phone(self) -> dict[str, Any]:
        return {
            "version": phone_document(self.document),
            "answers": self.answers,
            "repetitions": self.repetitions,
            "attributes": self.attributes,
        }

    def for_the_server(self) -> dict[str, Any]:
        form = read_form(self.document)
        begun = [
            (UUID(section), number) for section, labels in self.repetitions.items() for number in range(len(labels))
        ]
        given = [
            Given(
                UUID(line["criterion_id"]),
                line["repetition"],
                Status(line["status"]),
                frozenset(map(UUID, line["states"])),
                frozenset(map(UUID, line["options"])),
                line["value"],
            )
            for line in self.answers
        ]
        scored = score_visit(form, given, self.attributes, begun)
        return {
            "shown": [f"{id} {repetition}" for id, repetition in scored.asked],
            "not_green": [
                f"{id} {repetition}"
                for (id, repetition), outcome in scored.outcomes.items()
                if outcome.zone in (Zone.YELLOW, Zone.RED) and form.criteria[id].kind is not Kind.DURATION
            ],
            "durations": {f"{id} {repetition}": given.value for (id, repetition), given in scored.derived.items()},
        }
