"""Schemathesis over all operations, as a program of the owner and as people of other roles: what is made up in any way
gets no 500, and nothing that the description does not have.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from checklists.orm import ScopedSession, connect, unscoped
from inspector import create_app
from inspector.settings import Settings
from tests.api.world import ApiClient, World, make_world
from tests.databases import Databases
from tests.servers import server_environment

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
schemathesis.serializer.alias("application/zip", "application/octet-stream")
ORDER = ("get", "head", "post", "patch", "put", "delete")
"""What removes or erases things comes last, so that there is something to try before."""
SEED = int(os.environ.get("SEED", "20261122"))


@pytest.fixture(scope="module")
def made(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, World]]:
    url = databases.fresh("sqlite")
    engine = connect(url)
    with ScopedSession(engine, unscoped("a test makes its world")) as session:
        world = make_world(session)
        session.commit()
        session.expunge_all()
    engine.dispose()
    app = create_app(Settings.from_environment(server_environment(url, Path(tmp_path_factory.mktemp("data")))))
    yield app, world
    databases.drop(url)


@pytest.mark.timeout(900)
def test_a_program_gets_nothing_that_is_not_described(made: tuple[Flask, World]) -> None:
    _try_all(*made, {"Authorization": f"Bearer {made[1].token}"}, examples=3)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", ["reviewer", "inspector"])
def test_people_get_nothing_that_is_not_described(made: tuple[Flask, World], who: str) -> None:
    app, world = made
    person = world.audit.reviewer if who == "reviewer" else world.audit.inspectors[1]
    cookie = ApiClient.of(app, person).client.get_cookie("audit")
    assert cookie is not None
    _try_all(app, world, {"Cookie": f"audit={cookie.value}", "Sec-Fetch-Site": "same-origin"}, examples=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_program_gets_nothing_that_is_not_described_for_long(made: tuple[Flask, World]) -> None:
    _try_all(*made, {"Authorization": f"Bearer {made[1].token}"}, examples=100)


def _try_all(app: Flask, world: World, headers: dict[str, str], *, examples: int) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) > 60
    failures = []
    for operation in sorted(operations, key=_turn):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _try(operation, mode, world, headers, examples)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, "only what takes nothing at all cannot be asked wrongly"
            except (Exception, BaseExceptionGroup) as failure:
                told = failure.exceptions[0] if isinstance(failure, BaseExceptionGroup) else failure
                failures.append(f"{operation.label}, {mode.value}: {type(told).__name__} {told}\n{failure}"[:2_500])
                break
    assert not failures, "\n\n".join(failures)


def _turn(operation: Any) -> tuple[bool, int, str]:
    return operation.path.endswith("/erasures"), ORDER.index(operation.method), operation.path


def _try(operation: Any, mode: GenerationMode, world: World, headers: dict[str, str], examples: int) -> None:
    @seed(SEED)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: Any) -> None:
        _meet(case, world)
        answer = case.call(headers={**(case.headers or {}), **headers})
        case.validate_response(answer, checks=CHECKS)

    attempt()


def _meet(case: Any, world: World) -> None:
    """Put real ids and tags into most of what was made up, or nothing would ever be met behind the first door."""
    for name in case.path_parameters or {}:
        noun = name.removesuffix("_id")
        noun = {"version": "draft"}.get(noun, noun) if _often(case.id, name, 2) else noun
        if noun in world.ids and _often(case.id, name, 6):
            case.path_parameters[name] = str(world.ids[noun])
    if case.headers is not None and "If-Match" in case.headers and _often(case.id, "If-Match", 5):
        case.headers["If-Match"] = "*"
    case.body = _with_real_ids(case.body, world, case.id)


def _with_real_ids(value: Any, world: World, mark: str, name: str = "") -> Any:
    match value:
        case dict():
            return {key: _with_real_ids(inner, world, mark, str(key)) for key, inner in value.items()}
        case list():
            return [_with_real_ids(inner, world, mark, name.removesuffix("s")) for inner in value]
        case str() if name.endswith("_id") and name.removesuffix("_id") in world.ids and _is_id(value):
            return str(world.ids[name.removesuffix("_id")]) if _often(mark, name, 6) else value
    return value


def _is_id(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _often(mark: str, name: str, times: int) -> bool:
    """True but for one in so many, the same for the same case: shrinking must not change its mind."""
    return hashlib.sha256(f"{mark}{name}".encode()).digest()[0] % times != 0
