"""Does at once what waits for a worker."""

from flask import Flask

from inspector.background import Worker


def work_off(app: Flask) -> None:
    """Run all jobs that are due, and those that they ask for."""
    worker = Worker(app)
    while worker.run_one():
        pass
