"""Debian's Firefox, over Marionette: a socket of its own on which it understands the commands of WebDriver."""

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.other_browsers.driven import PATIENCE_SECONDS, SIZE, Driven
from tests.servers import cannot_run, ending_with_us

SETTINGS: dict[str, Any] = {
    "marionette.port": 0,
    "intl.accept_languages": "en-GB",
    "toolkit.legacyUserProfileCustomizations.stylesheets": True,
    # After a death it neither asks what to do nor brings back the page by itself.
    "browser.sessionstore.resume_from_crash": False,
    "toolkit.startup.max_resumed_crashes": -1,
}
# Its windows want to be wider than a phone is.
NARROW = ":root { min-width: 0 !important; }"


class Firefox(Driven):
    """Without a window; its page is as wide as a phone because its screen is."""

    lacks = frozenset({"Background Sync", "badges"})

    def start(self) -> None:
        binary = shutil.which("firefox-esr") or shutil.which("firefox")
        if binary is None:
            cannot_run("Firefox is not installed: apt-get install firefox-esr")
        assert binary is not None
        (self._folder / "chrome").mkdir(parents=True, exist_ok=True)
        (self._folder / "chrome" / "userChrome.css").write_text(NARROW)
        settings = SETTINGS | {"browser.privatebrowsing.autostart": self._is_private}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
        (self._folder / "user.js").write_text("".join(lines))
        self._port_file.unlink(missing_ok=True)
        width, height = map(str, SIZE)
        command = [binary, "--headless", "--marionette", "--kiosk", "--no-remote", "--profile", str(self._folder)]
        with (self._folder / "firefox.log").open("ab") as log:
            self._process = subprocess.Popen(
                ending_with_us(*command),
                env={**os.environ, "MOZ_HEADLESS_WIDTH": width, "MOZ_HEADLESS_HEIGHT": height},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._socket = socket.create_connection(("127.0.0.1", self._port()), 2 * PATIENCE_SECONDS)
        self._answers = self._socket.makefile("rb")
        self._numbers = itertools.count(1)
        self._message()
        self._ask("NewSession")

    def kill(self) -> None:
        self._socket.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _ask(self, command: str, **parameters: Any) -> Any:
        text = json.dumps([0, next(self._numbers), f"WebDriver:{command}", parameters])
        self._socket.sendall(f"{len(text.encode())}:{text}".encode())
        _answer, _number, error, result = self._message()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result.get("value")

    def _message(self) -> Any:
        """The next thing that it says: a length in digits, a colon, and JSON of that length."""
        digits = bytearray()
        while (byte := self._answers.read(1)) != b":":
            if not byte:
                raise RuntimeError("Firefox has gone")
            digits += byte
        return json.loads(self._answers.read(int(digits)))

    def _port(self) -> int:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            if self._port_file.exists() and (port := self._port_file.read_text()):
                return int(port)
            time.sleep(0.05)
        raise RuntimeError(f"Firefox did not start:\n{(self._folder / 'firefox.log').read_text()}")

    @property
    def _port_file(self) -> Path:
        return self._folder / "MarionetteActivePort"
