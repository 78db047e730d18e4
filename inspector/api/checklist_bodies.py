"""A version of a checklist as one JSON document: told, and read again as what its draft shall say."""

from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from marshmallow import ValidationError, missing, post_load
from sqlalchemy.orm import Session

from checklists.checklist import (
    ChecklistVersion,
    Comment,
    CriterionDesign,
    Critical,
    Direction,
    Evidence,
    GuidancePicture,
    Missing,
    OptionDesign,
    OptionZone,
    Polarity,
    Purpose,
    SectionDesign,
    StateDesign,
    Unit,
    WholeCriterion,
    WholeDraft,
    WholeSection,
    missing_parts,
)
from checklists.errors import InvalidInput
from checklists.journey import Barrier, Touchpoint
from checklists.orm import new_id
from checklists.scoring import Comparison, Kind
from inspector.api.fields import (
    EXAMPLE_IDS,
    TOLD,
    Anything,
    Body,
    Choice,
    Flag,
    Id,
    Moment,
    Number,
    Part,
    Several,
    Text,
    Whole,
    Words,
)
from inspector.api.operations import Json
from inspector.api.reach import find
from inspector.manager.checklists.conditions import LONGEST_VALUE, MOST_CONDITIONS
from inspector.manager.checklists.pictures import MOST_PICTURES
from inspector.manager.checklists.place import document_of
from inspector.manager.checklists.rules import MOST_PHOTOS
from inspector.manager.checklists.sections import MOST_REPETITIONS, MOST_REQUIRED_CHECKS
from inspector.manager.checklists.settings import MOST_GRADES
from inspector.manager.fields import Field, Type
from inspector.manager.kinds import KINDS, MOST_DECIMALS, MOST_WEIGHT

HIGHEST_LIMIT = 1e12
MOST_SECTIONS, MOST_CRITERIA, MOST_PARTS, MOST_ENOUGH = 200, 500, 100, 20
NONE_OF_THESE = "none"


class ConditionSchema(Body):
    """One of three: an answer (criterion, test, part), a number (criterion, test, number), an attribute."""

    criterion = Id("criterion", "An earlier one, by its id.")
    test = Choice(Comparison)
    part = Anything(
        {"type": "string", "maxLength": 36},
        "The id of a state or option, or `none` for none of these.",
        example=EXAMPLE_IDS["state"],
    )
    number = Number(least=-HIGHEST_LIMIT, most=HIGHEST_LIMIT, example=120)
    attribute = Text("Of the outlet.", longest=LONGEST_VALUE, example="drive-through")
    value = Text("Null is any.", longest=LONGEST_VALUE, allow_none=True, example="yes")

    @post_load
    def build(self, given: Json, **_more: Any) -> Json:
        """As the document has it. Raises ValidationError for what is none of the three."""
        names = set(given)
        if names in ({"attribute"}, {"attribute", "value"}) and given["attribute"]:
            return {"attribute": given["attribute"], "value": given.get("value") or None}
        if names == {"criterion", "test", "part"} and given["test"] in (Comparison.IS, Comparison.CONTAINS):
            return {"criterion": str(given["criterion"]), "test": given["test"].value, "part": _part(given["part"])}
        if names == {"criterion", "test", "number"} and given["test"] is not Comparison.CONTAINS:
            test = Comparison.EQUALS if given["test"] is Comparison.IS else given["test"]
            return {"criterion": str(given["criterion"]), "test": test.value, "number": given["number"]}
        raise ValidationError(_("A condition asks for an answer, for a number, or for an attribute of the outlet."))


def _part(given: Any) -> str:
    if given == NONE_OF_THESE:
        return NONE_OF_THESE
    try:
        return str(UUID(given))
    except (ValueError, TypeError, AttributeError):
        raise ValidationError(_("This is not an id."), "part") from None


class ShownWhenSchema(Body):
    match = Anything({"enum": ["all", "any"]}, "Whether all conditions must hold, or any.", required=True)
    conditions = Several(Part(ConditionSchema), least=1, most=MOST_CONDITIONS, required=True)

    @post_load
    def build(self, given: Json, **_more: Any) -> Json:
        if given["match"] not in ("all", "any"):
            raise ValidationError(_("Please choose one."), "match")
        return given


