"""The description of the API, OpenAPI 3.1: what the operations say of themselves, completed with what is the same for
all of them - who may use them, how they say no, and examples.
"""

import re
from collections.abc import Iterator
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest import Api
from marshmallow import Schema

from checklists.accounts import TokenScope
from checklists.people import Role
from inspector.api.fields import describe
from inspector.api.operations import Operations
from inspector.auth import Access, access_of
from inspector.problems import STATUS

Json = dict[str, Any]

METHODS = ("get", "head", "post", "put", "patch", "delete")
INTRODUCTION = """\
All that the pages can do, as JSON. Times are in UTC with their offset, ids are UUIDs, texts in several languages are
objects by language.

Log in as a person with a cookie (`POST /api/v1/session`), or send `Authorization: Bearer <token>`: a token is made for
some purposes and reaches no further than the person who made it.

Lists come in pages: `{"items": […], "next": "…"}`; send `next` back as `cursor` until it is null. What is added
meanwhile shifts nothing.

Single things come with an `ETag`. Who changes one sends it back as `If-Match`: 412 says that somebody else was
quicker, 428 that the header is missing. A tag still fits while only that changed which changes by itself, such as the
photos of a visit, which arrive and are looked at later. What is told only (`readOnly`) may be sent back as it was read.

Errors are `application/problem+json` (RFC 9457). Their `type` is stable, `detail` is for people, in their language;
`errors` points to each field that is wrong. What you may not see is 404, like what does not exist.
"""
PROBLEM: Json = {
    "type": "object",
    "description": "Why something could not be done, as RFC 9457 has it.",
    "properties": {
        "type": {"type": "string", "description": "Which refusal it is; stable.", "examples": ["/problems/NotFound"]},
        "title": {"type": "string", "examples": ["NotFound"]},
        "status": {"type": "integer", "examples": [404]},
        "detail": {"type": "string", "description": "In words, in the asker's language."},
        "instance": {"type": "string", "description": "The address that was asked."},
        "request_id": {"type": "string", "description": "By which the log of the service knows this request."},
        "errors": {
            "type": "array",
            "description": "What is wrong where, of a body or an address.",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "examples": ["/sections/0/title"]},
                    "detail": {"type": "string"},
                },
                "required": ["pointer", "detail"],
                "additionalProperties": False,
            },
        },
        "missing_photos": {
            "type": "array",
            "description": "Of a report that is kept beside another one: its photos that have not come yet.",
            "items": {"type": "string", "format": "uuid"},
        },
    },
    "required": ["type", "title", "status", "detail", "instance"],
    "additionalProperties": False,
}
REFUSALS = {
    400: "The body is no JSON.",
    401: "Nobody is logged in, or the token lets nobody in.",
    403: "The role does not allow this, or the token was not made for it.",
    404: "There is nothing here that the asker reaches.",
    409: "It cannot be done to what stands there now.",
    410: "It was there, and is no more.",
    412: "Somebody changed it since it was read.",
    413: "More than is taken in.",
    416: "No byte lies in the range that was asked for.",
    422: "Something in the body or the address cannot be used; `errors` says what.",
    423: "The same is being written at this moment; try again.",
    428: "The header If-Match is missing.",
    429: "Too many attempts.",
    503: "A part of the service is away; try again.",
}
# What operations with a way of their own can answer beyond what all of their kind can.
FURTHER = {
    ("put", "/api/v1/visits/{visit_id}"): (400, 409, 410, 413, 423, 503),
    ("put", "/api/v1/photos/{photo_id}"): (413, 422, 423, 503),
    ("patch", "/api/v1/photos/{photo_id}"): (409, 410, 413, 422, 423, 503),
    ("head", "/api/v1/photos/{photo_id}"): (410, 413, 423, 503),
    ("get", "/api/v1/photos/{photo_id}"): (410, 416, 503),
    ("put", "/api/v1/phone/drafts/{visit_id}/photos/{photo_id}"): (409, 410, 413, 422, 423, 503),
    ("patch", "/api/v1/phone/drafts/{visit_id}/photos/{photo_id}"): (409, 410, 413, 422, 423, 503),
    ("head", "/api/v1/phone/drafts/{visit_id}/photos/{photo_id}"): (409, 410, 413, 423, 503),
    ("get", "/api/v1/pictures/{picture_id}"): (503,),
    ("post", "/api/v1/session"): (401, 422, 429, 503),
    ("put", "/api/v1/profile/password"): (400, 409, 413, 422, 429, 503),
}
# What the phone's own operations do not say of themselves.
TITLES = {
    "session": "Logging in",
    "phone": "The phone's own",
    "delivery": "The phone's own",
    "photos": "Photos and pictures",
    "pictures": "Photos and pictures",
}
SUMMARIES = {
    "session_log_in": "Log in, with a password or a code. The answer sets a cookie.",
    "session_make_code": "A code to log in with on another device: once, within five minutes. The one before ends.",
    "session_show": "Who is logged in.",
    "session_show_visitor": "Who is logged in, or null where nobody is.",
    "session_log_out": "Log out.",
}
EXAMPLES: dict[str, Json] = {
    "Photo": {
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "media_type": "image/jpeg",
    },
    "Contact": {"device_id": "7f3c0a52-phone"},
    "Copy": {"device_id": "7f3c0a52-phone"},
    "LoginByCode": {"code": "7KMQ-X2PA"},
    "Code": {"code": "7KMQX2PA"},
    "Login": {"email": "marina@example.org", "password": "a long walk to the shop"},
}
_ID = re.compile(r"\{\w+\}")


