"""The peers of statsforecast, with its conformal intervals, on the same car parts."""

import time
import warnings
from datetime import date

import numpy as np
import polars as pl
from statsforecast import StatsForecast
from statsforecast.models import IMAPA, TSB, CrostonSBA
from statsforecast.utils import ConformalIntervals

from forecasting import metrics

__all__ = ["conformal_peers", "imapa_series_a_second"]


def conformal_peers(
    sales: pl.DataFrame, *, origin: date, horizon: int, quantiles: list[float]
) -> dict[str, dict[str, float]]:
    """Return WQL, MSE and bias of statsforecast's methods with conformal quantiles.

    `quantiles` are symmetric about 0.5, whose quantile is the point forecast.
    """
    past = sales.filter(pl.col("period_start") < origin)
    answer = _forecast(past, horizon, levels=_levels(quantiles))
    judged = answer.join(
        sales.drop_nulls().rename({"series_id": "unique_id", "period_start": "ds"}),
        on=["unique_id", "ds"],
    )
    units = judged["quantity"].to_numpy().astype(np.float64)
    result = {}
    for name in ("IMAPA", "TSB", "CrostonSBA"):
        mean = judged[name].to_numpy().astype(np.float64)
        columns = [_column(name, quantile) for quantile in quantiles]
        values = np.maximum(judged.select(columns).to_numpy().astype(np.float64), 0)
        result[f"{name}, conformal (statsforecast)"] = {
            "wql": metrics.weighted_quantile_loss(units, values, quantiles),
            "mse": metrics.mean_squared_error(units, mean),
            "bias": metrics.bias(units, mean),
        }
    return result


def imapa_series_a_second(sales: pl.DataFrame, *, horizon: int) -> float:
    """Return how many series a second of CPU IMAPA forecasts with intervals, after a warm-up."""
    frame = _complete(sales, horizon)
    model = StatsForecast(models=[_imapa(horizon)], freq="1mo")
    few = frame.filter(pl.col("unique_id").is_in(frame["unique_id"].unique().head(20).implode()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.forecast(df=few, h=horizon, level=[20, 40, 60, 80])
        started = time.process_time()
        model.forecast(df=frame, h=horizon, level=[20, 40, 60, 80])
    return frame["unique_id"].n_unique() / (time.process_time() - started)


def _forecast(past: pl.DataFrame, horizon: int, *, levels: list[int]) -> pl.DataFrame:
    intervals = ConformalIntervals(h=horizon, n_windows=2)
    models = [
        _imapa(horizon),
        TSB(alpha_d=0.1, alpha_p=0.1, prediction_intervals=intervals),
        CrostonSBA(prediction_intervals=intervals),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return StatsForecast(models=models, freq="1mo").forecast(
            df=_complete(past, horizon), h=horizon, level=levels
        )


def _imapa(horizon: int) -> IMAPA:
    return IMAPA(prediction_intervals=ConformalIntervals(h=horizon, n_windows=2))


def _complete(sales: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Return the series observed to the end and long enough for two conformal windows."""
    frame = sales.drop_nulls().rename(
        {"series_id": "unique_id", "period_start": "ds", "quantity": "y"}
    )
    whole = pl.len().over("unique_id") >= 2 * horizon + 1
    to_the_end = pl.col("ds").max().over("unique_id") == pl.col("ds").max()
    return frame.with_columns(pl.col("y").cast(pl.Float64)).filter(whole & to_the_end)


def _levels(quantiles: list[float]) -> list[int]:
    return sorted({round(abs(quantile - 0.5) * 200) for quantile in quantiles} - {0})


def _column(name: str, quantile: float) -> str:
    level = round(abs(quantile - 0.5) * 200)
    if level == 0:
        return name
    return f"{name}-{'lo' if quantile < 0.5 else 'hi'}-{level}"
