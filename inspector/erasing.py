"""The jobs behind an erasure: bytes go from the storage after the commit, and each day what a project's retention asks
to forget.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from checklists.erasure import erase_device_traces, erase_outdated
from checklists.erasure.act import Act
from checklists.jobs import Job, JobState, enqueue
from checklists.orm import scoped, unscoped
from checklists.people import Project
from checklists.visits import Photo, is_wanted
from inspector.doorbell import ring
from inspector.photo_storage import PhotoSize, PhotoStorage, photo_key
from inspector.transactions import reading, writing


class HasStorage(Protocol):
    """What of a job's context is needed here."""

    @property
    def storage(self) -> PhotoStorage: ...


def delete_erased(context: HasStorage, organization_id: UUID, *, visit_id: str) -> None:
    """The job "delete_erased": delete all sizes of the visit's erased photos. It may be repeated; where the storage is
    away, it waits for it.
    """
    erased = select(Photo.id).where(Photo.visit_id == UUID(visit_id), Photo.erased_at.is_not(None))
    with reading(scoped([organization_id])) as session:
        photo_ids = session.scalars(erased).all()
    delete_unwanted(context, organization_id, photo_ids)


def delete_given_up(context: HasStorage, organization_id: UUID, *, photo_ids: list[str]) -> None:
    """The job "delete_given_up": delete what arrived of photos that a revision or a draft had given up by then, but of
    those that a report or a draft names again. While it runs, none of them is taken in (checklists/visits/given_up.py).
    """
    delete_unwanted(context, organization_id, map(UUID, photo_ids))


def delete_unwanted(context: HasStorage, organization_id: UUID, photo_ids: Iterable[UUID]) -> None:
    """Delete all sizes of those of the photos that are erased, or that nobody names."""
    for photo_id in photo_ids:
        with reading(scoped([organization_id])) as session:
            if is_wanted(session, photo_id):
                continue
        for size in PhotoSize:
            context.storage.delete(photo_key(Photo(id=photo_id, organization_id=organization_id), size))


def erase_traces(_context: object, organization_id: UUID, *, user_id: str, by_id: str, reason: str) -> None:
    """The job "erase_traces": what the visits of an erased person say of the phone and where it was."""
    act, after = Act(UUID(by_id), reason, datetime.now(UTC)), None
    while True:
        with writing(scoped([organization_id])) as session:
            after = erase_device_traces(session, UUID(user_id), act, after)
        if after is None:
            return


def keep_retention(_context: object, organization_id: UUID, *, project_id: str) -> None:
    """The job "keep_retention": erase the project's outdated visits, some at a time."""
    while True:
        with writing(scoped([organization_id])) as session:
            if not erase_outdated(session, UUID(project_id), datetime.now(UTC)):
                break
        ring()


def ask_for_retention() -> None:
    """Enqueue the retention of each project unless it is waiting already; once a day is enough."""
    now = datetime.now(UTC)
    with writing(unscoped("each project has a retention of its own")) as session:
        waiting = _asked_already(session)
        for project in session.scalars(select(Project)):
            if str(project.id) not in waiting:
                enqueue(session, project.organization_id, "keep_retention", now, project_id=str(project.id))


def _asked_already(session: Session) -> set[str]:
    jobs = select(Job).where(Job.kind == "keep_retention", Job.state.in_([JobState.WAITING, JobState.RUNNING]))
    return {str(job.arguments["project_id"]) for job in session.scalars(jobs)}
