"""Visits: the list with its filters, one visit with its photos beside the criteria, and the decision on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from checklists.brands import Brand, brands_of
from checklists.errors import HOLD_REASONS, DomainError, NotFound
from checklists.journey import Touchpoint, touchpoints_of
from checklists.review import Decision, approve, reject, reviews_of
from checklists.scoring import read_form
from checklists.visits import (
    SealedReport,
    Visit,
    VisitState,
    next_waiting,
    sealed_reports_of,
    visit_with_parts,
    visits_page,
)
from checklists.waves import Wave, waves_of
from inspector.auth import REVIEWERS, person, roles
from inspector.languages import words
from inspector.manager.forms import Form, PageAnswer, of_project
from inspector.manager.visit_circumstances import circumstances
from inspector.manager.words import UNITS
from inspector.transactions import reading, writing

blueprint = Blueprint("visits", __name__, url_prefix="/o/<organization>/<project>/visits")

Row = TypeVar("Row", Wave, Brand, Touchpoint)

VISITS_ON_A_PAGE = 50
VISIT_STATES = {
    VisitState.RECEIVED: lazy_gettext("received"),
    VisitState.HELD: lazy_gettext("held"),
    VisitState.RETURNED: lazy_gettext("returned"),
    VisitState.APPROVED: lazy_gettext("approved"),
    VisitState.REJECTED: lazy_gettext("rejected"),
}
DECISIONS = {Decision.APPROVED: lazy_gettext("approved"), Decision.REJECTED: lazy_gettext("rejected")}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list was narrowed to, as the address carries it; each filter with the words for its chip."""

    chosen: Mapping[str, str]
    chips: Mapping[str, str]

    def without(self, name: str) -> dict[str, str]:
        return {key: value for key, value in self.chosen.items() if key != name}


@blueprint.get("/")
@roles(*REVIEWERS)
def index() -> PageAnswer:
    with reading() as session:
        wave = _chosen(session, Wave, "wave")
        brand = _chosen(session, Brand, "brand")
        touchpoint = _chosen(session, Touchpoint, "touchpoint")
        state = _state()
        found = visits_page(
            session,
            g.project.id,
            wave_id=wave.id if wave else None,
            brand_id=brand.id if brand else None,
            touchpoint_id=touchpoint.id if touchpoint else None,
            state=state,
            unplaced=_sees_unplaced(),
            before=_before(),
            limit=VISITS_ON_A_PAGE + 1,
        )
        chips = {
            "wave": words(wave.name) if wave else "",
            "state": str(VISIT_STATES[state]) if state else "",
            "brand": brand.name if brand else "",
            "touchpoint": words(touchpoint.name) if touchpoint else "",
        }
        return render_template(
            "visits/index.html",
            visits=found[:VISITS_ON_A_PAGE],
            older=_after(found[VISITS_ON_A_PAGE - 1]) if len(found) > VISITS_ON_A_PAGE else None,
            filters=Filters(
                {name: request.args[name] for name, chip in chips.items() if chip},
                {name: chip for name, chip in chips.items() if chip},
            ),
            form=Form(request.args),
            choices={
                "wave": [(each.id, words(each.name)) for each in waves_of(session, g.project.id)],
                "state": [(each.value, VISIT_STATES[each]) for each in VisitState if each is not VisitState.RETURNED],
                "brand": [(each.id, each.name) for each in brands_of(session, g.project.id)],
                "touchpoint": [(each.id, words(each.name)) for each in touchpoints_of(session, g.project.id)],
            },
            states=VISIT_STATES,
            reasons=HOLD_REASONS,
        )


def _chosen(session: Session, model: type[Row], name: str) -> Row | None:
    """The row that a filter of the address names, or None. Raises NotFound for one of another project."""
    value = request.args.get(name)
    if not value:
        return None
    try:
        return of_project(session, model, UUID(value))
    except ValueError:
        raise NotFound from None


def _state() -> VisitState | None:
    value = request.args.get("state")
    if not value:
        return None
    try:
        return VisitState(value)
    except ValueError:
        raise NotFound from None


