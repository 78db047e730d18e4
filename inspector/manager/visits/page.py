"""One visit: how it was made, its checks and answers with their photos, what came from the phone, its history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from flask import Response, g, json, render_template
from flask_babel import format_decimal, format_percent
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.checklist import ChecklistVersion
from checklists.errors import HOLD_REASONS, NotFound
from checklists.journey import Barrier, Channel, Touchpoint, touchpoint_names
from checklists.review import corrections_of, history_of
from checklists.scoring import Form as ChecklistForm
from checklists.scoring import read_form
from checklists.visits import Report, SealedReport, Visit, VisitState, sealed_reports_of
from inspector.api.report_body import read_report
from inspector.auth import READERS, REVIEWERS, roles
from inspector.languages import words
from inspector.manager.entrance import may_review
from inspector.manager.forms import Form, PageAnswer
from inspector.manager.kinds import KINDS, Control
from inspector.manager.lists import identity_asked
from inspector.manager.visits.alike import LIKENESSES, twins_of
from inspector.manager.visits.answers import (
    Part,
    in_words,
    limits_in_words,
    parts_of_report,
    parts_of_visit,
    unknown_answers,
)
from inspector.manager.visits.circumstances import circumstances
from inspector.manager.visits.held import places_offered
from inspector.manager.visits.history import change_in_words, history_in_words
from inspector.manager.visits.place import (
    PRACTICE_KINDS,
    VISIT_STATES,
    blueprint,
    carried,
    in_queue,
    queue_asked,
    visit_asked,
)
from inspector.manager.visits.reports import differences
from inspector.manager.visits.sketch import sketch_of
from inspector.trail import reads_personal
from inspector.transactions import reading

MOST_COMPARED = 10
"""Reports of one visit that are told apart; a phone that has gone wrong may send any number of them."""
MOST_RAW = 20_000
"""Characters of a report that is shown as it came, where nothing better can be made of it."""


@blueprint.get("/<uuid:visit_id>")
@roles(*READERS)
@reads_personal("visit")
def show(visit_id: UUID) -> PageAnswer:
    with reading() as session:
        return visit_page(session, visit_id, Form.showing())


@roles(*REVIEWERS)
@reads_personal("visit")
def show_again(visit_id: UUID) -> PageAnswer:
    """A refused decision is shown again at its own address, which somebody may reload or return to."""
    with reading() as session:
        return visit_page(session, visit_id, Form.showing())


for _noun in ("approval", "return", "rejection", "reopening", "placing"):
    blueprint.add_url_rule(f"/<uuid:visit_id>/{_noun}", f"show_after_{_noun}", show_again)


def visit_page(session: Session, visit_id: UUID, form: Form) -> PageAnswer:
    """The visit's page, with the form of a decision as it was refused."""
    visit = visit_asked(session, visit_id)
    sealed = _sealed(session, visit)
    accepted = None if is_recorded(visit) else _accepted(sealed)
    report = accepted.report if accepted else None
    checklist = _checklist(session, visit, report)
    corrections = corrections_of(session, visit.id, visit.revision)
    places = places_offered(session, visit, report, g.project.id)
    if places is not None and places.chosen and not form.typed:
        form = Form.showing(assignment=places.chosen)
    queue, seen = queue_asked(session), circumstances(visit, on_site=_is_on_site(session, checklist))
    page = render_template(
        "visits/show.html",
        form=form,
        visit=visit,
        checklist=checklist,
        parts=_parts(visit, checklist, report, corrections),
        unknown=unknown_answers(report, checklist) if report and checklist else 0,
        corrected=bool(corrections),
        score_change=_score_change(visit) if corrections else "",
        grade=checklist.grade(visit.score) if checklist and visit.score is not None else None,
        raw=accepted.text if accepted and not (report and checklist) else "",
        photos={str(photo.id): photo for photo in visit.photos},
        alike=twins_of(session, visit.photos) if may_review() else {},
        likenesses=LIKENESSES,
        touchpoints={each: words(name) for each, name in touchpoint_names(session, g.project.id).items()},
        barriers=_barriers(session, checklist),
        circumstances=seen,
        sketch=sketch_of(visit),
        history=history_in_words(history_of(session, visit.id), checklist, seen.zone) if may_review() else [],
        sealed=[_compared(each, sealed, checklist) for each in sealed],
        places=places,
        queue=queue,
        in_queue=in_queue(),
        next_waiting=queue.after(visit),
        last=identity_asked("last"),
        carried=carried(),
        states=VISIT_STATES,
        reasons=HOLD_REASONS,
        practice_kinds=PRACTICE_KINDS,
        limits=limits_in_words,
        in_words=in_words,
        change=change_in_words,
        correctable=lambda criterion: KINDS[criterion.kind].control is not Control.NOTHING,
    )
    return page, form.status


