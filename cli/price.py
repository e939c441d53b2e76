"""`clutch price`: elasticities and price suggestions from a file of sales, without a database."""

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.progress import Progress

import pricing
from cli.files import check_output, read_frame, write_frame
from cli.options import named_as_options
from cli.plots import check_plot, write_chart
from clutch.errors import InvalidInput
from pricing.plots import profit_chart

app = typer.Typer()

_KEYS = ("item_id", "group_id")


@app.command("price")
def price(
    sales: Annotated[
        Path,
        typer.Argument(
            metavar="SALES",
            help="CSV or Parquet with item_id, group_id, period_start, units, price; optional "
            "unit_cost (without it nothing is suggested), in_stock_share, promotion.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="CSV or Parquet file to write.")],
    margin_floor: Annotated[
        float, typer.Option(help="Least share of the price left over its cost.")
    ] = 0.0,
    margin_ceiling: Annotated[
        float | None, typer.Option(help="Largest share of the price left over its cost.")
    ] = None,
    price_floor: Annotated[float | None, typer.Option(help="Least price.")] = None,
    price_ceiling: Annotated[float | None, typer.Option(help="Largest price.")] = None,
    largest_change: Annotated[
        float, typer.Option(help="Largest move in one step, as a share of the present price.")
    ] = 0.1,
    ending_step: Annotated[
        float | None, typer.Option(help="Prices stand this far apart: 10 with --ending 9: 9, 19.")
    ] = None,
    ending: Annotated[float, typer.Option(help="What prices end like.")] = 0.0,
    confidence: Annotated[
        float, typer.Option(help="Least probability of more profit to recommend a price.")
    ] = 0.95,
    plot: Annotated[
        Path | None, typer.Option(help="PNG or SVG file for the most promising profit curves.")
    ] = None,
) -> None:
    """Suggest prices for the items in SALES, at the last price and cost of each.

    Money may be in any unit, the same in the file and in the options.
    """
    with named_as_options(*(rail.name for rail in fields(pricing.GuardRails))):
        rails = pricing.GuardRails(
            margin_floor=margin_floor,
            margin_ceiling=margin_ceiling,
            price_floor=price_floor,
            price_ceiling=price_ceiling,
            largest_change=largest_change,
            ending_step=ending_step,
            ending=ending,
            confidence=confidence,
        )
    check_output(out, field="--out")
    if plot is not None:
        check_plot(plot)
        if plot.resolve() == out.resolve():
            raise InvalidInput("--plot", "another file than --out", found=str(plot))
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=4)
        history = read_frame(sales, name="SALES", text=_KEYS)
        progress.update(task, advance=1, description="fitting")
        model = pricing.fit_elasticities(history)
        progress.update(task, advance=1, description="suggesting")
        current = model.items.select("item_id")
        advice = pricing.suggest_prices(model, current, rails)
        progress.update(task, advance=1, description="writing")
        write_frame(out, _flat(model.table(), advice))
        if plot is not None:
            curves = pricing.profit_curves(model, current)
            write_chart(plot, profit_chart(curves, advice))


def _flat(table: pl.DataFrame, advice: pl.DataFrame) -> pl.DataFrame:
    """One row an item, its elasticity before its suggestion; names of clamps joined by spaces."""
    rows = advice.with_columns(pl.col("clamps").list.join(" "))
    return table.join(rows, on="item_id", how="left", maintain_order="left")
