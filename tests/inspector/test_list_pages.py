"""Lists are searched, filtered, sorted and paged; the address carries all of it, and another organization nothing."""

import re
from urllib.parse import urlencode

import pytest

from checklists.brands import Outlet
from checklists.checklist import Checklist
from checklists.orm import new_id
from checklists.people import Role
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_brand, make_outlet, make_person, make_wave
from tests.forms import make_checklist
from tests.pages import Window


def shown(window: Window, *names: str) -> list[str]:
    """Those of the names that the page's text has, in its order."""
    body = window.answer.text.split("<tbody>")[-1]
    return sorted((name for name in names if f">{name}<" in body), key=lambda name: body.index(f">{name}<"))


def sorted_columns(window: Window) -> list[str]:
    """The head by which the list is sorted, with its direction."""
    heads = re.findall(r'aria-sort="(\w+)"><a [^>]*>([^<]*)</a>', window.answer.text)
    return [f"{words} {direction}" for direction, words in heads]


def test_outlets_are_searched_filtered_and_sorted(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        tea = make_brand(session, audit.project, "Чайная", position=9)
        make_outlet(session, tea, "Ёлка", city="Тверь", address="ул. Мира, 1")
        make_outlet(session, tea, "ель", city="Орёл", address="ул. Мира, 2")
        make_outlet(session, tea, "Яблоня", city="Балашов", address="100%-ная, 3")
    names = ("Ёлка", "ель", "Яблоня", "Utro 1")
    base = f"{audit.address}/brands/?"
    for query, found in (
        ({"q": "ЕЛ"}, ["Ёлка", "ель"]),
        ({"q": "елка тверь"}, ["Ёлка"]),
        ({"q": "орел"}, ["ель"]),
        ({"q": "100%"}, ["Яблоня"]),
        ({"q": "_"}, []),
        ({"q": "мира", "sort": "-name"}, ["ель", "Ёлка"]),
        ({"brand": str(tea.id), "sort": "city"}, ["Яблоня", "ель", "Ёлка"]),
        ({"brand": str(tea.id), "sort": "-city"}, ["Ёлка", "ель", "Яблоня"]),
        ({"brand": str(audit.brands[0].id)}, ["Utro 1"]),
        ({"sort": "nonsense", "page": "many"}, ["Utro 1", "Ёлка", "ель", "Яблоня"]),
        ({"sort": "-brand"}, ["Ёлка", "ель", "Яблоня", "Utro 1"]),
        ({"q": "\0", "page": "0"}, ["Utro 1", "Ёлка", "ель", "Яблоня"]),
    ):
        window.open(base + urlencode(query))
        assert window.status == 200
        assert shown(window, *names) == found, query
    assert "Nothing fits what you look for." in window.open(base + "q=nowhere").text
    assert window.follow("Show all").status == 200


def test_a_head_sorts_and_turns_round_and_keeps_the_filters(window: Window, audit: Audit) -> None:
    window.open(f"{audit.address}/brands/?q=utro&brand={audit.brands[0].id}")
    assert sorted_columns(window) == ["Brand ascending"]
    window.follow("Outlet")
    assert sorted_columns(window) == ["Outlet ascending"]
    assert shown(window, "Utro 1", "Utro 2", "Zerno 1") == ["Utro 1", "Utro 2"]
    window.follow("Outlet")
    assert sorted_columns(window) == ["Outlet descending"]
    assert shown(window, "Utro 1", "Utro 2", "Zerno 1") == ["Utro 2", "Utro 1"]
    assert window.page.forms[2].fields.to_dict() == {"q": "utro", "brand": str(audit.brands[0].id), "sort": "-name"}
    window.follow("“utro” ✕ (remove this filter)")
    assert "Utro ✕" in window.text
    assert sorted_columns(window) == ["Outlet descending"]


def test_two_thousand_outlets_come_a_hundred_at_a_time(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        brand, owner = audit.brands[0], {"organization_id": audit.organization.id, "project_id": audit.project.id}
        session.add_all(
            Outlet(brand_id=brand.id, name=f"Киоск {number:04}", time_zone="Europe/Moscow", **owner)
            for number in range(2_000)
        )
    window.open(f"{audit.address}/brands/?q=киоск&sort=-name")
    assert shown(window, "Киоск 1999", "Киоск 1900", "Киоск 1899") == ["Киоск 1999", "Киоск 1900"]
    assert "1–100 of 2,000" in window.text
    window.follow("Next page")
    assert shown(window, "Киоск 1900", "Киоск 1899", "Киоск 1800") == ["Киоск 1899", "Киоск 1800"]
    assert "101–200 of 2,000" in window.text
    assert len(window.answer.text) < 400_000
    window.follow("Previous page")
    assert "1–100 of 2,000" in window.text
    assert window.open(f"{audit.address}/brands/?page=9999").status == 200


def test_people_are_searched_filtered_and_sorted(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        for name, email in (
            ("Пётр Ёлкин", "z@example.org"),
            ("Яна Ель", "a@example.org"),
            ("Ева Жук", "e@example.org"),
        ):
            make_person(session, audit.organization, name, Role.INSPECTOR, project=audit.project, email=email)
        former = make_person(session, audit.organization, "Адам", Role.REVIEWER, project=audit.project, email="b@x.org")
    window.post(f"{audit.address}/people/{former.id}/deactivation")
    names = ("Пётр Ёлкин", "Яна Ель", "Ева Жук", "Адам", "Boris Levin")
    base = f"{audit.address}/people/?"
    for query, found in (
        ({"q": "ПЕТР"}, ["Пётр Ёлкин"]),
        ({"q": "example.org ел"}, ["Пётр Ёлкин", "Яна Ель"]),
        ({"q": "e", "role": "reviewer"}, ["Boris Levin", "Адам"][:1]),
        ({"role": "reviewer"}, ["Boris Levin", "Адам"]),
        ({"role": "reviewer", "access": "ended"}, ["Адам"]),
        ({"access": "active"}, ["Boris Levin", "Ева Жук", "Пётр Ёлкин", "Яна Ель"]),
        ({"sort": "email"}, ["Яна Ель", "Boris Levin", "Ева Жук", "Пётр Ёлкин", "Адам"]),
        ({"sort": "-name"}, ["Яна Ель", "Пётр Ёлкин", "Ева Жук", "Boris Levin", "Адам"]),
    ):
        assert shown(window.open(base + urlencode(query)), *names) == found, query
    for unknown in ("role=nobody", "access=always"):
        assert window.open(base + unknown).status == 404


def test_waves_and_checklists_are_searched_in_every_language_and_sorted(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        wave = make_wave(
            session, audit.project, [], [], name="Autumn", starts_on=audit.wave.starts_on.replace(year=2020)
        )
        wave.name = {"ru": "Осень, ёлки", "en": "Autumn"}
        other = make_checklist(session, audit.project, audit.touchpoints, name="Zoo")
        other.checklist.name = {"ru": "Зверинец", "en": "Zoo"}
        session.get_one(Checklist, audit.version.checklist_id).name = {"ru": "Визит", "en": "Apple"}
    for part, query, found in (
        ("waves", "", ["November", "Autumn"]),
        ("waves", "sort=starts", ["Autumn", "November"]),
        ("waves", "sort=name", ["Autumn", "November"]),
        ("waves", "sort=-name", ["November", "Autumn"]),
        ("waves", urlencode({"q": "ЕЛКИ"}), ["Autumn"]),
        ("waves", "q=nothing", []),
        ("checklists", "sort=-name", ["Zoo", "Apple"]),
        ("checklists", "sort=name", ["Apple", "Zoo"]),
        ("checklists", urlencode({"q": "звер"}), ["Zoo"]),
        ("checklists", "q=nothing", []),
    ):
        window.open(f"{audit.address}/{part}/?{query}")
        assert shown(window, "November", "Autumn", "Zoo", "Apple") == found, (part, query)


def visits_listed(window: Window) -> list[str]:
    return [words for words, address in window.page.links if "/visits/0" in address]


def test_visits_are_found_by_outlet_place_and_inspector(window: Window, audit: Audit, sessions: Sessions) -> None:
    anna, timur = audit.inspectors
    with sessions() as session, session.begin():
        session.get_one(Outlet, audit.outlets[1].id).city = "Орёл"
        audit.visit(session, audit.outlets[0])
        audit.visit(session, assignment=audit.assign(session, audit.outlets[1], inspector=timur))
        audit.visit(session, audit.outlets[3])
    base = f"{audit.address}/visits/?"
    for query, found in (
        ({"q": "орел"}, ["Utro 2"]),
        ({"q": "utro"}, ["Utro 2", "Utro 1"]),
        ({"q": timur.name.upper()}, ["Utro 2"]),
        ({"q": f"utro {anna.name.split()[0]}"}, ["Utro 1"]),
        ({"inspector": str(anna.id)}, ["Zerno 1", "Utro 1"]),
        ({"inspector": str(anna.id), "brand": str(audit.brands[0].id), "q": "utro"}, ["Utro 1"]),
        ({"outlet": str(audit.outlets[3].id)}, ["Zerno 1"]),
        ({"sort": "received"}, ["Utro 1", "Utro 2", "Zerno 1"]),
        ({"sort": "received", "q": "utro"}, ["Utro 1", "Utro 2"]),
    ):
        assert visits_listed(window.open(base + urlencode(query))) == found, query
    window.open(base + urlencode({"outlet": str(audit.outlets[0].id), "inspector": str(anna.id)}))
    assert {"Utro 1 ✕ (remove this filter)", f"{anna.name} ✕ (remove this filter)"} <= {
        words for words, _address in window.page.links
    }
    for name in ("inspector", "outlet"):
        for unknown in (str(new_id()), "nobody"):
            assert window.open(f"{base}{name}={unknown}").status == 404


@pytest.mark.parametrize(("sort", "further"), [("-received", "Older visits"), ("received", "Later visits")])
def test_visits_are_paged_in_both_directions(
    window: Window, audit: Audit, sessions: Sessions, monkeypatch: pytest.MonkeyPatch, sort: str, further: str
) -> None:
    monkeypatch.setattr("inspector.manager.visits.index.VISITS_ON_A_PAGE", 2)
    with sessions() as session, session.begin():
        for outlet in audit.outlets[:5]:
            audit.visit(session, outlet)
    seen: list[list[str]] = []
    window.open(f"{audit.address}/visits/?{urlencode({'sort': sort, 'q': 'o', 'wave': str(audit.wave.id)})}")
    while True:
        seen.append(visits_listed(window))
        if further not in [words for words, _ in window.page.links]:
            break
        window.follow(further)
        assert "November ✕" in window.text, "the filter stays"
    oldest_first = [["Utro 1", "Utro 2"], ["Utro 3", "Zerno 1"], ["Zerno 2"]]
    latest_first = [["Zerno 2", "Zerno 1"], ["Utro 3", "Utro 2"], ["Utro 1"]]
    assert seen == (oldest_first if sort == "received" else latest_first)


def test_a_filter_of_another_organization_finds_nothing(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
        other.visit(session)
    assert window.open(f"{audit.address}/brands/?brand={other.brands[0].id}").status == 404
    for name, row in (("outlet", other.outlets[0]), ("wave", other.wave), ("brand", other.brands[0])):
        assert window.open(f"{audit.address}/visits/?{name}={row.id}").status == 404
    assert visits_listed(window.open(f"{audit.address}/visits/?q=utro")) == []


def test_attributes_of_an_outlet_are_lines_of_name_and_value(window: Window, audit: Audit, sessions: Sessions) -> None:
    outlet = audit.outlets[0]
    address = f"{audit.address}/brands/outlets/{outlet.id}"
    window.open(address).submit("Save", attributes="зал: 40 мест\n\n drive-through : yes\nempty:")
    with sessions() as session:
        stored = session.get_one(Outlet, outlet.id).attributes
    assert stored == {"зал": "40 мест", "drive-through": "yes", "empty": ""}
    assert "drive-through: yes" in window.text
    assert window.open(address).fields["attributes"].splitlines() == ["drive-through: yes", "empty: ", "зал: 40 мест"]
    window.submit("Save", attributes="no colon here")
    assert window.status == 422
    assert "Each line has a name, a colon and a value" in window.text
    assert window.fields["attributes"] == "no colon here"
