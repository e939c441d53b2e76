"""The SQL of matching.

Reads: make, make_alias, shop, stock_listing, ranking_weight, model_version, past_delivery.
Writes: model_version. Casts are explicit: psycopg sends small integers as int2, and an index on
int4 would not be used.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

import polars as pl
from sqlalchemy import CursorResult, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from storage.session import Query
from storage.tables.makes import Make, MakeAlias
from storage.tables.models import ModelVersion, RankingWeight

__all__ = [
    "CandidateRow",
    "MakeNameRow",
    "Place",
    "StockRow",
    "add_model_version",
    "candidates_by_stock",
    "candidates_near",
    "delete_superseded_models",
    "delivery_history",
    "known_stock",
    "make_names",
    "newest_model",
    "newest_weights",
    "shops_seen_from",
]


class Place(NamedTuple):
    """Where the parts should go, and for which brand.

    `ramadan` and `holiday` say whether those opening hours can count within the week.
    """

    brand_id: int
    lon: float
    lat: float
    ramadan: bool
    holiday: bool


class CandidateRow(NamedTuple):
    """A shop near the customer, with all that ranking and the answer need of it.

    From `preparation_minutes_mean` on the fields are numbers, taken together as a matrix.
    """

    shop_id: UUID
    name: str
    name_ar: str | None
    address: str | None
    lon: float
    lat: float
    distance_m: float
    regular_hours: list[int]
    ramadan_hours: list[int] | None
    holiday_hours: list[int] | None
    closed_on: list[dt.date] | None
    preparation_minutes_mean: float | None
    preparation_count: int
    requests_received: int
    requests_answered: int
    answer_minutes_mean: float | None
    deliveries_count: int
    deliveries_on_time: int
    rating_mean: float | None
    rating_count: int


class MakeNameRow(NamedTuple):
    """One of the names of a make; `alias_key` is `clutch.names.name_key(alias)`."""

    alias_key: str
    alias: str
    brand_id: int
    name_en: str
    name_ar: str


class StockRow(NamedTuple):
    """What one shop was last known to hold of one part."""

    shop_id: UUID
    part_key: str
    quantity: int
    sales_per_day: float
    counted_at: dt.datetime


# Hours that cannot count within the week are not sent.
_COLUMNS = """
    shop_id, name, name_ar, address,
    ST_X(location), ST_Y(location),
    ST_Distance(location::geography, here.point::geography) AS distance_m,
    regular_hours,
    CASE WHEN CAST(%(ramadan)s AS boolean) THEN ramadan_hours END,
    CASE WHEN CAST(%(holiday)s AS boolean) THEN holiday_hours END,
    CASE WHEN closed_on <> '{}' THEN closed_on END,
    preparation_minutes_mean, preparation_count,
    requests_received, requests_answered, answer_minutes_mean,
    deliveries_count, deliveries_on_time, rating_mean, rating_count
"""

_HERE = """
    (SELECT ST_SetSRID(ST_MakePoint(CAST(%(lon)s AS float8), CAST(%(lat)s AS float8)), 4326)
     AS point) AS here
"""

_SERVES_HERE = "(service_zone IS NULL OR ST_Covers(service_zone, here.point))"

# The index walks outwards by planar degrees; the few shops it hands over are measured on the
# spheroid. One scan: everything ranking needs comes with it.
CANDIDATES_NEAR = f"""
SELECT {_COLUMNS}
FROM {_HERE}, LATERAL (
    SELECT * FROM shop
    WHERE status = 'active' AND brand_ids @> ARRAY[CAST(%(brand_id)s AS int4)]
    ORDER BY location <-> here.point
    LIMIT CAST(%(count)s AS int4)
) AS nearest
WHERE {_SERVES_HERE}
ORDER BY distance_m, shop_id
"""  # noqa: S608 - the pieces are constants of this module

CANDIDATES_BY_STOCK = f"""
SELECT {_COLUMNS}
FROM {_HERE}, LATERAL (
    SELECT * FROM shop
    WHERE status = 'active' AND brand_ids @> ARRAY[CAST(%(brand_id)s AS int4)]
      AND shop_id IN (
          SELECT shop_id FROM stock_listing
          WHERE part_key = ANY (CAST(%(part_keys)s AS text[])) AND quantity > 0)
    ORDER BY location <-> here.point
    LIMIT CAST(%(count)s AS int4)
) AS holders
WHERE {_SERVES_HERE}
ORDER BY distance_m, shop_id
"""  # noqa: S608 - as above

_SHOPS_SEEN_FROM = f"""
SELECT {_COLUMNS}
FROM {_HERE}, shop
WHERE shop_id = ANY (CAST(%(shop_ids)s AS uuid[]))
ORDER BY shop_id
"""  # noqa: S608 - as above

_KNOWN_STOCK = """
SELECT shop_id, part_key, quantity, sales_per_day, counted_at
FROM stock_listing
WHERE shop_id = ANY (CAST(%(shop_ids)s AS uuid[]))
  AND part_key = ANY (CAST(%(part_keys)s AS text[]))
