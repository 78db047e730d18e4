"""Fields of a form as data: what is asked, how it is read, and how its value is said in words.

The forms of criteria, sections and versions are declared with them; `templates/checklists/fields.html` shows any.
"""

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import g
from flask_babel import format_decimal, format_percent
from flask_babel import gettext as _

from checklists.checklist import Option, OptionDesign, State, StateDesign
from checklists.scoring import Kind
from inspector.languages import words
from inspector.manager.forms import Form

Words = Any
"""A text of the catalogue, put into the reader's language when it is shown (lazy_gettext)."""


class Type(StrEnum):
    NUMBER = "number"
    PERCENT = "percent"  # Typed in per cent, kept as a share.
    WHOLE = "whole"
    CHOICE = "choice"
    TICK = "tick"
    WORDS = "words"
    OFFERED = "offered"  # One of what the page offers, by its id: a barrier, another criterion.


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `name` is the same in the form, the design, the table's row and the compiled document.

    `only_with` names another field and those of its values with which this one matters: with any other it is not read
    and keeps `start`, which is also what an empty form shows. `short` names the field outside its form, where the label
    is a whole sentence. A `setting` stands in the criterion's `settings`.
    A field with `more` is one of the finer points: folded up in a row, and not mentioned where it is as at the start.
    """

    name: str
    label: Words
    type: Type
    _: KW_ONLY
    short: Words = ""
    hint: Words = ""
    choices: Mapping[Any, Words] = field(default_factory=dict)
    blank: Words = None
    least: float | None = None
    most: float | None = None
    required: bool = False
    start: Any = None
    only_with: tuple[str, tuple[str, ...]] | None = None
    setting: bool = False
    of_kind: Kind | None = None
    rows: int = 0
    more: bool = False

    @property
    def called(self) -> Words:
        return self.short or self.label

    def read(self, form: Form, prefix: str = "") -> Any:
        """What was typed, of the type that the design wants; what is wrong with it is noted in the form."""
        if self.only_with and form.value(prefix + self.only_with[0]) not in self.only_with[1]:
            return self.start
        name = prefix + self.name
        match self.type:
            case Type.NUMBER | Type.PERCENT:
                number = form.number(name, least=self.least, most=self.most, required=self.required)
                return number / 100 if self.type is Type.PERCENT and number is not None else number
            case Type.WHOLE:
                return form.whole(name, least=int(self.least or 0), most=int(self.most or 0))
            case Type.CHOICE:
                return self._chosen(form, name)
            case Type.TICK:
                return form.ticked(name)
            case Type.WORDS:
                return form.words(name, g.project.languages, required=self.required)
            case Type.OFFERED:
                identity = form.identity(name) if form.value(name) else None
                return str(identity) if identity else None

    def _chosen(self, form: Form, name: str) -> Any:
        value = form.value(name)
        if not value and self.blank is not None:
            return None
        for choice in self.choices:
            if choice == value:
                return choice
        form.refuse(name, _("Please choose one."))
        return next(iter(self.choices))

    def typed(self, value: Any) -> Any:
        """A stored value as the form shows it."""
        return value * 100 if self.type is Type.PERCENT and value is not None else value

    def say(self, value: Any, names: Mapping[str, Mapping[str, str]]) -> str:
        """A stored value in words; `names` has the texts of what is offered by its id."""
        match self.type:
            case Type.TICK:
                return str(_("yes") if value else _("no"))
            case Type.PERCENT if value is not None:
                return str(format_percent(value))
            case Type.NUMBER | Type.WHOLE if value is not None:
                return str(format_decimal(value))
            case Type.CHOICE if value in self.choices:
                return str(self.choices[value])
            case Type.CHOICE if value is None and self.blank:
                return str(self.blank)
            case Type.WORDS if value:
                return words(value)
            case Type.OFFERED if value in names:
                return words(names[value])
        return "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A list of states or options: a row for each with its text and these fields, and a button for more rows.

    `label` numbers a row: "Expected %(number)s". `design` makes the part of the design from id, text and the fields'
    values; `belongs` says whether one of the criterion's parts stands in this list.
    """

    name: str
    label: Words
    more: Words
    empty: int
    part: str
    fields: tuple[Field, ...]
    design: Callable[..., StateDesign | OptionDesign]
    belongs: Callable[[Any], bool] = lambda part: True

    def blank(self) -> dict[str, Any]:
        """An empty row."""
        return {"id": "", **{each.name: each.start for each in self.fields}}

    def filled(self, part: State | Option) -> dict[str, Any]:
        values = {each.name: each.typed(getattr(part, each.name)) for each in self.fields}
        return {"id": part.id, "text": part.text, **values}

    def read(self, form: Form) -> list[StateDesign | OptionDesign]:
        """The rows that say something; an empty row is no row."""
        languages = g.project.languages
        designs = []
        for row in form.rows(self.name):
            text = form.words(f"{row}.text", languages)
            if not text:
                continue
            form.words(f"{row}.text", languages, required=True)
            values = {each.name: each.read(form, f"{row}.") for each in self.fields}
            identity: UUID | None = form.identity(f"{row}.id") if form.value(f"{row}.id") else None
            designs.append(self.design(id=identity, text=text, **values))
        return designs


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that stand together under a legend."""

    legend: Words
    items: tuple[Field | Rows, ...]
    hint: Words = ""
    after: Words = ""

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(each for each in self.items if isinstance(each, Field))

    @property
    def rows(self) -> tuple[Rows, ...]:
        return tuple(each for each in self.items if isinstance(each, Rows))
