"""The model and its peers on the past: what each would have forecast, and how it went.

At each origin all of them see the periods before it and are judged on those after it that were
observed. A peer's quantiles are those of a negative binomial around its mean, with the mean squared
error that its first step makes on the series' past; "history" takes the past's own quantiles;
"ensemble" averages the quantiles of SBA, TSB, IMAPA and history. "pooled" is our Gamma-Poisson on
its own.
Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.errors import InvalidInput
from forecasting import metrics
from forecasting.distributions import negative_binomial_quantiles
from forecasting.model import DEFAULT_QUANTILES, checked_quantiles, fit_panel, quantile_names
from forecasting.panel import Panel, panel_of
from forecasting.peers import PEERS
from forecasting.periods import CYCLE, checked_frequency, period_numbers, period_start

__all__ = ["backtest"]

Floats = NDArray[np.float64]
Forecast = tuple[Floats, Floats]

_STOCK_LEVELS = [
    *(n / 100 for n in range(50, 90, 2)),
    *(n / 1000 for n in range(900, 1000, 5)),
    *(0.998, 0.999, 0.9995, 0.9999),
]
_COMBINED = ("SBA", "TSB", "IMAPA")
_METRICS = ("wql", "scaled_pinball", "mse", "bias", "stock_fill_95", "stock_cycle_95")


def backtest(
    sales: pl.DataFrame,
    *,
    horizon: int,
    freq: str,
    quantiles: Sequence[float] = DEFAULT_QUANTILES,
    origins: int | Sequence[date] = 3,
    lead_time_sum: bool = False,
) -> pl.DataFrame:
    """Measure the model and its classical peers at rolling origins.

    Parameters
    ----------
    sales, horizon, freq, quantiles, lead_time_sum
        As `forecasting.forecast` has them.
    origins
        The first forecast period of each run, or how many runs to make: they are `horizon` periods
        apart, and the last one ends with the history.

    Returns
    -------
    polars.DataFrame
        A row for each origin and peer ("model" is `forecast`): `origin`, `peer`, `rows` judged,
        `wql` (weighted quantile loss), `scaled_pinball`, `mse` of the mean, `bias` (forecast over
        sold, less 1), `stock_fill_95` and `stock_cycle_95` (units a row held when one quantile
        level for all serves 95% of units, or of rows), and for each quantile `coverage_q...`, the
        share of rows at or below it. NaN where a figure cannot be had.

    Raises
    ------
    InvalidFrame, InvalidInput
        As `forecast`; or an origin leaves no past or no future.

    Examples
    --------
    >>> sales = pl.DataFrame(
    ...     {
    ...         "series_id": ["pad"] * 4,
    ...         "period_start": [date(2024, month, 1) for month in range(1, 5)],
    ...         "quantity": [2, 2, 2, 2],
    ...     }
    ... )
    >>> figures = backtest(sales, horizon=1, freq="M", quantiles=[0.5], origins=2)
    >>> figures.filter(peer="naive")["mse"].to_list()
    [0.0, 0.0]
    """
    levels = checked_quantiles(quantiles)
    panel = panel_of(sales, checked_frequency(freq))
    parts = []
    for origin in _origins(panel, origins, horizon):
        past = panel.until(origin)
        units, seen = _outcome(panel, origin, horizon, lead_time_sum=lead_time_sum)
        every = sorted({*levels, *_STOCK_LEVELS})
        scale = np.broadcast_to(_scale(past, horizon if lead_time_sum else 1)[:, None], units.shape)
        first_day = period_start(origin, panel.freq, weekday=panel.weekday)
        for peer, (mean, values) in _forecasts(past, horizon, every, lead_time_sum=lead_time_sum):
            judged = _judged(units[seen], mean[seen], values[seen], every, levels, scale[seen])
            parts.append({"origin": first_day, "peer": peer, "rows": int(seen.sum())} | judged)
    schema = {"origin": pl.Date, "peer": pl.String, "rows": pl.Int64}
    figures = [*_METRICS, *(f"coverage_{name}" for name in quantile_names(levels))]
    return pl.DataFrame(parts, schema=schema | dict.fromkeys(figures, pl.Float64))


def _origins(panel: Panel, origins: int | Sequence[date], horizon: int) -> list[int]:
    """Return the running number of the first forecast period of each run."""
    if isinstance(origins, int):
        if isinstance(origins, bool) or origins < 1:
            raise InvalidInput("origins", "1 or more, or dates", found=str(origins))
        last = panel.end - horizon
        numbers = [last - horizon * back for back in range(origins)][::-1]
    else:
        days = pl.Series("origins", list(origins), dtype=pl.Date)
        numbers = period_numbers(days, panel.freq, name="origins").tolist()
    for number in numbers:
        if not panel.first < number < panel.end:
            day = period_start(number, panel.freq, weekday=panel.weekday)
            expected = "periods with a past and a future in the history"
            raise InvalidInput("origins", expected, found=str(day))
    return numbers


def _outcome(
    panel: Panel, origin: int, horizon: int, *, lead_time_sum: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return units after `origin` (series x steps, or one sum) and where they were seen whole."""
    start = origin - panel.first
    units = np.full((len(panel.quantity), horizon), np.nan)
    future = panel.quantity[:, start : start + horizon]
    units[:, : future.shape[1]] = np.where(
        panel.exposure[:, start : start + horizon] == 1, future, np.nan
    )
    if lead_time_sum:
        units = units.sum(axis=1, keepdims=True)
    return units, np.isfinite(units)


