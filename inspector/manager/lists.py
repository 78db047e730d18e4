"""Lists that are searched, filtered, sorted and paged by their address, so that it can be shared and goes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from flask import request, url_for
from sqlalchemy.orm import Session

from checklists.errors import NotFound
from checklists.orm import Owned
from inspector.manager.forms import Form, of_project

LONGEST_SEARCH = 100
LAST_PAGE = 1_000_000
"""Further than any list goes, and within what a database counts."""

Row = TypeVar("Row", bound=Owned)
Choice = TypeVar("Choice", bound=StrEnum)
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Listing:
    """What the address of a list asks for: the words to look for, the column to sort by, the page from 1, the filters.

    `chips` has the filters that are on: the parameter's name with the words for its value.
    """

    words: str
    order: str
    descending: bool
    default: str
    page: int
    chips: Mapping[str, str]
    form: Form = field(default_factory=lambda: Form(request.args))

    @classmethod
    def asked(
        cls, orders: type[StrEnum] | Sequence[str], default: str, chips: Mapping[str, str] | None = None
    ) -> "Listing":
        """`orders` can be sorted by; one with a minus before it, as `default` may have, is sorted downwards.

        What cannot be understood is the default, or the first page: the address may be old, or typed by hand.
        """
        sort = request.args.get("sort", default)
        if sort.removeprefix("-") not in list(orders):
            sort = default
        page = request.args.get("page", "1")
        return cls(
            words=request.args.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH],
            order=sort.removeprefix("-"),
            descending=sort.startswith("-"),
            default=default,
            page=min(max(int(page), 1), LAST_PAGE) if page.isdecimal() and len(page) < 9 else 1,
            chips={name: words for name, words in (chips or {}).items() if words},
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.words or self.chips)

    def address(self, **changes: str | None) -> str:
        """This list with some parameters changed, or left out with None, from its first page on."""
        asked = {"q": self.words, "sort": "" if self._sort == self.default else self._sort}
        asked |= {name: request.args[name] for name in self.chips}
        return _address({**asked, **changes})

    def sorted_by(self, order: str) -> str:
        """The list sorted by this column; turned round where it is sorted by it already."""
        sort = f"-{order}" if order == self.order and not self.descending else order
        return self.address(sort=None if sort == self.default else sort)

    def on_page(self, page: int) -> str:
        return self.address(page=None if page == 1 else str(page))

    def hidden(self, shown: Sequence[str]) -> dict[str, str]:
        """What a form that shows only some of the filters has to send beside them."""
        kept = {name: request.args[name] for name in self.chips if name not in shown}
        return kept if self._sort == self.default else kept | {"sort": self._sort}

    def cut(self, items: Sequence[Item], size: int) -> Sequence[Item]:
        """The items of this page, from a list in memory."""
        return items[(self.page - 1) * size : self.page * size]

    @property
    def _sort(self) -> str:
        return f"-{self.order}" if self.descending else self.order


def _address(asked: Mapping[str, str | None]) -> str:
    assert request.endpoint is not None
    values: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for(request.endpoint, **values)


def row_asked(session: Session, model: type[Row], name: str) -> Row | None:
    """The row that a filter of the address names, or None. Raises NotFound for one of another project."""
    identity = identity_asked(name)
    return of_project(session, model, identity) if identity else None


def one_asked(names: Mapping[UUID, str], name: str) -> tuple[UUID | None, str]:
    """The one of `names` that a filter of the address asks for, its id and what it is called; (None, "") where it asks
    for none. Raises NotFound for one that is not among them.
    """
    identity = identity_asked(name)
    if identity and identity not in names:
        raise NotFound
    return identity, names[identity] if identity else ""


def identity_asked(name: str) -> UUID | None:
    """The id that a filter of the address names, or None. Raises NotFound for what is no id."""
    value = request.args.get(name)
    try:
        return UUID(value) if value else None
    except ValueError:
        raise NotFound from None


def choice_asked(kind: type[Choice], name: str) -> Choice | None:
    """The choice that a filter of the address names, or None. Raises NotFound for one that does not exist."""
    value = request.args.get(name)
    try:
        return kind(value) if value else None
    except ValueError:
        raise NotFound from None
