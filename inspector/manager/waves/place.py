"""Where the pages of waves stand, and how they find what an address or a form names."""

from collections.abc import Iterable
from uuid import UUID

from flask import Blueprint, g
from sqlalchemy.orm import Session

from checklists.errors import NotFound
from checklists.waves import Wave, wave_with_contents

blueprint = Blueprint("waves", __name__, url_prefix="/o/<organization>/<project>/waves")


def find_wave(session: Session, wave_id: UUID) -> Wave:
    """The wave with its contents. Raises NotFound for one of another project as for none."""
    wave = wave_with_contents(session, wave_id)
    if wave is None or wave.project_id != g.project.id:
        raise NotFound
    return wave


def ids(values: Iterable[str]) -> list[UUID]:
    """The ids that a list of ticks sent. Raises NotFound for what is no id: no page of ours sends such a thing."""
    try:
        return [UUID(value) for value in values]
    except ValueError:
        raise NotFound from None
