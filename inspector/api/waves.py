"""Waves: their contents, required checks and plan; what the coverage and the matrix say stands in results.py."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.brands import Brand
from checklists.checklist import ChecklistVersion
from checklists.errors import InvalidInput, NotFound
from checklists.matrix import uncounted_checks
from checklists.people import inspectors_of
from checklists.waves import (
    MOST_DAY_PARTS,
    Place,
    Wave,
    day_parts_of,
    missing_visits,
    plan_assignments,
    required_checks,
    set_day_parts,
    set_required_checks,
    set_up_wave,
    wave_with_contents,
    waves_of,
)
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Day, Id, Moment, Part, Several, Whole, Words
from inspector.api.operations import Json, Operations, told
from inspector.api.paging import Paged, behind, page_of, paged
from inspector.api.reach import find
from inspector.auth import MANAGERS, REVIEWERS, roles
from inspector.manager.waves.required import MOST_REQUIRED
from inspector.transactions import reading, writing

operations = Operations(
    "waves",
    "Waves",
    "A period of fieldwork: which versions of checklists, which outlets, how many checks are required. Its visits are"
    " planned from what is still missing.",
)

MOST_OUTLETS = 20_000


class DayPartSchema(Body):
    begins = Whole("From this full hour", least=0, most=23, required=True, data_key="from", example=9)
    ends = Whole("until this one, by the outlet's.", least=1, most=24, required=True, data_key="until", example=14)


class WaveBriefSchema(Body):
    id = Id("wave", **TOLD)
    project_id = Id("project", **TOLD)
    name = Words(required=True, example={"en": "November", "ru": "Ноябрь"})
    starts_on = Day("Its first day, on the outlets' clocks.", required=True, example="2026-11-01")
    ends_on = Day("Its last day.", required=True, example="2026-11-30")
    created_at = Moment(**TOLD)


class WaveSchema(WaveBriefSchema):
    brief = Words("What its assignments begin with.", load_default=dict, example={"en": "You look for a quiet table."})
    day_parts = Several(
        Part(DayPartSchema),
        "Over which visits are spread; none leaves the hour to the inspector.",
        most=MOST_DAY_PARTS,
        load_default=list,
    )
    version_ids = Several(Id("version"), "The published versions of checklists that it uses.", least=1, required=True)
    outlet_ids = Several(
        Id("outlet"), "Where it goes; their brands are its brands.", least=1, most=MOST_OUTLETS, required=True
    )


class RequiredSchema(Body):
    touchpoint_id = Id("touchpoint", required=True)
    brand_id = Id("brand", required=True)
    outlet_id = Id("outlet", "Null asks it of the brand as a whole.", allow_none=True, load_default=None)
    required = Whole(
        "How many checks; null takes back what was asked of an outlet.",
        least=0,
        most=MOST_REQUIRED,
        allow_none=True,
        required=True,
        example=10,
    )


class RequiredChecksSchema(Body):
    required = Several(Part(RequiredSchema), required=True)


class PlanSchema(Body):
    inspector_ids = Several(
        Id("inspector"), "Who may be sent; null is everybody who inspects.", allow_none=True, load_default=None, least=1
    )
    version_id = Id("version", "With `brand_id`: only the visits of this version.", allow_none=True, load_default=None)
    brand_id = Id("brand", "With `version_id`: only the visits of this brand.", allow_none=True, load_default=None)


class PlannedSchema(Body):
    assignment_ids = Several(Id("assignment"), "The assignments that were added.", **TOLD)


class MissingSchema(Body):
    version_id = Id("version", **TOLD)
    brand_id = Id("brand", **TOLD)
    outlet_ids = Several(Id("outlet"), "One for each visit, in their order.", **TOLD)


class MissingVisitsSchema(Body):
    items = Several(Part(MissingSchema), **TOLD)


@operations.route("/projects/<uuid:project_id>/waves", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(WaveBriefSchema), "The project's waves, the latest first")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def list_waves(asked: Json, project_id: UUID) -> Response:
    """The project's waves, the latest first, without their contents."""
    with reading() as session:
        waves = waves_of(session, project_id)
    return paged(WaveBriefSchema, behind(waves, asked["cursor"], asked["limit"], _place), asked["limit"], _place)


def _place(wave: Wave) -> tuple[int, int]:
    return -wave.starts_on.toordinal(), -wave.id.int


@operations.route("/projects/<uuid:project_id>/waves", methods=["POST"])
@operations.body(WaveSchema)
@operations.answers(201, WaveSchema, "The wave was made")
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def add(design: Json, project_id: UUID) -> Response:
    """A new wave. Its required checks begin with what the checklists say."""
    with writing() as session:
        wave = Wave(project_id=project_id, created_at=datetime.now(UTC))
        content = _set_up(session, wave, design)
        return tagged(WaveSchema, content, 201, location=f"/api/v1/waves/{wave.id}")


@operations.route("/waves/<uuid:wave_id>", methods=["GET"])
@operations.answers(200, WaveSchema, "The wave")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def show(wave_id: UUID) -> Response:
    """One wave with its versions and outlets."""
    with reading() as session:
        return tagged(WaveSchema, _told(_wave(session, wave_id)))


@operations.route("/waves/<uuid:wave_id>", methods=["PUT"])
@operations.body(WaveSchema)
@operations.answers(200, WaveSchema, "The wave as it is now")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def change(design: Json, wave_id: UUID) -> Response:
    """Change the wave as a whole. Planned assignments follow to another version; handed-out ones keep theirs."""
    with writing() as session:
        wave = _wave(session, wave_id, lock=True)
        refuse_if_changed(WaveSchema, _told(wave))
        return tagged(WaveSchema, _set_up(session, wave, design))


