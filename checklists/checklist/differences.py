"""What has changed between two versions of a checklist: pure, from their compiled documents, joined by lineage."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from checklists.orm import LanguageMap

Document = Mapping[str, Any]
Place = tuple[LanguageMap | None, LanguageMap | None]
"""Title of the section and text of the criterion."""


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    REWORDED = "reworded"
    CHANGED = "changed"


class Changed(StrEnum):
    """What of a checklist has changed."""

    VERSION = "version"
    SECTION = "section"
    CRITERION = "criterion"
    STATE = "state"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Difference:
    """One change. `field` is the document's name of what was reworded or changed; one of the settings has its own name.

    `section` and `criterion` say where, by the titles of the later version, or of the earlier one for what was removed.
    `old` and `new` are as the documents hold them: a text by language, a limit, a condition with that version's ids.
    A moved criterion has in `old` and `new` the titles of its sections where those are two.
    """

    change: Change
    part: Changed
    section: LanguageMap | None = None
    criterion: LanguageMap | None = None
    name: LanguageMap | None = None
    kind: str | None = None
    field: str = ""
    old: Any = None
    new: Any = None


# What identifies a part, or holds parts that are compared on their own.
_NOT_COMPARED = {
    Changed.VERSION: {"version_id", "checklist_id", "number", "languages", "default_language", "sections"},
    Changed.SECTION: {"id", "lineage_id", "criteria"},
    Changed.CRITERION: {"id", "lineage_id", "states", "options", "settings"},
    Changed.STATE: {"id", "lineage_id"},
    Changed.OPTION: {"id", "lineage_id"},
}
_TEXTS = {"title", "intro", "repeat_label", "text", "guidance", "description", "lowest_words", "highest_words"}

# What a document says that was compiled before there was such a field.
_BEFORE_ITS_TIME = {"purpose": "visit", "most_repetitions": 10}


def differences(before: Document, after: Document) -> list[Difference]:
    """What has changed from one version to the other: the version itself first, then section by section in the later
    version's order, each with what was removed from it at the end.
    """
    return list(_of_version(_with_lineages(before), _with_lineages(after)))


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two documents; `lineages` leads from its ids to what both documents call the same part."""

    document: Document
    lineages: Mapping[str, str]

    def criteria(self) -> dict[str, tuple[Document, Document]]:
        """Each criterion by lineage, with its section."""
        return {
            criterion["lineage_id"]: (section, criterion)
            for section in self.document["sections"]
            for criterion in section["criteria"]
        }

    def neutral(self, value: Any) -> Any:
        """The value with lineages in the place of ids, so that a copied condition equals its original."""
        match value:
            case Mapping():
                return {name: self.neutral(each) for name, each in value.items()}
            case list():
                return [self.neutral(each) for each in value]
            case str():
                return self.lineages.get(value, value)
        return value


def _with_lineages(document: Document) -> _Side:
    lineages: dict[str, str] = {}
    for section in document["sections"]:
        for criterion in section["criteria"]:
            for part in (criterion, *criterion["states"], *criterion["options"]):
                lineages[part["id"]] = part["lineage_id"]
    return _Side(document, lineages)


def _of_version(before: _Side, after: _Side) -> Iterator[Difference]:
    yield from _of_fields(before, after, before.document, after.document, Changed.VERSION, (None, None))
    earlier = _by_lineage(before.document["sections"])
    moved = _moved(before.document["sections"], after.document["sections"])
    for section in after.document["sections"]:
        place = (section["title"], None)
        old = earlier.pop(section["lineage_id"], None)
        if old is None:
            yield Difference(Change.ADDED, Changed.SECTION, *place, name=section["title"])
        elif section["lineage_id"] in moved:
            yield Difference(Change.MOVED, Changed.SECTION, *place, name=section["title"])
        if old is not None:
            yield from _of_fields(before, after, old, section, Changed.SECTION, place)
        yield from _of_criteria(before, after, old, section)
    for gone in earlier.values():
        yield Difference(Change.REMOVED, Changed.SECTION, section=gone["title"], name=gone["title"])
        yield from _removed_criteria(after, gone, gone["title"])


