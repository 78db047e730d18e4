"""Long lists, some at a time. A cursor says behind which item to go on, so that what is added meanwhile shifts nothing.

It stands in the body, is opaque to programs, and is worth nothing but for the list that gave it. No moments stand in
it: when a visit was received is nothing that a client may read out of a cursor.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, json
from marshmallow import Schema, ValidationError, fields

from checklists.errors import N_, InvalidInput
from inspector.api.fields import Body, Own, Part, Refusals, Several, refuse_unstorable

USUAL_LIMIT, HIGHEST_LIMIT = 50, 200
LONGEST_CURSOR, LONGEST_SEARCH = 500, 100
HIGHEST_NUMBER = 2**31 - 1
"""Of a column by which a list is ordered."""

Item = TypeVar("Item")
Place = tuple[Any, ...]
"""What a list is ordered by, of one item: ids, numbers and texts."""


class Limit(Own, fields.Integer):
    """How many items at most."""

    default_error_messages: Refusals = {"invalid": N_("Please enter a whole number.")}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        number = super()._deserialize(value, attr, data, **more)
        if not 1 <= number <= HIGHEST_LIMIT:
            raise self.make_error("invalid")
        return int(number)

    @property
    def described(self) -> dict[str, Any]:
        return {"minimum": 1, "maximum": HIGHEST_LIMIT, "default": USUAL_LIMIT}


class Search(Own, fields.String):
    """Words to look for."""

    default_error_messages: Refusals = {"invalid": N_("Please enter a text.")}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        text = super()._deserialize(value, attr, data, **more)
        refuse_unstorable(text)
        if len(text) > LONGEST_SEARCH:
            raise ValidationError(N_("These words are too long to look for."))
        return text.strip()

    @property
    def described(self) -> dict[str, Any]:
        return {"maxLength": LONGEST_SEARCH}


class Asked(Own, fields.Boolean):
    """Yes or no in an address."""

    default_error_messages: Refusals = {"invalid": N_("Please say true or false.")}  # noqa: RUF012
    truthy, falsy = {"true"}, {"false"}


class Cursor(Own, fields.Field[Place]):
    """Where to go on: what `next` of the page before said."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Place:
        try:
            if len(value) > LONGEST_CURSOR:
                raise ValueError(value)
            told = json.loads(base64.b64decode(value.encode(), altchars=b"-_", validate=True))
            if not isinstance(told, list) or not told:
                raise ValueError(told)
            return tuple(_READERS[kind](each) for kind, each in told)
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            raise ValidationError(N_("This cursor is not one of this list.")) from None

    @property
    def described(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": LONGEST_CURSOR}


class Paged(Body):
    """What every list can be asked."""

    cursor = Cursor("Go on behind the last item of an earlier page: its `next`.", load_default=None)
    limit = Limit("How many items at most.", load_default=USUAL_LIMIT)


def page_of(schema: type[Schema]) -> type[Schema]:
    """The form of one page of such items."""
    items = Several(Part(schema), "The items of this page, in the order of the list.", required=True, dump_only=True)
    further = fields.String(
        required=True,
        dump_only=True,
        allow_none=True,
        metadata={"description": "The cursor of the next page, or null where this is the last one."},
    )
    return type(f"{schema.__name__}Page", (Body,), {"items": items, "next": further})


def paged(
    schema: type[Schema],
    found: Sequence[Any],
    limit: int,
    place: Callable[[Any], Place],
    told: Callable[[Any], Any] = lambda each: each,
) -> Response:
    """One page as an answer. `found` has one item more than `limit` where the list goes on; `place` is what it is
    ordered by, `told` what the schema gets of an item.
    """
    shown = found[:limit]
    content = {
        "items": schema(many=True).dump([told(each) for each in shown]),
        "next": cursor_of(place(shown[-1])) if len(found) > limit else None,
    }
    response = Response(json.dumps(content), content_type="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def cursor_of(place: Place) -> str:
    told = json.dumps([(_KINDS[type(each)], str(each)) for each in place], separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode()


_KINDS: dict[type, str] = {UUID: "i", int: "n", bool: "n", str: "s"}
_READERS: dict[str, Callable[[str], Any]] = {
    "i": UUID,
    "n": lambda text: int(text) if text not in ("True", "False") else text == "True",
    "s": str,
}


def behind(items: Iterable[Item], cursor: Place | None, limit: int, place: Callable[[Item], Place]) -> list[Item]:
    """The items of a whole list in memory that come behind the cursor, one more than `limit`; the list is in the order
    of `place`. Raises InvalidInput for a cursor of another list.
    """
    try:
        found = [each for each in items if cursor is None or place(each) > cursor]
    except TypeError:
        raise InvalidInput({"cursor": N_("This cursor is not one of this list.")}) from None
    return found[: limit + 1]


def cursor_as(cursor: Place | None, *kinds: type) -> Any:
    """The cursor, known to have these types. Raises InvalidInput for one of another list."""
    if cursor is not None and (
        [type(each) for each in cursor] != list(kinds)
        or any(isinstance(each, int) and abs(each) > HIGHEST_NUMBER for each in cursor)
    ):
        raise InvalidInput({"cursor": N_("This cursor is not one of this list.")})
    return cursor
