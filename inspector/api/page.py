"""The description of the API for programs and for people: /api/v1/openapi.json, and a page made of it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from flask import Flask, json, render_template, request
from flask.typing import ResponseReturnValue
from flask_smorest import Api

from inspector.api.description import METHODS, Json, describe_all
from inspector.auth import public


def install_page(app: Flask, api: Api) -> None:
    @cache
    def description() -> Json:
        return describe_all(app, api)

    @app.get("/api/v1/openapi.json")
    @public("the description of the API")
    def openapi() -> Json:
        return description()

    @app.get("/api/v1/")
    @public("the description of the API, to be read")
    def read_api() -> ResponseReturnValue:
        return render_template("api/page.html", chapters=chapters_of(description()), refusals=_refusals(description()))


def chapters_of(description: Json) -> list[Json]:
    """The operations by their tags, each as a reader wants to see it."""
    chapters = {each["name"]: {**each, "operations": []} for each in description["tags"]}
    for path, operations in description["paths"].items():
        for method in METHODS:
            if method in operations:
                operation = operations[method]
                chapter = chapters.setdefault(operation["tags"][0], {"name": operation["tags"][0], "operations": []})
                chapter["operations"].append(_told(method.upper(), path, operation, description["components"]))
    return [each for each in chapters.values() if each["operations"]]


def _told(method: str, path: str, operation: Json, components: Json) -> Json:
    bodies: Json = operation.get("requestBody", {}).get("content", {})
    media_type = next(iter(bodies), "")
    body: Json = bodies.get(media_type, {})
    parameters = [each for each in operation.get("parameters", ()) if isinstance(each, dict)]
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "public": not operation["security"],
        "roles": operation.get("x-roles", []),
        "scope": operation.get("x-scope"),
        "parameters": [{**each, "kind": _kind(each["schema"]), "description": _said(each)} for each in parameters],
        "fields": list(_fields(body.get("schema", {}), components["schemas"])),
        "answers": [
            {"status": status, **_answer(answer)}
            for status, answer in operation["responses"].items()
            if "$ref" not in answer
        ],
        "refusals": [status for status, answer in operation["responses"].items() if "$ref" in answer],
        "curl": _curl(method, path, operation, media_type, body, parameters),
    }


def _said(parameter: Json) -> str:
    return str(parameter.get("description") or parameter["schema"].get("description", ""))


def _answer(answer: Json) -> Json:
    content = answer.get("content", {}).get("application/json", {})
    example = json.dumps(content["example"], indent=2, ensure_ascii=False) if "example" in content else ""
    return {"description": answer["description"], "example": example}


def _fields(form: Json, schemas: Json, prefix: str = "", depth: int = 0) -> Iterator[Json]:
    """The fields of a body, those of its parts below them; what only the server tells is left out."""
    if "$ref" in form:
        form = schemas[form["$ref"].rsplit("/", 1)[-1]]
    for either in form.get("anyOf", ()):
        yield from _fields(either, schemas, prefix, depth)
    for name, field in form.get("properties", {}).items():
        if field.get("readOnly"):
            continue
        yield {
            "name": f"{prefix}{name}",
            "kind": _kind(field),
            "required": name in form.get("required", ()),
            "description": field.get("description", ""),
        }
        inner = field.get("items", field)
        parts = [inner, *inner.get("anyOf", ())]
        nested = next((each for each in parts if "$ref" in each), None)
        if nested and depth < 3:
            yield from _fields(nested, schemas, f"{prefix}{name}{'[]' if 'items' in field else ''}.", depth + 1)


def _kind(form: Json) -> str:
    """A field's form in a few signs."""
    if form.get("enum"):
        return " | ".join(str(each) for each in form["enum"] if each is not None)
    kinds = form.get("type", "object" if "$ref" in form or "anyOf" in form else "any")
    listed = [kinds] if isinstance(kinds, str) else [each for each in kinds if each != "null"]
    named = " | ".join(listed)
    if named == "array":
        named = f"{_kind(form.get('items', {}))}[]"
    limits = [f"{sign} {form[name]}" for name, sign in (("minimum", "≥"), ("maximum", "≤")) if name in form]
    return ", ".join([form.get("format", named), *limits])


def _curl(method: str, path: str, operation: Json, media_type: str, body: Json, parameters: list[Json]) -> str:
    """How to ask for it on a command line."""
    lines = [f"curl -X {method} {request.host_url.rstrip('/')}{path}"]
    if operation["security"]:
        token = {"token": []} in operation["security"]
        lines.append('-H "Authorization: Bearer $TOKEN"' if token else "-b cookies.txt -H 'Sec-Fetch-Site: none'")
    if any(each["name"] == "If-Match" for each in parameters):
        lines.append("-H 'If-Match: \"<ETag>\"'")
    if media_type:
        lines.append(f"-H 'Content-Type: {media_type}'")
    if media_type == "application/json":
        lines.append(f"-d '{json.dumps(body.get('example'), ensure_ascii=False)}'")
    elif media_type:
        lines.append("--data-binary @file")
    return " \\\n  ".join(lines)


def _refusals(description: Json) -> list[tuple[str, Any]]:
    responses = description["components"]["responses"]
    return [(name.removeprefix("Refused"), each["description"]) for name, each in responses.items()]
