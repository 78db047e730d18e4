"""The differences between two versions, each as a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask_babel import format_percent, lazy_gettext, ngettext
from flask_babel import gettext as _

from checklists.checklist import Change, Changed, Difference, Polarity
from checklists.scoring import Kind
from inspector.languages import words
from inspector.manager.checklists import conditions
from inspector.manager.checklists.conditions import Names
from inspector.manager.checklists.rules import shared_fields
from inspector.manager.checklists.sections import FURTHER, REQUIRED_CHECKS
from inspector.manager.checklists.settings import SETTINGS
from inspector.manager.fields import Field, Words
from inspector.manager.kinds import KINDS

LANGUAGE_NAMES = {"ru": lazy_gettext("Russian"), "en": lazy_gettext("English")}
POLARITIES = {Polarity.EXPECTED: lazy_gettext("expected"), Polarity.FORBIDDEN: lazy_gettext("forbidden")}

# What is not a field of a form that is declared as data.
_OTHER_LABELS = {
    "title": lazy_gettext("Title"),
    "intro": lazy_gettext("Introduction"),
    "text": lazy_gettext("Text"),
    "guidance": lazy_gettext("Guidance"),
    "touchpoint_id": lazy_gettext("Touchpoint"),
    "shown_when": lazy_gettext("Condition"),
    "pictures": lazy_gettext("Reference pictures"),
    "grades": lazy_gettext("Grade bands"),
    "polarity": lazy_gettext("State"),
    "kind": lazy_gettext("Kind"),
    "staff_names": lazy_gettext("Names of the staff"),
}
_WHOLE_PARTS = {
    (Change.ADDED, Changed.SECTION): lazy_gettext("This section is new."),
    (Change.REMOVED, Changed.SECTION): lazy_gettext("This section was removed."),
    (Change.MOVED, Changed.SECTION): lazy_gettext("This section stands at another place."),
    (Change.ADDED, Changed.CRITERION): lazy_gettext("This criterion is new."),
    (Change.REMOVED, Changed.CRITERION): lazy_gettext("This criterion was removed."),
    (Change.MOVED, Changed.CRITERION): lazy_gettext("This criterion stands at another place."),
    (Change.ADDED, Changed.STATE): lazy_gettext("State added: “%(name)s”."),
    (Change.REMOVED, Changed.STATE): lazy_gettext("State removed: “%(name)s”."),
    (Change.ADDED, Changed.OPTION): lazy_gettext("Option added: “%(name)s”."),
    (Change.REMOVED, Changed.OPTION): lazy_gettext("Option removed: “%(name)s”."),
}


@dataclass(frozen=True, slots=True)
class ChangesAt:
    """What has changed at one place: a section's title and a criterion's text, empty for the version or the section."""

    section: str
    criterion: str
    sentences: list[str]


def in_words(differences: list[Difference], old: Names, new: Names) -> list[ChangesAt]:
    """The differences as sentences, by place; `old` and `new` have the texts of each version's parts by id."""
    placed = groupby(differences, key=lambda each: (words(each.section), words(each.criterion)))
    return [
        ChangesAt(section, criterion, [sentence for each in found for sentence in _sentences(each, old, new)])
        for (section, criterion), found in placed
    ]


def counted(differences: list[Difference]) -> list[str]:
    """How much was added, removed, moved, reworded and changed, in words."""
    count = {change: sum(each.change is change for each in differences) for change in Change}
    said = {
        Change.ADDED: ngettext("%(num)s addition", "%(num)s additions", count[Change.ADDED]),
        Change.REMOVED: ngettext("%(num)s removal", "%(num)s removals", count[Change.REMOVED]),
        Change.MOVED: ngettext("%(num)s move", "%(num)s moves", count[Change.MOVED]),
        Change.REWORDED: ngettext("%(num)s rewording", "%(num)s rewordings", count[Change.REWORDED]),
        Change.CHANGED: ngettext("%(num)s other change", "%(num)s other changes", count[Change.CHANGED]),
    }
    return [said[change] for change in Change if count[change]]


def _sentences(difference: Difference, old: Names, new: Names) -> Iterator[str]:
    name = words(difference.name)
    if difference.change is Change.MOVED and difference.old:
        yield _("This criterion came here from “%(section)s”.", section=words(difference.old))
    elif difference.change is Change.REWORDED:
        yield from _rewordings(difference)
    elif difference.change is Change.CHANGED:
        label = _label(difference)
        before, after = _value(difference, difference.old, old), _value(difference, difference.new, new)
        what = _("“%(name)s”, %(field)s", name=name, field=label) if name else label
        yield _("%(what)s: %(old)s → %(new)s", what=what, old=before, new=after)
    else:
        yield str(_WHOLE_PARTS[difference.change, difference.part]) % {"name": name}


def _rewordings(difference: Difference) -> Iterator[str]:
    before, after = difference.old or {}, difference.new or {}
    for language in dict.fromkeys([*before, *after]):
        if before.get(language) != after.get(language):
            yield _(
                "%(what)s, in %(language)s: %(old)s → %(new)s",
                what=_label(difference),
                language=LANGUAGE_NAMES.get(language, language),
                old=_quoted(before.get(language)),
                new=_quoted(after.get(language)),
            )


def _quoted(text: str | None) -> str:
    return str(_("“%(text)s”", text=text)) if text else "–"


def _label(difference: Difference) -> Words:
    field = _field(difference)
    return field.called if field else _OTHER_LABELS.get(difference.field, difference.field)


def _value(difference: Difference, value: Any, names: Names) -> str:
    """Old or new value of a field, in words."""
    field = _field(difference)
    if field:
        return field.say(value, names)
    match difference.field:
        case "shown_when":
            return conditions.in_words(value, names) or str(_("always shown"))
        case "pictures":
            return str(len(value or []))
        case "grades":
            return ", ".join(f"{words(band['name'])} {format_percent(band['from'])}" for band in value or []) or "–"
        case "polarity":
            return str(POLARITIES[Polarity(value)])
        case "kind":
            return str(KINDS[Kind(value)].name)
        case "staff_names":
            return str(_("yes") if value else _("no"))
    return words(names.get(str(value), {})) or "–"


def _field(difference: Difference) -> Field | None:
    """How the form calls it, where it is a field of one."""
    kind = Kind(difference.kind) if difference.kind else None
    match difference.part:
        case Changed.VERSION:
            fields = [*SETTINGS]
        case Changed.SECTION:
            fields = [REQUIRED_CHECKS, *FURTHER]
        case Changed.CRITERION:
            fields = [*shared_fields(kind), *KINDS[kind].fields] if kind else []
        case _:
            fields = [each for pages in KINDS.values() for rows in pages.rows for each in rows.fields]
    return next((each for each in fields if each.name == difference.field), None)


def all_names(document: Mapping[str, Any], further: Names) -> dict[str, Mapping[str, str]]:
    """The texts of a document's parts and of what it refers to, by id."""
    return {**further, **conditions.names_of(document)}
