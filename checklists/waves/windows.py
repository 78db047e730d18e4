"""When a visit is to be made: its days within the wave, and the part of the day in which it should begin."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from checklists.brands import Outlet
from checklists.errors import N_, InvalidInput
from checklists.people import User
from checklists.waves.tables import Wave

SHORTEST_WINDOW = timedelta(days=2)
MOST_DAY_PARTS = 4

DayPart = tuple[int, int]
"""From which full hour until which one, 0..24, on the outlet's clocks."""

PartsSeen = Counter[tuple[UUID | None, DayPart]]
"""How many visits fall into a part of the day: at a brand, at an outlet, of an inspector, and (None) in all."""


def day_parts_of(wave: Wave) -> list[DayPart]:
    return [(int(begins), int(ends)) for begins, ends in wave.day_parts or ()]


def set_day_parts(wave: Wave, parts: Sequence[DayPart]) -> None:
    """Say over which parts of the day visits are spread from now on; none leaves the hour to the inspector.

    Raises InvalidInput for "day_parts" where there are too many, one is empty, or two overlap.
    """
    wrong = None
    if len(parts) > MOST_DAY_PARTS:
        wrong = N_("A day has at most four parts.")
    elif not all(0 <= begins < ends <= 24 for begins, ends in parts):
        wrong = N_("A part of the day begins before it ends, between 0 and 24 hours.")
    elif any(later[0] < earlier[1] for earlier, later in pairwise(sorted(parts))):
        wrong = N_("Two parts of the day overlap.")
    if wrong:
        raise InvalidInput({"day_parts": wrong})
    wave.day_parts = [list(part) for part in sorted(parts)]


def due_window(wave: Wave, zone: ZoneInfo, slot: int, slots: int, now: datetime) -> tuple[datetime, datetime] | None:
    """The window of one of `slots` visits: whole days in the outlet's zone, in order over the days the wave has left.

    It is at least two days long where the wave has as many left, and None where the wave is over.
    """
    today = now.astimezone(zone).date()
    starts_on = max(wave.starts_on, today)
    days = (wave.ends_on - starts_on).days + 1
    if days < 1:
        return None
    first = datetime.combine(starts_on, time.min, zone)
    end = datetime.combine(wave.ends_on + timedelta(days=1), time.min, zone)
    due_from = first + timedelta(days=days * slot // slots)
    due_until = first + timedelta(days=days * (slot + 1) // slots)
    due_until = min(max(due_until, due_from + SHORTEST_WINDOW), end)
    return max(first, min(due_from, due_until - SHORTEST_WINDOW)), due_until


def next_day_part(
    wave: Wave, seen: PartsSeen, outlet: Outlet, inspector: User, due_until: datetime, now: datetime
) -> DayPart | None:
    """The part of the day for the next visit, noted in `seen`; None where the wave has none that can still be met.

    It is the one least seen at the brand, then at the outlet, then by the inspector, then in all.
    """
    last_day = datetime.combine(due_until.astimezone(outlet.zone).date() - timedelta(days=1), time.min, outlet.zone)
    left = [part for part in day_parts_of(wave) if now < last_day + timedelta(hours=part[1])]
    if not left:
        return None
    places = (outlet.brand_id, outlet.id, inspector.id, None)
    chosen = min(left, key=lambda part: [seen[place, part] for place in places])
    note_part(seen, places, chosen)
    return chosen


def note_part(seen: PartsSeen, places: Iterable[UUID | None], part: DayPart) -> None:
    seen.update((place, part) for place in places)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The midnight at which this day ends in the zone."""
    return datetime.combine(day + timedelta(days=1), time.min, zone)
