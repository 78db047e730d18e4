"""Two brands at one touchpoint, compared on the criteria that were answered at both.

Which these are, and what an outlet's checks come to on them alone, only the answers tell, and of ten thousand visits
there are too many to read for each matrix. So it is kept beside the outlet's tallies, by the worker, whenever it has
settled an outlet of the wave; what is not kept when a matrix is read is added up then.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from checklists.confidence import Estimate, estimate_of_checks, estimate_of_clusters
from checklists.matrix.narrowed import Part, Sums, answered_in, sums_on
from checklists.matrix.tallies import OutletTally, kept_tallies


@dataclass(frozen=True, slots=True)
class Side:
    """One brand in a comparison at a touchpoint: its estimate on all that was answered, and what that is made of."""

    touchpoint_id: UUID
    brand_id: UUID
    remote: bool
    whole: Estimate
    parts: frozenset[Part]

    @property
    def place(self) -> tuple[UUID, UUID]:
        return self.touchpoint_id, self.brand_id


Pair = tuple[Side, Side]


@dataclass(slots=True)
class _Known:
    """What is known so far of the answers behind one tally; lineages as hexadecimal digits."""

    kept: bool = False
    """Whether there is a row that holds, in which it can be kept."""
    answered: frozenset[str] | None = None
    narrowed: dict[str, Sums] = field(default_factory=dict)
    """By the digest of a set of lineages."""
    asked: set[str] = field(default_factory=set)
    changed: bool = False


Answers = defaultdict[tuple[UUID, UUID, UUID], _Known]
"""By touchpoint, outlet and version."""


def pairs_on_common_criteria(
    session: Session, wave_id: UUID, pairs: Sequence[Pair]
) -> list[tuple[Estimate, Estimate] | None]:
    """Each pair's estimates on the criteria that were answered at both, joined by lineage; None without any."""
    return _compare(session, wave_id, pairs, _kept(session, wave_id, pairs)) if pairs else []


def keep_common_criteria(session: Session, wave_id: UUID, pairs: Sequence[Pair]) -> None:
    """Keep beside the wave's tallies what comparing these pairs takes, so that no matrix reads an answer for it."""
    if not pairs:
        return
    answers = _kept(session, wave_id, pairs)
    _compare(session, wave_id, pairs, answers)
    changed = [
        {
            "wave_id": wave_id,
            "touchpoint_id": touchpoint_id,
            "outlet_id": outlet_id,
            "version_id": version_id,
            "answered": sorted(known.answered or ()),
            # What an earlier comparison asked for goes.
            "narrowed": {digest: known.narrowed[digest] for digest in sorted(known.asked)},
        }
        for (touchpoint_id, outlet_id, version_id), known in answers.items()
        if known.kept and known.changed
    ]
    if changed:
        session.execute(update(OutletTally), changed)


def _kept(session: Session, wave_id: UUID, pairs: Sequence[Pair]) -> Answers:
    touchpoints, brands = ({side.place[number] for pair in pairs for side in pair} for number in (0, 1))
    table = OutletTally
    columns = (table.touchpoint_id, table.outlet_id, table.version_id, table.answered, table.narrowed)
    answers: Answers = defaultdict(_Known)
    for *part, answered, narrowed in session.execute(
        kept_tallies(wave_id, *columns).where(
            table.touchpoint_id.in_(touchpoints), table.brand_id.in_(brands), table.scored > 0
        )
    ):
        known = answers[part[0], part[1], part[2]]
        known.kept = True
        if answered is not None:
            known.answered = frozenset(answered)
            known.narrowed = {digest: (sums[0], sums[1], sums[2]) for digest, sums in (narrowed or {}).items()}
    return answers


def _compare(
    session: Session, wave_id: UUID, pairs: Sequence[Pair], answers: Answers
) -> list[tuple[Estimate, Estimate] | None]:
    sides = {side.place: side for pair in pairs for side in pair}
    _find_answered(session, wave_id, sides.values(), answers)
    answered = {place: _answered_at(side, answers) for place, side in sides.items()}
    compared: list[tuple[Estimate, Estimate] | None] = []
    for pair in pairs:
        common = answered[pair[0].place] & answered[pair[1].place]
        ours, theirs = (
            # What was answered at both only is all that was answered at one of them, more often than not.
            side.whole if answered[side.place] == common else _estimate_on(session, wave_id, side, common, answers)
            for side in pair
        )
        compared.append((ours, theirs) if common and ours and theirs else None)
    return compared


def _find_answered(session: Session, wave_id: UUID, sides: Iterable[Side], answers: Answers) -> None:
    """Read what was answered behind the tallies of which that is not known yet."""
    brands, outlets = defaultdict(set), defaultdict(set)
    for side in sides:
        for outlet_id, version_id in side.parts:
            known = answers[side.touchpoint_id, outlet_id, version_id]
            if known.answered is None:
                known.answered, known.changed = frozenset(), True
                brands[side.touchpoint_id].add(side.brand_id)
                outlets[side.touchpoint_id].add(outlet_id)
    for touchpoint_id, lacking in outlets.items():
        found = defaultdict(set)
        for part, lineage_id in answered_in(session, wave_id, touchpoint_id, brands[touchpoint_id], lacking):
            found[part].add(lineage_id.hex)
        for part, lineages in found.items():
            known = answers[touchpoint_id, *part]
            if known.answered == frozenset():
                known.answered = frozenset(lineages)


def _answered_at(side: Side, answers: Answers) -> frozenset[str]:
    return frozenset().union(*(answers[side.touchpoint_id, *part].answered or () for part in side.parts))


def _estimate_on(
    session: Session, wave_id: UUID, side: Side, lineages: frozenset[str], answers: Answers
) -> Estimate | None:
    """The side's estimate on these criteria alone; None where no check has a score on them."""
    digest = sha256(",".join(sorted(lineages)).encode()).hexdigest()[:32]
    parts = {part: answers[side.touchpoint_id, *part] for part in side.parts}
    lacking = {part for part, known in parts.items() if digest not in known.narrowed}
    if lacking:
        outlets = {outlet_id for outlet_id, _ in lacking}
        found = sums_on(session, wave_id, side.touchpoint_id, side.brand_id, outlets, map(UUID, lineages))
        for part in lacking:
            parts[part].narrowed[digest], parts[part].changed = found.get(part, (0, 0.0, 0.0)), True
    for known in parts.values():
        known.asked.add(digest)
    return estimate_of_sums({part: known.narrowed[digest] for part, known in parts.items()}, remote=side.remote)


def estimate_of_sums(sums: Mapping[Part, Sums], *, remote: bool) -> Estimate | None:
    """The estimate from what the checks come to; None where there is no check.

    Outlets weigh equally; on remote channels each visit is its own cluster (rules.md, "Numbers").
    """
    if remote:
        checks, total, squares = (sum(each[number] for each in sums.values()) for number in range(3))
        return estimate_of_checks(int(checks), total, squares) if checks else None
    outlets: dict[UUID, tuple[int, float]] = {}
    for (outlet_id, _), (checks, total, _) in sums.items():
        before = outlets.get(outlet_id, (0, 0.0))
        outlets[outlet_id] = before[0] + checks, before[1] + total
    return estimate_of_clusters(outlets.values()) if any(checks for checks, _ in outlets.values()) else None
