"""What all stories have: patience, and a service that the stories of one file may share.

Each story runs on what needs nothing but Python, and on PostgreSQL, an object store and Redis with several processes.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browsers import PATIENCE_MS
from tests.databases import Databases
from tests.demo import demo_served
from tests.engines import ENGINES, new_server
from tests.object_store import ObjectStore
from tests.redis_server import RedisServer
from tests.servers import LiveServer

STORY_SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A whole job takes its time, and starting an object store too, where other tests run beside it."""
    for item in items:
        if item.path.parent == Path(__file__).parent and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(STORY_SECONDS))


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """A story waits for what is to be seen as long as for what is to be done, however busy the machine is."""
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def bell() -> Iterator[RedisServer]:
    """A Redis for all stories."""
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=ENGINES)
def live_server(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    yield from serving(request, databases, tmp_path_factory)


@pytest.fixture(scope="module", params=ENGINES)
def shared_server(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """The real service; a file's stories run on one engine first, then on the other.

    A file that takes it says so with a fixture `live_server` of its own, which `sessions`, `page` and the others then
    follow.
    """
    yield from serving(request, databases, tmp_path_factory)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The service as `make run` shows it, for the stories of one file; made once for all workers."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    server = demo_served(shared, tmp_path_factory.mktemp("served"))
    server.start()
    yield server
    server.stop()


def serving(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """The service on the engine that the request's parameter names."""
    store: ObjectStore | None = request.getfixturevalue("swift") if request.param == "full" else None
    redis: RedisServer | None = request.getfixturevalue("bell") if request.param == "full" else None
    server = new_server(request.param, databases, tmp_path_factory.mktemp("service") / "data", store, redis)
    server.start()
    yield server
    if server.running:
        server.stop()
    databases.drop(server.database_url)


@pytest.fixture
def database_url(live_server: LiveServer) -> str:
    return live_server.database_url
