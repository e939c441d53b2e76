"""Demand forecasts: one global model for all series, with the pooled Gamma-Poisson beneath it.

Series with few units take their quantiles from the count booster; those with many from a negative
binomial around the boosted mean; between the two they are averaged. A series that was never seen,
and every series where the history is too short to learn from, has the pooled Gamma-Poisson.
Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.errors import InvalidInput
from forecasting.answers import Answers
from forecasting.boosting import CountBooster, MeanBooster, fit_counts, fit_mean
from forecasting.distributions import negative_binomial_quantiles
from forecasting.gamma_poisson import DISCOUNT, RatePrior, rate_prior, rates
from forecasting.panel import Panel, panel_of
from forecasting.periods import Frequency, checked_frequency, period_start
from forecasting.seasonality import Seasonality, seasonality_of
from forecasting.training import bands, inputs, training_rows, with_band

__all__ = ["DemandModel", "checked_quantiles", "fit", "fit_panel", "forecast", "quantile_names"]

Floats = NDArray[np.float64]

DEFAULT_QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

_FEWEST_ROWS = 1_500
_CHUNK_CELLS = 4_000_000
# the least count of each class
_CLASSES_OF_SUM = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30)
_CLASSES_OF_PERIOD = (0, 1, 2, 3, 4, 6, 9, 14)
_UNITS_IN_A_SALE = 10.0
_LONGEST_HORIZON = 400


@dataclass(frozen=True, kw_only=True)
class DemandModel:
    """What `fit` learned; it can be pickled, and predicts for any series of the same frequency.

    `unit` is the size of one count: 1 where all quantities are whole.
    """

    freq: Frequency
    horizon: int
    lead_time_sum: bool
    unit: float
    is_whole: bool
    prior: RatePrior
    seasonality: Seasonality
    counts: CountBooster | None
    means: MeanBooster | None

    def predict(
        self, sales: pl.DataFrame, *, quantiles: Sequence[float] = DEFAULT_QUANTILES
    ) -> pl.DataFrame:
        """Return the forecast for the periods after the last one in `sales`; see `forecast`."""
        return self.predict_panel(panel_of(sales, self.freq), quantiles=quantiles)

    def predict_panel(self, panel: Panel, *, quantiles: Sequence[float]) -> pl.DataFrame:
        """Return the forecast for a panel, a bounded number of series at a time."""
        levels = checked_quantiles(quantiles)
        series, length = panel.quantity.shape
        chunk = max(1, _CHUNK_CELLS // max(length, len(levels) * self.horizon, 1))
        parts = [
            self._frame(panel.take(slice(start, start + chunk)), levels)
            for start in range(0, max(series, 1), chunk)
        ]
        return pl.concat(parts)

    def _frame(self, panel: Panel, levels: Sequence[float]) -> pl.DataFrame:
        mean, quantiles = self._distribution(_scaled(panel, self.unit), levels)
        series, steps = mean.shape
        first = [0] if self.lead_time_sum else range(1, steps + 1)
        days = [
            period_start(panel.end + step, panel.freq, weekday=panel.weekday)
            for step in range(steps)
        ]
        starts = np.tile(np.array(days, dtype="datetime64[D]"), series)
        at = pl.Series(np.repeat(np.arange(series, dtype=np.uint32), steps))
        values = {
            name: quantiles[:, :, column].ravel()
            for column, name in enumerate(quantile_names(levels))
        }
        return pl.DataFrame(
            {
                "series_id": panel.series_id.gather(at),
                "period_start": pl.Series(starts, dtype=pl.Date),
                "step": np.tile(np.asarray(first, dtype=np.int64), series),
                "mean": mean.ravel(),
                **values,
            }
        )

    def _distribution(self, panel: Panel, levels: Sequence[float]) -> tuple[Floats, Floats]:
        """Return means (series x steps) and quantiles (series x steps x levels) in units sold."""
        indices = self.seasonality.indices(panel)
        past = self.seasonality.factors(panel, indices, panel.first, panel.end)
        ahead = self.seasonality.factors(panel, indices, panel.end, panel.end + self.horizon)
        if self.lead_time_sum:
            ahead = ahead.sum(axis=1, keepdims=True)
        mean, quantiles = self._pooled(panel, past, ahead, levels)
        if self.means is not None:
            known = _seen(panel)
            mean[known], quantiles[known] = self._boosted(
                _rows(panel, known),
                _of(past, known),
                _of(ahead, known),
                levels,
                (self.means, self.counts),
            )
        return mean * self.unit, quantiles * self.unit

    def _pooled(
        self, panel: Panel, past: Floats, ahead: Floats, levels: Sequence[float]
    ) -> tuple[Floats, Floats]:
        """Return the Gamma-Poisson's predictive of the series that the boosters leave to it."""
        series, steps = len(panel.quantity), ahead.shape[1]
        mean, quantiles = np.zeros((series, steps)), np.zeros((series, steps, len(levels)))
        wanted = np.ones(series, dtype=bool)
        if self.means is not None:
            wanted = ~_seen(panel)
        if not wanted.any():
            return mean, quantiles
        some = _rows(panel, wanted)
        posterior = rates(
            self.prior,
            some.quantity,
            some.exposure * _of(past, wanted),
            some.attributes,
            DISCOUNT[panel.freq],
        )
        for step in range(steps):
            mean[wanted, step], variance = posterior.predictive(_of(ahead, wanted)[:, step])
            quantiles[wanted, step] = negative_binomial_quantiles(
                mean[wanted, step], variance, levels, whole=self.is_whole
            )
        return mean, quantiles

    def _boosted(
        self,
        panel: Panel,
        past: Floats,
        ahead: Floats,
        levels: Sequence[float],
        boosters: tuple[MeanBooster, CountBooster | None],
    ) -> tuple[Floats, Floats]:
        """Return the boosters' answer; the steps of a band share one row of the trees."""
        matrix, level = inputs(panel, past, self.prior)
        means, quantiles = [], []
        for number, (start, stop) in enumerate(
            bands(self.horizon, lead_time_sum=self.lead_time_sum)
        ):
            factors = ahead if self.lead_time_sum else ahead[:, start:stop]
            usual = float(self.horizon) if self.lead_time_sum else 1.0
            answers = Answers.of(with_band(matrix, number), level, boosters, usual=usual)
            for step, factor in enumerate(factors.T):
                if step == 0 or (factor != factors.T[step - 1]).any():
                    answer = answers.at(factor, levels, whole=self.is_whole)
                means.append(answer[0])
                quantiles.append(answer[1])
        return np.stack(means, axis=1), np.stack(quantiles, axis=1)


