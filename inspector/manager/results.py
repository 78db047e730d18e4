"""Results: the matrix of a wave, what lies behind one of its cells, and the lists to take away."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, g, render_template
from sqlalchemy.orm import Session

from checklists.errors import NotFound
from checklists.matrix import Standing, cell_criteria, coverage_of, touchpoint_matrix
from checklists.visits import VisitState, visits_page
from checklists.waves import Wave, waves_of
from inspector.auth import READERS, roles
from inspector.manager.forms import PageAnswer
from inspector.manager.words import UNITS
from inspector.transactions import reading

blueprint = Blueprint("results", __name__, url_prefix="/o/<organization>/<project>/results")

VISITS_SHOWN = 200
APPROVED_BAR = (("approved", (Standing.APPROVED,)),)
"""The only piece of a cell's bar that a client needs."""


@blueprint.get("/")
@roles(*READERS)
def index() -> PageAnswer:
    """The matrix of the latest wave that has begun; a wave that is only planned has nothing to show yet."""
    with reading() as session:
        waves = waves_of(session, g.project.id)
        if not waves:
            return render_template("results/none.html")
        today = datetime.now(UTC).date()
        return _matrix_page(session, waves, next((each for each in waves if each.starts_on <= today), waves[0]))


@blueprint.get("/waves/<uuid:wave_id>")
@roles(*READERS)
def matrix(wave_id: UUID) -> PageAnswer:
    with reading() as session:
        waves = waves_of(session, g.project.id)
        return _matrix_page(session, waves, _chosen(waves, wave_id))


def _matrix_page(session: Session, waves: list[Wave], wave: Wave) -> PageAnswer:
    found = touchpoint_matrix(session, wave.id, g.project.margin)
    return render_template("results/matrix.html", waves=waves, wave=wave, matrix=found)


@blueprint.get("/waves/<uuid:wave_id>/touchpoints/<uuid:touchpoint_id>/brands/<uuid:brand_id>")
@roles(*READERS)
def cell(wave_id: UUID, touchpoint_id: UUID, brand_id: UUID) -> PageAnswer:
    """One touchpoint at one brand: its criteria and visits."""
    with reading() as session:
        wave = _chosen(waves_of(session, g.project.id), wave_id)
        whole = touchpoint_matrix(session, wave.id, g.project.margin)
        row = next((each for each in whole.rows if each.touchpoint_id == touchpoint_id), None)
        brand = next((each for each in whole.brands if each.id == brand_id), None)
        if row is None or brand is None or brand_id not in row.cells:
            raise NotFound
        return render_template(
            "results/cell.html",
            wave=wave,
            row=row,
            brand=brand,
            brands=whole.brands,
            cell=row.cells[brand_id],
            criteria=cell_criteria(session, wave.id, touchpoint_id, brand_id),
            units=UNITS,
            visits=visits_page(
                session,
                g.project.id,
                wave_id=wave.id,
                touchpoint_id=touchpoint_id,
                brand_id=brand_id,
                state=VisitState.APPROVED,
                limit=VISITS_SHOWN,
            ),
        )


@blueprint.get("/waves/<uuid:wave_id>/coverage")
@roles(*READERS)
def coverage(wave_id: UUID) -> PageAnswer:
    """How much of what was agreed is there: without a word of how it comes about."""
    with reading() as session:
        waves = waves_of(session, g.project.id)
        wave = _chosen(waves, wave_id)
        found = coverage_of(session, wave.id, datetime.now(UTC))
        return render_template(
            "results/coverage.html", waves=waves, wave=wave, coverage=found, standing=Standing, bar=APPROVED_BAR
        )


@blueprint.get("/exports")
@roles(*READERS)
def exports() -> PageAnswer:
    with reading() as session:
        return render_template("results/exports.html", waves=waves_of(session, g.project.id))


def _chosen(waves: list[Wave], wave_id: UUID) -> Wave:
    for wave in waves:
        if wave.id == wave_id:
            return wave
    raise NotFound
