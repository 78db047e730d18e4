"""What is measured: five brands with twenty outlets each, forty questions at four touchpoints, any number of visits.

A hundred visits are made by the domain's own functions; the others are copies of them, row by row inside the database,
so that ten thousand of them stand there in seconds and cost what real ones cost to read.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Engine, MetaData, Table, Uuid, insert, literal, select
from sqlalchemy.orm import Session

from checklists.checklist import ChecklistVersion
from checklists.journey import Channel
from checklists.orm import ScopedSession, UtcDateTime, new_id, unscoped
from checklists.review import approve
from checklists.scoring import Kind, Zone
from checklists.visits import Answer, Check, Visit
from checklists.waves import Assignment, Wave
from tests.factories import Audit, make_assignment, make_audit, make_wave
from tests.field import deliver, make_report
from tests.forms import make_checklist, make_criterion

STAGES = {
    "Visiting": {"Reception": Channel.ON_SITE, "Cash desk": Channel.ON_SITE, "Table": Channel.ON_SITE},
    "Coming back": {"Phone call": Channel.PHONE},
}
QUESTIONS = (*[Kind.STATES] * 6, *[Kind.MEASURE] * 2, *[Kind.CHOICE] * 2)
RIVALS = ("Zerno", "Polka", "Bulka", "Chashka")
OUTLETS_PER_BRAND = 20
ORIGINALS = OUTLETS_PER_BRAND * (1 + len(RIVALS))


@dataclass
class World:
    """One organization on one database, and the version of forty questions that all its visits answer."""

    engine: Engine
    audit: Audit
    version: ChecklistVersion
    originals: list[UUID]

    @property
    def document(self) -> dict[str, Any]:
        assert self.version.document is not None
        return self.version.document


def make_world(engine: Engine) -> World:
    """People, places, the checklist, and a wave with the hundred visits of which all further ones are copies."""
    with everything(engine) as session, session.begin():
        audit = make_audit(session, stages=STAGES, rivals=RIVALS, outlets_per_brand=OUTLETS_PER_BRAND)
        version = make_checklist(
            session, audit.project, audit.touchpoints, criteria={each.id: _questions() for each in audit.touchpoints}
        )
        world = World(engine, audit, version, [])
        wave = _make_wave(session, world, "The originals")
        chance = random.Random(1)
        for outlet in audit.outlets:
            assignment = make_assignment(session, wave, version, outlet, audit.inspectors[0])
            zones = dict(_zones(world, outlet.brand_id, chance))
            receipt = deliver(session, assignment, make_report(assignment, world.document, zones=zones))
            approve(session, receipt.id, audit.manager.id, datetime.now(UTC))
            world.originals.append(receipt.id)
    return world


def _questions() -> list[Any]:
    return [make_criterion(kind, may_be_not_applicable=True) for kind in QUESTIONS]


def _zones(world: World, brand_id: UUID, chance: random.Random) -> Iterator[tuple[str, Zone]]:
    """How each criterion comes out. The last brand has no tables to be clean, so one comparison must leave that out."""
    lacking = world.audit.touchpoints[2].id if brand_id == world.audit.brands[-1].id else None
    for section in world.document["sections"]:
        for number, criterion in enumerate(section["criteria"]):
            if number == 0 and UUID(section["touchpoint_id"]) == lacking:
                yield criterion["id"], Zone.NOT_APPLICABLE
            else:
                yield criterion["id"], chance.choices((Zone.GREEN, Zone.YELLOW, Zone.RED), (7, 2, 1))[0]


def add_wave(world: World, name: str) -> Wave:
    """A further wave of the same checklist and outlets, still without visits."""
    with everything(world.engine) as session, session.begin():
        return _make_wave(session, world, name)


def _make_wave(session: Session, world: World, name: str) -> Wave:
    return make_wave(session, world.audit.project, [world.version], world.audit.outlets, name=name, required=10)


def add_assignments(world: World, wave: Wave, number: int) -> list[Assignment]:
    """Assignments of the first inspector that are handed out, over all outlets in turn."""
    with everything(world.engine) as session, session.begin():
        return [
            make_assignment(
                session, wave, world.version, world.audit.outlets[each % ORIGINALS], world.audit.inspectors[0]
            )
            for each in range(number)
        ]


def copy_visits(world: World, wave: Wave, hundreds: int) -> None:
    """Put this many times a hundred approved visits into the wave, with their assignments, checks and answers."""
    assignments, visits, checks, answers = (model.__table__ for model in (Assignment, Visit, Check, Answer))
    with everything(world.engine) as session, session.begin():
        new_visits, new_checks = _list_copies(session, world, hundreds)
        here = {"wave_id": literal(wave.id, Uuid())}
        copied_visits = visits.join(new_visits, new_visits.c.original == visits.c.id)
        _copy(
            session,
            assignments,
            copied_visits.join(assignments, assignments.c.id == visits.c.assignment_id),
            here | {"id": new_visits.c.assignment_id},
        )
        _copy(
            session,
            visits,
            copied_visits,
            here | {name: new_visits.c[name] for name in ("assignment_id", "received_at")} | {"id": new_visits.c.copy},
        )
        of_checks = {"visit_id": new_checks.c.visit_id}
        copied_checks = checks.join(new_checks, new_checks.c.original == checks.c.id)
        _copy(session, checks, copied_checks, here | of_checks | {"id": new_checks.c.copy})
        copied_answers = answers.join(new_checks, new_checks.c.original == answers.c.check_id)
        _copy(session, answers, copied_answers, of_checks | {"check_id": new_checks.c.copy})
        for table in (new_visits, new_checks):
            table.drop(session.connection())
    _refresh_statistics(world.engine)


def _list_copies(session: Session, world: World, hundreds: int) -> tuple[Table, Table]:
    """Which row becomes which, in temporary tables: copies of visits with their new assignments, copies of checks."""
    visits = Table(
        "new_visits",
        MetaData(),
        Column("original", Uuid()),
        Column("copy", Uuid()),
        Column("assignment_id", Uuid()),
        Column("received_at", UtcDateTime()),
        prefixes=["TEMPORARY"],
    )
    checks = Table(
        "new_checks",
        MetaData(),
        *(Column(name, Uuid()) for name in ("original", "copy", "visit_id")),
        prefixes=["TEMPORARY"],
    )
    for table in (visits, checks):
        table.create(session.connection())
    now = datetime.now(UTC)
    new_visits = [
        {
            "original": original,
            "copy": new_id(),
            "assignment_id": new_id(),
            "received_at": now - timedelta(minutes=hundred, seconds=number / 2),
        }
        for hundred in range(hundreds)
        for number, original in enumerate(world.originals)
    ]
    session.execute(insert(visits), new_visits)
    checks_of: dict[UUID, list[UUID]] = {}
    for check_id, visit_id in session.execute(
        select(Check.id, Check.visit_id).where(Check.visit_id.in_(world.originals))
    ):
        checks_of.setdefault(visit_id, []).append(check_id)
    session.execute(
        insert(checks),
        [
            {"original": check, "copy": new_id(), "visit_id": visit["copy"]}
            for visit in new_visits
            for check in checks_of[visit["original"]]
        ],
    )
    return visits, checks


def _copy(session: Session, table: Any, source: Any, changed: Mapping[str, Any]) -> None:
    """Insert what the join `source` finds into the table, with some columns changed."""
    columns = [changed.get(column.name, column) for column in table.c]
    session.execute(
        insert(table).from_select([column.name for column in table.c], select(*columns).select_from(source))
    )


def _refresh_statistics(engine: Engine) -> None:
    """Do at once what PostgreSQL's autovacuum does by itself within minutes of such a load."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def everything(engine: Engine) -> ScopedSession:
    """A session on which no tenant's border is drawn."""
    return ScopedSession(engine, unscoped("a benchmark looks at everything"))