def _of_criteria(before: _Side, after: _Side, old: Document | None, new: Document) -> Iterator[Difference]:
    """The criteria of one section: what came, went or changed there, wherever it stood before."""
    earlier = before.criteria()
    moved = _moved(old["criteria"] if old else [], new["criteria"])
    for criterion in new["criteria"]:
        lineage = criterion["lineage_id"]
        place = (new["title"], criterion["text"])
        if lineage not in earlier:
            yield Difference(Change.ADDED, Changed.CRITERION, *place, name=criterion["text"], kind=criterion["kind"])
            continue
        origin, same = earlier[lineage]
        if origin["lineage_id"] != new["lineage_id"]:
            yield Difference(
                Change.MOVED, Changed.CRITERION, *place, name=criterion["text"], old=origin["title"], new=new["title"]
            )
        elif lineage in moved:
            yield Difference(Change.MOVED, Changed.CRITERION, *place, name=criterion["text"])
        yield from _of_criterion(before, after, same, criterion, place)
    if old is not None:
        yield from _removed_criteria(after, old, new["title"])


def _removed_criteria(after: _Side, section: Document, title: LanguageMap) -> Iterator[Difference]:
    kept = after.criteria()
    for criterion in section["criteria"]:
        if criterion["lineage_id"] not in kept:
            yield Difference(
                Change.REMOVED,
                Changed.CRITERION,
                section=title,
                criterion=criterion["text"],
                name=criterion["text"],
                kind=criterion["kind"],
            )


def _of_criterion(before: _Side, after: _Side, old: Document, new: Document, place: Place) -> Iterator[Difference]:
    yield from _of_fields(before, after, old, new, Changed.CRITERION, place)
    yield from _of_fields(before, after, old.get("settings", {}), new.get("settings", {}), Changed.CRITERION, place)
    for part, name in ((Changed.STATE, "states"), (Changed.OPTION, "options")):
        yield from _of_parts(before, after, old[name], new[name], part, place)


def _of_parts(
    before: _Side, after: _Side, old: Sequence[Document], new: Sequence[Document], part: Changed, place: Place
) -> Iterator[Difference]:
    """The states or options of one criterion. Their order says nothing to an inspector, so it is not compared."""
    earlier = _by_lineage(old)
    for each in new:
        same = earlier.pop(each["lineage_id"], None)
        if same is None:
            yield Difference(Change.ADDED, part, *place, name=each["text"])
        else:
            yield from _of_fields(before, after, same, each, part, place, each["text"])
    for gone in earlier.values():
        yield Difference(Change.REMOVED, part, *place, name=gone["text"])


def _of_fields(
    before: _Side,
    after: _Side,
    old: Document,
    new: Document,
    part: Changed,
    place: Place,
    name: LanguageMap | None = None,
) -> Iterator[Difference]:
    """What one part says of itself. A field that only one of the documents knows is empty in the other."""
    for field in [*new, *(each for each in old if each not in new)]:
        if field in _NOT_COMPARED[part]:
            continue
        was = old.get(field, _BEFORE_ITS_TIME.get(field))
        now = new.get(field, _BEFORE_ITS_TIME.get(field))
        if before.neutral(was) == after.neutral(now) or (_is_nothing(was) and _is_nothing(now)):
            continue
        change = Change.REWORDED if field in _TEXTS else Change.CHANGED
        kind = new.get("kind") if part is Changed.CRITERION else None
        yield Difference(change, part, *place, name=name, kind=kind, field=field, old=was, new=now)


def _is_nothing(value: Any) -> bool:
    """Empty in any way. A limit of 0 is something."""
    return value is None or value is False or value == "" or value == {} or value == []


def _by_lineage(parts: Sequence[Document]) -> dict[str, Document]:
    return {part["lineage_id"]: part for part in parts}


def _moved(old: Sequence[Document], new: Sequence[Document]) -> set[str]:
    """The fewest parts, by lineage, that changed their place among those which both hold.

    They are what the longest rising run of old places leaves over (patience sorting).
    """
    place = {part["lineage_id"]: number for number, part in enumerate(old)}
    common = [part["lineage_id"] for part in new if part["lineage_id"] in place]
    ends: list[int] = []  # ends[n]: the lowest old place in which a run of n + 1 parts can end
    runs: list[list[str]] = []
    for lineage in common:
        length = bisect_left(ends, place[lineage])
        run = [*(runs[length - 1] if length else []), lineage]
        ends[length : length + 1] = [place[lineage]]
        runs[length : length + 1] = [run]
    return set(common) - set(runs[-1] if runs else [])
