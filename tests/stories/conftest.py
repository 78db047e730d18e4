"""What all stories have: patience, and a service that the stories of one file may share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browsers import PATIENCE_MS
from tests.databases import KINDS, Databases
from tests.servers import LiveServer


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """A story waits for what is to be seen as long as for what is to be done, however busy the machine is."""
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module", params=KINDS)
def shared_server(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveServer]:
    """The real service; a file's stories run on SQLite first, then on PostgreSQL.

    A file that takes it says so with fixtures of its own, `database_url` and `live_server`, which `sessions`, `page`
    and the others then follow.
    """
    url = databases.fresh(request.param)
    server = LiveServer(url, tmp_path_factory.mktemp("shared") / "data")
    server.start()
    yield server
    server.stop()
    databases.drop(url)
