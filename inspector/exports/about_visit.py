"""What every row of an export says of its visit: where, by whom and when it was made."""

from collections.abc import Sequence

from flask_babel import gettext as _

from checklists.visits import Visit
from inspector.exports.csv_stream import Cell, outlets_time
from inspector.languages import words


def titles_about_visit() -> Sequence[str]:
    return (
        _("Wave"),
        _("Brand"),
        _("Outlet"),
        _("City"),
        _("Inspector"),
        _("Begun (UTC)"),
        _("Begun (outlet's time)"),
        _("Finished (UTC)"),
        _("Finished (outlet's time)"),
    )


def about_visit(visit: Visit) -> Sequence[Cell]:
    """The cells under `titles_about_visit`."""
    outlet = visit.outlet
    return (
        words(visit.wave.name) if visit.wave else None,
        outlet.brand.name if outlet else None,
        outlet.name if outlet else None,
        outlet.city if outlet else None,
        getattr(visit.inspector, "name", None),  # A client is told nobody's name.
        visit.started_at,
        outlets_time(visit.started_at, outlet),
        visit.finished_at,
        outlets_time(visit.finished_at, outlet),
    )
