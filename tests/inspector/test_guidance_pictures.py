"""Reference pictures in a criterion's guidance: only what we drew anew is kept, and nothing that was typed is lost."""

import io
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from werkzeug.datastructures import FileStorage, MultiDict

from checklists.checklist import GuidancePicture, compile_document, phone_document
from inspector.manager.checklists.pictures import LARGEST_PICTURE, MOST_PICTURES
from tests.databases import Sessions
from tests.drafts import add, criteria_of, make_draft, version_of
from tests.factories import LANGUAGES, Audit, make_audit
from tests.pages import OWN_SITE, Window

ORIENTATION, MAKER = 0x0112, 0x010F


@pytest.fixture
def draft(window: Window, audit: Audit) -> UUID:
    return make_draft(window, audit)


def picture(kind: str = "JPEG", size: tuple[int, int] = (400, 200)) -> bytes:
    """A picture that lies on its side and says who made it."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "Secret Cameras Ltd"
    drawn = io.BytesIO()
    Image.new("RGB", size, "teal").save(drawn, kind, exif=exif)
    return drawn.getvalue()


def send(window: Window, body: bytes, name: str = "shelf.jpg", **changes: str) -> Window:
    """Press "Add the picture", or "Save" with `more=""`, with a file and what the page's form holds."""
    fields = MultiDict(window.fields)
    for field, value in {"more": "picture", **changes}.items():
        fields[field] = value
    data = {field: fields.getlist(field) for field in fields} | {"picture": FileStorage(io.BytesIO(body), name)}
    window._take(window.client.post(window.address, data=data, headers=OWN_SITE, follow_redirects=True))
    return window


def stored(sessions: Sessions) -> list[GuidancePicture]:
    with sessions() as session:
        return list(session.scalars(select(GuidancePicture).order_by(GuidancePicture.id)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_drawn_anew_and_kept(
    window: Window, draft: UUID, sessions: Sessions, audit: Audit, kind: str
) -> None:
    window.follow("Measure Cash desk")
    send(window, picture(kind, (3000, 1500)), **{"text.ru": "Ожидание"})
    assert window.status == 200
    assert window.fields["text.ru"] == "Ожидание"
    (kept,) = stored(sessions)
    assert (kept.width, kept.height, kept.media_type) == (640, 1280, "image/jpeg")
    assert (kept.project_id, kept.organization_id) == (audit.project.id, audit.organization.id)
    address = f"/api/v1/pictures/{kept.id}"
    assert f'src="{address}"' in window.answer.text
    shown = window.client.get(address)
    assert (len(shown.data), shown.content_type) == (kept.size, "image/jpeg")
    opened = Image.open(io.BytesIO(shown.data))
    assert opened.size == (640, 1280)
    assert not opened.getexif()
    assert b"Secret Cameras" not in shown.data
    window.submit("Save")
    assert criteria_of(sessions, draft)[0].pictures == [str(kept.id)]
    document = phone_document(compile_document(version_of(sessions, draft), LANGUAGES))
    assert document["sections"][0]["criteria"][0]["pictures"] == [str(kept.id)]
    assert address in window.answer.text


def test_saving_takes_the_chosen_picture_too(window: Window, draft: UUID, sessions: Sessions) -> None:
    window.follow("Text Cash desk")
    send(window, picture(), more="", **{"text.ru": "Что посоветовали"})
    (criterion,) = criteria_of(sessions, draft)
    assert criterion.pictures == [str(each.id) for each in stored(sessions)]
    assert len(criterion.pictures) == 1


def test_pictures_keep_their_order_and_can_be_left_out(window: Window, draft: UUID, sessions: Sessions) -> None:
    window.follow("Text Cash desk")
    for _picture in range(3):
        send(window, picture(), **{"text.ru": "Что посоветовали"})
    first, second, third = (str(each.id) for each in stored(sessions))
    assert window.fields.getlist("pictures") == [first, second, third]
    window.submit("Remove picture 2")
    assert window.fields.getlist("pictures") == [first, third]
    assert window.fields["text.ru"] == "Что посоветовали"
    window.submit("Save")
    assert criteria_of(sessions, draft)[0].pictures == [first, third]
    window.follow("Edit Что посоветовали")
    assert "2 reference pictures" in window.text
    window.submit("Save")
    assert criteria_of(sessions, draft)[0].pictures == [first, third]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "This is not a picture that can be shown."),
        (b"<svg onload='alert(1)'></svg>", "This is not a picture that can be shown."),
        (b"GIF89a" + bytes(100), "This is not a picture that can be shown."),
        (picture()[:400], "This is not a picture that can be shown."),
        (picture() + bytes(LARGEST_PICTURE), "A picture may have 10 MB at most."),
    ],
    ids=["empty", "svg", "gif", "cut off", "too large"],
)
def test_what_is_no_picture_is_refused_and_nothing_typed_is_lost(
    window: Window, draft: UUID, sessions: Sessions, body: bytes, words: str
) -> None:
    window.follow("Measure Cash desk")
    send(window, body, **{"text.ru": "Ожидание", "green_limit": "2"})
    assert window.status == 422
    assert words in window.text
    assert 'href="#picture"' in window.answer.text
    assert 'id="further" open' in window.answer.text
    assert (window.fields["text.ru"], window.fields["green_limit"]) == ("Ожидание", "2")
    assert not stored(sessions)


def test_a_bomb_is_stopped_before_it_is_decoded(window: Window, draft: UUID, sessions: Sessions) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    window.follow("Measure Cash desk")
    send(window, bomb.getvalue(), "small.png")
    assert window.status == 422
    assert not stored(sessions)


def test_there_are_only_so_many_pictures(window: Window, draft: UUID, sessions: Sessions) -> None:
    window.follow("Measure Cash desk")
    for _picture in range(MOST_PICTURES + 1):
        send(window, picture(size=(20, 10)))
    assert window.status == 422
    assert f"At most {MOST_PICTURES} pictures fit here." in window.text
    assert len(window.fields.getlist("pictures")) == len(stored(sessions)) == MOST_PICTURES


def test_pictures_of_other_projects_are_neither_used_nor_seen(
    app: Flask, window: Window, draft: UUID, sessions: Sessions
) -> None:
    window.follow("Measure Cash desk")
    send(window, picture())
    (kept,) = stored(sessions)
    with sessions() as session, session.begin():
        other = make_audit(session, "other")
    stranger = Window(app, other.manager.email)
    assert stranger.client.get(f"/api/v1/pictures/{kept.id}").status_code == 404
    foreign = make_draft(stranger, other)
    add(stranger, "Measure", {"pictures": str(kept.id)})
    assert stranger.status == 404
    assert not criteria_of(sessions, foreign)
