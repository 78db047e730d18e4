"""Bytes that nobody waits for any more: a job deletes them, and a photo that is promised again meanwhile comes later.

No transaction is open while the storage works, so both sides agree by the order in which they look. The job is known to
run, committed, before it asks whether the photo is wanted; whoever brings bytes finds the photo wanted, committed,
before asking whether such a job runs. However they meet, one of the two sees the other and leaves the bytes to it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, Table, cast, select
from sqlalchemy.orm import Session

from checklists.errors import PhotoBeingDeleted
from checklists.jobs import Job, JobState, enqueue
from checklists.quick import table_of

DELETE_GIVEN_UP = "delete_given_up"
ON_THE_WAY = timedelta(days=1)
"""Bytes that were on their way while their photo was given up have arrived by then."""


def have_bytes_deleted(
    session: Session, organization_id: UUID, photo_ids: Iterable[UUID], now: datetime, *, at_once: bool = False
) -> None:
    """Ask for the bytes of these photos to be deleted, but of those that a report or a draft names by then; after a day
    unless it is to be `at_once`, as some may be on their way.
    """
    if named := sorted(str(each) for each in photo_ids):
        job = enqueue(session, organization_id, DELETE_GIVEN_UP, now, photo_ids=named)
        job.run_after = now if at_once else now + ON_THE_WAY


def refuse_while_deleted(session: Session, photo_id: UUID) -> None:
    """To be asked before bytes are taken in, and after they were found to be wanted. Raises PhotoBeingDeleted."""
    if session.scalar(select(Job.id).where(being_deleted(table_of(Job), str(photo_id))).limit(1)):
        raise PhotoBeingDeleted


def being_deleted(jobs: Table, photo_id: Any) -> ColumnElement[bool]:
    """Of a row of jobs: that it runs, and deletes the photo with this id, which is given as text.

    Few jobs run at a time, and the index finds them. One whose worker died counts until another one has done it.
    """
    named = cast(jobs.c.arguments, String).contains(photo_id)
    return (jobs.c.state == JobState.RUNNING) & (jobs.c.kind == DELETE_GIVEN_UP) & named
