"""`clutch import`: real shops and past deliveries from files."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.loading import owner_transaction, progress_bar
from clutch.errors import InvalidInput
from shops.imports import BadRows, Outcome, import_shops, import_trips

app = typer.Typer()
files = typer.Typer(no_args_is_help=True, help="Shops and past deliveries from files.")
app.add_typer(files, name="import")

_SHOWN = 50

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, GeoJSON or Parquet.")]


@files.command()
def shops(file: File) -> None:
    """Add the shops of a file, and change those that are there already.

    All rows are written, or none. Columns: docs/imports.md.
    """
    _import("shops", file, import_shops)


@files.command()
def trips(
    file: File,
    time_zone: Annotated[
        str | None, typer.Option(help="Where times without a zone were written: Africa/Cairo.")
    ] = None,
) -> None:
    """Add the past deliveries of a file, and change those that are there already.

    All rows are written, or none. Columns: docs/imports.md.
    """
    _check_time_zone(time_zone)
    _import("deliveries", file, partial(import_trips, time_zone=time_zone))


def _import(what: str, file: Path, act: Callable[..., Outcome]) -> None:
    try:
        with owner_transaction() as connection, progress_bar() as progress:
            outcome = act(connection, file, progress=progress)
    except BadRows as error:
        _print_problems(error)
        raise
    if not outcome.new and not outcome.changed:
        typer.echo(f"nothing to do: all {outcome.same:,} {what} are there already")
    else:
        typer.echo(
            f"{what}: {outcome.new:,} new, {outcome.changed:,} changed, {outcome.same:,} the same"
        )


def _print_problems(error: BadRows) -> None:
    for row, field, reason in error.problems.head(_SHOWN).iter_rows():
        typer.echo(f"row {row}: {field}: {reason}", err=True)
    more = len(error.problems) - _SHOWN
    if more > 0:
        typer.echo(f"and {more:,} more", err=True)


def _check_time_zone(name: str | None) -> None:
    try:
        if name is not None:
            ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise InvalidInput("--time-zone", "a name such as Africa/Cairo", found=repr(name)) from None
