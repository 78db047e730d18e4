"""The rules that criteria of all kinds share, as data: what an answer needs, how it counts, what it tests."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import format_decimal, format_percent, lazy_gettext, ngettext
from flask_babel import gettext as _

from checklists.checklist import Comment, Critical, Evidence
from checklists.scoring import RULES, Kind
from inspector.languages import words
from inspector.manager.checklists import conditions
from inspector.manager.checklists.conditions import Names
from inspector.manager.fields import Field, Group, Type
from inspector.manager.forms import Form, plain
from inspector.manager.kinds import KINDS, MOST_WEIGHT
from inspector.manager.words import COMMENTS, CRITICAL, EVIDENCE

MOST_PHOTOS = 20

_EVIDENCE = (
    Field("evidence", lazy_gettext("Photos"), Type.CHOICE, choices=EVIDENCE, start=Evidence.OPTIONAL),
    Field(
        "evidence_at_least",
        lazy_gettext("At least how many photos"),
        Type.WHOLE,
        least=1,
        most=MOST_PHOTOS,
        start=1,
        hint=lazy_gettext("Where photos are required."),
        only_with=("evidence", (Evidence.REQUIRED, Evidence.NOT_GREEN)),
    ),
    Field("comment", lazy_gettext("Comment"), Type.CHOICE, choices=COMMENTS, start=Comment.OPTIONAL),
    Field(
        "required",
        lazy_gettext("Required: without an answer the visit cannot be finished"),
        Type.TICK,
        short=lazy_gettext("Required"),
        start=True,
    ),
    Field(
        "may_be_not_applicable",
        lazy_gettext("May be not applicable: the thing may not exist here"),
        Type.TICK,
        short=lazy_gettext("May be not applicable"),
        start=False,
    ),
)
_SCORING = (
    Field(
        "scored",
        lazy_gettext("Scored: without this tick it is only asked"),
        Type.TICK,
        short=lazy_gettext("Scored"),
        start=True,
    ),
    Field(
        "weight",
        lazy_gettext("Weight of the criterion"),
        Type.NUMBER,
        short=lazy_gettext("Weight"),
        least=0,
        most=MOST_WEIGHT,
        required=True,
        start=1.0,
        more=True,
    ),
    Field(
        "critical",
        lazy_gettext("Critical: red here makes the whole check red"),
        Type.CHOICE,
        short=lazy_gettext("Critical"),
        choices=CRITICAL,
        blank=lazy_gettext("not critical"),
    ),
    Field(
        "critical_cap",
        lazy_gettext("Score at most, per cent"),
        Type.PERCENT,
        short=lazy_gettext("Score at most"),
        least=0,
        most=100,
        hint=lazy_gettext("Where the score is limited."),
        only_with=("critical", (Critical.CAP,)),
    ),
)
BARRIER = Field(
    "barrier_id",
    lazy_gettext("Barrier tested"),
    Type.OFFERED,
    blank=lazy_gettext("none"),
    hint=lazy_gettext("The way of losing the customer that this criterion looks for; the journey page shows it too."),
)


def needs(kind: Kind) -> Group | None:
    """What an answer needs, for everybody who makes a criterion; None where nothing of it is asked for this kind."""
    asked = tuple(each for each in _EVIDENCE if each.name not in KINDS[kind].fixed)
    return Group(lazy_gettext("What the answer needs"), asked) if asked else None


def scoring(kind: Kind) -> Group | None:
    """How the criterion counts; None for a fact."""
    return None if RULES[kind].fact else Group(lazy_gettext("Scoring"), _SCORING)


def shared_fields(kind: Kind) -> Iterator[Field]:
    """All of these rules that a criterion of this kind has."""
    for group in (needs(kind), scoring(kind)):
        yield from group.fields if group else ()
    yield BARRIER


def start_of(kind: Kind) -> dict[str, object]:
    """What an empty form shows."""
    pages = KINDS[kind]
    values = {each.name: each.typed(each.start) for each in (*shared_fields(kind), *pages.fields)}
    return values | dict(pages.start) | {rows.name: [rows.blank()] * rows.empty for rows in pages.rows}


def further(form: Form, kind: Kind) -> list[str]:
    """In words, what of the rules that the form folds up is set otherwise than usual."""
    said = []
    group = scoring(kind)
    for field in group.fields if group else ():
        value = form.value(field.name)
        match field.type:
            case Type.TICK if bool(value) != bool(field.start):
                said.append(_("asked, not scored"))
            case Type.CHOICE if value in field.choices:
                said.append(str(field.choices[value]))
            case Type.NUMBER if value and value != plain(field.start):
                said.append(f"{field.label}: {value}")
    if form.value(BARRIER.name):
        said.append(_("tests a barrier"))
    said += conditions.counted(form)
    pictures = len(form.chosen("pictures"))
    if pictures:
        said.append(ngettext("%(num)s reference picture", "%(num)s reference pictures", pictures))
    return said


def labels(criterion: Mapping[str, Any], names: Names) -> list[str]:
    """The shared rules of a compiled criterion, each in a few words, where it is not as usual."""
    pages = KINDS[Kind(criterion["kind"])]
    said = [str(pages.name)]
    if not RULES[Kind(criterion["kind"])].fact:
        weight = _("weight %(weight)s", weight=format_decimal(criterion["weight"]))
        said.append(weight if criterion["scored"] else _("asked, not scored"))
    if criterion.get("critical"):
        said.append(str(CRITICAL[Critical(criterion["critical"])]))
        if criterion["critical_cap"] is not None:
            said[-1] += f" ({format_percent(criterion['critical_cap'])})"
    if "required" not in pages.fixed and not criterion["required"]:
        said.append(_("not required"))
    if criterion["may_be_not_applicable"]:
        said.append(_("may be not applicable"))
    if "evidence" not in pages.fixed:
        evidence = Evidence(criterion["evidence"])
        at_least = _("at least %(count)s", count=criterion["evidence_at_least"])
        demanded = evidence in (Evidence.REQUIRED, Evidence.NOT_GREEN)
        if evidence is not Evidence.OPTIONAL:
            said.append(f"{EVIDENCE[evidence]}: {at_least}" if demanded else str(EVIDENCE[evidence]))
        if criterion["comment"] != Comment.OPTIONAL:
            said.append(str(COMMENTS[Comment(criterion["comment"])]))
    if criterion.get("barrier_id") in names:
        said.append(_("tests the barrier “%(barrier)s”", barrier=words(names[criterion["barrier_id"]])))
    return said


def facts(criterion: Mapping[str, Any], names: Names) -> list[str]:
    """What its kind asks of a compiled criterion beside states and options, each as "label: value"."""
    said = []
    for field in KINDS[Kind(criterion["kind"])].fields:
        value = criterion.get("settings", {}).get(field.name) if field.setting else criterion.get(field.name)
        if field.type is Type.TICK:
            said += [str(field.label)] if value else []
        elif value not in (None, "", {}) and not (field.more and value == field.start):
            said.append(f"{field.called}: {field.say(str(value) if field.type is Type.CHOICE else value, names)}")
    return said
