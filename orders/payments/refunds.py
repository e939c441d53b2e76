"""Giving money back, in whole or in part: never more than was captured.

Reads/Writes: refund, payment, the payment status of parts_order. Locks: order, payment.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from accounts import audit
from clutch.errors import Conflict, InvalidInput, NotFound
from clutch.ids import uuid7
from orders.payments.opening import RefundView
from orders.payments.port import CURRENCY, PROVIDERS, Told
from orders.payments.settling import settle, standing_of
from orders.payments.states import PaymentStatus, standing
from orders.queries import payments as queries
from orders.queries import requests
from orders.queries.payments import PaymentRow, RefundRow
from orders.queries.requests import OrderRow
from storage.queue import enqueue

__all__ = ["NothingToRefund", "RefundTooLarge", "give_back", "refund"]

_REASON_OF_CANCELLING = "order_cancelled"


class NothingToRefund(Conflict):
    """No money was captured, or all of it is given back or on its way."""


class RefundTooLarge(Conflict):
    """More than is left of what was captured."""

    def __init__(self, left_piastres: int) -> None:
        super().__init__(
            "that is more than is left of the payment",
            allowed=[f"refund at most {left_piastres} piastres"],
        )


def refund(
    session: Session,
    payment_id: UUID,
    *,
    shop_id: UUID | None,
    amount_piastres: int | None,
    reason: str,
    actor: str,
    now: dt.datetime,
) -> RefundView:
    """Give back captured money: all that is left, or `amount_piastres` of it.

    `shop_id` is the shop that gives it back, None for the platform. Through a provider a job does
    it; cash is given back by hand, so it counts as done.

    Raises
    ------
    NotFound
        There is no such payment to this shop.
    NothingToRefund, RefundTooLarge
        So much was not captured, or is given back already.
    """
    seen = queries.payment(session, payment_id)
    if shop_id is not None and seen.shop_id != shop_id:
        raise NotFound("payment")
    order = requests.order_for_update(session, seen.order_id)
    payment = queries.payment_for_update(session, payment_id)
    made = _open(session, payment, amount_piastres, reason=reason, actor=actor, now=now)
    if payment.provider == PROVIDERS["cash_on_delivery"]:
        _by_hand(session, order, payment, made, actor=actor, now=now)
        made = queries.refund(session, made.refund_id)
    else:
        enqueue(session, "payments.refund", refund_id=str(made.refund_id))
    return {
        "refund_id": made.refund_id,
        "amount_piastres": made.amount_piastres,
        "reason": made.reason,
        "status": made.status,
        "created_at": made.created_at,
        "finished_at": made.finished_at,
    }


def give_back(session: Session, payment_id: UUID, *, now: dt.datetime) -> None:
    """Give back all that is left of the payment of a cancelled order; a job, repeatable."""
    try:
        refund(
            session,
            payment_id,
            shop_id=None,
            amount_piastres=None,
            reason=_REASON_OF_CANCELLING,
            actor="platform",
            now=now,
        )
    except NothingToRefund:
        return


def _open(
    session: Session,
    payment: PaymentRow,
    amount_piastres: int | None,
    *,
    reason: str,
    actor: str,
    now: dt.datetime,
) -> RefundRow:
    promised = queries.refund_promised(session, payment.payment_id)
    left = payment.captured_piastres - max(promised, payment.refunded_piastres)
    if left <= 0:
        raise NothingToRefund(f"nothing is left to give back: the payment is {payment.status}")
    if amount_piastres is not None and amount_piastres <= 0:
        raise InvalidInput("amount_piastres", "1 or more")
    if (amount_piastres or left) > left:
        raise RefundTooLarge(left)
    row = RefundRow(
        refund_id=uuid7(),
        payment_id=payment.payment_id,
        shop_id=payment.shop_id,
        user_id=payment.user_id,
        amount_piastres=amount_piastres or left,
        reason=reason,
        status="pending",
        created_at=now,
        finished_at=None,
    )
    queries.add_refund(session, row)
    audit.record(
        session,
        actor=actor,
        act="refund.opened",
        subject=f"payment:{payment.payment_id}",
        now=now,
        refund_id=str(row.refund_id),
        amount_piastres=row.amount_piastres,
    )
    return row


def _by_hand(
    session: Session,
    order: OrderRow,
    payment: PaymentRow,
    made: RefundRow,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    before = standing_of(payment)
    after = standing(
        PaymentStatus.CAPTURED,
        captured=before.captured_piastres,
        refunded=before.refunded_piastres + made.amount_piastres,
    )
    told = Told(
        payment_id=payment.payment_id,
        reference=payment.provider_reference or "",
        amount_piastres=payment.amount_piastres,
        currency=CURRENCY,
        standing=after,
        refund_ids=frozenset({made.refund_id}),
    )
    settle(session, order, payment, told, actor=actor, now=now)
