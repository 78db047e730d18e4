"""`inspector restore FILE`: a backup goes into an empty installation."""

from pathlib import Path

import click

from checklists.errors import StorageUnavailable
from inspector.commands.move import open_alone, say_lost
from inspector.moving.archive import BadArchiveError
from inspector.moving.empty import NotEmptyError
from inspector.moving.places import own_storage
from inspector.moving.restore import restore as restore_everything
from inspector.settings import Settings


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup in FILE into this installation, which must be empty and stopped, and prove that all of it arrived.

    A backup of an older release is brought up to this one. A restore that broke can be repeated.
    """
    settings = Settings.from_environment()
    engine = open_alone(settings.database_url, "this installation")
    try:
        with file.open("rb") as reading:
            proof = restore_everything(engine, own_storage(settings), reading)
    except NotEmptyError as fault:
        raise click.ClickException(f"This installation is not empty: there are rows in {fault}.") from None
    except BadArchiveError as fault:
        raise click.ClickException(f"Nothing was restored: {fault}.") from None
    except StorageUnavailable:
        raise click.ClickException("The photo storage does not answer; repeat the restore.") from None
    finally:
        engine.dispose()
    click.echo("\n".join(proof.lines))
    if proof.source.lost:
        say_lost(proof.source.lost)
    click.echo("Everything in the backup is here. What was erased after it was made must be erased again.")
