"""Marks that an inspector draws on photos: everybody sees them, covered faces stay covered, the original is sealed."""

import io
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image, ImageChops, ImageDraw, ImageStat
from sqlalchemy import select

from checklists.errors import HoldReason
from checklists.orm import ScopedSession, new_id
from checklists.people import Role
from checklists.review import approve, send_back
from checklists.visits import Photo, Visit, VisitState
from checklists.waves import Assignment
from inspector.photo_images import SCREEN, THUMBNAIL, draw_demo_photo, draw_marks, inspect_and_derive
from tests.copies import a_copy, drop_bytes, keep, keep_photo, told
from tests.factories import Audit, make_person
from tests.field import FieldPhoto
from tests.inspector.jobs import work_off
from tests.pages import Window
from tests.phone_client import FieldClient, with_photos

Box = tuple[int, int, int, int]
BLUR = {"what": "blur", "at": [0.25, 0.25, 0.75, 0.5]}
ARROW = {"what": "arrow", "at": [0.9, 0.9, 0.6, 0.7]}
FRAME = {"what": "box", "at": [0.05, 0.6, 0.3, 0.95]}


@pytest.fixture
def reader(app: Flask, audit: Audit) -> Window:
    return Window(app, "boris@example.org")


# ---- The picture


def board(size: tuple[int, int] = (1280, 960), square: int = 8) -> Image.Image:
    """Black and white squares: nothing has more detail."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for top in range(0, size[1], square):
        for left in range(top // square % 2 * square, size[0], 2 * square):
            draw.rectangle((left, top, left + square - 1, top + square - 1), fill="black")
    return image


def as_jpeg(image: Image.Image, **more: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", quality=95, **more)
    return target.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def detail(image: Image.Image, box: Box) -> float:
    """The standard deviation of the grey in a place: 127 in the board, 0 where there is nothing to be seen."""
    return ImageStat.Stat(image.convert("L").crop(box)).stddev[0]


def test_what_is_covered_holds_no_detail_and_the_rest_stays() -> None:
    plain = as_jpeg(board())
    screen, thumbnail = (opened(copy) for copy in draw_marks(plain, [BLUR], SCREEN, THUMBNAIL))
    assert (screen.size, thumbnail.size) == ((1280, 960), (320, 240))
    assert detail(opened(plain), (320, 240, 960, 480)) > 120
    assert detail(screen, (320, 240, 960, 480)) < 8
    assert detail(thumbnail, (80, 60, 240, 120)) < 8
    assert detail(screen, (980, 500, 1280, 960)) > 120


@pytest.mark.parametrize("size", [(640, 480), (200, 60), (40, 40), (12, 90), (4, 4)])
def test_a_face_or_a_number_plate_leaves_a_few_averages(size: tuple[int, int]) -> None:
    """Two pictures whose covered places have the same averages and nothing else in common look the same there."""
    width, height = size
    at = [300 / 1280, 300 / 960, (300 + width) / 1280, (300 + height) / 960]
    marked = []
    for squares in (board(square=2), ImageChops.invert(board(square=2))):
        picture = Image.new("RGB", (1280, 960), "grey")
        picture.paste(squares.crop((0, 0, width, height)), (300, 300))
        marked.append(opened(draw_marks(as_jpeg(picture), [{"what": "blur", "at": at}], SCREEN)[0]))
    assert max(high for _low, high in ImageStat.Stat(ImageChops.difference(*marked)).extrema) < 24


@pytest.mark.parametrize("turned_round", [False, True])
def test_a_mark_drawn_in_either_direction_covers_the_same(turned_round: bool) -> None:
    left, top, right, bottom = BLUR["at"]
    at = [right, bottom, left, top] if turned_round else [right, top, left, bottom]
    plain = as_jpeg(board())
    assert draw_marks(plain, [{"what": "blur", "at": at}], SCREEN) == draw_marks(plain, [BLUR], SCREEN)


@pytest.mark.parametrize("mark", [ARROW, FRAME])
def test_arrows_and_boxes_are_lines_that_are_seen_on_everything(mark: dict[str, Any]) -> None:
    for ground in ("white", "black", "#d83a00"):
        plain = opened(as_jpeg(Image.new("RGB", (1280, 960), ground)))
        marked = opened(draw_marks(as_jpeg(plain), [mark], SCREEN)[0])
        changed = ImageChops.difference(plain, marked).convert("L").point(lambda level: 255 if level > 60 else 0)
        left, top, right, bottom = (
            round(share * edge) for share, edge in zip(mark["at"], (1280, 960) * 2, strict=True)
        )
        found = changed.getbbox()
        assert found is not None
        expected = min(left, right), min(top, bottom), max(left, right), max(top, bottom)
        assert all(abs(one - other) < 30 for one, other in zip(found, expected, strict=True)), (ground, found)
        assert ImageStat.Stat(changed).mean[0] < 255 * 0.03, "what is inside stays to be seen"


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 2)])
def test_no_picture_is_too_small_to_be_marked(size: tuple[int, int]) -> None:
    marks = [{"what": what, "at": at} for what in ("blur", "box", "arrow") for at in ([0, 0, 1, 1], [1, 1, 1, 1])]
    copies = draw_marks(as_jpeg(Image.new("RGB", size, "white")), marks, SCREEN, THUMBNAIL)
    assert opened(copies[0]).size == size


def test_shares_are_of_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = as_jpeg(board((960, 640)), exif=exif)
    _, copies = inspect_and_derive(io.BytesIO(lying), SCREEN, THUMBNAIL)
    marked = opened(draw_marks(copies[0], [{"what": "blur", "at": [0, 0, 1, 0.25]}], SCREEN)[0])
    assert marked.size == (640, 960)
    assert detail(marked, (0, 0, 640, 230)) < 8
    assert detail(marked, (0, 260, 640, 960)) > 110


# ---- From the phone to the page


def with_marks(report: dict[str, Any], photo: FieldPhoto, marks: Any) -> dict[str, Any]:
    lines = [line | {"marks": marks} if line["id"] == str(photo.id) else line for line in report["photos"]]
    return report | {"photos": lines}


def seen_by(reader: Window, photo: FieldPhoto, size: str) -> bytes:
    answer = reader.client.get(f"/api/v1/photos/{photo.id}?size={size}")
    assert answer.status_code == 200, answer.text
    content: bytes = answer.data
    return content


def is_covered(content: bytes) -> bool:
    """Whether BLUR is drawn into a derived size of the board."""
    picture = opened(content)
    width, height = picture.size
    covered = (round(width * 0.25), round(height * 0.25), round(width * 0.75), round(height * 0.5))
    return detail(picture, covered) < 8


def test_everybody_sees_the_marks_and_reviewers_the_sealed_original_too(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, reader: Window
) -> None:
    make_person(session, audit.organization, "Vera Client", Role.CLIENT, project=audit.project)
    session.commit()
    visit_id, photo, other = new_id(), FieldPhoto(as_jpeg(board(square=32))), FieldPhoto(draw_demo_photo(1, "UTRO"))
    report = with_marks(with_photos(audit, assignment, photo, other), photo, [BLUR, ARROW])
    assert phone.put_visit(visit_id, report).status_code == 201
    for each in (photo, other):
        phone.put_photo(each)
    work_off(app)
    for size in ("thumbnail", "screen"):
        assert is_covered(seen_by(reader, photo, size))
    assert seen_by(reader, photo, "original") == photo.content
    page = reader.open(f"{audit.address}/visits/{visit_id}").text
    assert page.count("The original, without marks") == 1
    lines = told(reader.client.get(f"/api/v1/visits/{visit_id}"))["photos"]
    assert {line["id"]: line["marks"] for line in lines} == {str(photo.id): [BLUR, ARROW], str(other.id): []}

    approved(session, visit_id, audit)
    client = Window(app, "vera@example.org")
    for size in ("thumbnail", "screen"):
        assert is_covered(seen_by(client, photo, size))
    assert client.client.get(f"/api/v1/photos/{photo.id}?size=original").status_code == 403
    assert client.client.get(f"/api/v1/photos/{photo.id}").status_code == 403
    page = client.open(f"{audit.address}/visits/{visit_id}").answer.text
    assert str(photo.id) in page
    assert "without marks" not in page


def approved(session: ScopedSession, visit_id: UUID, audit: Audit) -> None:
    """Approve the visit."""
    session.rollback()
    reviewer = make_person(session, audit.organization, "Petr Reviewer", Role.REVIEWER, project=audit.project)
    approve(session, visit_id, reviewer.id, datetime.now(UTC))
    session.commit()


def test_what_a_photo_looks_like_is_told_without_its_marks(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    content = draw_demo_photo(7, "UTRO")
    plain, marked = FieldPhoto(content), FieldPhoto(content)
    everything = [{"what": "blur", "at": [0, 0, 1, 1]}]
    phone.put_visit(new_id(), with_marks(with_photos(audit, assignment, plain, marked), marked, everything))
    for each in (plain, marked):
        phone.put_photo(each)
    work_off(app)
    session.rollback()
    looks = [session.get_one(Photo, each.id).fingerprint for each in (plain, marked)]
    assert looks[0] is not None
    assert looks[0] == looks[1]


def test_marks_come_with_photos_that_were_here_before_the_report(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, reader: Window
) -> None:
    visit_id, photo = new_id(), FieldPhoto(as_jpeg(board(square=32)))
    keep(phone, visit_id, a_copy(assignment, photo))
    assert keep_photo(phone, visit_id, photo).status_code == 201
    receipt = told(phone.put_visit(visit_id, with_marks(with_photos(audit, assignment, photo), photo, [BLUR])))
    assert receipt["missing_photos"] == []
    work_off(app)
    assert is_covered(seen_by(reader, photo, "screen"))
    assert seen_by(reader, photo, "original") == photo.content


def test_a_revision_marks_anew_takes_marks_away_and_leaves_those_it_does_not_speak_of(
    app: Flask, session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, reader: Window
) -> None:
    visit_id = new_id()
    late, kept, cleared = (FieldPhoto(as_jpeg(board(square=square))) for square in (32, 16, 8))
    report = with_photos(audit, assignment, late, kept, cleared)
    report = with_marks(with_marks(report, kept, [BLUR]), cleared, [BLUR])
    phone.put_visit(visit_id, report)
    for each in (late, kept, cleared):
        phone.put_photo(each)
    work_off(app)
    assert [is_covered(seen_by(reader, each, "screen")) for each in (late, kept, cleared)] == [False, True, True]
    session.rollback()
    reviewer = make_person(session, audit.organization, "Petr Reviewer", Role.REVIEWER, project=audit.project)
    send_back(session, visit_id, reviewer.id, "Cover the face.", [], datetime.now(UTC))
    session.commit()

    second = with_photos(audit, assignment, late, kept, cleared) | {"revision": 2}
    second = with_marks(with_marks(second, late, [BLUR, FRAME]), cleared, [])
    assert told(phone.put_visit(visit_id, second))["missing_photos"] == []
    session.rollback()
    assert [each.derived_at is None for each in told_photos(session, late, kept, cleared)] == [True, False, True], (
        "what was drawn before is not shown meanwhile"
    )
    drop_bytes(app, session)
    for size in ("thumbnail", "screen"):
        assert [is_covered(seen_by(reader, each, size)) for each in (late, kept, cleared)] == [True, True, False]
    for each in (late, kept, cleared):
        assert seen_by(reader, each, "original") == each.content
    session.rollback()
    assert [each.marks for each in told_photos(session, late, kept, cleared)] == [[BLUR, FRAME], [BLUR], []]
    assert all(each.readable for each in told_photos(session, late, kept, cleared))


def told_photos(session: ScopedSession, *photos: FieldPhoto) -> list[Photo]:
    return [session.get_one(Photo, each.id) for each in photos]


@pytest.mark.parametrize(
    "marks",
    [
        "blur",
        {"what": "blur"},
        [None],
        [{"what": "blur"}],
        [{"what": "erase", "at": [0, 0, 1, 1]}],
        [{"what": "blur", "at": [0, 0, 1]}],
        [{"what": "blur", "at": [0, 0, 1, 1, 1]}],
        [{"what": "blur", "at": [0, 0, 1, 1.01]}],
        [{"what": "blur", "at": [0, -0.01, 1, 1]}],
        [{"what": "blur", "at": [0, 0, 1, "1"]}],
        [{"what": "blur", "at": [0, 0, 1, True]}],
        [{"what": "blur", "at": [0, 0, 1, float("nan")]}],
        [BLUR] * 51,
    ],
)
def test_marks_that_nobody_understands_hold_the_visit(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient, marks: Any
) -> None:
    photo = FieldPhoto()
    answer = phone.put_visit(new_id(), with_marks(with_photos(audit, assignment, photo), photo, marks))
    assert answer.status_code == 202
    visit = session.scalars(select(Visit)).one()
    assert (visit.state, visit.hold_reason) == (VisitState.HELD, HoldReason.NOT_UNDERSTOOD)


def test_fifty_marks_on_one_photo_are_taken_in(
    session: ScopedSession, audit: Audit, assignment: Assignment, phone: FieldClient
) -> None:
    photo = FieldPhoto()
    marks = [{"what": "box", "at": [0, 0, 1, number / 50]} for number in range(50)]
    report = with_marks(with_photos(audit, assignment, photo), photo, marks)
    assert phone.put_visit(new_id(), report).status_code == 201
    assert session.get_one(Photo, photo.id).marks == marks
