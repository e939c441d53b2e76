"""The end of an order before its time: by its customer, by the shop that won, by the platform.

Writes: parts_order, order_transition, quote, payment, delivery. Quotes that stood lapse, money that
was held is let go, and everybody who was waiting is told.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from accounts import audit
from clutch.errors import Conflict, NotFound
from notifications import events
from orders import deliveries, payments
from orders.lapsing import ORDER_CANCELLED, lapse_quotes
from orders.lifecycle import AGREED, OPEN, Party, Status
from orders.payments.opening import PAY_WITHIN
from orders.payments.port import PROVIDERS
from orders.payments.states import PaymentStatus
from orders.queries import invitations, requests
from orders.queries import payments as payment_queries
from orders.queries.payments import PaymentRow
from orders.queries.requests import OrderRow
from orders.shop_views import RequestView, order_for_shop
from orders.status import EXPIRED, advance
from orders.views import OrderView, order_view
from storage.session import as_platform

__all__ = [
    "UNPAID",
    "NotWon",
    "cancel",
    "cancel_order",
    "expire_order",
    "expire_unpaid_order",
    "overdue_orders",
    "refuse_order",
    "unpaid_orders",
]

UNPAID = "not_paid_in_time"
"""The reason of a cancellation when an accepted order was not paid for; views say it in words."""

_MOST_ORDERS = 200


class NotWon(Conflict):
    """No quote of this shop was accepted."""

    def __init__(self, *, allowed: Sequence[str]) -> None:
        super().__init__("no quote of the shop was accepted", allowed=allowed)


def cancel_order(
    session: Session,
    order_id: UUID,
    *,
    reason: str | None,
    user_id: UUID,
    is_admin: bool,
    actor: str,
    locale: str,
    now: dt.datetime,
) -> OrderView:
    """Cancel an order for its customer, or as an administrator.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    TransitionRefused
        The parts are on their way already, or it is over.
    """
    order = requests.order_for_update(session, order_id)
    if order.user_id != user_id and not is_admin:
        raise NotFound("order")
    party = Party.CUSTOMER if order.user_id == user_id else Party.PLATFORM
    cancel(session, order, party=party, actor=actor, reason=reason, now=now)
    now_it_is = _again(session, order)
    return order_view(session, now_it_is, user_id=user_id, locale=locale, now=now)


def refuse_order(
    session: Session, order_id: UUID, *, reason: str, shop_id: UUID, actor: str, now: dt.datetime
) -> RequestView:
    """Give an order back that this shop has won and cannot serve.

    Raises
    ------
    NotFound
        There is none that the shop was asked for.
    NotWon
        Its quote was not accepted.
    TransitionRefused
        The parts are on their way already, or it is over.
    """
    order = requests.order_for_update(session, order_id)
    if invitations.invitation(session, order_id, shop_id) is None:
        raise NotFound("order")
    if requests.winner_of(session, order.selected_quote_id) != shop_id:
        raise NotWon(allowed=["decline"] if order.status in OPEN else [])
    cancel(session, order, party=Party.SHOP, actor=actor, reason=reason, now=now)
    return order_for_shop(session, _again(session, order), shop_id=shop_id, now=now)


def expire_order(session: Session, order_id: UUID, *, now: dt.datetime) -> bool:
    """Cancel an order whose time is up without a quote; say whether it was.

    One that was quoted is left alone: when its last quote goes, it gets further time.
    """
    order = requests.order_for_update(session, order_id)
    if order.status != Status.SUBMITTED or order.expires_at is None or order.expires_at > now:
        return False
    cancel(session, order, party=Party.PLATFORM, actor="platform", reason=EXPIRED, now=now)
    return True


def expire_unpaid_order(session: Session, order_id: UUID, *, now: dt.datetime) -> bool:
    """Cancel an accepted order whose customer has not paid by card or wallet in time; say so."""
    order = requests.order_for_update(session, order_id)
    newest = payment_queries.payments_of_order(session, order_id)[-1]
    is_due = newest.created_at + PAY_WITHIN <= now
    if order.status != Status.ACCEPTED or not is_due or not _is_unpaid(newest):
        return False
    cancel(session, order, party=Party.PLATFORM, actor="platform", reason=UNPAID, now=now)
    return True


def _is_unpaid(payment: PaymentRow) -> bool:
    waits = payment.status in (PaymentStatus.PENDING, PaymentStatus.FAILED)
    return waits and payment.provider != PROVIDERS["cash_on_delivery"]


def overdue_orders(session: Session, *, now: dt.datetime) -> list[UUID]:
    """Return orders whose time is up without a quote and that nobody cancelled, some at a time."""
    return requests.overdue(session, now=now, limit=_MOST_ORDERS)


def unpaid_orders(session: Session, *, now: dt.datetime) -> list[UUID]:
    """Return accepted orders that nobody paid for in time and nobody cancelled, some at a time."""
    return payment_queries.unpaid_orders(session, now - PAY_WITHIN, limit=_MOST_ORDERS)


def cancel(
    session: Session,
    order: OrderRow,
    *,
    party: Party,
    actor: str,
    reason: str | None,
    now: dt.datetime,
) -> None:
    """Cancel an order whose row is locked, and all that hangs on it.

    Raises
    ------
    TransitionRefused
        This party cannot cancel it now.
    """
    advance(session, order, Status.CANCELLED, party=party, actor=actor, now=now, reason=reason)
    if order.status in OPEN:
        _close(session, order, now=now)
    if order.status in AGREED:
        with as_platform(session):
            payments.release(session, order, now=now)
            deliveries.cancel(session, order.order_id)
    if order.status in AGREED or actor != "platform":
        audit.record(
            session,
            actor=actor,
            act="order.cancelled",
            subject=f"order:{order.order_id}",
            now=now,
            party=party.value,
            status=order.status,
        )


def _close(session: Session, order: OrderRow, *, now: dt.datetime) -> None:
    """Let the quotes lapse that stand, and tell the shops that were asked."""
    lapse_quotes(session, order, reason=ORDER_CANCELLED, now=now)
    with as_platform(session):
        waiting = invitations.invited_shop_ids(session, order.order_id, waiting=True)
    told = {
        "orderId": str(order.order_id),
        "status": Status.CANCELLED.value,
        "timestamp": now.isoformat(),
    }
    for shop_id in waiting:
        room = events.shop_room(shop_id)
        events.append(session, room, "order-status-update", told, now=now)


def _again(session: Session, order: OrderRow) -> OrderRow:
    return requests.order_for_update(session, order.order_id)
