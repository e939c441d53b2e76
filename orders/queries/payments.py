"""The SQL of payments.

Reads/Writes: payment, payment_event, refund; writes the payment status of parts_order.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from clutch.errors import NotFound
from storage.tables.orders import PartsOrder
from storage.tables.payments import Payment, PaymentEvent, Refund

__all__ = [
    "PaymentRow",
    "RefundRow",
    "add_event",
    "add_payment",
    "add_refund",
    "change_payment",
    "finish_refunds",
    "live_payment",
    "note_event",
    "payment",
    "payment_for_update",
    "payments_of_order",
    "refund",
    "refund_promised",
    "refunds_of",
    "refunds_waiting",
    "set_order_payment",
    "uncaptured",
    "unpaid_orders",
    "unsettled",
]

_DEAD = ("failed", "cancelled")


class PaymentRow(NamedTuple):
    """A payment; sums in piastres."""

    payment_id: UUID
    order_id: UUID
    shop_id: UUID
    user_id: UUID
    method: str
    provider: str
    status: str
    amount_piastres: int
    captured_piastres: int
    refunded_piastres: int
    provider_reference: str | None
    redirect_url: str | None
    failure: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class RefundRow(NamedTuple):
    """Money on its way back."""

    refund_id: UUID
    payment_id: UUID
    shop_id: UUID
    user_id: UUID
    amount_piastres: int
    reason: str
    status: str
    created_at: dt.datetime
    finished_at: dt.datetime | None


_COLUMNS = [getattr(Payment, name) for name in PaymentRow._fields]
_REFUND_COLUMNS = [getattr(Refund, name) for name in RefundRow._fields]


def payment(session: Session, payment_id: UUID) -> PaymentRow:
    """Return a payment that the transaction may see.

    Raises
    ------
    NotFound
        There is none.
    """
    return _one(session, select(*_COLUMNS).where(Payment.payment_id == payment_id))


def payment_for_update(session: Session, payment_id: UUID) -> PaymentRow:
    """Return a payment and lock it; its order is locked already.

    Raises
    ------
    NotFound
        There is none.
    """
    found = select(*_COLUMNS).where(Payment.payment_id == payment_id)
    return _one(session, found.with_for_update())


def _one(session: Session, rows: Select[Any]) -> PaymentRow:
    row = session.execute(rows).first()
    if row is None:
        raise NotFound("payment")
    return PaymentRow._make(row)


def live_payment(session: Session, order_id: UUID) -> PaymentRow | None:
    """Return and lock the payment of an order that is neither failed nor cancelled, if any."""
    row = session.execute(
        select(*_COLUMNS)
        .where(Payment.order_id == order_id, Payment.status.not_in(_DEAD))
        .with_for_update()
    ).first()
    return None if row is None else PaymentRow._make(row)


def payments_of_order(session: Session, order_id: UUID) -> list[PaymentRow]:
    """Return every payment that was tried for an order, oldest first."""
    rows = session.execute(
        select(*_COLUMNS)
        .where(Payment.order_id == order_id)
        .order_by(Payment.created_at, Payment.payment_id)
    )
    return [PaymentRow._make(row) for row in rows]


def unsettled(session: Session, before: dt.datetime, *, limit: int) -> list[PaymentRow]:
    """Return payments through a provider that wait for news since `before`, oldest first."""
    rows = session.execute(
        select(*_COLUMNS)
        .where(
            Payment.status.in_(("pending", "authorised")),
            Payment.provider != "cash",
            Payment.updated_at < before,
        )
        .order_by(Payment.updated_at, Payment.payment_id)
        .limit(limit)
    )
    return [PaymentRow._make(row) for row in rows]


def uncaptured(session: Session, *, limit: int) -> list[UUID]:
    """Return authorised payments of orders whose parts have left the shop."""
    rows = session.scalars(
        select(Payment.payment_id)
        .join(PartsOrder, PartsOrder.order_id == Payment.order_id)
        .where(
            Payment.status == "authorised",
            Payment.provider != "cash",
            PartsOrder.status.in_(("shipped", "delivered")),
        )
        .order_by(Payment.payment_id)
        .limit(limit)
    )
    return list(rows)


def unpaid_orders(session: Session, before: dt.datetime, *, limit: int) -> list[UUID]:
    """Return accepted orders whose every try to pay by card or wallet is as old as `before`."""
    newest = func.max(Payment.created_at)
    rows = session.scalars(
        select(Payment.order_id)
        .join(PartsOrder, PartsOrder.order_id == Payment.order_id)
        .where(PartsOrder.status == "accepted", Payment.provider != "cash")
        .group_by(Payment.order_id)
        .having(func.bool_and(Payment.status.in_(("pending", "failed"))), newest <= before)
        .order_by(newest)
        .limit(limit)
    )
    return list(rows)


def add_payment(session: Session, row: PaymentRow) -> None:
    """Keep a new payment."""
    session.execute(insert(Payment).values(**row._asdict()))


def change_payment(session: Session, payment_id: UUID, **values: Any) -> None:
    """Set columns of a payment that is locked."""
    session.execute(update(Payment).where(Payment.payment_id == payment_id).values(**values))


def set_order_payment(session: Session, order_id: UUID, status: str, *, now: dt.datetime) -> None:
    """Set the payment status that an order shows."""
    session.execute(
        update(PartsOrder)
        .where(PartsOrder.order_id == order_id, PartsOrder.payment_status != status)
        .values(payment_status=status, updated_at=now)
    )


def add_event(session: Session, event: Mapping[str, Any]) -> bool:
    """Keep what a provider told; False where it was told before. Waits for who keeps it now."""
    row = upsert(PaymentEvent).values(**event)
    kept = session.execute(row.on_conflict_do_nothing().returning(PaymentEvent.event_id))
    return kept.first() is not None


def note_event(
    session: Session, provider: str, event_id: str, *, applied: bool, note: str | None
) -> None:
    """Keep what became of an event."""
    session.execute(
        update(PaymentEvent)
        .where(PaymentEvent.provider == provider, PaymentEvent.event_id == event_id)
        .values(applied=applied, note=note)
    )


def add_refund(session: Session, row: RefundRow) -> None:
    """Keep a new refund."""
    session.execute(insert(Refund).values(**row._asdict()))


def refund(session: Session, refund_id: UUID) -> RefundRow:
    """Return a refund.

    Raises
    ------
    NotFound
        There is none.
    """
    row = session.execute(select(*_REFUND_COLUMNS).where(Refund.refund_id == refund_id)).first()
    if row is None:
        raise NotFound("refund")
    return RefundRow._make(row)


def refunds_of(session: Session, payment_id: UUID) -> list[RefundRow]:
    """Return the refunds of a payment, oldest first."""
    rows = session.execute(
        select(*_REFUND_COLUMNS)
        .where(Refund.payment_id == payment_id)
        .order_by(Refund.created_at, Refund.refund_id)
    )
    return [RefundRow._make(row) for row in rows]


def refund_promised(session: Session, payment_id: UUID) -> int:
    """Return the piastres of all refunds of a payment that are done or on their way."""
    total = session.scalar(
        select(func.coalesce(func.sum(Refund.amount_piastres), 0)).where(
            Refund.payment_id == payment_id, Refund.status != "failed"
        )
    )
    return int(total or 0)


def refunds_waiting(session: Session, before: dt.datetime, *, limit: int) -> list[UUID]:
    """Return refunds that have been on their way since `before`, oldest first."""
    rows = session.scalars(
        select(Refund.refund_id)
        .where(Refund.status == "pending", Refund.created_at < before)
        .order_by(Refund.created_at)
        .limit(limit)
    )
    return list(rows)


def finish_refunds(
    session: Session,
    payment_id: UUID,
    refund_ids: Iterable[UUID],
    status: str,
    *,
    now: dt.datetime,
) -> list[RefundRow]:
    """Mark those refunds of a payment that are on their way as done or failed; return them."""
    rows = session.execute(
        update(Refund)
        .where(
            Refund.payment_id == payment_id,
            Refund.refund_id.in_(list(refund_ids)),
            Refund.status == "pending",
        )
        .values(status=status, finished_at=now)
        .returning(*_REFUND_COLUMNS)
    )
    return [RefundRow._make(row) for row in rows]
