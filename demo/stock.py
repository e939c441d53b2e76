"""What some of the demo's shops are known to hold.

Pure.
"""

import datetime as dt
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.names import part_number_key
from demo.fleet import FLEET, part_numbers
from demo.shops import instants_before

__all__ = ["PARTS_A_SHOP", "draw_stock"]

PARTS_A_SHOP = 20  # on average, before the same part drawn twice counts once
_FEWEST_PARTS = 5
_SOLD_OUT_SHARE = 0.12
_OLDEST_COUNT_DAYS = 45


def draw_stock(
    shops: pl.DataFrame, makes: pl.DataFrame, until: dt.date, rng: np.random.Generator
) -> pl.DataFrame:
    """Draw the parts that each of `shops` (`shop_id`, `brand_ids`) holds, of the makes it carries.

    Returns
    -------
    frame
        The columns of the table `stock_listing`, one row a shop and part.
    """
    parts = _FEWEST_PARTS + rng.poisson(PARTS_A_SHOP - _FEWEST_PARTS, len(shops))
    shop = np.repeat(np.arange(len(shops)), parts)
    sizes = shops["brand_ids"].list.len().to_numpy().astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    carried = shops["brand_ids"].explode().to_numpy()
    brand_id = carried[starts[shop] + rng.integers(0, sizes[shop])]
    make = _row_of(brand_id, makes)
    numbers, keys, popularity = _catalogue()
    rank = np.searchsorted(popularity, rng.random(len(shop)))
    end = dt.datetime.combine(until, dt.time(), dt.UTC)
    ago_seconds = (rng.beta(1, 3, len(shop)) * _OLDEST_COUNT_DAYS * 86_400).astype(np.int64)
    quantity = rng.geometric(0.18, len(shop)) * (rng.random(len(shop)) >= _SOLD_OUT_SHARE)
    return pl.DataFrame(
        {
            "shop_id": shops["shop_id"].gather(shop),
            "part_key": pl.Series(keys[make, rank], dtype=pl.String),
            "part_number": pl.Series(numbers[make, rank], dtype=pl.String),
            "quantity": quantity,
            "sales_per_day": np.round(
                np.exp(rng.normal(-2.5, 1.0, len(shop))) / np.sqrt(rank + 1), 3
            ),
            "counted_at": instants_before(end, ago_seconds),
        }
    ).unique(["shop_id", "part_key"], keep="first", maintain_order=True)


def _row_of(brand_id: NDArray[np.int64], makes: pl.DataFrame) -> NDArray[np.int64]:
    ids = makes["brand_id"].to_numpy()
    order = np.argsort(ids)
    return np.asarray(order[np.searchsorted(ids[order], brand_id)], dtype=np.int64)


@cache
def _catalogue() -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.float64]]:
    """Return numbers and keys by make and rank, and the cumulated shares of the ranks."""
    numbers = np.array([part_numbers(make) for make in FLEET], dtype=object)
    keys = np.array([[part_number_key(each) for each in row] for row in numbers], dtype=object)
    share = 1 / np.arange(1, numbers.shape[1] + 1) ** 0.8
    return numbers, keys, np.cumsum(share / share.sum())
