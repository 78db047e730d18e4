"""What a client sees: everything that a client can reach is gone through, and nothing of the inspectors is in it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import urldefrag, urljoin, urlsplit
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from checklists.orm import ScopedSession
from checklists.people import Role
from checklists.review import Content, approve, correct, reopen, send_back
from checklists.visits import Visit
from inspector.auth import access_of
from inspector.photo_images import draw_demo_photo
from tests.factories import Audit, make_audit, make_person
from tests.field import FieldPhoto, answer_in_zone
from tests.inspector.jobs import work_off
from tests.pages import Window
from tests.phone_client import FieldClient
from tests.walk_every_page import Page

NOW = datetime.now(UTC)
HIDDEN = "said at a visit that is not approved"


@dataclass
class World:
    """An audit with a client, one approved visit, and others in every other state."""

    audit: Audit
    client: Window
    approved: Visit
    others: list[Visit] = field(default_factory=list)
    photo: FieldPhoto = field(default_factory=lambda: FieldPhoto(photo_with_position()))
    hidden_photo: FieldPhoto = field(default_factory=lambda: FieldPhoto(photo_with_position()))


def photo_with_position() -> bytes:
    """A photo whose camera wrote down where it was, and its own name."""
    exif = Image.Exif()
    exif[0x010F] = "Secret Cameras Ltd"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (55.0, 45.0, 4.3)
    target = io.BytesIO()
    Image.open(io.BytesIO(draw_demo_photo(uuid4().int % 1000, "Utro"))).save(target, "JPEG", exif=exif)
    assert b"Secret Cameras" in target.getvalue()
    return target.getvalue()


@pytest.fixture
def world(app: Flask, session: ScopedSession) -> World:
    audit = make_audit(session, required=1)
    make_person(session, audit.organization, "Vera Client", Role.CLIENT, project=audit.project)
    states, table = audit.criterion("states"), audit.criterion("choice")
    practice = {"touchpoint_id": str(audit.touchpoints[0].id), "kind": "comfort", "text": "Sockets", "photo_ids": []}
    assignments = [audit.assign(session, outlet) for outlet in audit.outlets]
    session.commit()
    made = World(audit, Window(app, "vera@example.org"), cast(Visit, None))
    phone = FieldClient(app.test_client(), audit.inspectors[0])
    ids = [uuid4() for _each in assignments]
    for number, (visit_id, assignment) in enumerate(zip(ids, assignments, strict=True)):
        said = {"best_practices": [practice]}
        if number:
            said |= {"best_practices": [practice | {"text": HIDDEN}], "answers": {states["id"]: {"comment": HIDDEN}}}
        photo = [made.photo, made.hidden_photo][number] if number < 2 else FieldPhoto()
        report = audit.report(assignment, photos={states["id"]: [photo]}, **said)
        if number == 5:  # A report from the future is held.
            report["started_at"] = report["finished_at"] = (NOW + timedelta(days=3)).isoformat()
        phone.put_visit(visit_id, report)
        for promised in report["photos"]:
            same = photo if str(photo.id) == promised["id"] else FieldPhoto(id=UUID(promised["id"]))
            assert phone.put_photo(same).status_code in (200, 201)
    work_off(app)
    visits = [session.get_one(Visit, each) for each in ids]
    dirty = {name: answer_in_zone(table, "red")[name] for name in ("status", "states", "options", "value", "comment")}
    correct(session, ids[0], audit.reviewer.id, UUID(table["id"]), 0, cast(Content, dirty), "The photo shows it.", NOW)
    for each in (ids[0], ids[2]):
        approve(session, each, audit.reviewer.id, NOW)
    reopen(session, ids[2], audit.reviewer.id, "Reopened for another look.", NOW)
    send_back(session, ids[3], audit.manager.id, "Please take the photos again.", [], NOW)
    session.commit()
    made.approved, made.others = visits[0], visits[1:]
    assert {each.state.value for each in visits} == {"approved", "received", "returned", "held"}
    return made


def everything(world: World, client: FlaskClient) -> Iterator[tuple[str, TestResponse]]:
    """Each address that links lead a person to, with its answer; and the exports in the form for programs."""
    waiting = ["/", *(f"{world.audit.address}/exports/{name}.csv?state=all&codes=1" for name in ("answers", "visits"))]
    seen = set(waiting)
    while waiting:
        address = waiting.pop(0)
        answer = client.get(address, follow_redirects=True)
        yield address, answer
        if answer.mimetype != "text/html":
            continue
        for link in Page(answer.data).links:
            target = urldefrag(urljoin(f"http://localhost{answer.request.path}", link)).url
            place = urlsplit(target)
            here = place.path + (f"?{place.query}" if place.query else "")
            if place.netloc == "localhost" and not place.path.startswith(("/static/", "/phone")) and here not in seen:
                seen.add(here)
                waiting.append(here)


def secrets_in(world: World, answer: TestResponse) -> list[str]:
    """What stands in the answer, or in its headers, and must not stand in anything that a client gets."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers if name != "Set-Cookie")
    body = f"{headers}\n{answer.data.decode(errors='replace')}"
    return [secret for secret in secrets_of(world) if secret in body]


