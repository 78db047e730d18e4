"""How long a job is tried, what the others of its kind do meanwhile, and which are forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from checklists.jobs import (
    FORGOTTEN_AT_A_TIME,
    LONGEST_WAIT,
    Job,
    JobState,
    claim,
    enqueue,
    fail,
    finish,
    forget_done,
    hold_back,
    try_again,
    wait,
)
from checklists.people import Organization
from tests.databases import Sessions

EVENING = datetime(2026, 11, 20, 20, tzinfo=UTC)
LEASE = timedelta(minutes=10)


@pytest.fixture
def organizations(sessions: Sessions) -> list[UUID]:
    with sessions() as session, session.begin():
        made = [Organization(slug=name, name=name, created_at=EVENING) for name in ("north", "south")]
        session.add_all(made)
        session.flush()
        return [each.id for each in made]


def ask(sessions: Sessions, organization_id: UUID, kind: str = "mail", at: datetime = EVENING) -> UUID:
    with sessions() as session, session.begin():
        job = enqueue(session, organization_id, kind, at)
        session.flush()
        return job.id


def job_of(sessions: Sessions, job_id: UUID) -> Job:
    with sessions() as session:
        return session.get_one(Job, job_id)


def try_in_vain(sessions: Sessions, now: datetime) -> None:
    with sessions() as session, session.begin():
        job = claim(session, now, LEASE)
        assert job is not None
        wait(session, job.id, "away", now)


def test_what_is_away_is_waited_for_over_nights_and_not_for_ever(sessions: Sessions, organizations: list[UUID]) -> None:
    job_id, now, pauses = ask(sessions, organizations[0]), EVENING, []
    while job_of(sessions, job_id).state is JobState.WAITING:
        try_in_vain(sessions, now)
        pauses.append((job_of(sessions, job_id).run_after - now) // timedelta(minutes=1))
        now = job_of(sessions, job_id).run_after
    assert pauses[:8] == [1, 1, 2, 4, 8, 16, 32, 60]
    assert set(pauses[8:-1]) == {60}
    job = job_of(sessions, job_id)
    assert (job.state, job.attempts, job.error) == (JobState.FAILED, 1, "away")
    assert job.finished_at is not None
    assert LONGEST_WAIT <= job.finished_at - EVENING < LONGEST_WAIT + timedelta(hours=1)

    with sessions() as session, session.begin():
        try_again(session, job_id, now)
    try_in_vain(sessions, now)
    assert job_of(sessions, job_id).state is JobState.WAITING, "it may be waited for as long again"


def test_what_is_refused_for_good_fails_at_once(sessions: Sessions, organizations: list[UUID]) -> None:
    job_id = ask(sessions, organizations[0])
    with sessions() as session, session.begin():
        assert claim(session, EVENING, LEASE) is not None
        fail(session, job_id, "never", EVENING, for_good=True)
    job = job_of(sessions, job_id)
    assert (job.state, job.error, job.finished_at) == (JobState.FAILED, "never", EVENING)


def test_the_others_of_the_kind_are_held_back_whosever_they_are(sessions: Sessions, organizations: list[UUID]) -> None:
    alike = [ask(sessions, each) for each in organizations]
    other, later = ask(sessions, organizations[0], "derive_photo"), EVENING + timedelta(hours=1)
    far_off = ask(sessions, organizations[0], at=later)
    with sessions() as session, session.begin():
        hold_back(session, "mail", EVENING)
    assert [job_of(sessions, each).run_after - EVENING for each in alike] == [timedelta(minutes=5)] * 2
    assert job_of(sessions, other).run_after == EVENING
    assert job_of(sessions, far_off).run_after == later


def test_done_jobs_are_forgotten_after_a_week_and_failed_ones_are_kept(
    sessions: Sessions, organizations: list[UUID]
) -> None:
    old, young, failed, waiting = (ask(sessions, organizations[number % 2]) for number in range(4))
    with sessions() as session, session.begin():
        for job_id, at in ((old, EVENING), (young, EVENING + timedelta(hours=2))):
            finish(session, job_id, at)
        fail(session, failed, "never", EVENING, for_good=True)
    with sessions() as session, session.begin():
        assert forget_done(session, EVENING + timedelta(days=7, hours=1)) == 1
    with sessions() as session:
        assert set(session.scalars(select(Job.id))) == {young, failed, waiting}


def test_many_are_forgotten_some_at_a_time(sessions: Sessions, organizations: list[UUID]) -> None:
    done = {"kind": "derive_photo", "arguments": {}, "state": JobState.DONE, "run_after": EVENING}
    with sessions() as session, session.begin():
        session.add_all(
            Job(organization_id=organizations[0], created_at=EVENING, finished_at=EVENING, **done)
            for _ in range(FORGOTTEN_AT_A_TIME + 5)
        )
    counts = []
    for _ in range(3):
        with sessions() as session, session.begin():
            counts.append(forget_done(session, EVENING + timedelta(days=8)))
    assert counts == [FORGOTTEN_AT_A_TIME, 5, 0]
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 0
