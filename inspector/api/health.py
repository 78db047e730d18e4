"""Is it alive, and can it work: for whatever watches the server."""

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import func, select

from checklists.jobs import Job, JobState
from checklists.orm import unscoped
from checklists.visits import waiting_photos
from inspector.auth import public
from inspector.photo_storage import PhotoStorage
from inspector.revisions import found_revision, revision_fits
from inspector.transactions import reading

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public("asked by whatever watches the server")
def alive() -> Response:
    return jsonify(status="alive")


@blueprint.get("/readyz")
@public("asked by whatever watches the server")
def ready() -> Response:
    """Database with the tables of this release, photo storage and the queue of jobs answer; 503 with the one that does
    not. Photos that wait for an object store are counted, and the intake is ready all the same.
    """
    state: dict[str, str | int | None] = {}
    try:
        with reading(unscoped("counts the jobs of all")) as session:
            state["revision"] = "fits" if revision_fits(found_revision(session.connection())) else "to be migrated"
            unfinished = select(func.count()).where(Job.state.in_((JobState.WAITING, JobState.RUNNING)))
            state["jobs"] = session.scalar(unfinished)
            waiting = waiting_photos(session)
        state["database"] = "reachable"
        state["photos_waiting"] = waiting.number
        state["oldest_waits_since"] = waiting.oldest.isoformat() if waiting.oldest else None
    except Exception as error:
        state["database"] = type(error).__name__
    storage: PhotoStorage = current_app.extensions["photos"]
    try:
        storage.check_intake()
        # The intake goes on without the object store: photos wait on the disk.
        state["photos"] = "waiting" if storage.store_is_away else "reachable"
    except Exception as error:
        state["photos"] = type(error).__name__
    working = (
        state["database"] == "reachable" and state["revision"] == "fits" and state["photos"] in ("reachable", "waiting")
    )
    response = jsonify(state)
    response.status_code = 200 if working else 503
    return response
