"""The command `inspector`: serve, worker, migrate, demo, create-owner, check."""

import logging
import re
import secrets
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import waitress
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import column, func, select, table

from checklists.orm import connect, unscoped
from checklists.people import Organization, Role, User, add_member, normal_email
from inspector import create_app
from inspector.auth import hash_password
from inspector.background import Worker
from inspector.demo import DemoLogin, make_demo
from inspector.settings import Settings
from inspector.transactions import reading, writing

_ROLES = table("pg_roles", column("rolname"), column("rolsuper"), column("rolbypassrls"))
_ABOVE_THE_WALL = select(_ROLES.c.rolsuper | _ROLES.c.rolbypassrls).where(_ROLES.c.rolname == func.current_user())
ROOT = Path(__file__).resolve().parent.parent
# One thread works for photos of up to 25 MB; more is refused before waitress keeps it.
LARGEST_BODY_BYTES = 32 * 1024 * 1024
DEMO_PASSWORD_FILE = "demo-logins.txt"


@click.group()
def main() -> None:
    """Service audits. Settings come from the environment; inspector/settings.py lists them."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)


@main.command()
def serve() -> None:
    """Migrate, make the demo on the first start, run the jobs and answer requests."""
    settings = Settings.from_environment()
    _migrate(settings)
    app = create_app(settings)
    if settings.demo:
        _demo_once(app)
    worker = Worker(app)
    worker.start()
    _say_where(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        waitress.serve(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            max_request_body_size=LARGEST_BODY_BYTES,
            ident="",
        )
    finally:
        worker.stop()


@main.command()
def worker() -> None:
    """Run only the background jobs, beside any number of serving processes."""
    running = Worker(create_app(Settings.from_environment()))
    signal.signal(signal.SIGTERM, lambda *_: running.stop())
    running.run()


@main.command()
def migrate() -> None:
    """Bring the database to this release's tables."""
    _migrate(Settings.from_environment())


@main.command()
def demo() -> None:
    """Fill an empty installation with the demo and print its logins."""
    settings = Settings.from_environment()
    _migrate(settings)
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


@main.command()
def check() -> None:
    """Say what is misconfigured; exit status 1 where something is."""
    settings = Settings.from_environment()
    faults = []
    try:
        with connect(settings.database_url).connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
            if connection.dialect.name == "postgresql" and connection.scalar(_ABOVE_THE_WALL):
                faults.append("The database role is above row-level security: give it NOSUPERUSER NOBYPASSRLS.")
        newest = ScriptDirectory.from_config(_alembic()).get_current_head()
        if found != newest:
            faults.append(f"The database is at revision {found}, this release needs {newest}: run `inspector migrate`.")
    except Exception as error:
        faults.append(f"The database cannot be reached ({type(error).__name__}): look at DATABASE_URL.")
    try:
        create_app(settings).extensions["photos"].check()
    except Exception as error:
        faults.append(f"Photos cannot be stored ({type(error).__name__}): look at DATA_DIR.")
    if settings.base_url and not settings.secure:
        faults.append("BASE_URL is not https: phones will not work off-line.")
    for fault in faults:
        click.echo(fault)
    if faults:
        sys.exit(1)
    click.echo("Everything is in order.")


def _migrate(settings: Settings) -> None:
    engine = connect(settings.database_url)
    config = _alembic()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def _alembic() -> Config:
    return Config(toml_file=ROOT / "pyproject.toml")


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
