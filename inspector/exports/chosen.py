"""Which visits an export takes: those that count, of the project or of one wave, unless the address says otherwise."""

from dataclasses import dataclass
from uuid import UUID

from flask import g, request

from checklists.errors import NotFound
from checklists.visits import VisitState
from checklists.waves import Wave
from inspector.transactions import reading


@dataclass(frozen=True, slots=True)
class Chosen:
    """`wave_id` is None for all waves, `state` None for visits in any state."""

    wave_id: UUID | None
    state: VisitState | None

    def file_name(self, name: str) -> str:
        parts = (g.project.slug, name, str(self.wave_id)[-12:] if self.wave_id else "", "" if self.state else "all")
        return "-".join(part for part in parts if part)


def chosen() -> Chosen:
    """Read from `?wave=<id>&state=all`. Raises NotFound for another project's wave and for anything else."""
    state = request.args.get("state", VisitState.APPROVED.value)
    wave = request.args.get("wave")
    try:
        wave_id = UUID(wave) if wave else None
        state_id = None if state == "all" else VisitState(state)
    except ValueError:
        raise NotFound from None
    if wave_id is not None:
        with reading() as session:
            found = session.get(Wave, wave_id)
            if found is None or found.project_id != g.project.id:
                raise NotFound
    return Chosen(wave_id, state_id)
