"""How an operation of the API is written: what it takes, what it answers, and that this is also what its description
says.

    operations = Operations("waves", "Waves")

    @operations.route("/waves/<uuid:wave_id>", methods=["PUT"])
    @operations.body(WaveSchema)
    @operations.answers(200, WaveSchema, "The wave as it is now")
    @operations.needs_tag
    @roles(*MANAGERS, scope=TokenScope.SETUP_WRITE)
    def change(design: Json, wave_id: UUID) -> Response: ...

Ids of the address are looked up before the view runs (reach.py), so that what is out of reach is 404 whatever is sent.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import wraps
from typing import Any, TypeVar

from flask import Response, json, request
from flask_smorest import Blueprint
from marshmallow import Schema

from inspector.api.bodies import read_as, read_json
from inspector.api.reach import find_place

View = TypeVar("View", bound=Callable[..., Any])
Json = dict[str, Any]

IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The `ETag` with which the thing was read last, or `*` to overwrite whatever there is.",
    "schema": {"type": "string", "examples": ["*"]},
}


class Operations(Blueprint):
    """The operations on one kind of thing; `title` is the heading under which a reader finds them."""

    def __init__(self, name: str, title: str, description: str = "") -> None:
        super().__init__(f"api_{name}", __name__, url_prefix="/api/v1", description=description)
        self.title = title
        self.before_request(find_place)

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        register: Callable[[View], View] = super().route(rule, tags=[self.title], **options)
        return register

    def body(
        self, schema: type[Schema], *, partial: bool = False, example: Json | None = None
    ) -> Callable[[View], View]:
        """The view gets the JSON body as its first argument; with `partial`, any part of it.

        `example` stands in the description, and is tried by a test; without one it is made from the fields' own.
        """
        made = schema(partial=partial)
        content: Json = {"schema": schema(partial=True) if partial else schema}
        if example is not None:
            content["example"] = example
        described = self.doc(requestBody={"required": True, "content": {"application/json": content}})

        def decorate(view: View) -> View:
            @wraps(view)
            def run(**arguments: Any) -> Any:
                return view(read_as(made, read_json()), **arguments)

            documented: View = described(run)
            return documented

        return decorate

    def query(self, schema: type[Schema]) -> Callable[[View], View]:
        """The view gets what the address asks as its first argument."""

        def decorate(view: View) -> View:
            @wraps(view)
            def run(**arguments: Any) -> Any:
                return view(read_as(schema(), request.args.to_dict()), **arguments)

            run._apidoc = deepcopy(getattr(run, "_apidoc", {}))  # type: ignore[attr-defined]  # smorest keeps it there.
            run._apidoc.setdefault("arguments", {})["parameters"] = [{"in": "query", "schema": schema}]  # type: ignore[attr-defined]  # flask-smorest keeps it on the function.
            return run  # type: ignore[return-value]  # It is the view, wrapped.

        return decorate

    def answers(
        self, status: int, schema: type[Schema] | Mapping[str, Any] | None, description: str, media_type: str = ""
    ) -> Callable[[View], View]:
        """What is answered when it was done."""
        more: Json = {"content_type": media_type} if media_type else {}
        documented: Callable[[View], View] = super().alt_response(
            status, schema=schema, description=description, success=True, **more
        )
        return documented

    def needs_tag(self, view: View) -> View:
        """It is done only to the state that the asker has seen; the view calls `refuse_if_changed`."""
        documented: View = self.doc(parameters=[IF_MATCH])(view)
        return documented


def told(content: Any, status: int = 200) -> Response:
    """JSON as an answer that nobody on the way keeps."""
    response = Response(json.dumps(content), status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def nothing_more() -> Response:
    return Response(status=204)
