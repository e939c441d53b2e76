"""`clutch train`: learns from what has happened, and keeps the model for the API to serve."""

import typer
from rich.console import Console

from cli.connection import one_transaction, ready_database
from clutch.errors import ClutchError
from clutch.settings import settings
from matching.knowledge import train_delivery_time

app = typer.Typer()
train = typer.Typer(no_args_is_help=True, help="Learn from what has happened.")
app.add_typer(train, name="train")

_FEWEST_DELIVERIES = 30


class TooFewDeliveries(ClutchError):
    """There is next to nothing to learn from; the model that serves stays."""

    def __init__(self, found: int) -> None:
        super().__init__(
            f"{found} past deliveries are too few to learn from: bring {_FEWEST_DELIVERIES} or more"
            " with `clutch import trips FILE`, or make some up with `clutch seed`"
        )


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
        if found < _FEWEST_DELIVERIES:
            raise TooFewDeliveries(found)
    typer.echo(f"delivery times: model {version}, learned from {found:,} deliveries")
