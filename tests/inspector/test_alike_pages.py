"""A reviewer sees which photos look like photos of other visits, and compares them side by side."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image, ImageEnhance, ImageOps

from checklists.orm import new_id
from checklists.people import Role
from checklists.visits import Visit
from inspector.photo_images import draw_demo_photo
from tests.databases import Sessions
from tests.factories import (
    Audit,
    make_brand,
    make_checklist,
    make_journey,
    make_outlet,
    make_person,
    make_project,
    make_wave,
)
from tests.field import FieldPhoto, make_report
from tests.inspector.jobs import work_off
from tests.pages import Window
from tests.phone_client import FieldClient, with_photos

PHOTO = draw_demo_photo(1, "Utro", (800, 600))
OTHER = draw_demo_photo(3, "Zerno", (800, 600))


def changed(change: Callable[[Image.Image], Image.Image]) -> bytes:
    target = io.BytesIO()
    change(Image.open(io.BytesIO(PHOTO))).save(target, "JPEG", quality=70)
    return target.getvalue()


@pytest.fixture
def send(app: Flask, audit: Audit, sessions: Sessions) -> Callable[..., Visit]:
    """Sends a visit with a photo at an outlet, and lets the worker look at the photo."""

    def send(content: bytes, outlet: int, inspector: int = 0) -> Visit:
        person = audit.inspectors[inspector]
        with sessions() as session, session.begin():
            assignment = audit.assign(session, audit.outlets[outlet], inspector=person)
        phone, photo, visit_id = FieldClient(app.test_client(), person), FieldPhoto(content), new_id()
        answer = phone.put_visit(visit_id, with_photos(audit, assignment, photo))
        assert answer.status_code == 201, answer.text
        assert phone.put_photo(photo).status_code == 201
        work_off(app)
        with sessions() as session:
            return session.get_one(Visit, visit_id)

    return send


def links(window: Window, part: str) -> list[str]:
    return [address for _words, address in window.page.links if part in address]


@pytest.mark.parametrize(
    ("again", "words"),
    [
        (PHOTO, "The same file as at another visit"),
        (changed(lambda image: ImageEnhance.Brightness(image).enhance(1.2)), "Looks like a photo of another visit"),
        (changed(ImageOps.mirror), "Looks like a mirrored photo of another visit"),
    ],
    ids=["the same file", "brightened", "mirrored"],
)
def test_a_photo_used_twice_is_marked_at_both_visits_and_compared(
    app: Flask, audit: Audit, send: Callable[..., Visit], again: bytes, words: str
) -> None:
    first, second, innocent = send(PHOTO, 0), send(again, 3, inspector=1), send(OTHER, 1)
    window = Window(app, audit.reviewer.email)
    for visit, other, outlet, inspector in (
        (first, second, "Zerno 1", "Timur Saidov"),
        (second, first, "Utro 1", "Anna Petrova"),
    ):
        window.open(f"{audit.address}/visits/{visit.id}")
        assert "1 photo of this visit looks like one of another visit." in window.answer.text
        assert words in window.answer.text
        window.open(links(window, f"{visit.id}/photos/")[0])
        assert words in window.answer.text
        assert outlet in window.answer.text
        assert inspector in window.answer.text
        assert links(window, f"/visits/{other.id}")
        assert len(links(window, "size=screen")) == 2
    window.open(f"{audit.address}/visits/{innocent.id}")
    assert words not in window.answer.text
    assert not links(window, f"{innocent.id}/photos/")


def test_the_list_and_the_queue_are_narrowed_to_photos_used_twice(
    app: Flask, audit: Audit, send: Callable[..., Visit]
) -> None:
    innocent, first, second = send(OTHER, 1), send(PHOTO, 0), send(PHOTO, 3, inspector=1)
    window = Window(app, audit.reviewer.email)
    window.open(f"{audit.address}/visits/")
    assert window.answer.text.count("used twice?") == 2
    window.open(f"{audit.address}/visits/?photos=twice")
    listed = "".join(links(window, "/visits/0"))
    assert str(first.id) in listed
    assert str(second.id) in listed
    assert str(innocent.id) not in listed
    window.open(f"{audit.address}/visits/queue?photos=twice")
    assert "1 of 2 waiting" in window.answer.text
    assert window.client.get(f"{audit.address}/visits/?photos=thrice").status_code == 404


def test_a_photo_of_a_project_that_the_reviewer_does_not_reach_is_named_and_not_shown(
    app: Flask, audit: Audit, send: Callable[..., Visit], sessions: Sessions
) -> None:
    visit = send(PHOTO, 0)
    with sessions() as session, session.begin():
        secret = make_project(session, audit.organization, "secret")
        outlet = make_outlet(session, make_brand(session, secret))
        journey = make_journey(session, secret)
        version = make_checklist(session, secret, [each for stage in journey.stages for each in stage.touchpoints])
        wave = make_wave(session, secret, [version], [outlet], name="Hidden")
        assignment = audit.assign(session, outlet, wave=wave, version=version, inspector=audit.inspectors[1])
        photo = FieldPhoto(PHOTO)
        criterion = version.document["sections"][0]["criteria"][0]["id"]  # type: ignore[index]
        report = make_report(assignment, version.document or {}, photos={criterion: [photo]})
        make_person(
            session, audit.organization, "Rita Blik", Role.REVIEWER, project=audit.project, email="rita@example.org"
        )
    phone, hidden = FieldClient(app.test_client(), audit.inspectors[1]), new_id()
    assert phone.put_visit(hidden, report).status_code == 201
    assert phone.put_photo(photo).status_code == 201
    work_off(app)
    for email, reaches in ((audit.reviewer.email, True), ("rita@example.org", False)):
        window = Window(app, email)
        window.open(f"{audit.address}/visits/{visit.id}")
        window.open(links(window, f"{visit.id}/photos/")[0])
        assert ("A photo of another project" in window.answer.text) is not reaches
        assert ("Timur Saidov" in window.answer.text) is reaches
        assert bool(links(window, f"/secret/visits/{hidden}")) is reaches
        assert bool(links(window, str(photo.id))) is reaches


def test_there_is_nothing_to_compare_for_a_photo_like_no_other(
    app: Flask, audit: Audit, send: Callable[..., Visit], sessions: Sessions
) -> None:
    visit = send(OTHER, 0)
    with sessions() as session:
        photo = session.get_one(Visit, visit.id).photos[0]
    window = Window(app, audit.reviewer.email)
    for photo_id in (photo.id, new_id()):
        assert window.client.get(f"{audit.address}/visits/{visit.id}/photos/{photo_id}").status_code == 404
