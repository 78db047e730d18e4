"""The tables of what comes back from the field: visits, sealed reports, checks, answers and photos."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from checklists.brands import Outlet
from checklists.checklist import ChecklistVersion
from checklists.errors import HoldReason
from checklists.orm import Base, JsonValue, Owned, key, one_of, reference
from checklists.people import User
from checklists.scoring import Status, Zone
from checklists.waves import Assignment, Wave


class VisitState(StrEnum):
    RECEIVED = "received"
    HELD = "held"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"


AUDIO = "audio"
"""What a consent is about that lets calls be recorded."""


class Visit(Owned, Base):
    """The report of one assignment. A held one may lack all that could not be made out."""

    __tablename__ = "visits"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    project_id: Mapped[UUID | None] = reference("projects.id", nullable=True, index=False)
    assignment_id: Mapped[UUID | None] = reference("assignments.id", nullable=True)
    wave_id: Mapped[UUID | None] = mapped_column(ForeignKey("waves.id"))
    version_id: Mapped[UUID | None] = mapped_column(ForeignKey("checklist_versions.id"))
    outlet_id: Mapped[UUID | None] = reference("outlets.id", nullable=True, index=False)
    inspector_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[VisitState] = mapped_column(one_of(VisitState))
    hold_reason: Mapped[HoldReason | None] = mapped_column(one_of(HoldReason))
    revision: Mapped[int]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    elapsed_ms: Mapped[int | None]
    utc_offset: Mapped[int | None]
    app_version: Mapped[str] = mapped_column(default="")
    device_id: Mapped[str] = mapped_column(default="")
    positions: Mapped[list[Any]] = mapped_column(JsonValue, default=list)
    points: Mapped[float | None]
    possible: Mapped[float | None]
    score: Mapped[float | None]
    sealed_score: Mapped[float | None]
    """The score of the answers as they were sent; `score` is that of the effective ones, after corrections."""
    outlet_attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    repetitions: Mapped[list[Any]] = mapped_column(default=list)
    staff_met: Mapped[list[Any]] = mapped_column(default=list)
    consents: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """[{what, words, at}]: what the inspector confirmed, such as that a call may be recorded; in which words."""
    text_replaced: Mapped[bool] = mapped_column(default=False)
    deleted_at: Mapped[datetime | None]

    assignment: Mapped[Assignment | None] = relationship()
    outlet: Mapped[Outlet | None] = relationship()
    inspector: Mapped[User] = relationship()
    version: Mapped[ChecklistVersion | None] = relationship()
    wave: Mapped[Wave | None] = relationship()
    checks: Mapped[list["Check"]] = relationship(order_by="Check.id", back_populates="visit")
    answers: Mapped[list["Answer"]] = relationship()
    photos: Mapped[list["Photo"]] = relationship(
        primaryjoin="and_(Photo.visit_id == Visit.id, Photo.beside.is_(False))", order_by="Photo.taken_at, Photo.id"
    )
    photos_beside: Mapped[list["Photo"]] = relationship(
        primaryjoin="and_(Photo.visit_id == Visit.id, Photo.beside)",
        order_by="Photo.taken_at, Photo.id",
        viewonly=True,
    )
    best_practices: Mapped[list["BestPractice"]] = relationship(order_by="BestPractice.position", viewonly=True)


# The list in its order, with each filter that may leave few of very many visits.
_LATEST = (Visit.received_at.desc(), Visit.id.desc())
Index("ix_visits_list", Visit.project_id, *_LATEST)
Index("ix_visits_list_state", Visit.project_id, Visit.state, *_LATEST)
Index("ix_visits_list_inspector", Visit.project_id, Visit.inspector_id, *_LATEST)
Index("ix_visits_list_wave", Visit.wave_id, *_LATEST)
Index("ix_visits_list_outlet", Visit.outlet_id, *_LATEST)
Index("ix_visits_wave_state", Visit.wave_id, Visit.state)
Index(
    "uq_visits_one_per_assignment",
    Visit.assignment_id,
    unique=True,
    sqlite_where=Visit.state.in_(["received", "returned", "approved"]),
    postgresql_where=Visit.state.in_(["received", "returned", "approved"]),
)


ERASED_BODY = b"{}"
"""What stands in the place of a body that was erased as a whole: JSON still, and no report."""


class SealedReport(Owned, Base):
    """A body as it came, with its sha256. What a phone sent under an id that was taken is kept too (`accepted` is
    false).
    """

    __tablename__ = "sealed_reports"
    __table_args__ = (UniqueConstraint("visit_id", "sha256"),)

    id: Mapped[UUID] = key()
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id"))
    revision: Mapped[int]
    accepted: Mapped[bool]
    sha256: Mapped[str]
    body: Mapped[bytes]
    received_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """When the law had the body erased; its SHA-256 stays."""
    taken_in_by_id: Mapped[UUID | None]
    """Who took it in out of a phone's file; None where the phone sent it. No reference: the widest table of all would
    have to be written anew for one.
    """


class Check(Owned, Base):
    """One visit's result at one touchpoint: the unit that required checks count."""

    __tablename__ = "checks"

    id: Mapped[UUID] = key()
    visit_id: Mapped[UUID] = reference("visits.id", cascade=True)
    wave_id: Mapped[UUID] = mapped_column(ForeignKey("waves.id"))
    touchpoint_id: Mapped[UUID] = mapped_column(ForeignKey("touchpoints.id"))
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    outlet_id: Mapped[UUID] = mapped_column(ForeignKey("outlets.id"))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("checklist_versions.id"))
    score: Mapped[float | None]
    points: Mapped[float]
    possible: Mapped[float]
    sealed_score: Mapped[float | None]
    zone: Mapped[Zone | None] = mapped_column(one_of(Zone))
    failed: Mapped[bool] = mapped_column(default=False)
    """Whether a critical criterion was red."""
    capped_at: Mapped[float | None]
    valid: Mapped[bool]
    absent: Mapped[bool]
    forbidden_seen: Mapped[int]
    forbidden_possible: Mapped[int]
    skipped: Mapped[int]
    """How many scored criteria were not answered: 0 means that the whole checklist applied here."""

    visit: Mapped[Visit] = relationship(back_populates="checks")


