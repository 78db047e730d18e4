"""What each line of an uploaded table does to the project's outlets: a new one, a changed one, nothing, or it is wrong.

A line belongs to an outlet by brand, name and address, whatever their capitals. A column that the table does not have
leaves its values as they are; an empty cell clears its value, but never the time zone.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import islice
from math import isfinite
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from checklists.brands import Brand, Outlet, OutletDesign, change_outlet, faults_of
from checklists.errors import N_
from checklists.imports.csv_table import CsvTable, Line
from checklists.imports.tables import Effect, ImportLine
from checklists.orm import fold
from checklists.people import Project

USUAL_TIME_ZONE = "Europe/Moscow"
TITLES = {
    "brand": ("brand", "бренд"),
    "name": ("name", "outlet", "название", "точка", "филиал"),
    "city": ("city", "город"),
    "address": ("address", "адрес"),
    "phone": ("phone", "телефон"),
    "url": ("url", "web address", "web site", "website", "сайт", "адрес в интернете"),
    "latitude": ("latitude", "lat", "широта"),
    "longitude": ("longitude", "lon", "lng", "долгота"),
    "time_zone": ("time zone", "timezone", "часовой пояс"),
}
"""The titles by which a column is recognized, in any order and case."""
ATTRIBUTE_TITLES = ("attr:", "attribute:", "признак:")
ATTRIBUTE = "attr:"

_REQUIRED = {
    "brand": N_("The column of the brand is missing. Its title is “brand” or “бренд”."),
    "name": N_("The column of the outlet's name is missing. Its title is “name” or “название”."),
}
LONGEST = {"phone": 50, "url": 2_000}
LONGEST_CELL = 300
LINES_AT_A_TIME = 500

_COLUMNS = {title: column for column, titles in TITLES.items() for title in titles}
_FIELDS = tuple(each.name for each in fields(OutletDesign))
_EMPTY = OutletDesign("", "", "", "", "", None, None, "")


@dataclass(frozen=True, slots=True)
class OutletLine(ImportLine):
    """With the outlet that it changes and the design that it gives; `brand_id` is that of a new one."""

    brand_id: UUID | None = None
    outlet: Outlet | None = None
    design: OutletDesign = _EMPTY


class _Wrong(Exception):
    def __init__(self, message: str, **details: str | int) -> None:
        super().__init__(message)
        self.message, self.details = message, details


def outlet_table(body: bytes) -> CsvTable:
    """A table of outlets. Raises InvalidInput by "file" for what is none."""
    return CsvTable(body, outlet_column, _REQUIRED)


def outlet_column(title: str) -> str | None:
    """The meaning of a column by its title: a field of an outlet, "attr:" with an attribute's name, or None."""
    plain = " ".join(title.split())
    for prefix in ATTRIBUTE_TITLES:
        if fold(plain).startswith(prefix):
            name = plain[len(prefix) :].strip()
            return ATTRIBUTE + name if 0 < len(name) <= LONGEST_CELL else None
    return _COLUMNS.get(fold(plain.replace("_", " ")))


def outlet_lines(session: Session, project_id: UUID, table: CsvTable) -> Iterator[OutletLine]:
    """What each line would do, in order. Raises InvalidInput by "file" where there are too many lines."""
    plan = _Plan(session, project_id)
    lines = iter(table)
    while some := list(islice(lines, LINES_AT_A_TIME)):
        yield from plan.of(some)


def import_outlets(session: Session, project: Project, table: CsvTable) -> dict[Effect, int]:
    """Do what the lines say, leaving wrong ones out, and count them by effect. Raises as `outlet_lines`."""
    counts = dict.fromkeys(Effect, 0)
    new: list[dict[str, Any]] = []
    place = {"organization_id": project.organization_id, "project_id": project.id}
    for line in outlet_lines(session, project.id, table):
        counts[line.effect] += 1
        if line.effect is Effect.NEW:
            new.append({**place, "brand_id": line.brand_id, **_values(line.design)})
        elif line.effect is Effect.CHANGED and line.outlet is not None:
            change_outlet(line.outlet, line.design)
            line.outlet.deleted_at = None
        if len(new) == LINES_AT_A_TIME:
            session.execute(insert(Outlet), new)
            new.clear()
    if new:
        session.execute(insert(Outlet), new)
    session.flush()
    return counts


def default_time_zone(session: Session, project_id: UUID) -> str:
    """The zone of an outlet for which none is given: the one that most of the project's outlets have."""
    query = select(Outlet.time_zone).where(Outlet.project_id == project_id).group_by(Outlet.time_zone)
    return session.scalar(query.order_by(func.count().desc(), Outlet.time_zone).limit(1)) or USUAL_TIME_ZONE


