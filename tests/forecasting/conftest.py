from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest


def months(count: int, first_year: int = 2021) -> list[date]:
    return [date(first_year + n // 12, n % 12 + 1, 1) for n in range(count)]


@pytest.fixture(scope="session")
def intermittent() -> Callable[..., pl.DataFrame]:
    """Sales of `series` parts whose monthly rates follow a Gamma distribution."""

    def build(*, series: int = 150, periods: int = 30, seed: int = 1) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        rates = rng.gamma(0.8, 1.0, size=(series, 1))
        units = rng.poisson(rates, size=(series, periods))
        return pl.DataFrame(
            {
                "series_id": np.repeat([f"P{n:04d}" for n in range(series)], periods),
                "period_start": months(periods) * series,
                "quantity": units.ravel(),
            }
        )

    return build
