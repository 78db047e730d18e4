"""Journey, brands and outlets are built through the pages, part by part."""

import pytest
from sqlalchemy import select

from checklists.brands import Brand, Outlet, brands_of
from checklists.journey import Channel, Journey, Stage, Touchpoint, journeys_of
from checklists.orm import new_id
from tests.databases import Sessions
from tests.factories import Audit, make_audit
from tests.pages import Window


@pytest.fixture
def empty(window: Window, audit: Audit) -> str:
    """The address of a project with nothing in it."""
    window.open(f"/o/{audit.organization.slug}/new-project")
    window.submit("Make the project", {"name.ru": "Аптеки", "slug": "empty"})
    return f"/o/{audit.organization.slug}/empty"


def journey_of(sessions: Sessions, audit: Audit) -> Journey:
    with sessions() as session:
        return journeys_of(session, audit.project.id)[0]


def names(journey: Journey) -> dict[str, list[str]]:
    return {stage.name["en"]: [each.name["en"] for each in stage.touchpoints] for stage in journey.stages}


@pytest.mark.parametrize(
    ("page", "russian", "english"),
    [
        ("/journey/journeys/new", ["Название", "Русский", "Английский"], ["Name", "Russian", "English"]),
        ("/waves/new", ["Волны", "Русский", "Английский"], ["Waves", "Russian", "English"]),
        ("/results/", ["зелёная", "жёлтая", "красная"], ["green", "yellow", "red"]),
    ],
)
def test_one_process_speaks_to_each_reader_in_their_own_language(
    window: Window, audit: Audit, page: str, russian: list[str], english: list[str]
) -> None:
    """The parts that pages share are kept between requests; the first reader's words must not be kept with them."""
    window.open(audit.address + page).submit("Русский")
    for button, words, others in (("English", russian, english), ("Русский", english, russian)):
        body = window.answer.text.split("<main")[1]
        assert [each for each in words if f">{each}<" not in body] == []
        assert [each for each in others if f">{each}<" in body] == []
        window.submit(button)


def test_a_journey_is_built_from_nothing(window: Window, empty: str, sessions: Sessions) -> None:
    window.open(f"{empty}/journey/").follow("Add a journey")
    window.submit("Save", {"name.ru": "Гость", "name.en": "Guest"})
    window.follow("Add a stage Guest").submit("Save", {"name.ru": "Посещение", "name.en": "Visiting"})
    window.follow("Add a touchpoint Visiting")
    window.submit("Save and add another", {"name.ru": "Вход", "name.en": "Reception"})
    window.submit("Save", {"name.ru": "Звонок", "name.en": "Call", "channel": "phone"})
    window.follow("Add a barrier Call").submit("Save", {"name.ru": "Никто не берёт трубку"})
    assert "Никто не берёт трубку" in window.text
    with sessions() as session:
        touchpoints = session.scalars(
            select(Touchpoint).join(Stage).join(Journey).where(Journey.name["en"].as_string() == "Guest")
        ).all()
        found = {each.name["ru"]: (each.channel, [barrier.text for barrier in each.barriers]) for each in touchpoints}
    assert found == {
        "Вход": (Channel.ON_SITE, []),
        "Звонок": (Channel.PHONE, [{"ru": "Никто не берёт трубку"}]),
    }


def test_a_part_without_a_name_in_the_default_language_is_shown_again(window: Window, audit: Audit) -> None:
    window.open(f"{audit.address}/journey/").follow("Add a touchpoint Visiting")
    window.submit("Save", {"name.en": "Parking", "channel": "other"})
    assert window.status == 422
    assert 'id="wrong-name.ru"' in window.answer.text
    assert window.fields["name.en"] == "Parking"
    assert window.fields["channel"] == "other"


def test_parts_are_renamed_and_change_places(window: Window, audit: Audit, sessions: Sessions) -> None:
    window.open(f"{audit.address}/journey/").follow("Edit Reception")
    assert window.fields["name.ru"] == "Вход и приветствие"
    window.submit("Save", {"name.en": "Entrance", "channel": "chat"})
    window.submit("Move up Cash desk")
    journey = journey_of(sessions, audit)
    assert names(journey) == {"Visiting": ["Cash desk", "Entrance"], "Coming back": ["Phone call"]}
    assert journey.stages[0].touchpoints[1].channel is Channel.CHAT


def test_the_first_part_stays_first_when_it_is_moved_up(window: Window, audit: Audit, sessions: Sessions) -> None:
    first = audit.journey.stages[0].id
    window.post(f"{audit.address}/journey/stages/{first}/move", {"step": "up"})
    assert list(names(journey_of(sessions, audit))) == ["Visiting", "Coming back"]
    window.post(f"{audit.address}/journey/stages/{first}/move", {"step": "down"})
    window.post(f"{audit.address}/journey/stages/{first}/move", {"step": "down"})
    assert list(names(journey_of(sessions, audit))) == ["Coming back", "Visiting"]