def _before() -> tuple[datetime, UUID] | None:
    """Where the page goes on, from "<received_at>~<visit id>" of the last visit of the page before.

    What cannot be read as that is the first page; so is a moment that UTC has no year for.
    """
    try:
        moment, identity = request.args.get("before", "").split("~")
        received_at = datetime.fromisoformat(moment)
        return (received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC)).astimezone(UTC), UUID(identity)
    except (ValueError, OverflowError):
        return None


def _after(visit: Visit) -> str:
    return f"{visit.received_at.isoformat()}~{visit.id}"


@blueprint.get("/<uuid:visit_id>")
@roles(*REVIEWERS)
def show(visit_id: UUID) -> PageAnswer:
    with reading() as session:
        return _page(session, visit_id, Form.showing())


# A refused decision is shown again at its own address, which somebody may reload or return to.
for _noun in ("approval", "rejection"):
    blueprint.add_url_rule(f"/<uuid:visit_id>/{_noun}", f"show_after_{_noun}", show)


def _page(session: Session, visit_id: UUID, form: Form) -> PageAnswer:
    visit = _visit(session, visit_id)
    page = render_template(
        "visits/show.html",
        form=form,
        visit=visit,
        document=read_form(visit.version.document) if visit.version and visit.version.document else None,
        answers={answer.criterion_id: answer for answer in visit.answers},
        photos={str(photo.id): photo for photo in visit.photos},
        touchpoints={each.id: words(each.name) for each in touchpoints_of(session, g.project.id)},
        circumstances=circumstances(visit),
        reviews=reviews_of(session, visit.id),
        sealed=sealed_reports_of(session, visit.id),
        next_waiting=next_waiting(session, g.project.id, visit.id),
        states=VISIT_STATES,
        decisions=DECISIONS,
        UNITS=UNITS,
        reasons=HOLD_REASONS,
    )
    return page, form.status


@blueprint.post("/<uuid:visit_id>/approval")
@roles(*REVIEWERS)
def approve_visit(visit_id: UUID) -> PageAnswer:
    return _decide(visit_id, Decision.APPROVED)


@blueprint.post("/<uuid:visit_id>/rejection")
@roles(*REVIEWERS)
def reject_visit(visit_id: UUID) -> PageAnswer:
    return _decide(visit_id, Decision.REJECTED)


def _decide(visit_id: UUID, decision: Decision) -> PageAnswer:
    form = Form.sent()
    try:
        with writing() as session:
            visit = _visit(session, visit_id)
            if decision is Decision.APPROVED:
                approve(session, visit.id, person().user.id, datetime.now(UTC))
            else:
                reject(session, visit.id, person().user.id, form.text("reason", longest=2_000), datetime.now(UTC))
    except NotFound:
        raise
    except DomainError as error:
        form.keep(error)
        with reading() as session:
            return _page(session, visit_id, form)
    if decision is Decision.APPROVED:
        flash(_("The visit was approved. It counts in the results now."), "done")
    else:
        flash(_("The visit was rejected. Its place in the plan is open again."), "done")
    return redirect(url_for("visits.show", visit_id=visit_id))


@blueprint.get("/<uuid:visit_id>/reports/<uuid:report_id>")
@roles(*REVIEWERS)
def report(visit_id: UUID, report_id: UUID) -> PageAnswer:
    """A report as it came from the phone, byte for byte."""
    with reading() as session:
        visit = _visit(session, visit_id)
        found = session.get(SealedReport, report_id)
        if found is None or found.visit_id != visit.id:
            raise NotFound
        name = f"visit-{visit.id}-{found.sha256[:8]}.json"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(found.body, content_type="application/json", headers=headers)


def _visit(session: Session, visit_id: UUID) -> Visit:
    """The project's visit. A held one without a project is shown to those who see the whole organization."""
    visit = visit_with_parts(session, visit_id)
    if visit is None or visit.organization_id != g.organization.id:
        raise NotFound
    if visit.project_id != g.project.id and not (visit.project_id is None and _sees_unplaced()):
        raise NotFound
    return visit


def _sees_unplaced() -> bool:
    return any(each.project_id is None for each in g.memberships)
