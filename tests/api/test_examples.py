"""The description itself, and each of its examples: tried on a world that has what they name, and compared with what
the description says of the answer.
"""

import copy
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from PIL import Image
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from checklists.orm import ScopedSession, connect, unscoped
from inspector import create_app
from inspector.settings import Settings
from tests.api.world import ApiClient, World, make_world
from tests.databases import Databases
from tests.phone_files import entries_of, zipped
from tests.servers import server_environment

METHODS = ("get", "post", "put", "patch", "delete")
# Of what else than usual an operation wants to be tried.
MEANT: dict[str, dict[str, str]] = {
    "checklists_change": {"version": "draft"},
    "checklists_publish_version": {"version": "draft"},
    "checklists_compare": {"version": "draft"},
    "checklists_draft_anew": {"version": "other_version"},
    "journeys_remove_journey": {"journey": "empty_journey"},
    "journeys_remove_stage": {"stage": "empty_stage"},
    "journeys_remove_touchpoint": {"touchpoint": "unused_touchpoint"},
    "brands_remove": {"brand": "empty_brand"},
    "visits_reopen_visit": {"visit": "approved"},
    "visits_place_visit": {"visit": "held"},
    "people_invite_again": {"user": "newcomer"},
    "held_show": {"visit": "held"},
}


@pytest.fixture(scope="module")
def template(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, World]]:
    """A database file with a world in it, to be copied for each example that changes something."""
    url = databases.fresh("sqlite")
    engine = connect(url)
    with ScopedSession(engine, unscoped("a test makes its world")) as session:
        world = make_world(session)
        session.commit()
        session.expunge_all()
    engine.dispose()  # The last one to leave puts the write-ahead log into the file.
    world.ids |= {"approved": world.approved, "held": world.held}
    yield Path(url.removeprefix("sqlite:///")), world
    databases.drop(url)


@pytest.fixture(scope="module")
def app(template: tuple[Path, World], tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("world")
    shutil.copyfile(template[0], folder / "world.db")
    url = f"sqlite:///{folder / 'world.db'}"
    return create_app(Settings.from_environment(server_environment(url, folder / "data")))


def begin_anew(app: Flask, template: Path) -> None:
    """Put the world back as it was made."""
    engine = app.extensions["writers"]
    engine.dispose()
    for left in Path(engine.url.database).parent.glob("world.db*"):
        left.unlink()
    shutil.copyfile(template, engine.url.database)


@pytest.fixture(scope="module")
def description(app: Flask) -> dict[str, Any]:
    told: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").json
    return told


def operations_of(description: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operations[method])
        for path, operations in description["paths"].items()
        for method in METHODS
        if method in operations
    ]


def test_the_description_is_openapi_3_1(description: dict[str, Any]) -> None:
    assert description["openapi"] == "3.1.0"
    OPENAPI_31_VALIDATOR.validate(description)
    ids = [each["operationId"] for _method, _path, each in operations_of(description)]
    assert len(ids) == len(set(ids)) > 80
    assert not [name for name in description["components"]["schemas"] if name[-1].isdigit()], "two schemas of one name"


def test_every_operation_says_who_may_use_it_and_how_it_says_no(description: dict[str, Any]) -> None:
    for method, path, operation in operations_of(description):
        assert operation.get("summary"), (method, path)
        assert "security" in operation, (method, path)
        if operation["security"]:
            assert operation["x-roles"], (method, path)
            assert {"401", "403"} <= set(operation["responses"]), (method, path)


def test_documented_examples_have_the_form_that_is_described(description: dict[str, Any]) -> None:
    tried = 0
    for method, path, operation in operations_of(description):
        contents = [operation.get("requestBody", {}).get("content", {}).get("application/json", {})]
        contents += [each.get("content", {}).get("application/json", {}) for each in operation["responses"].values()]
        for number, content in enumerate(contents):
            if "example" in content:
                check(content["schema"], content["example"], description, f"{method} {path}", asked=number == 0)
                tried += 1
    assert tried > 100


def check(form: Any, value: Any, description: dict[str, Any], place: str, *, asked: bool = False) -> None:
    """Fails with what is wrong. Of what is asked, the fields that only the server tells may be absent."""
    components = copy.deepcopy(description["components"])
    for schema in components["schemas"].values() if asked else ():
        told = {name for name, each in schema.get("properties", {}).items() if each.get("readOnly")}
        schema["required"] = [name for name in schema.get("required", ()) if name not in told]
    whole = {**form, "components": components}
    faults = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]
    assert not faults, (place, faults[:3])


def test_every_example_does_what_is_described(
    template: tuple[Path, World], app: Flask, description: dict[str, Any]
) -> None:
    file, world = template
    tried, failures = 0, []
    for method, path, operation in operations_of(description):
        if not operation.get("x-scope") and operation["tags"][0] not in ("Tokens", "One's own account"):
            continue
        if operation["tags"] == ["Photos and pictures"]:
            continue  # Their bytes are tried in tests of their own.
        client = ApiClient.with_token(app, world.token)
        if not operation["x-scope"]:
            client = ApiClient.of(app, world.audit.owner)
        answer = _ask(client, world, method, path, operation)
        wanted = next(status for status in sorted(operation["responses"]) if status.startswith("2"))
        if str(answer.status_code) != wanted:
            failures.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            continue
        answer.get_data()  # An export is made while it is read.
        form = operation["responses"][wanted].get("content", {}).get("application/json", {}).get("schema")
        if form:
            check(form, answer.json, description, f"{method} {path}")
        if "Location" in answer.headers:
            made = client.get(answer.headers["Location"].removeprefix("/api/v1"))
            assert made.json == answer.json, path
            assert made.headers["ETag"] == answer.headers["ETag"], path
        tried += 1
        if method != "get":
            begin_anew(app, file)
    assert not failures, "\n".join(failures)
    assert tried > 75


def _ask(client: ApiClient, world: World, method: str, path: str, operation: dict[str, Any]) -> Any:
    meant = MEANT.get(operation["operationId"], {})

    def identity(match: re.Match[str]) -> str:
        noun = match[1].removesuffix("_id")
        return str(world.ids[meant.get(noun, noun)])

    address = path.removeprefix("/api/v1")
    if "sha256" in address:
        sealed = client.get(f"/visits/{world.ids['visit']}").json["sealed_reports"][0]
        address = address.replace("{sha256}", sealed["sha256"])
    address = re.sub(r"\{(\w+)\}", identity, address)
    more: dict[str, Any] = {}
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if media_type == "application/json":
            more = {"json": json.loads(world.with_real_ids(json.dumps(content["example"])))}
        elif media_type == "text/csv":
            more = {"data": content["example"], "content_type": media_type}
        elif media_type == "image/png":
            more = {"data": a_picture(), "content_type": media_type}
        elif media_type == "application/zip":
            more = {"data": zipped(entries_of(world.audit.inspectors[0])), "content_type": media_type}
    asked = {each["name"]: each["schema"] for each in operation.get("parameters", ())}
    query = {
        name: world.with_real_ids(str(form["examples"][0]))
        for name, form in asked.items()
        if form.get("examples") and name not in ("If-Match", "since")
    }
    if "If-Match" in asked:
        thing = address.rsplit("/", 1)[0] if method == "put" and not path.endswith("}") else address
        read = client.get(thing)
        more["tag"] = read.headers["ETag"]
    return client.ask(method.upper(), address, query_string=query, **more)


def a_picture() -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(body, "PNG")
    return body.getvalue()
