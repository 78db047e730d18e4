"""Where the pages of waves stand, how they find what an address or a form names, and how they show a window."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, g
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from checklists.errors import NotFound
from checklists.waves import Wave, wave_with_contents
from inspector.manager.forms import Form

blueprint = Blueprint("waves", __name__, url_prefix="/o/<organization>/<project>/waves")

FIRST_YEAR, LAST_YEAR = 2000, 2100

Day = TypeVar("Day", bound=date)


def find_wave(session: Session, wave_id: UUID) -> Wave:
    """The wave with its contents. Raises NotFound for one of another project as for none."""
    wave = wave_with_contents(session, wave_id)
    if wave is None or wave.project_id != g.project.id:
        raise NotFound
    return wave


def ids(values: Iterable[str]) -> list[UUID]:
    """The ids that a list of ticks sent. Raises NotFound for what is no id: no page of ours sends such a thing."""
    try:
        return [UUID(value) for value in values]
    except ValueError:
        raise NotFound from None


def in_our_time(form: Form, name: str, day: Day) -> Day:
    """The day or moment; noted as wrong outside the years in which every time zone can be reckoned with."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        form.refuse(
            name, _("The year must lie between %(first)s and %(last)s.", first=str(FIRST_YEAR), last=str(LAST_YEAR))
        )
    return day


@blueprint.app_template_global()
def whole_days(begins: datetime, ends: datetime, zone: ZoneInfo) -> tuple[date, date] | None:
    """The first and the last day of a window that consists of whole days in this zone; None for any other."""
    first, end = begins.astimezone(zone).date(), ends.astimezone(zone).date()
    midnights = [datetime.combine(day, time.min, zone).astimezone(UTC) for day in (first, end)]
    if [begins.astimezone(UTC), ends.astimezone(UTC)] != midnights:
        return None
    return first, end - timedelta(days=1)


@blueprint.app_template_global()
def hours_words(begins: int, ends: int) -> str:
    """A part of the day as clocks show it."""
    return f"{begins:02}:00–{ends:02}:00"
