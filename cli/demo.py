"""`clutch demo`: a market to look at, from nothing to a served answer."""

import datetime as dt
from typing import Annotated

import typer

import demo as demo_market
from api.serving import listen
from cli.connection import one_transaction, ready_database
from cli.keys import service_key
from cli.loading import progress_bar
from cli.match import print_matches
from cli.serve import serve_until_stopped
from clutch.settings import Settings, settings
from matching.knowledge import load_knowledge, train_delivery_time
from matching.nearby import Question, match_shops
from storage.cluster import Database
from storage.session import run

app = typer.Typer()

_SHOPS, _DAYS, _SEED = 5_000, 90, 1
_QUESTION = Question(make="toyota", lon=31.2357, lat=30.0444, limit=5)
_BODY = (
    '{"vehicle": {"make": "toyota"}, "limit": 5,'
    ' "delivery_location": {"type": "Point", "coordinates": [31.2357, 30.0444]}}'
)


@app.command("demo")
def demo(
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=1, max=65_535)] = None,
) -> None:
    """Load a made-up Cairo market, learn from it, and serve it until Ctrl-C."""
    chosen = settings()
    if port is not None:
        chosen = chosen.model_copy(update={"port": port})
    listen(chosen.host, chosen.port).close()  # a port that is taken is better known first
    with ready_database(chosen) as database:
        _prepare(database)
        _show(database, chosen)
        serve_until_stopped(chosen)


def _prepare(database: Database) -> None:
    """Load the market and learn from it, unless shops or deliveries are there already."""
    try:
        with one_transaction(database.owner_url) as session, progress_bar() as progress:
            counts = demo_market.load(
                session.connection(),
                shops=_SHOPS,
                seed=_SEED,
                days=_DAYS,
                until=dt.datetime.now(dt.UTC).date(),  # so that counts of stock are still believed
                progress=progress,
            )
            progress("learning delivery times", 0, 0)
            train_delivery_time(session)
    except demo_market.DatabaseNotEmpty:
        typer.echo("the database holds shops already: they stay as they are\n")
    else:
        typer.echo(f"loaded {counts.shops:,} made-up shops and learned their delivery times\n")


def _show(database: Database, chosen: Settings) -> None:
    """Ask the order service's question once, and say how to ask it again."""
    with one_transaction(database.url) as session:
        knowledge = load_knowledge(session)
        now = dt.datetime.now(dt.UTC)
        print_matches(run(session, match_shops(_QUESTION, knowledge=knowledge, now=now)))
    # Not through rich: a wrapped line could not be pasted.
    typer.echo(
        "\nAsk again, over HTTP:\n\n"
        f"  curl -s http://{chosen.host}:{chosen.port}/api/v1/matching/shops \\\n"
        f"    -H 'Authorization: Bearer {service_key(chosen)}' \\\n"
        "    -H 'Content-Type: application/json' \\\n"
        f"    -d '{_BODY}'\n\n"
        f"The API is described at http://{chosen.host}:{chosen.port}/docs; Ctrl-C stops it.\n"
    )
