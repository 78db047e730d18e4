"""What is measured: five brands with twenty outlets each, visits of forty answers, any number of them stored.

Two hundred visits are made by the domain's own functions: a hundred of a checklist with four touchpoints, which the
phones deliver, and a hundred of one with fourteen, which fill the matrix. All further ones are copies of these, row by
row inside the database, so that half a million stand there in minutes and cost what real ones cost to read.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from checklists.checklist import ChecklistVersion
from checklists.journey import Channel, Touchpoint
from checklists.orm import ScopedSession, new_id, unscoped
from checklists.people import Role, User
from checklists.review import approve
from checklists.scoring import Kind, Zone
from checklists.waves import Assignment, AssignmentState, Wave
from tests.factories import Audit, make_assignment, make_audit, make_person, make_wave
from tests.field import deliver, make_report
from tests.forms import make_checklist, make_criterion

SHORT, LONG = 4, 14
"""How many touchpoints the two checklists have."""
STAGES = {
    "Visiting": {f"Touchpoint {number}": Channel.ON_SITE for number in range(1, LONG)},
    "Coming back": {"Phone call": Channel.PHONE},
}
QUESTIONS = (*[Kind.STATES] * 6, *[Kind.MEASURE] * 2, *[Kind.CHOICE] * 2)
RIVALS = ("Zerno", "Polka", "Bulka", "Chashka")
OUTLETS_PER_BRAND = 20
ORIGINALS = OUTLETS_PER_BRAND * (1 + len(RIVALS))
INSPECTORS = 40


@dataclass
class World:
    """One organization on one database, with the two versions and the hundred visits of each that are copied."""

    engine: Engine
    audit: Audit
    short: ChecklistVersion
    long: ChecklistVersion
    inspectors: list[User]
    originals: dict[UUID, list[UUID]] = field(default_factory=dict)
    copies: int = 0

    @property
    def document(self) -> dict[str, Any]:
        """What the phones answer."""
        assert self.short.document is not None
        return self.short.document


def make_world(engine: Engine) -> World:
    """People, places, two checklists, and a wave with the visits of which all further ones are copies."""
    with everything(engine) as session, session.begin():
        audit = make_audit(session, stages=STAGES, rivals=RIVALS, outlets_per_brand=OUTLETS_PER_BRAND)
        short = _make_version(session, audit, "Forty questions", audit.touchpoints[-SHORT:], QUESTIONS)
        long = _make_version(session, audit, "Fourteen touchpoints", audit.touchpoints, QUESTIONS[4:7])
        people = [
            make_person(session, audit.organization, f"Inspector{number} Petrova", Role.INSPECTOR)
            for number in range(INSPECTORS)
        ]
        world = World(engine, audit, short, long, people)
        for version in (short, long):
            _make_originals(session, world, version)
    return world


def _make_version(
    session: Session, audit: Audit, name: str, touchpoints: Sequence[Touchpoint], kinds: Sequence[Kind]
) -> ChecklistVersion:
    criteria = {each.id: [make_criterion(kind, may_be_not_applicable=True) for kind in kinds] for each in touchpoints}
    return make_checklist(session, audit.project, touchpoints, name=name, criteria=criteria)


def _make_originals(session: Session, world: World, version: ChecklistVersion) -> None:
    chance = random.Random(1)
    wave = _make_wave(session, world, version, "The originals")
    visits = world.originals[version.id] = []
    for outlet in world.audit.outlets:
        assignment = make_assignment(session, wave, version, outlet, world.audit.inspectors[0])
        assert version.document is not None
        zones = dict(_zones(world, version.document, outlet.brand_id, chance))
        receipt = deliver(session, assignment, make_report(assignment, version.document, zones=zones))
        approve(session, receipt.id, world.audit.manager.id, datetime.now(UTC))
        visits.append(receipt.id)


def _zones(world: World, document: dict[str, Any], brand_id: UUID, chance: random.Random) -> Iterator[tuple[str, Zone]]:
    """How each criterion comes out. The last brand has no tables to be clean, so one comparison must leave that out."""
    lacking = world.audit.touchpoints[-2].id if brand_id == world.audit.brands[-1].id else None
    for section in document["sections"]:
        for number, criterion in enumerate(section["criteria"]):
            if number == 0 and UUID(section["touchpoint_id"]) == lacking:
                yield criterion["id"], Zone.NOT_APPLICABLE
            else:
                yield criterion["id"], chance.choices((Zone.GREEN, Zone.YELLOW, Zone.RED), (7, 2, 1))[0]


def add_wave(world: World, version: ChecklistVersion, name: str) -> Wave:
    """A further wave of the checklist over all outlets, still without visits."""
    with everything(world.engine) as session, session.begin():
        return _make_wave(session, world, version, name)


def _make_wave(session: Session, world: World, version: ChecklistVersion, name: str) -> Wave:
    return make_wave(session, world.audit.project, [version], world.audit.outlets, name=name, required=10)


def add_assignments(world: World, wave: Wave, number: int) -> list[Assignment]:
    """Assignments of the first inspector that are handed out, over all outlets in turn."""
    now = datetime.now(UTC)
    common = {
        "organization_id": wave.organization_id,
        "project_id": wave.project_id,
        "wave_id": wave.id,
        "version_id": world.short.id,
        "inspector_id": world.audit.inspectors[0].id,
        "state": AssignmentState.HANDED_OUT,
        "brief": {},
        "due_from": now,
        "due_until": now,
        "handed_out_at": now,
    }
    rows = [{"id": new_id(), "outlet_id": world.audit.outlets[each % ORIGINALS].id, **common} for each in range(number)]
    with everything(world.engine) as session, session.begin():
        session.execute(insert(Assignment), rows)
    return [Assignment(**row) for row in rows]


COPIED = {
    "assignments": (
        {"id": "{assignment}", "wave_id": "%(wave)s"},
        "visits ON visits.id = one.original JOIN assignments AS old ON old.id = visits.assignment_id",
    ),
    "visits": (
        {
            "id": "{visit}",
            "assignment_id": "{assignment}",
            "wave_id": "%(wave)s",
            "inspector_id": "%(inspectors)s[one.number %% {inspectors} + 1]",
            # One wave after the other over most of a year: what only the first one has lies far behind in every list.
            "received_at": "now() - (500000 - one.number) * interval '50 seconds'",
            "state": "CASE WHEN %(approved)s THEN 'approved' WHEN one.number %% 97 = 0 THEN 'received'"
            " WHEN one.number %% 499 = 0 THEN 'held' ELSE 'approved' END",
        },
        "visits AS old ON old.id = one.original",
    ),
    "sealed_reports": (
        {"id": "{sealed}", "visit_id": "{visit}"},
        "sealed_reports AS old ON old.visit_id = one.original",
    ),
    "checks": (
        {"id": "{check}", "visit_id": "{visit}", "wave_id": "%(wave)s"},
        "numbered ON numbered.visit_id = one.original JOIN checks AS old ON old.id = numbered.id",
    ),
    "answers": (
        {"visit_id": "{visit}", "check_id": "{check}"},
        "answers AS old ON old.visit_id = one.original JOIN numbered ON numbered.id = old.check_id",
    ),
}
"""By table: which columns of a copy are new, and where the others are found."""


def store_visits(world: World, version: ChecklistVersion, wave: Wave, number: int, *, approved: bool = False) -> None:
    """Put so many copies into the wave, with their assignments, sealed reports, checks and answers.

    As a superuser, past triggers and references: what is copied was looked at when it was made. All are approved, or
    nearly all.
    """
    ids = {
        name: f"('00{digit}00000-0000-7000-8000-' || lpad(to_hex(one.number{of_part}), 12, '0'))::uuid"
        for name, digit, of_part in (
            ("assignment", "1", ""),
            ("visit", "2", ""),
            ("sealed", "3", ""),
            ("check", "4", " * 16 + numbered.place"),
        )
    }
    values = {
        "originals": world.originals[version.id],
        "inspectors": [each.id for each in world.inspectors],
        "wave": wave.id,
        "first": world.copies,
        "last": world.copies + number,
        "approved": approved,
    }
    with superuser(world) as database, database.transaction():
        database.execute("SET LOCAL session_replication_role = replica")
        database.execute("SET LOCAL synchronous_commit = off")
        database.execute(
            "CREATE TEMPORARY TABLE numbered ON COMMIT DROP AS SELECT id, visit_id, wave_id, outlet_id,"
            " row_number() OVER (PARTITION BY visit_id ORDER BY id) AS place FROM checks WHERE visit_id = ANY(%s)",
            [values["originals"]],
        )
        for table, (new, source) in COPIED.items():
            columns = [
                name
                for (name,) in database.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
                )
            ]
            given = [
                new[name].format(**ids, inspectors=INSPECTORS) if name in new else f"old.{name}" for name in columns
            ]
            database.execute(  # type: ignore[call-overload]  # Its words are ours, from COPIED and the catalogue.
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(given)} FROM (SELECT number,"
                f" (%(originals)s)[number %% {ORIGINALS} + 1] AS original FROM generate_series(%(first)s, %(last)s - 1)"
                f" AS number) AS one JOIN {source}",
                values,
            )
        database.execute(
            "INSERT INTO changed_outlets (id, organization_id, wave_id, outlet_id, at) SELECT gen_random_uuid(),"
            " organization_id, wave_id, outlet_id, now() FROM (SELECT DISTINCT organization_id, wave_id, outlet_id"
            " FROM visits WHERE wave_id = %s) AS visited",
            [wave.id],
        )
    world.copies += number


def refresh_statistics(world: World) -> None:
    """Do at once what autovacuum does by itself within minutes of such a load."""
    with superuser(world) as database:
        database.execute("VACUUM ANALYZE")
        database.execute("CHECKPOINT")


def superuser(world: World) -> "psycopg.Connection[Any]":
    """A connection past all walls to the world's database, each statement a transaction of its own."""
    url = world.engine.url
    return psycopg.connect(host=url.host, port=url.port, user="postgres", dbname=url.database, autocommit=True)


def everything(engine: Engine) -> ScopedSession:
    """A session on which no tenant's border is drawn."""
    return ScopedSession(engine, unscoped("a benchmark looks at everything"))
