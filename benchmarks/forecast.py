"""Forecasts of real car parts against the classical methods, and of parts that lose sales.

The data are 2,674 car parts over 39 months (the R package expsmooth). The last year of them is
forecast from the 27 months before (horizon 12), and 3-month lead-time demand from four origins.
Everything that was chosen by rolling origin was chosen on these origins or earlier ones.
"""

import time
from datetime import date
from typing import Any

import numpy as np
import polars as pl

import forecasting
from benchmarks.forecast_peers import conformal_peers, imapa_series_a_second
from benchmarks.options import Options, bench_data

__all__ = ["run"]

PATH_QUANTILES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
STOCK_QUANTILES = [0.5, 0.75, 0.9, 0.95, 0.975, 0.99]
PATH_ORIGIN = date(2000, 4, 1)
LEAD_TIME_ORIGINS = [date(2000, 4, 1), date(2000, 7, 1), date(2000, 10, 1), date(2001, 1, 1)]
_FIGURES = ["wql", "scaled_pinball", "mse", "bias", "stock_fill_95", "stock_cycle_95"]


def car_parts() -> pl.DataFrame:
    """Return the car parts as `forecasting` takes sales."""
    frame = pl.read_parquet(bench_data("carparts_39_months.parquet"))
    return frame.select(
        series_id="series",
        period_start=(pl.col("month") + "-01").str.to_date(),
        quantity="demand",
    )


def run(options: Options) -> dict[str, Any]:
    """Return the figures of every comparison."""
    sales = car_parts()
    options.note("12 months ahead")
    path = path_figures(sales)
    options.note("lead-time demand")
    lead_time = lead_time_figures(sales)
    options.note("speed")
    speed = speed_figures(sales)
    options.note("lost sales")
    return {
        "car_parts_12_months": path,
        "car_parts_lead_time_3_months": lead_time,
        "speed": speed,
        "lost_sales": lost_sales_figures(options.seed),
    }


def path_figures(sales: pl.DataFrame) -> dict[str, Any]:
    """Return each peer's figures for the 12 months from `PATH_ORIGIN`."""
    ours = forecasting.backtest(
        sales, horizon=12, freq="M", quantiles=PATH_QUANTILES, origins=[PATH_ORIGIN]
    )
    peers = _by_peer(ours, ["wql", "mse", "bias"])
    peers |= conformal_peers(sales, origin=PATH_ORIGIN, horizon=12, quantiles=PATH_QUANTILES)
    return _compared(peers, ["wql", "mse"])


def lead_time_figures(sales: pl.DataFrame) -> dict[str, Any]:
    """Return each peer's figures for 3-month sums, averaged over `LEAD_TIME_ORIGINS`."""
    figures = forecasting.backtest(
        sales,
        horizon=3,
        freq="M",
        quantiles=STOCK_QUANTILES,
        origins=LEAD_TIME_ORIGINS,
        lead_time_sum=True,
    )
    peers = _by_peer(figures, [*_FIGURES, "coverage_q0.95"])
    return _compared(peers, ["wql", "scaled_pinball", "stock_fill_95", "stock_cycle_95"])


def speed_figures(sales: pl.DataFrame) -> dict[str, float]:
    """Return CPU-seconds to train, and series a second with all quantiles of 12 months."""
    series = sales["series_id"].n_unique()
    started = time.process_time()
    model = forecasting.fit(sales, horizon=12, freq="M")
    trained = time.process_time()
    rounds = 5
    for _ in range(rounds):
        model.predict(sales, quantiles=PATH_QUANTILES)
    ours = series * rounds / (time.process_time() - trained)
    peer = imapa_series_a_second(sales, horizon=12)
    return {
        "train_cpu_seconds": trained - started,
        "predict_series_a_second": ours,
        "imapa_with_intervals_series_a_second": peer,
        "ratio": ours / peer,
    }


def lost_sales_figures(seed: int) -> dict[str, float]:
    """Return the bias of mean demand where about a quarter of it met an empty shelf.

    Every week starts with the same number of units on the shelf; when they are gone, demand is
    lost, so that the busiest weeks are the ones cut short.
    """
    rng = np.random.default_rng(seed)
    series, weeks, lead = 1_000, 78, 4
    rates = rng.gamma(1.2, 2.5, size=series)
    shelf = np.maximum(1, np.rint(rates * rng.uniform(0.5, 1.3, size=series)))[:, None]
    demand = rng.poisson(rates[:, None], size=(series, weeks))
    sold = np.minimum(demand, shelf)
    # the last unit leaves at the shelf-th of `demand` arrivals, which fall evenly over the week
    left_at = rng.beta(shelf, np.maximum(demand - shelf + 1, 1))
    share = np.where(demand >= shelf, left_at, 1.0)
    sales = pl.DataFrame(
        {
            "series_id": np.repeat(np.arange(series), weeks),
            "period_start": pl.Series(
                pl.date_range(date(2023, 1, 2), date(2024, 6, 24), "1w", eager=True).to_list()
                * series
            ),
            "quantity": sold.ravel(),
            "in_stock_share": share.ravel(),
        }
    )
    truth = float(lead * rates.sum())
    result = {"sales_lost": 1 - float(sold.sum() / demand.sum())}
    for name, frame in (("model", sales), ("raw_sales", sales.drop("in_stock_share"))):
        answer = forecasting.forecast(
            frame, horizon=lead, freq="W", quantiles=[0.5], lead_time_sum=True
        )
        result[f"bias_of_{name}"] = float(answer["mean"].sum()) / truth - 1
    return result


def _by_peer(figures: pl.DataFrame, columns: list[str]) -> dict[str, dict[str, float]]:
    means = figures.group_by("peer", maintain_order=True).agg(pl.col(columns).mean())
    return {row.pop("peer"): row for row in means.iter_rows(named=True)}


def _compared(peers: dict[str, dict[str, float]], columns: list[str]) -> dict[str, Any]:
    """Return all peers' figures and by how much the model beats the best of the classical ones."""
    others = [figures for name, figures in peers.items() if name not in ("model", "pooled")]
    better = {}
    for column in columns:
        reached = [figures[column] for figures in others if np.isfinite(figures[column])]
        better[column] = 1 - peers["model"][column] / min(reached) if reached else None
    return {"peers": peers, "better_than_best_classical": better}