def fit(
    sales: pl.DataFrame, *, horizon: int, freq: str, lead_time_sum: bool = False
) -> DemandModel:
    """Return the model of demand that `sales` supports, for `forecast`'s arguments."""
    return fit_panel(
        panel_of(sales, checked_frequency(freq)), horizon=horizon, lead_time_sum=lead_time_sum
    )


def fit_panel(panel: Panel, *, horizon: int, lead_time_sum: bool) -> DemandModel:
    """Return the model of demand that `panel` supports."""
    if (
        isinstance(horizon, bool)
        or not isinstance(horizon, int)
        or not 1 <= horizon <= _LONGEST_HORIZON
    ):
        expected = f"a whole number of periods from 1 to {_LONGEST_HORIZON}"
        raise InvalidInput("horizon", expected, found=str(horizon))
    is_whole = panel.is_whole
    unit = 1.0 if is_whole else float(np.median(panel.quantity[panel.quantity > 0]))
    unit = unit if is_whole else unit / _UNITS_IN_A_SALE
    scaled = _scaled(panel, unit)
    seasonality = seasonality_of(scaled)
    indices = seasonality.indices(scaled)
    factors = seasonality.factors(scaled, indices, scaled.first, scaled.end)
    exposure = scaled.exposure * factors
    prior = rate_prior(scaled.quantity, exposure, scaled.attributes, DISCOUNT[panel.freq])
    rows = training_rows(scaled, horizon=horizon, lead_time_sum=lead_time_sum)
    counts, means = None, None
    if rows is not None and len(rows.units) >= _FEWEST_ROWS and rows.units.any():
        means = fit_mean(rows)
        if is_whole:
            classes = _CLASSES_OF_SUM if lead_time_sum else _CLASSES_OF_PERIOD
            counts = fit_counts(rows, classes=classes, pace="sum" if lead_time_sum else "path")
    return DemandModel(
        freq=panel.freq,
        horizon=horizon,
        lead_time_sum=lead_time_sum,
        unit=unit,
        is_whole=is_whole,
        prior=prior,
        seasonality=seasonality,
        counts=counts,
        means=means,
    )


