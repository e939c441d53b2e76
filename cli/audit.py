"""`clutch audit`: whether the audit log is as it was written."""

from typing import Annotated

import typer

from accounts.audit import verify as verify_log
from cli.connection import one_transaction, ready_database
from clutch.errors import ClutchError
from clutch.settings import settings

app = typer.Typer()
audit = typer.Typer(no_args_is_help=True, help="The log of who did what.")
app.add_typer(audit, name="audit")


class LogBroken(ClutchError):
    """The audit log was altered."""


@audit.command("verify")
def verify(
    seen: Annotated[
        str | None, typer.Option(help="An end that was printed earlier; it must still be there.")
    ] = None,
) -> None:
    """Check the chain of hashes over the whole log, and print its end to be noted elsewhere."""
    with ready_database(settings()) as database, one_transaction(database.url) as session:
        verdict = verify_log(session, seen=seen)
    if not verdict["whole"]:
        raise LogBroken(f"the audit log was altered from entry {verdict['first_broken']} on")
    typer.echo(f"{verdict['entries']} entries, whole; end {verdict['end'] or 'none'}")
