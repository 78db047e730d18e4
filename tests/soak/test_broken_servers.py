"""The machine over HTTP can see: a server with one broken line is found out within a few sequences."""

from pathlib import Path

import pytest

from tests.databases import Databases, Sessions
from tests.faulty_line import FaultyLine
from tests.soak.broken_servers import BROKEN_SERVERS, BrokenServer, broken_server
from tests.soak.wire_machine import WireMachine

SEQUENCES = 20


@pytest.fixture
def database_url(databases: Databases) -> str:
    return databases.fresh("sqlite")


@pytest.mark.soak
@pytest.mark.parametrize("broken", BROKEN_SERVERS, ids=lambda broken: broken.why)
def test_a_broken_server_is_found_out(
    broken: BrokenServer, sessions: Sessions, database_url: str, tmp_path: Path
) -> None:
    server = broken_server(broken, database_url, tmp_path)
    server.start()
    try:
        with FaultyLine(server.url) as line:
            machine = WireMachine(server, line, sessions)
            with pytest.raises(AssertionError, match=rf"^{broken.promise}:"):
                run_all(machine)
    finally:
        if server.running:
            server.kill()


def run_all(machine: WireMachine) -> None:
    for number in range(SEQUENCES):
        machine.run(f"broken {number}")
