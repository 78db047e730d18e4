"""A demo in a database of its own, for looking into it, and served."""

import fcntl
import shutil
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from checklists.checklist import ChecklistVersion
from checklists.matrix import touchpoint_matrix
from checklists.orm import ScopedSession, scoped, unscoped
from checklists.people import Organization, Project
from checklists.waves import Wave
from inspector import create_app
from inspector.demo import DemoLogin, make_demo
from inspector.settings import Settings
from tests.servers import LiveServer, server_environment


@dataclass
class Demo:
    app: Flask
    logins: list[DemoLogin]
    statements: int

    def session(self, organization: str | None = None) -> ScopedSession:
        """Everything, or what one organization may see."""
        session = ScopedSession(self.app.extensions["readers"], unscoped("a test looks at everything"))
        if organization is None:
            return session
        with session:
            found = session.scalars(select(Organization.id).where(Organization.slug == organization)).one()
        return ScopedSession(self.app.extensions["readers"], scoped([found]))

    def figures(self, wave: int) -> dict[tuple[str, str], dict[str, Any]]:
        """What the matrix of the agency's wave shows, by touchpoint and brand; waves count from 0."""
        with self.session("north-audit") as session:
            project = session.scalars(select(Project)).one()
            matrix = touchpoint_matrix(session, waves(session)[wave].id, project.margin)
        return {
            (row.name["en"], brand.name): {
                "approved": cell.approved,
                "received": cell.received,
                "absent": cell.absent,
                "required": cell.required,
                "planned": cell.planned,
                "zones": dict(cell.zones),
                "mean": cell.estimate and round(cell.estimate.mean, 9),
                "verdict": cell.verdict and cell.verdict.kind,
            }
            for row in matrix.rows
            for brand in matrix.brands
            for cell in [row.cells[brand.id]]
        }


def waves(session: Session) -> list[Wave]:
    """In the order of time."""
    return list(session.scalars(select(Wave).order_by(Wave.starts_on)))


def make_one(url: str, folder: Path, now: datetime | None) -> Demo:
    """Make the demo in an empty database, with its photos below `folder`."""
    app = create_app(Settings.from_environment(server_environment(url, folder)))
    statements = Counter[str]()
    event.listen(app.extensions["writers"], "before_cursor_execute", lambda *_: statements.update(["all"]))
    with app.app_context():
        logins = make_demo(app, now)
    return Demo(app, logins, statements["all"])


def documents(session: Session) -> list[dict[str, Any]]:
    """Those of the published versions."""
    versions = select(ChecklistVersion).where(ChecklistVersion.published_at.is_not(None)).order_by(ChecklistVersion.id)
    return [version.document or {} for version in session.scalars(versions)]


def demo_served(shared: Path, own: Path) -> LiveServer:
    """The service as `make run` shows it, not started yet, on a copy of the demo below `own`.

    A demo takes a quarter of a minute: who comes first makes it, below `shared`.
    """
    made = shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _make_by_starting(shared / "demo-unfinished").rename(made)
    return _serving(Path(shutil.copytree(made, own / "demo")))


def _make_by_starting(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    server = _serving(folder)
    server.start()
    server.stop()
    return folder


def _serving(folder: Path) -> LiveServer:
    return LiveServer(f"sqlite:///{folder / 'demo.db'}", folder / "data", DEMO="1")
