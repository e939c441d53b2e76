"""Getting an accepted order to its customer: prepared, assigned, picked up, delivered or failed.

Reads/Writes: delivery, past_delivery; moves parts_order and its payment along.
Locks: order, payment, delivery.
"""

import datetime as dt
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from accounts import audit
from clutch.errors import Conflict, InvalidInput
from clutch.ids import uuid7
from notifications import events
from orders.lifecycle import Party, Status
from orders.payments import cash
from orders.payments.port import PROVIDERS
from orders.payments.states import PaymentStatus
from orders.queries import deliveries as queries
from orders.queries import payments as payment_queries
from orders.queries import requests
from orders.queries.deliveries import DeliveryRow
from orders.queries.payments import PaymentRow
from orders.queries.quotes import QuoteRow
from orders.queries.requests import OrderRow
from orders.status import advance
from storage.queue import enqueue

__all__ = [
    "DeliveryStepRefused",
    "PaymentNotAuthorised",
    "assign",
    "cancel",
    "deliver",
    "fail",
    "open_delivery",
    "pick_up",
    "start",
]

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


def cancel(session: Session, order_id: UUID) -> None:
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
    advance(session, held.order, Status.PROCESSING, party=Party.SHOP, actor=actor, now=now)
    _assert_secured(held.payment)


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
    PaymentNotAuthorised
        It is paid by card or wallet, and that has been taken back since.
    TransitionRefused
        The order is not being processed.
    """
    held = _held(session, delivery_id, shop_id)
    _change(session, held.delivery, "picked_up", picked_up_at=now)
    if held.order.status == Status.SHIPPED:
        return  # a further try after one that failed
    advance(session, held.order, Status.SHIPPED, party=Party.SHOP, actor=actor, now=now)
    _assert_secured(held.payment)
    if held.payment and held.payment.provider != PROVIDERS["cash_on_delivery"]:
        enqueue(session, "payments.capture", payment_id=str(held.payment.payment_id))


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
    """Say that the courier could not hand it over: it is assigned again, or the platform cancels.

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


def _held(session: Session, delivery_id: UUID, shop_id: UUID) -> _Held:
    seen = queries.delivery_of_shop(session, delivery_id, shop_id)
    order = requests.order_for_update(session, seen.order_id)
    payment = payment_queries.live_payment(session, seen.order_id)
    return _Held(order, payment, queries.delivery_for_update(session, delivery_id))


def _assert_secured(payment: PaymentRow | None) -> None:
    """Check that the shop gets its money: in cash, or by a card or wallet that said yes."""
    at_the_door = payment and payment.provider == PROVIDERS["cash_on_delivery"]
    said_yes = payment and payment.status in (PaymentStatus.AUTHORISED, PaymentStatus.CAPTURED)
    if not (at_the_door or said_yes):
        raise PaymentNotAuthorised


def _change(session: Session, delivery: DeliveryRow, to: str, **values: object) -> None:
    if to not in _NEXT[delivery.status]:
        raise DeliveryStepRefused(delivery.status, to)
    queries.change_delivery(session, delivery.delivery_id, status=to, **values)