def _set_up(session: Session, wave: Wave, design: Json) -> Json:
    if design["ends_on"] < design["starts_on"]:
        raise InvalidInput({"ends_on": _("The last day cannot be before the first one.")})
    for name in ("name", "starts_on", "ends_on", "brief"):
        setattr(wave, name, design[name])
    set_day_parts(wave, [(each["begins"], each["ends"]) for each in design["day_parts"]])
    set_up_wave(session, wave, design["version_ids"], design["outlet_ids"])
    return _told(wave)


def _told(wave: Wave) -> Json:
    own = {
        name: getattr(wave, name)
        for name in ("id", "project_id", "name", "starts_on", "ends_on", "created_at", "brief")
    }
    return own | {
        "day_parts": [{"begins": begins, "ends": ends} for begins, ends in day_parts_of(wave)],
        "version_ids": sorted(pin.version_id for pin in wave.checklists),
        "outlet_ids": sorted(pin.outlet_id for pin in wave.outlets),
    }


def _wave(session: Session, wave_id: UUID, *, lock: bool = False) -> Wave:
    find(session, Wave, wave_id, lock=lock)
    wave = wave_with_contents(session, wave_id)
    if wave is None:
        raise NotFound
    return wave


@operations.route("/waves/<uuid:wave_id>/required-checks", methods=["GET"])
@operations.answers(200, RequiredChecksSchema, "The numbers")
@roles(*REVIEWERS, scope=TokenScope.SETUP_READ)
def show_required(wave_id: UUID) -> Response:
    """How many checks each touchpoint needs at each brand, and where wished at single outlets."""
    with reading() as session:
        return tagged(RequiredChecksSchema, _numbers(_wave(session, wave_id)))


@operations.route("/waves/<uuid:wave_id>/required-checks", methods=["PATCH"])
@operations.body(RequiredChecksSchema)
@operations.answers(200, RequiredChecksSchema, "All numbers as they are now")
@operations.needs_tag
@roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
def change_required(changes: Json, wave_id: UUID) -> Response:
    """Change the numbers that are named, and leave the others. A place that the wave does not have is 404."""
    with writing() as session:
        wave = _wave(session, wave_id, lock=True)
        refuse_if_changed(RequiredChecksSchema, _numbers(wave))
        set_required_checks(session, wave, _asked_for(changes))
        return tagged(RequiredChecksSchema, _numbers(wave))


def _asked_for(changes: Json) -> Mapping[Place, int | None]:
    numbers = {}
    for place, each in enumerate(changes["required"]):
        if each["required"] is None and each["outlet_id"] is None:
            raise InvalidInput({f"required/{place}/required": _("Please fill this in.")})
        numbers[each["touchpoint_id"], each["brand_id"], each["outlet_id"]] = each["required"]
    return numbers


def _numbers(wave: Wave) -> Json:
    numbers = sorted(required_checks(wave).items(), key=lambda each: [str(part or "") for part in each[0]])
    names = ("touchpoint_id", "brand_id", "outlet_id")
    return {"required": [dict(zip(names, place, strict=True)) | {"required": number} for place, number in numbers]}


@operations.route("/waves/<uuid:wave_id>/missing-visits", methods=["GET"])
@operations.answers(200, MissingVisitsSchema, "What a plan would add")
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_READ)
def show_missing(wave_id: UUID) -> Response:
    """The visits that the required checks still need and nobody is planned for."""
    with reading() as session:
        wave = _wave(session, wave_id)
        plans = missing_visits(session, wave, uncounted_checks(session, wave.id))
        items = [
            {
                "version_id": plan.version.id,
                "brand_id": plan.brand_id,
                "outlet_ids": [outlet.id for outlet in plan.outlets],
            }
            for plan in plans
        ]
        return told(MissingVisitsSchema().dump({"items": items}))


@operations.route("/waves/<uuid:wave_id>/plan", methods=["POST"])
@operations.body(PlanSchema, example={"inspector_ids": None})
@operations.answers(200, PlannedSchema, "What was planned; nothing where the plan is complete already")
@roles(*MANAGERS, scope=TokenScope.FIELDWORK_WRITE)
def plan(wish: Json, wave_id: UUID) -> Response:
    """Plan the visits that are missing. Planning again adds only what is missing then."""
    with writing() as session:
        wave = _wave(session, wave_id)
        active = inspectors_of(session, wave.project_id)
        wanted = wish["inspector_ids"]
        if wanted is not None and not set(wanted) <= {each.id for each in active}:
            raise InvalidInput({"inspector_ids": _("Please choose one.")})
        chosen = [each for each in active if wanted is None or each.id in wanted]
        uncounted, now = uncounted_checks(session, wave.id), datetime.now(UTC)
        planned = plan_assignments(session, wave, chosen, now, uncounted, only=_only(session, wish))
        return told(PlannedSchema().dump({"assignment_ids": [each.id for each in planned]}))


def _only(session: Session, wish: Json) -> tuple[UUID, UUID] | None:
    """The one version and brand that the wish names. Raises InvalidInput where it names one of them only."""
    named = {name: wish[name] for name in ("version_id", "brand_id") if wish[name]}
    if not named:
        return None
    for name in ("version_id", "brand_id"):
        if name not in named:
            raise InvalidInput({name: _("Please fill this in.")})
    version = find(session, ChecklistVersion, wish["version_id"])
    return version.id, find(session, Brand, wish["brand_id"]).id
