"""A driven browser, the service on SQLite behind a line, and an assignment with a criterion of every kind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checklists.orm import ScopedSession
from tests.databases import Databases
from tests.factories import Audit, make_audit, make_wave
from tests.forms import criteria_of_every_kind, make_section, make_version
from tests.other_browsers.driven import Driven
from tests.other_browsers.firefox import Firefox
from tests.other_browsers.webkit import WebKit

KINDS: dict[str, type[Driven]] = {"firefox": Firefox, "webkit": WebKit}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> type[Driven]:
    return KINDS[request.param]


@pytest.fixture
def start(kind: type[Driven], tmp_path: Path) -> Iterator[Callable[..., Driven]]:
    """Starts browsers of this kind, each with a folder of its own."""
    started: list[Driven] = []

    def start_one(**settings: bool) -> Driven:
        browser = kind(tmp_path / f"browser-{len(started)}", **settings)
        browser.start()
        started.append(browser)
        return browser

    yield start_one
    for browser in started:
        browser.kill()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """What these tests ask does not depend on the database."""
    url = databases.fresh("sqlite")
    yield url
    databases.drop(url)


@pytest.fixture
def audit(sessions: Callable[..., ScopedSession]) -> Audit:
    with sessions() as session, session.begin():
        audit = make_audit(session)
        section = make_section(audit.touchpoints[0], criteria_of_every_kind())
        version = make_version(session, audit.project, [section], name="Everything")
        wave = make_wave(session, audit.project, [version], audit.outlets)
        audit.assign(session, wave=wave, version=version)
    return audit