def secrets_of(world: World) -> list[str]:
    audit = world.audit
    people = [*audit.inspectors, audit.manager, audit.reviewer, audit.owner]
    return [
        *(each.name for each in people),
        *(part for each in people for part in each.name.split()),
        *(each.email for each in people),
        *(str(each.id) for each in people),
        *(str(each.id) for each in world.others),
        *(str(each.assignment_id) for each in (world.approved, *world.others)),
        "55.7512",
        "37.6184",
        "55,7512",
        "37,6184",
        world.approved.device_id,
        "quiet table with a socket",  # The brief.
        HIDDEN,
        "The photo shows it.",
        "Reopened for another look",
        "Please take the photos again",
        "Secret Cameras",
        str(world.hidden_photo.id),
    ]


def test_nothing_that_a_client_can_reach_gives_an_inspector_away(world: World) -> None:
    found, kinds = {}, set()
    for address, answer in everything(world, world.client.client):
        assert answer.status_code == 200, address
        kinds.add(re.sub(r"[0-9a-f-]{36}", "id", urlsplit(address).path.removeprefix(world.audit.address)))
        if given_away := secrets_in(world, answer):
            found[address] = given_away
    assert found == {}
    expected = {
        "/visits/",
        "/visits/id",
        "/results/",
        "/results/waves/id",
        "/results/waves/id/coverage",
        "/results/waves/id/touchpoints/id/brands/id",
        "/results/exports",
        "/best-practices/",
        "/exports/answers.csv",
        "/exports/visits.csv",
        "/api/v1/photos/id",
    }
    assert kinds >= expected


def test_no_answer_of_the_api_gives_an_inspector_away_either(world: World, app: Flask) -> None:
    audit, found, asked = world.audit, {}, set()
    ids = {
        "organization_id": audit.organization.id,
        "project_id": audit.project.id,
        "wave_id": audit.wave.id,
        "touchpoint_id": audit.touchpoints[0].id,
        "brand_id": audit.brands[0].id,
    }
    for rule in app.url_map.iter_rules():
        access = access_of(app, rule.endpoint, "GET") if "GET" in (rule.methods or ()) else None
        if not rule.rule.startswith("/api/v1/") or access is None or Role.CLIENT not in access.roles:
            continue
        for visit in (world.approved, *world.others):
            values = {"visit_id": visit.id, "photo_id": world.photo.id, **ids}
            if rule.arguments - values.keys():
                continue  # What names a thing of another kind is not the client's to name.
            built = rule.build({name: values[name] for name in rule.arguments})
            assert built is not None
            answer = world.client.client.get(built[1], query_string={"state": "all"})
            if answer.status_code == 200:
                asked.add(rule.rule)
            if given_away := set(secrets_in(world, answer)) - {str(visit.id)}:
                found[built[1]] = given_away
            if "visit_id" in rule.arguments:
                assert answer.status_code == (200 if visit is world.approved else 404), built[1]
    assert found == {}
    assert {"/api/v1/visits/<uuid:visit_id>", "/api/v1/waves/<uuid:wave_id>/matrix"} <= asked


