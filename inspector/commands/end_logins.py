"""`inspector end-logins EMAIL`: logs a person out everywhere, say because a phone was stolen."""

from datetime import UTC, datetime

import click

from checklists.accounts import end_logins as end_all
from checklists.accounts import refuse_old_cookies
from checklists.orm import unscoped
from checklists.people import user_by_email
from inspector import create_app
from inspector.auth.logins import old_logins
from inspector.settings import Settings
from inspector.transactions import writing


@click.command("end-logins")
@click.argument("email")
def end_logins(email: str) -> None:
    """End all logins of the person with this EMAIL. What lies unsent on a phone stays there until they log in again."""
    now = datetime.now(UTC)
    with create_app(Settings.from_environment()).app_context(), writing(unscoped("a person's own login")) as session:
        user = user_by_email(session, email)
        if user is None:
            raise click.ClickException("Nobody has this address.")
        ended = end_all(session, user.id, now)
        refuse_old_cookies(session, user.id, old_logins(user), now)
    click.echo(f"Ended: {ended}.")
