"""Visits are found, read and decided through the pages."""

import io
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from checklists.brands import Outlet
from checklists.journey import Channel, Touchpoint
from checklists.orm import new_id
from checklists.people import Role
from checklists.visits import Photo, Visit, VisitState, receive_photo, record_derived
from inspector.photo_images import draw_demo_photo
from inspector.photo_storage import photo_key
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_person, make_project, make_wave
from tests.field import FieldPhoto, deliver
from tests.pages import Window

NOW = datetime.now(UTC)


def state_of(sessions: Sessions, visit_id: UUID) -> VisitState:
    with sessions() as session:
        return session.get_one(Visit, visit_id).state


def listed(window: Window) -> list[str]:
    """The names of the visits in the list, from the top down."""
    return [words for words, address in window.page.links if "/visits/0" in address]


def test_the_list_is_filtered_and_each_filter_can_be_taken_off(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        other_wave = make_wave(session, audit.project, [audit.version], audit.outlets, name="October")
        audit.visit(session, audit.outlets[0], state="approved")
        audit.visit(session, audit.outlets[1])
        audit.visit(session, audit.outlets[3], state="rejected")
        audit.visit(session, assignment=audit.assign(session, audit.outlets[4], wave=other_wave))
    window.open(f"{audit.address}/visits/")
    assert listed(window) == ["Zerno 2", "Zerno 1", "Utro 2", "Utro 1"], "latest first"
    window.submit("Show", {"brand": str(audit.brands[1].id), "wave": str(audit.wave.id)})
    filtered = f"{audit.address}/visits/?brand={audit.brands[1].id}&wave={audit.wave.id}"
    window.open(filtered)
    assert listed(window) == ["Zerno 1"]
    window.follow("November ✕ (remove this filter)")
    assert listed(window) == ["Zerno 2", "Zerno 1"]
    for state, names in (("approved", ["Utro 1"]), ("received", ["Zerno 2", "Utro 2"]), ("held", [])):
        assert listed(window.open(f"{audit.address}/visits/?state={state}")) == names
    window.open(f"{audit.address}/visits/?touchpoint={audit.touchpoints[0].id}&brand={audit.brands[0].id}")
    assert listed(window) == ["Utro 2", "Utro 1"]
    assert listed(window.open(f"{audit.address}/visits/?state=held")) == []
    assert "Nothing fits what you look for." in window.text


def test_older_visits_are_pages_away(
    window: Window, audit: Audit, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspector.manager.visits.index.VISITS_ON_A_PAGE", 2)
    with sessions() as session, session.begin():
        ids = [audit.visit(session, outlet).id for outlet in audit.outlets[:5]]
    seen: list[str] = []
    window.open(f"{audit.address}/visits/?wave={audit.wave.id}")
    while True:
        seen += listed(window)
        if "Older visits" not in [words for words, _ in window.page.links]:
            break
        window.follow("Older visits")
        assert "November ✕" in window.text, "the filter stays"
    assert seen == ["Zerno 2", "Zerno 1", "Utro 3", "Utro 2", "Utro 1"]
    assert len(ids) == len(seen)


@pytest.mark.parametrize(
    "cursor",
    [
        "0001-01-01T00:00:00+14:00~{id}",
        "9999-12-31T23:59:59-12:00~{id}",
        "yesterday~{id}",
        "2026-11-22T10:00:00+00:00",
        "2026-11-22T10:00:00+00:00~first",
    ],
)
def test_a_place_in_the_list_that_cannot_be_read_is_its_beginning(
    window: Window, audit: Audit, sessions: Sessions, cursor: str
) -> None:
    with sessions() as session, session.begin():
        audit.visit(session)
    window.open(f"{audit.address}/visits/?after={quote(cursor.format(id=new_id()))}")
    assert window.status == 200
    assert listed(window) == ["Utro 1"]


def test_the_window_of_whole_days_is_shown_as_dates(window: Window, audit: Audit, sessions: Sessions) -> None:
    moscow = ZoneInfo("Europe/Moscow")
    begins, ends = datetime(2026, 11, 18, tzinfo=moscow), datetime(2026, 11, 22, tzinfo=moscow)
    with sessions() as session, session.begin():
        visit = audit.visit(session, assignment=audit.assign(session, due_from=begins, due_until=ends))
    assert "Window18 Nov 2026 – 21 Nov 2026 Time zone" in window.open(f"{audit.address}/visits/{visit.id}").text


def test_a_visit_shows_what_was_seen_beside_what_should_be(window: Window, audit: Audit, sessions: Sessions) -> None:
    states, measure, choice = (audit.criterion(kind) for kind in ("states", "measure", "choice"))
    with sessions() as session, session.begin():
        visit = audit.visit(
            session,
            zones={states["id"]: "red", measure["id"]: "yellow"},
            answers={
                states["id"]: {"comment": "He never looked up."},
                choice["id"]: {"status": "could_not_check", "reason": "All tables were taken."},
            },
        )
    window.open(f"{audit.address}/visits/{visit.id}")
    for words in (
        "The employee is on the phone – forbidden, seen",
        "The guest is greeted – expected, not seen",
        "He never looked up.",
        "120 seconds green ≤ 60, red ≥ 180",
        "could not check",
        "All tables were taken.",
        "no: too little was answered",
        "once it is approved",
        "Anna Petrova",
        "accurate to 12 m",
        "Europe/Moscow",
        "12 minutes",
    ):
        assert words in window.text, words


def test_what_is_odd_about_time_and_place_is_said(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        outlet = session.get_one(Outlet, audit.outlets[0].id)
        outlet.latitude, outlet.longitude = 55.7602, 37.6184
        late = audit.assign(session, due_from=NOW - timedelta(days=9), due_until=NOW - timedelta(days=3))
        report = audit.report(late, elapsed_ms=5 * 3_600_000, utc_offset=600, started_at=NOW + timedelta(hours=20))
        visit = deliver(session, late, report)
        quiet = audit.visit(session, audit.outlets[1])
    window.open(f"{audit.address}/visits/{visit.id}")
    for words in (
        "after the end of its window.",
        "The phone's clock is ahead by 20 hours at least.",
        "but only 12 minutes by the phone's clock",
        "another time zone than the outlet's",
        "far from the outlet: 1,001 m",
        "No recorded position is near the outlet: the nearest is 1,001 m away.",
    ):
        assert words in window.text, words
    window.open(f"{audit.address}/visits/{quiet.id}")
    for words in ("window.", "clock is", "clock was", "another time zone", "far from", "near the outlet"):
        assert words not in window.text, words


def test_nobody_is_warned_of_a_visit_that_was_finished_at_home_or_of_a_call(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    at_home = {"lat": 55.7602, "lon": 37.6184, "accuracy_m": 12.0, "at": NOW.isoformat()}
    with sessions() as session, session.begin():
        for outlet in audit.outlets[:2]:
            place = session.get_one(Outlet, outlet.id)
            place.latitude, place.longitude = 55.7512, 37.6184
        in_the_shop = {**at_home, "lat": 55.7513}
        finished = audit.visit(session, positions=[in_the_shop, at_home])
        called = audit.visit(session, audit.outlets[1], positions=[at_home])
    warning = "No recorded position is near the outlet"
    assert warning not in window.open(f"{audit.address}/visits/{finished.id}").text
    assert "far from the outlet: 1,001 m" in window.text
    assert warning in window.open(f"{audit.address}/visits/{called.id}").text
    with sessions() as session, session.begin():
        session.execute(update(Touchpoint).values(channel=Channel.PHONE))
    assert warning not in window.open(f"{audit.address}/visits/{called.id}").text


def test_photos_stand_beside_their_criterion_and_missing_ones_are_named(
    app: Flask, window: Window, audit: Audit, sessions: Sessions
) -> None:
    good, broken, missing = FieldPhoto(draw_demo_photo(1, "УТРО")), FieldPhoto(b"no picture"), FieldPhoto(b"on its way")
    states, choice = audit.criterion("states")["id"], audit.criterion("choice")["id"]
    storage = app.extensions["photos"]
    with sessions() as session, session.begin():
        assignment = audit.assign(session)
        report = audit.report(assignment, photos={states: [good, broken], choice: [missing]})
        visit_id = deliver(session, assignment, report).id
        for photo in (good, broken):
            key = photo_key(session.get_one(Photo, photo.id))
            storage.write(key, io.BytesIO(photo.content), size=len(photo.content), sha256=photo.sha256)
            receive_photo(session, photo.id, NOW)
        record_derived(session, broken.id, NOW, readable=False, reason="no picture", width=None, height=None)
    window.open(f"{audit.address}/visits/{visit_id}")
    html = window.answer.text
    beside = html[html.index("The greeting") : html.index("The wait")]
    assert f"/api/v1/photos/{good.id}?size=thumbnail" in beside
    assert 'alt="Photo 1: The greeting"' in beside
    assert "Photo 2 cannot be displayed." in beside
    assert f"/api/v1/photos/{broken.id}?size=original" in beside
    assert "Photo 3 has not arrived yet." in html[html.index("The table") :]
    assert "1 photo of this visit has not arrived yet." in window.text
    assert window.client.get(f"/api/v1/photos/{good.id}?size=thumbnail").data == good.content
    window.submit("Approve")
    assert window.status == 409
    assert "Photos of this visit that have not arrived yet: 1." in window.text
    assert state_of(sessions, visit_id) is VisitState.RECEIVED


def test_a_visit_is_approved_and_the_next_one_is_offered(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        first, second = audit.visit(session), audit.visit(session, audit.outlets[1])
    window.open(f"{audit.address}/visits/{first.id}").submit("Approve")
    assert "It counts in the results now." in window.text
    assert "Approved by Marina Orlova" in window.text
    assert state_of(sessions, first.id) is VisitState.APPROVED
    window.follow("Next visit waiting")
    assert window.address.endswith(str(second.id))
    assert "1 of 1 waiting" in window.text
    window.submit("Approve a")
    assert "No other visit waits for a review here." in window.text


def test_a_rejection_asks_for_its_reason(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        visit = audit.visit(session)
    window.open(f"{audit.address}/visits/{visit.id}").submit("Reject", {"reason": "  "})
    assert window.status == 422
    assert "Please give a reason" in window.text
    window.submit("Reject", {"reason": "The photos show another shop."})
    assert "The photos show another shop." in window.text
    assert state_of(sessions, visit.id) is VisitState.REJECTED
    window.post(f"{audit.address}/visits/{visit.id}/approval")
    assert window.status == 409
    assert "not waiting for a review any more" in window.text
    assert window.open(f"{audit.address}/visits/{visit.id}/rejection").status == 200, "it may be reloaded"


def test_a_held_visit_says_why_and_gives_its_report_as_it_came(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        assignment = audit.assign(session)
        report = audit.report(assignment)
        report["answers"].pop()
        held = deliver(session, assignment, report)
    window.open(f"{audit.address}/visits/?state=held")
    assert "A required criterion is not answered." in window.text
    window.open(f"{audit.address}/visits/{held.id}")
    assert "This visit is held and does not count." in window.text
    assert "Approve" not in [words for form in window.page.forms for words, *_ in form.buttons]
    address = next(address for words, address in window.page.links if words.startswith("Report of"))
    sent = window.client.get(address)
    assert sent.json == report
    assert sent.headers["Content-Disposition"].startswith("attachment")
    window.submit("Reject", {"reason": "Incomplete."})
    assert state_of(sessions, held.id) is VisitState.REJECTED


def test_a_visit_of_no_known_project_is_for_those_who_see_the_whole_organization(
    app: Flask, window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        report = audit.report(audit.assign(session), assignment_id=str(new_id()))
        lost = deliver(session, audit.assign(session), report)
        narrow = make_person(session, audit.organization, "Nina Frolova", Role.MANAGER, project=audit.project)
    window.open(f"{audit.address}/visits/")
    assert listed(window) == ["Unknown outlet"]
    assert window.open(f"{audit.address}/visits/{lost.id}").status == 200
    assert "The assignment is not known." in window.text
    narrow_window = Window(app, narrow.email)
    assert listed(narrow_window.open(f"{audit.address}/visits/")) == []
    assert narrow_window.open(f"{audit.address}/visits/{lost.id}").status == 404


def test_foreign_ids_are_found_nowhere(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        stranger = make_audit(session, "strangers")
        theirs = stranger.visit(session)
        ours = audit.visit(session)
        make_project(session, audit.organization, "sibling")
    assert window.open(f"{audit.address}/visits/{ours.id}").status == 200
    for address in (
        f"{audit.address}/visits/{theirs.id}",
        f"{audit.address}/visits/{new_id()}",
        f"/o/{audit.organization.slug}/sibling/visits/{ours.id}",
        f"{audit.address}/visits/?wave={stranger.wave.id}",
        f"{audit.address}/visits/?brand={stranger.brands[0].id}",
        f"{audit.address}/visits/?touchpoint={stranger.touchpoints[0].id}",
        f"{audit.address}/visits/?wave=november",
        f"{audit.address}/visits/?state=lost",
        f"{audit.address}/visits/{ours.id}/reports/{new_id()}",
    ):
        assert window.open(address).status == 404, address
    for decision in ("approval", "rejection"):
        window.post(f"{audit.address}/visits/{theirs.id}/{decision}", {"reason": "Mine!"})
        assert window.status == 404
    assert state_of(sessions, theirs.id) is VisitState.RECEIVED


def test_a_reviewer_reviews_and_an_inspector_does_not(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        visit = audit.visit(session)
    inspector = Window(app, audit.inspectors[0].email)
    assert inspector.open(f"{audit.address}/visits/").status == 403
    inspector.post(f"{audit.address}/visits/{visit.id}/approval")
    assert inspector.status == 403
    Window(app, audit.reviewer.email).open(f"{audit.address}/visits/{visit.id}").submit("Approve")
    assert state_of(sessions, visit.id) is VisitState.APPROVED
