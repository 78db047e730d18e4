"""What the checks of an outlet come to, added up once and kept, so that a matrix of any size reads a few hundred rows.

Triggers of the database note each outlet of a wave whose checks or visits changed (migration 0004). A noted outlet is
added up from its checks when a matrix is read, and settled, which is added up for good, by the worker once it has been
quiet for a while: so what is kept is never older than what it was made of.

Of 140,000 checks PostgreSQL makes the matrix's sums in 410 ms of processor time with the visits joined, and in 120 ms
where each check has its visit's state beside it and an index covers all columns, for the fifteen sums cost more than
the reading; of 1,400 tallies it is done in 5 ms, however many checks they stand for.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CompoundSelect,
    ForeignKey,
    Index,
    Select,
    case,
    delete,
    func,
    insert,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from checklists.matrix.statements import count_of
from checklists.orm import Base, JsonValue, Owned, key
from checklists.scoring import Zone
from checklists.visits import Check, Visit, VisitState
from checklists.waves import Wave


class ChangedOutlet(Owned, Base):
    """A note of the database's triggers. There may be many of one outlet: nobody waits for anybody here."""

    __tablename__ = "changed_outlets"

    id: Mapped[UUID] = key()
    wave_id: Mapped[UUID]
    outlet_id: Mapped[UUID]
    at: Mapped[datetime]


Index("ix_changed_outlets_wave", ChangedOutlet.wave_id, ChangedOutlet.outlet_id)


class OutletTally(Owned, Base):
    """The checks of one touchpoint at one outlet in one wave under one version, added up.

    `scored` are those that count and have a score, and all figures below it are of these; `total` and `squares` are the
    sums of their scores and of the squares.
    """

    __tablename__ = "outlet_tallies"

    wave_id: Mapped[UUID] = mapped_column(ForeignKey("waves.id", ondelete="CASCADE"), primary_key=True)
    outlet_id: Mapped[UUID] = mapped_column(ForeignKey("outlets.id", ondelete="CASCADE"), primary_key=True)
    touchpoint_id: Mapped[UUID] = mapped_column(ForeignKey("touchpoints.id", ondelete="CASCADE"), primary_key=True)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_versions.id", ondelete="CASCADE"), primary_key=True)
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    approved: Mapped[int]
    received: Mapped[int]
    returned: Mapped[int]
    absent: Mapped[int]
    invalid: Mapped[int]
    scored: Mapped[int]
    green: Mapped[int]
    yellow: Mapped[int]
    red: Mapped[int]
    total: Mapped[float]
    squares: Mapped[float]
    forbidden_seen: Mapped[int]
    forbidden_possible: Mapped[int]
    failed: Mapped[int]
    skipped: Mapped[int]
    answered: Mapped[list[Any] | None] = mapped_column(JsonValue)
    """Lineages of the criteria that the scored checks answered; None until a comparison asks for them."""
    narrowed: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    """What the scored checks come to on some of the criteria alone, for each comparison that asks (narrowed.py)."""


DERIVED = (ChangedOutlet.__tablename__, OutletTally.__tablename__)
"""Tables that hold nothing of their own: they are made anew from the checks."""

PLACE = ("wave_id", "outlet_id", "touchpoint_id", "version_id", "brand_id")
FIGURES = tuple(
    column.key
    for column in OutletTally.__mapper__.column_attrs
    if column.key not in ("organization_id", *PLACE, "answered", "narrowed")
)
COUNTS = tuple(figure for figure in FIGURES if figure not in ("total", "squares", "skipped"))
"""The figures that are numbers of checks, or of what was looked for in them."""


def tallies_of(wave_id: UUID) -> CompoundSelect[Any]:
    """Statement for a wave's tallies, PLACE and FIGURES: of settled outlets as they are kept, of others added up."""
    kept = kept_tallies(wave_id, *(getattr(OutletTally, name) for name in (*PLACE, *FIGURES)))
    return union_all(kept, _added_up(wave_id, _noted(wave_id)))


def kept_tallies(wave_id: UUID, *columns: Any) -> Select[Any]:
    """Statement for columns of the tallies that are kept and hold: nothing changed at their outlets since."""
    return select(*columns).where(OutletTally.wave_id == wave_id, OutletTally.outlet_id.not_in(_noted(wave_id)))


def _noted(wave_id: UUID) -> Select[Any]:
    return select(ChangedOutlet.outlet_id).where(ChangedOutlet.wave_id == wave_id)


def add_up_for_good(session: Session, wave_id: UUID, outlet_ids: Iterable[UUID]) -> None:
    """Keep the tallies of these outlets in the place of the notes that something changed there."""
    # One worker at a time for each wave; visits may refer to the wave meanwhile.
    session.execute(select(Wave.id).where(Wave.id == wave_id).with_for_update(key_share=True))
    outlets = list(outlet_ids)
    # The notes go first: what a statement after this adds up holds all that the notes stood for.
    for table in (ChangedOutlet, OutletTally):
        gone = delete(table).where(table.wave_id == wave_id, table.outlet_id.in_(outlets))
        session.execute(gone.execution_options(synchronize_session=False))
    names = ("organization_id", *PLACE, *FIGURES)
    session.execute(insert(OutletTally).from_select(names, _added_up(wave_id, outlets, with_organization=True)))


def _added_up(wave_id: UUID, outlets: Any, *, with_organization: bool = False) -> Select[Any]:
    approved = Visit.state == VisitState.APPROVED
    # A check of facts alone has no score: it fills its place, and says nothing of how good it was.
    counted = approved & Check.valid & Check.score.is_not(None)
    place = (Check.wave_id, Check.outlet_id, Check.touchpoint_id, Check.version_id, Check.brand_id)
    of_organization = (Check.organization_id,) if with_organization else ()
    figures = {
        "approved": count_of(approved & Check.valid),
        "received": count_of(Visit.state == VisitState.RECEIVED),
        "returned": count_of(Visit.state == VisitState.RETURNED),
        "absent": count_of(approved & Check.absent),
        "invalid": count_of(approved & ~Check.valid & ~Check.absent),
        "scored": count_of(counted),
        "green": count_of(counted & (Check.zone == Zone.GREEN)),
        "yellow": count_of(counted & (Check.zone == Zone.YELLOW)),
        "red": count_of(counted & (Check.zone == Zone.RED)),
        "total": func.coalesce(func.sum(case((counted, Check.score))), 0.0),
        "squares": func.coalesce(func.sum(case((counted, Check.score * Check.score))), 0.0),
        "forbidden_seen": func.coalesce(func.sum(case((counted, Check.forbidden_seen))), 0),
        "forbidden_possible": func.coalesce(func.sum(case((counted, Check.forbidden_possible))), 0),
        "failed": count_of(counted & Check.failed),
        "skipped": func.coalesce(func.min(case((counted, Check.skipped))), 0),
    }
    return (
        select(*of_organization, *place, *(figures[name].label(name) for name in FIGURES))
        .join(Visit, Visit.id == Check.visit_id)
        .where(
            Check.wave_id == wave_id,
            Visit.wave_id == wave_id,
            Visit.outlet_id.in_(outlets),
            Visit.deleted_at.is_(None),
        )
        .group_by(*of_organization, *place)
    )
