"""Tags of what was read, against lost updates: who changes a thing says which state of it they have seen."""

import hashlib
from typing import Any

from flask import Response, json, request
from marshmallow import Schema

from checklists.errors import ChangedMeanwhile, TagRequired


def tag_of(content: Any) -> str:
    """The tag of a thing: a hash of the JSON in which it is told."""
    told = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def tagged(schema: type[Schema], thing: Any, status: int = 200, *, location: str = "") -> Response:
    """The thing as an answer with its tag; 304 where the asker has it already."""
    content = schema().dump(thing)
    response = Response(json.dumps(content), status, content_type="application/json")
    response.set_etag(tag_of(content))
    response.headers["Cache-Control"] = "private, no-cache"
    if location:
        response.headers["Location"] = location
    if request.method == "GET":
        response.make_conditional(request)
    return response


def refuse_if_changed(schema: type[Schema], thing: Any) -> None:
    """Called in the transaction of a change, with the thing locked and as it is now.

    Raises TagRequired where the request does not say which state it means, ChangedMeanwhile where it is another one.
    """
    if "If-Match" not in request.headers:
        raise TagRequired
    if not request.if_match.contains(tag_of(schema().dump(thing))):
        raise ChangedMeanwhile
