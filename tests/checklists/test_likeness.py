"""Photos that look like photos of other visits: found whichever comes first, noted once, and never over the border of
an organization.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from checklists.orm import ScopedSession, new_id
from checklists.visits import (
    Likeness,
    Photo,
    PhotoBand,
    PhotoLikeness,
    Visit,
    forget_likeness,
    keep_fingerprint,
    likeness,
    likenesses_of,
    note_likenesses,
    visits_with_likenesses,
)
from checklists.visits.likeness import ALIKE, MIRROR, MOST_ALIKE, _near_bands, bands_of
from tests.databases import Sessions
from tests.factories import Audit, make_audit

PICTURE = 0x1234_5678_9ABC_DEF0
NOW = datetime.now(UTC)


@pytest.fixture
def audit(sessions: Sessions) -> Audit:
    with sessions() as session, session.begin():
        return make_audit(session)


def visits_of(session: ScopedSession, audit: Audit, count: int = 2) -> list[Visit]:
    return [audit.visit(session, audit.outlets[number]) for number in range(count)]


def add_photo(session: ScopedSession, visit: Visit, *, minutes: int = 0, content: str = "") -> UUID:
    """A stored photo that arrived so many minutes after now."""
    photo = Photo(
        id=new_id(),
        organization_id=visit.organization_id,
        visit_id=visit.id,
        sha256=content or new_id().hex,
        size=1,
        media_type="image/jpeg",
        stored_at=NOW + timedelta(minutes=minutes),
    )
    session.add(photo)
    session.flush()
    return photo.id


def look_at(session: ScopedSession, photo_id: UUID, fingerprint: int | None) -> int:
    keep_fingerprint(session, photo_id, fingerprint)
    session.flush()
    found = note_likenesses(session, photo_id)
    session.flush()
    return found


def pairs(session: ScopedSession) -> list[tuple[UUID, UUID, Likeness, int]]:
    rows = session.scalars(select(PhotoLikeness))
    return [(row.photo_id, row.earlier_id, row.kind, row.distance) for row in rows]


@pytest.mark.parametrize("later_first", [False, True])
def test_the_later_photo_points_to_the_earlier_whichever_was_looked_at_first(
    session: ScopedSession, audit: Audit, later_first: bool
) -> None:
    first, second = visits_of(session, audit)
    earlier, later = add_photo(session, first), add_photo(session, second, minutes=5)
    order = [(earlier, PICTURE), (later, PICTURE ^ 0b1011)]
    for photo_id, fingerprint in reversed(order) if later_first else order:
        look_at(session, photo_id, fingerprint)
    assert pairs(session) == [(later, earlier, Likeness.NEAR, 3)]
    for photo_id, fingerprint in order:
        assert look_at(session, photo_id, fingerprint) == 0, "what is known is not noted again"
    assert len(pairs(session)) == 1


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (PICTURE, (Likeness.NEAR, 0)),
        (PICTURE ^ MIRROR, (Likeness.MIRRORED, 0)),
        (PICTURE ^ MIRROR ^ 0b111, (Likeness.MIRRORED, 3)),
        (PICTURE ^ (2**ALIKE - 1) << 23, (Likeness.NEAR, ALIKE)),
        (PICTURE ^ (2 ** (ALIKE + 1) - 1) << 23, None),
        (~PICTURE % 2**63, None),
        (None, None),
    ],
    ids=["the same", "mirrored", "nearly mirrored", "ten bits", "eleven bits", "all bits", "a covered lens"],
)
def test_what_is_alike(
    session: ScopedSession, audit: Audit, other: int | None, expected: tuple[Likeness, int] | None
) -> None:
    first, second = visits_of(session, audit)
    look_at(session, add_photo(session, first), PICTURE if other is not None else None)
    look_at(session, add_photo(session, second, minutes=1), other)
    assert [pair[2:] for pair in pairs(session)] == ([expected] if expected else [])


def test_the_same_file_is_found_though_nobody_can_see_what_it_shows(session: ScopedSession, audit: Audit) -> None:
    first, second = visits_of(session, audit)
    earlier = add_photo(session, first, content="a" * 64)
    later = add_photo(session, second, minutes=1, content="a" * 64)
    assert look_at(session, later, None) == 1
    assert pairs(session) == [(later, earlier, Likeness.EXACT, 0)]


def test_nothing_is_noted_of_a_photo_that_is_erased_meanwhile(
    session: ScopedSession, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = visits_of(session, audit)
    add_photo(session, first, content="a" * 64)
    later = add_photo(session, second, minutes=1, content="a" * 64)

    def erase(*_: object) -> dict[UUID, object]:
        gone = update(Photo).where(Photo.id == later).values(erased_at=NOW)
        session.execute(gone.execution_options(synchronize_session=False))
        return {}

    monkeypatch.setattr(likeness, "_near", erase)
    assert note_likenesses(session, later) == 0
    assert pairs(session) == []


def test_photos_of_one_visit_of_deleted_ones_and_of_others_tenants_are_no_pairs(
    session: ScopedSession, audit: Audit
) -> None:
    first, second, deleted = visits_of(session, audit, 3)
    deleted.deleted_at = NOW
    stranger = make_audit(session, "lynx")
    foreign = stranger.visit(session)
    erased = add_photo(session, second, content="a" * 64)
    session.get_one(Photo, erased).erased_at = NOW
    for visit in (first, first, deleted, foreign):
        look_at(session, add_photo(session, visit, content="a" * 64), PICTURE)
    assert pairs(session) == []


def test_a_picture_that_everybody_sends_does_not_fill_the_database(session: ScopedSession, audit: Audit) -> None:
    visits = visits_of(session, audit, 2)
    for number in range(MOST_ALIKE + 5):
        look_at(session, add_photo(session, visits[0], minutes=number), PICTURE)
    assert look_at(session, add_photo(session, visits[1], minutes=99), PICTURE) == MOST_ALIKE


def test_of_very_many_alike_only_some_are_looked_at(
    session: ScopedSession, audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement takes 65,535 values on PostgreSQL, and half of them on SQLite."""
    first, second = visits_of(session, audit)
    for number in range(4):
        look_at(session, add_photo(session, first, minutes=number), PICTURE)
    monkeypatch.setattr(likeness, "MOST_LOOKED_AT", 3)
    assert look_at(session, add_photo(session, second, minutes=99), PICTURE) == 3


