"""`clutch simulate`: customers and shops, played against a running server."""

import asyncio
import json
import os
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table

from cli.loading import progress_bar
from clutch.errors import ClutchError, InvalidInput
from demo.people import ADMIN, PASSWORD
from simulator.market import Outcome, Plan, live
from simulator.town import DISTRICTS

app = typer.Typer()

_PASSWORD_VARIABLE = "CLUTCH_SIMULATE_PASSWORD"  # noqa: S105 - where it is, not what it is
_MOST_ORDERS, _MOST_SHOPS = 100_000, 200


class Surprised(ClutchError):
    """The server answered as nobody in the simulation expected."""


@app.command("simulate")
def simulate(
    orders: Annotated[int, typer.Option(help="How many orders.")] = 200,
    url: Annotated[str, typer.Option(help="Where the server is.")] = "http://127.0.0.1:8000",
    shops: Annotated[int, typer.Option(help="How many shops join.")] = 24,
    speed: Annotated[float, typer.Option(help="Simulated minutes in a real one.")] = 600,
    seed: Annotated[int, typer.Option(help="Another number makes other people.")] = 1,
    district: Annotated[
        str | None, typer.Option(help="Play in one district alone, as 'New Capital'.")
    ] = None,
    admin: Annotated[
        str, typer.Option(help="E-mail of the administrator who approves the shops.")
    ] = ADMIN,
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON.")] = False,
) -> None:
    """Play customers and shops against a running server, through HTTP and sockets only.

    Shops join and are approved by the administrator, whose password is in CLUTCH_SIMULATE_PASSWORD
    (that of the demo when it is not set). A simulated minute is a real minute divided by the speed.
    """
    _check("--orders", orders, 1, _MOST_ORDERS)
    _check("--shops", shops, 1, _MOST_SHOPS)
    _check("--speed", speed, 1, 3_600)
    _check("--seed", seed, 0, 2**63 - 1)
    plan = Plan(
        url=_server(url),
        admin={"email": admin, "password": os.environ.get(_PASSWORD_VARIABLE, PASSWORD)},
        orders=orders,
        shops=shops,
        speed=speed,
        seed=seed,
        districts=[each for each in DISTRICTS if district in (None, each.name)] or _no_such(),
    )
    with progress_bar() as progress:
        outcome = asyncio.run(live(plan, progress=progress))
    if as_json:
        typer.echo(json.dumps(outcome.tally.summary()))
    else:
        _show(outcome)
    if outcome.tally.surprises:
        first, count = outcome.tally.surprises[0], len(outcome.tally.surprises)
        raise Surprised(f"{count} answers that nobody expected; the first: {first}")


def _check(option: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidInput(option, f"a number from {low} to {high}", found=str(value))


def _server(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidInput("--url", "the address of a server, as http://127.0.0.1:8000")
    return url.rstrip("/")


def _no_such() -> Any:
    names = ", ".join(each.name for each in DISTRICTS)
    raise InvalidInput("--district", f"one of {names}")


def _show(outcome: Outcome) -> None:
    tally, kpis = outcome.tally, outcome.kpis
    console = Console()
    figures = Table(
        title="The simulation, in simulated minutes", title_justify="left", show_header=False
    )
    figures.add_column()
    figures.add_column(justify="right")
    stars = sum(tally.stars) / len(tally.stars) if tally.stars else None
    rows = {
        **tally.summary(),
        "quotes": tally.quotes,
        "events heard": tally.heard_events,
        "satisfaction (stars of 5)": None if stars is None else round(stars, 2),
    }
    for name, value in rows.items():
        figures.add_row(name.replace("_", " "), "-" if value is None else f"{value:,}")
    console.print(figures)
    acts = ", ".join(f"{act} {count}" for act, count in sorted(tally.acts.items()))
    console.print(f"[dim]{acts}[/dim]")
    console.print(
        f"The server counts {kpis['orders']:,} orders in the last 30 days, {kpis['shops_active']:,}"
        f" active shops, {kpis['ratings']:,} ratings (GET /api/v1/admin/kpis)."
    )
