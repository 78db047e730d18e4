"""`inspector move`: to another database and another photo storage."""

import sys

import click
from sqlalchemy import Engine

from checklists.errors import StorageUnavailable
from inspector.moving.empty import NotEmptyError
from inspector.moving.move import LostPhotosError, NotTheSameError, OtherRevisionError
from inspector.moving.move import move as move_everything
from inspector.moving.places import storage_at
from inspector.moving.stillness import InUseError, alone
from inspector.photo_storage import storage_of
from inspector.settings import Settings

SHOWN_KEYS = 20


@click.command()
@click.option("--to-database", required=True, metavar="URL", help="An empty database, as DATABASE_URL names it.")
@click.option("--to-photos", required=True, metavar="PLACE", help="s3://bucket[/prefix], or /a/folder.")
@click.option("--accept-lost-photos", is_flag=True, help="Go on though photos are lost here already.")
def move(to_database: str, to_photos: str, accept_lost_photos: bool) -> None:
    """Copy everything to an empty installation and prove that it arrived; exit status 1 where it did not.

    Stop the service first. A move that broke can be repeated.
    """
    settings = Settings.from_environment()
    try:
        new_photos = storage_at(settings, to_photos)
    except ValueError as fault:
        raise click.ClickException(f"--to-photos: {fault}") from None
    source, target = open_alone(settings.database_url, "this installation"), open_alone(to_database, "the new one")
    try:
        proof = move_everything(source, storage_of(settings), target, new_photos, lost_is_accepted=accept_lost_photos)
    except NotEmptyError as fault:
        raise click.ClickException(f"The new database is not empty: there are rows in {fault}.") from None
    except OtherRevisionError:
        raise click.ClickException("Run `inspector migrate` here first.") from None
    except LostPhotosError as lost:
        say_lost(lost.keys)
        raise click.ClickException("Nothing was moved. --accept-lost-photos goes on without them.") from None
    except NotTheSameError as different:
        click.echo("\n".join(different.comparison.lines))
        raise click.ClickException("What arrived is not what was here; the new database was left empty.") from None
    except StorageUnavailable as fault:
        raise click.ClickException(f"The photo storage does not answer ({fault.__cause__}); repeat the move.") from None
    finally:
        source.dispose()
        target.dispose()
    click.echo("\n".join(proof.lines))
    if proof.source.lost:
        say_lost(proof.source.lost)
        sys.exit(1)
    click.echo(
        "Everything arrived. Now set DATABASE_URL and PHOTO_STORAGE (or DATA_DIR) to the new places, keep SECRET_KEY"
        f" (unless it is set, it stands in {settings.data_dir / 'secret-key'}), start the service there, and do not"
        " start this one again."
    )


def open_alone(url: str, name: str) -> Engine:
    """The database, if nobody else works with it."""
    try:
        return alone(url)
    except InUseError:
        raise click.ClickException(f"Somebody works with the database of {name}: stop the service first.") from None


def say_lost(keys: list[str]) -> None:
    click.echo(f"Photos that are missing or were changed already where they lay: {len(keys)}", err=True)
    for key in keys[:SHOWN_KEYS]:
        click.echo(f"  {key}", err=True)
    if len(keys) > SHOWN_KEYS:
        click.echo("  …", err=True)
