"""What every view of an order shows: car, parts, area, and how payment and delivery stand.

Reads: payment, delivery.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from matching.nearby import Point
from orders.areas import area_of
from orders.privacy import CELL_METRES
from orders.queries import payments, requests
from orders.queries.requests import OrderRow, PartRow
from orders.vin import VinHint, vin_hint

__all__ = [
    "AreaView",
    "CarView",
    "DeliveryBrief",
    "PartView",
    "PaymentBrief",
    "area_view",
    "car_view",
    "delivery_brief",
    "part_view",
    "payment_brief",
    "point_view",
]


class CarView(TypedDict):
    """The car an order is for; `vin_hint` says what its chassis number hints at."""

    make: str
    make_ar: str
    model: str | None
    year: int | None
    vin: str | None
    vin_hint: VinHint | None


class PartView(TypedDict):
    """A part asked for; quotes name it by `line`."""

    line: int
    number: str | None
    name: str | None
    description: str | None
    quantity: int
    condition: str | None
    photo_ids: list[UUID]


class AreaView(TypedDict):
    """Where about an order goes: a square of `size_m` around `centre`, and what it is called."""

    name: str | None
    name_ar: str | None
    centre: Point
    size_m: int


class PaymentBrief(TypedDict):
    """How the payment stands."""

    payment_id: UUID
    method: str
    status: str
    amount_piastres: int
    redirect_url: str | None


class DeliveryBrief(TypedDict):
    """How the delivery stands."""

    delivery_id: UUID
    status: str
    promise_at: dt.datetime | None
    delivered_at: dt.datetime | None


def car_view(order: OrderRow) -> CarView:
    """Return the car an order is for."""
    return {
        "make": order.make,
        "make_ar": order.make_ar,
        "model": order.vehicle_model,
        "year": order.vehicle_year,
        "vin": order.vin,
        "vin_hint": vin_hint(order.vin, order.make),
    }


def part_view(part: PartRow) -> PartView:
    """Return a part asked for."""
    return {
        "line": part.line,
        "number": part.part_number,
        "name": part.name,
        "description": part.description,
        "quantity": part.quantity,
        "condition": part.condition,
        "photo_ids": part.photo_ids,
    }


def area_view(order: OrderRow) -> AreaView:
    """Return where about an order goes: a function of its cell alone."""
    area = area_of(order.cell_lon, order.cell_lat)
    return {
        "name": area.name if area else None,
        "name_ar": area.name_ar if area else None,
        "centre": point_view(order.cell_lon, order.cell_lat),
        "size_m": CELL_METRES,
    }


def payment_brief(session: Session, order: OrderRow, *, for_customer: bool) -> PaymentBrief | None:
    """Return how the newest payment of an order stands; the page to pay on is its customer's."""
    if order.selected_quote_id is None:
        return None
    rows = payments.payments_of_order(session, order.order_id)
    if not rows:
        return None
    newest = max(rows, key=lambda row: (row.created_at, row.payment_id))
    return {
        "payment_id": newest.payment_id,
        "method": newest.method,
        "status": newest.status,
        "amount_piastres": newest.amount_piastres,
        "redirect_url": newest.redirect_url if for_customer else None,
    }


def delivery_brief(session: Session, order: OrderRow) -> DeliveryBrief | None:
    """Return how the delivery of an order stands; None: there is none."""
    row = requests.delivery_of(session, order.order_id)
    if row is None:
        return None
    return {
        "delivery_id": row.delivery_id,
        "status": row.status,
        "promise_at": row.promise_at,
        "delivered_at": row.delivered_at,
    }


def point_view(lon: float, lat: float) -> Point:
    """Return a place as GeoJSON."""
    return {"type": "Point", "coordinates": (lon, lat)}
