"""Numbers for whatever watches the service, at /metrics in the words of Prometheus. None of them tells of a person.

What happened is counted by each process; what waits is read from the database when somebody asks. This file is imported
when an app is made, not before: prometheus-client decides at its import whether several processes add their numbers up.
"""

import os
import platform
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, event, func, select

from checklists.errors import NotAllowed
from checklists.jobs import Job, JobState
from checklists.orm import unscoped
from checklists.visits import waiting_photos
from inspector import logs
from inspector.auth import public
from inspector.revisions import ROOT, needed_revision
from inspector.transactions import reading

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
ARRIVALS = {201: "new", 200: "same", 202: "held", 409: "conflict"}
"""How a report arrived, by the status of its delivery."""
UNFINISHED = (JobState.WAITING, JobState.RUNNING, JobState.FAILED)
LOOPBACK = ("127.0.0.1", "::1")

blueprint = Blueprint("metrics", __name__)


class Metrics:
    """What one app counts."""

    def __init__(self, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        ours: Any = {"registry": self.registry, "namespace": "audit"}
        self.requests = Counter("requests", "Requests answered.", ["method", "route", "status"], **ours)
        self.seconds = Histogram(
            "request_seconds", "How long it took until the answer began.", ["method", "route"], buckets=SECONDS, **ours
        )
        self.reports = Counter("reports", "Reports of visits, by how they arrived.", ["arrival"], **ours)
        self.photos = Counter("photos_received", "Photos that were stored.", **ours)
        self.photo_bytes = Counter("photo_bytes_received", "Bytes of photos that were stored.", **ours)
        self.connections = Gauge(
            "database_connections_in_use", "Connections that are at work.", multiprocess_mode="livesum", **ours
        )
        event.listen(engine, "checkout", lambda *_: self.connections.inc())
        event.listen(engine, "checkin", lambda *_: self.connections.dec())

    def text(self) -> bytes:
        """All numbers: those of every process where there are several, and what the database says."""
        registry = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped.
        return generate_latest(registry) + generate_latest(_what_waits())


class WhatWaits(Collector):
    """Read from the database at the moment of asking, so that it is the same whichever process is asked."""

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("audit_build_info", "What runs here.", labels=["version", "revision", "python"])
        build.add_metric([_version(), needed_revision(), platform.python_version()], 1)
        yield build
        jobs = GaugeMetricFamily("audit_jobs", "Jobs that are not done.", labels=["kind", "state"])
        late = GaugeMetricFamily("audit_oldest_job_seconds", "For how long the longest waiting job has been due.")
        photos = GaugeMetricFamily("audit_photos_waiting", "Photos that wait for the object store.")
        oldest = GaugeMetricFamily("audit_oldest_waiting_photo_seconds", "For how long the oldest of them has waited.")
        now = datetime.now(UTC)
        with reading(unscoped("what waits, of all")) as session:
            counts = select(Job.kind, Job.state, func.count()).where(Job.state.in_(UNFINISHED))
            for kind, state, number in session.execute(counts.group_by(Job.kind, Job.state)):
                jobs.add_metric([kind, state.value], number)
            due = session.scalar(select(func.min(Job.run_after)).where(Job.state == JobState.WAITING))
            waiting = waiting_photos(session)
        late.add_metric([], max(0.0, (now - due).total_seconds()) if due else 0)
        photos.add_metric([], waiting.number)
        oldest.add_metric([], max(0.0, (now - waiting.oldest).total_seconds()) if waiting.oldest else 0)
        yield from (jobs, late, photos, oldest)


def install(app: Flask) -> None:
    app.extensions["metrics"] = Metrics(app.extensions["writers"])
    app.before_request(_begin)
    app.after_request(_count)
    app.register_blueprint(blueprint)


@blueprint.get("/metrics")
@public("guarded by METRICS_TOKEN, or open to this machine only")
def show() -> Response:
    """The numbers, for Prometheus."""
    if not _may_watch():
        raise NotAllowed
    return Response(_metrics().text(), content_type=CONTENT_TYPE_LATEST)


def _may_watch() -> bool:
    """With METRICS_TOKEN: who sends it. Without: this machine itself, but not what a front on it passes on."""
    token: str = current_app.config["SETTINGS"].metrics_token
    if token:
        sent = request.headers.get("Authorization", "")
        return compare_digest(sent.encode(), f"Bearer {token}".encode())
    return request.remote_addr in LOOPBACK and "X-Forwarded-For" not in request.headers


def _begin() -> None:
    g.counted_from = time.perf_counter()


def _count(response: Response) -> Response:
    metrics, method, route, status = _metrics(), logs.method(), logs.route(), response.status_code
    metrics.requests.labels(method, route, str(status)).inc()
    if "counted_from" in g:
        metrics.seconds.labels(method, route).observe(time.perf_counter() - g.counted_from)
    match request.endpoint:
        case "delivery.deliver" if status in ARRIVALS:
            metrics.reports.labels(ARRIVALS[status]).inc()
        case "photos.deliver" if status == 201:
            metrics.photos.inc()
            metrics.photo_bytes.inc(request.content_length or 0)
    return response


def _metrics() -> Metrics:
    metrics: Metrics = current_app.extensions["metrics"]
    return metrics


def _what_waits() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(WhatWaits())
    return registry


def _version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
