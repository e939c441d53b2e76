"""What a payment becomes by news of it, and who is told.

Reads/Writes: payment, refund, the payment status of parts_order; events, audit, notifications.
Order and payment are locked by the caller.
"""

import datetime as dt
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from accounts import audit
from notifications import events
from notifications.inbox import notify, notify_admins
from notifications.texts import pounds
from notifications.webhooks import publish
from orders.payments.port import CURRENCY, Told
from orders.payments.states import PaymentStatus, Standing
from orders.queries import payments as queries
from orders.queries.payments import PaymentRow, RefundRow
from orders.queries.requests import OrderRow
from storage.queue import enqueue

__all__ = ["fail_refund", "settle", "standing_of"]

_log = structlog.get_logger()

_DECLINED = "payment_declined"


def standing_of(payment: PaymentRow) -> Standing:
    """Return where a kept payment stands."""
    status = PaymentStatus(payment.status)
    return Standing(status, payment.captured_piastres, payment.refunded_piastres)


def settle(
    session: Session,
    order: OrderRow,
    payment: PaymentRow,
    told: Told,
    *,
    actor: str,
    now: dt.datetime,
) -> str | None:
    """Bring a payment up to what its provider told; return why it changed nothing, or None.

    News that do not agree with the payment (another sum, currency or reference) are logged, put in
    the audit, and never applied.
    """
    wrong = _disagreement(payment, told) or _second_payment(session, payment, told)
    if wrong:
        _log.error("payment disagrees", payment_id=str(payment.payment_id), why=wrong)
        audit.record(
            session,
            actor=actor,
            act="payment.disagreement",
            subject=f"payment:{payment.payment_id}",
            now=now,
            why=wrong,
        )
        return wrong
    before = standing_of(payment)
    after = before.merged(told.standing)
    refunded = queries.finish_refunds(session, payment.payment_id, told.refund_ids, "done", now=now)
    if after == before and not refunded and payment.provider_reference is not None:
        return f"changes nothing: the payment is {before.status}"
    queries.change_payment(
        session,
        payment.payment_id,
        status=after.status,
        captured_piastres=after.captured_piastres,
        refunded_piastres=after.refunded_piastres,
        provider_reference=told.reference,
        failure=told.failure if after.status is PaymentStatus.FAILED else None,
        updated_at=now,
    )
    if after != before:
        _tell_standing(session, order, payment, before, after, actor=actor, now=now)
    for each in refunded:
        _tell_refund(session, order, each, actor=actor, now=now)
    return None


def _disagreement(payment: PaymentRow, told: Told) -> str | None:
    if told.payment_id != payment.payment_id:
        return "another payment"
    if payment.provider_reference not in (None, told.reference):
        return "another reference"
    if told.currency != CURRENCY:
        return f"another currency: not {CURRENCY}"
    # Clutch never takes a part: less than the sum due is not "paid".
    is_whole = told.standing.captured_piastres in (0, payment.amount_piastres)
    if told.amount_piastres != payment.amount_piastres or not is_whole:
        return f"another sum: not {payment.amount_piastres} piastres"
    return None


def _second_payment(session: Session, payment: PaymentRow, told: Told) -> str | None:
    """Say that money came for a payment given up, where the order has another one by now."""
    revived = PaymentStatus(payment.status).is_dead and told.standing.captured_piastres > 0
    if revived and queries.live_payment(session, payment.order_id):
        return "money for a payment that was given up: another took its place"
    return None


def _tell_standing(
    session: Session,
    order: OrderRow,
    payment: PaymentRow,
    before: Standing,
    after: Standing,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    if payment.status not in ("failed", "cancelled") or after.captured_piastres:
        queries.set_order_payment(session, order.order_id, after.of_order, now=now)
    audit.record(
        session,
        actor=actor,
        act=f"payment.{after.status}",
        subject=f"payment:{payment.payment_id}",
        now=now,
        order_id=str(order.order_id),
        captured_piastres=after.captured_piastres,
        refunded_piastres=after.refunded_piastres,
    )
    payload = {
        "orderId": str(order.order_id),
        "paymentId": str(payment.payment_id),
        "status": str(after.status),
        "timestamp": now.isoformat(),
    }
    for room in (events.user_room(order.user_id), events.shop_room(payment.shop_id)):
        events.append(session, room, "payment-update", payload, now=now)
    if after.captured_piastres > before.captured_piastres:
        _tell_captured(session, order, payment, after.captured_piastres, now=now)
    if after.status is PaymentStatus.FAILED:
        _notify(session, order, "payment_failed", now=now, reason=_DECLINED)


def _tell_captured(
    session: Session, order: OrderRow, payment: PaymentRow, piastres: int, *, now: dt.datetime
) -> None:
    _notify(session, order, "payment_received", now=now, amount=pounds(piastres))
    told = {"order_id": str(order.order_id), "payment_id": str(payment.payment_id)}
    publish(
        session,
        "payment.captured",
        {**told, "amount_piastres": piastres, "currency": CURRENCY},
        now=now,
    )
    if order.status == "cancelled":
        # It was taken while the order was being cancelled: it goes back.
        enqueue(session, "payments.give_back", payment_id=str(payment.payment_id))


def _tell_refund(
    session: Session, order: OrderRow, refund: RefundRow, *, actor: str, now: dt.datetime
) -> None:
    audit.record(
        session,
        actor=actor,
        act="refund.done",
        subject=f"payment:{refund.payment_id}",
        now=now,
        refund_id=str(refund.refund_id),
        amount_piastres=refund.amount_piastres,
    )
    _notify(session, order, "refund_done", now=now, amount=pounds(refund.amount_piastres))
    told = {"order_id": str(order.order_id), "payment_id": str(refund.payment_id)}
    told["refund_id"] = str(refund.refund_id)
    publish(
        session,
        "payment.refunded",
        {**told, "amount_piastres": refund.amount_piastres, "currency": CURRENCY},
        now=now,
    )


def fail_refund(
    session: Session,
    order: OrderRow,
    payment_id: UUID,
    refund_id: UUID,
    *,
    code: str,
    actor: str,
    now: dt.datetime,
) -> None:
    """Mark a refund that the provider refused as failed, and tell customer and administrators.

    One that is not on its way any more stays as it is, and nobody is told again. `code` is the
    provider's word for why.
    """
    failed = queries.finish_refunds(session, payment_id, [refund_id], "failed", now=now)
    for refund in failed:
        audit.record(
            session,
            actor=actor,
            act="refund.failed",
            subject=f"payment:{payment_id}",
            now=now,
            refund_id=str(refund_id),
            amount_piastres=refund.amount_piastres,
            code=code,
        )
        amount = pounds(refund.amount_piastres)
        _notify(session, order, "refund_failed", now=now, amount=amount)
        data = {"order_id": str(order.order_id), "number": order.number, "amount": amount}
        data |= {"payment_id": str(payment_id), "reason": code}
        notify_admins(session, "refund_refused", data, now=now)


def _notify(session: Session, order: OrderRow, type: str, *, now: dt.datetime, **more: str) -> UUID:
    data = {"order_id": str(order.order_id), "number": order.number, **more}
    return notify(session, order.user_id, type, data, now=now)
