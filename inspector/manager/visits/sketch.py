"""Where the phone was, drawn to scale around the outlet: a small plan without a map, so that nothing is fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from checklists.visits import Visit

METRES_PER_DEGREE = 111_195.0
"""Of latitude, on a sphere of 6,371 km."""
WIDTH, HEIGHT, MARGIN = 320.0, 220.0, 24.0
SHORTEST_M = 50.0
"""What the plan shows at least from side to side, so that two positions a metre apart do not look far apart."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A position in the plan's own units from its upper left corner; `radius` is the accuracy, 0 where unknown."""

    number: int
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """`outlet` is None where nobody entered its coordinates; `bar` is the length of the scale bar of `bar_m` metres."""

    outlet: Spot | None
    spots: Sequence[Spot]
    bar: float
    bar_m: int


def sketch_of(visit: Visit) -> Sketch | None:
    """The plan of the visit's positions, or None where the phone recorded none."""
    if not visit.positions:
        return None
    outlet = visit.outlet
    known = outlet is not None and outlet.latitude is not None and outlet.longitude is not None
    places = [(each["lat"], each["lon"], each.get("accuracy_m") or 0.0) for each in visit.positions]
    if known and outlet is not None:
        places.insert(0, (outlet.latitude, outlet.longitude, 0.0))
    latitude, longitude, _accuracy = places[0]
    # On the few kilometres around an outlet the earth is flat enough; the middle of the plan is the first place.
    metres = [
        (
            _turn(lon - longitude) * METRES_PER_DEGREE * cos(radians(latitude)),
            (latitude - lat) * METRES_PER_DEGREE,
            accuracy,
        )
        for lat, lon, accuracy in places
    ]
    left, right = min(x - r for x, _y, r in metres), max(x + r for x, _y, r in metres)
    top, bottom = min(y - r for _x, y, r in metres), max(y + r for _x, y, r in metres)
    scale = min(
        (WIDTH - 2 * MARGIN) / max(right - left, SHORTEST_M), (HEIGHT - 2 * MARGIN) / max(bottom - top, SHORTEST_M)
    )
    spots = [
        Spot(
            number,
            WIDTH / 2 + (x - (left + right) / 2) * scale,
            HEIGHT / 2 + (y - (top + bottom) / 2) * scale,
            accuracy * scale,
        )
        for number, (x, y, accuracy) in enumerate(metres, start=0 if known else 1)
    ]
    bar_m = _round_length(WIDTH / 3 / scale)
    return Sketch(spots[0] if known else None, spots[1:] if known else spots, bar_m * scale, bar_m)


def _turn(degrees: float) -> float:
    """The shorter way round between two longitudes."""
    return (degrees + 180) % 360 - 180


def _round_length(metres: float) -> int:
    """The longest of 1, 2, 5, 10, 20, 50 ... metres that is not longer."""
    length = 1
    while length * 10 <= metres:
        length *= 10
    return next(length * step for step in (5, 2, 1) if length * step <= max(metres, 1.0))
