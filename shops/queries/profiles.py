"""The SQL of a shop as its people and its customers see it.

Reads/Writes: shop, shop_profile.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.paging import Page, page_of
from storage.tables.onboarding import ShopProfile
from storage.tables.shops import Shop

__all__ = [
    "ProfileRow",
    "StandingRow",
    "change_shop",
    "move_status",
    "point",
    "profile",
    "profile_for_update",
    "save_profile",
    "save_shop",
    "shops",
    "zone",
    "zone_fault",
]

_TAX_NUMBER_KEY = "shop_profile_tax_number_key"


class ProfileRow(NamedTuple):
    """A shop with its profile; one that was imported may have none of the latter."""

    shop_id: UUID
    name: str
    name_ar: str | None
    phone: str | None
    address: str | None
    status: str
    lon: float
    lat: float
    delivery_zone: str | None
    brand_ids: list[int]
    regular_hours: list[int]
    ramadan_hours: list[int] | None
    holiday_hours: list[int]
    closed_on: list[dt.date]
    rating_mean: float | None
    rating_count: int
    legal_name: str | None
    tax_number: str | None
    commercial_register: str | None
    contact_email: str | None
    delivery_fee_piastres: int | None
    free_delivery_from_piastres: int | None
    pricing_strategy: dict[str, Any] | None
    suspended_at: dt.datetime | None
    suspended_because: str | None


class StandingRow(NamedTuple):
    """A shop, and whether it may trade."""

    shop_id: UUID
    name: str
    name_ar: str | None
    status: str
    suspended_at: dt.datetime | None
    suspended_because: str | None


_MADE = {
    "lon": func.ST_X(Shop.location),
    "lat": func.ST_Y(Shop.location),
    "delivery_zone": func.ST_AsGeoJSON(Shop.service_zone),
}


def profile(session: Session, shop_id: UUID) -> ProfileRow | None:
    """Return a shop, with those parts of its profile that the caller may see."""
    row = session.execute(
        select(*map(_column, ProfileRow._fields))
        .join(ShopProfile, ShopProfile.shop_id == Shop.shop_id, isouter=True)
        .where(Shop.shop_id == shop_id)
    ).one_or_none()
    return None if row is None else ProfileRow._make(row)


def profile_for_update(session: Session, shop_id: UUID) -> ProfileRow | None:
    """Return a shop, locked, so that of two who change it the second sees what the first did."""
    # A statement of its own: one that waited for a lock reads other tables as they were before.
    locked = select(Shop.shop_id).where(Shop.shop_id == shop_id)
    session.execute(locked.with_for_update(key_share=True))
    return profile(session, shop_id)


def _column(name: str) -> Any:
    if name in _MADE:
        return _MADE[name]
    return getattr(Shop if hasattr(Shop, name) else ShopProfile, name)


def shops(
    session: Session, *, status: str | None, limit: int, cursor: str | None
) -> Page[StandingRow]:
    """Return a page of the shops, with `status` only those that have it, in order of their ids."""
    rows = (
        select(*map(_column, StandingRow._fields))
        .join(ShopProfile, ShopProfile.shop_id == Shop.shop_id, isouter=True)
        .order_by(Shop.shop_id)
    )
    if status is not None:
        rows = rows.where(Shop.status == status)
    page = page_of(session, rows, limit=limit, cursor=cursor)
    return Page([StandingRow._make(row) for row in page.rows], page.next_cursor)


def point(lon: float, lat: float) -> Any:
    """Return the SQL of a point, in degrees."""
    return func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326)


def zone(geojson: Mapping[str, Any] | None) -> Any:
    """Return the SQL of a delivery zone, as the table holds it."""
    return None if geojson is None else func.ST_Multi(_geometry(geojson))


def zone_fault(session: Session, geojson: Mapping[str, Any]) -> str | None:
    """Return why a polygon is none (it crosses itself, say), or None when it is fine."""
    shape = _geometry(geojson)
    found = session.execute(select(func.ST_IsValid(shape), func.ST_IsValidReason(shape))).one()
    return None if found[0] else str(found[1])


def save_shop(session: Session, shop_id: UUID, values: Mapping[str, Any]) -> None:
    """Make a shop, or write over what it holds."""
    row = upsert(Shop).values(shop_id=shop_id, **values)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["shop_id"],
            set_={name: row.excluded[name] for name in values} | {"updated_at": func.now()},
        )
    )


def change_shop(session: Session, shop_id: UUID, values: Mapping[str, Any]) -> None:
    """Write some columns of a shop."""
    session.execute(update(Shop).where(Shop.shop_id == shop_id).values(**values))


def save_profile(session: Session, shop_id: UUID, values: Mapping[str, Any]) -> bool:
    """Make a profile, or write over what it holds; False when another has its tax number."""
    row = upsert(ShopProfile).values(shop_id=shop_id, **values)
    saved = row.on_conflict_do_update(
        index_elements=["shop_id"], set_={name: row.excluded[name] for name in values}
    )
    try:
        with session.begin_nested():
            session.execute(saved)
    except IntegrityError as error:
        if _TAX_NUMBER_KEY not in str(error.orig):
            raise
        return False
    return True


def move_status(session: Session, shop_id: UUID, *, before: str, after: str) -> bool:
    """Change the status of a shop that has the one `before`; False when it has not."""
    moved = session.execute(
        update(Shop)
        .where(Shop.shop_id == shop_id, Shop.status == before)
        .values(status=after)
        .returning(Shop.shop_id)
    )
    return moved.one_or_none() is not None


def _geometry(geojson: Mapping[str, Any]) -> Any:
    return func.ST_SetSRID(func.ST_GeomFromGeoJSON(orjson.dumps(geojson).decode()), 4326)
