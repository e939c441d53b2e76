"""`clutch reorder`: when and how much to reorder, from files."""

from pathlib import Path
from typing import Annotated

import altair as alt
import numpy as np
import polars as pl
import typer
from rich.console import Console

import replenishment
from cli.files import check_output, read_frame, write_frame
from cli.plots import Chart, check_plot, write_chart
from clutch.errors import InvalidInput
from clutch.frames import Column, checked
from replenishment.per_part import POSITIVE, SHARE, ZERO_OR_MORE, Range
from replenishment.supersession import supersede

app = typer.Typer()

_SALES = [
    Column(name="series_id", kind="key"),
    Column(name="period_start", kind="day"),
    Column(name="quantity", kind="number", nullable=True, minimum=0),
    Column(name="in_stock_share", kind="number", required=False, minimum=0, maximum=1),
]
_PARTS = [
    Column(name="series_id", kind="key"),
    Column(name="on_hand", kind="integer"),
    Column(name="on_order", kind="integer", required=False, minimum=0),
    Column(name="reserved", kind="integer", required=False, minimum=0),
    Column(name="unit_cost", kind="number", required=False, minimum=0),
    Column(name="lead_time", kind="number", required=False, minimum=0),
    Column(name="lead_time_sd", kind="number", required=False, minimum=0),
    Column(name="multiple", kind="integer", required=False, minimum=1),
    Column(name="minimum", kind="integer", required=False, minimum=0),
    Column(name="supplier", kind="key", required=False, nullable=True),
    Column(name="supersedes", kind="key", required=False, nullable=True),
]
_LINES_SHOWN = 25


@app.command("reorder")
def reorder(
    sales: Annotated[
        Path, typer.Argument(help="CSV or Parquet: series_id, period_start, quantity.")
    ],
    lead_time: Annotated[
        float, typer.Option(help="Periods from order to arrival, unless --parts has lead_time.")
    ],
    out: Annotated[Path, typer.Option(help="CSV or Parquet file to write.")],
    service_level: Annotated[
        float, typer.Option(help="Share of units to serve from the shelf, e.g. 0.95.")
    ] = 0.95,
    parts: Annotated[
        Path | None,
        typer.Option(
            help="CSV or Parquet, a row a part: series_id, on_hand and any of on_order, reserved,"
            " unit_cost, lead_time, lead_time_sd, multiple, minimum, supplier, supersedes."
        ),
    ] = None,
    lead_time_sd: Annotated[float, typer.Option(help="Standard deviation of the lead time.")] = 0.0,
    ordering_cost: Annotated[float, typer.Option(help="Money an order line costs.")] = 0.0,
    holding_rate: Annotated[
        float, typer.Option(help="Money to hold a unit for a period, as a share of its cost.")
    ] = 0.02,
    budget: Annotated[
        float | None, typer.Option(help="Money that all orders may cost; --parts has unit_cost.")
    ] = None,
    missing_is_zero: Annotated[
        bool, typer.Option(help="A period without a row sold nothing (not: was not observed).")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="PNG or SVG chart to write.")] = None,
) -> None:
    """Plan reorder points and quantities; with --parts, suggest what to order now and why."""
    check_output(out, field="--out")
    if plot is not None:
        check_plot(plot)
    if budget is not None and parts is None:
        raise InvalidInput("--budget", "--parts with on_hand and unit_cost beside it")
    _check("--lead-time", lead_time, POSITIVE)
    _check("--lead-time-sd", lead_time_sd, ZERO_OR_MORE)
    _check("--service-level", service_level, SHARE)
    _check("--ordering-cost", ordering_cost, ZERO_OR_MORE)
    _check("--holding-rate", holding_rate, POSITIVE)
    _check("--budget", budget or 0.0, ZERO_OR_MORE)
    with Console(stderr=True).status("planning ..."):
        history = checked(
            read_frame(sales, name="SALES", text=["series_id"]),
            _SALES,
            name="SALES",
            key=["series_id", "period_start"],
        )
        position = None if parts is None else _position(parts)
        if position is not None:
            history, position = _one_number_each(history, position)
        if missing_is_zero:
            history = _with_zeros(history)
        plan = replenishment.policy(
            history,
            lead_time=_own_or(position, "lead_time", lead_time, history),
            lead_time_sd=_own_or(position, "lead_time_sd", lead_time_sd, history),
            holding_cost=_holding_cost(position, holding_rate, history),
            ordering_cost=ordering_cost,
            fill_rate=service_level,
            multiple=_own_or(position, "multiple", 1, history),
            minimum=_own_or(position, "minimum", 1, history),
        )
        result = plan
        if position is not None:
            lines = replenishment.suggest(position, plan, budget)
            result = lines.join(plan.drop("reorder_point"), on="series_id", maintain_order="left")
        if plot is not None:
            write_chart(plot, _chart(result))
        write_frame(out, result)
    typer.echo(_summary(history, result), err=True)


def _check(option: str, value: float, allowed: Range) -> None:
    if len(allowed.refused(np.array([value]))):
        raise InvalidInput(option, allowed.text, found=f"{value:g}")


