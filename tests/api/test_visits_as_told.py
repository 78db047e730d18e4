"""What the JSON of a visit says and to whom: likenesses, held reports, tags that stand while photos are worked on, and
nothing of the time of receipt for clients.
"""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from checklists.orm import ScopedSession, new_id
from checklists.people import Role
from checklists.review import approve, reopen
from checklists.visits import Visit, keep_fingerprint, note_likenesses, receive_photo, record_derived
from tests.api.world import ApiClient, World
from tests.factories import make_brand, make_journey, make_outlet, make_person, make_project, make_wave
from tests.field import FieldPhoto, deliver, make_report
from tests.forms import make_checklist
from tests.phone_client import FieldClient

NOW = datetime.now(UTC)


@pytest.fixture
def reviewer(app: Flask, world: World) -> ApiClient:
    return ApiClient.of(app, world.audit.reviewer)


@pytest.fixture
def client(app: Flask, world: World, session: ScopedSession) -> ApiClient:
    audit = world.audit
    person = make_person(session, audit.organization, "Vera Client", Role.CLIENT, project=audit.project)
    session.commit()
    return ApiClient.of(app, person)


def derive(session: ScopedSession, photo_id: UUID) -> None:
    """What the worker does to a photo that has arrived."""
    record_derived(session, photo_id, NOW, readable=True, reason=None, width=800, height=600)
    keep_fingerprint(session, photo_id, 0b1011)
    session.commit()


def test_a_decision_stands_while_photos_are_derived(reviewer: ApiClient, world: World, session: ScopedSession) -> None:
    address = f"/visits/{world.ids['visit']}"
    read = reviewer.get(address)
    derive(session, world.ids["photo"])
    again = reviewer.get(address, headers={"If-None-Match": read.headers["ETag"]})
    assert again.status_code == 200, "there is something new to read"
    assert again.headers["ETag"] != read.headers["ETag"]
    unchanged = reviewer.get(address, headers={"If-None-Match": again.headers["ETag"]})
    assert unchanged.status_code == 304
    approved = reviewer.ask("PUT", f"{address}/approval", tag=read.headers["ETag"])
    assert (approved.status_code, approved.json["state"]) == (200, "approved")


@pytest.mark.parametrize("meanwhile", ["a correction", "a decision", "a decision taken back"])
def test_a_decision_falls_where_somebody_changed_the_visit(
    meanwhile: str, reviewer: ApiClient, manager: ApiClient, world: World, session: ScopedSession
) -> None:
    address = f"/visits/{world.ids['visit']}"
    tag = reviewer.get(address).headers["ETag"]
    if meanwhile == "a correction":
        state = {"criterion_id": str(world.ids["criterion"]), "status": "not_applicable", "reason": "Not here."}
        made = manager.ask("POST", f"{address}/corrections", json=state)
        assert made.status_code in (201, 422)
        if made.status_code == 422:
            state |= {"status": "could_not_check"}
            assert manager.ask("POST", f"{address}/corrections", json=state).status_code == 201
    else:
        approve(session, world.ids["visit"], world.audit.manager.id, NOW)
        if meanwhile == "a decision taken back":
            reopen(session, world.ids["visit"], world.audit.manager.id, "A second look.", NOW)
        session.commit()
    late = reviewer.ask("PUT", f"{address}/rejection", tag=tag, json={"reason": "Another shop."})
    assert (late.status_code, late.json["title"]) == (412, "ChangedMeanwhile")


def test_the_decisions_stand_in_the_visit(reviewer: ApiClient, world: World) -> None:
    (decided,) = reviewer.get(f"/visits/{world.returned}").json["reviews"]
    assert (decided["decision"], decided["reason"]) == ("returned", "Look again, please.")
    assert decided["reviewer_id"] == str(world.audit.manager.id)


@pytest.fixture
def twins(world: World, session: ScopedSession) -> tuple[Visit, Visit, Visit]:
    """Three visits with one photo each: the second's differs in three bits from the first's, and the third, of another
    project, has the first's very file.
    """
    audit = world.audit
    picture, nearly = FieldPhoto(b"one picture"), FieldPhoto(b"nearly the same")
    states = audit.criterion("states")["id"]
    first = audit.visit(session, audit.outlets[5], photos={states: [picture]})
    second = audit.visit(session, audit.outlets[0], photos={states: [nearly]})
    third = _elsewhere(world, session, FieldPhoto(picture.content))
    for photo_id, bits in ((picture.id, 0b1000), (nearly.id, 0b1111)):
        keep_fingerprint(session, photo_id, bits)
    session.flush()
    for visit in (first, second, third):
        for photo in visit.photos:
            note_likenesses(session, photo.id)
    session.commit()
    return first, second, third


