"""Any page of the list of visits under any filter is what sorting and filtering all of them would give."""

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from checklists.brands import brand_names, brands_of
from checklists.journey import Channel, touchpoint_names, touchpoints_of
from checklists.orm import ScopedSession, new_id
from checklists.visits import (
    Answer,
    Check,
    Likeness,
    Photo,
    PhotoLikeness,
    Visit,
    VisitState,
    inspectors_seen,
    seldom,
    visits_in_brief,
    visits_page,
)
from checklists.visits.lists import FEW
from checklists.waves import wave_names, waves_of
from tests.factories import Audit, make_audit, make_journey, make_outlet, make_project, make_wave

NOW = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
LATER = date(2027, 2, 1)


@pytest.fixture
def audit(session: ScopedSession) -> Audit:
    """With a visit of each inspector at each outlet, two at each moment, and two held ones that nobody could place."""
    audit = make_audit(session)
    for number, (outlet, inspector) in enumerate(itertools.product(audit.outlets, audit.inspectors)):
        state = "approved" if number % 3 else "received"
        visit = audit.visit(session, outlet, assignment=audit.assign(session, outlet, inspector=inspector), state=state)
        visit.received_at = NOW - timedelta(hours=number // 2)
    for hours in (1, 4):
        session.add(
            Visit(
                id=new_id(),
                organization_id=audit.organization.id,
                inspector_id=audit.inspectors[0].id,
                state=VisitState.HELD,
                revision=1,
                received_at=NOW - timedelta(hours=hours),
            )
        )
    session.flush()
    return audit


def all_pages(session: ScopedSession, audit: Audit, **asked: Any) -> list[Visit]:
    """The pages one after the other, five visits on each."""
    found: list[Visit] = []
    after = None
    while page := visits_page(session, audit.project.id, after=after, limit=5, **asked):
        found += page
        after = page[-1].received_at, page[-1].id
    return found


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("unplaced", [False, True])
def test_pages_follow_one_another(session: ScopedSession, audit: Audit, oldest_first: bool, unplaced: bool) -> None:
    found = all_pages(session, audit, oldest_first=oldest_first, unplaced=unplaced)
    places = [(visit.received_at, visit.id) for visit in found]
    assert places == sorted(places, reverse=not oldest_first)
    assert len(set(places)) == len(audit.outlets) * len(audit.inspectors) + 2 * unplaced


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        ("zerno", lambda visit: visit.outlet.name.startswith("Zerno")),
        ("ZERNO 1", lambda visit: visit.outlet.name == "Zerno 1"),
        ("anna", lambda visit: visit.inspector.name.startswith("Anna")),
        ("anna utro", lambda visit: visit.inspector.name.startswith("Anna") and visit.outlet.name.startswith("Utro")),
        ("улица", lambda visit: visit.outlet is not None),
        ("nobody", lambda visit: False),
        ("anna nobody", lambda visit: False),
    ],
)
def test_each_word_is_looked_for_in_outlet_and_inspector(
    session: ScopedSession, audit: Audit, words: str, fits: Callable[[Visit], bool]
) -> None:
    everything = visits_page(session, audit.project.id, limit=100)
    found = visits_page(session, audit.project.id, words=words, limit=100)
    assert [visit.id for visit in found] == [visit.id for visit in everything if fits(visit)]


def test_filters_together_leave_what_each_of_them_leaves(session: ScopedSession, audit: Audit) -> None:
    everything = visits_page(session, audit.project.id, limit=100)
    outlet, inspector = audit.outlets[-1], audit.inspectors[1]
    filters: dict[str, tuple[Any, Callable[[Visit], bool]]] = {
        "wave_id": (audit.wave.id, lambda visit: visit.wave_id == audit.wave.id),
        "state": (VisitState.APPROVED, lambda visit: visit.state is VisitState.APPROVED),
        "touchpoint_id": (audit.touchpoints[0].id, lambda visit: bool(visit.checks)),
        "brand_id": (outlet.brand_id, lambda visit: visit.outlet.brand_id == outlet.brand_id),
        "outlet_id": (outlet.id, lambda visit: visit.outlet_id == outlet.id),
        "inspector_id": (inspector.id, lambda visit: visit.inspector_id == inspector.id),
    }
    for names in itertools.chain.from_iterable(itertools.combinations(filters, number) for number in (1, 2, 3)):
        found = all_pages(session, audit, **{name: filters[name][0] for name in names})
        fitting = [visit for visit in everything if all(filters[name][1](visit) for name in names)]
        assert [visit.id for visit in found] == [visit.id for visit in fitting], names


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("most_groups", [200, 1])
def test_what_lies_far_behind_is_found_as_what_is_near(
    session: ScopedSession, audit: Audit, monkeypatch: pytest.MonkeyPatch, oldest_first: bool, most_groups: int
) -> None:
    """With so few that are looked through first, all pages come from the groups where the database knows how."""
    monkeypatch.setattr(seldom, "NEAREST", 1)
    monkeypatch.setattr(seldom, "SELDOM", 1)
    monkeypatch.setattr(seldom, "MOST_GROUPS", most_groups)
    everything = all_pages(session, audit, oldest_first=oldest_first)
    brand, (outlet, *_others), inspector = audit.brands[1], audit.outlets, audit.inspectors[0]
    checked = {visit.id for visit in everything if visit.state is VisitState.APPROVED}
    gone = select(Check.id).where(Check.touchpoint_id == audit.touchpoints[0].id, Check.visit_id.not_in(checked))
    session.execute(delete(Answer).where(Answer.check_id.in_(gone)))
    session.execute(delete(Check).where(Check.id.in_(gone)))
    for asked, fits in (
        ({"brand_id": brand.id}, lambda visit: visit.outlet.brand_id == brand.id),
        ({"touchpoint_id": audit.touchpoints[0].id}, lambda visit: visit.id in checked),
        ({"words": outlet.name}, lambda visit: visit.outlet_id == outlet.id),
        ({"words": inspector.name}, lambda visit: visit.inspector_id == inspector.id),
        (
            {"words": inspector.name, "brand_id": brand.id, "touchpoint_id": audit.touchpoints[0].id},
            lambda visit: (
                (visit.inspector_id, visit.outlet.brand_id) == (inspector.id, brand.id) and visit.id in checked
            ),
        ),
        ({"words": "nobody"}, lambda _visit: False),
    ):
        found = all_pages(session, audit, oldest_first=oldest_first, **asked)
        assert found == [visit for visit in everything if fits(visit)], asked


