"""A checklist is designed, previewed and published through the pages."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from checklists.checklist import (
    ChecklistVersion,
    Comment,
    Direction,
    Evidence,
    OptionZone,
    Polarity,
    Unit,
    compile_document,
    phone_document,
    version_with_parts,
)
from checklists.orm import ScopedSession
from tests.factories import LANGUAGES, Audit, make_audit
from tests.forms import make_checklist
from tests.pages import Window

Sessions = Callable[..., ScopedSession]
Fields = dict[str, str | list[str]]

GREETING: Fields = {
    "text.ru": "Приветствие",
    "text.en": "The greeting",
    "guidance.ru": "Смотрите на кассира",
    "expected.0.text.ru": "Кассир здоровается первым",
    "expected.0.text.en": "The cashier greets first",
    "expected.0.weight": "2",
    "expected.1.text.ru": "Смотрит в глаза",
    "forbidden.0.text.ru": "Говорит по телефону",
    "enough": "some",
    "enough_count": "1",
    "evidence": "required",
    "evidence_at_least": "2",
    "comment": "none",
    "weight": "1,5",
    "may_be_not_applicable": "on",
}
WAITING: Fields = {
    "text.ru": "Ожидание",
    "unit": "minutes",
    "decimals": "1",
    "direction": "lower_is_better",
    "green_limit": "1",
    "red_limit": "3,5",
}
TABLE: Fields = {
    "text.ru": "Столик",
    "options.0.text.ru": "Чистый",
    "options.1.text.ru": "Крошки",
    "options.1.zone": "yellow",
    "options.3.text.ru": "Другое",
    "options.3.zone": "red",
    "options.3.free_text": "on",
}
CRITERIA = {"States": GREETING, "Measure": WAITING, "Choice": TABLE}


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        return make_audit(session)


@pytest.fixture
def window(app: Flask, audit: Audit) -> Window:
    return Window(app, audit.manager.email)


@pytest.fixture
def draft(window: Window, audit: Audit) -> UUID:
    """A draft with one section at the cash desk, made through the pages; the window shows it."""
    window.open(f"{audit.address}/checklists/").follow("New checklist")
    window.submit("Make the draft", {"name.ru": "Визит", "name.en": "Second visit"})
    window.follow("Add a section")
    cash_desk = audit.touchpoints[1]
    window.submit("Save", {"touchpoint_id": str(cash_desk.id), "required_checks": "4"})
    assert window.status == 200
    return UUID(window.address.rsplit("/", 1)[1])


def add(window: Window, kind: str, changes: Fields | None = None) -> Window:
    return window.follow(f"{kind} Cash desk").submit("Save", {**CRITERIA[kind], **(changes or {})})


def version_of(sessions: Sessions, version_id: UUID) -> ChecklistVersion:
    with sessions() as session:
        version = version_with_parts(session, version_id)
    assert version is not None
    return version


def test_a_checklist_is_designed_and_published(window: Window, draft: UUID, audit: Audit, sessions: Sessions) -> None:
    add(window, "States")
    add(window, "Measure")
    add(window, "Choice")
    window.submit("Publish")
    assert "is published and frozen" in window.text
    version = version_of(sessions, draft)
    assert version.published_at is not None
    assert version.document == compile_document(version, LANGUAGES)
    (section,) = version.sections
    assert section.title == audit.touchpoints[1].name
    assert section.required_checks == 4
    greeting, waiting, table = section.criteria
    assert [(each.text["ru"], each.polarity, each.weight) for each in greeting.states] == [
        ("Кассир здоровается первым", Polarity.EXPECTED, 2.0),
        ("Смотрит в глаза", Polarity.EXPECTED, 1.0),
        ("Говорит по телефону", Polarity.FORBIDDEN, 1.0),
    ]
    assert (greeting.enough, greeting.weight, greeting.required) == ("1", 1.5, True)
    assert (greeting.evidence, greeting.evidence_at_least) == (Evidence.REQUIRED, 2)
    assert (greeting.comment, greeting.may_be_not_applicable) == (Comment.NONE, True)
    assert (waiting.unit, waiting.decimals, waiting.direction) == (Unit.MINUTES, 1, Direction.LOWER_IS_BETTER)
    assert (waiting.green_limit, waiting.red_limit) == (1.0, 3.5)
    assert [(each.text["ru"], each.zone, each.free_text) for each in table.options] == [
        ("Чистый", OptionZone.GREEN, False),
        ("Крошки", OptionZone.YELLOW, False),
        ("Другое", OptionZone.RED, True),
    ]


@pytest.mark.parametrize("kind", CRITERIA)
def test_a_criterion_is_edited_without_losing_anything(
    window: Window, draft: UUID, sessions: Sessions, kind: str
) -> None:
    add(window, kind)
    before = compile_document(version_of(sessions, draft), LANGUAGES)
    name = str(CRITERIA[kind]["text.en"] if "text.en" in CRITERIA[kind] else CRITERIA[kind]["text.ru"])
    window.follow(f"Edit {name}").submit("Save")
    assert compile_document(version_of(sessions, draft), LANGUAGES) == before


def test_a_reworded_state_keeps_its_lineage_and_an_emptied_one_goes(
    window: Window, draft: UUID, sessions: Sessions
) -> None:
    add(window, "States")
    before = version_of(sessions, draft).sections[0].criteria[0]
    window.follow("Edit The greeting")
    window.submit("Save", {"expected.0.text.ru": "Кассир здоровается", "expected.1.text.ru": ""})
    after = version_of(sessions, draft).sections[0].criteria[0]
    assert [each.text["ru"] for each in after.states] == ["Кассир здоровается", "Говорит по телефону"]
    assert after.lineage_id == before.lineage_id
    assert [each.lineage_id for each in after.states] == [before.states[0].lineage_id, before.states[2].lineage_id]


@pytest.mark.parametrize(
    ("kind", "button", "first", "added"),
    [
        ("States", "More rows for expected states", "expected.0.text.ru", "expected.3.text.ru"),
        ("States", "More rows for forbidden states", "forbidden.0.text.ru", "forbidden.2.text.ru"),
        ("Choice", "More rows for options", "options.0.text.ru", "options.4.text.ru"),
    ],
)
def test_more_rows_come_without_a_script_and_keep_what_was_typed(
    window: Window, draft: UUID, sessions: Sessions, kind: str, button: str, first: str, added: str
) -> None:
    window.follow(f"{kind} Cash desk")
    assert added not in window.fields
    window.submit(button, CRITERIA[kind])
    assert window.status == 200
    assert window.fields[first] == CRITERIA[kind][first]
    assert not version_of(sessions, draft).sections[0].criteria
    window.submit("Save", {added: "Ещё одно"})
    (criterion,) = version_of(sessions, draft).sections[0].criteria
    assert "Ещё одно" in [each.text["ru"] for each in [*criterion.states, *criterion.options]]


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("States", {"text.ru": ""}, "text.ru"),
        ("States", {"enough_count": "3"}, "enough"),
        ("States", {"weight": "0"}, "weight"),
        ("States", {"expected.1.weight": "-1"}, "expected.1.weight"),
        ("States", {"expected.1.weight": "0"}, "states"),
        ("States", {"forbidden.0.text.ru": "", "forbidden.0.text.en": "On the phone"}, "forbidden.0.text.ru"),
        ("States", {"evidence_at_least": "1.5"}, "evidence_at_least"),
        ("Measure", {"red_limit": "0.5"}, "red_limit"),
        ("Measure", {"direction": "higher_is_better"}, "red_limit"),
        ("Measure", {"green_limit": "soon"}, "green_limit"),
        ("Measure", {"unit": "parsecs"}, "unit"),
        ("Choice", {"options.1.zone": "blue"}, "options.1.zone"),
    ],
)
def test_a_criterion_with_a_mistake_loses_nothing(
    window: Window, draft: UUID, sessions: Sessions, kind: str, changes: Fields, field: str
) -> None:
    add(window, kind, changes)
    assert window.status == 422
    assert f'href="#{field}"' in window.answer.text
    assert f'id="{field}"' in window.answer.text
    filled = {**CRITERIA[kind], **changes}
    offered = {name: value for name, value in filled.items() if value not in ("parsecs", "blue")}
    assert {name: window.fields.get(name) for name in offered} == offered
    assert not version_of(sessions, draft).sections[0].criteria


def test_criteria_are_moved_duplicated_removed_and_put_back(window: Window, draft: UUID, sessions: Sessions) -> None:
    def texts() -> list[str]:
        return [each.text["ru"] for each in version_of(sessions, draft).sections[0].criteria]

    add(window, "States")
    add(window, "Measure")
    add(window, "Choice")
    window.submit("Move up Столик")
    assert texts() == ["Приветствие", "Столик", "Ожидание"]
    window.submit("Move down The greeting")
    assert texts() == ["Столик", "Приветствие", "Ожидание"]
    window.submit("Duplicate Столик")
    assert texts() == ["Столик", "Столик", "Приветствие", "Ожидание"]
    first, copy, *_others = version_of(sessions, draft).sections[0].criteria
    assert copy.lineage_id != first.lineage_id
    assert [each.text for each in copy.options] == [each.text for each in first.options]
    window.submit("Remove The greeting")
    assert texts() == ["Столик", "Столик", "Ожидание"]
    window.submit("Undo the removal")
    assert texts() == ["Столик", "Столик", "Ожидание", "Приветствие"]
    back = version_of(sessions, draft).sections[0].criteria[-1]
    assert [each.weight for each in back.states] == [2.0, 1.0, 1.0]
    assert (back.enough, back.evidence_at_least, back.guidance) == ("1", 2, {"ru": "Смотрите на кассира"})


def test_sections_are_moved_duplicated_and_only_removed_when_empty(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    add(window, "Measure").follow("Add a section")
    phone = audit.touchpoints[2]
    window.submit("Save", {"touchpoint_id": str(phone.id), "title.ru": "Звонок в кофейню", "title.en": "The call"})
    window.submit("Move up The call").submit("Duplicate Cash desk")
    sections = version_of(sessions, draft).sections
    assert [each.title["en"] for each in sections] == ["The call", "Cash desk", "Cash desk"]
    assert [len(each.criteria) for each in sections] == [0, 1, 1]
    assert "Remove Cash desk" not in [words for form in window.page.forms for words, _name, _value in form.buttons]
    window.post(f"{audit.address}/checklists/sections/{sections[1].id}/removal")
    assert "still has criteria" in window.text
    window.submit("Remove The call")
    assert [each.title["en"] for each in version_of(sessions, draft).sections] == ["Cash desk", "Cash desk"]


def test_a_section_with_a_mistake_loses_nothing(window: Window, draft: UUID) -> None:
    window.follow("Add a section")
    window.submit("Save", {"touchpoint_id": "", "title.ru": "Касса", "required_checks": "some"})
    assert window.status == 422
    assert 'id="wrong-touchpoint_id"' in window.answer.text
    assert 'id="wrong-required_checks"' in window.answer.text
    assert (window.fields["title.ru"], window.fields["required_checks"]) == ("Касса", "some")


def test_settings_of_the_draft(window: Window, draft: UUID, sessions: Sessions) -> None:
    window.follow("Settings").submit("Save", {"green_from": "60", "yellow_from": "70"})
    assert window.status == 422
    assert 'id="wrong-yellow_from"' in window.answer.text
    window.submit("Save", {"green_from": "82,5", "name.en": "The third visit"})
    version = version_of(sessions, draft)
    assert (version.green_from, version.yellow_from) == (0.825, 0.7)
    assert version.checklist.name["en"] == "The third visit"
    assert version.checklist.blind


def test_what_is_missing_is_said_and_keeps_it_from_being_published(
    window: Window, draft: UUID, sessions: Sessions
) -> None:
    window.submit("Publish")
    assert "cannot be published yet: a section has no criterion." in window.text
    add(window, "Measure", {"green_limit": "", "red_limit": ""})
    assert "Ожидание: a measure has no limit of green or red." in window.text
    window.submit("Publish")
    assert version_of(sessions, draft).published_at is None


def test_a_published_version_is_only_read(window: Window, audit: Audit, sessions: Sessions) -> None:
    version = version_of(sessions, audit.version.id)
    section, criterion = version.sections[0], version.sections[0].criteria[0]
    base = f"{audit.address}/checklists"
    window.open(f"{base}/versions/{version.id}")
    assert window.status == 200
    assert not [words for form in window.page.forms for words, *_more in form.buttons if "Edit" in words]
    for address in (
        f"{base}/versions/{version.id}/settings",
        f"{base}/versions/{version.id}/sections/new",
        f"{base}/sections/{section.id}",
        f"{base}/sections/{section.id}/criteria/new/states",
        f"{base}/criteria/{criterion.id}",
    ):
        assert window.open(address).status == 409
        assert window.post(address, {"text.ru": "Иначе"}).status_code == 409
    for address in (f"{base}/sections/{section.id}", f"{base}/criteria/{criterion.id}"):
        for action in ("move", "copy", "removal"):
            answer = window.post(f"{address}/{action}")
            assert answer.status_code == 409 or "still has criteria" in answer.text
    assert version_of(sessions, version.id).document == audit.document
    assert compile_document(version_of(sessions, version.id), LANGUAGES) == audit.document


def test_the_preview_shows_what_the_phone_gets_and_no_more(window: Window, audit: Audit) -> None:
    window.open(f"{audit.address}/checklists/versions/{audit.version.id}/preview")
    places = []
    for section in phone_document(audit.document)["sections"]:
        for criterion in section["criteria"]:
            places += [each["text"]["en"] for each in [*criterion["states"], *criterion["options"]]]
    shown = window.answer.text.split('class="phone"')[1]
    at = 0
    for text in places:
        at = shown.index(text, at) + 1
    assert "None of these" in shown
    shown = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", shown)  # An id may hold any digits.
    for secret in ("expected", "forbidden", "zone", "weight", "180"):
        assert secret not in shown


def test_the_list_shows_versions_and_counts(window: Window, draft: UUID, audit: Audit) -> None:
    window.open(f"{audit.address}/checklists/")
    assert "The visit 1 published" in window.text
    assert "Second visit 1 draft 0" in window.text


def test_foreign_checklists_are_not_found(window: Window, audit: Audit, sessions: Sessions, draft: UUID) -> None:
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
        version = make_checklist(session, other.project, other.touchpoints, name="Theirs", published=False)
        section, criterion = version.sections[0].id, version.sections[0].criteria[0].id
    base = f"{audit.address}/checklists"
    for address in (
        f"{base}/versions/{version.id}/settings",
        f"{base}/versions/{version.id}/sections/new",
        f"{base}/sections/{section}",
        f"{base}/sections/{section}/criteria/new/choice",
        f"{base}/criteria/{criterion}",
    ):
        assert window.open(address).status == 404
        assert window.post(address, {"text.ru": "Моё"}).status_code == 404
    for address in (f"{base}/versions/{version.id}", f"{base}/versions/{version.id}/preview"):
        assert window.open(address).status == 404
    for address in (
        f"{base}/versions/{version.id}/publication",
        *(f"{base}/sections/{section}/{action}" for action in ("move", "copy", "removal")),
        *(f"{base}/criteria/{criterion}/{action}" for action in ("move", "copy", "removal")),
    ):
        assert window.post(address).status_code == 404 or "nothing here" in window.text
    assert version_of(sessions, version.id).published_at is None
    window.open(f"{base}/versions/{draft}/sections/new")
    window.submit("Save", {"touchpoint_id": str(other.touchpoints[0].id), "required_checks": "1"})
    assert window.status == 404
    assert len(version_of(sessions, draft).sections) == 1
