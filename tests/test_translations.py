"""The catalogue is complete: whatever a source says, it can be read in Russian, with every placeholder in its place."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.catalogue import ROOT, extract

RUSSIAN = ROOT / "inspector" / "translations" / "ru" / "LC_MESSAGES" / "messages.po"
RUSSIAN_FORMS = 3
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|<[^<>]*>")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return extract(tmp_path_factory.mktemp("catalogue") / "messages.pot")


@pytest.fixture(scope="module")
def russian() -> Catalog:
    with RUSSIAN.open("rb") as file:
        return read_po(file)


def test_code_templates_and_phone_are_all_collected(sources: Catalog) -> None:
    places = {Path(place).parts[:2] for message in sources for place, _line in message.locations}
    assert {("checklists", "errors.py"), ("inspector", "templates"), ("inspector", "phone")} <= places


def test_every_message_has_its_russian(sources: Catalog, russian: Catalog) -> None:
    missing = [_english(message) for message in sources if message.id and not _is_translated(russian.get(message.id))]
    assert not missing, "\n".join(["no Russian yet for:", *missing])


def test_the_catalogue_holds_nothing_that_no_source_says(sources: Catalog, russian: Catalog) -> None:
    unused = [_english(message) for message in russian if message.id and message.id not in sources]
    assert not unused, "\n".join(["run `make translations`, which drops:", *unused])


def test_placeholders_are_the_same_in_both_languages(russian: Catalog) -> None:
    different = [_english(message) for message in russian if message.id and not _same_placeholders(message)]
    assert not different, "\n".join(["placeholders differ in:", *different])


@pytest.mark.parametrize(
    ("english", "translation", "same"),
    [
        ("Visit of %(name)s", "Визит: %(name)s", True),
        ("Visit of %(name)s", "Визит: %(nome)s", False),
        (("%(n)s visit", "%(n)s visits"), ("%(n)s визит", "%(n)s визита", "%(n)s визитов"), True),
        (("%(n)s visit", "%(n)s visits"), ("%(n)s визит", "%(n)s визита", "визитов"), False),
    ],
)
def test_placeholders_are_compared_by_name(english: str, translation: str, same: bool) -> None:
    assert _same_placeholders(Message(english, translation)) is same


def _is_translated(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    forms = _texts(message.string)
    return len(forms) == (RUSSIAN_FORMS if message.pluralizable else 1) and all(forms)


def _same_placeholders(message: Message) -> bool:
    """Each form of a translation names what the English plural (or the only form) names, in whatever order."""
    wanted = sorted(PLACEHOLDER.findall(_texts(message.id)[-1]))
    return all(sorted(PLACEHOLDER.findall(form)) == wanted for form in _texts(message.string) if form)


def _texts(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def _english(message: Message) -> str:
    return _texts(message.id)[0]
