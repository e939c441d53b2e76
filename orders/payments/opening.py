"""Opening the payment of an accepted order, letting go of it, and what its people see of it.

Reads/Writes: payment, refund.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts import audit
from clutch.errors import Conflict
from clutch.ids import uuid7
from orders.payments.port import CURRENCY, PROVIDERS
from orders.payments.states import PaymentStatus
from orders.queries import payments as queries
from orders.queries.payments import PaymentRow
from orders.queries.quotes import QuoteRow
from orders.queries.requests import OrderRow
from storage.queue import enqueue

__all__ = [
    "PAY_WITHIN",
    "NothingToPay",
    "PaymentView",
    "RefundView",
    "open_payment",
    "payment_view",
    "release",
    "try_again",
]


PAY_WITHIN = dt.timedelta(hours=1)
"""How long a shop keeps the parts of an accepted order for a customer who has yet to pay."""


class NothingToPay(Conflict):
    """The sum is zero."""


class RefundView(TypedDict):
    """Money on its way back, or given back."""

    refund_id: UUID
    amount_piastres: int
    reason: str
    status: str
    created_at: dt.datetime
    finished_at: dt.datetime | None


class PaymentView(TypedDict):
    """A payment as the customer and the shop see it; `redirect_url` is for the customer alone."""

    payment_id: UUID
    order_id: UUID
    method: str
    status: str
    amount_piastres: int
    captured_piastres: int
    refunded_piastres: int
    currency: str
    redirect_url: str | None
    failure: str | None
    refunds: list[RefundView]
    created_at: dt.datetime
    updated_at: dt.datetime


def open_payment(
    session: Session, order: OrderRow, quote: QuoteRow, *, method: str, now: dt.datetime
) -> PaymentRow:
    """Open the payment of an order that accepts `quote`; nothing is asked of a provider yet.

    Raises
    ------
    NothingToPay
        The quote's total is zero.
    """
    if quote.total_piastres == 0:
        raise NothingToPay("the total of the quote is zero", allowed=["accept another quote"])
    row = PaymentRow(
        payment_id=uuid7(),
        order_id=order.order_id,
        shop_id=quote.shop_id,
        user_id=order.user_id,
        method=method,
        provider=PROVIDERS[method],
        status=PaymentStatus.PENDING,
        amount_piastres=quote.total_piastres,
        captured_piastres=0,
        refunded_piastres=0,
        provider_reference=None,
        redirect_url=None,
        failure=None,
        created_at=now,
        updated_at=now,
    )
    _add(session, row, now=now)
    return row


def try_again(session: Session, failed: PaymentRow, *, now: dt.datetime) -> PaymentRow:
    """Open another payment in the place of one that failed; order and payment are locked."""
    row = failed._replace(
        payment_id=uuid7(),
        status=PaymentStatus.PENDING,
        provider_reference=None,
        redirect_url=None,
        failure=None,
        created_at=now,
        updated_at=now,
    )
    _add(session, row, now=now)
    queries.set_order_payment(session, row.order_id, "pending", now=now)
    return row


def _add(session: Session, row: PaymentRow, *, now: dt.datetime) -> None:
    queries.add_payment(session, row)
    if row.provider != PROVIDERS["cash_on_delivery"]:
        enqueue(session, "orders.expire_unpaid", at=now + PAY_WITHIN, order_id=str(row.order_id))


def release(session: Session, order: OrderRow, *, now: dt.datetime) -> None:
    """Let go of the payment of a cancelled order: what was captured goes back, by a job.

    The order is locked. An authorisation is voided; an order without a payment is left alone.
    """
    payment = queries.live_payment(session, order.order_id)
    if payment is None or payment.status == PaymentStatus.REFUNDED:
        return
    if payment.status == PaymentStatus.CAPTURED:
        enqueue(session, "payments.give_back", payment_id=str(payment.payment_id))
        return
    queries.change_payment(
        session, payment.payment_id, status=PaymentStatus.CANCELLED, updated_at=now
    )
    audit.record(
        session,
        actor="platform",
        act="payment.cancelled",
        subject=f"payment:{payment.payment_id}",
        now=now,
        order_id=str(order.order_id),
    )
    if payment.provider != PROVIDERS["cash_on_delivery"]:
        enqueue(session, "payments.cancel", payment_id=str(payment.payment_id))


def payment_view(session: Session, payment_id: UUID, *, user_id: UUID | None) -> PaymentView:
    """Return a payment that the caller may see; `user_id` is the caller's own.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    """
    payment = queries.payment(session, payment_id)
    return {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "method": payment.method,
        "status": payment.status,
        "amount_piastres": payment.amount_piastres,
        "captured_piastres": payment.captured_piastres,
        "refunded_piastres": payment.refunded_piastres,
        "currency": CURRENCY,
        "redirect_url": payment.redirect_url if payment.user_id == user_id else None,
        "failure": payment.failure,
        "refunds": [
            {
                "refund_id": each.refund_id,
                "amount_piastres": each.amount_piastres,
                "reason": each.reason,
                "status": each.status,
                "created_at": each.created_at,
                "finished_at": each.finished_at,
            }
            for each in queries.refunds_of(session, payment_id)
        ],
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
    }