def _position(path: Path) -> pl.DataFrame:
    frame = read_frame(path, name="--parts", text=["series_id", "supplier", "supersedes"])
    return checked(frame, _PARTS, name="--parts", key=["series_id"])


def _one_number_each(
    history: pl.DataFrame, position: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let history and stock follow the newest numbers, and give unsold parts a history of zeros."""
    if history["series_id"].dtype != position["series_id"].dtype:
        history = history.with_columns(pl.col("series_id").cast(pl.String))
        position = position.with_columns(pl.col("series_id").cast(pl.String))
    shares = [name for name in ("in_stock_share",) if name in history.columns]
    if "supersedes" in position.columns:
        dtype = position["series_id"].dtype
        replaced = position.select("series_id", pl.col("supersedes").cast(dtype)).drop_nulls()
        history = supersede(history, replaced, largest=shares)
        amounts = [name for name in ("on_hand", "on_order", "reserved") if name in position.columns]
        stock = supersede(position.select("series_id", *amounts), replaced, amounts=amounts)
        position = stock.join(position.drop("supersedes", *amounts), on="series_id")
    unsold = position.select("series_id").join(history, on="series_id", how="anti")
    zeros = unsold.join(history.select(pl.col("period_start").unique()), how="cross").with_columns(
        pl.lit(0.0).alias("quantity"), *(pl.lit(1.0).alias(name) for name in shares)
    )
    return pl.concat([history, zeros.select(history.columns)]), position


def _with_zeros(history: pl.DataFrame) -> pl.DataFrame:
    """Add a sale of nothing for each period without a row since the part was first seen."""
    first = history.group_by("series_id").agg(first=pl.col("period_start").min())
    cells = first.join(history.select(pl.col("period_start").unique()), how="cross")
    cells = cells.filter(pl.col("period_start") >= pl.col("first")).drop("first")
    missing = cells.join(history, on=["series_id", "period_start"], how="anti").with_columns(
        pl.lit(0.0).alias("quantity"),
        *(pl.lit(1.0).alias(name) for name in ("in_stock_share",) if name in history.columns),
    )
    return pl.concat([history, missing.select(history.columns)])


def _own_or(
    position: pl.DataFrame | None, name: str, value: float, history: pl.DataFrame
) -> float | pl.DataFrame:
    """Return each part's own number where --parts has one, `value` for all others."""
    if position is None or name not in position.columns:
        return value
    everyone = history.select(pl.col("series_id").unique())
    own = everyone.join(position.select("series_id", name), on="series_id", how="left")
    return own.with_columns(pl.col(name).fill_null(value))


def _holding_cost(
    position: pl.DataFrame | None, rate: float, history: pl.DataFrame
) -> float | pl.DataFrame:
    costs = _own_or(position, "unit_cost", 1.0, history)
    if not isinstance(costs, pl.DataFrame):
        return rate
    free = costs.filter(pl.col("unit_cost") <= 0)
    if len(free):
        found = f"0 for {free['series_id'][0]}"
        raise InvalidInput("--parts.unit_cost", "values above 0", found=found)
    return costs.select("series_id", holding_cost=pl.col("unit_cost") * rate)


def _summary(history: pl.DataFrame, result: pl.DataFrame) -> str:
    if "quantity" not in result.columns:
        return f"{len(result)} parts planned"
    lines = result.filter(pl.col("quantity") > 0)
    cost = f" for {lines['cost'].sum():,.2f}" if "cost" in lines.columns else ""
    left_out = history["series_id"].n_unique() - len(result)
    units = lines["quantity"].sum()
    note = f"; {left_out} sold parts are not in --parts" if left_out else ""
    return f"{len(lines)} of {len(result)} parts to order, {units:,} units{cost}{note}"


def _chart(result: pl.DataFrame) -> Chart:
    """Draw what the largest lines hold, order and reorder at."""
    ordered = "quantity" in result.columns
    size = "quantity" if ordered else "lead_time_demand"
    shown = result.sort(size, "series_id", descending=[True, False]).head(_LINES_SHOWN)
    held = {"in stock and on order": "position", "to order": "quantity"}
    if not ordered:
        held = {"reorder point": "reorder_point", "order quantity": "order_quantity"}
    bars = pl.concat(
        shown.select(part=pl.col("series_id").cast(pl.String), kind=pl.lit(kind), units=column)
        for kind, column in held.items()
    )
    points = shown.select(part=pl.col("series_id").cast(pl.String), units="reorder_point")
    order = points["part"].to_list()
    part = alt.Y("part:N", sort=order, title=None)
    stacked = (
        alt.Chart(bars)
        .mark_bar()
        .encode(
            x=alt.X("units:Q", title="units"),
            y=part,
            color=alt.Color("kind:N", title=None, sort=list(held)),
            order=alt.Order("kind:N"),
        )
    )
    ticks = (
        alt.Chart(points)
        .mark_tick(color="black", thickness=2)
        .encode(x="units:Q", y=part, tooltip=alt.Tooltip("units:Q", title="reorder point"))
    )
    title = f"The {len(shown)} largest lines; black: reorder point"
    return alt.layer(stacked, ticks).properties(title=title, width=520)
