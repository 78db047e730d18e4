"""What only the API has to keep: tags against lost updates, cursors under inserts, foreign ids wherever they stand."""

import json
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from checklists.orm import ScopedSession, new_id
from inspector.api.fields import EXAMPLE_IDS
from tests.api.world import ApiClient, World, make_world
from tests.factories import make_outlet

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def stranger(session: ScopedSession, world: World) -> World:
    made = make_world(session, "stranger")
    session.commit()
    return made


def described(app: Flask) -> list[tuple[str, str, dict[str, Any]]]:
    paths = app.test_client().get("/api/v1/openapi.json").json["paths"]
    return [
        (method, path, operations[method]) for path, operations in paths.items() for method in METHODS & set(operations)
    ]


def test_every_operation_on_a_foreign_thing_is_404(app: Flask, world: World, stranger: World) -> None:
    """Whatever is sent along: what is out of reach is not there."""
    program = ApiClient.with_token(app, world.token)
    tried = 0
    for method, path, operation in described(app):
        if "{" not in path or not operation.get("x-scope"):
            continue
        address = path.removeprefix("/api/v1").replace("{sha256}", "0" * 64)
        for noun, identity in stranger.ids.items():
            address = address.replace("{" + f"{noun}_id" + "}", str(identity))
        assert "{" not in address, address
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        for more in ({}, {"json": body, "tag": "*"} if body else {"tag": "*"}):
            answer = program.ask(method.upper(), address, **more)
            assert answer.status_code == 404, (method, path, answer.status_code, answer.text)
            tried += 1
    assert tried > 120


def test_a_foreign_id_in_a_filter_is_404(app: Flask, world: World, stranger: World) -> None:
    program = ApiClient.with_token(app, world.token)
    tried = 0
    for method, path, operation in described(app):
        for each in operation.get("parameters", ()):
            noun = each["name"].removesuffix("_id")
            is_id = each.get("in") == "query" and each["name"].endswith("_id") and noun in stranger.ids
            if not is_id or noun in ("inspector", "organization") or not operation.get("x-scope"):
                continue
            address = world.with_real_ids(path.removeprefix("/api/v1"))
            for whole in ("organization", "project"):
                address = address.replace("{" + f"{whole}_id" + "}", str(world.ids[whole]))
            answer = program.ask(method.upper(), address, query_string={each["name"]: str(stranger.ids[noun])})
            assert answer.status_code == 404, (path, each["name"], answer.text)
            tried += 1
    assert tried > 8


def test_a_foreign_id_in_a_body_gets_nowhere(app: Flask, world: World, stranger: World) -> None:
    """Each id of each example is replaced by that of the other organization, one at a time."""
    program = ApiClient.with_token(app, world.token)
    tried = 0
    for method, path, operation in described(app):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "example" not in content or not operation.get("x-scope"):
            continue
        told = json.dumps(content["example"])
        address = path.removeprefix("/api/v1")
        for noun, identity in (world.ids | {"version": world.ids["draft"]}).items():
            address = address.replace("{" + f"{noun}_id" + "}", str(identity))
        for noun in ("touchpoint", "barrier", "brand", "outlet", "version", "wave", "assignment"):
            if EXAMPLE_IDS[noun] not in told:
                continue
            body = world.with_real_ids(told.replace(EXAMPLE_IDS[noun], str(stranger.ids[noun])))
            answer = program.ask(method.upper(), address, json=json.loads(body), tag="*")
            assert answer.status_code in (404, 409, 422), (path, noun, answer.status_code, answer.text)
            tried += 1
    assert tried > 8


def test_of_two_writers_the_second_is_told(program: ApiClient, manager: ApiClient, world: World) -> None:
    address = f"/brands/{world.ids['brand']}"
    first, second = program.get(address), manager.get(address)
    assert first.headers["ETag"] == second.headers["ETag"]
    changed = program.ask("PATCH", address, json={"name": "Zerno One"}, tag=first.headers["ETag"])
    assert changed.status_code == 200, changed.text
    late = manager.ask("PATCH", address, json={"name": "Zerno Two"}, tag=second.headers["ETag"])
    assert (late.status_code, late.json["title"]) == (412, "ChangedMeanwhile")
    assert manager.get(address).json["name"] == "Zerno One"
    again = manager.ask("PATCH", address, json={"name": "Zerno Two"}, tag=changed.headers["ETag"])
    assert again.json["name"] == "Zerno Two"


