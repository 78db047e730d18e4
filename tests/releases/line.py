"""A service of today whose phone app is still that of a release, as it is on phones that have not met the new one."""

import json
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

from tests.faulty_line import FaultyLine, Headers
from tests.releases.keep import ANSWERS, PAGE

RELEASES = Path(__file__).parent


class ReleasedLine(FaultyLine):
    """The way to a service that gives out the app of `release` ("0.3.0"), and its own once `is_updated`."""

    def __init__(self, server_url: str, release: str) -> None:
        super().__init__(server_url)
        self.is_updated = False
        with zipfile.ZipFile(RELEASES / f"phone-{release}.zip") as packed:
            headers: dict[str, dict[str, str]] = json.loads(packed.read(ANSWERS))
            files = {path: packed.read(path or PAGE) for path in headers}
        self._app = {f"/phone/{path}": (list(headers[path].items()), content) for path, content in files.items()}

    def ask(self, method: str, target: str, headers: Headers, body: bytes) -> tuple[int, Headers, bytes]:
        kept = None if self.is_updated else self._app.get(urlsplit(target).path)
        return (200, *kept) if kept else super().ask(method, target, headers, body)
