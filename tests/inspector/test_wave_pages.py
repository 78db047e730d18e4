"""A wave is made, planned and handed out through the pages."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from checklists.checklist import ChecklistVersion
from checklists.orm import new_id
from checklists.people import Role
from checklists.waves import Assignment, AssignmentState, Wave, required_checks, wave_with_contents, waves_of
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_person, make_project
from tests.forms import make_checklist, next_version
from tests.pages import Window


def wave_of(sessions: Sessions, wave_id: UUID) -> Wave:
    with sessions() as session:
        wave = wave_with_contents(session, wave_id)
        assert wave is not None
        return wave


def newest_wave(sessions: Sessions, audit: Audit) -> Wave:
    with sessions() as session:
        newest = max(waves_of(session, audit.project.id), key=lambda wave: wave.created_at)
    return wave_of(sessions, newest.id)


def assignments(sessions: Sessions, wave_id: UUID) -> list[Assignment]:
    with sessions() as session:
        return list(session.scalars(select(Assignment).where(Assignment.wave_id == wave_id).order_by(Assignment.id)))


def test_a_wave_is_made_planned_and_handed_out(window: Window, audit: Audit, sessions: Sessions) -> None:
    today = datetime.now(UTC).date()
    window.open(f"{audit.address}/waves/").follow("New wave")
    assert window.fields.getlist("versions") == [str(audit.version.id)], "the only checklist is ticked"
    window.submit("Save", {"name.ru": "Декабрь", "name.en": "December", "brief.ru": "Вы ищете розетку."})
    wave = newest_wave(sessions, audit)
    assert window.address == f"{audit.address}/waves/{wave.id}/required"
    assert wave.name == {"ru": "Декабрь", "en": "December"}
    assert (wave.starts_on, wave.ends_on) == (today, today + timedelta(days=27))
    assert len(wave.outlets) == 6

    reception, utro = audit.touchpoints[0], audit.brands[0]
    window.submit("Save", {f"required.{reception.id}.{utro.id}": "5"})
    assert "Utro: 5 visits with “The visit”" in window.text
    assert "Zerno: 4 visits with “The visit”" in window.text
    window.submit("Plan the missing visits")
    assert "9 visits were planned." in window.text
    assert "The plan is complete" in window.text
    planned = assignments(sessions, wave.id)
    assert {each.brief["ru"] for each in planned} == {"Вы ищете розетку."}

    window.submit("Hand out the ticked ones", {"assignments": [str(planned[0].id), str(planned[1].id)]})
    assert "2 assignments were handed out." in window.text
    window.submit("Hand out all 7 planned ones")
    assert {each.state for each in assignments(sessions, wave.id)} == {AssignmentState.HANDED_OUT}
    window.open(f"{audit.address}/waves/")
    assert "December" in window.text


def test_single_outlets_are_chosen(window: Window, audit: Audit, sessions: Sessions) -> None:
    utro, zerno = audit.brands
    some = [str(outlet.id) for outlet in audit.outlets_of(zerno)[:2]]
    changes: dict[str, str | list[str]] = {
        "name.ru": "Декабрь",
        f"scope.{utro.id}": "none",
        f"scope.{zerno.id}": "some",
        "outlets": [*some, str(audit.outlets_of(utro)[0].id)],
    }
    window.open(f"{audit.address}/waves/new").submit("Save", changes)
    wave = newest_wave(sessions, audit)
    assert {str(pin.outlet_id) for pin in wave.outlets} == set(some)
    window.open(f"{audit.address}/waves/{wave.id}/edit")
    assert (window.fields[f"scope.{utro.id}"], window.fields[f"scope.{zerno.id}"]) == ("none", "some")
    assert set(window.fields.getlist("outlets")) == set(some)
    window.submit("Save", {f"scope.{utro.id}": "all"})
    assert len(wave_of(sessions, wave.id).outlets) == 5


def test_a_refused_wave_keeps_what_was_typed(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        second = make_checklist(session, audit.project, audit.touchpoints[:1], name="The call")
    both = [str(audit.version.id), str(second.id)]
    window.open(f"{audit.address}/waves/new")
    window.submit("Save", {"name.ru": "Декабрь", "versions": both, "brief.en": "You are new in town."})
    assert window.status == 422
    assert "covered by one checklist only, but two cover “Вход и приветствие”" in window.text
    assert window.fields["name.ru"] == "Декабрь"
    assert window.fields["brief.en"] == "You are new in town."
    assert window.fields.getlist("versions") == both
    window.submit("Save", {"versions": [], "starts_on": "2026-12-31", "ends_on": "2026-12-01", "name.ru": ""})
    assert window.status == 422
    for field in ("name.ru", "ends_on", "versions"):
        assert f'id="wrong-{field}"' in window.answer.text
    with sessions() as session:
        assert [wave.id for wave in waves_of(session, audit.project.id)] == [audit.wave.id]


@pytest.mark.parametrize("day", ["9999-12-31", "2101-01-01", "1999-12-31", "0001-01-01"])
def test_days_that_no_time_zone_can_reckon_with_are_refused(
    window: Window, audit: Audit, sessions: Sessions, day: str
) -> None:
    field, other = ("starts_on", "ends_on") if day < "2000" else ("ends_on", "starts_on")
    window.open(f"{audit.address}/waves/{audit.wave.id}/edit").submit("Save", {field: day, other: "2026-12-01"})
    assert window.status == 422
    assert "The year must lie between 2000 and 2100." in window.text
    assert f'id="wrong-{field}"' in window.answer.text
    assert wave_of(sessions, audit.wave.id).ends_on == audit.wave.ends_on
    with sessions() as session, session.begin():
        assignment = audit.assign(session)
    page = f"{audit.address}/waves/{audit.wave.id}/assignments/{assignment.id}"
    name = {"starts_on": "due_from", "ends_on": "due_until"}[field]
    window.open(page).submit("Save", {name: f"{day}T23:59"})
    assert window.status == 422
    assert f'id="wrong-{name}"' in window.answer.text


def test_numbers_of_single_outlets_are_set_and_survive_an_edit_of_the_wave(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    utro, reception = audit.brands[0], audit.touchpoints[0]
    outlet = audit.outlets_of(utro)[0]
    window.open(f"{audit.address}/waves/{audit.wave.id}/required").follow("Set numbers: Utro")
    window.submit("Save", {f"required.{reception.id}.{outlet.id}": "2"})
    assert "1 number: Utro" in [words for words, _ in window.page.links]
    window.open(f"{audit.address}/waves/{audit.wave.id}/edit").submit("Save")
    assert required_checks(wave_of(sessions, audit.wave.id))[reception.id, utro.id, outlet.id] == 2
    window.open(f"{audit.address}/waves/{audit.wave.id}/required/{utro.id}")
    window.submit("Save", {f"required.{reception.id}.{outlet.id}": ""})
    assert (reception.id, utro.id, outlet.id) not in required_checks(wave_of(sessions, audit.wave.id))


@pytest.mark.parametrize("typed", ["", "-1", "many", "2.5", "10001"])
def test_a_number_that_cannot_be_is_shown_again(window: Window, audit: Audit, typed: str) -> None:
    name = f"required.{audit.touchpoints[0].id}.{audit.brands[0].id}"
    window.open(f"{audit.address}/waves/{audit.wave.id}/required").submit("Save", {name: typed})
    assert window.status == 422
    assert f'id="wrong-{name}"' in window.answer.text
    assert window.fields[name] == typed


@pytest.mark.parametrize(
    ("begins", "ends", "shown"),
    [
        ((18, 0), (22, 0), "18 Nov 2026 – 21 Nov 2026"),
        ((18, 0), (19, 0), "18 Nov 2026"),
        ((18, 9), (22, 0), "18 Nov 2026, 09:00 – 22 Nov 2026, 00:00"),
        ((18, 0), (21, 23), "18 Nov 2026, 00:00 – 21 Nov 2026, 23:00"),
    ],
)
def test_a_window_of_whole_days_is_shown_as_dates(
    window: Window, audit: Audit, sessions: Sessions, begins: tuple[int, int], ends: tuple[int, int], shown: str
) -> None:
    there = ZoneInfo("Asia/Vladivostok")
    with sessions() as session, session.begin():
        audit.outlets[0].time_zone = there.key
        session.merge(audit.outlets[0])
        due_from, due_until = (datetime(2026, 11, *each, tzinfo=there) for each in (begins, ends))
        audit.assign(session, due_from=due_from, due_until=due_until)
    window.open(f"{audit.address}/waves/{audit.wave.id}")
    (cell,) = re.findall(r'<td data-label="Window">(.*?)</td>', window.answer.text, re.S)
    assert " ".join(cell.split()) == shown


def test_planning_needs_an_inspector(window: Window, audit: Audit) -> None:
    window.open(f"{audit.address}/waves/{audit.wave.id}")
    window.submit("Plan the missing visits", {"inspectors": []})
    assert window.status == 422
    assert "Choose at least one inspector." in window.text


def test_another_version_is_taken_over_where_nothing_was_handed_out(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin(), session.no_autoflush:
        out = [audit.assign(session, outlet) for outlet in audit.outlets[:2]]
        audit.assign(session, audit.outlets[2], state=AssignmentState.PLANNED)
        newer = next_version(session, session.get_one(ChecklistVersion, audit.version.id))
    window.open(f"{audit.address}/waves/{audit.wave.id}/edit").submit("Save", {"versions": [str(newer.id)]})
    assert "1 planned assignment follows to the new version." in window.text
    assert "2 assignments that were handed out keep the version that is on the phones." in window.text
    assert "2 assignments have an older version of their checklist" in window.text
    window.follow("with an older version: 2")
    window.submit("Hand out again with the new version", {"assignments": [str(out[0].id)]})
    assert "1 assignment has the version of the wave now." in window.text
    window.open(f"{audit.address}/waves/{audit.wave.id}/assignments/{out[1].id}")
    assert "The wave has version 2 of this checklist now." in window.text
    window.submit("Hand out again with the new version")
    assert {each.version_id for each in assignments(sessions, audit.wave.id)} == {newer.id}


def test_parts_of_the_day_are_chosen_and_shown(window: Window, audit: Audit, sessions: Sessions) -> None:
    edit = f"{audit.address}/waves/{audit.wave.id}/edit"
    window.open(edit)
    assert window.fields["day_parts"] == "any"
    window.submit("Save", {"day_parts": "two"})
    assert wave_of(sessions, audit.wave.id).day_parts == [[9, 14], [14, 20]]
    window.open(edit)
    assert window.fields["day_parts"] == "two"
    own: dict[str, str | list[str]] = {
        "day_parts": "own",
        "part.0.from": "18",
        "part.0.until": "22",
        "part.1.from": "7",
        "part.1.until": "",
    }
    window.submit("Save", own)
    assert window.status == 422
    assert 'id="wrong-part.1.until"' in window.answer.text
    window.submit("Save", {"part.1.until": "30"})
    assert 'id="wrong-part.1.until"' in window.answer.text
    window.submit("Save", {"part.1.until": "19"})
    assert "Two parts of the day overlap." in window.text
    nothing: dict[str, str | list[str]] = {
        f"part.{number}.{edge}": "" for number in range(4) for edge in ("from", "until")
    }
    window.open(edit).submit("Save", {"day_parts": "own"} | nothing)
    assert "Enter the hours of at least one part of the day." in window.text
    window.open(edit).submit(
        "Save",
        {
            "day_parts": "own",
            "part.0.from": "18",
            "part.0.until": "22",
            "part.1.from": "7",
            "part.1.until": "11",
        },
    )
    assert wave_of(sessions, audit.wave.id).day_parts == [[7, 11], [18, 22]]
    assert "07:00–11:00, 18:00–22:00" in window.text
    window.submit("Plan the missing visits")
    planned = assignments(sessions, audit.wave.id)
    assert Counter((each.hours_from, each.hours_until) for each in planned) == {(7, 11): 4, (18, 22): 4}
    page = f"{audit.address}/waves/{audit.wave.id}/assignments/{planned[0].id}"
    window.open(page).submit("Save", {"hours": "18-22"})
    shown = next(form.fields for form in window.open(page).page.forms if "hours" in form.fields)
    assert shown["hours"] == "18-22"
    window.submit("Save", {"hours": "1-2"})
    assert 'id="wrong-hours"' in window.answer.text
    window.open(page).submit("Save", {"hours": ""})
    assert assignments(sessions, audit.wave.id)[0].hours_from is None


def test_an_empty_project_says_what_to_do_first(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        make_project(session, audit.organization, "empty")
    window.open(f"/o/{audit.organization.slug}/empty/waves/")
    assert "Publish a checklist first" in window.text
    window.follow("New wave")
    assert "To the checklists" in window.text
    assert "To the brands and outlets" in window.text


def test_foreign_ids_are_found_nowhere(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        stranger = make_audit(session, "strangers")
        theirs = stranger.assign(session)
        sibling = make_project(session, audit.organization, "sibling")
        make_person(session, audit.organization, audit.manager.name, Role.MANAGER, project=sibling)
    for wave_id in (stranger.wave.id, new_id()):
        for page in ("", "/edit", "/required", f"/required/{audit.brands[0].id}", f"/assignments/{theirs.id}"):
            assert window.open(f"{audit.address}/waves/{wave_id}{page}").status == 404
    assert window.open(f"{audit.address}/waves/{audit.wave.id}/required/{stranger.brands[0].id}").status == 404
    assert window.open(f"{audit.address}/waves/{audit.wave.id}/assignments/{theirs.id}").status == 404
    assert window.open(f"/o/{audit.organization.slug}/sibling/waves/{audit.wave.id}").status == 404
    assignments_page = f"{audit.address}/waves/{audit.wave.id}/assignments"
    for sent in ({"do": "hand_out", "assignments": str(theirs.id)}, {"late": str(theirs.id)}, {"do": "burn"}):
        window.post(assignments_page, sent)
        assert window.status == 404
    for filters in (f"brand={stranger.brands[0].id}", "brand=none", "only=lost", "inspector=nobody"):
        assert window.open(f"{audit.address}/waves/{audit.wave.id}?{filters}").status == 404
    window.post(f"{audit.address}/waves/{audit.wave.id}/plan", {"inspectors": "nobody"})
    assert window.status == 404


def test_waves_are_for_managers(app: Flask, audit: Audit) -> None:
    for person in (audit.reviewer, audit.inspectors[0]):
        assert Window(app, person.email).open(f"{audit.address}/waves/").status == 403
