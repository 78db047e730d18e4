"""The machine in Chromium can see: a phone app with one broken line is found out."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browsers import Phone
from tests.databases import Databases, Sessions
from tests.faulty_line import FaultyLine
from tests.servers import ROOT
from tests.soak.broken_servers import BROKEN_SERVERS, broken_server
from tests.stories.broken_apps import BROKEN_APPS, BrokenApp
from tests.stories.chromium_machine import ChromiumMachine

# One of them in `make test`: the quickest.
ALWAYS = "a photo is shown whose bytes are not kept"
BUILDS = [pytest.param(each, id=each.why, marks=() if each.why == ALWAYS else pytest.mark.soak) for each in BROKEN_APPS]


@pytest.fixture
def database_url(databases: Databases) -> str:
    return databases.fresh("sqlite")


def test_each_line_that_is_to_be_broken_is_there_once() -> None:
    """Most of them are broken in the soak only, which is not run with every change."""
    for broken in (*BROKEN_APPS, *BROKEN_SERVERS):
        assert (ROOT / broken.file).read_text().count(broken.line) == 1, broken


@pytest.mark.parametrize("broken", BUILDS)
def test_a_broken_app_is_found_out(
    broken: BrokenApp, sessions: Sessions, database_url: str, phones: Callable[..., Phone], tmp_path: Path
) -> None:
    server = broken_server(broken, database_url, tmp_path)
    server.start()
    try:
        with FaultyLine(server.url) as line:
            machine = ChromiumMachine(server, line, sessions, phones, tmp_path)
            with pytest.raises(AssertionError, match=rf"^{broken.promise}:"):
                machine.run(broken.seed, broken.misfortunes, evicting=broken.evicting)
    finally:
        if server.running:
            server.kill()
