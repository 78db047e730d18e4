"""`inspector check`: says what is misconfigured, and how to mend it."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import click
from redis import Redis, RedisError
from sqlalchemy import Connection, Engine, Integer, cast, column, func, select, table
from sqlalchemy.exc import SQLAlchemyError

from checklists.errors import StorageUnavailable
from checklists.jobs import Job, JobState
from checklists.orm import ScopedSession, connect, unscoped
from inspector.notices.keys import contact_of, read_key
from inspector.phone_app import TRANSLATIONS
from inspector.photo_storage import storage_of
from inspector.revisions import found_revision, needed_revision, revision_fits
from inspector.settings import Settings
from inspector.transactions import MOST_CONNECTIONS

SHORTEST_SECRET = 32
MOST_SKEW = timedelta(seconds=5)
GIB = 1024**3
LEAST_FREE_BYTES = 2 * GIB
LEAST_FREE_SHARE = 0.05
LATEST_JOB = timedelta(minutes=15)
"""A job that waits longer has nobody who runs it."""
S3_REASONS = {
    "NoSuchBucket": "there is no such bucket. Make it, or correct its name in PHOTO_STORAGE.",
    "404": "there is no such bucket. Make it, or correct its name in PHOTO_STORAGE.",
    "SignatureDoesNotMatch": "S3_SECRET_KEY is wrong.",
    "InvalidAccessKeyId": "S3_ACCESS_KEY is not known there.",
    "AccessDenied": "the key in S3_ACCESS_KEY may not write there. Allow it to read, write, list and delete.",
    "403": "the store refuses S3_ACCESS_KEY and S3_SECRET_KEY. Correct them.",
}

_ROLES = table("pg_roles", column("rolname"), column("rolsuper"), column("rolbypassrls"))
_ABOVE_THE_WALL = select(_ROLES.c.rolsuper | _ROLES.c.rolbypassrls).where(_ROLES.c.rolname == func.current_user())
_MOST_CONNECTIONS = select(cast(func.current_setting("max_connections"), Integer))


@click.command()
def check() -> None:
    """Say what is misconfigured; exit status 1 where something is."""
    try:
        settings = Settings.from_environment()
    except (ValueError, OSError) as fault:
        raise click.ClickException(f"A setting cannot be used: {fault}. README.md lists what each takes.") from None
    sentences = list(misconfigured(settings, os.environ))
    for sentence in sentences:
        click.echo(sentence)
    if sentences:
        sys.exit(1)
    click.echo("Everything is in order.")


def misconfigured(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """A sentence or two for each fault: what is wrong, and what to do. Asks database, storage and Redis."""
    yield from _secret(settings, environment)
    yield from _address(settings)
    if _in_production(settings):
        yield from _only_in_production(settings)
    yield from _notices(settings)
    yield from _database(settings)
    yield from _photos(settings)
    yield from _bell(settings)
    yield from _disk(settings)
    yield from _texts()


def _in_production(settings: Settings) -> bool:
    return not settings.database_url.startswith("sqlite") or settings.processes > 1 or settings.secure


def _secret(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    if not environment.get("SECRET_KEY"):
        if _in_production(settings):
            yield (
                f"SECRET_KEY is not set, so one was made up in {settings.data_dir}; other machines make up others, and"
                " logins end at random. Set the same one for all: openssl rand -hex 32."
            )
    elif len(settings.secret_key) < SHORTEST_SECRET:
        yield f"SECRET_KEY is shorter than {SHORTEST_SECRET} signs and could be guessed. Take: openssl rand -hex 32."


def _address(settings: Settings) -> Iterator[str]:
    if settings.base_url and not settings.secure:
        yield "BASE_URL is not https: phones will not work off-line. Put a front with a certificate before the service."
    elif settings.base_url and not urlsplit(settings.base_url).hostname:
        yield "BASE_URL names no host. It looks like https://audit.example.com."
    if settings.secure and not settings.trusted_proxies:
        yield (
            "BASE_URL is https, so a front stands before the service, but TRUSTED_PROXIES is 0: everybody seems to come"
            " from the front's address. Set TRUSTED_PROXIES to how many fronts a request passes, mostly 1."
        )


def _only_in_production(settings: Settings) -> Iterator[str]:
    if not settings.base_url:
        yield "BASE_URL is not set: mails could not say where the service is. It looks like https://audit.example.com."
    if settings.demo:
        yield "DEMO is on: the first start would make people whose passwords lie in a file. Set DEMO=0."
    if not settings.mail_url:
        yield (
            "MAIL_URL is not set: invitations and new passwords go to the log and to nobody. Set it to"
            " smtp://user:password@host:587."
        )
    elif not settings.mail_from:
        yield "MAIL_FROM is not set: mail needs an address that it comes from."


def _notices(settings: Settings) -> Iterator[str]:
    try:
        if settings.vapid_private_key:
            read_key(settings.vapid_private_key)
    except ValueError as fault:
        yield f"VAPID_PRIVATE_KEY cannot be used: {fault}. Make one with `inspector vapid-key`."
    if _in_production(settings):
        if not settings.vapid_private_key:
            yield (
                f"VAPID_PRIVATE_KEY is not set, so one was made up in {settings.data_dir}; other machines make up"
                " others, and notices to phones are refused at random. Set the same one for all: `inspector vapid-key`."
            )
        if not contact_of(settings):
            yield (
                "VAPID_CONTACT is not set: some push services take no notices from nobody. It looks like"
                " mailto:audit@example.com."
            )
    if settings.vapid_contact and not settings.vapid_contact.startswith(("mailto:", "https://")):
        yield "VAPID_CONTACT is no address of ours. It looks like mailto:audit@example.com, or https://…."


def _database(settings: Settings) -> Iterator[str]:
    engine = connect(settings.database_url)
    try:
        with engine.connect() as connection:
            yield from _tables(connection)
            if connection.dialect.name == "postgresql":
                yield from _server(connection, settings)
            fits = revision_fits(found_revision(connection))
        if fits:
            yield from _jobs(engine)
    except SQLAlchemyError as fault:
        cause = str(getattr(fault, "orig", fault)).strip().partition("\n")[0]
        yield f"The database cannot be reached ({cause}). Look at DATABASE_URL, and whether the server runs."
    finally:
        engine.dispose()


def _tables(connection: Connection) -> Iterator[str]:
    found, needed = found_revision(connection), needed_revision()
    if not revision_fits(found):
        yield f"The database is at revision {found}, this release needs {needed}: run `inspector migrate`."
    elif found != needed:
        yield f"The database is at revision {found}, which a newer release made. Bring this machine up to that release."


def _server(connection: Connection, settings: Settings) -> Iterator[str]:
    if connection.scalar(_ABOVE_THE_WALL):
        yield (
            "The database role is above row-level security, the second wall between organizations. As a superuser of"
            " the database: ALTER ROLE … NOSUPERUSER NOBYPASSRLS."
        )
    asked = datetime.now(UTC)
    skew = connection.scalars(select(func.clock_timestamp())).one() - asked
    if abs(skew) > MOST_SKEW:
        yield (
            f"The clocks of this machine and of the database are {abs(skew.total_seconds()):.0f} s apart, so jobs run"
            " at wrong times. Have both take their time from the network (chrony, systemd-timesyncd)."
        )
    offered = connection.scalar(_MOST_CONNECTIONS) or 0
    wanted = (settings.processes + 1) * MOST_CONNECTIONS
    if wanted > offered:
        yield (
            f"{settings.processes} processes and a worker may ask for {wanted} connections, but the database gives"
            f" {offered}. Raise its max_connections, or lower PROCESSES."
        )


def _jobs(engine: Engine) -> Iterator[str]:
    with ScopedSession(engine, unscoped("how long have jobs waited?")) as session:
        due = session.scalar(select(func.min(Job.run_after)).where(Job.state == JobState.WAITING))
    if due is not None and datetime.now(UTC) - due > LATEST_JOB:
        yield f"A job has been waiting since {due:%Y-%m-%d %H:%M} UTC: nobody runs them. Start `inspector worker`."


def _photos(settings: Settings) -> Iterator[str]:
    if not settings.photo_storage:
        place, hint = str(settings.photo_dir), "Look whether the folder of DATA_DIR belongs to this user."
    else:
        place, hint = settings.photo_storage, "Look at S3_ENDPOINT_URL and S3_REGION, and whether the store runs."
    try:
        storage_of(settings).check()
    except ValueError as fault:
        yield f"{fault}."
    except StorageUnavailable as fault:
        cause = fault.__cause__
        code = str(getattr(cause, "response", {}).get("Error", {}).get("Code", ""))
        yield f"Photos cannot be stored in {place} ({code or cause or 'no answer'}): {S3_REASONS.get(code, hint)}"


def _bell(settings: Settings) -> Iterator[str]:
    if not settings.jobs_url:
        return
    try:
        Redis.from_url(settings.jobs_url, socket_connect_timeout=2, socket_timeout=2).ping()
    except (RedisError, ValueError) as fault:
        yield (
            f"Redis cannot be reached ({type(fault).__name__}): jobs run all the same, but up to a second later. Look"
            " at JOBS_URL, and whether the server runs."
        )


def _disk(settings: Settings) -> Iterator[str]:
    total, _used, free = shutil.disk_usage(settings.data_dir)
    if free < LEAST_FREE_BYTES or free < LEAST_FREE_SHARE * total:
        left = f"{free / GIB:.1f} GiB of {total / GIB:.0f} are left"
        yield f"The disk under {settings.data_dir} is nearly full: {left}. Make room before photos are refused."


def _texts() -> Iterator[str]:
    for source in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        if not source.with_suffix(".mo").exists():
            yield (
                f"The texts in {source} are not compiled, so that language would be missing: run"
                f" pybabel compile --directory {TRANSLATIONS}."
            )
