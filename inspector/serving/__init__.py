"""Answers requests on HOST:PORT until told to end, and then lets what is in flight come to its end.

One process is waitress with the background jobs in a thread of it: all that `make run` and a small installation need.
More of them are gunicorn's, which only answer requests; `inspector worker` runs the jobs beside them.
"""

import os
import shutil
from pathlib import Path

from flask import Flask

from inspector.background import Worker
from inspector.serving.one_process import serve_with_waitress
from inspector.settings import Settings

IN_MEMORY = Path("/dev/shm")


def prepare(settings: Settings) -> None:
    """Call it before the app is made: it says where several processes keep the numbers that they add up."""
    if settings.processes > 1:
        # In memory, where there is such a place: a process that adds to a number on a full disk is killed for it.
        place = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else settings.data_dir
        # Of this user: what somebody else once ran on this machine left a folder that we could not write into.
        folder = place / f"service-audit-metrics-{os.getuid()}" / str(settings.port)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def serve(app: Flask) -> None:
    """Serve until SIGTERM or Ctrl+C. Call it in the main thread."""
    settings: Settings = app.config["SETTINGS"]
    if settings.processes > 1:
        from inspector.serving.many_processes import serve_with_gunicorn  # Absent on Windows.

        serve_with_gunicorn(app, settings)
        return
    worker = Worker(app)
    worker.start()
    try:
        serve_with_waitress(app, settings)
    finally:
        worker.stop()