class _Plan:
    """What is known of the project before the first line, and which outlets the lines named so far."""

    def __init__(self, session: Session, project_id: UUID) -> None:
        self._session = session
        self._default_zone = default_time_zone(session, project_id)
        brands = session.scalars(select(Brand).where(Brand.project_id == project_id).order_by(Brand.id.desc()))
        self._brands = {fold(brand.name): brand.id for brand in brands}
        self._outlets: dict[bytes, UUID] = {}
        self._lines: dict[bytes, int] = {}
        stored = select(Outlet.id, Outlet.brand_id, Outlet.name, Outlet.address).where(Outlet.project_id == project_id)
        for identity, brand_id, name, address in session.execute(
            # Of two outlets that are alike, the one that was not removed is meant.
            stored.order_by(Outlet.deleted_at.is_not(None), Outlet.id),
            execution_options={"yield_per": 1_000},
        ):
            self._outlets.setdefault(_mark(brand_id, name, address), identity)

    def of(self, lines: list[Line]) -> Iterator[OutletLine]:
        marks = {line.number: self._mark_of(line) for line in lines}
        ids = [self._outlets[mark] for mark in marks.values() if mark in self._outlets]
        stored = {each.id: each for each in self._session.scalars(select(Outlet).where(Outlet.id.in_(ids)))}
        for line in lines:
            mark = marks[line.number]
            try:
                yield self._planned(line, mark, stored[self._outlets[mark]] if mark in self._outlets else None)
            except _Wrong as wrong:
                yield OutletLine(line.number, Effect.WRONG, line.cells, wrong.message, wrong.details)

    def _mark_of(self, line: Line) -> bytes:
        brand_id = self._brands.get(fold(line.cells.get("brand", "")))
        return _mark(brand_id, line.cells.get("name", ""), line.cells.get("address", "")) if brand_id else b""

    def _planned(self, line: Line, mark: bytes, outlet: Outlet | None) -> OutletLine:
        """Raises _Wrong with what is wrong first."""
        if line.wrong:
            raise _Wrong(line.wrong)
        brand_id = self._brand(line.cells["brand"])
        if not line.cells["name"]:
            raise _Wrong(N_("The outlet's name is missing."))
        _refuse_long_cells(line.cells)
        known = _design_of(outlet) if outlet else _EMPTY
        design = self._design(line.cells, known)
        for message in faults_of(design).values():
            raise _Wrong(message)
        first = self._lines.setdefault(mark, line.number)
        if first != line.number:
            raise _Wrong(N_("The same outlet stands in line %(line)s already."), line=first)
        if outlet is None:
            return OutletLine(line.number, Effect.NEW, line.cells, brand_id=brand_id, design=design)
        before = _differences(known, design)
        effect = Effect.CHANGED if before or outlet.deleted_at else Effect.SAME
        return OutletLine(line.number, effect, line.cells, before=before, outlet=outlet, design=design)

    def _brand(self, name: str) -> UUID:
        if not name:
            raise _Wrong(N_("The brand is missing."))
        brand_id = self._brands.get(fold(name))
        if brand_id is None:
            message = N_("The project has no brand “%(brand)s”. Add the brand first, or mend its name.")
            raise _Wrong(message, brand=name[:LONGEST_CELL])
        return brand_id

    def _design(self, cells: Mapping[str, str], before: OutletDesign) -> OutletDesign:
        given: dict[str, Any] = {
            name: cells[name] for name in ("name", "city", "address", "phone", "url") if name in cells
        }
        for name, limit in (("latitude", 90), ("longitude", 180)):
            if name in cells:
                given[name] = _degrees(cells[name], limit)
        given["time_zone"] = cells.get("time_zone") or before.time_zone or self._default_zone
        attributes = dict(before.attributes)
        for column, value in cells.items():
            if column.startswith(ATTRIBUTE):
                attributes[column.removeprefix(ATTRIBUTE)] = value
        return replace(before, **given, attributes={name: value for name, value in attributes.items() if value})


def _mark(brand_id: UUID, name: str, address: str) -> bytes:
    """What an outlet is recognized by, short enough for a hundred thousand of them."""
    words = f"{fold(name)}\0{fold(address)}".encode(errors="replace")
    return hashlib.blake2b(brand_id.bytes + words, digest_size=16).digest()


def _refuse_long_cells(cells: Mapping[str, str]) -> None:
    for column, cell in cells.items():
        longest = LONGEST.get(column, LONGEST_CELL)
        if len(cell) > longest:
            raise _Wrong(N_("A cell is longer than %(count)s characters."), count=longest)


def _degrees(cell: str, limit: int) -> float | None:
    if not cell:
        return None
    try:
        degrees = float(cell.replace(",", "."))
    except ValueError:
        degrees = float("nan")
    if not isfinite(degrees) or abs(degrees) > limit:
        raise _Wrong(N_("“%(cell)s” is no coordinate in degrees, such as 55.7558."), cell=cell)
    return degrees


def _design_of(outlet: Outlet) -> OutletDesign:
    return OutletDesign(**{name: getattr(outlet, name) for name in _FIELDS})


def _differences(before: OutletDesign, after: OutletDesign) -> dict[str, str]:
    """The old values of what differs, by column, as one would write them into the table."""
    if before == after:
        return {}
    old, new = _as_cells(before), _as_cells(after)
    return {column: old.get(column, "") for column in old | new if old.get(column, "") != new.get(column, "")}


def _as_cells(design: OutletDesign) -> dict[str, str]:
    values = _values(design)
    attributes = values.pop("attributes")
    written = {name: "" if value is None else str(value) for name, value in values.items()}
    return written | {ATTRIBUTE + name: value for name, value in attributes.items()}


def _values(design: OutletDesign) -> dict[str, Any]:
    return {name: getattr(design, name) for name in _FIELDS}
