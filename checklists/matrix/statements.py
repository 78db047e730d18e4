"""What the statements of this folder share: how rows are ordered, how what holds is counted."""

from typing import Any

from sqlalchemy import case, func

from checklists.brands import Brand
from checklists.journey import Journey, Stage, Touchpoint

IN_ORDER = (
    *(Journey.position, Journey.id, Stage.position, Stage.id, Touchpoint.position, Touchpoint.id),
    *(Brand.own.desc(), Brand.position, Brand.id),
)
"""Touchpoints as the journey has them, and at each the own brand before its rivals."""


def count_of(condition: Any) -> Any:
    """How many rows of a group the condition holds for."""
    return func.count(case((condition, 1)))
