"""What the statements of this folder share: how rows are ordered, how what holds is counted, rows gathered in one."""

from typing import Any

from sqlalchemy import case, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from checklists.brands import Brand
from checklists.journey import Journey, Stage, Touchpoint
from checklists.orm import JsonValue

IN_ORDER = (
    *(Journey.position, Journey.id, Stage.position, Stage.id, Touchpoint.position, Touchpoint.id),
    *(Brand.own.desc(), Brand.position, Brand.id),
)
"""Touchpoints as the journey has them, and at each the own brand before its rivals."""


def count_of(condition: Any) -> Any:
    """How many rows of a group the condition holds for."""
    return func.count(case((condition, 1)))


class gathered(GenericFunction[Any]):  # noqa: N801 - it reads as the function of the database that it is.
    """An aggregate: one list of a group's rows, of each the columns given, ids as text. None where there is no row.

    A driver makes one object of each value that it fetches, which for a thousand rows takes longer than the database
    took to find them; a list comes as one value.
    """

    type = JsonValue
    inherit_cache = True


@compiles(gathered, "postgresql")
def _gathered_by_postgresql(element: gathered, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **options)}))"


@compiles(gathered, "sqlite")
def _gathered_by_sqlite(element: gathered, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"
