"""The history of a visit as a readable timeline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from checklists.review import Correction, Decision, Event, Happening, Review
from checklists.scoring import Form
from inspector.languages import words
from inspector.manager.visits.answers import in_words

DECISIONS = {
    Decision.APPROVED: lazy_gettext("Approved by %(person)s"),
    Decision.RETURNED: lazy_gettext("Sent back by %(person)s"),
    Decision.REJECTED: lazy_gettext("Rejected by %(person)s"),
    Decision.REOPENED: lazy_gettext("Reopened by %(person)s"),
    Decision.PUT_RIGHT: lazy_gettext("Put right by %(person)s"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline with what belongs to it; `at` in the outlet's zone, `sha256` of a report."""

    at: datetime
    words: str
    reason: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    """Criterion and text."""
    sha256: str = ""
    urgent: bool = False
    decision: bool = False


def history_in_words(events: Iterable[Event], form: Form | None, zone: ZoneInfo) -> list[Entry]:
    """The events of a visit, oldest first; `form` explains notes and corrections where there is one."""
    return [_entry(event, form, event.at.astimezone(zone)) for event in events]


def _entry(event: Event, form: Form | None, at: datetime) -> Entry:
    if event.review is not None:
        return _decided(event.review, form, at)
    if event.correction is not None:
        return _corrected(event.correction, form, at)
    if event.report is not None:
        said = str(_("Report received, revision %(number)s", number=event.revision))
        if event.kind is Happening.CONFLICT:
            said = str(_("Other content received under the same id: kept, and not counted"))
        if event.by_file:
            said += " · " + str(_("by the phone's file, which %(person)s took in", person=event.person))
        return Entry(at, said, sha256=event.report.sha256, urgent=event.kind is Happening.CONFLICT)
    said = {
        Happening.HANDED_OUT: _("Assignment handed out to %(person)s", person=event.person),
        Happening.BEGUN: _("Visit begun, by the phone's clock"),
        Happening.FINISHED: _("Visit finished, by the phone's clock"),
        Happening.PHOTOS: ngettext(
            "%(num)s photo has arrived", "%(num)s photos have arrived, the last one now", event.photos
        ),
    }[event.kind]
    return Entry(at, str(said))


def _decided(review: Review, form: Form | None, at: datetime) -> Entry:
    said = str(DECISIONS[review.decision]) % {"person": review.reviewer.name}
    notes = tuple((criterion_in_words(form, note), str(note["text"])) for note in review.notes)
    return Entry(at, said, reason=review.reason, notes=notes, decision=True)


def criterion_in_words(form: Form | None, note: dict[str, Any]) -> str:
    """What a note stands beside; with the repetition's number from the second one on."""
    criterion = form.criteria.get(UUID(note["criterion_id"])) if form else None
    text = words(criterion.text) if criterion else str(_("A criterion of an earlier version"))
    return text if not note["repetition"] else f"{text} ({note['repetition'] + 1})"


def _corrected(correction: Correction, form: Form | None, at: datetime) -> Entry:
    criterion = form.criteria.get(correction.criterion_id) if form else None
    said = _("Corrected by %(person)s", person=correction.by.name)
    if form is None or criterion is None:
        return Entry(at, str(said), reason=correction.reason)
    place = criterion_in_words(form, {"criterion_id": str(criterion.id), "repetition": correction.repetition})
    return Entry(
        at,
        str(said),
        reason=correction.reason,
        notes=((place, change_in_words(form, correction)),),
    )


def change_in_words(form: Form, correction: Correction) -> str:
    """ "old → new"; the comments too where they changed."""
    criterion = form.criteria[correction.criterion_id]
    old, new = in_words(criterion, correction.old), in_words(criterion, correction.new)
    before, after = correction.old.get("comment") or "", correction.new.get("comment") or ""
    if before == after:
        return f"{old} → {new}"
    return f"{old}{_quoted(before)} → {new}{_quoted(after)}"


def _quoted(comment: str) -> str:
    return ", " + str(_("“%(text)s”", text=comment)) if comment else ""
