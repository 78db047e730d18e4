""" "Shown when": the rows of a small builder that needs no script, and a condition in words.

A row is a source (an answer to look for, a number, an attribute of the outlet), a comparison, and a value where the
source needs one. What is stored stands in checklists/scoring/conditions.py.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import format_decimal, lazy_gettext, ngettext
from flask_babel import gettext as _

from checklists.checklist import Criterion, Option, State
from checklists.scoring import Comparison
from inspector.languages import words
from inspector.manager.forms import Form
from inspector.manager.kinds import is_number
from inspector.manager.words import COMPARISONS

MOST_CONDITIONS = 5
LONGEST_VALUE = 100
BLANK_ROW = {"source": "", "test": Comparison.IS, "value": ""}
MATCHES = {"all": lazy_gettext("all of these"), "any": lazy_gettext("any of these")}

Names = Mapping[str, Mapping[str, str]]
"""The texts of criteria, states and options by id."""
Offers = list[tuple[str, list[tuple[str, str]]]]
"""What a list offers, by group: label, then value and label of each choice."""


def offers(earlier: Iterable[Criterion], attributes: Iterable[str], stored: Mapping[str, Any] | None = None) -> Offers:
    """The sources that a row may name: each state and option of the earlier criteria, their numbers, attributes.

    What the `stored` condition names is offered in any case, so that saving something else does not lose it.
    """
    answers: list[tuple[str, str]] = []
    numbers: list[tuple[str, str]] = []
    for criterion in earlier:
        lineage, asked = str(criterion.lineage_id), words(criterion.text)
        listed: list[State | Option] = [*criterion.states, *criterion.options]
        answers += [(f"part:{lineage}:{part.lineage_id}", f"{asked}: {words(part.text)}") for part in listed]
        if criterion.states:
            answers.append((f"part:{lineage}:none", f"{asked}: {_('None of these')}"))
        if is_number(criterion.kind):
            numbers.append((f"number:{lineage}", asked))
    named = [(f"attribute:{name}", name) for name in attributes]
    sources = [str(_row(condition)["source"]) for condition in (stored or {}).get("conditions", ())]
    known = {value for value, _words in (*answers, *numbers, *named)}
    lost = [each for each in dict.fromkeys(sources) if each not in known]
    named += [(each, each.partition(":")[2]) for each in lost if each.startswith("attribute:")]
    gone = _("An answer that does not come before this, or was removed")
    answers += [(each, gone) for each in lost if not each.startswith("attribute:")]
    groups = [(_("An answer"), answers), (_("A number"), numbers), (_("An attribute of the outlet"), named)]
    return [(label, choices) for label, choices in groups if choices]


def filled(shown_when: Mapping[str, Any] | None, *, spare: int = 1) -> dict[str, Any]:
    """The builder's fields as they stand, with `spare` empty rows more."""
    stored = shown_when or {"match": "all", "conditions": []}
    rows = [*map(_row, stored["conditions"]), *[BLANK_ROW] * spare]
    return {"match": stored["match"], "conditions": rows[:MOST_CONDITIONS]}


def counted(form: Form) -> list[str]:
    """In words, how many conditions the form names; nothing where it names none."""
    count = sum(1 for row in form.rows("conditions") if form.value(f"{row}.source"))
    return [ngettext("shown under %(num)s condition", "shown under %(num)s conditions", count)] if count else []


def _row(condition: Mapping[str, Any]) -> dict[str, Any]:
    if "attribute" in condition:
        return {**BLANK_ROW, "source": f"attribute:{condition['attribute']}", "value": condition.get("value") or ""}
    if "part" in condition:
        return {**BLANK_ROW, "source": f"part:{condition['criterion']}:{condition['part']}", "test": condition["test"]}
    test = Comparison.IS if condition["test"] == Comparison.EQUALS else condition["test"]
    return {"source": f"number:{condition['criterion']}", "test": test, "value": condition["number"]}


def read(form: Form, offered: Offers) -> dict[str, Any] | None:
    """What the builder says, as rows store it (by lineage); None where it says nothing."""
    known = {value for _label, choices in offered for value, _words in choices}
    conditions = []
    for row in form.rows("conditions"):
        source = form.value(f"{row}.source")
        if source and source not in known:
            form.refuse(f"{row}.source", _("Please choose one."))
        elif source:
            conditions.append(_condition(form, row, source))
    if len(conditions) > MOST_CONDITIONS:
        form.refuse("conditions", _("At most %(count)s conditions fit here.", count=MOST_CONDITIONS))
    match = "any" if form.value("match") == "any" else "all"
    return {"match": match, "conditions": conditions} if conditions else None


def _condition(form: Form, row: str, source: str) -> dict[str, Any]:
    kind, _colon, rest = source.partition(":")
    if kind == "attribute":
        return {"attribute": rest, "value": form.text(f"{row}.value", longest=LONGEST_VALUE) or None}
    test = form.one_of(f"{row}.test", Comparison)
    if kind == "part":
        if test not in (Comparison.IS, Comparison.CONTAINS):
            form.refuse(f"{row}.test", _("For this answer choose “is” or “is among those marked”."))
        criterion, _colon, part = rest.partition(":")
        return {"criterion": criterion, "test": test.value, "part": part}
    if test is Comparison.CONTAINS:
        form.refuse(f"{row}.test", _("A number can only be compared."))
    number = form.number(f"{row}.value", required=True)
    equals = Comparison.EQUALS if test is Comparison.IS else test
    return {"criterion": rest, "test": equals.value, "number": number}


def in_words(shown_when: Mapping[str, Any] | None, names: Names) -> str:
    """The condition as one sentence: Shown when “Is there a queue?” is “yes”. Nothing where there is no condition."""
    if not shown_when or not shown_when["conditions"]:
        return ""
    said = [_say(condition, names) for condition in shown_when["conditions"]]
    between = _(" or ") if shown_when["match"] == "any" else _(" and ")
    return str(_("Shown when %(conditions)s.", conditions=between.join(said)))


def _say(condition: Mapping[str, Any], names: Names) -> str:
    if "attribute" in condition:
        name, value = condition["attribute"], condition.get("value")
        if value:
            return str(_("the outlet's “%(name)s” is “%(value)s”", name=name, value=value))
        return str(_("the outlet has “%(name)s”", name=name))
    criterion = _named(names, condition["criterion"])
    if "part" in condition:
        part = _("None of these") if condition["part"] == "none" else _named(names, condition["part"])
        if condition["test"] == Comparison.CONTAINS:
            return str(_("“%(part)s” is among those marked at “%(criterion)s”", part=part, criterion=criterion))
        return str(_("“%(criterion)s” is “%(part)s”", criterion=criterion, part=part))
    return str(
        _(
            "“%(criterion)s” %(comparison)s %(number)s",
            criterion=criterion,
            comparison=COMPARISONS[Comparison(condition["test"])],
            number=format_decimal(condition["number"]),
        )
    )


def _named(names: Names, identity: str) -> str:
    return words(names[identity]) if identity in names else str(_("something that was removed"))


def names_of(document: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """The texts of a document's criteria, states and options by id."""
    return {
        part["id"]: part["text"]
        for section in document["sections"]
        for criterion in section["criteria"]
        for part in (criterion, *criterion["states"], *criterion["options"])
    }
