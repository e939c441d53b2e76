"""Where a delivery is and when it should arrive: positions, the view of it, the alert when late.

Reads/Writes: delivery, delivery_position. Reads: parts_order.
"""

import datetime as dt
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import Conflict, InvalidInput, NotFound, TooMany
from matching.delivery_time import DeliveryTimeModel
from matching.knowledge import observe_deliveries
from matching.nearby import Point
from notifications import events
from notifications.inbox import notify, notify_shop
from orders.lifecycle import Status
from orders.queries import deliveries as queries
from orders.queries import requests
from orders.queries.deliveries import DeliveryRow, PositionRow
from orders.queries.requests import OrderRow

__all__ = [
    "DeliveryView",
    "NotOnItsWay",
    "alert_late",
    "delivery_view",
    "late_deliveries",
    "observe",
    "place",
]

_STEP_SECONDS = 5
_CLOCK_SKEW = dt.timedelta(minutes=1)
_TRACK_POINTS = 100
_MOST_LATE = 200


class NotOnItsWay(Conflict):
    """Nobody carries the delivery now."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the delivery is {status}, not on its way", allowed=[])


class Position(TypedDict):
    """Where the courier was, and when."""

    point: Point
    at: dt.datetime


class DeliveryView(TypedDict):
    """A delivery as its customer and its shop see it.

    `eta_at` is when it is likely to arrive, by where the courier was last; the promise before
    that. `track` holds the latest positions, the last one first. Where a cancelled order would
    have gone is nobody's business any more.
    """

    delivery_id: UUID
    order_id: UUID
    order_number: str
    order_status: str
    status: str
    courier_name: str | None
    courier_phone: str | None
    promise_at: dt.datetime | None
    eta_at: dt.datetime | None
    accepted_at: dt.datetime
    picked_up_at: dt.datetime | None
    delivered_at: dt.datetime | None
    received_by: str | None
    proof_file_id: UUID | None
    failure: str | None
    destination: Point | None
    delivery_address: str | None
    position: Position | None
    track: list[Position]


def place(
    session: Session,
    delivery_id: UUID,
    *,
    shop_id: UUID,
    lon: float,
    lat: float,
    at: dt.datetime,
    now: dt.datetime,
) -> None:
    """Say where the courier was at `at`; the customer hears it at once. Degrees, WGS 84.

    Raises
    ------
    NotOnItsWay
        It is not on its way.
    InvalidInput
        The time is in the future, before the pick-up, or not after the last one.
    TooMany
        The last one is less than 5 seconds older.
    """
    queries.delivery_of_shop(session, delivery_id, shop_id)
    delivery = queries.delivery_for_update(session, delivery_id)
    if delivery.status != "picked_up" or delivery.picked_up_at is None:
        raise NotOnItsWay(delivery.status)
    last = queries.newest_position(session, delivery_id)
    if last is not None and last == PositionRow(at, lon, lat):
        return  # sent again
    since = delivery.picked_up_at - _CLOCK_SKEW if last is None else last.at
    if not since < at <= now + _CLOCK_SKEW:
        raise InvalidInput("at", "a time after the last position and not in the future")
    if last is not None and (at - last.at).total_seconds() < _STEP_SECONDS:
        raise TooMany("positions", retry_after_seconds=_STEP_SECONDS)
    queries.add_position(session, delivery, lon, lat, at=at)
    told = {
        "orderId": str(delivery.order_id),
        "deliveryId": str(delivery_id),
        "location": {"type": "Point", "coordinates": [lon, lat]},
        "timestamp": at.isoformat(),
    }
    events.append(session, events.user_room(delivery.user_id), "delivery-position", told, now=now)


def alert_late(session: Session, delivery_id: UUID, *, now: dt.datetime) -> bool:
    """Tell customer and shop of a delivery past its promise; once. False: nobody need be told."""
    late = queries.mark_late(session, delivery_id, now=now)
    if late is None or late.promise_at is None:
        return False
    order = requests.order(session, late.order_id)
    if order is None:
        raise NotFound("order")
    promise = late.promise_at.isoformat()
    told = {"orderId": str(order.order_id), "deliveryId": str(delivery_id), "promiseAt": promise}
    for room in (events.user_room(late.user_id), events.shop_room(late.shop_id)):
        events.append(session, room, "delivery-late", told, now=now)
    data = {"order_id": str(order.order_id), "number": order.number, "promise": promise}
    notify(session, late.user_id, "delivery_late", data, now=now)
    notify_shop(session, late.shop_id, "delivery_late", data, now=now)
    return True


def late_deliveries(session: Session, *, now: dt.datetime) -> list[UUID]:
    """Return deliveries past their promise that nobody was told of, some at a time."""
    return queries.late_deliveries(session, now, limit=_MOST_LATE)


def observe(session: Session) -> int:
    """Have the delivery-time model learn from what was delivered since; return how many trips."""
    trips = queries.take_outcomes(session)
    if trips.height:
        observe_deliveries(session, trips)
    return trips.height


def delivery_view(session: Session, delivery_id: UUID, *, model: DeliveryTimeModel) -> DeliveryView:
    """Return a delivery that the caller may see; `model` says how long the way still takes.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    """
    found = queries.delivery(session, delivery_id)
    order = requests.order(session, found.order_id)
    if order is None:
        raise NotFound("delivery")
    track = queries.positions(session, delivery_id, limit=_TRACK_POINTS)
    shown = [_position(each) for each in track]
    is_over = order.status == Status.CANCELLED
    return {
        "delivery_id": delivery_id,
        "order_id": order.order_id,
        "order_number": order.number,
        "order_status": order.status,
        "status": found.status,
        "courier_name": found.courier_name,
        "courier_phone": found.courier_phone,
        "promise_at": found.promise_at,
        "eta_at": _eta(found, order, track, model),
        "accepted_at": found.accepted_at,
        "picked_up_at": found.picked_up_at,
        "delivered_at": found.delivered_at,
        "received_by": found.received_by,
        "proof_file_id": found.proof_file_id,
        "failure": found.failure,
        "destination": None if is_over else _point(order.delivery_lon, order.delivery_lat),
        "delivery_address": None if is_over else order.delivery_address,
        "position": shown[0] if shown else None,
        "track": shown,
    }


def _eta(
    delivery: DeliveryRow, order: OrderRow, track: list[PositionRow], model: DeliveryTimeModel
) -> dt.datetime | None:
    if delivery.status != "picked_up" or not track:
        return delivery.delivered_at or delivery.promise_at
    last = track[0]
    median, _ = model.travel_seconds(
        np.array([last.lon]),
        np.array([last.lat]),
        order.delivery_lon,
        order.delivery_lat,
        last.at,
    )
    return last.at + dt.timedelta(seconds=round(float(median[0])))


def _point(lon: float, lat: float) -> Point:
    return {"type": "Point", "coordinates": (lon, lat)}


def _position(row: PositionRow) -> Position:
    return {"point": _point(row.lon, row.lat), "at": row.at}
