"""`clutch train`: learns from what has happened, and keeps the model for the API to serve."""

import typer
from rich.console import Console

from cli.connection import ready_database
from clutch.settings import settings
from matching.knowledge import train_delivery_time
from storage.session import open_engine, transaction

app = typer.Typer()
train = typer.Typer(no_args_is_help=True, help="Learn from what has happened.")
app.add_typer(train, name="train")


@train.callback()
def _train() -> None:
    """Learn from what has happened; the newest model serves within half a minute."""


@train.command()
def delivery() -> None:
    """Learn delivery times from past deliveries."""
    with ready_database(settings()) as database:
        engine = open_engine(database.owner_url, connections=1)
        console = Console(stderr=True)
        with console.status("learning delivery times ..."), transaction(engine) as session:
            version, rows = train_delivery_time(session)
        engine.dispose()
    typer.echo(f"delivery times: model {version}, learned from {rows:,} deliveries")
