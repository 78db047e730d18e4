"""Chromium as people use it: a manager's wide window, and a phone whose storage outlives the browser's death."""

import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright

from tests.servers import cannot_run

# Debian's Chromium runs as root in CI, and must not look for its maker's hosts from a machine without a way out.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/17.5 Mobile/15E148 Safari/604.1"
)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Mobile Safari/537.36"
)
PATIENCE_MS = 15_000
DYING_SECONDS = 10


def chromium_path() -> str:
    """Where Chromium is; the test ends here on a machine without one."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        cannot_run("Chromium is not installed: apt-get install chromium")
    assert path is not None
    return path


class Phone:
    """One person's phone: a browser with a profile of its own on disk, which a test may close, kill and open again."""

    def __init__(self, playwright: Playwright, profile: Path, base_url: str, **options: Any) -> None:
        self._playwright = playwright
        self._profile = profile
        self._flags = [*FLAGS, *options.pop("flags", ())]
        self._options = {**PHONE, "base_url": base_url, "locale": "ru-RU", "timezone_id": "Europe/Moscow", **options}
        self._context: BrowserContext | None = None

    def open(self, address: str | None = None) -> Page:
        """Start the browser and, where an address is given, go there."""
        assert self._context is None, "this phone is in use already"
        self._context = self._playwright.chromium.launch_persistent_context(
            self._profile, executable_path=chromium_path(), args=self._flags, **self._options
        )
        self._context.set_default_timeout(PATIENCE_MS)
        page = self._context.pages[0]
        if address is not None:
            page.goto(address)
        return page

    @property
    def context(self) -> BrowserContext:
        assert self._context is not None, "this phone is switched off"
        return self._context

    @property
    def page(self) -> Page:
        return self.context.pages[0]

    def close(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            context.close()

    def kill(self) -> None:
        """End the browser with all its processes at once, as a phone does whose battery dies."""
        for process in self._processes():
            os.kill(process, signal.SIGKILL)
        give_up = time.monotonic() + DYING_SECONDS
        while self._processes() and time.monotonic() < give_up:
            time.sleep(0.05)
        # The lock names the dead browser's process, and the next browser might take another's number for it.
        (self._profile / "SingletonLock").unlink(missing_ok=True)
        self._context = None

    def _processes(self) -> list[int]:
        """The processes that work on this profile, which no other browser shares."""
        marks = (f"--user-data-dir={self._profile}".encode(), f"--database={self._profile}".encode())
        found = []
        for folder in Path("/proc").iterdir():
            try:
                arguments = (folder / "cmdline").read_bytes() if folder.name.isdigit() else b""
            except OSError:
                continue
            if any(argument.startswith(marks) for argument in arguments.split(b"\0")):
                found.append(int(folder.name))
        return found
