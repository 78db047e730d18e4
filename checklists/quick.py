"""Statements for what happens hundreds of times a second: built once, sent without ORM objects, held to the scope.

An ORM statement costs three times what its database work does. What stands here is for the few paths where that is
felt, the intake first of all; everything else is the ORM's.
"""

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Insert,
    Row,
    Select,
    String,
    Table,
    Update,
    and_,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.sql import visitors

from checklists.orm import Base, ScopedSession

Inside = Callable[..., ColumnElement[bool]]
"""inside(table, …): that the rows of these tables belong to the session's organizations."""


def table_of(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


class Kept:
    """A statement over tables, written once and kept; values come in by `bindparam`.

    `write` gets `inside` and must hold every tenant's table in the statement to it, or the statement is refused.
    For one organization, the usual case, it stands as it is sent; for several it is written out anew each time.
    """

    def __init__(self, write: Callable[[Inside], Select[Any] | Update]) -> None:
        held: set[Table] = set()

        def inside(*tables: Table) -> ColumnElement[bool]:
            held.update(tables)
            return and_(*(table.c.organization_id == bindparam("organization") for table in tables))

        def inside_several(*tables: Table) -> ColumnElement[bool]:
            return and_(*(table.c.organization_id.in_(bindparam("organizations", expanding=True)) for table in tables))

        self._narrowed = write(inside)
        self._narrowed_to_several = write(inside_several)
        self._open = write(lambda *_: true())
        used = {each for each in visitors.iterate(self._narrowed) if isinstance(each, Table)}
        # By the column: a statement may be written before the models of all tables are known.
        outside = {table.name for table in used - held if "organization_id" in table.c}
        if outside:
            raise PermissionError(f"not held to the organizations: {', '.join(sorted(outside))}")

    def run(self, session: Session, **values: Any) -> CursorResult[Any]:
        """Send it, after what waits in the session."""
        organizations = _organizations(session)
        session.flush()
        if organizations is None:
            return session.connection().execute(self._open, values)
        if len(organizations) == 1:
            (organization,) = organizations
            return session.connection().execute(self._narrowed, {**values, "organization": organization})
        several = {**values, "organizations": list(organizations)}
        return session.connection().execute(self._narrowed_to_several, several)


Model = TypeVar("Model", bound=Base)


def row_of(model: type[Model], found: Row[Any]) -> Model:
    """The part of a row (columns labelled with their tables' names) that is one of the model's, in no session."""
    row, values = model(), found._mapping
    state = instance_state(row)
    for name, label in _labels(model):
        state.dict[name] = values[label]
    make_transient_to_detached(row)
    return row


@functools.cache
def _labels(model: type[Base]) -> list[tuple[str, str]]:
    return [(each.key, f"{table_of(model).name}_{each.columns[0].name}") for each in model.__mapper__.column_attrs]


Rows = Sequence[Mapping[str, Any]]
"""Rows of one table, which all name the same columns."""


def insert_rows(session: Session, rows: Mapping[type[Base], Rows], **shared: Any) -> None:
    """Insert rows of several tables, parents first; after what waits in the session. The ORM does not hear of them.

    A `shared` value goes into each table that has the column and whose rows do not name it. It is one statement with
    one parameter for each table on PostgreSQL, which reads a hundred rows out of a JSON text in the time in which the
    driver binds one of them.
    """
    rows = {model: several for model, several in rows.items() if several}
    organizations = _organizations(session)
    if organizations is not None:
        for several in rows.values():
            for row in several:
                if row.get("organization_id", shared.get("organization_id")) not in organizations:
                    raise PermissionError("a row outside the session's organizations")
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "postgresql" and rows:
        statement, names = _one_insert(
            tuple((model, tuple(several[0])) for model, several in rows.items()), tuple(shared)
        )
        texts = {
            f"{model.__tablename__}_rows": json.dumps(several, default=_as_json, ensure_ascii=False)
            for model, several in rows.items()
        }
        connection.execute(statement, texts | {name: shared[name] for name in names})
        return
    for model, several in rows.items():
        more = {name: shared[name] for name in _shared_by(model, tuple(several[0]), tuple(shared))}
        connection.execute(insert(table_of(model)), [{**row, **more} for row in several])


def _shared_by(model: type[Base], names: tuple[str, ...], shared: tuple[str, ...]) -> list[str]:
    return [name for name in shared if name in table_of(model).c and name not in names]


@functools.lru_cache(maxsize=256)
def _one_insert(
    parts: tuple[tuple[type[Base], tuple[str, ...]], ...], shared: tuple[str, ...]
) -> tuple[Insert, set[str]]:
    """The statement for these tables and columns, and which of the shared values it takes.

    Foreign keys between the tables are looked at when all of it has been done.
    """
    inserts, taken = [], set()
    for model, names in parts:
        table = table_of(model)
        text = cast(bindparam(f"{table.name}_rows", type_=String()), postgresql.JSONB())
        read = func.jsonb_to_recordset(text).table_valued(*(column(name, table.c[name].type) for name in names))
        given = read.render_derived(name=f"{table.name}_given", with_types=True)
        more = _shared_by(model, names, shared)
        taken.update(more)
        values = [*(given.c[name] for name in names), *(bindparam(name, type_=table.c[name].type) for name in more)]
        inserts.append(insert(table).from_select([*names, *more], select(*values)))
    *first, last = inserts
    return last.add_cte(*(each.cte(f"new_{each.table.name}") for each in first)), taken


def _as_json(value: object) -> str:
    if isinstance(value, UUID):
        return id_text(value)
    assert isinstance(value, datetime)
    return value.isoformat()


# The same criteria and states come with every visit of a checklist, and a look-up is quicker than writing them out.
id_text = functools.lru_cache(maxsize=16_384)(UUID.__str__)


def _organizations(session: Session) -> frozenset[UUID] | None:
    assert isinstance(session, ScopedSession)
    if session.scope.narrowing:
        raise PermissionError("this session may not see all of its organizations")
    return session.scope.organizations
