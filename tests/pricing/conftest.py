from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pricing import ElasticityModel, fit_elasticities


@pytest.fixture(scope="session")
def small_market():
    """Make 120 parts in 6 groups over 60 weeks, with slopes around -2 and a promotion."""
    draw = np.random.default_rng(5)
    parts, weeks = 120, 60
    group = np.arange(parts) % 6
    slope = np.minimum(draw.normal(-2.0, 0.4, parts), -0.3)
    steps = draw.normal(0, 0.12, (parts, weeks)) * (draw.random((parts, weeks)) < 0.2)
    log_price = np.log(100) + np.cumsum(steps, axis=1)
    log_price -= log_price.mean(1, keepdims=True) - np.log(100)
    promotion = (draw.random((parts, weeks)) < 0.1).astype(float)
    level = draw.normal(1.5, 0.7, parts)
    in_stock = np.where(draw.random((parts, weeks)) < 0.2, 0.5, 1.0)
    log_rate = level[:, None] + slope[:, None] * (log_price - np.log(100)) + 0.4 * promotion
    units = draw.poisson(np.exp(log_rate) * in_stock)
    monday = date(2025, 1, 6)
    history = pl.DataFrame(
        {
            "item_id": [f"part-{part:03d}" for part in np.repeat(np.arange(parts), weeks)],
            "group_id": np.repeat(group, weeks),
            "period_start": [monday + timedelta(weeks=week) for week in range(weeks)] * parts,
            "units": units.ravel(),
            "price": np.exp(log_price).ravel(),
            "unit_cost": np.full(parts * weeks, 55.0),
            "in_stock_share": in_stock.ravel(),
            "promotion": promotion.ravel(),
        }
    )
    return history, slope, level


@pytest.fixture(scope="session")
def history(small_market) -> pl.DataFrame:
    return small_market[0]


@pytest.fixture(scope="session")
def model(history) -> ElasticityModel:
    return fit_elasticities(history)