def _elsewhere(world: World, session: ScopedSession, photo: FieldPhoto) -> Visit:
    audit = world.audit
    project = make_project(session, audit.organization, "other")
    journey = make_journey(session, project)
    touchpoint = journey.stages[0].touchpoints[0]
    version = make_checklist(session, project, [touchpoint])
    outlet = make_outlet(session, make_brand(session, project))
    wave = make_wave(session, project, [version], [outlet])
    assignment = audit.assign(session, outlet, wave=wave, version=version)
    assert version.document is not None
    criterion = version.document["sections"][0]["criteria"][0]["id"]
    report = make_report(assignment, version.document, photos={criterion: [photo]})
    receipt = deliver(session, assignment, report)
    for photo_id in receipt.missing_photos:
        receive_photo(session, photo_id, NOW)
    return session.get_one(Visit, receipt.id)


def likenesses(client: ApiClient, visit: Visit) -> list[dict[str, Any]]:
    answer = client.get(f"/visits/{visit.id}")
    assert answer.status_code == 200, answer.text
    return [each for photo in answer.json["photos"] for each in photo["alike"]]


def test_reviewers_are_told_which_photos_look_alike(
    reviewer: ApiClient, world: World, twins: tuple[Visit, Visit, Visit]
) -> None:
    first, second, third = twins
    exact, near = likenesses(reviewer, first)
    assert (exact["kind"], exact["distance"], exact["visit_id"]) == ("exact", 0, str(third.id))
    assert (near["kind"], near["distance"], near["visit_id"]) == ("near", 3, str(second.id))
    assert near["inspector_name"] == "Anna Petrova"
    assert near["outlet_id"] == str(second.outlet_id)
    assert {near["photo_id"]} <= {str(photo.id) for photo in second.photos}
    (other,) = likenesses(reviewer, second)
    assert (other["visit_id"], other["distance"]) == (str(first.id), 3)
    listed = reviewer.get(f"/projects/{world.ids['project']}/visits", query_string={"used_twice": "true"})
    assert {each["id"] for each in listed.json["items"]} == {str(first.id), str(second.id)}


def test_of_a_project_out_of_reach_only_the_likeness_is_told(
    app: Flask, world: World, session: ScopedSession, twins: tuple[Visit, Visit, Visit]
) -> None:
    audit = world.audit
    narrow = make_person(session, audit.organization, "Nina Narrow", Role.REVIEWER, project=audit.project)
    session.commit()
    exact, near = likenesses(ApiClient.of(app, narrow), twins[0])
    assert near["visit_id"] == str(twins[1].id)
    assert {name for name, value in exact.items() if value is not None} == {"kind", "distance"}
    assert exact["kind"] == "exact"


def test_a_client_is_told_of_no_likeness(
    client: ApiClient, world: World, session: ScopedSession, twins: tuple[Visit, Visit, Visit]
) -> None:
    for visit in twins[:2]:
        approve(session, visit.id, world.audit.manager.id, NOW)
    session.commit()
    assert likenesses(client, twins[0]) == []
    asked = client.get(f"/projects/{world.ids['project']}/visits", query_string={"used_twice": "true"})
    assert (asked.status_code, asked.json["title"]) == (403, "NotAllowed")


def test_nothing_tells_a_client_when_a_visit_was_received(
    client: ApiClient, world: World, session: ScopedSession
) -> None:
    """Neither a cursor nor a photo, nor an id that the server made at the receipt: it has the moment in it."""
    audit = world.audit
    photo = FieldPhoto(b"a picture")
    practice = {"touchpoint_id": str(audit.touchpoints[0].id), "kind": "comfort", "text": "Tea", "photo_ids": []}
    states = audit.criterion("states")["id"]
    visits = [
        audit.visit(session, outlet, state="approved", best_practices=[practice], photos={states: [photo]})
        for outlet, photo in ((audit.outlets[0], photo), (audit.outlets[5], FieldPhoto(b"another")))
    ]
    session.commit()
    project = f"/projects/{world.ids['project']}"
    answers = [client.get(f"/visits/{each.id}") for each in visits]
    for noun in ("visits", "best-practices"):
        cursor = None
        while True:
            page = client.get(f"{project}/{noun}", query_string={"limit": 1} | ({"cursor": cursor} if cursor else {}))
            assert page.status_code == 200, page.text
            answers.append(page)
            if not (cursor := page.json["next"]):
                break
            kinds = {kind for kind, _value in json.loads(base64.urlsafe_b64decode(cursor))}
            assert kinds <= {"i", "n"}
    assert len(answers) == 2 + 3 + 3
    said = {answer.json["id"] for answer in answers[:2]}
    assert said == {str(each.id) for each in visits}
    assert all(each["stored_at"] is None for answer in answers[:2] for each in answer.json["photos"])
    known = {str(each.id) for each in (*visits, photo)}
    made_here = [
        str(row.id) for visit in visits for row in (*visit.checks, *visit.best_practices) if str(row.id) not in known
    ]
    assert len(made_here) >= 4
    told = "\n".join(answer.text for answer in answers)
    times = [visit.received_at.isoformat()[:19] for visit in visits]
    times += [each.stored_at.isoformat()[:19] for visit in visits for each in visit.photos if each.stored_at]
    assert [each for each in (*made_here, *times) if each in told] == []


