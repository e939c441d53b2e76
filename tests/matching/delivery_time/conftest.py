"""A small city whose traffic is known, so that what the model says of it can be checked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from matching import delivery_time
from matching.delivery_time import DeliveryTimeModel

MakeTrips = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def make_trips() -> MakeTrips:
    """Make `n` trips about Cairo: `slowness` multiplies their times, as drift does."""

    def make(n: int, *, seed: int = 0, day: int = 0, slowness: float = 1.0) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        lon, lat = 31.24 + rng.normal(0, 0.06, (2, n)), 30.05 + rng.normal(0, 0.05, (2, n))
        minutes = np.sort(rng.integers(0, 60 * 24 * 28, n))
        start = datetime(2026, 1, 4, tzinfo=UTC) + timedelta(days=day)
        started_at = [start + timedelta(minutes=int(minute)) for minute in minutes]
        km = np.hypot((lon[1] - lon[0]) * 96, (lat[1] - lat[0]) * 111)
        hour = (minutes / 60 + 2) % 24
        rush = 1 + 0.5 * np.exp(-(((hour - 17) / 2) ** 2)) - 0.3 * (hour < 6)
        east_bank = np.where(lon[0] > 31.24, 1.25, 1.0)
        spread = 0.35 - 0.2 * np.minimum(km / 20, 1)
        noise = np.exp(spread * rng.standard_normal(n))
        seconds = slowness * 420 * (km + 0.2) ** 0.65 * rush * east_bank * noise
        return pl.DataFrame(
            {
                "origin_lon": lon[0],
                "origin_lat": lat[0],
                "destination_lon": lon[1],
                "destination_lat": lat[1],
                "started_at": pl.Series(started_at, dtype=pl.Datetime("us", "UTC")),
                "duration_seconds": seconds,
            }
        )

    return make


@pytest.fixture(scope="session")
def past(make_trips: MakeTrips) -> pl.DataFrame:
    """1,500 finished trips."""
    return make_trips(1500, seed=1)


@pytest.fixture(scope="session")
def learned(past: pl.DataFrame) -> DeliveryTimeModel:
    """The model of `past`; tests that observe take a copy by `from_bytes`."""
    return delivery_time.fit(past)
