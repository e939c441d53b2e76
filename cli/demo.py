"""`clutch demo`: a market to look at, from nothing to orders being quoted and delivered."""

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Annotated

import httpx
import typer

import demo as demo_market
from api.serving import listen
from cli.connection import one_transaction, ready_database
from cli.keys import service_key
from cli.loading import progress_bar
from cli.match import print_matches
from cli.serve import serve_until_stopped
from clutch.errors import SetupNeeded
from clutch.settings import Settings, settings
from demo.people import PASSWORD, LogIn, add_people
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
# A new town: what few shops of the demo are around leave the orders to those that are played.
_SIMULATION = ("--orders", "24", "--shops", "8", "--speed", "1200", "--district", "New Capital")
_STARTS_WITHIN_SECONDS = 60.0


@app.command("demo")
def demo(
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=1, max=65_535)] = None,
    simulate: Annotated[
        bool, typer.Option(help="Play some customers and shops once it is served.")
    ] = True,
) -> None:
    """Load a made-up Cairo market, learn from it, serve it until Ctrl-C, and play an hour of it.

    The log-ins it prints have a password that everybody knows: not for production.
    """
    chosen = settings()
    if chosen.environment == "production":
        raise SetupNeeded("the demo's log-ins are known to everybody: it is not for production")
    if port is not None:
        chosen = chosen.model_copy(update={"port": port})
    listen(chosen.host, chosen.port).close()  # a port that is taken is better known first
    with ready_database(chosen) as database:
        logins = _prepare(database)
        _show(database, chosen, logins)
        with _simulation(chosen) if simulate else nullcontext():
            serve_until_stopped(chosen)


def _prepare(database: Database) -> list[LogIn]:
    """Load the market and learn from it, unless shops or deliveries are there; add the log-ins."""
    now = dt.datetime.now(dt.UTC)
    try:
        with one_transaction(database.owner_url) as session, progress_bar() as progress:
            counts = demo_market.load(
                session.connection(),
                shops=_SHOPS,
                seed=_SEED,
                days=_DAYS,
                until=now.date(),  # so that counts of stock are still believed
                progress=progress,
            )
            progress("learning delivery times", 0, 0)
            train_delivery_time(session)
    except demo_market.DatabaseNotEmpty:
        typer.echo("the database holds shops already: they stay as they are\n")
    else:
        typer.echo(f"loaded {counts.shops:,} made-up shops and learned their delivery times\n")
    with one_transaction(database.url) as session:
        return add_people(session, now=now)


def _show(database: Database, chosen: Settings, logins: list[LogIn]) -> None:
    """Ask the order service's question once, say how to ask it again, and who can log in."""
    with one_transaction(database.url) as session:
        knowledge = load_knowledge(session)
        now = dt.datetime.now(dt.UTC)
        print_matches(run(session, match_shops(_QUESTION, knowledge=knowledge, now=now)))
    address = _address(chosen)
    people = "\n".join(f"  {login.email:<24} sees {login.sees}" for login in logins)
    # Not through rich: a wrapped line could not be pasted.
    typer.echo(
        "\nAsk again, over HTTP:\n\n"
        f"  curl -s {address}/api/v1/matching/shops \\\n"
        f"    -H 'Authorization: Bearer {service_key(chosen)}' \\\n"
        "    -H 'Content-Type: application/json' \\\n"
        f"    -d '{_BODY}'\n\n"
        f"Log in (POST {address}/api/v1/auth/log-in), password {PASSWORD}:\n\n{people}\n\n"
        f"The API is described at {address}/docs; Ctrl-C stops everything.\n"
    )


def _address(chosen: Settings) -> str:
    return f"http://{chosen.host}:{chosen.port}"


@contextmanager
def _simulation(chosen: Settings) -> Iterator[None]:
    """Play customers and shops, in a process of their own, once the server answers."""
    stopping = threading.Event()
    player = threading.Thread(target=_play, args=(_address(chosen), stopping))
    player.start()
    try:
        yield
    finally:
        stopping.set()
        player.join()


def _play(address: str, stopping: threading.Event) -> None:
    if not _answers(address, stopping):
        return
    typer.echo("an hour of the market is played: shops join, customers order ...\n")
    # `clutch` itself, wherever it was started from.
    command = [sys.executable, "-c", "from cli.main import run; run()", "simulate"]
    with subprocess.Popen([*command, "--url", address, *_SIMULATION], env=os.environ) as played:  # noqa: S603
        while played.poll() is None:
            if stopping.wait(0.2):
                played.terminate()
                return
    typer.echo("\nMore of it: .venv/bin/clutch simulate --orders 200")


def _answers(address: str, stopping: threading.Event) -> bool:
    until = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < until and not stopping.wait(0.3):
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz", trust_env=False).status_code == 200:
                return True
    return False
