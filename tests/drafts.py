"""A draft that is edited through the pages: what a manager types for each kind of criterion, and how it is sent."""

from uuid import UUID

from checklists.checklist import ChecklistVersion, Criterion, version_with_parts
from tests.databases import Sessions
from tests.factories import Audit
from tests.pages import Window

Fields = dict[str, str | list[str]]

GREETING: Fields = {
    "text.ru": "Приветствие",
    "text.en": "The greeting",
    "guidance.ru": "Смотрите на кассира",
    "expected.0.text.ru": "Кассир здоровается первым",
    "expected.0.text.en": "The cashier greets first",
    "expected.0.weight": "2",
    "expected.0.description.en": "“Good morning!”",
    "expected.1.text.ru": "Смотрит в глаза",
    "forbidden.0.text.ru": "Говорит по телефону",
    "enough": "any",
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
    "linear": "on",
}
TABLE: Fields = {
    "text.ru": "Столик",
    "options.0.text.ru": "Чистый",
    "options.1.text.ru": "Крошки",
    "options.1.zone": "yellow",
    "options.1.points": "75",
    "options.3.text.ru": "Другое",
    "options.3.zone": "red",
    "options.3.free_text": "on",
}
MOOD: Fields = {
    "text.ru": "Настроение",
    "lowest": "0",
    "highest": "10",
    "lowest_words.ru": "уйти и не возвращаться",
    "highest_words.ru": "посоветую всем",
    "green_limit": "9",
    "red_limit": "6",
}
PRICE: Fields = {"text.ru": "Цена", "currency": "KZT", "decimals": "2", "evidence": "none", "comment": "not_green"}
CRITERIA: dict[str, Fields] = {
    "States": GREETING,
    "Measure": WAITING,
    "Choice": TABLE,
    "Rating": MOOD,
    "Money": PRICE,
    "Text": {"text.ru": "Что посоветовали"},
    "Date": {"text.ru": "Обещанный день"},
    "Time stamp": {"text.ru": "Вошли"},
    "Photo": {"text.ru": "Витрина", "evidence_at_least": "3"},
}
"""What is typed for each kind, by the words of its button; a duration needs time stamps (`add_duration`)."""


def make_draft(window: Window, audit: Audit) -> UUID:
    """A draft with one section at the cash desk; the window shows it."""
    window.open(f"{audit.address}/checklists/").follow("New checklist")
    window.submit("Make the draft", {"name.ru": "Визит", "name.en": "Second visit"})
    window.follow("Add a section")
    cash_desk = audit.touchpoints[1]
    window.submit("Save", {"touchpoint_id": str(cash_desk.id), "required_checks": "4"})
    assert window.status == 200
    return UUID(window.address.rsplit("/", 1)[1])


def add(window: Window, kind: str, changes: Fields | None = None) -> Window:
    return window.follow(f"{kind} Cash desk").submit("Save", {**CRITERIA[kind], **(changes or {})})


def add_duration(window: Window, sessions: Sessions, draft: UUID, changes: Fields | None = None) -> Window:
    """Two time stamps and the time between them."""
    add(window, "Time stamp")
    add(window, "Time stamp", {"text.ru": "Обслужили"})
    begun, served = [str(each.lineage_id) for each in criteria_of(sessions, draft)[-2:]]
    typed: Fields = {"text.ru": "Сколько ждали", "from": begun, "until": served, "unit": "minutes", "green_limit": "5"}
    return window.follow("Duration Cash desk").submit("Save", typed | (changes or {}))


def version_of(sessions: Sessions, version_id: UUID) -> ChecklistVersion:
    with sessions() as session:
        version = version_with_parts(session, version_id)
    assert version is not None
    return version


def criteria_of(sessions: Sessions, version_id: UUID, section: int = 0) -> list[Criterion]:
    return version_of(sessions, version_id).sections[section].criteria