def test_only_what_nothing_hangs_on_is_removed(window: Window, audit: Audit, sessions: Sessions) -> None:
    window.open(f"{audit.address}/journey/")
    before = names(journey_of(sessions, audit))
    window.submit("Remove Cash desk")
    assert "is used by the checklist “The visit”" in window.text
    window.submit("Remove Visiting")
    assert "still has touchpoints" in window.text
    window.submit("Remove Guest of a coffee shop")
    assert "still has stages" in window.text
    assert names(journey_of(sessions, audit)) == before
    window.follow("Add a touchpoint Visiting").submit("Save", {"name.ru": "Парковка", "name.en": "Parking"})
    window.follow("Add a barrier Parking").submit("Save", {"name.ru": "Нет мест"}).submit("Remove Parking")
    assert names(journey_of(sessions, audit)) == before


def test_foreign_parts_are_not_found(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
        stage = other.journey.stages[0]
        ids = {"journeys": other.journey.id, "stages": stage.id, "touchpoints": stage.touchpoints[0].id}
    for kind, identity in [*ids.items(), ("barriers", new_id())]:
        part = f"{audit.address}/journey/{kind}/{identity}"
        assert window.open(part).status == 404
        for action in ("", "/move", "/removal"):
            assert window.post(part + action, {"name.ru": "Чужое"}).status_code == 404
    for kind, whole in (("stages", "journeys"), ("touchpoints", "stages"), ("barriers", "touchpoints")):
        address = f"{audit.address}/journey/{kind}/new-in/{ids[whole]}"
        assert window.open(address).status == 404
        assert window.post(address, {"name.ru": "Чужое"}).status_code == 404
    with sessions() as session:
        assert journeys_of(session, other.project.id)[0].name == other.journey.name


def test_a_part_of_another_project_of_the_same_organization_is_not_found(
    window: Window, audit: Audit, empty: str
) -> None:
    assert window.open(f"{empty}/journey/stages/{audit.journey.stages[0].id}").status == 404
    assert window.open(f"{empty}/brands/outlets/{audit.outlets[0].id}").status == 404


def test_brands_and_outlets_are_built_from_nothing(
    window: Window, empty: str, audit: Audit, sessions: Sessions
) -> None:
    window.open(f"{empty}/brands/").follow("Add a brand").submit("Save", name="Utro")
    window.follow("Add a brand").submit("Save", name="Zerno", kind="competitor")
    window.follow("Add an outlet Utro")
    assert window.fields["time_zone"] == "Europe/Moscow"
    filled = {
        "name": "Utro on Lenin street",
        "city": "Казань",
        "address": "ул. Ленина, 1",
        "phone": "+7 843 000-00-00",
        "url": "https://utro.example.org/",
        "latitude": "55,79",
        "longitude": "49.12",
    }
    window.submit("Save", dict(filled))
    with sessions() as session:
        first = session.scalars(select(Brand).where(Brand.name == "Utro", Brand.project_id != audit.project.id)).one()
        brands = brands_of(session, first.project_id)
    assert [(brand.name, brand.own) for brand in brands] == [("Utro", True), ("Zerno", False)]
    (outlet,) = brands[0].outlets
    assert {name: getattr(outlet, name) for name in filled} == filled | {"latitude": 55.79, "longitude": 49.12}
    window.submit("Remove Zerno")
    assert "Zerno” was removed" in window.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"time_zone": "Moscow"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"latitude": "91"}, "latitude"),
        ({"latitude": "north"}, "latitude"),
        ({"latitude": "nan"}, "latitude"),
        ({"latitude": ""}, "latitude"),
    ],
)
def test_an_outlet_with_a_mistake_loses_nothing(
    window: Window, audit: Audit, changes: dict[str, str], field: str
) -> None:
    filled = {"name": "Utro 9", "city": "Казань", "latitude": "55.79", "longitude": "49.12", "url": ""} | changes
    window.open(f"{audit.address}/brands/").follow("Add an outlet Utro").submit("Save", dict(filled))
    assert window.status == 422
    assert f'id="wrong-{field}"' in window.answer.text
    assert {name: window.fields[name] for name in filled} == filled


def test_removing_an_outlet_is_undone(window: Window, audit: Audit, sessions: Sessions) -> None:
    name = audit.outlets[0].name
    window.open(f"{audit.address}/brands/").submit(f"Remove {name}")
    assert f"{name} removed" in window.text
    with sessions() as session:
        assert session.get_one(Outlet, audit.outlets[0].id).deleted_at is not None
    window.submit(f"Undo the removal {name}")
    with sessions() as session:
        assert session.get_one(Outlet, audit.outlets[0].id).deleted_at is None


def test_a_brand_with_outlets_stays(window: Window, audit: Audit, sessions: Sessions) -> None:
    window.post(f"{audit.address}/brands/{audit.brands[0].id}/removal")
    assert "has outlets, so it stays" in window.text
    with sessions() as session:
        assert session.get(Brand, audit.brands[0].id) is not None


def test_foreign_brands_and_outlets_are_not_found(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
        brand, outlet = other.brands[0].id, other.outlets[0].id
    base = f"{audit.address}/brands"
    for address in (f"{base}/{brand}", f"{base}/{brand}/outlets/new", f"{base}/outlets/{outlet}"):
        assert window.open(address).status == 404
        assert window.post(address, {"name": "Mine"}).status_code == 404
    for address in (f"{base}/{brand}/removal", f"{base}/outlets/{outlet}/removal", f"{base}/outlets/{outlet}/return"):
        assert window.post(address).status_code == 404
