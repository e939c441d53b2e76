"""`clutch forecast`: demand from a file of sales, without a database."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

import forecasting
from cli.files import check_output, read_frame, write_frame
from cli.options import named_as_options
from cli.plots import check_plot, write_chart
from clutch.errors import InvalidInput
from forecasting.plots import forecast_chart

app = typer.Typer()

_KEYS = ("series_id", "group_id", "brand_id")


@app.command("forecast")
def forecast(
    sales: Annotated[
        Path,
        typer.Argument(
            metavar="SALES",
            help="CSV or Parquet with series_id, period_start, quantity; optional in_stock_share, "
            "lost_sales, price, group_id, brand_id.",
        ),
    ],
    freq: Annotated[str, typer.Option(help="D, W or M: days, weeks or months.")],
    horizon: Annotated[int, typer.Option(help="How many periods ahead.")],
    out: Annotated[Path, typer.Option(help="CSV or Parquet file to write.")],
    quantiles: Annotated[str, typer.Option(help="Levels, with commas.")] = "0.1,0.5,0.9",
    lead_time_sum: Annotated[
        bool, typer.Option("--lead-time-sum", help="Forecast the sum of the next HORIZON periods.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(help="PNG or SVG file for a chart of the best sellers.")
    ] = None,
) -> None:
    """Forecast demand for the periods after the last one in SALES.

    A period without a row was not observed; one in which nothing sold needs a row with quantity 0.
    """
    levels = _levels(quantiles)
    check_output(out, field="--out")
    if plot is not None:
        check_plot(plot)
    console = Console(stderr=True)
    with (
        named_as_options("freq", "horizon", "quantiles"),
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("reading", total=4)
        history = read_frame(sales, name="SALES", text=_KEYS)
        progress.update(task, advance=1, description="learning")
        model = forecasting.fit(history, horizon=horizon, freq=freq, lead_time_sum=lead_time_sum)
        progress.update(task, advance=1, description="forecasting")
        answer = model.predict(history, quantiles=levels)
        progress.update(task, advance=1, description="writing")
        write_frame(out, answer)
        if plot is not None:
            write_chart(plot, forecast_chart(history, answer))


def _levels(text: str) -> list[float]:
    try:
        return [float(level) for level in text.split(",")]
    except ValueError as error:
        expected = "levels between 0 and 1 with commas between them"
        raise InvalidInput("--quantiles", expected, found=text) from error
