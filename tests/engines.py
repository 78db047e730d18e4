"""What the service can run on: nothing but Python, or PostgreSQL, an object store, Redis and several processes."""

import signal
import subprocess
from pathlib import Path

from tests.databases import Databases
from tests.object_store import ObjectStore
from tests.redis_server import RedisServer
from tests.servers import ROOT, STOPPING_SECONDS, LiveServer, ending_with_us, inspector_command

ENGINES = ("embedded", "full")
PROCESSES = 2


def new_server(
    engine: str,
    databases: Databases,
    data_dir: Path,
    store: ObjectStore | None = None,
    redis: RedisServer | None = None,
) -> LiveServer:
    """A service with an empty database, not started yet; a "full" one keeps its photos in a bucket of its own."""
    if engine == "embedded":
        return LiveServer(databases.fresh("sqlite"), data_dir)
    assert store is not None
    assert redis is not None
    bucket = store.new_bucket()
    return FullServer(databases.fresh("postgresql"), data_dir, bucket, JOBS_URL=redis.url, **store.settings(bucket))


class FullServer(LiveServer):
    """Two processes that answer requests, and a worker beside them; they share a disk, as on one machine."""

    def __init__(self, database_url: str, data_dir: Path, bucket: str, **settings: str) -> None:
        super().__init__(database_url, data_dir, PROCESSES=str(PROCESSES), THREADS="4", **settings)
        self.bucket = bucket
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.start_app()
        self.start_worker()

    def stop(self) -> None:
        self._end_worker(signal.SIGTERM)
        super().stop()

    def kill(self) -> None:
        self.kill_worker()
        self.kill_app()

    def start_app(self) -> None:
        """Start the processes that answer requests, and wait until they do."""
        super().start()

    def kill_app(self) -> None:
        super().kill()

    def start_worker(self) -> None:
        assert self._worker is None, "the worker is running already"
        with self._log_file.open("ab") as log:
            self._worker = subprocess.Popen(
                ending_with_us(*inspector_command("worker")),
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill_worker(self) -> None:
        self._end_worker(signal.SIGKILL)

    def _end_worker(self, number: signal.Signals) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.send_signal(number)
            worker.wait(STOPPING_SECONDS)