def make_api(app: Flask) -> Api:
    """The library's part: blueprints are registered with it, and it collects what they say."""
    app.config.update(API_TITLE="Service audit", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    plugin = MarshmallowPlugin(schema_name_resolver=_name_of)
    api = Api(app, spec_kwargs={"marshmallow_plugin": plugin, "info": {"description": INTRODUCTION}})
    assert plugin.converter is not None
    plugin.converter.add_attribute_function(describe)  # type: ignore[no-untyped-call]  # apispec leaves it untyped.
    return api


def _name_of(schema: Any) -> str:
    """What a schema is called in the description: WaveSchema is Wave, and what changes a part of one WaveChange."""
    kind = schema if isinstance(schema, type) else type(schema)
    name = kind.__name__.replace("Schema", "")
    return f"{name}Change" if isinstance(schema, Schema) and schema.partial else name


def describe_all(app: Flask, api: Api) -> Json:
    """The whole description. It is the same for everybody and for the life of the process."""
    description: Json = api.spec.to_dict()
    parts = description.setdefault("components", {})
    parts.pop("headers", None)
    for unused in ("Error", "PaginationMetadata"):
        parts["schemas"].pop(unused, None)
    parts["responses"] = {_refusal(status): _refused(status) for status in REFUSALS}
    parts["schemas"]["Problem"] = PROBLEM
    parts["securitySchemes"] = {
        "login": {"type": "apiKey", "in": "cookie", "name": "audit", "description": "The cookie of a login."},
        "token": {"type": "http", "scheme": "bearer", "description": "A token for an integration."},
    }
    for name, examples in EXAMPLES.items():
        for field, example in examples.items():
            parts["schemas"][name]["properties"][field]["examples"] = [example]
    _write_patterns_as_others_do(parts["schemas"])
    for endpoint, method, path, operation in _operations(app, description):
        access = access_of(app, endpoint, method.upper())
        assert access is not None
        _complete(operation, method, path, access)
        operation["operationId"] = endpoint.removeprefix("api_").replace(".", "_")
        operation["tags"] = [TITLES.get(each, each) for each in operation["tags"]]
        operation.setdefault("summary", SUMMARIES.get(operation["operationId"], ""))
        _give_examples(operation, parts["schemas"])
    description["tags"] = [
        {"name": blueprint.title, "description": blueprint.description}
        for blueprint in app.blueprints.values()
        if isinstance(blueprint, Operations)
    ] + [{"name": title} for title in dict.fromkeys(TITLES.values())]
    return description


def _write_patterns_as_others_do(part: Any) -> None:
    """The end of a text is `\\Z` to Python alone."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            part["pattern"] = part["pattern"].replace("\\Z", "$")
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        _write_patterns_as_others_do(inner)


def _operations(app: Flask, description: Json) -> Iterator[tuple[str, str, str, Json]]:
    """Each operation with its endpoint, method and path."""
    endpoints = {
        (method.lower(), re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - ({"HEAD"} if "GET" in (rule.methods or ()) else set())
    }
    for path, operations in description["paths"].items():
        for method in METHODS:
            if method in operations:
                yield endpoints[method, path], method, path, operations[method]


def _complete(operation: Json, method: str, path: str, access: Access) -> None:
    """Who may use the operation, and how it says no."""
    operation["responses"].pop("default", None)
    operation["security"] = [] if access.public else [{"login": []}] + ([{"token": []}] if access.scope else [])
    if not access.public:
        operation["x-roles"] = [role.value for role in Role if role in access.roles]
        operation["x-scope"] = access.scope and TokenScope(access.scope).value
    asked = {each["name"] for each in operation.get("parameters", ()) if isinstance(each, dict)}
    statuses = set(FURTHER.get((method, path), ()))
    if not access.public:
        statuses |= {401, 403}
    if method not in ("get", "head"):
        statuses |= {403, 423}
    if _ID.search(path) or asked or "requestBody" in operation:
        statuses.add(404)
    if (method, path) not in FURTHER:
        statuses |= {422} if asked else set()
        statuses |= {400, 409, 413, 422} if "requestBody" in operation else set()
        statuses |= {409, 422} if method not in ("get", "head") else set()
    if "If-Match" in asked:
        statuses |= {412, 428}
    if method == "get" and _ID.search(path) and "200" in operation["responses"] and not asked:
        operation["responses"].setdefault("304", {"description": "Nothing changed since."})
    for status in sorted(statuses):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{_refusal(status)}"}


def _refusal(status: int) -> str:
    return f"Refused{status}"


def _refused(status: int) -> Json:
    kinds = sorted(kind.__name__ for kind, own in STATUS.items() if own == status)
    listed = ", ".join(f"`{kind}`" for kind in kinds)
    return {
        "description": f"{REFUSALS[status]} Types: {listed}." if listed else REFUSALS[status],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _give_examples(operation: Json, schemas: Json) -> None:
    """Put an example beside each body that has none, made of those of the single fields."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None:
        body.setdefault("example", example_of(body["schema"], schemas, asked=True))
    for answer in operation["responses"].values():
        content = answer.get("content", {}).get("application/json")
        if content is not None and content.get("schema"):
            content.setdefault("example", example_of(content["schema"], schemas))


def example_of(form: Json, schemas: Json, *, asked: bool = False) -> Any:
    """An example of what a JSON schema describes; what only the server tells is left out of what is `asked`."""
    if "$ref" in form:
        return example_of(schemas[form["$ref"].rsplit("/", 1)[-1]], schemas, asked=asked)
    for known in ("examples", "enum"):
        if form.get(known):
            return form[known][0]
    if "example" in form:
        return form["example"]
    if form.get("anyOf"):
        return example_of(form["anyOf"][0], schemas, asked=asked)
    kinds = form.get("type", "string")
    match kinds if isinstance(kinds, str) else kinds[0]:
        case "object":
            return {
                name: example_of(inner, schemas, asked=asked)
                for name, inner in form.get("properties", {}).items()
                if not (asked and inner.get("readOnly"))
            }
        case "array":
            return [example_of(form["items"], schemas, asked=asked)] if form.get("items") else []
        case "integer" | "number":
            return form.get("minimum", 1)
        case "boolean":
            return False
    return "…"
