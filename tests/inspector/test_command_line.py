"""The command `inspector` and the service it starts, as they run in production: in processes of their own."""

import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from checklists.orm import ScopedSession, connect, unscoped
from checklists.people import Membership, Organization, Role
from tests.databases import KINDS, Databases
from tests.servers import LiveServer, run_inspector

OWNER = ("--organization", "Агентство", "--slug", "agency", "--email", "Olga@Example.com", "--name", "Ольга")


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """A database on which nothing has run yet."""
    url = databases.empty(request.param)
    yield url
    databases.drop(url)


def test_migrate_brings_an_empty_database_up_to_date_and_may_be_repeated(empty_url: str, tmp_path: Path) -> None:
    run_inspector("migrate", database_url=empty_url, data_dir=tmp_path)
    run_inspector("migrate", database_url=empty_url, data_dir=tmp_path)
    assert "Olga@Example.com owns" in run_inspector("create-owner", *OWNER, database_url=empty_url, data_dir=tmp_path)


def test_create_owner_makes_an_organization_once(database_url: str, tmp_path: Path) -> None:
    said = run_inspector("create-owner", *OWNER, database_url=database_url, data_dir=tmp_path)
    assert "Password: " in said
    with pytest.raises(RuntimeError, match="already"):
        run_inspector("create-owner", *OWNER, database_url=database_url, data_dir=tmp_path)
    engine = connect(database_url)
    with ScopedSession(engine, unscoped("a test looks at everything")) as session:
        assert session.scalars(select(Organization.name)).all() == ["Агентство"]
        assert session.scalars(select(Membership.role)).all() == [Role.OWNER]
    engine.dispose()


def test_the_demo_goes_into_an_empty_installation_only(database_url: str, tmp_path: Path) -> None:
    assert "manager@example.com" in run_inspector("demo", database_url=database_url, data_dir=tmp_path)
    made = _organizations(database_url)
    assert made > 0
    with pytest.raises(RuntimeError, match="empty installation"):
        run_inspector("demo", database_url=database_url, data_dir=tmp_path)
    assert _organizations(database_url) == made


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_service_comes_back_on_the_same_address(live_server: LiveServer, end: signal.Signals) -> None:
    if end == signal.SIGKILL:
        live_server.kill()
    else:
        live_server.stop()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{live_server.url}/healthz", timeout=5)
    live_server.start()
    with urllib.request.urlopen(f"{live_server.url}/readyz", timeout=5) as answer:
        assert answer.status == 200
    assert "Traceback" not in live_server.log


def _organizations(database_url: str) -> int:
    engine = connect(database_url)
    with ScopedSession(engine, unscoped("a test looks at everything")) as session:
        count = session.scalar(select(func.count()).select_from(Organization))
    engine.dispose()
    return count or 0
