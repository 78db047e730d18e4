"""`inspector backup FILE`: all of the installation in one file, while the service goes on."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from checklists.errors import StorageUnavailable
from checklists.orm import connect
from inspector.commands.move import say_lost
from inspector.moving.backup import NothingThereError, back_up
from inspector.photo_storage import storage_of
from inspector.settings import Settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """Write everything to FILE, which only its owner may read: it holds hashes of passwords and people's data.

    The exit status is 1 where photos are lost; the backup holds the rest.
    """
    settings = Settings.from_environment()
    if file.exists():
        raise click.ClickException(f"{file} is there already.")
    part = file.with_name(f"{file.name}.part")
    engine = connect(settings.database_url)
    try:
        # Whatever an interrupted backup left under this name belongs to nobody.
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
            os.fchmod(writing.fileno(), 0o600)
            proof = back_up(engine, storage_of(settings), writing, datetime.now(UTC))
            writing.flush()
            os.fsync(writing.fileno())
        part.rename(file)
    except NothingThereError:
        raise click.ClickException("There is nothing to back up: the database has no tables.") from None
    except StorageUnavailable:
        raise click.ClickException("The photo storage does not answer; there is no backup.") from None
    except OSError as fault:
        raise click.ClickException(f"The file cannot be written: {fault}") from None
    finally:
        part.unlink(missing_ok=True)
        engine.dispose()
    click.echo(f"{file}: {file.stat().st_size:,} bytes")
    for name, tally in proof.tallies.items():
        click.echo(f"{tally.number:>12,}  {name}")
    if proof.lost:
        say_lost(proof.lost)
        sys.exit(1)