@pytest.mark.parametrize(
    "asked",
    [
        {"unplaced": True},
        {"words": "anna", "oldest_first": True},
        {"words": "nobody"},
        {"state": VisitState.APPROVED, "after": (NOW - timedelta(hours=1), new_id())},
    ],
)
def test_a_line_says_of_a_visit_what_its_objects_say(session: ScopedSession, audit: Audit, asked: Any) -> None:
    first, other = session.scalars(select(Visit).where(Visit.outlet_id.is_not(None)).limit(2))
    here: dict[str, Any] = {"organization_id": audit.organization.id}
    promised: dict[str, Any] = {"sha256": "0" * 64, "size": 1, "media_type": "image/jpeg"}
    for visit, stored_at in ((first, None), (first, NOW), (other, NOW)):
        visit.photos.append(Photo(id=new_id(), stored_at=stored_at, **promised, **here))
    session.flush()
    pair = {"photo_id": first.photos[0].id, "earlier_id": other.photos[0].id}
    session.add(PhotoLikeness(**pair, kind=Likeness.EXACT, distance=0, **here))
    session.flush()
    visits = visits_page(session, audit.project.id, limit=12, **asked)
    lines = visits_in_brief(session, audit.project.id, limit=12, **asked)
    assert [
        (each.id, each.project_id, each.state, each.hold_reason, each.received_at, each.score) for each in lines
    ] == [(each.id, each.project_id, each.state, each.hold_reason, each.received_at, each.score) for each in visits]
    for line, visit in zip(lines, visits, strict=True):
        outlet, version = visit.outlet, visit.version
        assert (line.outlet, line.brand) == ((outlet.name, outlet.brand.name) if outlet else (None, None))
        assert line.received_there.tzinfo == (outlet.zone if outlet else UTC)
        assert line.checklist == (version.checklist.name if version else None)
        assert line.wave == (visit.wave.name if visit.wave else None)
        assert line.inspector == visit.inspector.name
        assert (line.photos, line.missing) == (len(visit.photos), sum(not photo.stored_at for photo in visit.photos))
        assert line.used_twice == (visit.id in (first.id, other.id))


def test_very_many_outlets_are_searched_as_few_are(session: ScopedSession, audit: Audit) -> None:
    for number in range(FEW):
        make_outlet(session, audit.brands[0], f"Zerno kiosk {number}")
    found = visits_page(session, audit.project.id, words="zerno", limit=100)
    assert {visit.outlet.brand_id for visit in found if visit.outlet} == {audit.brands[1].id}
    assert len(found) == len(audit.outlets_of(audit.brands[1])) * len(audit.inspectors)


def test_filters_offer_names_in_the_order_of_their_objects(session: ScopedSession, audit: Audit) -> None:
    make_journey(session, audit.project, {"Comparing": {"Web site": Channel.WEB, "Chat": Channel.CHAT}}).position = 1
    make_wave(session, audit.project, [audit.version], audit.outlets, name="Later", starts_on=LATER, ends_on=LATER)
    for names, objects in (
        (touchpoint_names, touchpoints_of(session, audit.project.id)),
        (wave_names, waves_of(session, audit.project.id)),
        (brand_names, brands_of(session, audit.project.id)),
    ):
        assert list(names(session, audit.project.id).items()) == [(each.id, each.name) for each in objects]
        assert len(objects) > 1


def test_only_those_who_sent_something_are_offered(session: ScopedSession, audit: Audit) -> None:
    assert list(inspectors_seen(session, audit.project.id).values()) == ["Anna Petrova", "Timur Saidov"]
    other = make_project(session, audit.organization, "tea")
    assert inspectors_seen(session, other.id) == {}
