"""What the lines of an uploaded table do to outlets and inspectors."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from checklists.brands import Brand, Outlet
from checklists.errors import InvalidInput, NotFound
from checklists.imports import (
    Effect,
    Import,
    ImportKind,
    default_time_zone,
    finish,
    import_inspectors,
    import_outlets,
    inspector_lines,
    inspector_table,
    keep_upload,
    outlet_lines,
    outlet_table,
    preview_of,
    take_up,
)
from checklists.orm import ScopedSession, new_id, scoped
from checklists.people import Membership, Organization, Project, Role, User, add_member, members_of
from tests.databases import Sessions
from tests.factories import make_brand, make_organization, make_outlet, make_person, make_project

NOW = datetime.now(UTC)


class World:
    """A project with two brands and an outlet of each, in a session held to its organization."""

    def __init__(self, session: ScopedSession, organization: Organization) -> None:
        self.session, self.organization = session, organization
        self.project: Project = make_project(session, organization)
        self.utro: Brand = make_brand(session, self.project, "Утро", own=True)
        self.zerno: Brand = make_brand(session, self.project, "Zerno", position=1)
        self.stored: Outlet = make_outlet(
            session, self.utro, "У вокзала", city="Орёл", address="Мира, 1", attributes={"зал": "40", "окно": "да"}
        )

    def outlets(self, table: str) -> list[tuple[Any, ...]]:
        """What the lines would do: number, effect and what is wrong."""
        lines = outlet_lines(self.session, self.project.id, outlet_table(table.encode()))
        return [(line.number, line.effect.value, line.wrong and line.wrong % line.details) for line in lines]

    def bring_outlets(self, table: str) -> dict[Effect, int]:
        return import_outlets(self.session, self.project, outlet_table(table.encode()))

    def inspectors(self, table: str) -> list[tuple[Any, ...]]:
        lines = inspector_lines(self.session, self.project, inspector_table(table.encode()))
        return [(line.number, line.effect.value, line.wrong and line.wrong % line.details) for line in lines]


@pytest.fixture
def world(sessions: Sessions) -> Iterator[World]:
    with sessions() as session, session.begin():
        organization = make_organization(session)
    with sessions(scoped([organization.id])) as session:
        yield World(session, organization)


def test_new_outlets_come_with_all_that_stands_in_their_line(world: World) -> None:
    counts = world.bring_outlets(
        "Бренд;Название;Город;Адрес;Телефон;Сайт;Широта;Долгота;Часовой пояс;признак: Автораздача;attr:зал\n"
        'ZERNO;=1+1;"Нижний\nНовгород";Ленина, 1;+7 831;https://z.example;56,3;"44.0";Asia/Omsk;да;\n'
        "утро;Второе;;;;;;;;;\n"
    )
    assert counts == {Effect.NEW: 2, Effect.CHANGED: 0, Effect.SAME: 0, Effect.WRONG: 0}
    new = world.session.scalars(select(Outlet).where(Outlet.name == "=1+1")).one()
    assert (new.brand_id, new.city, new.address, new.phone) == (
        world.zerno.id,
        "Нижний Новгород",
        "Ленина, 1",
        "+7 831",
    )
    assert (new.url, new.latitude, new.longitude, new.time_zone) == ("https://z.example", 56.3, 44.0, "Asia/Omsk")
    assert new.attributes == {"Автораздача": "да"}
    second = world.session.scalars(select(Outlet).where(Outlet.name == "Второе")).one()
    assert (second.brand_id, second.time_zone, second.attributes) == (world.utro.id, "Europe/Moscow", {})


def test_a_known_outlet_is_changed_by_the_columns_that_are_there(world: World) -> None:
    table = "brand,name,address,phone,attr:окно\nУТРО,У ВОКЗАЛА,мира\N{COMMA} 1,+7 486,\n".replace(
        "мира, 1", '"мира, 1"'
    )
    (line,) = outlet_lines(world.session, world.project.id, outlet_table(table.encode()))
    assert line.effect is Effect.CHANGED
    assert line.before == {"name": "У вокзала", "address": "Мира, 1", "phone": "", "attr:окно": "да"}
    world.bring_outlets(table)
    world.session.expire(world.stored)
    assert (world.stored.phone, world.stored.city) == ("+7 486", "Орёл")
    assert world.stored.attributes == {"зал": "40"}
    assert world.outlets(table) == [(2, "same", "")]


def test_an_empty_cell_clears_all_but_the_time_zone(world: World) -> None:
    world.bring_outlets("brand;name;address;city;time zone\nУтро;У вокзала;Мира, 1;;\n")
    world.session.expire(world.stored)
    assert (world.stored.city, world.stored.time_zone) == ("", "Europe/Moscow")


def test_a_removed_outlet_comes_back(world: World) -> None:
    world.stored.deleted_at = NOW
    assert world.bring_outlets("brand;name;address\nутро;У вокзала;Мира, 1\n")[Effect.CHANGED] == 1
    assert world.stored.deleted_at is None


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ("Ромашка;Новая;;;;;", "no brand “Ромашка”"),
        (";Новая;;;;;", "brand is missing"),
        ("Утро;;;;;;", "name is missing"),
        ("Утро;Новая;;;;;Moscow", "no such time zone"),
        ("Утро;Новая;;javascript:alert(1);;;", "web address begins"),
        ("Утро;Новая;;;91;1;", "“91” is no coordinate"),
        ("Утро;Новая;;;nan;1;", "“nan” is no coordinate"),
        ("Утро;Новая;;;1e999;1;", "is no coordinate"),
        ("Утро;Новая;;;55;;", "both coordinates"),
        (f"Утро;{'x' * 301};;;;;", "longer than 300"),
        ("Утро;Новая\0;;;;;", "NUL"),
        ('Утро;"Новая" она;;;;;', "quotation mark"),
    ],
)
def test_a_wrong_line_says_why_and_the_others_are_read(world: World, cells: str, words: str) -> None:
    table = f"бренд;название;адрес;сайт;широта;долгота;часовой пояс\n{cells}\nУтро;Другая;;;;;\n"
    (number, effect, wrong), other = world.outlets(table)
    assert (number, effect) == (2, "wrong")
    assert words in wrong
    assert other == (3, "new", "")


def test_the_same_outlet_twice_is_wrong_the_second_time(world: World) -> None:
    assert world.outlets("brand;name;address\nZerno;A;B\nzerno;a;b\nZerno;A;C\n") == [
        (2, "new", ""),
        (3, "wrong", "The same outlet stands in line 2 already."),
        (4, "new", ""),
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [("name;city\nA;B\n", "column of the brand"), ("brand;city\nA;B\n", "column of the outlet's name")],
)
def test_a_table_of_outlets_without_brand_or_name_is_refused(table: str, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        outlet_table(table.encode())
    assert words in refused.value.fields["file"]


def test_an_outlet_without_a_zone_gets_the_one_that_most_have(world: World) -> None:
    assert default_time_zone(world.session, world.project.id) == "Europe/Moscow"
    for number in range(2):
        make_outlet(world.session, world.zerno, f"Zerno {number}", time_zone="Asia/Novosibirsk")
    world.bring_outlets("brand;name\nZerno;New\n")
    assert world.session.scalars(select(Outlet).where(Outlet.name == "New")).one().time_zone == "Asia/Novosibirsk"
    elsewhere = make_project(world.session, world.organization, "elsewhere")
    assert default_time_zone(world.session, elsewhere.id) == "Europe/Moscow"


def test_outlets_of_another_project_are_left_alone(world: World) -> None:
    other = make_brand(world.session, make_project(world.session, world.organization, "other"), "Утро")
    theirs = make_outlet(world.session, other, "У рынка", address="")
    assert world.bring_outlets("brand;name;phone\nутро;У рынка;+7\n")[Effect.NEW] == 1
    world.session.expire(theirs)
    assert theirs.phone == ""


def test_a_preview_shows_the_first_lines_and_the_first_wrong_ones(world: World) -> None:
    lines = ["Zerno;A{0}" if number % 3 else "Nobody;A{0}" for number in range(3_000)]
    table = "brand;name\n" + "\n".join(line.format(number) for number, line in enumerate(lines))
    preview = preview_of(outlet_lines(world.session, world.project.id, outlet_table(table.encode())))
    assert preview.counts == {Effect.NEW: 2_000, Effect.CHANGED: 0, Effect.SAME: 0, Effect.WRONG: 1_000}
    numbers = [line.number for line in preview.shown]
    assert numbers[:100] == list(range(2, 102))
    assert {line.effect for line in preview.shown[100:]} == {Effect.WRONG}
    assert sum(line.effect is Effect.WRONG for line in preview.shown) == 500


def test_inspectors_are_new_known_or_there_already(world: World) -> None:
    session, project = world.session, world.project
    make_person(session, world.organization, "Anna", Role.INSPECTOR, project=project)
    make_person(session, world.organization, "Boss", Role.INSPECTOR)
    make_person(session, world.organization, "Boris", Role.REVIEWER, project=project)
    former = make_person(session, world.organization, "Former", project=project)
    add_member(session, former, [Role.INSPECTOR], organization_id=world.organization.id, project_id=project.id)
    session.scalars(select(Membership).where(Membership.user_id == former.id)).one().deactivated_at = NOW
    session.flush()
    table = (
        "Электронная почта;ФИО;Язык\n ANNA@example.org;Anna;\nboss@example.org;Boss;\nboris@example.org;Bob;en\n"
        "former@example.org;Former;\nvera@example.org;Вера Ким;Русский\noleg@example.org;Олег;\n"
        "Vera@Example.org;Вера;\nnobody;Nobody;\nx@example.org;;\ny@example.org;Y;fr\n"
    )
    assert world.inspectors(table) == [
        (2, "same", ""),
        (3, "same", ""),
        (4, "changed", ""),
        (5, "changed", ""),
        (6, "new", ""),
        (7, "new", ""),
        (8, "wrong", "The same e-mail stands in line 6 already."),
        (9, "wrong", "This is not an e-mail address."),
        (10, "wrong", "The name is missing."),
        (11, "wrong", "The language is “ru” or “en”."),
    ]
    hashes = {"vera@example.org": "hash of Vera's", "oleg@example.org": "hash of Oleg's"}
    import_inspectors(session, project, inspector_table(table.encode()), hashes, "en", NOW)
    members = {member.user.email: member for member in members_of(session, project.id)}
    assert members["boris@example.org"].roles == {Role.REVIEWER, Role.INSPECTOR}
    assert members["boris@example.org"].user.name == "Boris"
    assert members["former@example.org"].roles == {Role.INSPECTOR}
    vera, oleg = members["vera@example.org"].user, members["oleg@example.org"].user
    assert (vera.name, vera.language, vera.password_hash) == ("Вера Ким", "ru", "hash of Vera's")
    assert (oleg.language, members["oleg@example.org"].roles) == ("en", {Role.INSPECTOR})
    assert [effect for _number, effect, _wrong in world.inspectors(table)][:6] == ["same"] * 6


def test_nobody_is_made_without_a_password(world: World) -> None:
    table = inspector_table(b"name;email\nVera;vera@example.org\n")
    with pytest.raises(InvalidInput):
        import_inspectors(world.session, world.project, table, {}, "ru", NOW)
    assert world.session.scalar(select(func.count()).select_from(User)) == 0


def test_an_upload_is_kept_until_it_is_confirmed_or_a_day_is_over(world: World, sessions: Sessions) -> None:
    session, project = world.session, world.project
    user = make_person(session, world.organization, "Marina", Role.MANAGER)
    name = "C:\\fakepath\\../Точки\N{RIGHT-TO-LEFT OVERRIDE}gpj.csv\0"
    old = keep_upload(session, project.id, ImportKind.OUTLETS, name, b"old", user.id, NOW - timedelta(days=2))
    assert old.file_name == "Точкиgpj.csv"
    kept = keep_upload(session, project.id, ImportKind.OUTLETS, "новые.csv", b"new", user.id, NOW)
    assert session.scalars(select(Import.id)).all() == [kept.id]
    with pytest.raises(NotFound):
        take_up(session, kept.id, new_id())
    finish(take_up(session, kept.id, project.id), dict.fromkeys(Effect, 3), NOW)
    assert (kept.body, kept.counts) == (b"", {"new": 3, "changed": 3, "same": 3, "wrong": 3})
    with pytest.raises(InvalidInput, match="attention"):
        take_up(session, kept.id, project.id)
    session.commit()
    with sessions(scoped([new_id()])) as stranger, pytest.raises(NotFound):
        take_up(stranger, kept.id, project.id)
