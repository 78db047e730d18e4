"""Visits are sent back, corrected, put right and reopened through the pages; the queue goes from one to the next."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask

from checklists.brands import Outlet
from checklists.orm import ScopedSession, new_id
from checklists.people import Role
from checklists.review import send_back
from checklists.visits import Visit, VisitState, receive_photo
from checklists.waves import AssignmentState
from tests.databases import Sessions
from tests.factories import Audit, make_audit, make_person
from tests.field import FieldPhoto, deliver
from tests.pages import Window

NOW = datetime.now(UTC)


def visit_of(sessions: Sessions, visit_id: UUID) -> Visit:
    with sessions() as session:
        return session.get_one(Visit, visit_id)


def test_a_visit_is_sent_back_with_notes_and_reviewed_again(window: Window, audit: Audit, sessions: Sessions) -> None:
    states, measure = audit.criterion("states")["id"], audit.criterion("measure")["id"]
    with sessions() as session, session.begin():
        assignment = audit.assign(session)
        visit_id = deliver(session, assignment, audit.report(assignment)).id
    window.open(f"{audit.address}/visits/{visit_id}").submit("Send back")
    assert window.status == 422
    assert "Please write what should be changed" in window.text
    notes = {f"note.{states}.0": "Which employee?", f"note.{measure}.0": " ", "return_reason": "Nearly there."}
    window.submit("Send back", notes)  # type: ignore[arg-type]
    assert "The visit was sent back." in window.text
    assert "Sent back by Marina Orlova" in window.text
    assert "The greeting: Which employee?" in window.text
    assert "Nearly there." in window.text
    buttons = [words for form in window.page.forms for words, *_ in form.buttons]
    assert "Approve" not in buttons
    assert "Reject" in buttons
    window.open(f"{audit.address}/visits/?state=returned")
    assert str(visit_id) in window.answer.text
    with sessions() as session, session.begin():
        again = session.get_one(Visit, visit_id).assignment
        assert again is not None
        changed = audit.report(again, answers={measure: {"value": 75}}, revision=2)
        deliver(session, again, changed, visit_id=visit_id)
    window.open(f"{audit.address}/visits/{visit_id}")
    assert "Reception, The wait: 60 seconds → 75 seconds" in window.text, "what the next revision says otherwise"
    assert "Report received, revision 2" in window.text
    window.submit("Approve")
    assert visit_of(sessions, visit_id).state is VisitState.APPROVED


def test_a_refused_return_keeps_the_notes(window: Window, audit: Audit, sessions: Sessions) -> None:
    states = audit.criterion("states")["id"]
    with sessions() as session, session.begin():
        visit = audit.visit(session)
    address = f"{audit.address}/visits/{visit.id}"
    window.open(address)
    window.submit("Send back", {f"note.{states}.0": "Who?", "return_reason": "x" * 2_001})
    assert window.status == 422
    assert "Who?" in window.answer.text
    assert visit_of(sessions, visit.id).state is VisitState.RECEIVED
    for name in ("note.first.0", f"note.{states}.one", f"note.{new_id()}.0", "note."):
        window.post(f"{address}/return", {name: "Who?"})
        assert window.status == 404, name


def test_an_approved_visit_is_reopened_with_a_reason(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        visit = audit.visit(session, state="approved")
    window.open(f"{audit.address}/visits/{visit.id}").submit("Reopen")
    assert window.status == 422
    window.submit("Reopen", {"reopening_reason": "The client saw another shop."})
    assert "Reopened by Marina Orlova" in window.text
    assert visit_of(sessions, visit.id).state is VisitState.RECEIVED


def held(session: ScopedSession, audit: Audit, **changes: Any) -> Visit:
    assignment = audit.assign(session, state=AssignmentState.REVOKED)
    receipt = deliver(session, assignment, audit.report(assignment) | changes)
    assert receipt.state is VisitState.HELD
    return session.get_one(Visit, receipt.id)


def test_a_held_visit_is_read_and_put_right(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        visit = held(session, audit, answers=[])
        assignment = audit.assign(session, audit.outlets[2], state=AssignmentState.PLANNED)
    window.open(f"{audit.address}/visits/{visit.id}")
    assert "The assignment was revoked" in window.text
    assert "required, and not answered" in window.text
    window.submit("Put right", {"assignment": str(assignment.id)})
    assert window.status == 422
    window.submit("Put right", {"assignment": str(assignment.id), "placing_reason": "She was sent there by phone."})
    assert "The visit was put right." in window.text
    assert "She was sent there by phone." in window.text
    right = visit_of(sessions, visit.id)
    assert (right.state, right.outlet_id) == (VisitState.RECEIVED, audit.outlets[2].id)


def test_a_held_report_says_what_is_wrong_beside_each_answer(window: Window, audit: Audit, sessions: Sessions) -> None:
    states, measure, choice = (audit.criterion(kind) for kind in ("states", "measure", "choice"))
    with sessions() as session, session.begin():
        assignment = audit.assign(session)
        report = audit.report(assignment, answers={measure["id"]: {"value": "soon"}, choice["id"]: {"options": []}})
        stray = report["answers"][0] | {"criterion_id": str(new_id())}
        report["answers"] += [stray, report["answers"][0] | {"repetition": 3}]
        visit_id = deliver(session, assignment, report).id
    window.open(f"{audit.address}/visits/{visit_id}")
    for words in (
        "This visit is held and does not count.",
        "The report answers 1 criterion that this version does not have",
        "Please enter a number.",
        "soon",
        "Please give an answer.",
        "The section cannot be repeated as often as that.",
        states["states"][0]["text"]["en"],
    ):
        assert words in window.text, words
    window.submit("Put right", {"placing_reason": "The rest is sound."})
    assert "The visit was put right." in window.text, "the assignment that the report names is offered first"


def test_absurd_times_are_asked_for_and_meant_at_the_outlet(window: Window, audit: Audit, sessions: Sessions) -> None:
    old = {"started_at": "1970-01-01T00:00:00+00:00", "finished_at": "1970-01-01T00:10:00+00:00"}
    with sessions() as session, session.begin():
        outlet = session.get_one(Outlet, audit.outlets[0].id)
        outlet.time_zone = "Asia/Yekaterinburg"
        visit = held(session, audit, **old)
    window.open(f"{audit.address}/visits/{visit.id}")
    day = NOW.date().isoformat()
    fields = {"placing_reason": "The phone lost its clock.", "started_at": "soon", "finished_at": f"{day}T00:20"}
    window.submit("Put right", fields)  # type: ignore[arg-type]
    assert "Please enter a date and a time." in window.text
    window.submit("Put right", fields | {"started_at": f"{day}T00:05"})  # type: ignore[arg-type]
    assert "The visit was put right." in window.text
    began = visit_of(sessions, visit.id).started_at
    assert began is not None
    assert began.astimezone(outlet.zone).strftime("%H:%M") == "00:05"


def test_only_a_manager_puts_right(app: Flask, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        visit = held(session, audit)
    reviewer = Window(app, audit.reviewer.email)
    assert "Put right" not in reviewer.open(f"{audit.address}/visits/{visit.id}").text
    reviewer.post(f"{audit.address}/visits/{visit.id}/placing", {"placing_reason": "Because."})
    assert reviewer.status == 403
    assert "This visit is held" in reviewer.open(f"{audit.address}/visits/{visit.id}").text


def test_a_report_that_no_checklist_explains_is_shown_as_it_came(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        nowhere = {"assignment_id": str(new_id()), "checklist_version_id": str(new_id())}
        visit = held(session, audit, **nowhere, device_id="<b>phone</b>")
    window.open(f"{audit.address}/visits/{visit.id}")
    assert '"device_id": "<b>phone</b>"' in window.text
    assert "<b>phone</b>" not in window.answer.text
    assert "It can only be rejected." in window.text


def test_other_content_under_the_same_id_is_told_apart(window: Window, audit: Audit, sessions: Sessions) -> None:
    choice, states = audit.criterion("choice"), audit.criterion("states")
    with sessions() as session, session.begin():
        assignment = audit.assign(session)
        report = audit.report(assignment)
        visit_id = deliver(session, assignment, report).id
        other = audit.report(
            assignment,
            zones={choice["id"]: "red"},
            answers={states["id"]: {"comment": "He smiled."}},
            device_id="another",
        )
        deliver(session, assignment, other, visit_id=visit_id)
    window.open(f"{audit.address}/visits/{visit_id}")
    for words in (
        "Other content received under the same id: kept, and not counted",
        "Reception, The table: Clean → Dirty",
        "“He smiled.”",
        "It came from another phone.",
        "The times of the visit are others.",
    ):
        assert words in window.text, words


def test_the_queue_leads_from_one_decision_to_the_next(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        first, second, third = (audit.visit(session, audit.outlets[number]) for number in (0, 1, 3))
    window.open(f"{audit.address}/visits/").follow("Review one after another")
    assert window.address.endswith(str(first.id))
    assert "1 of 3 waiting" in window.text
    window.follow("Next, without a decision n")
    assert window.address.endswith(str(second.id))
    assert "2 of 3 waiting" in window.text
    window.submit("Approve a")
    assert "The visit was approved." in window.text
    assert window.address.endswith(str(third.id))
    window.submit("Send back", {"return_reason": "Once more."})
    assert window.address.endswith(str(first.id)), "and round again"
    assert "1 of 1 waiting" in window.text
    window.submit("Reject", {"reason": "  "})
    assert window.status == 422
    assert "1 of 1 waiting" in window.text, "a refusal leaves nobody outside the queue"
    window.submit("Reject", {"reason": "Another shop."})
    assert "No other visit waits for a review here." in window.text
    assert window.address.endswith("/visits/")


def test_the_queue_keeps_its_filters(window: Window, audit: Audit, sessions: Sessions) -> None:
    with sessions() as session, session.begin():
        ours, theirs, again = (audit.visit(session, audit.outlets[number]) for number in (0, 3, 4))
    window.open(f"{audit.address}/visits/queue?brand={audit.brands[1].id}")
    assert window.address.endswith(str(theirs.id))
    assert "1 of 2 waiting" in window.text
    window.submit("Approve a")
    assert window.address.endswith(str(again.id))
    window.submit("Approve a")
    assert window.answer.request.args["brand"] == str(audit.brands[1].id)
    assert visit_of(sessions, ours.id).state is VisitState.RECEIVED
    for query in ("brand=first", f"after={new_id()}", "after=first"):
        assert window.open(f"{audit.address}/visits/queue?{query}").status == 404


def test_positions_are_drawn_to_scale_with_nothing_from_outside(
    window: Window, audit: Audit, sessions: Sessions
) -> None:
    with sessions() as session, session.begin():
        outlet = session.get_one(Outlet, audit.outlets[0].id)
        outlet.latitude, outlet.longitude = 55.7512, 37.6184
        visit = audit.visit(
            session,
            positions=[
                {"lat": 55.7512, "lon": 37.6184, "accuracy_m": 12.0, "at": NOW.isoformat()},
                {"lat": 55.7521, "lon": 37.6184, "accuracy_m": 40.0, "at": NOW.isoformat()},
            ],
        )
        nowhere = audit.visit(session, audit.outlets[1], positions=[])
    window.open(f"{audit.address}/visits/{visit.id}")
    html = window.answer.text
    assert html.count('class="accuracy"') == 2
    assert "50 m" in window.text, "the scale bar"
    assert "100 m from the outlet" in window.text
    assert "http" not in html[html.index('<svg class="sketch"') : html.index("</svg>", html.index("sketch"))]
    assert "The phone recorded none." in window.open(f"{audit.address}/visits/{nowhere.id}").text


def test_the_gallery_shows_what_approved_visits_brought(
    app: Flask, window: Window, audit: Audit, sessions: Sessions
) -> None:
    photo, states = FieldPhoto(b"a charger"), audit.criterion("states")["id"]
    practices = [
        {"touchpoint_id": str(audit.touchpoints[0].id), "kind": "comfort", "text": "A charger at each table",
         "photo_ids": [str(photo.id)]},
        {"touchpoint_id": str(audit.touchpoints[1].id), "kind": "beyond", "text": "He ran after me with my scarf",
         "photo_ids": []},
    ]  # fmt: skip
    with sessions() as session, session.begin():
        rival = audit.visit(
            session, audit.outlets[3], state="approved", photos={states: [photo]}, best_practices=practices
        )
        waiting = [practices[1] | {"text": "Not reviewed yet"}]
        audit.visit(session, audit.outlets[0], best_practices=waiting)
        other = make_person(session, audit.organization, "Nina Frolova", Role.CLIENT, project=audit.project)
    gallery = f"{audit.address}/best-practices/"
    window.open(f"{audit.address}/visits/").follow("Best practices")
    assert window.address == gallery
    for words in ("A charger at each table", "He ran after me with my scarf", "comfort", "Zerno", "Reception"):
        assert words in window.text, words
    assert "Not reviewed yet" not in window.text
    assert f"/api/v1/photos/{photo.id}?size=thumbnail" in window.answer.text
    for query, shown, hidden in (
        ("kind=comfort", "A charger", "my scarf"),
        (f"touchpoint={audit.touchpoints[1].id}", "my scarf", "A charger"),
        (f"brand={audit.brands[1].id}", "my scarf", "Not reviewed yet"),
        ("state=received", "Not reviewed yet", "A charger"),
        (f"wave={audit.wave.id}", "A charger", "Not reviewed yet"),
    ):
        window.open(f"{gallery}?{query}")
        assert shown in window.text, query
        assert hidden not in window.text, query
    assert "Nothing fits" in window.open(f"{gallery}?brand={audit.brands[0].id}").text
    for query in ("kind=nice", "brand=first", f"wave={new_id()}"):
        assert window.open(f"{gallery}?{query}").status == 404
    window.open(gallery).follow("Visit: Zerno 1")
    assert window.address.endswith(str(rival.id))
    assert "A charger at each table" in window.text
    client = Window(app, other.email)
    assert "A charger at each table" in client.open(gallery).text
    assert "Not reviewed yet" not in client.open(f"{gallery}?state=received").text
    assert Window(app, audit.inspectors[0].email).open(gallery).status == 403


def test_photos_that_wait_and_decisions_of_strangers(window: Window, audit: Audit, sessions: Sessions) -> None:
    """A visit is sent back while its photos are on their way; nobody decides on another organization's."""
    photo = FieldPhoto(b"on its way")
    with sessions() as session, session.begin():
        stranger = make_audit(session, "strangers").visit(session)
        assignment = audit.assign(session)
        report = audit.report(assignment, photos={audit.criterion("states")["id"]: [photo]})
        visit_id = deliver(session, assignment, report).id
        send_back(session, visit_id, audit.reviewer.id, "Another photo, please.", [], NOW)
        receive_photo(session, photo.id, NOW)
    assert "Sent back by Boris Levin" in window.open(f"{audit.address}/visits/{visit_id}").text
    for noun in ("return", "reopening", "placing", "approval", "rejection"):
        window.post(f"{audit.address}/visits/{stranger.id}/{noun}", {"return_reason": "Mine!", "reason": "Mine!"})
        assert window.status == 404, noun
    assert visit_of(sessions, stranger.id).state is VisitState.RECEIVED
