"""Scripts and styles in fewer letters: without what only people read, with short names for what is named within.

A library in Go does it, in a process of its own: Go does not live on in the processes that a server forks.
"""

import importlib.util
import json
import subprocess
import sys
from pathlib import PurePosixPath

MEDIA_TYPES = {".js": "application/javascript", ".css": "text/css"}
# There is no wheel for every machine (none for Apple's processors): there the texts are served as they are.
LIBRARY = "minify"
PROGRAM = (
    "import json, sys, minify\n"
    "json.dump([minify.string(media_type, text) for media_type, text in json.load(sys.stdin)], sys.stdout)\n"
)
SECONDS = 60


def shortened(texts: dict[str, str]) -> dict[str, str]:
    """The same scripts and style sheets, by path, as short as they can be said.

    Raises subprocess.CalledProcessError when one of them cannot be read; what is wrong stands in the log.
    """
    if importlib.util.find_spec(LIBRARY) is None:
        return texts
    given = [(MEDIA_TYPES[PurePosixPath(path).suffix], text) for path, text in texts.items()]
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(
        command, input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS
    )
    return dict(zip(texts, json.loads(done.stdout), strict=True))
