"""The matrix and the list of visits, as a manager's browser asks for them: how long each takes."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import func, select

from checklists.matrix import AT_A_TIME, QUIET, settle
from checklists.visits import Visit
from tests.bench.field import Line
from tests.bench.world import World, everything

Times = tuple[float, float]
"""The median, and what 95 of 100 times stay below, in milliseconds."""


def times_of(action: Callable[[], object], number: int) -> Times:
    """After three times to warm up: each of two processes has statements to prepare."""
    taken = []
    for _ in range(number + 3):
        began = time.perf_counter()
        action()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken[3:]), statistics.quantiles(taken[3:], n=20)[-1]


def page_times(line: Line, path: str, number: int) -> Times:
    request = line.request("GET", path)
    return times_of(lambda: line.send(request, 200), number)


def settle_everything(world: World) -> float:
    """What the worker does once outlets have been quiet for a while; how many seconds it took."""
    began = time.perf_counter()
    settled = AT_A_TIME
    while settled == AT_A_TIME:
        with everything(world.engine) as session, session.begin():
            settled = settle(session, datetime.now(UTC) + QUIET + QUIET)
    return time.perf_counter() - began


def lists_of(world: World, wave_id: UUID) -> Iterator[tuple[str, str]]:
    """Every filter, every order and pages far behind: what it is, and its address."""
    audit = world.audit
    asked: dict[str, dict[str, str]] = {
        "first page": {},
        "in the middle": {"after": _place(world, 0.5)},
        "the last page": {"after": _place(world, 0.9999)},
        "oldest first": {"sort": "received"},
        "state received": {"state": "received"},
        "state held": {"state": "held"},
        "state rejected, of which there is none": {"state": "rejected"},
        "the oldest wave": {"wave": str(wave_id)},
        "the oldest wave, received": {"wave": str(wave_id), "state": "received"},
        "a brand": {"brand": str(audit.brands[-1].id)},
        "a touchpoint": {"touchpoint": str(audit.touchpoints[-1].id)},
        "a touchpoint without a visit of most waves": {"touchpoint": str(audit.touchpoints[0].id)},
        "an outlet": {"outlet": str(audit.outlets[7].id)},
        "an inspector": {"inspector": str(world.inspectors[3].id)},
        "an inspector with few visits": {"inspector": str(audit.inspectors[0].id)},
        "a brand, an inspector and a state": {
            "brand": str(audit.brands[1].id),
            "inspector": str(world.inspectors[3].id),
            "state": "received",
        },
        "search: a city, which all have": {"q": "москва"},
        "search: an outlet": {"q": "Zerno 7"},
        "search: an inspector": {"q": "Inspector12"},
        "search: a city and an inspector": {"q": "москва inspector12 petrova"},
        "search: nothing": {"q": "nobody"},
    }
    for what, parameters in asked.items():
        yield what, f"{audit.address}/visits/?{urlencode(parameters)}"


def _place(world: World, share: float) -> str:
    """Where the page that far behind begins."""
    with everything(world.engine) as session:
        number = session.scalar(select(func.count()).select_from(Visit)) or 0
        place = select(Visit.received_at, Visit.id).order_by(Visit.received_at.desc(), Visit.id.desc())
        received_at, visit_id = session.execute(place.offset(int(number * share)).limit(1)).one()
    return f"{received_at.isoformat()}~{visit_id}"