SHOWN_WHEN: Json = {
    "allow_none": True,
    "load_default": None,
    "example": {"match": "all", "conditions": [{"attribute": "drive-through", "value": "yes"}]},
}


class Enough(Anything):
    """How many expected states make it green."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        if value in ("all", "any") or (type(value) is int and 1 <= value <= MOST_ENOUGH):
            return str(value)
        raise ValidationError(_("Please choose one."))


class StateSchema(Body):
    id = Id("state", "Its own one; of a new one any other, by which conditions may name it.", allow_none=True)
    lineage_id = Id("state", "The same thing over versions has the same one.", **TOLD)
    text = Words(required=True, example={"en": "The desk is clean", "ru": "Стойка чистая"})
    description = Words("An explanation or sample phrase.", load_default=dict, example={})
    polarity = Choice(Polarity, required=True)
    weight = Number("Of an expected one.", least=0, most=MOST_WEIGHT, load_default=1.0, example=1)


class OptionSchema(Body):
    id = Id("option", "Its own one; of a new one any other, by which conditions may name it.", allow_none=True)
    lineage_id = Id("option", "The same thing over versions has the same one.", **TOLD)
    text = Words(required=True, example={"en": "At once", "ru": "Сразу"})
    description = Words("An explanation or sample phrase.", load_default=dict, example={})
    zone = Choice(OptionZone, required=True)
    points = Number("In place of the zone's.", least=0, most=1, allow_none=True, load_default=None, example=0.5)
    free_text = Flag("With own words.", load_default=False)


class CriterionSchema(Body):
    id = Id("criterion", "Its own one; of a new one any other, by which conditions may name it.", allow_none=True)
    lineage_id = Id("criterion", "The same thing over versions has the same one.", **TOLD)
    comparable = Flag("Whether it still asks the same as in the version before.", load_default=True, example=True)
    kind = Choice(Kind, "Stays as it is for the criterion's life.", required=True)
    text = Words(required=True, example={"en": "The desk", "ru": "Стойка"})
    guidance = Words(load_default=dict, example={})
    pictures = Several(Id("picture"), "Of the guidance.", most=MOST_PICTURES, load_default=list, example=[])
    weight = Number(least=0, most=MOST_WEIGHT, load_default=1.0, example=1)
    required = Flag("Without an answer the visit cannot be finished.", load_default=True, example=True)
    scored = Flag(load_default=True, example=True)
    critical = Choice(Critical, "What red does to the check.", allow_none=True, load_default=None)
    critical_cap = Number("A share.", least=0, most=1, allow_none=True, load_default=None, example=0.5)
    barrier_id = Id("barrier", "That it tests.", allow_none=True, load_default=None)
    may_be_not_applicable = Flag(load_default=False)
    evidence = Choice(Evidence, load_default=Evidence.OPTIONAL, example="optional")
    evidence_at_least = Whole("How many photos.", least=1, most=MOST_PHOTOS, load_default=1, example=1)
    comment = Choice(Comment, load_default=Comment.OPTIONAL, example="optional")
    shown_when = Part(ShownWhenSchema, **SHOWN_WHEN)
    enough = Enough(
        {"anyOf": [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1, "maximum": MOST_ENOUGH}]},
        "How many expected states make it green.",
        load_default="all",
        example="all",
    )
    all_or_nothing = Flag("Some but not enough is red.", load_default=False)
    states = Several(Part(StateSchema), "Of the kind states.", most=MOST_PARTS, load_default=list)
    unit = Choice(Unit, allow_none=True, load_default=None)
    decimals = Whole(least=0, most=MOST_DECIMALS, load_default=0, example=0)
    direction = Choice(Direction, allow_none=True, load_default=None)
    green_limit = Number(least=-HIGHEST_LIMIT, most=HIGHEST_LIMIT, allow_none=True, load_default=None, example=60)
    red_limit = Number(least=-HIGHEST_LIMIT, most=HIGHEST_LIMIT, allow_none=True, load_default=None, example=180)
    linear = Flag("Points grow evenly between the limits.", load_default=False)
    several = Flag("Several options may be chosen.", load_default=False)
    options = Several(Part(OptionSchema), "Of the kind choice.", most=MOST_PARTS, load_default=list, example=[])
    settings = Anything(
        {"type": "object"},
        "What only its kind has: lowest, highest, lowest_words, highest_words of a rating, from and until (ids of time"
        " stamps) of a duration, currency of money.",
        load_default=dict,
        example={},
    )


class SectionSchema(Body):
    id = Id("section", "Its own one; a new section has none.", allow_none=True, load_default=None)
    lineage_id = Id("section", "The same thing over versions has the same one.", **TOLD)
    touchpoint_id = Id("touchpoint", required=True)
    title = Words("Without one it is called after its touchpoint.", load_default=dict, example={"en": "Reception"})
    intro = Words(load_default=dict, example={})
    required_checks = Whole("What a wave begins with.", least=0, most=MOST_REQUIRED_CHECKS, load_default=10, example=10)
    weight = Number(least=0, most=MOST_WEIGHT, allow_none=True, load_default=None, example=1)
    repeats = Flag("For each employee met, each product asked for.", load_default=False)
    repeat_label = Words("What is repeated.", load_default=dict, example={})
    most_repetitions = Whole(least=1, most=MOST_REPETITIONS, load_default=10, example=10)
    shown_when = Part(ShownWhenSchema, **SHOWN_WHEN)
    criteria = Several(Part(CriterionSchema), most=MOST_CRITERIA, load_default=list)


class GradeSchema(Body):
    name = Words(required=True, example={"en": "good", "ru": "хорошо"})
    from_share = Number("From this share on.", least=0, most=1, required=True, data_key="from", example=0.8)


class MissingPartSchema(Body):
    detail = Text("What keeps it from being published.", example="it has no section.", **TOLD)
    section_id = Id("section", allow_none=True, **TOLD)
    criterion_id = Id("criterion", allow_none=True, **TOLD)


class VersionSchema(Body):
    id = Id("version", **TOLD)
    checklist_id = Id("checklist", **TOLD)
    number = Whole(example=2, **TOLD)
    published_at = Moment("Null while it is a draft.", allow_none=True, **TOLD)
    languages = Several(Text(example="en"), **TOLD)
    missing = Several(Part(MissingPartSchema), "What a draft still lacks.", **TOLD)
    name = Words("Of the checklist.", required=True, example={"en": "Visit to a shop", "ru": "Визит в магазин"})
    purpose = Choice(Purpose, load_default=Purpose.VISIT)
    blind = Flag("The inspector does not learn what is good.", load_default=True, example=True)
    staff_met = Flag("The inspector lists the staff met.", load_default=False)
    green_from = Number("A share of the points.", least=0, most=1, load_default=0.9, example=0.9)
    yellow_from = Number("A share of the points.", least=0, most=1, load_default=0.7, example=0.7)
    grades = Several(Part(GradeSchema), most=MOST_GRADES, load_default=list)
    sections = Several(Part(SectionSchema), most=MOST_SECTIONS, required=True)


# What a document says that was compiled before there was such a field.
_BEFORE: Json = {"purpose": "visit", "blind": True, "green_from": 0.9, "yellow_from": 0.7, "grades": []}


def version_told(version: ChecklistVersion) -> Json:
    """The version as it is told: of a published one its frozen document, of a draft what it would be."""
    document = {**_BEFORE, **document_of(version)}
    rows = [criterion for section in version.sections for criterion in section.criteria]
    comparable = {str(each.id): each.origin_lineage_id in (None, each.lineage_id) for each in rows}
    return {
        **{name: document[name] for name in ("checklist_id", "number", "languages", "purpose", "blind")},
        **{name: document[name] for name in ("green_from", "yellow_from")},
        "id": version.id,
        "published_at": version.published_at,
        "missing": [] if version.published_at else [_lacking(each) for each in missing_parts(version)],
        "name": document["title"],
        "staff_met": document.get("staff_met", False),
        "grades": [{"name": each["name"], "from_share": each["from"]} for each in document["grades"] or ()],
        "sections": [_section_told(section, comparable) for section in document["sections"]],
    }


def _lacking(part: Missing) -> Json:
    return {
        "detail": _(part.message),
        "section_id": part.section and part.section.id,
        "criterion_id": part.criterion and part.criterion.id,
    }


def _section_told(section: Json, comparable: Mapping[str, bool]) -> Json:
    usual = _usual(CriterionSchema)
    criteria = [usual | each | {"comparable": comparable.get(each["id"], True)} for each in section["criteria"]]
    return _usual(SectionSchema) | section | {"criteria": criteria}


def _usual(schema: type[Body]) -> Json:
    """What a document says that was compiled before there was such a field."""
    fields = schema().fields.items()
    return {
        name: field.load_default() if callable(field.load_default) else field.load_default
        for name, field in fields
        if field.load_default is not missing
    }


def draft_asked(session: Session, body: Json) -> WholeDraft:
    """What the document wants the draft to say. Raises InvalidInput by place, NotFound for what is another's."""
    names = ("name", "purpose", "blind", "staff_met", "green_from", "yellow_from")
    grades = [{"name": each["name"], "from": each["from_share"]} for each in body["grades"]]
    return WholeDraft(
        **{name: body[name] for name in names},
        grades=sorted(grades, key=lambda grade: grade["from"], reverse=True),
        sections=[_section_asked(session, each, f"sections/{n}") for n, each in enumerate(body["sections"])],
    )


