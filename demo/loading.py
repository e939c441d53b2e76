"""Fills a database with the demo.

Reads: make. Writes: shop, stock_listing, past_delivery.
"""

import datetime as dt
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import polars as pl
from sqlalchemy import Connection

from clutch.errors import ClutchError
from demo import queries
from demo.deliveries import draw_deliveries
from demo.fleet import FLEET
from demo.shops import draw_shops
from demo.sites import Sites, draw_sites
from demo.stock import PARTS_A_SHOP, draw_stock

__all__ = ["Counts", "DatabaseNotEmpty", "load"]

_CHUNK = 25_000
_BUILD_INDEX_LAST = 20_000  # from so many shops on
_STOCK_SHARE, _STOCK_LISTINGS = 0.30, 300_000
_COURIER_SHOPS = 3_000
_DELIVERIES_A_SHOP_AND_DAY, _DELIVERIES = 0.25, 20_000
_SITES, _SHOPS, _STOCK, _PAST = range(4)  # streams of random numbers

Progress = Callable[[str, int, int], None]


class DatabaseNotEmpty(ClutchError):
    """There is something in the tables that the demo would fill."""

    def __init__(self) -> None:
        super().__init__(
            "the database already holds shops or deliveries; --replace removes those of an earlier"
            " seed, and only those, before it loads"
        )


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many rows a seed loaded."""

    shops: int
    stock_listings: int
    past_deliveries: int


def load(
    connection: Connection,
    *,
    shops: int,
    seed: int,
    days: int,
    until: dt.date,
    replace: bool = False,
    progress: Progress | None = None,
) -> Counts:
    """Load the demo of this size and seed, in the caller's transaction.

    The same arguments load the same rows, whatever the machine. With many shops the index that
    matching reads is dropped and built at the end: queries of others wait for the commit.

    Parameters
    ----------
    days
        How many days of deliveries, the last one being the day before `until`.
    replace
        Remove the rows of an earlier seed first; rows that did not come from a seed stay.
    progress
        Called with what is being done, how much of it is done, and of how much.

    Raises
    ------
    DatabaseNotEmpty
        There are shops or deliveries already, and `replace` is not set.
    """
    tell = progress or _silent
    queries.lock(connection)
    if replace:
        tell("removing the earlier demo", 0, 0)
        queries.remove_demo(connection)
    elif queries.holds_rows(connection):
        raise DatabaseNotEmpty
    tell("finding sites", 0, shops)
    sites = draw_sites(shops, np.random.default_rng([seed, _SITES]))
    large = shops >= _BUILD_INDEX_LAST
    with queries.without_matching_index(connection) if large else nullcontext():
        listings, couriers = _load_shops(connection, sites, seed, until, tell)
        tell("indexing", 0, 0)
    deliveries = _load_deliveries(connection, couriers, sites, seed, days, until, tell)
    tell("analyzing", 0, 0)
    queries.analyze(connection)
    return Counts(shops=shops, stock_listings=listings, past_deliveries=deliveries)


def _load_shops(
    connection: Connection, sites: Sites, seed: int, until: dt.date, tell: Progress
) -> tuple[int, pl.DataFrame]:
    """Load shops and stock; return how many listings, and the shops that deliver (with `row`)."""
    makes = queries.fleet_makes(connection, list(FLEET))
    stocked = min(_STOCK_SHARE, _STOCK_LISTINGS / PARTS_A_SHOP / max(len(sites), 1))
    courier = min(1.0, _COURIER_SHOPS / max(len(sites), 1))
    listings, couriers = 0, [pl.DataFrame(schema=_COURIER)]
    for first in range(0, len(sites), _CHUNK):
        tell("shops", first, len(sites))
        chunk = sites[slice(first, first + _CHUNK)]
        shops = draw_shops(chunk, first, makes, until, np.random.default_rng([seed, _SHOPS, first]))
        queries.copy_shops(connection, shops)
        rng = np.random.default_rng([seed, _STOCK, first])
        stock = draw_stock(shops.filter(rng.random(len(shops)) < stocked), makes, until, rng)
        queries.copy_stock(connection, stock)
        listings += len(stock)
        delivers = pl.Series(rng.random(len(shops)) < courier) & (shops["status"] == "active")
        rows = shops.with_row_index("row", offset=first).filter(delivers)
        couriers.append(rows.select(*(pl.col(name).cast(kind) for name, kind in _COURIER.items())))
    return listings, pl.concat(couriers)


_COURIER = {
    "row": pl.Int64(),
    "shop_id": pl.String(),
    "requests_received": pl.Int64(),
    "preparation_minutes_mean": pl.Float64(),
}


def _load_deliveries(
    connection: Connection,
    couriers: pl.DataFrame,
    sites: Sites,
    seed: int,
    days: int,
    until: dt.date,
    tell: Progress,
) -> int:
    count = min(_DELIVERIES, int(_DELIVERIES_A_SHOP_AND_DAY * len(couriers) * days))
    tell("deliveries", 0, count)
    rng = np.random.default_rng([seed, _PAST])
    origins = sites[couriers["row"].to_numpy()]
    deliveries = draw_deliveries(couriers, origins, count, days, until, rng)
    queries.copy_deliveries(connection, deliveries)
    return len(deliveries)


def _silent(_doing: str, _done: int, _total: int) -> None:
    pass
