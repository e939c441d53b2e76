"""`clutch seed`: fills the database with a made-up market."""

import datetime as dt
from time import perf_counter
from typing import Annotated

import typer

from clutch.errors import InvalidInput

app = typer.Typer()

_MOST_SHOPS, _MOST_DAYS = 10_000_000, 3_650
_FIRST_DAY, _LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 1, 1)


@app.command("seed")
def seed(
    shops: Annotated[int, typer.Option(help="How many shops.")] = 5_000,
    days: Annotated[int, typer.Option(help="How many days of deliveries.")] = 90,
    seed: Annotated[int, typer.Option(help="Another number makes another market.")] = 1,
    until: Annotated[
        str, typer.Option(help="The day that history ends before: YYYY-MM-DD, or today.")
    ] = "2026-11-01",
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove the rows of an earlier seed first.")
    ] = False,
) -> None:
    """Fill the database with a made-up market in Cairo, Alexandria and the Delta.

    The same options load the same rows. Everything is loaded, or nothing.
    """
    _check("--shops", shops, 1, _MOST_SHOPS)
    _check("--days", days, 0, _MOST_DAYS)
    _check("--seed", seed, 0, 2**63 - 1)
    last_day = _day(until)
    import demo  # after the checks: it brings the database's driver and the frames
    from cli.loading import owner_transaction, progress_bar

    start = perf_counter()
    with owner_transaction() as connection, progress_bar() as progress:
        counts = demo.load(
            connection,
            shops=shops,
            seed=seed,
            days=days,
            until=last_day,
            replace=replace,
            progress=progress,
        )
    typer.echo(
        f"loaded {counts.shops:,} shops, {counts.stock_listings:,} stock listings and"
        f" {counts.past_deliveries:,} past deliveries in {perf_counter() - start:.1f} s"
    )


def _check(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInput(option, f"a whole number from {low} to {high}", found=str(value))


def _day(text: str) -> dt.date:
    try:
        day = _today() if text == "today" else dt.date.fromisoformat(text)
    except ValueError:
        day = dt.date.min
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise InvalidInput(
            "--until", f"today, or a day from {_FIRST_DAY} to {_LAST_DAY}", found=repr(text)
        )
    return day


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