def _forecasts(
    past: Panel, horizon: int, levels: Sequence[float], *, lead_time_sum: bool
) -> Iterator[tuple[str, Forecast]]:
    model = fit_panel(past, horizon=horizon, lead_time_sum=lead_time_sum)
    steps = 1 if lead_time_sum else horizon
    for name, ours in (("model", model), ("pooled", replace(model, means=None, counts=None))):
        frame = ours.predict_panel(past, quantiles=levels)
        values = frame.select(quantile_names(levels)).to_numpy()
        mean = frame["mean"].to_numpy().reshape(-1, steps)
        yield name, (mean, values.reshape(*mean.shape, len(levels)))
    observed = [row[seen > 0] for row, seen in zip(past.quantity, past.exposure, strict=True)]
    combined = []
    for name in PEERS:
        answer = _peer(name, observed, past, horizon, levels, lead_time_sum=lead_time_sum)
        yield name, answer
        if name in _COMBINED:
            combined.append(answer)
    history = _history(observed, horizon, levels, lead_time_sum=lead_time_sum)
    yield "history", history
    combined.append(history)
    mean, values = (np.mean(part, axis=0) for part in zip(*combined, strict=True))
    yield "ensemble", (mean, values)


def _peer(
    name: str,
    observed: list[Floats],
    past: Panel,
    horizon: int,
    levels: Sequence[float],
    *,
    lead_time_sum: bool,
) -> Forecast:
    mean, error = np.zeros((len(observed), horizon)), np.zeros(len(observed))
    for row, units in enumerate(observed):
        if len(units):
            mean[row] = PEERS[name](units, horizon, CYCLE[past.freq])
            error[row] = float(((units - mean[row, 0]) ** 2).mean())
    variance = np.repeat(error[:, None], horizon, axis=1)
    if lead_time_sum:
        mean = mean.sum(axis=1, keepdims=True)
        variance = variance.sum(axis=1, keepdims=True)
    moments, at = np.unique(
        np.column_stack([mean.ravel(), variance.ravel()]), axis=0, return_inverse=True
    )
    different = negative_binomial_quantiles(moments[:, 0], moments[:, 1], levels)
    return mean, different[at].reshape(*mean.shape, len(levels))


def _history(
    observed: list[Floats], horizon: int, levels: Sequence[float], *, lead_time_sum: bool
) -> Forecast:
    steps, width = (1, horizon) if lead_time_sum else (horizon, 1)
    mean, values = np.zeros((len(observed), steps)), np.zeros((len(observed), steps, len(levels)))
    for row, units in enumerate(observed):
        if len(units) >= width:
            sums = np.convolve(units, np.ones(width), mode="valid")
            mean[row] = sums.mean()
            values[row] = np.quantile(sums, levels, method="inverted_cdf")
    return mean, values


def _scale(past: Panel, width: int) -> Floats:
    """Return the mean absolute change of each series between successive sums of `width` periods."""

    def sums(values: Floats) -> Floats:
        totals = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
        return np.asarray(totals[:, width:] - totals[:, :-width])

    if past.quantity.shape[1] < 2 * width:
        return np.zeros(len(past.quantity))
    units, seen = sums(past.quantity), sums((past.exposure > 0).astype(np.float64)) == width
    both = seen[:, width:] & seen[:, :-width]
    changes = np.where(both, np.abs(units[:, width:] - units[:, :-width]), 0.0).sum(axis=1)
    return np.asarray(changes / np.maximum(both.sum(axis=1), 1))


def _judged(
    units: Floats,
    mean: Floats,
    values: Floats,
    every: list[float],
    levels: Sequence[float],
    scale: Floats,
) -> dict[str, float]:
    """Return the figures of one peer; `values` has a column for each level in `every`."""
    asked = values[:, [every.index(level) for level in levels]]
    stock = values[:, [every.index(level) for level in _STOCK_LEVELS]]
    result = {
        "wql": metrics.weighted_quantile_loss(units, asked, levels),
        "scaled_pinball": metrics.scaled_pinball(units, asked, levels, scale),
        "mse": metrics.mean_squared_error(units, mean),
        "bias": metrics.bias(units, mean),
        "stock_fill_95": metrics.stock_for(units, stock, fill_rate=0.95),
        "stock_cycle_95": metrics.stock_for(units, stock),
    }
    for column, name in enumerate(quantile_names(levels)):
        result[f"coverage_{name}"] = metrics.coverage(units, asked[:, column])
    return result
