"""`clutch train`: learns from what has happened, and keeps the model for the API to serve."""

import typer
from rich.console import Console

from cli.connection import one_transaction, ready_database
from clutch.settings import settings
from matching.knowledge import train_delivery_time

app = typer.Typer()
train = typer.Typer(no_args_is_help=True, help="Learn from what has happened.")
app.add_typer(train, name="train")


@train.callback()
def _train() -> None:
    """Learn from what has happened; the newest model serves within half a minute."""


@train.command()
def delivery() -> None:
    """Learn delivery times from past deliveries."""
    console = Console(stderr=True)
    with (
        ready_database(settings()) as database,
        console.status("learning delivery times ..."),
        one_transaction(database.owner_url) as session,
    ):
        version, found = train_delivery_time(session)
    typer.echo(f"delivery times: model {version}, learned from {found:,} deliveries")
