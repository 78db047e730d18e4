"""Assignments are changed through the pages, one at a time and several at once."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from checklists.waves import Assignment, AssignmentState
from tests.databases import Sessions
from tests.factories import Audit
from tests.pages import Window


def assignments(sessions: Sessions, wave_id: UUID) -> list[Assignment]:
    with sessions() as session:
        return list(session.scalars(select(Assignment).where(Assignment.wave_id == wave_id).order_by(Assignment.id)))


def test_an_assignment_is_changed_revoked_and_planned_again(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        audit.outlets[0].time_zone = "Asia/Vladivostok"
        session.merge(audit.outlets[0])
        assignment = audit.assign(session)
    page = f"{audit.address}/waves/{audit.wave.id}/assignments/{assignment.id}"
    window.open(page)
    window.submit(
        "Save",
        {"inspector": str(audit.inspectors[1].id), "due_from": "2026-12-01T09:00", "due_until": "2026-12-03T21:00"},
    )
    (found,) = assignments(sessions, audit.wave.id)
    there = ZoneInfo("Asia/Vladivostok")
    assert found.inspector_id == audit.inspectors[1].id
    assert found.due_from == datetime(2026, 12, 1, 9, tzinfo=there)
    assert found.due_until == datetime(2026, 12, 3, 21, tzinfo=there)
    window.open(page).submit("Revoke the assignment")
    assert assignments(sessions, audit.wave.id)[0].state is AssignmentState.REVOKED
    window.submit("Plan it again")
    assert assignments(sessions, audit.wave.id)[0].state is AssignmentState.PLANNED


def test_an_assignment_refuses_what_cannot_be(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        assignment = audit.assign(session)
    page = f"{audit.address}/waves/{audit.wave.id}/assignments/{assignment.id}"
    window.open(page)
    window.submit("Save", {"due_from": "2026-12-03T21:00", "due_until": "2026-12-01T09:00"})
    assert window.status == 422
    assert "The window must end after it begins." in window.text
    window.open(page).submit("Save", {"inspector": str(audit.manager.id)})
    assert 'id="wrong-inspector"' in window.answer.text
    window.open(page).submit("Save", {"due_from": "tomorrow"})
    assert 'id="wrong-due_from"' in window.answer.text
    with sessions() as session, session.begin():
        audit.visit(session, assignment=session.get_one(Assignment, assignment.id))
    window.post(f"{page}/revocation")
    assert window.status == 409
    assert "has arrived already" in window.text


def test_a_long_list_is_paged_and_begins_with_what_waits_for_somebody(
    window: Window, audit: Audit, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspector.manager.waves.plan.ASSIGNMENTS_ON_A_PAGE", 2)
    with sessions() as session, session.begin():
        audit.visit(session, audit.outlets[0])
        for outlet in audit.outlets[1:4]:
            audit.assign(session, outlet)

    def listed() -> list[str]:
        return [label for label, address in window.page.links if "/assignments/" in address]

    window.open(f"{audit.address}/waves/{audit.wave.id}")
    assert listed() == ["Utro 2", "Utro 3"]
    window.follow("Further assignments")
    assert listed() == ["Zerno 1", "Utro 1"], "the one that was delivered stands last"
    window.follow("The first page")
    assert listed() == ["Utro 2", "Utro 3"]
    assert "All that are listed here (4)" in window.text


def test_the_list_is_searched_and_sorted(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        for outlet, inspector in zip(audit.outlets[2::-1], (0, 1, 0), strict=True):
            audit.assign(session, outlet, inspector=audit.inspectors[inspector])

    def listed() -> list[str]:
        return [label for label, address in window.page.links if "/assignments/" in address]

    plan = f"{audit.address}/waves/{audit.wave.id}"
    window.open(plan).follow("Outlet")
    assert listed() == ["Utro 1", "Utro 2", "Utro 3"]
    window.follow("Inspector")
    assert listed() == ["Utro 3", "Utro 1", "Utro 2"]
    assert listed() == [
        label for label, address in window.open(f"{plan}?sort=inspector").page.links if "/assi" in address
    ]
    window.open(f"{plan}?q=САИДОВ")
    assert listed() == []
    window.open(f"{plan}?q=saidov")
    assert listed() == ["Utro 2"]
    assert window.open(f"{plan}?sort=colour").status == 404


def test_what_is_overdue_is_said(window: Window, audit: Audit, sessions: Sessions) -> None:
    passed = datetime.now(UTC) - timedelta(days=1)
    with sessions() as session, session.begin():
        audit.assign(session, due_from=passed - timedelta(days=2), due_until=passed)
        audit.visit(session, audit.outlets[1])
    window.open(f"{audit.address}/waves/{audit.wave.id}")
    assert "1 is overdue" in window.text


def test_an_overdue_assignment_is_extended_with_one_press(window: Window, audit: Audit, sessions: Sessions) -> None:
    passed = datetime.now(UTC) - timedelta(days=1)
    with sessions() as session, session.begin():
        late = audit.assign(session, due_from=passed - timedelta(days=2), due_until=passed)
        unsent = audit.assign(session, audit.outlets[1], state=AssignmentState.PLANNED, due_until=passed)
        in_time = audit.assign(session, audit.outlets[2])
    plan = f"{audit.address}/waves/{audit.wave.id}"
    window.open(plan).follow("overdue: 1")
    assert [row for row in (late, unsent, in_time) if str(row.id) in window.answer.text] == [late]
    window.submit("Extend by a week Utro 1")
    assert "1 assignment was extended." in window.text
    assert "only=overdue" in window.answer.request.url, "the list stays as it was chosen"
    assert "No assignment fits this choice." in window.text
    extended = next(each for each in assignments(sessions, audit.wave.id) if each.id == late.id)
    today = datetime.now(audit.outlets[0].zone).date()
    assert extended.due_until.astimezone(audit.outlets[0].zone).date() == today + timedelta(days=8)
    window.open(plan).follow("not handed out in time: 1")
    assert "Extend by a week Utro 2" in [words for form in window.page.forms for words, *_ in form.buttons]


def test_several_assignments_are_given_extended_revoked_and_restored(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    timur = audit.inspectors[1]
    with sessions() as session, session.begin():
        first, second, third = (audit.assign(session, outlet) for outlet in audit.outlets[:3])
        two, visited = [str(first.id), str(second.id)], str(third.id)
        audit.visit(session, assignment=third)

    def of(*chosen: Assignment) -> list[Assignment]:
        wanted = {each.id for each in chosen}
        return [each for each in assignments(sessions, audit.wave.id) if each.id in wanted]

    window.open(f"{audit.address}/waves/{audit.wave.id}?inspector={audit.inspectors[0].id}")
    window.submit("Give to this inspector", {"assignments": [*two, visited], "give_to": str(timur.id)})
    assert "2 assignments have another inspector. 1 stayed as it was." in window.text
    assert {each.inspector_id for each in of(first, second)} == {timur.id}
    assert f"inspector={audit.inspectors[0].id}" in window.answer.request.url

    window.open(f"{audit.address}/waves/{audit.wave.id}?inspector={timur.id}")
    day = datetime.now(UTC).date() + timedelta(days=40)
    window.submit("Extend to this day", {"all": "on", "until": day.isoformat()})
    assert "2 assignments were extended." in window.text
    assert {each.due_until.astimezone(audit.outlets[0].zone).date() for each in of(first, second)} == {
        day + timedelta(days=1)
    }
    window.submit("Extend by these days", {"all": "on", "days": "3"})
    assert {each.due_until.astimezone(audit.outlets[0].zone).date() for each in of(first, second)} == {
        day + timedelta(days=4)
    }
    window.submit("Revoke", {"assignments": two})
    assert "2 assignments were revoked." in window.text
    assert {each.state for each in of(first, second)} == {AssignmentState.REVOKED}
    window.submit("Plan the revoked ones again", {"assignments": two[:1]})
    assert Counter(each.state for each in of(first, second)) == {
        AssignmentState.PLANNED: 1,
        AssignmentState.REVOKED: 1,
    }


def test_a_change_of_several_that_cannot_be_is_refused_and_keeps_the_ticks(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        found = audit.assign(session)
    plan = f"{audit.address}/waves/{audit.wave.id}"
    for button, sent, wrong in (
        ("Give to this inspector", {"give_to": ""}, "give_to"),
        ("Give to this inspector", {"give_to": str(audit.manager.id)}, "give_to"),
        ("Extend by these days", {"days": "0"}, "days"),
        ("Extend to this day", {"until": "2001-01-01"}, "until"),
        ("Extend to this day", {"until": "9999-12-31"}, "until"),
        ("Extend to this day", {"until": "soon"}, "until"),
    ):
        window.open(plan).submit(button, {"assignments": [str(found.id)]} | sent)
        assert window.status == 422
        assert f'id="wrong-{wrong}"' in window.answer.text
        assert window.fields.getlist("assignments") == [str(found.id)]
        assert "Plan the missing visits" in window.text
    window.open(plan).submit("Revoke")
    assert "Nothing was changed: tick assignments first" in window.text
    window.open(plan).submit("Do nothing", {"assignments": [str(found.id)]})
    assert "Nothing was changed" in window.text
    (same,) = assignments(sessions, audit.wave.id)
    assert (same.inspector_id, same.due_until, same.state) == (found.inspector_id, found.due_until, found.state)


def test_a_held_report_is_shown_with_its_assignment(window: Window, audit: Audit, sessions: Sessions) -> None:
    passed = datetime.now(UTC) - timedelta(days=1)
    with sessions() as session, session.begin():
        held = audit.assign(session, due_from=passed - timedelta(days=2), due_until=passed)
        audit.visit(session, assignment=held, started_at=datetime(1970, 1, 1, tzinfo=UTC))
    window.open(f"{audit.address}/waves/{audit.wave.id}")
    assert "overdue" not in window.text
    window.follow("a report is held Utro 1")
    assert window.status == 200
