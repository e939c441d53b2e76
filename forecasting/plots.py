"""Charts of forecasts and of backtests, to be shown in a notebook or saved.

Pure: each takes frames and returns an Altair chart.
"""

import altair
import polars as pl

__all__ = ["backtest_chart", "coverage_chart", "forecast_chart"]

_OURS, _THEIRS = "#0b6e6e", "#b9c4cc"
_FIGURES = {
    "wql": "weighted quantile loss",
    "scaled_pinball": "scaled pinball loss",
    "stock_fill_95": "stock for 95% fill, units",
    "stock_cycle_95": "stock for 95% cycle service, units",
}


def forecast_chart(
    sales: pl.DataFrame, forecast: pl.DataFrame, *, most_series: int = 6, past_periods: int = 36
) -> altair.FacetChart:
    """Draw the history of the series that sell most, and the band and mean ahead.

    Parameters
    ----------
    sales, forecast
        What `forecasting.forecast` was given and what it returned.
    most_series, past_periods
        How many series to draw, and how much of their past.

    Examples
    --------
    >>> from datetime import date
    >>> sales = pl.DataFrame(
    ...     {"series_id": ["a"], "period_start": [date(2024, 1, 1)], "quantity": [2]}
    ... )
    >>> ahead = sales.select("series_id", "period_start", step=1, mean=2.0)
    >>> chart = forecast_chart(sales, ahead.with_columns(pl.lit(1.0).alias("q0.5")))
    >>> chart.to_dict()["facet"]["field"]
    'series_id'
    """
    largest = (
        sales.group_by("series_id")
        .agg(pl.col("quantity").sum())
        .sort("quantity", "series_id", descending=[True, False])
        .head(most_series)["series_id"]
    )
    names = sorted((n for n in forecast.columns if n.startswith("q")), key=lambda n: float(n[1:]))
    ahead = forecast.select(
        "series_id",
        "period_start",
        "mean",
        low=pl.col(names[0]) if names else pl.col("mean"),
        high=pl.col(names[-1]) if names else pl.col("mean"),
    ).filter(pl.col("series_id").is_in(largest.implode()))
    recent = sales["period_start"].unique().sort().tail(past_periods)
    past = sales.select("series_id", "period_start", "quantity").filter(
        pl.col("series_id").is_in(largest.implode()),
        pl.col("period_start").is_in(recent.implode()),
    )
    both = pl.concat([past, ahead], how="diagonal_relaxed").with_columns(
        pl.col("series_id").cast(pl.String)
    )
    base = altair.Chart(both).encode(x=altair.X("period_start:T", title=None))
    band = base.mark_area(opacity=0.3, color=_OURS).encode(
        y=altair.Y("low:Q", title="units"), y2="high:Q"
    )
    mean = base.mark_line(color=_OURS, point={"color": _OURS}).encode(y="mean:Q")
    sold = base.mark_line(color="#333333", strokeWidth=1).encode(y="quantity:Q")
    title = f"Sales, mean forecast and band {names[0]} to {names[-1]}" if names else "Sales"
    chart: altair.FacetChart = (
        altair.layer(band, sold, mean)
        .properties(width=320, height=120)
        .facet(altair.Facet("series_id:N", title=None), columns=2, title=title)
        .resolve_scale(y="independent")
    )
    return chart


def backtest_chart(figures: pl.DataFrame) -> altair.FacetChart:
    """Draw each figure of a backtest by peer, averaged over origins; shorter is better.

    Examples
    --------
    >>> figures = pl.DataFrame({"peer": ["model"], "wql": [0.8], "scaled_pinball": [0.4]})
    >>> backtest_chart(figures).to_dict()["facet"]["field"]
    'figure'
    """
    known = [name for name in _FIGURES if name in figures.columns]
    long = (
        figures.group_by("peer", maintain_order=True)
        .agg(pl.col(known).mean())
        .unpivot(known, index="peer", variable_name="figure")
        .with_columns(pl.col("figure").replace(_FIGURES))
        .filter(pl.col("value").is_finite())
    )
    bars = (
        altair.Chart(long)
        .mark_bar()
        .encode(
            x=altair.X("value:Q", title=None),
            y=altair.Y("peer:N", title=None, sort=None),
            color=altair.condition(
                altair.datum.peer == "model", altair.value(_OURS), altair.value(_THEIRS)
            ),
        )
    )
    chart: altair.FacetChart = (
        bars.properties(width=240, height=150)
        .facet(altair.Facet("figure:N", title=None, sort=None), columns=2)
        .resolve_scale(x="independent")
    )
    return chart


def coverage_chart(figures: pl.DataFrame) -> altair.LayerChart:
    """Draw the share of outcomes at or below each quantile against its level, by peer.

    Examples
    --------
    >>> figures = pl.DataFrame({"peer": ["model"], "coverage_q0.9": [0.91]})
    >>> len(coverage_chart(figures).to_dict()["layer"])
    2
    """
    names = [name for name in figures.columns if name.startswith("coverage_q")]
    long = (
        figures.group_by("peer", maintain_order=True)
        .agg(pl.col(names).mean())
        .unpivot(names, index="peer", variable_name="level", value_name="covered")
        .with_columns(pl.col("level").str.strip_prefix("coverage_q").cast(pl.Float64))
    )
    levels = long["level"].unique().sort()
    exact = altair.Chart(pl.DataFrame({"level": levels, "covered": levels})).mark_line(
        strokeDash=[4, 4], color="#888888"
    )
    lines = (
        altair.Chart(long).mark_line(point=True).encode(color=altair.Color("peer:N", title=None))
    )
    x = altair.X("level:Q", title="level of the quantile", scale=altair.Scale(zero=False))
    y = altair.Y("covered:Q", title="outcomes at or below it", scale=altair.Scale(zero=False))
    return altair.LayerChart(
        layer=[exact.encode(x=x, y=y), lines.encode(x=x, y=y)], width=360, height=260
    )
