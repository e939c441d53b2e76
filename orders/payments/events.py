"""What providers tell by themselves: kept once, checked against the payment, then applied.

Reads/Writes: payment_event, and what `settling` does. An event that was told before, that says
nothing new, or that does not agree is kept too, with a note of why it was not applied.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from orders.payments.port import Told
from orders.payments.settling import settle
from orders.payments.states import PaymentStatus
from orders.queries import payments as queries
from orders.queries import requests
from orders.queries.payments import PaymentRow
from storage.queue import enqueue

__all__ = ["EventView", "receive"]

_REPEATED = "told before"
_UNKNOWN = "no such payment"


class EventView(TypedDict):
    """What became of an event."""

    applied: bool
    note: str | None


def receive(
    session: Session,
    *,
    provider: str,
    event_id: str,
    type: str,
    told: Told,
    payload: dict[str, Any],
    now: dt.datetime,
) -> EventView:
    """Take an event whose signature holds; the transaction acts for the platform.

    The event is claimed first, so that of two that come at once one waits and is then a repeat.
    """
    payment = _of_provider(session, told.payment_id, provider)
    # The order is locked before the event: jobs that settle the same payment lock it first, too.
    order = requests.order_for_update(session, payment.order_id) if payment else None
    event = {
        "provider": provider,
        "event_id": event_id,
        "payment_id": payment.payment_id if payment else None,
        "type": type,
        "payload": payload,
        "applied": False,
        "note": _UNKNOWN,
        "received_at": now,
    }
    if not queries.add_event(session, event):
        return {"applied": False, "note": _REPEATED}
    if payment is None or order is None:
        return {"applied": False, "note": _UNKNOWN}
    held = queries.payment_for_update(session, payment.payment_id)
    note = settle(session, order, held, told, actor=f"provider:{provider}", now=now)
    queries.note_event(session, provider, event_id, applied=note is None, note=note)
    _let_go_again(session, held, told)
    return {"applied": note is None, "note": note}


def _let_go_again(session: Session, payment: PaymentRow, told: Told) -> None:
    """Have the provider void what its customer authorised after we cancelled the payment."""
    is_held = told.standing.status is PaymentStatus.AUTHORISED
    if is_held and payment.status == PaymentStatus.CANCELLED:
        enqueue(session, "payments.cancel", payment_id=str(payment.payment_id))


def _of_provider(session: Session, payment_id: UUID, provider: str) -> PaymentRow | None:
    try:
        payment = queries.payment(session, payment_id)
    except NotFound:
        return None
    return payment if payment.provider == provider else None
