"""The rows that imports write: staged by COPY, looked at, merged.

Writes: shop, past_delivery, and until the commit a temporary table.
"""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import (
    Connection,
    TableClause,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from shops.copying import array_texts, copy_frame, point_texts
from storage.tables.deliveries import PastDelivery
from storage.tables.shops import Shop

__all__ = [
    "invalid_zones",
    "merge_shops",
    "merge_trips",
    "stage_shops",
    "stage_trips",
    "trips_of_unknown_shops",
]

_STAGE = "incoming"
_KEYS = {Shop: ["shop_id"], PastDelivery: ["delivery_id"]}
_ARRAYS = ("brand_ids", "regular_hours", "ramadan_hours", "holiday_hours", "closed_on")


def stage_shops(connection: Connection, shops: pl.DataFrame) -> None:
    """Copy rows of `shops.shop_rows.check_shops` into the stage; new shops are active."""
    if "status" not in shops.columns:
        shops = shops.with_columns(status=pl.lit("active"))
    zoned = "service_zone" in shops.columns
    _stage(
        connection,
        Shop.__tablename__,
        shops.rename({"service_zone": "zone_geojson"} if zoned else {}).select(
            pl.exclude("lon", "lat", *_ARRAYS),
            point_texts(shops["lon"], shops["lat"]).alias("location"),
            *(array_texts(shops[name]) for name in _ARRAYS if name in shops.columns),
        ),
    )
    if zoned:
        stage = _staged("service_zone", "zone_geojson")
        zone = func.ST_SetSRID(func.ST_GeomFromGeoJSON(stage.c.zone_geojson), 4326)
        connection.execute(update(stage).values(service_zone=zone))


def stage_trips(connection: Connection, trips: pl.DataFrame) -> None:
    """Copy rows of `shops.trip_rows.check_trips` into the stage."""
    _stage(
        connection,
        PastDelivery.__tablename__,
        trips.select(
            pl.exclude("^origin_.*$", "^destination_.*$"),
            point_texts(trips["origin_lon"], trips["origin_lat"]).alias("origin"),
            point_texts(trips["destination_lon"], trips["destination_lat"]).alias("destination"),
        ),
    )


def invalid_zones(connection: Connection) -> list[tuple[int, str]]:
    """Return the file's row and the reason for each staged service zone that crosses itself."""
    stage = _staged("file_row", "service_zone").c
    query = select(stage.file_row, func.ST_IsValidReason(stage.service_zone))
    rows = connection.execute(query.where(~func.ST_IsValid(stage.service_zone)))
    return [(row, reason) for row, reason in rows]


def trips_of_unknown_shops(connection: Connection) -> Sequence[int]:
    """Return the file's row of each staged delivery from a shop that does not exist."""
    stage = _staged("file_row", "shop_id").c
    known = exists(select(Shop.shop_id).where(Shop.shop_id == stage.shop_id))
    return connection.scalars(
        select(stage.file_row).where(stage.shop_id.is_not(None), ~known)
    ).all()


def merge_shops(connection: Connection, columns: Sequence[str]) -> tuple[int, int]:
    """Write the staged shops; return how many were new and how many changed.

    `columns` of `shops.shop_rows.check_shops` are written over; others keep what they hold.
    """
    changing = ["location" if name == "lon" else name for name in columns]
    return _merge(connection, Shop, changing, stamp={"updated_at": func.now()})


def merge_trips(connection: Connection) -> tuple[int, int]:
    """Write the staged deliveries; return how many were new and how many changed."""
    return _merge(connection, PastDelivery, list(PastDelivery.__table__.columns.keys()), stamp={})


def _stage(connection: Connection, like: str, frame: pl.DataFrame) -> None:
    """Fill a temporary table with the frame, its columns and defaults being those of `like`."""
    connection.execute(text(f"DROP TABLE IF EXISTS {_STAGE}"))
    connection.execute(
        text(
            f"CREATE TEMPORARY TABLE {_STAGE} (LIKE {like} INCLUDING DEFAULTS,"
            " file_row integer, zone_geojson text) ON COMMIT DROP"
        )
    )
    copy_frame(connection, _STAGE, frame)
    connection.execute(text(f"ANALYZE {_STAGE}"))


def _staged(*names: str) -> TableClause:
    return table(_STAGE, *map(column, names))


def _merge(
    connection: Connection,
    target: type[Shop] | type[PastDelivery],
    columns: Sequence[str],
    *,
    stamp: dict[str, object],
) -> tuple[int, int]:
    held = target.__table__.c
    key = _KEYS[target]
    stage = _staged(*held.keys())
    incoming = insert(target).from_select(held.keys(), select(*stage.c))
    changing = [name for name in columns if name in held and name not in key]
    written = incoming.on_conflict_do_update(
        index_elements=key,
        set_={name: incoming.excluded[name] for name in changing} | stamp,
        where=or_(*(held[name].is_distinct_from(incoming.excluded[name]) for name in changing)),
    )
    # A row that was there has the transaction that locked it as its xmax.
    touched = written.returning((literal_column("xmax") == 0).label("is_new")).cte("touched")
    counts = select(
        func.count().filter(touched.c.is_new), func.count().filter(~touched.c.is_new)
    ).select_from(touched)
    new, changed = connection.execute(counts).one()
    return new, changed
