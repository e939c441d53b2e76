"""The demo's rows in the database: how many there are, how they go in by COPY, how they go out.

Reads: make, shop. Writes: shop, stock_listing, past_delivery.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID

import polars as pl
from sqlalchemy import Connection, any_, delete, exists, func, select, text, update
from sqlalchemy.orm import Session

from demo.shops import DEMO_PREFIX
from shops.copying import array_texts, copy_frame, point_texts
from storage.tables.base import SRID_WGS84
from storage.tables.deliveries import PastDelivery
from storage.tables.makes import Make
from storage.tables.shops import Shop, StockListing

__all__ = [
    "ShopRow",
    "analyze",
    "copy_deliveries",
    "copy_shops",
    "copy_stock",
    "fleet_makes",
    "holds_rows",
    "lock",
    "nearest_active_shop",
    "open_round_the_clock",
    "remove_demo",
    "without_matching_index",
]

_INDEX = "shop_location_brand_ids_idx"
_FIRST = f"{DEMO_PREFIX}-0000-0000-0000-000000000000"
_LAST = f"{DEMO_PREFIX}-ffff-ffff-ffff-ffffffffffff"
_ARRAYS = ("brand_ids", "regular_hours", "ramadan_hours", "holiday_hours", "closed_on")


def fleet_makes(connection: Connection, names: Sequence[str]) -> pl.DataFrame:
    """Return `brand_id`, `name_en`, `name_ar` of the makes called `names`, in that order."""
    rows = connection.execute(select(Make.brand_id, Make.name_en, Make.name_ar))
    found = {row.name_en: tuple(row) for row in rows}
    return pl.DataFrame(
        [found[name] for name in names],
        schema={"brand_id": pl.Int32, "name_en": pl.String, "name_ar": pl.String},
        orient="row",
    )


class ShopRow(NamedTuple):
    """A shop by its name."""

    shop_id: UUID
    name: str


def nearest_active_shop(session: Session, make: str, lon: float, lat: float) -> ShopRow | None:
    """Return the active shop nearest to a place (degrees) that carries a make."""
    place = func.ST_SetSRID(func.ST_MakePoint(lon, lat), SRID_WGS84)
    row = session.execute(
        select(Shop.shop_id, Shop.name)
        .join(Make, Make.name_en == make)
        .where(Shop.status == "active", Make.brand_id == any_(Shop.brand_ids))
        .order_by(Shop.location.distance_centroid(place), Shop.shop_id)
        .limit(1)
    ).first()
    return None if row is None else ShopRow._make(row)


def open_round_the_clock(session: Session, shop_id: UUID) -> None:
    """Have a shop of the demo never close; one that is not the demo's keeps its hours."""
    always = {"regular_hours": [0, 10_080], "ramadan_hours": None, "holiday_hours": [0, 1_440]}
    session.execute(
        update(Shop)
        .where(Shop.shop_id == shop_id, Shop.shop_id.between(_FIRST, _LAST))
        .values(**always, closed_on=[])
    )


def lock(connection: Connection) -> None:
    """Let one seed at a time look and load; others wait here for its commit."""
    connection.execute(text("LOCK TABLE shop IN SHARE ROW EXCLUSIVE MODE"))


def holds_rows(connection: Connection) -> bool:
    """Return whether there is any shop or past delivery, the demo's or not."""
    keys = (Shop.shop_id, PastDelivery.delivery_id)
    return any(connection.scalar(select(exists(select(key)))) for key in keys)


def remove_demo(connection: Connection) -> None:
    """Delete what a seed loaded, and what hangs on its shops."""
    for key in (PastDelivery.delivery_id, StockListing.shop_id, Shop.shop_id):
        connection.execute(delete(key.class_).where(key.between(_FIRST, _LAST)))


@contextmanager
def without_matching_index(connection: Connection) -> Iterator[None]:
    """Drop the index that matching reads, and build it again at the end of the block.

    Both in the caller's transaction: others wait for it, and never see the table without its index.
    """
    definition = connection.scalar(
        text("SELECT pg_get_indexdef(CAST(:name AS regclass))"), {"name": _INDEX}
    )
    connection.execute(text(f"DROP INDEX {_INDEX}"))
    yield
    connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
    connection.execute(text(str(definition)))


def copy_shops(connection: Connection, shops: pl.DataFrame) -> None:
    """Add rows of `demo.shops.draw_shops`."""
    copy_frame(
        connection,
        "shop",
        shops.select(
            pl.exclude("lon", "lat", "^.*_hours$", "brand_ids", "closed_on"),
            point_texts(shops["lon"], shops["lat"]).alias("location"),
            *(array_texts(shops[name]) for name in _ARRAYS),
        ),
    )


def copy_stock(connection: Connection, stock: pl.DataFrame) -> None:
    """Add rows of `demo.stock.draw_stock`."""
    copy_frame(connection, "stock_listing", stock)


def copy_deliveries(connection: Connection, deliveries: pl.DataFrame) -> None:
    """Add rows of `demo.deliveries.draw_deliveries`."""
    copy_frame(
        connection,
        "past_delivery",
        deliveries.select(
            pl.exclude("^origin_.*$", "^destination_.*$"),
            point_texts(deliveries["origin_lon"], deliveries["origin_lat"]).alias("origin"),
            point_texts(deliveries["destination_lon"], deliveries["destination_lat"]).alias(
                "destination"
            ),
        ),
    )


def analyze(connection: Connection) -> None:
    """Count anew what the planner goes by."""
    for table in (Shop, StockListing, PastDelivery):
        connection.execute(text(f"ANALYZE {table.__tablename__}"))
