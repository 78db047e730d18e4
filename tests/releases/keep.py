"""Keeps a release's phone app as a service answers it: `python -m tests.releases.keep ADDRESS FILE`.

Done once for each release, with the service that `make run` of its checkout starts.
"""

import json
import sys
import urllib.request
import zipfile
from pathlib import Path

ANSWERS = "answers.json"
PAGE = "index.html"
KEPT_HEADERS = ("Content-Type", "Content-Security-Policy", "Cache-Control")
# A zip tells when its files were made; these are to be the same whenever it is made.
LONG_AGO = (2026, 1, 1, 0, 0, 0)


def keep(address: str, file: Path) -> None:
    """Write the app's files, by their paths below /phone/, and their headers (`ANSWERS`) into a zip."""
    _headers, worker = _fetch(f"{address}/phone/service-worker.js")
    listed = json.loads(worker.partition(b"\n")[0].removeprefix(b"const APP = ").removesuffix(b";"))
    answers = {path: _fetch(f"{address}/phone/{path}") for path in ["service-worker.js", *sorted(listed["files"])]}
    headers = {path: headers for path, (headers, _content) in answers.items()}
    contents = {path or PAGE: content for path, (_headers, content) in answers.items()}
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in {ANSWERS: json.dumps(headers).encode(), **contents}.items():
            packed.writestr(zipfile.ZipInfo(name, LONG_AGO), content, zipfile.ZIP_DEFLATED, 9)


def _fetch(address: str) -> tuple[dict[str, str], bytes]:
    with urllib.request.urlopen(address) as answer:
        return {name: answer.headers[name] for name in KEPT_HEADERS}, answer.read()


if __name__ == "__main__":
    keep(sys.argv[1].rstrip("/"), Path(sys.argv[2]))
