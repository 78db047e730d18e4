"""What runs in the background, as rows: a job survives the process that runs it.

A worker claims a job for a while (its lease). If the worker dies, the lease runs out and another takes the job up, so
a handler must bear to run twice.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from checklists.errors import NotFound
from checklists.orm import Base, Owned, key, one_of

MOST_ATTEMPTS = 8
POSTPONED = timedelta(minutes=1)


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Owned, Base):
    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_due", "state", "run_after"),)

    id: Mapped[UUID] = key()
    kind: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(one_of(JobState), default=JobState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    run_after: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


def enqueue(session: Session, organization_id: UUID, kind: str, now: datetime, **arguments: str | int) -> Job:
    """Ask for `kind` to be run once the caller's transaction is committed."""
    job = Job(organization_id=organization_id, kind=kind, arguments=arguments, run_after=now, created_at=now)
    session.add(job)
    return job


def claim(session: Session, now: datetime, lease: timedelta) -> Job | None:
    """Take the job that has been due for longest, or None. Two workers never get the same one while its lease lasts."""
    job = session.scalar(
        select(Job)
        .where(
            or_(
                (Job.state == JobState.WAITING) & (Job.run_after <= now),
                (Job.state == JobState.RUNNING) & (Job.lease_until < now),
            )
        )
        .order_by(Job.run_after, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job is not None:
        job.state = JobState.RUNNING
        job.attempts += 1
        job.lease_until = now + lease
    return job


def finish(session: Session, job_id: UUID, now: datetime) -> None:
    job = session.get_one(Job, job_id)
    job.state, job.finished_at, job.lease_until, job.error = JobState.DONE, now, None, None


def fail(session: Session, job_id: UUID, error: str, now: datetime) -> None:
    """Note the error and wait 1, 2, 4 … minutes before the next attempt; after `MOST_ATTEMPTS` the job stays failed."""
    job = session.get_one(Job, job_id)
    job.error, job.lease_until = error[:2000], None
    if job.attempts >= MOST_ATTEMPTS:
        job.state, job.finished_at = JobState.FAILED, now
    else:
        job.state, job.run_after = JobState.WAITING, now + timedelta(minutes=2 ** (job.attempts - 1))


def postpone(session: Session, job_id: UUID, why: str, now: datetime) -> None:
    """Try again in a minute, for as long as it takes: something that the job needs is away, which is no fault of it."""
    job = session.get_one(Job, job_id)
    job.error, job.lease_until = why[:2000], None
    job.attempts -= 1
    job.state, job.run_after = JobState.WAITING, now + POSTPONED


def failed_jobs(session: Session, limit: int = 50) -> list[Job]:
    """Jobs of the session's organizations that nobody tries any more, the latest first."""
    failed = select(Job).where(Job.state == JobState.FAILED)
    return list(session.scalars(failed.order_by(Job.finished_at.desc(), Job.id.desc()).limit(limit)))


def unfinished_jobs(session: Session) -> dict[JobState, int]:
    """How many jobs of the session's organizations wait, run, or have failed."""
    states = [state for state in JobState if state is not JobState.DONE]
    unfinished = select(Job.state, func.count()).where(Job.state.in_(states)).group_by(Job.state)
    return {state: int(count) for state, count in session.execute(unfinished)}


def try_again(session: Session, job_id: UUID, now: datetime) -> None:
    """Let a failed job begin anew; one that was taken up already stays as it is. Raises NotFound."""
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NotFound
    if job.state is JobState.FAILED:
        job.state, job.attempts, job.run_after, job.finished_at = JobState.WAITING, 0, now, None