def test_the_same_search_finds_them_on_a_reviewers_pages(world: World, app: Flask) -> None:
    """What is never found anywhere would be looked for in vain on a client's pages too."""
    reviewer, address = Window(app, "boris@example.org").client, world.audit.address
    pages = (f"/visits/{world.approved.id}", f"/visits/{world.others[0].id}", "/visits/", "/exports/visits.csv")
    found = {secret for page in pages for secret in secrets_in(world, reviewer.get(f"{address}{page}"))}
    assert {"Anna Petrova", "Boris", "55.7512", world.approved.device_id, HIDDEN, "The photo shows it."} <= found


def test_a_client_reads_the_approved_visit_as_it_counts(world: World) -> None:
    client, audit = world.client, world.audit
    client.open(f"{audit.address}/visits/{world.approved.id}")
    assert client.status == 200
    assert audit.outlets[0].name in client.text
    assert "Sockets" in client.text
    assert "As sent" not in client.text
    assert "Approve" not in client.text
    client.open(f"{audit.address}/visits/")
    assert client.text.count(audit.outlets[0].name) == 1
    assert audit.outlets[1].name not in client.text


def test_a_visit_that_is_not_approved_is_not_there(world: World) -> None:
    for visit in world.others:
        for rest in ("", "/approval", "/reports/" + str(uuid4())):
            world.client.open(f"{world.audit.address}/visits/{visit.id}{rest}")
            assert world.client.status == (403 if rest else 404), rest
    for state in ("received", "held", "returned", "rejected"):
        world.client.open(f"{world.audit.address}/visits/?state={state}")
        assert "/visits/0" not in world.client.answer.text


def test_a_reopened_visit_disappears_at_once(world: World, session: ScopedSession) -> None:
    address = f"{world.audit.address}/visits/{world.approved.id}"
    picture = f"/api/v1/photos/{world.photo.id}?size=screen"
    assert world.client.client.get(address).status_code == 200
    assert world.client.client.get(picture).status_code == 200
    reopen(session, world.approved.id, world.audit.reviewer.id, "Once more.", NOW)
    session.commit()
    assert world.client.client.get(address).status_code == 404
    assert world.client.client.get(picture).status_code == 404
    world.client.open(f"{world.audit.address}/best-practices/")
    assert "Sockets" not in world.client.text


def test_a_client_gets_derived_pictures_without_metadata_and_no_original(world: World) -> None:
    client = world.client.client
    for size in ("thumbnail", "screen"):
        answer = client.get(f"/api/v1/photos/{world.photo.id}?size={size}")
        assert answer.status_code == 200
        picture = Image.open(io.BytesIO(answer.data))
        assert not picture.getexif()
        assert {"exif", "comment", "icc_profile", "xmp"}.isdisjoint(picture.info)
        assert b"Exif" not in answer.data
        assert b"Secret Cameras" not in answer.data
    for asked in ("", "?size=original", "?size=huge"):
        assert client.get(f"/api/v1/photos/{world.photo.id}{asked}").status_code == 403, asked
    assert client.get(f"/api/v1/photos/{world.hidden_photo.id}?size=screen").status_code == 404


def test_an_export_for_a_client_has_no_columns_of_the_inspectors(world: World, app: Flask) -> None:
    manager = Window(app, "marina@example.org")
    for name, left_out in (("answers", 5), ("visits", 8)):
        address = f"{world.audit.address}/exports/{name}.csv?state=all&codes=1"
        full, seen = (
            list(csv.reader(io.StringIO(browser.client.get(address).data.decode("utf-8-sig"))))
            for browser in (manager, world.client)
        )
        assert "Inspector" in full[0]
        assert "Inspector" not in seen[0]
        assert len(full[0]) - len(seen[0]) == left_out
        assert {len(row) for row in seen} == {len(seen[0])}
        assert {row[0] for row in seen[1:]} == {str(world.approved.id)}
        kept = [place for place, title in enumerate(full[0]) if title in seen[0]]
        assert seen[1:] == [[row[n] for n in kept] for row in full[1:] if row[0] == str(world.approved.id)]


def test_the_search_finds_outlets_and_no_inspectors(world: World) -> None:
    client, audit = world.client, world.audit
    client.open(f"{audit.address}/visits/?q={audit.outlets[0].name}")
    assert str(world.approved.id) in client.answer.text
    client.open(f"{audit.address}/visits/?q=Anna")
    assert str(world.approved.id) not in client.answer.text
    client.open(f"{audit.address}/visits/?inspector={audit.inspectors[0].id}")
    assert client.status == 404
