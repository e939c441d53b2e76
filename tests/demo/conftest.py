import datetime as dt

import numpy as np
import polars as pl
import pytest

from demo.fleet import FLEET
from demo.shops import draw_shops
from demo.sites import Sites, draw_sites


@pytest.fixture(scope="session")
def makes() -> pl.DataFrame:
    """The makes of the fleet, with identifiers in another order than theirs."""
    count = len(FLEET)
    return pl.DataFrame(
        {
            "brand_id": np.random.default_rng(1).permutation(count).astype(np.int32) + 1,
            "name_en": list(FLEET),
            "name_ar": [f"ع{index}" for index in range(count)],
        }
    )


@pytest.fixture(scope="session")
def until() -> dt.date:
    return dt.date(2026, 11, 1)


@pytest.fixture(scope="session")
def sites() -> Sites:
    return draw_sites(4_000, np.random.default_rng(2))


@pytest.fixture(scope="session")
def shops(sites: Sites, makes: pl.DataFrame, until: dt.date) -> pl.DataFrame:
    return draw_shops(sites, 100, makes, until, np.random.default_rng(3))
