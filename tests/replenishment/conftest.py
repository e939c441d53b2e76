import datetime
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from scipy import stats

Losses = Callable[[float, float, np.ndarray], np.ndarray]


@pytest.fixture
def losses() -> Losses:
    """E[(D - y)^+] by adding up scipy's probabilities, independent of the product's formulas."""

    def summed(mean: float, variance: float, levels: np.ndarray) -> np.ndarray:
        if mean == 0:
            return np.maximum(-levels, 0.0)
        law = stats.poisson(mean)
        if variance > mean * (1 + 1e-9):
            law = stats.nbinom(mean**2 / (variance - mean), mean / variance)
        units = np.arange(int(mean + 60 * variance**0.5 + 200))
        weights = law.pmf(units)
        return np.array([(weights * np.maximum(units - y, 0)).sum() for y in levels])

    return summed


@pytest.fixture
def sales() -> pl.DataFrame:
    """Two years of monthly sales of 60 parts, most of them rarely asked for."""
    rng = np.random.default_rng(7)
    days = pl.date_range(datetime.date(2024, 1, 1), datetime.date(2025, 12, 1), "1mo", eager=True)
    rates = rng.gamma(0.7, 1.0, 60)
    units = rng.negative_binomial(np.repeat(rates[:, None], 24, axis=1) + 1e-6, 0.5)
    return pl.DataFrame(
        {
            "series_id": np.repeat([f"part {i:02d}" for i in range(60)], 24),
            "period_start": pl.concat([days] * 60),
            "quantity": units.ravel().astype(float),
        }
    )