def test_a_clients_list_goes_on_behind_a_visit_that_is_gone(
    client: ApiClient, world: World, session: ScopedSession
) -> None:
    audit = world.audit
    later = audit.visit(session, audit.outlets[5], state="approved")
    session.commit()
    address = f"/projects/{world.ids['project']}/visits"
    first = client.get(address, query_string={"limit": 1})
    assert [each["id"] for each in first.json["items"]] == [str(later.id)]
    reopen(session, later.id, audit.manager.id, "A second look.", NOW)
    session.commit()
    further = client.get(address, query_string={"limit": 1, "cursor": first.json["next"]})
    assert [each["id"] for each in further.json["items"]] == [str(world.approved)]


def test_a_cursor_names_a_visit_of_the_project(program: ApiClient, world: World, session: ScopedSession) -> None:
    foreign = _elsewhere(world, session, FieldPhoto(b"x"))
    session.commit()
    for visit_id in (foreign.id, new_id()):
        cursor = base64.urlsafe_b64encode(json.dumps([["i", str(visit_id)]]).encode()).decode()
        answer = program.get(f"/projects/{world.ids['project']}/visits", query_string={"cursor": cursor})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/cursor")


def test_a_held_report_is_told_as_far_as_it_is_understood(
    reviewer: ApiClient, manager: ApiClient, world: World, session: ScopedSession
) -> None:
    audit = world.audit
    measure = audit.criterion("measure")
    assignment = audit.assign(session, audit.outlets[5])
    wrong = {measure["id"]: {"value": "soon"}}
    visit = deliver(session, assignment, audit.report(assignment, answers=wrong)).id
    # Asked after the commit, they would hold SQLite's only writer.
    assignment_id, version_id = str(assignment.id), str(audit.version.id)
    session.commit()
    held = manager.get(f"/visits/{visit}/held-report").json
    assert (held["hold_reason"], held["assignment_id"]) == ("impossible_answer", assignment_id)
    assert held["hold_words"]
    assert (held["version_id"], held["text"], held["unknown_answers"]) == (version_id, None, 0)
    faults = {each["criterion_id"]: each["fault"] for each in held["answers"] if each["fault"]}
    assert faults == {measure["id"]: "Please enter a number."}
    assert held["places"]["likeliest_id"] == assignment_id
    assert held["places"]["likeliest_id"] in held["places"]["assignment_ids"]
    assert held["places"]["absurd_times"] is False
    assert reviewer.get(f"/visits/{visit}/held-report").json == held | {"places": None}
    tag = manager.get(f"/visits/{visit}").headers["ETag"]
    right = {"assignment_id": held["places"]["likeliest_id"], "reason": "It was said on the phone."}
    assert manager.ask("PUT", f"/visits/{visit}/placing", json=right, tag=tag).json["state"] == "received"
    assert manager.get(f"/visits/{visit}/held-report").status_code == 404


def test_a_held_report_that_nobody_understands_is_told_as_it_came(
    app: Flask, manager: ApiClient, world: World, session: ScopedSession
) -> None:
    audit, visit = world.audit, new_id()
    sent = {**audit.report(audit.assign(session, audit.outlets[5])), "answers": "none"}
    session.commit()
    assert FieldClient(app.test_client(), audit.inspectors[0]).put_visit(visit, sent).status_code == 202
    held = manager.get(f"/visits/{visit}/held-report").json
    assert held["hold_reason"] == "not_understood"
    assert json.loads(held["text"])["answers"] == "none"
    assert (held["answers"], held["places"]) == ([], None)
