"""The real service in a process of its own, to be stopped, killed and started again by a test."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STARTING_SECONDS = 120
STOPPING_SECONDS = 20


def cannot_run(reason: str) -> None:
    """End the test for want of a tool: skipped on a developer's machine, failed in CI, where nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def inspector_command(*arguments: str) -> list[str]:
    """The command line of `inspector`, as it runs from this checkout whether or not it is on the PATH."""
    # Looking for garbage among what stays would be half of its starting and ending, some two hundred times.
    loading = "import gc, sys; gc.disable(); from inspector.command_line import main; gc.freeze(); gc.enable()"
    return [sys.executable, "-c", f"{loading}; sys.exit(main())", *arguments]


def server_environment(database_url: str, data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment of a process under test: ours for the tools, no demo, and `settings` on top."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": "a key for tests only, not a secret at all",
        "DEMO": "0",
        **settings,
    }


def run_inspector(*arguments: str, database_url: str, data_dir: Path, **settings: str) -> str:
    """Run one command of `inspector` to its end and return what it printed. RuntimeError where it failed."""
    done = subprocess.run(
        inspector_command(*arguments),
        env=server_environment(database_url, data_dir, **settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=STARTING_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"inspector {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def free_port() -> int:
    """A port of the loopback address on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ending_with_us(*command: str, user: str | None = None) -> list[str]:
    """The command, to be ended by the kernel when this process ends however abruptly; run as `user` if one is named."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return list(command)
    identity = [f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
    return [setpriv, "--pdeathsig=QUIT", *identity, *command]


class LiveServer:
    """`inspector serve` on a port that outlasts restarts, so that a phone finds again what it kept for this origin."""

    def __init__(self, database_url: str, data_dir: Path, **settings: str) -> None:
        self.database_url = database_url
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the service and wait until it answers that it is ready. RuntimeError with its log where it does not."""
        assert self._process is None, "the server is running already"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                ending_with_us(*inspector_command("serve")),
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """Ask the service to end, as a service manager would, and wait for it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the service at once with everything it started, as a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        """What the service finds in its environment; commands beside it want the same."""
        return server_environment(self.database_url, self.data_dir, PORT=str(self.port), **self._settings)

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        """The number of the serving process, which also runs the jobs."""
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def log(self) -> str:
        """All that the service has printed since its first start."""
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    @property
    def _log_file(self) -> Path:
        return self.data_dir / "server.log"

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        give_up = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=STARTING_SECONDS / 2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the server did not start:\n{self.log}")

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            os.killpg(process.pid, number)
            process.wait(STOPPING_SECONDS)
        except ProcessLookupError:
            process.wait(STOPPING_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
