"""Is it alive, and can it work: for whatever watches the server."""

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import func, select

from checklists.jobs import Job
from checklists.orm import unscoped
from inspector.auth import public
from inspector.transactions import reading

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public("asked by whatever watches the server")
def alive() -> Response:
    return jsonify(status="alive")


@blueprint.get("/readyz")
@public("asked by whatever watches the server")
def ready() -> Response:
    """Database, photo storage and the queue of jobs answer; 503 with the one that does not."""
    state: dict[str, str | int | None] = {}
    try:
        with reading(unscoped("counts the jobs of all")) as session:
            state["jobs"] = session.scalar(select(func.count()).select_from(Job).where(Job.finished_at.is_(None)))
        state["database"] = "reachable"
    except Exception as error:
        state["database"] = type(error).__name__
    try:
        current_app.extensions["photos"].check()
        state["photos"] = "reachable"
    except Exception as error:
        state["photos"] = type(error).__name__
    response = jsonify(state)
    if {state["database"], state["photos"]} != {"reachable"}:
        response.status_code = 503
    return response