Index("ix_checks_cell", Check.wave_id, Check.touchpoint_id, Check.brand_id)
Index("ix_checks_touchpoint", Check.touchpoint_id, Check.visit_id)


class Answer(Owned, Base):
    """What was recorded for one criterion, and what it came to under its own version.

    Forty of them come with each visit, so that only visit and check are references that the database follows: the
    visit holds its organization, and its version with the criteria.
    """

    __tablename__ = "answers"

    organization_id: Mapped[UUID] = mapped_column()
    visit_id: Mapped[UUID] = mapped_column(ForeignKey("visits.id", ondelete="CASCADE"), primary_key=True)
    criterion_id: Mapped[UUID] = mapped_column(primary_key=True)
    repetition: Mapped[int] = mapped_column(primary_key=True)
    check_id: Mapped[UUID | None] = reference("checks.id", nullable=True)
    """None where nothing of its touchpoint was shown, so that there is no check."""
    lineage_id: Mapped[UUID]
    status: Mapped[Status] = mapped_column(one_of(Status))
    states: Mapped[list[Any]]
    options: Mapped[list[Any]]
    value: Mapped[float | None]
    words: Mapped[str | None]
    reason: Mapped[str | None]
    comment: Mapped[str | None]
    photo_ids: Mapped[list[Any]]
    zone: Mapped[Zone | None] = mapped_column(one_of(Zone))
    points: Mapped[float]
    possible: Mapped[float]
    forbidden_seen: Mapped[int]
    forbidden_possible: Mapped[int]
    hidden: Mapped[bool] = mapped_column(default=False)
    """Its criterion was not shown, by the answers that stand now: kept, and not scored."""


class BestPracticeKind(StrEnum):
    COMFORT = "comfort"
    BEYOND = "beyond"


class BestPractice(Owned, Base):
    """What an inspector found worth copying: a comfort that nobody raves about, or service beyond what was expected."""

    __tablename__ = "best_practices"

    id: Mapped[UUID] = key()
    visit_id: Mapped[UUID] = reference("visits.id", cascade=True)
    project_id: Mapped[UUID] = reference("projects.id")
    wave_id: Mapped[UUID] = mapped_column(ForeignKey("waves.id"))
    touchpoint_id: Mapped[UUID] = reference("touchpoints.id")
    brand_id: Mapped[UUID] = mapped_column(ForeignKey("brands.id"))
    outlet_id: Mapped[UUID] = mapped_column(ForeignKey("outlets.id"))
    position: Mapped[int]
    kind: Mapped[BestPracticeKind] = mapped_column(one_of(BestPracticeKind))
    text: Mapped[str]
    photo_ids: Mapped[list[Any]] = mapped_column(default=list)


class Photo(Owned, Base):
    """One piece of evidence: promised by a report with size and hash, stored once bytes came that keep the promise."""

    __tablename__ = "photos"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_id: Mapped[UUID] = reference("visits.id")
    sha256: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str]
    taken_at: Mapped[datetime | None]
    stored_at: Mapped[datetime | None]
    derived_at: Mapped[datetime | None]
    readable: Mapped[bool | None]
    unreadable_reason: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    waits_on: Mapped[str | None]
    """The machine on whose disk the bytes wait for an object store that is away; None where they are in their place."""
    fingerprint: Mapped[int | None] = mapped_column(BigInteger)
    """Of the picture, 64 bits as a signed number: pictures that look alike differ in few of them."""
    erased_at: Mapped[datetime | None]
    marks: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """A layer over the sealed picture: [{what: arrow | box | blur, at: [x, y, x, y]}] in shares of width and height."""
    duration_ms: Mapped[int | None]
    """Of a recording, by the phone's steady clock."""
    receipt: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """{amount, currency} of one that shows a receipt, each may be None: what the inspector says, as text such as
    "350.00", "RUB". Empty where it is none.
    """
    beside: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Only a report names it that was kept and not accepted: evidence as any other, and no part of the visit."""

    visit: Mapped[Visit] = relationship(back_populates="photos")

    @property
    def is_recording(self) -> bool:
        return is_recording(self.media_type)


def is_recording(media_type: str) -> bool:
    """Whether what calls itself that is heard and not seen: a recording is kept and delivered as photos are."""
    return media_type.startswith("audio/")


Index("ix_photos_sha256", Photo.organization_id, Photo.sha256)
Index(
    "ix_photos_waiting",
    Photo.waits_on,
    sqlite_where=Photo.waits_on.is_not(None),
    postgresql_where=Photo.waits_on.is_not(None),
)
