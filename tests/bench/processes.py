"""The processes that are measured, and what they use: the serving ones, the worker, and those of the database."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.servers import ROOT, LiveServer, ending_with_us, inspector_command


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor time in seconds of the serving processes, the worker, the database, and this program, the phones."""

    server: float
    worker: float
    database: float
    phones: float

    def since(self, before: "Spent") -> "Spent":
        return Spent(
            *(getattr(self, name) - getattr(before, name) for name in ("server", "worker", "database", "phones"))
        )


class Production:
    """The service as in production: gunicorn with two processes, and a worker that can be started and stopped."""

    def __init__(self, server: LiveServer, database_pid: int) -> None:
        self.server = server
        self._database_pid = database_pid
        self._worker: subprocess.Popen[bytes] | None = None

    @contextmanager
    def worker(self) -> Iterator[None]:
        """The worker runs while the block does."""
        with (self.server.data_dir / "worker.log").open("ab") as log:
            self._worker = subprocess.Popen(
                ending_with_us(*inspector_command("worker")),
                env=self.server.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield
        finally:
            self._worker.terminate()
            self._worker.wait(30)
            self._worker = None

    def spent(self) -> Spent:
        return Spent(
            server=sum(map(_cpu_seconds, self._serving())),
            worker=_cpu_seconds(self._worker.pid) if self._worker else 0.0,
            database=sum(map(_cpu_seconds, _children(self._database_pid))),
            phones=time.process_time(),
        )

    def memory_mb(self) -> float:
        """Of all serving processes together; what they share is counted once."""
        return sum(map(_proportional_mb, self._serving()))

    def _serving(self) -> list[int]:
        return [self.server.pid, *_children(self.server.pid)]

    @contextmanager
    def watching_memory(self) -> Iterator[list[float]]:
        """A list of one number: the most memory in MB while the block ran, looked at twice a second."""
        most, over = [self.memory_mb()], threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                most[0] = max(most[0], self.memory_mb())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield most
        finally:
            over.set()
            watcher.join()


def memory_below(pid: int, name: str) -> float:
    """In MB, of all processes below this one whose command has `name` in it; what they share is counted once."""
    return sum(_proportional_mb(each) for each in _descendants(pid) if name in _command(each))


def kill_below(pid: int, argument: str) -> None:
    """End at once all processes below this one that were started with this argument."""
    for each in list(_descendants(pid)):
        with suppress(FileNotFoundError, ProcessLookupError):
            if argument.encode() in Path(f"/proc/{each}/cmdline").read_bytes().replace(b" ", b"\0").split(b"\0"):
                os.kill(each, signal.SIGKILL)


def _descendants(pid: int) -> Iterator[int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (thread / "children").read_text().split()):
                yield child
                yield from _descendants(child)


def _command(pid: int) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/comm").read_text()
    return ""


def _children(pid: int) -> Iterable[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu_seconds(pid: int) -> float:
    """All threads together; nothing of a process that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        # The second field is the command's name in brackets, which may hold blanks; times are the 12th and 13th after.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _proportional_mb(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
    return 0.0
