"""The plan of a visit's positions is to scale, wherever on earth it is."""

from math import hypot
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.brands import Outlet
from checklists.visits import Visit
from inspector.manager.visits.circumstances import distance_m
from inspector.manager.visits.sketch import HEIGHT, WIDTH, Sketch, Spot, sketch_of


def plan(*positions: tuple[float, float, float | None], outlet: tuple[float, float] | None = None) -> Sketch:
    place = Outlet(latitude=outlet[0], longitude=outlet[1]) if outlet else Outlet(latitude=None, longitude=None)
    recorded: list[Any] = [{"lat": lat, "lon": lon, "accuracy_m": accuracy} for lat, lon, accuracy in positions]
    sketch = sketch_of(Visit(positions=recorded, outlet=place))
    assert sketch is not None
    return sketch


def metres(sketch: Sketch, one: Spot, other: Spot) -> float:
    return hypot(one.x - other.x, one.y - other.y) / sketch.bar * sketch.bar_m


def test_north_is_up_and_the_bar_measures() -> None:
    sketch = plan((55.7521, 37.6184, 12.0), outlet=(55.7512, 37.6184))
    assert sketch.outlet is not None
    assert sketch.spots[0].y < sketch.outlet.y
    assert metres(sketch, sketch.spots[0], sketch.outlet) == pytest.approx(100, rel=0.01)
    assert sketch.spots[0].radius / sketch.bar * sketch.bar_m == pytest.approx(12)


def test_no_position_gives_no_plan_and_no_outlet_no_cross() -> None:
    assert sketch_of(Visit(positions=[], outlet=None)) is None
    alone = plan((10.0, 20.0, None))
    assert alone.outlet is None
    assert [(spot.number, spot.radius) for spot in alone.spots] == [(1, 0.0)]
    assert (alone.spots[0].x, alone.spots[0].y) == (WIDTH / 2, HEIGHT / 2)


def test_the_plan_does_not_break_at_the_date_line() -> None:
    sketch = plan((0.0, 179.9999, 5.0), (0.0, -179.9999, 5.0))
    assert metres(sketch, *sketch.spots) == pytest.approx(22.2, rel=0.02)


@given(
    st.floats(-80, 80),
    st.floats(-180, 180),
    st.lists(
        st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05), st.none() | st.floats(0, 5_000)),
        min_size=1,
        max_size=5,
    ),
)
def test_everything_lies_within_the_plan_and_distances_are_true(
    latitude: float, longitude: float, around: list[tuple[float, float, float | None]]
) -> None:
    positions = [(latitude + up, longitude + along, accuracy) for up, along, accuracy in around]
    sketch = plan(*positions, outlet=(latitude, longitude))
    assert sketch.outlet is not None
    for spot, (lat, lon, _accuracy) in zip(sketch.spots, positions, strict=True):
        assert spot.x - spot.radius >= -0.01
        assert spot.x + spot.radius <= WIDTH + 0.01
        assert spot.y - spot.radius >= -0.01
        assert spot.y + spot.radius <= HEIGHT + 0.01
        true = distance_m(latitude, longitude, lat, lon)
        assert metres(sketch, spot, sketch.outlet) == pytest.approx(true, rel=0.02, abs=1)
    assert 0 < sketch.bar <= WIDTH / 3 + 0.01