def forecast(
    sales: pl.DataFrame,
    *,
    horizon: int,
    freq: str,
    quantiles: Sequence[float] = DEFAULT_QUANTILES,
    lead_time_sum: bool = False,
) -> pl.DataFrame:
    """Forecast demand for the periods after the last one in `sales`.

    Parameters
    ----------
    sales
        `series_id`, `period_start` (first day of a day, week or month), `quantity` (units sold;
        null where it was not observed). A period without a row was not observed either: it is not a
        zero. Optional: `in_stock_share` (share of the period in which it could be sold, 0 to 1),
        `lost_sales` (units asked for and not sold, null where not recorded; where it is recorded it
        replaces `in_stock_share`), `price`, `group_id`, `brand_id`.
    horizon
        How many periods ahead; with `lead_time_sum` how many are summed.
    freq
        `"D"`, `"W"` or `"M"`.
    quantiles
        Levels between 0 and 1.
    lead_time_sum
        Whether to forecast the sum of the next `horizon` periods, as reorder points need it: the
        quantile of a sum is not the sum of quantiles.

    Returns
    -------
    polars.DataFrame
        `series_id`, `period_start`, `step` (from 1; 0 for the sum), `mean` and a column for each
        quantile, in units a period or, for the sum, in units. All series are forecast from the same
        period, the one after the last in `sales`, also those whose own history ended before.

    Raises
    ------
    InvalidFrame, InvalidInput
        A column or an argument is not as described; the message names it.

    Examples
    --------
    >>> from datetime import date
    >>> sales = pl.DataFrame(
    ...     {
    ...         "series_id": ["pad", "pad", "disc"],
    ...         "period_start": [date(2024, 1, 1), date(2024, 2, 1), date(2024, 2, 1)],
    ...         "quantity": [2, 4, 0],
    ...     }
    ... )
    >>> forecast(sales, horizon=2, freq="M", quantiles=[0.5], lead_time_sum=True)["step"].to_list()
    [0, 0]
    >>> forecast(sales.clear(), horizon=1, freq="M", quantiles=[0.5]).columns
    ['series_id', 'period_start', 'step', 'mean', 'q0.5']
    """
    levels = checked_quantiles(quantiles)
    panel = panel_of(sales, checked_frequency(freq))
    model = fit_panel(panel, horizon=horizon, lead_time_sum=lead_time_sum)
    return model.predict_panel(panel, quantiles=levels)


def checked_quantiles(quantiles: Sequence[float]) -> list[float]:
    """Return the levels as floats.

    Raises
    ------
    InvalidInput
        There are none, one is not between 0 and 1, or one is there twice.
    """
    expected = "one or more different levels between 0 and 1"
    levels = list(quantiles)
    numbers = [x for x in levels if isinstance(x, int | float) and not isinstance(x, bool)]
    if len(numbers) != len(levels) or not levels or len(set(levels)) != len(levels):
        raise InvalidInput("quantiles", expected, found=str(levels))
    outside = [level for level in levels if not 0 < level < 1]
    if outside:
        raise InvalidInput("quantiles", expected, found=str(outside[0]))
    return [float(level) for level in levels]


def quantile_names(levels: Sequence[float]) -> list[str]:
    """Return the columns that hold the quantiles.

    Examples
    --------
    >>> quantile_names([0.5, 0.975])
    ['q0.5', 'q0.975']
    """
    return [f"q{level:g}" for level in levels]


def _scaled(panel: Panel, unit: float) -> Panel:
    return panel if unit == 1.0 else panel.in_units_of(unit)


def _seen(panel: Panel) -> NDArray[np.bool_]:
    return np.asarray(panel.exposure.any(axis=1))


def _rows(panel: Panel, wanted: NDArray[np.bool_]) -> Panel:
    return panel if wanted.all() else panel.take(np.flatnonzero(wanted))


def _of(factors: Floats, wanted: NDArray[np.bool_]) -> Floats:
    return factors if len(factors) == 1 else factors[wanted]
