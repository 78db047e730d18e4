"""What a person typed into a form: read as types, and kept to be shown again with what is wrong beside each field."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar
from uuid import UUID

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from checklists.checklist import Criterion, Section
from checklists.errors import DomainError, InvalidInput, NotFound
from checklists.journey import Barrier, Stage
from checklists.orm import LanguageMap, Owned
from inspector.problems import STATUS, in_words

LONGEST_LINE = 300
LONGEST_TEXT = 5_000

PageAnswer = ResponseReturnValue
"""What a page's view returns: a page, a page with a status, or a redirect."""

Row = TypeVar("Row", bound=Owned)
Chosen = TypeVar("Chosen", bound=StrEnum)

# A part finds its project through what it is a part of.
_WHOLE = {Stage: "journey", Barrier: "touchpoint", Section: "version", Criterion: "section"}


def of_project(session: Session, model: type[Row], identity: UUID) -> Row:
    """The row with this id in the project of the address. Raises NotFound for one of another project as for none."""
    row = session.get(model, identity)
    owner: Any = row
    while type(owner) in _WHOLE:
        owner = getattr(owner, _WHOLE[type(owner)])
    if row is None or owner.project_id != g.project.id:
        raise NotFound
    return row


class Form:
    """The fields of one form by name; a text in several languages has one field for each, `name.ru` and `name.en`.

    The readers note what is wrong with a field and return something harmless; `check()` raises when anything was noted.
    """

    def __init__(self, typed: MultiDict[str, str]) -> None:
        self.typed = typed
        self.wrong: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.refusal = ""
        self.status = 200

    @classmethod
    def sent(cls) -> "Form":
        return cls(request.form)

    @classmethod
    def showing(cls, **values: Any) -> "Form":
        """A form that nobody has touched yet, filled from what is stored."""
        return cls(MultiDict(fields_of(values)))

    def value(self, name: str) -> str:
        return self.typed.get(name, "")

    def chosen(self, name: str) -> list[str]:
        return self.typed.getlist(name)

    def label(self, name: str, label: object) -> str:
        """The label of a field, remembered for the summary of what is wrong."""
        self.labels[name] = str(label)
        return self.labels[name]

    def refuse(self, name: str, message: str) -> None:
        """Note what is wrong with a field; the first message stands."""
        self.wrong.setdefault(name, message)

    def check(self) -> None:
        """Raises InvalidInput with all that was noted."""
        if self.wrong:
            raise InvalidInput(self.wrong)

    def keep(self, error: DomainError) -> None:
        """Take a refusal over, to show the form again with it."""
        self.status = STATUS[type(error)]
        self.refusal = in_words(error)
        if isinstance(error, InvalidInput):
            self.wrong = {name: _(message) for name, message in error.fields.items()}

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_LINE) -> str:
        entered = self.value(name).replace("\r\n", "\n").replace("\0", "").strip()
        if required and not entered:
            self.refuse(name, _("Please fill this in."))
        if len(entered) > longest:
            self.refuse(name, _("At most %(count)s characters fit here.", count=longest))
        return entered

    def words(
        self, name: str, languages: Iterable[str], *, required: bool = False, longest: int = LONGEST_TEXT
    ) -> LanguageMap:
        """A text in the project's languages; the first one, the fallback, must be there where the text is required."""
        texts = {}
        for number, language in enumerate(languages):
            text = self.text(f"{name}.{language}", required=required and number == 0, longest=longest)
            if text:
                texts[language] = text
        return texts

    def number(
        self,
        name: str,
        *,
        least: float | None = None,
        most: float | None = None,
        required: bool = False,
    ) -> float | None:
        """A number with a point or a comma; None where the field is empty."""
        entered = (
            self.text(name, required=required).replace(",", ".").replace("\N{NO-BREAK SPACE}", "").replace(" ", "")
        )
        if not entered:
            return None
        try:
            number = float(entered)
        except ValueError:
            number = float("nan")
        if not isfinite(number):
            self.refuse(name, _("Please enter a number."))
            return None
        if least is not None and number < least:
            self.refuse(name, _("This must be at least %(least)s.", least=plain(least)))
        if most is not None and number > most:
            self.refuse(name, _("This must be at most %(most)s.", most=plain(most)))
        return number

    def whole(self, name: str, *, least: int, most: int) -> int:
        """A required whole number between `least` and `most`."""
        number = self.number(name, least=least, most=most, required=True)
        if number is None:
            return least
        if number != int(number):
            self.refuse(name, _("Please enter a whole number."))
        return int(number)

    def one_of(self, name: str, kind: type[Chosen]) -> Chosen:
        try:
            return kind(self.value(name))
        except ValueError:
            self.refuse(name, _("Please choose one."))
            return next(iter(kind))

    def identity(self, name: str) -> UUID | None:
        """The id that a list offered, or None, noted as wrong, where nothing was chosen."""
        try:
            return UUID(self.value(name))
        except ValueError:
            self.refuse(name, _("Please choose one."))
            return None

    def ticked(self, name: str) -> bool:
        return bool(self.value(name))

    def rows(self, name: str) -> list[str]:
        """The prefixes of the rows that were sent for `name`, in order: fields are called `states.0.text.ru`."""
        numbers = {int(key.split(".")[1]) for key in self.typed if key.startswith(f"{name}.") and _numbered(key)}
        return [f"{name}.{number}" for number in sorted(numbers)]

    def add_row(self, name: str, row: Mapping[str, Any]) -> None:
        """Another row at the end of those that were sent."""
        number = max((int(each.split(".")[1]) for each in self.rows(name)), default=-1) + 1
        self.typed = MultiDict([*self.typed.items(multi=True), *fields_of(row, f"{name}.{number}.")])


def _numbered(key: str) -> bool:
    return key.split(".")[1].isdecimal()


def fields_of(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Values as a form's fields: language maps by language, rows by number, yes as "on"."""
    fields: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        match value:
            case dict():
                fields += fields_of(value, f"{name}.")
            case list() if value and isinstance(value[0], dict):
                fields += [field for n, row in enumerate(value) for field in fields_of(row, f"{name}.{n}.")]
            case list():
                fields += [(name, str(each)) for each in value]
            case bool():
                fields += [(name, "on")] if value else []
            case float() | int():
                fields.append((name, plain(value)))
            case None:
                pass
            case _:
                fields.append((name, str(value)))
    return fields


def plain(number: float) -> str:
    """A number as one would type it: 2 and 0.5, never 2.0 or 1e-07."""
    return f"{number:.10f}".rstrip("0").rstrip(".")