def test_likenesses_are_read_from_both_sides_and_forgotten_with_the_photo(session: ScopedSession, audit: Audit) -> None:
    first, second, third = visits_of(session, audit, 3)
    ids = [add_photo(session, visit, minutes=number) for number, visit in enumerate((first, second, third))]
    for photo_id, fingerprint in zip(ids, (PICTURE, PICTURE ^ 0b11, ~PICTURE % 2**63), strict=True):
        look_at(session, photo_id, fingerprint)
    seen = likenesses_of(session, ids)
    assert {one: [each.other.id for each in alike] for one, alike in seen.items()} == {
        ids[0]: [ids[1]],
        ids[1]: [ids[0]],
    }
    assert seen[ids[0]][0].other.visit.outlet.name == "Utro 2"
    assert set(session.scalars(visits_with_likenesses())) == {first.id, second.id}
    forget_likeness(session, ids[1])
    session.flush()
    assert likenesses_of(session, ids) == {}
    assert session.scalar(select(func.count()).where(PhotoBand.photo_id == ids[1])) == 0


def test_a_fingerprint_that_changed_is_found_by_the_new_one_only(session: ScopedSession, audit: Audit) -> None:
    first, second = visits_of(session, audit)
    photo_id = add_photo(session, first)
    look_at(session, photo_id, PICTURE)
    look_at(session, photo_id, 77)
    assert session.scalars(select(PhotoBand.band).where(PhotoBand.photo_id == photo_id)).all() == sorted(bands_of(77))
    assert look_at(session, add_photo(session, second), PICTURE) == 0


@given(st.integers(0, 2**63 - 1), st.sets(st.integers(0, 62), max_size=ALIKE))
def test_fingerprints_that_differ_in_ten_bits_at_most_have_a_band_in_common(bits: int, flipped: set[int]) -> None:
    other = bits ^ sum(1 << bit for bit in flipped)
    assert set(_near_bands(bits)) & set(bands_of(other))
