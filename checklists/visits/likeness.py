"""Photos that look like photos of other visits: the same file twice, nearly the same picture, or its mirror image.

A fingerprint has 63 bits, and pictures that look alike differ in at most 10 of them. So that nobody has to compare a
photo with all the others, each fingerprint is also kept as four bands of 16 bits: where two differ in at most 10 bits,
either one of the first three bands differs in at most 2, or the last one in at most 1 (Norouzi, Punjani and Fleet,
"Fast Exact Search in Hamming Space with Multi-Index Hashing", 2014).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    any_,
    delete,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from checklists.brands import Outlet
from checklists.orm import Base, Owned, one_of
from checklists.visits.tables import Photo, Visit

ALIKE = 10
"""The most bits in which pictures that look alike differ."""
MOST_ALIKE = 20
"""Of one photo, so that a picture that everybody sends does not fill the database with its pairs."""
MOST_LOOKED_AT = 5_000
"""Of those that are near: a statement takes only so many values, and the rows of all of them are locked."""
MIRROR = 0x5555_5555_5555_5555
"""The bits that a fingerprint and that of the mirror image differ in: the waves of odd number across."""

BAND_BITS = 16
_RADII = (2, 2, 2, 1)
_FLIPS = {
    radius: [sum(1 << bit for bit in bits) for count in range(radius + 1) for bits in combinations(range(16), count)]
    for radius in set(_RADII)
}


class Likeness(StrEnum):
    EXACT = "exact"
    NEAR = "near"
    MIRRORED = "mirrored"


class PhotoLikeness(Owned, Base):
    """One photo looks like an earlier one of another visit; `distance` is how many bits of the fingerprints differ."""

    __tablename__ = "photo_likenesses"

    photo_id: Mapped[UUID] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    earlier_id: Mapped[UUID] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True, index=True)
    kind: Mapped[Likeness] = mapped_column(one_of(Likeness))
    distance: Mapped[int]


class PhotoBand(Owned, Base):
    """One of the four bands of a photo's fingerprint, by which the fingerprint is found; `band` is its number times
    65,536, and its bits.
    """

    __tablename__ = "photo_bands"

    photo_id: Mapped[UUID] = mapped_column(ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[int] = mapped_column(BigInteger)


Index(
    "ix_photo_bands_alike",
    PhotoBand.organization_id,
    PhotoBand.band,
    PhotoBand.fingerprint,
    PhotoBand.photo_id,
)


def keep_fingerprint(session: Session, photo_id: UUID, fingerprint: int | None) -> None:
    """Note what a photo looks like; None where that cannot be said. It may be noted again, and otherwise."""
    photo = session.get_one(Photo, photo_id)
    if photo.fingerprint == fingerprint or photo.erased_at is not None:
        return
    if photo.fingerprint is not None:
        session.execute(delete(PhotoBand).where(PhotoBand.photo_id == photo_id))
    photo.fingerprint = fingerprint
    for band in [] if fingerprint is None else bands_of(fingerprint):
        session.add(
            PhotoBand(organization_id=photo.organization_id, photo_id=photo_id, band=band, fingerprint=fingerprint)
        )


def are_alike(one: int, other: int, most: int = ALIKE) -> bool:
    """Whether two fingerprints differ in at most so many bits: of pictures that look alike, or mirrored alike."""
    return min((one ^ other).bit_count(), (one ^ MIRROR ^ other).bit_count()) <= most


def bands_of(fingerprint: int) -> list[int]:
    return [number << BAND_BITS | fingerprint >> BAND_BITS * number & 0xFFFF for number in range(len(_RADII))]


def note_likenesses(session: Session, photo_id: UUID) -> int:
    """Find the photos of other visits of the organization that look like this one, and note the pairs that were not
    known; returns how many these are.

    The later one of a pair points to the earlier one, whichever of them was looked at last. Call it in a transaction
    after that of keep_fingerprint(): of two photos that are looked at at once, at least one then sees the other.
    """
    photo = session.scalar(
        select(Photo)
        .join(Photo.visit)
        .where(
            Photo.id == photo_id, Photo.stored_at.is_not(None), Photo.erased_at.is_(None), Visit.deleted_at.is_(None)
        )
    )
    if photo is None:
        return 0
    alike = {**_near(session, photo), **dict.fromkeys(_copies(session, photo), (Likeness.EXACT, 0))}
    if not alike:
        return 0
    # Whoever finds the same pair at the same time waits here, and then sees it among those that are known.
    ids = sorted([photo_id, *alike])
    locked = select(Photo.id, Photo.erased_at).where(Photo.id.in_(ids)).order_by(Photo.id).with_for_update()
    # It may have been erased meanwhile, and then nothing of it may be noted.
    if any(erased_at for each, erased_at in session.execute(locked) if each == photo_id):
        return 0
    known = _pairs_of(session, [photo_id])
    others = session.scalars(
        select(Photo)
        .join(Photo.visit)
        .where(
            Photo.id.in_(alike),
            Photo.visit_id != photo.visit_id,
            Photo.stored_at.is_not(None),
            Photo.erased_at.is_(None),
            Visit.deleted_at.is_(None),
        )
    ).all()
    nearest = sorted(others, key=lambda each: (alike[each.id][1], each.stored_at, each.id))[:MOST_ALIKE]
    pairs = [sorted((photo, each), key=lambda one: (one.stored_at, one.id)) for each in nearest if each.id not in known]
    for earlier, later in pairs:
        kind, distance = alike[earlier.id if later is photo else later.id]
        session.add(
            PhotoLikeness(
                organization_id=photo.organization_id,
                photo_id=later.id,
                earlier_id=earlier.id,
                kind=kind,
                distance=distance,
            )
        )
    return len(pairs)


def _copies(session: Session, photo: Photo) -> Sequence[UUID]:
    """The earliest photos with the very same bytes."""
    same = select(Photo.id).where(
        Photo.organization_id == photo.organization_id,
        Photo.sha256 == photo.sha256,
        Photo.visit_id != photo.visit_id,
        Photo.stored_at.is_not(None),
    )
    return session.scalars(same.order_by(Photo.stored_at, Photo.id).limit(MOST_ALIKE)).all()


def _near(session: Session, photo: Photo) -> dict[UUID, tuple[Likeness, int]]:
    """The photos whose fingerprints differ little from this one's, or from its mirror image's."""
    if photo.fingerprint is None:
        return {}
    own = photo.fingerprint
    wanted = {**dict.fromkeys(_near_bands(own ^ MIRROR)), **dict.fromkeys(_near_bands(own))}
    # What has a band in common is mostly no likeness: the identities of the few that are come in a second statement.
    fingerprints = session.scalars(
        select(PhotoBand.fingerprint)
        .where(PhotoBand.organization_id == photo.organization_id, _among(session, wanted))
        .distinct()
    )
    found = {}
    for fingerprint in fingerprints:
        apart, mirrored = (own ^ fingerprint).bit_count(), (own ^ MIRROR ^ fingerprint).bit_count()
        if min(apart, mirrored) <= ALIKE:
            found[fingerprint] = (Likeness.NEAR, apart) if apart <= mirrored else (Likeness.MIRRORED, mirrored)
    if not found:
        return {}
    nearest = sorted(found, key=lambda fingerprint: found[fingerprint][1])[:MOST_LOOKED_AT]
    bands = {fingerprint: bands_of(fingerprint)[0] for fingerprint in nearest}
    rows = session.execute(
        select(PhotoBand.photo_id, PhotoBand.fingerprint)
        .where(
            PhotoBand.organization_id == photo.organization_id,
            PhotoBand.band.in_(bands.values()),
            PhotoBand.fingerprint.in_(bands),
            PhotoBand.photo_id != photo.id,
        )
        .order_by(PhotoBand.photo_id)
        .limit(MOST_LOOKED_AT)
    )
    return {photo_id: found[fingerprint] for photo_id, fingerprint in rows}


def _among(session: Session, bands: Iterable[int]) -> ColumnElement[bool]:
    """That a band is one of these hundreds. On PostgreSQL they go as one value: to bind each of them takes longer than
    to look them all up.
    """
    if session.get_bind().dialect.name == "postgresql":
        return PhotoBand.band == any_(literal(list(bands), ARRAY(Integer)))
    return PhotoBand.band.in_(bands)


def _near_bands(bits: int) -> Iterable[int]:
    """The bands that a fingerprint may have which differs from these bits in at most ALIKE."""
    for band, radius in zip(bands_of(bits), _RADII, strict=True):
        yield from (band ^ flips for flips in _FLIPS[radius])


def _pairs_of(session: Session, photo_ids: Iterable[UUID]) -> dict[UUID, list[PhotoLikeness]]:
    """The pairs in which one of the photos stands, by the other one of the pair."""
    ids = set(photo_ids)
    found: dict[UUID, list[PhotoLikeness]] = {}
    pairs = select(PhotoLikeness).where(or_(PhotoLikeness.photo_id.in_(ids), PhotoLikeness.earlier_id.in_(ids)))
    for pair in session.scalars(pairs):
        for one, other in ((pair.photo_id, pair.earlier_id), (pair.earlier_id, pair.photo_id)):
            if one in ids:
                found.setdefault(other, []).append(pair)
    return found


@dataclass(frozen=True, slots=True)
class Alike:
    """A photo of a visit, and one of another visit that it looks like, with its visit, outlet and inspector loaded."""

    photo_id: UUID
    other: Photo
    kind: Likeness
    distance: int


def likenesses_of(session: Session, photo_ids: Iterable[UUID]) -> dict[UUID, list[Alike]]:
    """What the photos look like, by photo, the nearest and earliest first; those that look like none are left out."""
    ids = set(photo_ids)
    if not ids:
        return {}
    pairs = _pairs_of(session, ids)
    others = session.scalars(
        select(Photo)
        .join(Photo.visit)
        .where(Photo.id.in_(pairs), Photo.erased_at.is_(None), Visit.deleted_at.is_(None))
        .options(
            joinedload(Photo.visit).options(
                joinedload(Visit.outlet).joinedload(Outlet.brand), joinedload(Visit.inspector), joinedload(Visit.wave)
            )
        )
        .order_by(Photo.stored_at, Photo.id)
    ).all()
    found: dict[UUID, list[Alike]] = {}
    for other in others:
        for pair in pairs[other.id]:
            one = pair.earlier_id if pair.photo_id == other.id else pair.photo_id
            found.setdefault(one, []).append(Alike(one, other, pair.kind, pair.distance))
    return {one: sorted(alike, key=lambda each: each.distance) for one, alike in found.items()}


def visits_with_likenesses() -> Select[UUID]:
    """The ids of the visits of which a photo looks like one of another visit, to be asked for in a larger statement."""
    either = union(select(PhotoLikeness.photo_id), select(PhotoLikeness.earlier_id)).subquery()
    return select(Photo.visit_id).join(either, Photo.id == either.c[0])


def forget_likeness(session: Session, photo_id: UUID) -> None:
    """Forget what a photo looks like and looked like: it is erased."""
    session.get_one(Photo, photo_id).fingerprint = None
    session.execute(delete(PhotoBand).where(PhotoBand.photo_id == photo_id))
    session.execute(
        delete(PhotoLikeness).where(or_(PhotoLikeness.photo_id == photo_id, PhotoLikeness.earlier_id == photo_id))
    )
