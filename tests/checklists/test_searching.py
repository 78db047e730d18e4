"""Searching and sorting know Cyrillic, alike on both databases and in memory."""

import pytest
from sqlalchemy import select

from checklists.brands import Outlet
from checklists.orm import ScopedSession, alphabetical, alphabetical_key, fold, folded, found_in, holds
from tests.factories import make_brand, make_organization, make_outlet, make_project

IN_ORDER = ["-7", "10", "2", "Zerno", "а", "Б", "е", "Е", "ё", "Ё", "ёж", "Ель", "ж", "И", "й", "я", "Я"]


def add(session: ScopedSession, *names: str, city: str = "Орёл") -> None:
    brand = make_brand(session, make_project(session, make_organization(session)))
    for name in names:
        make_outlet(session, brand, name, city=city)


def found(session: ScopedSession, words: str) -> list[str]:
    query = select(Outlet.name).where(found_in(words, Outlet.name, Outlet.city))
    return list(session.scalars(query.order_by(Outlet.id)))


def test_every_alphabet_is_sorted_as_its_readers_expect(session: ScopedSession) -> None:
    add(session, *reversed(IN_ORDER))
    assert list(session.scalars(select(Outlet.name).order_by(alphabetical(Outlet.name)))) == IN_ORDER
    assert sorted(set(IN_ORDER), key=alphabetical_key) == IN_ORDER


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("ёлка", ["Ёлка на Тверской", "ЕЛКА"]),
        ("ЕЛКА", ["Ёлка на Тверской", "ЕЛКА"]),
        ("тверской ёл", ["Ёлка на Тверской"]),
        ("ОРЕЛ", ["Ёлка на Тверской", "ЕЛКА", "Café 100%", "a_b/c"]),
        ("орёл тверской", ["Ёлка на Тверской"]),
        ("CAFÉ", ["Café 100%"]),
        ("Cafe\N{COMBINING ACUTE ACCENT}", ["Café 100%"]),
        ("100%", ["Café 100%"]),
        ("1%0", []),
        ("%", ["Café 100%"]),
        ("A_B", ["a_b/c"]),
        ("a%b", []),
        ("_", ["a_b/c"]),
        ("/", ["a_b/c"]),
        ("  ", ["Ёлка на Тверской", "ЕЛКА", "Café 100%", "a_b/c"]),
        ("' OR 1=1 --", []),
    ],
)
def test_words_are_found_in_any_alphabet_and_case(session: ScopedSession, words: str, names: list[str]) -> None:
    everything = ["Ёлка на Тверской", "ЕЛКА", "Café 100%", "a_b/c"]
    add(session, *everything)
    assert found(session, words) == names
    assert [each for each in everything if holds(words, each, "Орёл")] == names


def test_a_column_is_folded_as_a_text_in_memory_is(session: ScopedSession) -> None:
    words = "ЩУКИНСКАЯ, Ёлки-Моталки, Й, ÉCLAIR, Zürich, ΣΊΓΜΑ"
    add(session, words)
    assert session.scalars(select(folded(Outlet.name))).one() == fold(words)
