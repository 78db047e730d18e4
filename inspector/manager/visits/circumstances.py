"""When and where a visit was made, and what about it should make a reviewer look twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_decimal, format_timedelta
from flask_babel import gettext as _

from checklists.visits import AUDIO, Visit

CLOCK_TOLERANCE = timedelta(minutes=5)
EARTH_RADIUS_M = 6_371_000
FAR_M = 500


@dataclass(frozen=True, slots=True)
class Circumstances:
    """`zone` is the outlet's, or UTC where there is none; `warnings` and `positions` are sentences."""

    zone: ZoneInfo
    started_at: datetime | None
    finished_at: datetime | None
    received_at: datetime
    elapsed: timedelta | None
    warnings: list[str]
    positions: list[str]


def circumstances(visit: Visit, *, on_site: bool = True) -> Circumstances:
    """Of a visit that is not `on_site`, such as a call, nobody is warned that it was made far away."""
    zone = visit.outlet.zone if visit.outlet else ZoneInfo("UTC")
    return Circumstances(
        zone=zone,
        started_at=visit.started_at and visit.started_at.astimezone(zone),
        finished_at=visit.finished_at and visit.finished_at.astimezone(zone),
        received_at=visit.received_at.astimezone(zone),
        elapsed=None if visit.elapsed_ms is None else timedelta(milliseconds=visit.elapsed_ms),
        warnings=[
            *_about_window(visit),
            *_about_clock(visit, zone),
            *(_about_place(visit) if on_site else []),
            *_about_text(visit),
            *_about_recordings(visit),
        ],
        positions=[_position(visit, position) for position in visit.positions],
    )


def _about_window(visit: Visit) -> list[str]:
    if visit.assignment is None or visit.started_at is None:
        return []
    late, early = visit.started_at - visit.assignment.due_until, visit.assignment.due_from - visit.started_at
    if late > timedelta():
        return [_("Begun %(time)s after the end of its window.", time=format_timedelta(late))]
    if early > timedelta():
        return [_("Begun %(time)s before its window.", time=format_timedelta(early))]
    return []


def _about_clock(visit: Visit, zone: ZoneInfo) -> list[str]:
    """What the phone's clock, its own stop-watch and the server's clock say against one another."""
    if visit.started_at is None or visit.finished_at is None:
        return []
    found = []
    ahead = visit.finished_at - visit.received_at
    if ahead > CLOCK_TOLERANCE:
        found.append(_("The phone's clock is ahead by %(time)s at least.", time=format_timedelta(ahead)))
    by_clock, elapsed = visit.finished_at - visit.started_at, timedelta(milliseconds=visit.elapsed_ms or 0)
    if elapsed - by_clock > CLOCK_TOLERANCE:
        found.append(
            _(
                "The visit took %(elapsed)s, but only %(clock)s by the phone's clock: the clock was changed meanwhile.",
                elapsed=format_timedelta(elapsed),
                clock=format_timedelta(by_clock),
            )
        )
    offset = visit.started_at.astimezone(zone).utcoffset()
    if visit.outlet and visit.utc_offset is not None and offset != timedelta(minutes=visit.utc_offset):
        found.append(_("The phone was set to another time zone than the outlet's."))
    return found


def _about_place(visit: Visit) -> list[str]:
    """One that was finished at home was made at the outlet all the same: one position near it is enough."""
    known = [(away, position) for position in visit.positions if (away := _away(visit, position)) is not None]
    if not known or not all(_is_far(away, position) for away, position in known):
        return []
    nearest = min(away for away, _where in known)
    return [_("No recorded position is near the outlet: the nearest is %(metres)s m away.", metres=_metres(nearest))]


def _about_text(visit: Visit) -> list[str]:
    if visit.text_replaced:
        return [_("Some characters of the texts cannot be shown and were replaced. The report as it came has them.")]
    return []


def _about_recordings(visit: Visit) -> list[str]:
    """One that is held, or was put right, may have recordings that the inspector had no consent for."""
    if any(photo.is_recording and photo.erased_at is None for photo in visit.photos) and not any(
        consent["what"] == AUDIO for consent in visit.consents
    ):
        return [_("There is a recording, and the inspector has not confirmed the consent to it.")]
    return []


def _position(visit: Visit, position: dict[str, Any]) -> str:
    """One recorded position in words: coordinates in degrees, accuracy and distance in metres."""
    accuracy, away = position.get("accuracy_m"), _away(visit, position)
    words = f"{position['lat']:.5f}, {position['lon']:.5f}"
    if accuracy is not None:
        words = str(_("%(place)s, accurate to %(metres)s m", place=words, metres=_metres(accuracy)))
    if away is None:
        return words
    if _is_far(away, position):
        return str(_("%(place)s; far from the outlet: %(metres)s m", place=words, metres=_metres(away)))
    return str(_("%(place)s; %(metres)s m from the outlet", place=words, metres=_metres(away)))


def _away(visit: Visit, position: dict[str, Any]) -> float | None:
    """Metres from the outlet, or None where nobody knows where that is."""
    outlet = visit.outlet
    if outlet is None or outlet.latitude is None or outlet.longitude is None:
        return None
    return distance_m(position["lat"], position["lon"], outlet.latitude, outlet.longitude)


def _is_far(away: float, position: dict[str, Any]) -> bool:
    return away > FAR_M + (position.get("accuracy_m") or 0)


def _metres(number: float) -> str:
    return str(format_decimal(round(number)))


def distance_m(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Metres between two points given in degrees, on a sphere (the haversine formula)."""
    up, along = radians(other_latitude - latitude), radians(other_longitude - longitude)
    part = sin(up / 2) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(along / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(part)))