"""

_DELIVERY_HISTORY = """
SELECT CAST(shop_id AS text) AS shop_id,
       ST_X(origin) AS origin_lon, ST_Y(origin) AS origin_lat,
       ST_X(destination) AS destination_lon, ST_Y(destination) AS destination_lat,
       started_at, CAST(preparation_seconds AS double precision) AS preparation_seconds,
       CAST(duration_seconds AS double precision) AS duration_seconds
FROM past_delivery
ORDER BY started_at DESC, delivery_id
LIMIT CAST(:count AS int4)
"""


def candidates_near(place: Place, *, count: int) -> Query:
    """Ask for the `count` active shops nearest to a place that carry the brand, nearest first.

    Shops whose service zone leaves the place out are dropped. Rows: `CandidateRow`.
    """
    return Query(CANDIDATES_NEAR, {**place._asdict(), "count": count}, CandidateRow._make)


def candidates_by_stock(place: Place, *, count: int, part_keys: Sequence[str]) -> Query:
    """Ask for the same of the shops known to hold any of the parts, however far."""
    parameters = {**place._asdict(), "count": count, "part_keys": list(part_keys)}
    return Query(CANDIDATES_BY_STOCK, parameters, CandidateRow._make)


def shops_seen_from(
    lon: float, lat: float, shop_ids: Sequence[UUID], *, ramadan: bool, holiday: bool
) -> Query:
    """Ask for these shops, whatever they carry, as a place sees them. Rows: `CandidateRow`."""
    parameters = {"lon": lon, "lat": lat, "ramadan": ramadan, "holiday": holiday}
    return Query(_SHOPS_SEEN_FROM, {**parameters, "shop_ids": list(shop_ids)}, CandidateRow._make)


def known_stock(shop_ids: Sequence[UUID], part_keys: Sequence[str]) -> Query:
    """Ask what the shops were last known to hold of the parts. Rows: `StockRow`."""
    parameters = {"shop_ids": list(shop_ids), "part_keys": list(part_keys)}
    return Query(_KNOWN_STOCK, parameters, StockRow._make)


def make_names(session: Session) -> list[MakeNameRow]:
    """Return every name of every make."""
    rows = session.execute(
        select(
            MakeAlias.alias_key, MakeAlias.alias, Make.brand_id, Make.name_en, Make.name_ar
        ).join(Make, Make.brand_id == MakeAlias.brand_id)
    )
    return [MakeNameRow._make(row) for row in rows]


def newest_weights(session: Session) -> tuple[int, dict[str, float]]:
    """Return the highest version of the ranking weights, and its weight by term."""
    newest = select(RankingWeight.version).order_by(RankingWeight.version.desc()).limit(1)
    rows = session.execute(
        select(RankingWeight.version, RankingWeight.term, RankingWeight.weight).where(
            RankingWeight.version == newest.scalar_subquery()
        )
    ).all()
    return rows[0].version, {row.term: row.weight for row in rows}


def newest_model(session: Session, name: str) -> tuple[str, bytes] | None:
    """Return the version and parameters of the newest model called `name`, if there is one."""
    row = session.execute(
        select(ModelVersion.version, ModelVersion.parameters)
        .where(ModelVersion.name == name)
        .order_by(ModelVersion.created_at.desc(), ModelVersion.version)
        .limit(1)
    ).first()
    return None if row is None else (row.version, row.parameters)


def add_model_version(
    session: Session, *, name: str, version: str, parameters: bytes, trained_rows: int
) -> None:
    """Keep the parameters of a newly trained model; from then on it is the newest."""
    row = insert(ModelVersion).values(
        name=name, version=version, parameters=parameters, trained_rows=trained_rows
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["name", "version"], set_={"created_at": func.clock_timestamp()}
        )
    )


def delete_superseded_models(session: Session, name: str, *, before: dt.datetime) -> int:
    """Delete the models called `name` that another took the place of before then; say how many."""
    successor = aliased(ModelVersion)
    superseded = (
        select(successor.version)
        .where(
            successor.name == name,
            successor.created_at > ModelVersion.created_at,
            successor.created_at < before,
        )
        .exists()
    )
    deleted = session.execute(delete(ModelVersion).where(ModelVersion.name == name, superseded))
    return cast("CursorResult[Any]", deleted).rowcount


def delivery_history(session: Session, *, count: int) -> pl.DataFrame:
    """Return the `count` newest past deliveries as `matching.delivery_time.fit` takes them."""
    result = session.execute(text(_DELIVERY_HISTORY), {"count": count})
    return pl.DataFrame([tuple(row) for row in result], schema=_DELIVERY_SCHEMA, orient="row").sort(
        "started_at"
    )


_DELIVERY_SCHEMA = pl.Schema(
    {
        "shop_id": pl.String(),
        "origin_lon": pl.Float64(),
        "origin_lat": pl.Float64(),
        "destination_lon": pl.Float64(),
        "destination_lat": pl.Float64(),
        "started_at": pl.Datetime("us", "UTC"),
        "preparation_seconds": pl.Float64(),
        "duration_seconds": pl.Float64(),
    }
)
