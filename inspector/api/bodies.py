"""How a request is read: its JSON and its parameters against their schemas, and what is wrong as JSON pointers."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import json, request
from marshmallow import Schema, ValidationError

from checklists.errors import InvalidInput, UnreadableBody

LARGEST_BODY = 2 * 1024 * 1024
MOST_FAULTS = 50
"""How many faults are told at once: nobody reads more, and a body can have a million."""


def read_json() -> Any:
    """The request's body. Raises UnreadableBody; what is over the limit the server itself refuses as too large."""
    request.max_content_length = LARGEST_BODY
    body = request.get_data(cache=False)
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnreadableBody from None


def device_id_asked() -> str:
    """The phone that an address names; what no database stores as a text is none."""
    return request.args.get("device_id", "").replace("\0", "")


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and infinities are no JSON")


def read_as(schema: Schema, data: Any) -> Any:
    """What was sent as the schema has it. Raises InvalidInput with a pointer for each fault."""
    try:
        return schema.load(data)
    except ValidationError as error:
        raise InvalidInput(faults_of(error.messages)) from None
    except (RecursionError, OverflowError):
        raise UnreadableBody from None


def faults_of(messages: Any) -> dict[str, str]:
    """The faults by place, as a JSON pointer has it without its first slash: {"sections/0/title": "…"}."""
    found = {}
    for place, message in _walk(messages, ()):
        found["/".join(place)] = message
        if len(found) == MOST_FAULTS:
            break
    return found


def _walk(messages: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            # A pointer writes these two signs otherwise; and what somebody sent as a name may be of any length.
            step = () if name == "_schema" else (str(name)[:100].replace("~", "~0").replace("/", "~1"),)
            yield from _walk(inner, place + step)
    elif isinstance(messages, (list, tuple)):
        if messages:
            yield place, str(messages[0])
    else:
        yield place, str(messages)