def _section_asked(session: Session, body: Json, place: str) -> WholeSection:
    touchpoint = find(session, Touchpoint, body["touchpoint_id"])
    names = ("intro", "required_checks", "weight", "repeats", "repeat_label", "most_repetitions", "shown_when")
    design = SectionDesign(
        touchpoint=touchpoint, title=body["title"] or touchpoint.name, **{name: body[name] for name in names}
    )
    criteria = [_criterion_asked(session, each, f"{place}/criteria/{n}") for n, each in enumerate(body["criteria"])]
    return WholeSection(body["id"], design, criteria)


def _criterion_asked(session: Session, body: Json, place: str) -> WholeCriterion:
    pages = KINDS[body["kind"]]
    if body["barrier_id"]:
        find(session, Barrier, body["barrier_id"])
    for picture in body["pictures"]:
        find(session, GuidancePicture, picture)
    unknown = set(body["settings"]) - {field.name for field in pages.fields if field.setting}
    if unknown:
        raise InvalidInput({f"{place}/settings/{min(unknown)[:100]}": _("There is no such field.")})
    own = {field.name: _of_kind(field, body, place) for field in pages.fields}
    values = {each.name: body[each.name] for each in fields_of(CriterionDesign) if each.name in body}
    values |= {field.name: own[field.name] for field in pages.fields if not field.setting}
    values |= dict(pages.fixed)
    values["settings"] = {field.name: own[field.name] for field in pages.fields if field.setting}
    values["pictures"] = [str(each) for each in body["pictures"]]
    values["states"] = [StateDesign(**_part_asked(each)) for each in body["states"]]
    values["options"] = [OptionDesign(**_part_asked(each)) for each in body["options"]]
    return WholeCriterion(body.get("id") or new_id(), CriterionDesign(**values), body["comparable"])


def _part_asked(body: Json) -> Json:
    return {"id": None} | body


def _of_kind(field: Field, body: Json, place: str) -> Any:
    """The value of what the criterion's kind has a field for, as the pages read it. Raises InvalidInput."""
    given = body["settings"].get(field.name) if field.setting else body[field.name]
    if given is None:
        return field.start if field.type is not Type.TICK else bool(field.start)
    sound: Callable[[Any], bool] = {
        Type.WHOLE: lambda value: type(value) is int and (field.least or 0) <= value <= (field.most or 0),
        Type.CHOICE: lambda value: value in field.choices,
        Type.WORDS: _are_words,
        Type.OFFERED: _is_id,
    }.get(field.type, lambda value: True)
    if not sound(given):
        where = f"{place}/settings/{field.name}" if field.setting else f"{place}/{field.name}"
        raise InvalidInput({where: _("This cannot be used here.")})
    return given


def _are_words(value: Any) -> bool:
    try:
        Words().deserialize(value)
    except ValidationError:
        return False
    return True


def _is_id(value: Any) -> bool:
    try:
        Id("criterion").deserialize(value)
    except ValidationError:
        return False
    return True
