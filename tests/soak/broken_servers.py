"""Builds of the server in which one line is broken on purpose: each must break the promise it is listed under, or the
machine over HTTP is blind to it.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.servers import ROOT, LiveServer


@dataclass(frozen=True, slots=True)
class BrokenServer:
    """`line` of `file` stands there just once and is replaced by `instead`; `promise` begins the machine's failure."""

    promise: str
    why: str
    file: str
    line: str
    instead: str


BROKEN_SERVERS = [
    BrokenServer(
        "drain",
        "does not write down that a photo has come",
        "inspector/api/photos.py",
        "new = receive_photo(session, photo.id, datetime.now(UTC), waits_on)",
        "new = True",
    ),
    BrokenServer(
        "received",
        "stores a photo whatever its hash",
        "inspector/photo_storage/interface.py",
        "    if digest.hexdigest() != sha256.lower():",
        "    if False:",
    ),
    BrokenServer(
        "once",
        "takes the same report for another one",
        "checklists/visits/intake.py",
        "SealedReport.visit_id == visit.id, SealedReport.sha256 == sha256)",
        'SealedReport.visit_id == visit.id, SealedReport.sha256 == "")',
    ),
    BrokenServer(
        "person",
        "takes whatever comes under whoever's login",
        "inspector/auth/guard.py",
        '    if request.headers.get("Expect-Person") not in (None, str(someone.user.id)):',
        "    if False:",
    ),
]


def broken_server(broken: BrokenServer, database_url: str, folder: Path) -> LiveServer:
    """The service from a copy of this checkout with that line broken, not started yet."""
    copy = folder / "broken build"
    for name in ("checklists", "inspector", "migrations"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "wsgi.py"):
        shutil.copy(ROOT / name, copy / name)
    source = (copy / broken.file).read_text()
    assert source.count(broken.line) == 1, f"{broken.file} does not have this line just once any more: {broken.line}"
    (copy / broken.file).write_text(source.replace(broken.line, broken.instead))
    # The copy comes before the checkout in which the server is started.
    return LiveServer(database_url, folder / "data", PYTHONPATH=str(copy), PYTHONSAFEPATH="1")
