"""Tags of what was read, against lost updates: who changes a thing says which state of it they have seen."""

import hashlib
from collections.abc import Collection
from typing import Any

from flask import Response, json, request
from marshmallow import Schema

from checklists.errors import ChangedMeanwhile, TagRequired


def tagged(
    schema: type[Schema], thing: Any, status: int = 200, *, location: str = "", meant: Collection[str] = ()
) -> Response:
    """The thing as an answer with its tag; 304 where the asker has it already.

    `meant` names the fields that people change, where others change by themselves.
    """
    content = schema().dump(thing)
    response = Response(json.dumps(content), status, content_type="application/json")
    response.set_etag(_tag_of(content, meant))
    response.headers["Cache-Control"] = "private, no-cache"
    if location:
        response.headers["Location"] = location
    if request.method == "GET":
        response.make_conditional(request)
    return response


def refuse_if_changed(schema: type[Schema], thing: Any, meant: Collection[str] = ()) -> None:
    """Called in the transaction of a change, with the thing locked and as it is now; `meant` as the thing was told.

    Raises TagRequired where the request does not say which state it means, ChangedMeanwhile where it is another one.
    """
    if "If-Match" not in request.headers:
        raise TagRequired
    now = _tag_of(schema().dump(thing), meant)
    if not request.if_match.star_tag and _said(now) not in map(_said, request.if_match.as_set()):
        raise ChangedMeanwhile


def _tag_of(content: Any, meant: Collection[str]) -> str:
    """The tag of a thing: a hash of the JSON in which it is told, behind one of what people change in it.

    The whole tag says whether there is anything new to read; its first part, what somebody who changes it has seen.
    """
    whole = _hash_of(content)
    return f"{_hash_of({name: content[name] for name in meant})}.{whole}" if meant else whole


def _said(tag: str) -> str:
    return tag.partition(".")[0]


def _hash_of(content: Any) -> str:
    told = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()[:32]
