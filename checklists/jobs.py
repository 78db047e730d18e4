"""What runs in the background, as rows: a job survives the process that runs it.

A worker claims a job for a while (its lease). If the worker dies, the lease runs out and another takes the job up, so
a handler must bear to run twice. What is done is forgotten after a week; what has failed stays, for people to look at.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from checklists.errors import NotFound
from checklists.orm import Base, Owned, key, new_id, one_of
from checklists.quick import insert_rows

MOST_ATTEMPTS = 8
POSTPONED = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_WAIT = timedelta(days=3)
HELD_BACK = timedelta(minutes=5)
DONE_IS_KEPT = timedelta(days=7)
FORGOTTEN_AT_A_TIME = 1_000


class NotYet(Exception):
    """A handler's word: something outside is away, which is no fault of the job; it waits `LONGEST_WAIT` for that."""

    for_all = False
    """Whether no other job of the same kind could be done either, and none need find it out for itself."""


class RefusedForGood(Exception):
    """A handler's word: no further attempt can help."""


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


def enqueue(
    session: Session, organization_id: UUID, kind: str, now: datetime, **arguments: str | int | list[str]
) -> Job:
    """Ask for `kind` to be run once the caller's transaction is committed."""
    job = Job(organization_id=organization_id, kind=kind, arguments=arguments, run_after=now, created_at=now)
    session.add(job)
    return job


def enqueue_quickly(session: Session, organization_id: UUID, kind: str, now: datetime, **arguments: str | int) -> None:
    """What enqueue() does, past the ORM: for what comes in by the hundred a second."""
    job = {"id": new_id(), "kind": kind, "arguments": arguments, "state": JobState.WAITING, "attempts": 0}
    insert_rows(session, {Job: [job | {"run_after": now, "created_at": now}]}, organization_id=organization_id)


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
    done = {"state": JobState.DONE, "finished_at": now, "lease_until": None, "error": None}
    session.execute(update(Job).where(Job.id == job_id).values(done))


def fail(session: Session, job_id: UUID, error: str, now: datetime, *, for_good: bool = False) -> None:
    """Note the error and wait 1, 2, 4 … minutes before the next attempt; after `MOST_ATTEMPTS`, or at once `for_good`,
    the job stays failed.
    """
    job = session.get_one(Job, job_id)
    job.error, job.lease_until = error[:2000], None
    if for_good or job.attempts >= MOST_ATTEMPTS:
        job.state, job.finished_at = JobState.FAILED, now
    else:
        job.state, job.run_after = JobState.WAITING, now + timedelta(minutes=2 ** (job.attempts - 1))


def postpone(session: Session, job_id: UUID, why: str, now: datetime, pause: timedelta = POSTPONED) -> None:
    """Try again in a minute, for as long as it takes: something that the job needs is away, which is no fault of it."""
    job = session.get_one(Job, job_id)
    job.error, job.lease_until = why[:2000], None
    job.attempts -= 1
    job.state, job.run_after = JobState.WAITING, now + pause


def wait(session: Session, job_id: UUID, why: str, now: datetime) -> None:
    """The same for what is away outside: each pause is as long as it was waited for by then, an hour at most, and after
    `LONGEST_WAIT` the job stays failed.
    """
    waited = now - session.get_one(Job, job_id).created_at
    if waited >= LONGEST_WAIT:
        fail(session, job_id, why, now, for_good=True)
    else:
        postpone(session, job_id, why, now, min(max(waited, POSTPONED), LONGEST_PAUSE))


def hold_back(session: Session, kind: str, now: datetime) -> None:
    """Let no job of the kind be tried for `HELD_BACK`: one of them has found out for all that it would be in vain."""
    until = now + HELD_BACK
    due = select(Job).where(Job.state == JobState.WAITING, Job.run_after < until, Job.kind == kind)
    for job in session.scalars(due.with_for_update(skip_locked=True)):
        job.run_after = until


def failed_jobs(session: Session, limit: int = 50, after: Job | None = None) -> list[Job]:
    """Jobs of the session's organizations that nobody tries any more, the latest first, from the one behind `after`."""
    failed = select(Job).where(Job.state == JobState.FAILED)
    if after is not None:
        failed = failed.where(tuple_(Job.finished_at, Job.id) < (after.finished_at, after.id))
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
        job.created_at = now  # It is asked for anew: what is away may be waited for as long again.


def forget_done(session: Session, now: datetime) -> int:
    """Delete some of the jobs that were done `DONE_IS_KEPT` ago, at most `FORGOTTEN_AT_A_TIME`; answers how many.

    Call it until it answers less, each time in a transaction of its own, so that nobody waits for its locks.
    """
    before = now - DONE_IS_KEPT
    # A job is due before it is done, and by that the index finds it.
    done = select(Job.id).where(Job.state == JobState.DONE, Job.run_after < before, Job.finished_at < before)
    ids = session.scalars(done.limit(FORGOTTEN_AT_A_TIME).with_for_update(skip_locked=True)).all()
    session.execute(delete(Job).where(Job.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)