def _score_change(visit: Visit) -> str:
    """Both scores in one sentence."""
    if visit.score is None or visit.sealed_score is None:
        return str(_("Corrections changed whether there is a score at all."))
    sent, counts = format_percent(visit.sealed_score), format_percent(visit.score)
    points = round(100 * (visit.score - visit.sealed_score), 1)
    if points == 0:
        return str(_("%(score)s, the same as sent", score=counts))
    if points > 0:
        change = _("%(points)s percentage points more", points=format_decimal(points))
    else:
        change = _("%(points)s percentage points less", points=format_decimal(-points))
    return str(_("%(score)s; as sent %(sent)s: %(change)s", score=counts, sent=sent, change=change))


@dataclass(frozen=True, slots=True)
class Sealed:
    """One body that a phone sent, with what it reads as; `text` and `report` only where somebody wants to see them."""

    row: SealedReport
    report: Report | None = None
    text: str = ""
    otherwise: Sequence[str] | None = None
    """What it says otherwise than the accepted one before it; None for the first, and where one cannot be read."""


def _sealed(session: Session, visit: Visit) -> list[Sealed]:
    """What phones sent, oldest first; read only where there is something to compare, or nothing better to show."""
    rows = sealed_reports_of(session, visit.id)
    if len(rows) < 2 and is_recorded(visit):
        return [Sealed(row) for row in rows]
    read = [Sealed(row, read_report(row.body), as_text(row.body)) for row in rows[-MOST_COMPARED:]]
    return [*(Sealed(row) for row in rows[:-MOST_COMPARED]), *read]


def is_recorded(visit: Visit) -> bool:
    """Whether the visit's answers are rows; those of a held one, or of one rejected while held, are in its report."""
    return bool(visit.answers) or visit.state not in (VisitState.HELD, VisitState.REJECTED)


def as_text(body: bytes) -> str:
    """The body with a line for each of its parts where it is JSON; cut off where nobody would read on."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
    # What a database or a page refuses would not survive the answer either.
    text = text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text if len(text) <= MOST_RAW else text[:MOST_RAW] + " …"


def _accepted(sealed: Sequence[Sealed]) -> Sealed | None:
    return next((each for each in reversed(sealed) if each.row.accepted), None)


def _compared(one: Sealed, all_of_them: Sequence[Sealed], checklist: ChecklistForm | None) -> Sealed:
    before = _accepted(all_of_them[: all_of_them.index(one)])
    if before is None or before.report is None or one.report is None:
        return one
    return replace(one, otherwise=differences(before.report, one.report, checklist))


def _checklist(session: Session, visit: Visit, report: Report | None) -> ChecklistForm | None:
    """The version that the visit was made with; for a held one, the version that its report names."""
    version = visit.version
    if report is not None and visit.state is VisitState.HELD:
        version = session.get(ChecklistVersion, report.version_id) or version
    return read_form(version.document) if version and version.document else None


def _parts(
    visit: Visit, checklist: ChecklistForm | None, report: Report | None, corrections: Iterable[Any]
) -> list[Part]:
    if checklist is None:
        return []
    if report is not None:
        return parts_of_report(report, checklist, visit.outlet_attributes)
    return parts_of_visit(visit, checklist, corrections) if is_recorded(visit) else []


def _is_on_site(session: Session, checklist: ChecklistForm | None) -> bool:
    """Whether any of it is checked at the outlet itself; where nobody knows what was checked, it may be."""
    wanted = {section.touchpoint_id for section in checklist.sections} if checklist else set()
    channels = set(session.scalars(select(Touchpoint.channel).where(Touchpoint.id.in_(wanted)))) if wanted else set()
    return not channels or Channel.ON_SITE in channels


def _barriers(session: Session, checklist: ChecklistForm | None) -> dict[UUID, str]:
    """The barriers that the checklist's criteria test, in words."""
    named = {each.barrier_id for each in checklist.criteria.values() if each.barrier_id} if checklist else set()
    if not named:
        return {}
    return {each.id: words(each.text) for each in session.scalars(select(Barrier).where(Barrier.id.in_(named)))}


@blueprint.get("/<uuid:visit_id>/reports/<uuid:report_id>")
@roles(*REVIEWERS)
@reads_personal("report", of="visit_id")
def report(visit_id: UUID, report_id: UUID) -> PageAnswer:
    """A report as it came from the phone, byte for byte."""
    with reading() as session:
        visit = visit_asked(session, visit_id)
        found = session.get(SealedReport, report_id)
        if found is None or found.visit_id != visit.id:
            raise NotFound
        name = f"visit-{visit.id}-{found.sha256[:8]}.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(found.body, content_type="application/json", headers=headers)
