"""The command `inspector`: it serves, works, migrates, backs up, restores, moves and checks; --help lists all of it."""

import re
import secrets
import signal
from datetime import UTC, datetime

import click
from flask import Flask
from sqlalchemy import select

from checklists.orm import connect, unscoped
from checklists.people import Organization, Role, User, add_member, normal_email
from inspector import create_app, logs, serving
from inspector.auth import hash_password
from inspector.background import Worker
from inspector.commands.backup import backup
from inspector.commands.check import check
from inspector.commands.end_logins import end_logins
from inspector.commands.move import move
from inspector.commands.restore import restore
from inspector.demo import DemoLogin, make_demo
from inspector.notices.keys import make_key
from inspector.revisions import found_revision, needed_revision, revision_fits
from inspector.revisions import migrate as migrate_database
from inspector.settings import Settings
from inspector.transactions import reading, writing

DEMO_PASSWORD_FILE = "demo-logins.txt"


@click.group()
def main() -> None:
    """Service audits. Settings come from the environment; inspector/settings.py lists them."""
    logs.configure()


@main.command()
def serve() -> None:
    """Migrate, make the demo on the first start, run the jobs and answer requests.

    With PROCESSES above 1 it only answers requests: `inspector migrate` goes before it, `inspector worker` beside it.
    """
    settings = Settings.from_environment()
    if settings.processes == 1:
        migrate_database(settings.database_url)
    else:
        _refuse_other_tables(settings)
    serving.prepare(settings)
    app = create_app(settings)
    if settings.processes == 1 and settings.demo:
        _demo_once(app)
    _say_where(settings)
    serving.serve(app)


@main.command()
def worker() -> None:
    """Run only the background jobs, beside any number of serving processes."""
    settings = Settings.from_environment()
    _refuse_other_tables(settings)
    running = Worker(create_app(settings))
    signal.signal(signal.SIGTERM, lambda *_: running.stop())
    running.run()


@main.command()
def migrate() -> None:
    """Bring the database to this release's tables."""
    migrate_database(Settings.from_environment().database_url)


@main.command()
def demo() -> None:
    """Fill an empty installation with the demo and print its logins."""
    settings = Settings.from_environment()
    migrate_database(settings.database_url)
    if not _demo_once(create_app(settings)):
        raise click.ClickException(
            "There are organizations here already; the demo only goes into an empty installation."
        )
    click.echo((settings.data_dir / DEMO_PASSWORD_FILE).read_text(), nl=False)


@main.command("create-owner")
@click.option("--organization", required=True, help="Its name.")
@click.option("--slug", required=True, help="How it stands in addresses: small Latin letters, digits, hyphens.")
@click.option("--email", required=True)
@click.option("--name", required=True)
def create_owner(organization: str, slug: str, email: str, name: str) -> None:
    """Make an organization with its owner, and print the password once."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", slug):
        raise click.ClickException("The slug takes small Latin letters, digits and hyphens only.")
    settings = Settings.from_environment()
    password = secrets.token_urlsafe(12)
    now = datetime.now(UTC)
    with create_app(settings).app_context(), writing(unscoped("a new organization begins")) as session:
        if session.scalar(select(Organization).where(Organization.slug == slug)):
            raise click.ClickException(f"There is an organization “{slug}” already.")
        user = session.scalar(select(User).where(User.email == normal_email(email)))
        known = user is not None
        if user is None:
            user = User(email=normal_email(email), name=name, password_hash=hash_password(password), created_at=now)
        tenant = Organization(slug=slug, name=organization, created_at=now)
        session.add_all([user, tenant])
        session.flush()
        add_member(session, user, [Role.OWNER], organization_id=tenant.id)
    click.echo(f"{email} owns “{organization}”." + ("" if known else f" Password: {password}"))


@main.command("vapid-key")
def vapid_key() -> None:
    """Print a new key for VAPID_PRIVATE_KEY, by which push services know this installation.

    With another one than before, notices reach a phone again when it has opened the app, within a day.
    """
    click.echo(make_key())


main.add_command(check)
main.add_command(move)
main.add_command(backup)
main.add_command(restore)
main.add_command(end_logins)


def _refuse_other_tables(settings: Settings) -> None:
    engine = connect(settings.database_url)
    with engine.connect() as connection:
        found = found_revision(connection)
    engine.dispose()
    if not revision_fits(found):
        raise click.ClickException(
            f"The database is at revision {found}, this release needs {needed_revision()}: run `inspector migrate`."
        )


def _demo_once(app: Flask) -> bool:
    """Make the demo unless there is an organization already; says whether it was made."""
    with app.app_context():
        with reading(unscoped("is this the first start?")) as session:
            if session.scalar(select(Organization.id).limit(1)):
                return False
        click.echo("First start: making the demo …")
        logins = make_demo(app)
    _keep_logins(app.config["SETTINGS"], logins)
    return True


def _keep_logins(settings: Settings, logins: list[DemoLogin]) -> None:
    lines = [f"  {login.role:<10} {login.email:<32} {login.password}\n" for login in logins]
    (settings.data_dir / DEMO_PASSWORD_FILE).write_text("".join(lines))


def _say_where(settings: Settings) -> None:
    address = settings.base_url or f"http://127.0.0.1:{settings.port}"
    click.echo(f"\nManager pages  {address}/\nPhone app      {address}/phone/\nData           {settings.data_dir}")
    logins = settings.data_dir / DEMO_PASSWORD_FILE
    if logins.exists():
        click.echo(f"Demo logins\n{logins.read_text()}", nl=False)
    click.echo("Ctrl+C stops it.\n")