def test_of_many_writers_at_once_one_wins(app: Flask, world: World) -> None:
    """The tag is looked at with the row locked, on both databases."""
    address = f"/brands/{world.ids['brand']}"
    tag = ApiClient.with_token(app, world.token).get(address).headers["ETag"]
    start, statuses = Barrier(6), []

    def write(number: int) -> None:
        client = ApiClient.with_token(app, world.token)
        start.wait()
        statuses.append(client.ask("PATCH", address, json={"name": f"Zerno {number}"}, tag=tag).status_code)

    threads = [Thread(target=write, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(statuses) == [200] + [412] * 5


def test_a_change_without_a_tag_is_refused(app: Flask, program: ApiClient, world: World) -> None:
    tried = 0
    for method, path, operation in described(app):
        named = {each["name"] for each in operation.get("parameters", ())}
        if "If-Match" not in named or not operation.get("x-scope"):
            continue
        address = path.removeprefix("/api/v1")
        for noun, identity in (world.ids | {"version": world.ids["draft"]}).items():
            address = address.replace("{" + f"{noun}_id" + "}", str(identity))
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
        more = {"json": json.loads(world.with_real_ids(json.dumps(body)))} if body else {}
        answer = program.ask(method.upper(), address, **more)
        assert (answer.status_code, answer.json["title"]) == (428, "TagRequired"), (path, answer.text)
        tried += 1
    assert tried > 25


def test_what_was_read_already_is_not_sent_again(program: ApiClient, world: World) -> None:
    address = f"/waves/{world.ids['wave']}/matrix"
    first = program.get(address)
    again = program.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def every_item(client: ApiClient, address: str, between: Callable[[int], object], **query: Any) -> list[str]:
    """The ids of all items, two at a time, with something done between the pages."""
    found: list[str] = []
    cursor = None
    while True:
        asked = {**query, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(address, query_string=asked)
        assert page.status_code == 200, page.text
        assert len(page.json["items"]) <= 2
        found += [each["id"] for each in page.json["items"]]
        cursor = page.json["next"]
        if cursor is None:
            return found
        between(len(found))


def test_cursors_stand_while_things_are_added(program: ApiClient, world: World, session: ScopedSession) -> None:
    audit, project = world.audit, world.ids["project"]
    outlets = {str(each.id) for each in audit.outlets}

    def add_outlet(number: int) -> None:
        make_outlet(session, audit.brands[0], f"A {number}") if number < 7 else None
        session.commit()

    found = every_item(program, f"/projects/{project}/outlets", add_outlet)
    assert outlets <= set(found)
    assert len(found) == len(set(found))

    def add_visit(number: int) -> None:
        audit.visit(session, audit.outlets[5]) if number < 5 else None
        session.commit()

    before = {str(each) for each in (world.ids["visit"], world.approved, world.held, world.returned)}
    visits = every_item(program, f"/projects/{project}/visits", add_visit)
    assert sorted(visits) == sorted(before), "what came in later is newer than all that was still to be read"

    def add_brand(number: int) -> None:
        program.ask("POST", f"/projects/{project}/brands", json={"name": f"B {number}"}) if number < 5 else None

    brands = every_item(program, f"/projects/{project}/brands", add_brand)
    assert {str(each.id) for each in audit.brands} <= set(brands)
    assert len(brands) == len(set(brands))


def test_a_cursor_of_nowhere_is_refused(program: ApiClient, world: World) -> None:
    for noun in ("outlets", "visits", "brands", "waves", "assignments", "best-practices", "people"):
        for cursor in ("x", "W10=", "W1siaSIsIjEiXV0=", "bnVsbA==", "W1sidCIsIjIwMjYtMTEtMjIiXV0=", "W1sicyIsIngiXV0="):
            answer = program.get(f"/projects/{world.ids['project']}/{noun}", query_string={"cursor": cursor})
            assert answer.status_code == 422, (noun, cursor, answer.text)
            assert answer.json["errors"][0]["pointer"] == "/cursor"


def test_errors_speak_the_askers_language(app: Flask, world: World, program: ApiClient) -> None:
    address = f"/projects/{world.ids['project']}/brands"
    answer = program.ask("POST", address, json={"nme": "Zerno", "own": "yes"})
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert sorted(each["pointer"] for each in answer.json["errors"]) == ["/name", "/nme", "/own"]
    unread = program.ask("POST", address, data=b"{")
    assert (unread.status_code, unread.json["type"]) == (400, "/problems/UnreadableBody")


def test_an_id_that_nobody_has_is_404(program: ApiClient) -> None:
    for noun in ("projects", "waves", "visits", "versions", "tokens"):
        assert program.get(f"/{noun}/{UUID(int=0)}").status_code in (403, 404)
        assert program.get(f"/{noun}/{new_id()}").status_code in (403, 404)


@pytest.mark.parametrize(("given", "missing"), [("from", "until"), ("until", "from")])
def test_of_what_may_be_changed_in_part_a_part_itself_is_given_whole(
    program: ApiClient, world: World, given: str, missing: str
) -> None:
    address = f"/assignments/{world.ids['assignment']}"
    answer = program.ask("PATCH", address, json={"hours": {given: 10}}, tag="*")
    assert (answer.status_code, [each["pointer"] for each in answer.json["errors"]]) == (422, [f"/hours/{missing}"])
    assert program.ask("PATCH", address, json={"hours": None}, tag="*").status_code == 200
