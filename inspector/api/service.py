"""The state of the service for one organization: what waits, and which background jobs were given up."""

from datetime import UTC, datetime
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from checklists.accounts import TokenScope
from checklists.errors import N_, InvalidInput, NotFound
from checklists.jobs import Job, JobState, failed_jobs, try_again, unfinished_jobs
from checklists.visits import waiting_photos
from inspector.api.etags import refuse_if_changed, tagged
from inspector.api.fields import TOLD, Body, Choice, Id, Moment, Text, Whole
from inspector.api.operations import Json, Operations, told
from inspector.api.paging import Paged, cursor_as, page_of, paged
from inspector.api.reach import refuse_narrow
from inspector.auth import OWNERS, roles
from inspector.doorbell import ring
from inspector.manager.organization import JOBS
from inspector.transactions import reading, writing

operations = Operations(
    "service", "State of the service", "What waits in the background, and what failed there, for an owner to look at."
)


class ServiceSchema(Body):
    photos_waiting = Whole("Photos that wait on a server's disk for the store of photos.", example=0, **TOLD)
    photos_waiting_since = Moment("The oldest of them.", allow_none=True, **TOLD)
    jobs_waiting = Whole("Background jobs to be done.", example=2, **TOLD)
    jobs_running = Whole(example=1, **TOLD)
    jobs_failed = Whole("Those that nobody tries any more.", example=0, **TOLD)


class JobSchema(Body):
    id = Id("job", **TOLD)
    kind = Text("Which job.", example="derive_photo", **TOLD)
    words = Text("Which job, in words.", example="Make the smaller sizes of a photo", **TOLD)
    state = Choice(JobState, example="failed", **TOLD)
    attempts = Whole(example=8, **TOLD)
    error = Text("What went wrong the last time.", allow_none=True, example="The disk is full.", **TOLD)
    created_at = Moment(**TOLD)
    finished_at = Moment("When it was done or given up.", allow_none=True, **TOLD)


@operations.route("/organizations/<uuid:organization_id>/service", methods=["GET"])
@operations.answers(200, ServiceSchema, "The state of the service")
@roles(*OWNERS, scope=TokenScope.SETUP_READ)
def show(organization_id: UUID) -> Response:
    """How much of the organization's waits, runs, or has failed."""
    refuse_narrow()
    with reading() as session:
        jobs, photos = unfinished_jobs(session), waiting_photos(session)
    content = {
        "photos_waiting": photos.number,
        "photos_waiting_since": photos.oldest,
        **{f"jobs_{state}": jobs.get(state, 0) for state in (JobState.WAITING, JobState.RUNNING, JobState.FAILED)},
    }
    return told(ServiceSchema().dump(content))


@operations.route("/organizations/<uuid:organization_id>/jobs", methods=["GET"])
@operations.query(Paged)
@operations.answers(200, page_of(JobSchema), "Failed jobs, the latest first")
@roles(*OWNERS, scope=TokenScope.SETUP_READ)
def list_jobs(asked: Json, organization_id: UUID) -> Response:
    """The background jobs that nobody tries any more."""
    refuse_narrow()
    cursor = cursor_as(asked["cursor"], UUID)
    with reading() as session:
        last = session.get(Job, cursor[0]) if cursor else None
        if cursor and last is None:
            raise InvalidInput({"cursor": N_("This cursor is not one of this list.")})
        found = failed_jobs(session, asked["limit"] + 1, last)
        return paged(JobSchema, found, asked["limit"], lambda job: (job.id,), _told)


@operations.route("/organizations/<uuid:organization_id>/jobs/<uuid:job_id>", methods=["GET"])
@operations.answers(200, JobSchema, "The job")
@roles(*OWNERS, scope=TokenScope.SETUP_READ)
def show_job(organization_id: UUID, job_id: UUID) -> Response:
    """One background job."""
    refuse_narrow()
    with reading() as session:
        return tagged(JobSchema, _told(_job(session, job_id)))


@operations.route("/organizations/<uuid:organization_id>/jobs/<uuid:job_id>/resumption", methods=["PUT"])
@operations.answers(200, JobSchema, "The job waits for its turn")
@operations.needs_tag
@roles(*OWNERS, scope=TokenScope.SETUP_WRITE)
def resume_job(organization_id: UUID, job_id: UUID) -> Response:
    """Let a failed job begin anew; one that was taken up already stays as it is."""
    refuse_narrow()
    with writing() as session:
        refuse_if_changed(JobSchema, _told(_job(session, job_id, lock=True)))
        try_again(session, job_id, datetime.now(UTC))
        answer = tagged(JobSchema, _told(_job(session, job_id)))
    ring()
    return answer


def _job(session: Session, job_id: UUID, *, lock: bool = False) -> Job:
    job = session.get(Job, job_id, with_for_update=lock or None)
    if job is None:
        raise NotFound
    return job


def _told(job: Job) -> Json:
    names = ("id", "kind", "state", "attempts", "error", "created_at", "finished_at")
    return {name: getattr(job, name) for name in names} | {"words": str(JOBS.get(job.kind, job.kind))}
