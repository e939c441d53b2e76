"""Getting an accepted order to its customer: prepared, assigned, picked up, delivered or failed.

Reads/Writes: delivery, delivery_position, past_delivery; moves parts_order and its payment along.
Locks: order, payment, delivery.
"""

import datetime as dt
from typing import Literal, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts import audit
from clutch.errors import Conflict, InvalidInput, NotFound, TooMany
from clutch.ids import uuid7
from matching.delivery_time import DeliveryTimeModel
from notifications import events
from notifications.inbox import notify, notify_shop
from orders.lifecycle import Party, Status
from orders.payments import cash
from orders.payments.port import PROVIDERS
from orders.payments.states import PaymentStatus
from orders.queries import deliveries as queries
from orders.queries import payments as payment_queries
from orders.queries import requests
from orders.queries.deliveries import DeliveryRow, PositionRow
from orders.queries.payments import PaymentRow
from orders.queries.quotes import QuoteRow
from orders.queries.requests import OrderRow
from orders.status import advance
from storage.queue import enqueue

__all__ = [
    "DeliveryStepRefused",
    "DeliveryView",
    "PaymentNotAuthorised",
    "alert_late",
    "assign",
    "cancel",
    "deliver",
    "delivery_view",
    "fail",
    "open_delivery",
    "pick_up",
    "place",
    "start",
]

_STEP_SECONDS = 5
_CLOCK_SKEW = dt.timedelta(minutes=1)
_TRACK_POINTS = 100
_NEXT = {
    "preparing": ("assigned",),
    "assigned": ("assigned", "picked_up"),
    "picked_up": ("delivered", "failed"),
    "failed": ("assigned",),
    "delivered": (),
    "cancelled": (),
}


class DeliveryStepRefused(Conflict):
    """The delivery cannot take this step now; `allowed` holds those it can."""

    def __init__(self, status: str, to: str) -> None:
        super().__init__(f"the delivery is {status} and cannot become {to}", allowed=_NEXT[status])


class PaymentNotAuthorised(Conflict):
    """The customer's card or wallet has not said yes yet."""

    def __init__(self) -> None:
        super().__init__(
            "the payment is not authorised yet", allowed=["wait for the payment", "cancel"]
        )


class Point(TypedDict):
    """A GeoJSON point: `coordinates` is (lon, lat)."""

    type: Literal["Point"]
    coordinates: tuple[float, float]


class Position(TypedDict):
    """Where the courier was, and when."""

    point: Point
    at: dt.datetime


class DeliveryView(TypedDict):
    """A delivery as its customer and its shop see it.

    `eta_at` is when it is likely to arrive, by where the courier was last; the promise before
    that. `track` holds the latest positions, the last one first.
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
    destination: Point
    delivery_address: str | None
    position: Position | None
    track: list[Position]


class _Held(NamedTuple):
    """What a step of a delivery may change, all of it locked."""

    order: OrderRow
    payment: PaymentRow | None
    delivery: DeliveryRow


def open_delivery(session: Session, order: OrderRow, quote: QuoteRow, *, now: dt.datetime) -> UUID:
    """Open the delivery of an order that accepts `quote`; somebody looks when it is due."""
    delivery_id = uuid7()
    queries.add_delivery(
        session,
        delivery_id=delivery_id,
        order_id=order.order_id,
        shop_id=quote.shop_id,
        user_id=order.user_id,
        promise_at=quote.promise_at,
        accepted_at=now,
    )
    if quote.promise_at is not None:
        due = max(quote.promise_at, now)
        enqueue(session, "deliveries.late", at=due, delivery_id=str(delivery_id))
    return delivery_id


def cancel(session: Session, order_id: UUID, *, now: dt.datetime) -> None:
    """Cancel the delivery of a cancelled order, where there is one; the order is locked."""
    queries.cancel_delivery(session, order_id)


def start(
    session: Session, delivery_id: UUID, *, shop_id: UUID, actor: str, now: dt.datetime
) -> None:
    """Begin to prepare: the order is processing.

    Raises
    ------
    PaymentNotAuthorised
        It is paid by card or wallet, and that has not said yes.
    TransitionRefused
        The order is not one that was just accepted.
    """
    held = _held(session, delivery_id, shop_id)
    paid_at_door = held.payment and held.payment.provider == PROVIDERS["cash_on_delivery"]
    secured = held.payment and held.payment.status in (
        PaymentStatus.AUTHORISED,
        PaymentStatus.CAPTURED,
    )
    if held.order.status == Status.ACCEPTED and not paid_at_door and not secured:
        raise PaymentNotAuthorised
    advance(session, held.order, Status.PROCESSING, party=Party.SHOP, actor=actor, now=now)


def assign(
    session: Session, delivery_id: UUID, *, shop_id: UUID, courier_name: str, courier_phone: str
) -> None:
    """Say who brings it; may be said again until they have it, and after they failed.

    Raises
    ------
    DeliveryStepRefused
        It is on its way, delivered or cancelled.
    """
    held = _held(session, delivery_id, shop_id)
    _change(
        session,
        held.delivery,
        "assigned",
        courier_name=courier_name,
        courier_phone=courier_phone,
        failure=None,
    )


def pick_up(
    session: Session, delivery_id: UUID, *, shop_id: UUID, actor: str, now: dt.datetime
) -> None:
    """Hand the parts to the courier: the order is shipped, and what was authorised is captured.

    Raises
    ------
    DeliveryStepRefused
        No courier is assigned.
    TransitionRefused
        The order is not being processed.
    """
    held = _held(session, delivery_id, shop_id)
    _change(session, held.delivery, "picked_up", picked_up_at=now)
    if held.order.status == Status.SHIPPED:
        return  # a further try after one that failed
    advance(session, held.order, Status.SHIPPED, party=Party.SHOP, actor=actor, now=now)
    if held.payment and held.payment.provider != PROVIDERS["cash_on_delivery"]:
        enqueue(session, "payments.capture", payment_id=str(held.payment.payment_id))


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
    DeliveryStepRefused
        It is not on its way.
    InvalidInput
        The time is in the future, before the pick-up, or not after the last one.
    TooMany
        The last one is less than 5 seconds older.
    """
    delivery = _own(session, delivery_id, shop_id)
    delivery = queries.delivery_for_update(session, delivery.delivery_id)
    if delivery.status != "picked_up" or delivery.picked_up_at is None:
        raise DeliveryStepRefused(delivery.status, "followed")
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


