"""WebKit as Debian has it for GTK, the nearest thing to an iPhone's Safari, over WebKitWebDriver."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.other_browsers.driven import PATIENCE_SECONDS, SIZE, Driven
from tests.servers import cannot_run, ending_with_us, free_port

PROGRAM = Path(__file__).with_name("webkit_window.py")
# The Python that Debian's own bindings of WebKit belong to, which is not the tests' one.
DEBIANS_PYTHON = "/usr/bin/python3"
PLACES = {
    "Navigate": "url",
    "ExecuteAsyncScript": "execute/async",
    "ElementClick": "element/{id}/click",
    "ElementSendKeys": "element/{id}/value",
}


class WebKit(Driven):
    """In a window on a screen of its own, which nobody sees."""

    lacks = frozenset({"persist", "estimate", "Background Sync", "push", "badges"})

    def start(self) -> None:
        for tool, package in (("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")):
            if shutil.which(tool) is None:
                cannot_run(f"{tool} is not installed: apt-get install {package} gir1.2-webkit2-4.1 python3-gi")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._processes: list[subprocess.Popen[bytes]] = []
        port = free_port()
        environment = {**os.environ, "HOME": str(self._folder), "DISPLAY": self._screen(), "NO_AT_BRIDGE": "1"}
        with self._log.open("ab") as log:
            self._run(["WebKitWebDriver", f"--port={port}"], env=environment, stdout=log, stderr=log)
        self._url = f"http://127.0.0.1:{port}/session"
        window = {"binary": DEBIANS_PYTHON, "args": [str(PROGRAM), *map(str, SIZE), *self._kept_in()]}
        wanted = {"browserName": PROGRAM.stem, "webkitgtk:browserOptions": window}
        self._wait_for_driver()
        session = self._post(self._url, {"capabilities": {"alwaysMatch": wanted}})
        self._url += f"/{session['sessionId']}"

    def kill(self) -> None:
        for process in self._processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _ask(self, command: str, **parameters: Any) -> Any:
        return self._post(f"{self._url}/{PLACES[command].format(**parameters)}", parameters)

    def _screen(self) -> str:
        """The name of a new X screen."""
        width, height = SIZE
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-screen", "0", f"{width}x{height}x24"]
        self._run(command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as told:
            return f":{told.readline().strip()}"

    def _kept_in(self) -> list[str]:
        return [] if self._is_private else [str(self._folder / "kept")]

    def _run(self, command: list[str], **settings: Any) -> None:
        self._processes.append(
            subprocess.Popen(ending_with_us(*command), stdin=subprocess.DEVNULL, start_new_session=True, **settings)
        )

    def _wait_for_driver(self) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(self._url.replace("/session", "/status"), timeout=PATIENCE_SECONDS):
                    return
            except OSError:
                if time.monotonic() > give_up:
                    raise RuntimeError(f"WebKitWebDriver did not start:\n{self._log.read_text()}") from None
                time.sleep(0.05)

    def _post(self, url: str, parameters: dict[str, Any]) -> Any:
        asked = urllib.request.Request(url, json.dumps(parameters).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=2 * PATIENCE_SECONDS) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"{url}: {refused.read().decode()}\n{self._log.read_text()}") from None

    @property
    def _log(self) -> Path:
        return self._folder / "webkit.log"
