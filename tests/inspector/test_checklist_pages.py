"""A checklist is designed, previewed and published through the pages."""

import re
from uuid import UUID

import pytest

from checklists.checklist import (
    Comment,
    Direction,
    Evidence,
    OptionZone,
    Polarity,
    Unit,
    compile_document,
    phone_document,
)
from tests.databases import Sessions
from tests.drafts import Fields, add, make_draft, version_of
from tests.factories import LANGUAGES, Audit, make_audit
from tests.forms import make_checklist
from tests.pages import Window


@pytest.fixture
def draft(window: Window, audit: Audit) -> UUID:
    return make_draft(window, audit)


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
    assert (greeting.enough, greeting.weight, greeting.required) == ("any", 1.5, True)
    assert (greeting.evidence, greeting.evidence_at_least) == (Evidence.REQUIRED, 2)
    assert (greeting.comment, greeting.may_be_not_applicable) == (Comment.NONE, True)
    assert (waiting.unit, waiting.decimals, waiting.direction) == (Unit.MINUTES, 1, Direction.LOWER_IS_BETTER)
    assert (waiting.green_limit, waiting.red_limit) == (1.0, 3.5)
    assert [(each.text["ru"], each.zone, each.free_text) for each in table.options] == [
        ("Чистый", OptionZone.GREEN, False),
        ("Крошки", OptionZone.YELLOW, False),
        ("Другое", OptionZone.RED, True),
    ]


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


def test_purpose_blindness_grades_and_the_staff_met(window: Window, draft: UUID, sessions: Sessions) -> None:
    window.follow("Settings")
    changes: Fields = {"purpose": "self_audit", "blind": [], "staff_met": "on"}
    window.submit("Save", {**changes, "grades.1.name.en": "good", "grades.1.from": "80"})
    assert 'id="wrong-grades.1.name.ru"' in window.answer.text
    window.submit("Save", {"grades.1.name.ru": "хорошо", "grades.4.name.ru": "отлично", "grades.4.from": "95"})
    version = version_of(sessions, draft)
    assert (version.checklist.purpose, version.checklist.blind, version.staff_met) == ("self_audit", False, True)
    grades = [{"name": {"ru": "отлично"}, "from": 0.95}, {"name": {"ru": "хорошо", "en": "good"}, "from": 0.8}]
    assert version.grades == grades
    assert "self-audit by the outlet not blind staff met is written down, without names" in window.text
    assert "“отлично” from 95% · “good” from 80%" in window.text
    window.follow("Settings").submit("Save")
    assert version_of(sessions, draft).grades == grades


def test_names_of_the_staff_are_the_projects_decision(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    window.open(f"{audit.address}/settings").submit("Save", {"staff_names": "on"})
    window.open(f"{audit.address}/checklists/versions/{draft}")
    add(window, "Measure").follow("Settings").submit("Save", {"staff_met": "on"})
    assert "staff met is written down, with names" in window.text
    window.submit("Publish")
    document = version_of(sessions, draft).document
    assert document is not None
    assert document["staff_names"] is True
    window.open(f"{audit.address}/settings").submit("Save", {"staff_names": []})
    assert "with names" in window.open(f"{audit.address}/checklists/versions/{draft}").text


def test_a_section_weighs_repeats_and_is_shown_under_a_condition(
    window: Window, draft: UUID, audit: Audit, sessions: Sessions
) -> None:
    add(window, "Choice")
    (table,) = version_of(sessions, draft).sections[0].criteria
    source = f"part:{table.lineage_id}:{table.options[0].lineage_id}"
    window.follow("Add a section")
    window.submit("More conditions", {"touchpoint_id": str(audit.touchpoints[2].id), "title.ru": "Разговор"})
    rules: Fields = {"weight": "2,5", "repeats": "on", "repeat_label.ru": "Сотрудник", "most_repetitions": "100"}
    window.submit("Save", {**rules, "conditions.0.source": source})
    assert window.status == 422
    assert 'id="wrong-most_repetitions"' in window.answer.text
    window.submit("Save", {"most_repetitions": "7"})
    section = version_of(sessions, draft).sections[1]
    assert (section.weight, section.repeats, section.most_repetitions) == (2.5, True, 7)
    assert section.repeat_label == {"ru": "Сотрудник"}
    assert section.shown_when is not None
    assert "weight 2.5 · repeats for each: Сотрудник, at most 7 times" in window.text
    assert "Shown when “Столик” is “Чистый”." in window.text
    window.follow("Edit Разговор").submit("Save")
    again = version_of(sessions, draft).sections[1]
    assert (again.weight, again.repeats, again.shown_when) == (2.5, True, section.shown_when)
    window.follow("Edit Разговор").submit("Save", {"repeats": [], "weight": "", "conditions.0.source": ""})
    again = version_of(sessions, draft).sections[1]
    assert (again.weight, again.repeats, again.repeat_label, again.shown_when) == (None, False, {}, None)


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
    assert "9 visit Preview" in window.text
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