def deliver(
    session: Session,
    delivery_id: UUID,
    *,
    shop_id: UUID,
    user_id: UUID,
    actor: str,
    received_by: str | None,
    proof_file_id: UUID | None,
    collected_piastres: int | None,
    now: dt.datetime,
) -> None:
    """Hand the parts over: the order is delivered, and cash is paid.

    Raises
    ------
    InvalidInput
        There is no proof, the file is none that `user_id` uploaded for this, or the cash collected
        is not the cash due.
    DeliveryStepRefused
        It is not on its way.
    """
    if received_by is None and proof_file_id is None:
        raise InvalidInput("received_by", "who received it, or a photo as `proof_file_id`")
    held = _held(session, delivery_id, shop_id)
    if proof_file_id and not queries.is_proof_of(session, proof_file_id, user_id=user_id):
        raise InvalidInput("proof_file_id", "a proof of delivery that you uploaded")
    _change(
        session,
        held.delivery,
        "delivered",
        delivered_at=now,
        received_by=received_by,
        proof_file_id=proof_file_id,
    )
    advance(session, held.order, Status.DELIVERED, party=Party.SHOP, actor=actor, now=now)
    if held.payment and held.payment.provider == PROVIDERS["cash_on_delivery"]:
        delivered = held.order._replace(status=Status.DELIVERED)
        cash.collect(session, delivered, held.payment, collected_piastres, actor=actor, now=now)
    elif collected_piastres is not None:
        raise InvalidInput("collected_piastres", "nothing: it is not paid in cash")
    queries.remember_trip(session, delivery_id)


def fail(
    session: Session,
    delivery_id: UUID,
    *,
    shop_id: UUID,
    actor: str,
    reason: str,
    now: dt.datetime,
) -> None:
    """Say that the courier could not hand it over; then it is assigned again, or cancelled.

    Raises
    ------
    DeliveryStepRefused
        It is not on its way.
    """
    held = _held(session, delivery_id, shop_id)
    _change(session, held.delivery, "failed", failure=reason)
    subject = f"order:{held.order.order_id}"
    audit.record(session, actor=actor, act="delivery.failed", subject=subject, now=now)
    told = {"orderId": str(held.order.order_id), "deliveryId": str(delivery_id), "reason": reason}
    room = events.user_room(held.delivery.user_id)
    events.append(session, room, "delivery-failed", told, now=now)


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


def delivery_view(
    session: Session, delivery_id: UUID, *, model: DeliveryTimeModel, now: dt.datetime
) -> DeliveryView:
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
        "destination": _point(order.delivery_lon, order.delivery_lat),
        "delivery_address": order.delivery_address,
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


def _own(session: Session, delivery_id: UUID, shop_id: UUID) -> DeliveryRow:
    """Return a delivery of this shop: who works here may be the customer of another."""
    found = queries.delivery(session, delivery_id)
    if found.shop_id != shop_id:
        raise NotFound("delivery")
    return found


def _held(session: Session, delivery_id: UUID, shop_id: UUID) -> _Held:
    seen = _own(session, delivery_id, shop_id)
    order = requests.order_for_update(session, seen.order_id)
    payment = payment_queries.live_payment(session, seen.order_id)
    return _Held(order, payment, queries.delivery_for_update(session, delivery_id))


def _change(session: Session, delivery: DeliveryRow, to: str, **values: object) -> None:
    if to not in _NEXT[delivery.status]:
        raise DeliveryStepRefused(delivery.status, to)
    queries.change_delivery(session, delivery.delivery_id, status=to, **values)
