"""A shop as its customers see it, and as its owners keep it.

Reads: make. Reads/Writes: shop, shop_profile. Who a shop is (its names, numbers and place) was
reviewed; what its owners change here is how it trades.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from shops.onboarding.checks import brand_ids, check_zone
from shops.queries import makes as make_rows
from shops.queries import profiles as rows
from shops.queries.profiles import ProfileRow
from shops.timetable import Spans, Week, day_spans, day_table, week_spans, week_table

__all__ = [
    "Brand",
    "Place",
    "ShopCard",
    "ShopProfile",
    "change_profile",
    "profile_view",
    "shop_card",
]


class Brand(TypedDict):
    """A make that a shop carries."""

    brand_id: int
    name_en: str
    name_ar: str


class Place(TypedDict):
    """A GeoJSON point: `coordinates` is (lon, lat)."""

    type: str
    coordinates: tuple[float, float]


class ShopCard(TypedDict):
    """What anybody may know of a shop that trades; `rating` is a mean of 1 to 5, or null."""

    shop_id: UUID
    name: str
    name_ar: str | None
    address: str | None
    location: Place
    brands: list[Brand]
    opening_hours: Week
    ramadan_hours: Week | None
    holiday_hours: Spans
    closed_on: list[dt.date]
    rating: float | None
    rating_count: int


class ShopProfile(ShopCard):
    """What those who work at a shop may know of it."""

    status: str
    phone: str | None
    legal_name: str | None
    tax_number: str | None
    commercial_register: str | None
    contact_email: str | None
    delivery_zone: dict[str, Any] | None
    delivery_fee_piastres: int
    free_delivery_from_piastres: int | None
    markup_percent: float | None
    warranty_days: int | None
    suspended_at: dt.datetime | None
    suspended_because: str | None


def shop_card(session: Session, shop_id: UUID) -> ShopCard:
    """Return what anybody may know of a shop.

    Raises
    ------
    NotFound
        There is no such shop, or it does not trade.
    """
    shop = rows.profile(session, shop_id)
    if shop is None or shop.status != "active":
        raise NotFound("shop")
    return _card(session, shop)


def profile_view(session: Session, shop_id: UUID) -> ShopProfile:
    """Return what those who work at a shop may know of it.

    Raises
    ------
    NotFound
        There is no such shop.
    """
    shop = rows.profile(session, shop_id)
    if shop is None:
        raise NotFound("shop")
    pricing = shop.pricing_strategy or {}
    return {
        **_card(session, shop),
        "status": shop.status,
        "phone": shop.phone,
        "legal_name": shop.legal_name,
        "tax_number": shop.tax_number,
        "commercial_register": shop.commercial_register,
        "contact_email": shop.contact_email,
        "delivery_zone": orjson.loads(shop.delivery_zone) if shop.delivery_zone else None,
        "delivery_fee_piastres": shop.delivery_fee_piastres or 0,
        "free_delivery_from_piastres": shop.free_delivery_from_piastres,
        "markup_percent": pricing.get("markup_percent"),
        "warranty_days": pricing.get("warranty_days"),
        "suspended_at": shop.suspended_at,
        "suspended_because": shop.suspended_because,
    }


def change_profile(session: Session, shop_id: UUID, said: Mapping[str, Any]) -> ShopProfile:
    """Change how a shop trades; what `said` leaves out stays as it is.

    `said` has these fields of `ShopProfile`, and `supported_brands`, makes by any of their names.

    Raises
    ------
    NotFound
        There is no such shop.
    InvalidInput
        A make is not known, or the delivery zone crosses itself.
    """
    shop = rows.profile_for_update(session, shop_id)
    if shop is None:
        raise NotFound("shop")
    check_zone(session, said.get("delivery_zone"), field="delivery_zone")
    if changes := _shop_changes(session, said):
        rows.change_shop(session, shop_id, changes)
    if changes := _profile_changes(shop, said):
        legal_name = shop.legal_name or shop.name
        rows.save_profile(session, shop_id, {"legal_name": legal_name, **changes})
    return profile_view(session, shop_id)


_TO_COLUMN: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "phone": ("phone", str),
    "opening_hours": ("regular_hours", week_table),
    "ramadan_hours": ("ramadan_hours", lambda week: None if week is None else week_table(week)),
    "holiday_hours": ("holiday_hours", day_table),
    "closed_on": ("closed_on", lambda days: [dt.date.fromisoformat(day) for day in days]),
    "delivery_zone": ("service_zone", rows.zone),
}
_IN_PROFILE = ("contact_email", "delivery_fee_piastres", "free_delivery_from_piastres")
_IN_PRICING = ("markup_percent", "warranty_days")


def _shop_changes(session: Session, said: Mapping[str, Any]) -> dict[str, Any]:
    changes = {
        column: read(said[field]) for field, (column, read) in _TO_COLUMN.items() if field in said
    }
    if "supported_brands" in said:
        names = said["supported_brands"]
        changes["brand_ids"] = brand_ids(session, names, field="supported_brands")
    return changes


def _profile_changes(shop: ProfileRow, said: Mapping[str, Any]) -> dict[str, Any]:
    changes = {field: said[field] for field in _IN_PROFILE if field in said}
    if pricing := {field: said[field] for field in _IN_PRICING if field in said}:
        changes["pricing_strategy"] = {**(shop.pricing_strategy or {}), **pricing}
    return changes


def _card(session: Session, shop: ProfileRow) -> ShopCard:
    ramadan = shop.ramadan_hours
    return {
        "shop_id": shop.shop_id,
        "name": shop.name,
        "name_ar": shop.name_ar,
        "address": shop.address,
        "location": {"type": "Point", "coordinates": (shop.lon, shop.lat)},
        "brands": [
            {"brand_id": make.brand_id, "name_en": make.name_en, "name_ar": make.name_ar}
            for make in make_rows.makes(session, shop.brand_ids)
        ],
        "opening_hours": week_spans(shop.regular_hours),
        "ramadan_hours": None if ramadan is None else week_spans(ramadan),
        "holiday_hours": day_spans(shop.holiday_hours),
        "closed_on": shop.closed_on,
        "rating": shop.rating_mean,
        "rating_count": shop.rating_count,
    }
