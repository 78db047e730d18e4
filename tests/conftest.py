"""Fixtures that every test may use: databases, the domain's sessions, the app, the live server and browsers."""

import gc
import itertools
import os
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from sqlalchemy import Engine

from checklists.orm import Scope, ScopedSession, connect, unscoped
from tests.browsers import DESKTOP, FLAGS, PATIENCE_MS, Phone, chromium_path
from tests.compiled import share_compiled_statements
from tests.databases import KINDS, Databases
from tests.engines import ENGINES
from tests.faulty_line import FaultyLine
from tests.object_store import ObjectStore
from tests.redis_server import RedisServer
from tests.servers import LiveServer, server_environment

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from inspector.settings import Settings

hypothesis.settings.register_profile("default", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=5_000)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")
share_compiled_statements()
gc.disable()  # While the tests are collected, where it would take a third of the time and find nothing.


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


# Most tests run on one of the two databases, every second one on PostgreSQL, so that `make test` ends within twenty
# minutes; what takes in, counts, searches, walls off and erases runs on both. So do the stories of one whole visit and
# of waves; others run on one of the two engines. `make soak` runs all of them on both.
ON_ONE = re.compile(
    r"/tests/(inspector|api|checklists)/|/test_roles\.py$"
    r"|/stories/test_(visit_mode|drafts_kept|phone_file|photo_marks|bad_line_\w+|phones_over_http|bad_lines|recordings"
    r"|review_by_keyboard|release_before|login_codes|the_whole_domain)\.py$"
)
ALWAYS_ON_BOTH = re.compile(
    r"/test_(delivery\w*|bad_\w+|background|held_reports|erasures|photo_(storage|parts)\w*|phone_(drafts|files)\w*|intake"
    r"|given_up_photos|core_corners|notices|matrix_recomputed|comparisons|tallies|quick|visit_list|scope|searching|likeness)\.py$"
)

# So long that one which begins last would let all others wait for it.
LONGEST_FIRST = "/stories/test_every_page.py"
SHARING = re.compile(r"/stories/|/test_demo\.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST_FIRST not in item.path.as_posix())
    if os.environ.get("BOTH_DATABASES") == "1":
        return
    several: dict[tuple[tuple[str, ...], str], dict[str, pytest.Item]] = {}
    for item, kinds in itertools.product(items, (KINDS, ENGINES)):
        found = [each for each in parameters_of(item) if each in kinds]
        path = item.path.as_posix()
        always = "/stories/" not in path and ALWAYS_ON_BOTH.search(path)
        if len(found) == 1 and ON_ONE.search(path) and not always:
            several.setdefault((kinds, item.nodeid.replace(str(found[0]), "", 1)), {})[str(found[0])] = item
    left_out = {
        both[kinds[zlib.crc32(drawn_by(test).encode()) % len(kinds)]]
        for (kinds, test), both in several.items()
        if len(both) == len(kinds)
    }
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def drawn_by(test: str) -> str:
    """What decides on the engine: tests of a file that share a service or a demo run on the same."""
    return test.partition("::")[0] if SHARING.search(test) else test


def parameters_of(item: pytest.Item) -> list[object]:
    return list(item.callspec.params.values()) if hasattr(item, "callspec") else []


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Makes fresh databases; for modules that want one of their own for all their tests."""
    made = Databases(tmp_path_factory.mktemp("databases"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def swift() -> Iterator[ObjectStore]:
    """A real object store, for those who leave it as it is."""
    store = ObjectStore()
    store.start()
    yield store
    store.close()


@pytest.fixture
def object_store(swift: ObjectStore) -> Iterator[ObjectStore]:
    """A real object store, which the test may pause, kill and start again."""
    yield swift
    swift.go_on()
    if not swift.running:
        swift.start()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A real Redis, which the test may pause, kill and start again."""
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """A fresh, migrated database for one test, which runs on SQLite and on PostgreSQL."""
    url = databases.fresh(request.param)
    yield url
    databases.drop(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Callable[..., ScopedSession]:
    """Opens sessions of the domain: `with sessions() as session`, or `sessions(scoped([organization_id]))`."""

    def open_session(scope: Scope | None = None) -> ScopedSession:
        return ScopedSession(engine, scope or unscoped("a test looks at everything"))

    return open_session


@pytest.fixture
def session(sessions: Callable[..., ScopedSession]) -> Iterator[ScopedSession]:
    """One of them, open until the test ends; what others are to see is committed by the test."""
    with sessions() as opened:
        yield opened


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> "Settings":
    from inspector.settings import Settings

    return Settings.from_environment(server_environment(database_url, tmp_path / "data"))


@pytest.fixture
def app(settings: "Settings", request: pytest.FixtureRequest) -> "Flask":
    from inspector import create_app  # The domain's tests run without the web.
    from tests.apps import app_for
    from tests.trail_watch import watch_trail

    own = request.node.get_closest_marker("own_app")
    made = create_app(settings) if own else app_for(settings)
    made.testing = True
    watch_trail(made)
    return made


@pytest.fixture
def client(app: "Flask") -> "FlaskClient":
    return app.test_client()


@pytest.fixture
def live_server(database_url: str, tmp_path: Path) -> Iterator[LiveServer]:
    """The real service on a real port, which the test may stop, kill and start again."""
    server = LiveServer(database_url, tmp_path / "data")
    server.start()
    yield server
    if server.running:
        server.stop()


@pytest.fixture
def line(live_server: LiveServer) -> Iterator[FaultyLine]:
    """The way to the live server, for a phone that gets everything over it; the test says when it fails."""
    with FaultyLine(live_server.url) as laid:
        yield laid


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A manager's window, 1280 pixels wide, in English."""
    context = browser.new_context(base_url=live_server.url, locale="en-GB", **DESKTOP)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def phones(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., Phone]]:
    """Hands out phones by name, each with a profile of its own: `phones("anna", live_server.url)`."""
    given: list[Phone] = []

    def hand_out(name: str, base_url: str, **options: Any) -> Phone:
        given.append(Phone(playwright, tmp_path / f"phone-{name}", base_url, **options))
        return given[-1]

    yield hand_out
    for phone in given:
        phone.close()


@pytest.fixture
def phone_page(phones: Callable[..., Phone], live_server: LiveServer) -> Page:
    """The page of one phone, 360 pixels wide, in Russian."""
    return phones("first", live_server.url).open()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI nothing may be skipped: a tool that is missing there is a failure, not a lesser green."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report
