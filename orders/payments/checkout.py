"""Sending a customer to the provider's page.

Reads/Writes: payment. Opens transactions of its own, one before and one after the provider is
asked, for none is open meanwhile. What a crash in between leaves undone, `reconciling` finds.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import Conflict, NotFound, Unavailable
from orders.lifecycle import AGREED
from orders.payments.opening import try_again
from orders.payments.port import PROVIDERS, Checkout, Provider, ProviderAway, ProviderRefused
from orders.payments.states import PaymentStatus
from orders.queries import payments as queries
from orders.queries import requests
from orders.queries.payments import PaymentRow
from storage.queue import enqueue
from storage.session import Tenant, transaction

__all__ = ["CheckoutView", "NothingToCheckOut", "check_out"]


class NothingToCheckOut(Conflict):
    """The payment does not wait for its customer to pay."""


class CheckoutView(TypedDict):
    """Where the customer pays; `payment_id` is a new one where the one asked for had failed."""

    payment_id: UUID
    status: str
    amount_piastres: int
    redirect_url: str


def check_out(
    engine: Engine,
    provider: Provider | None,
    payment_id: UUID,
    *,
    tenant: Tenant,
    user_id: UUID,
    now: dt.datetime,
) -> CheckoutView:
    """Open the page on which a customer pays, or return the one that is open.

    A payment that failed, or that the provider let go of, is tried again as a new one. Asking
    again asks for nothing twice.

    Raises
    ------
    NotFound
        There is no such payment of this customer.
    NothingToCheckOut
        It is paid in cash, is done, or its order is no longer agreed.
    Unavailable
        There is no provider, or it does not answer.
    """
    with transaction(engine, tenant) as session:
        payment = _to_pay(session, payment_id, user_id, now=now)
    if payment.redirect_url is None:
        if provider is None:
            raise Unavailable("payment by card and wallet", retry_after_seconds=3_600)
        try:
            page = provider.start(
                payment.payment_id,
                payment.amount_piastres,
                order_id=payment.order_id,
                method=payment.method,
            )
        except ProviderRefused as error:
            raise ProviderAway from error
        with transaction(engine, tenant) as session:
            payment = _with_page(session, payment.payment_id, page, now=now)
    if payment.status == PaymentStatus.CANCELLED:
        raise NothingToCheckOut("the payment is cancelled", allowed=[])
    return {
        "payment_id": payment.payment_id,
        "status": payment.status,
        "amount_piastres": payment.amount_piastres,
        "redirect_url": payment.redirect_url or "",
    }


def _to_pay(session: Session, payment_id: UUID, user_id: UUID, *, now: dt.datetime) -> PaymentRow:
    """Return the payment that its customer is to pay now, a new one where the last one is dead."""
    seen = queries.payment(session, payment_id)
    if seen.user_id != user_id:
        raise NotFound("payment")
    order = requests.order_for_update(session, seen.order_id)
    payment = queries.live_payment(session, seen.order_id) or seen
    if payment.provider == PROVIDERS["cash_on_delivery"]:
        raise NothingToCheckOut("the courier takes the cash", allowed=[])
    if order.status not in AGREED:
        raise NothingToCheckOut(f"the order is {order.status}", allowed=[])
    if PaymentStatus(payment.status).is_dead:
        return try_again(session, payment, now=now)
    if payment.status != PaymentStatus.PENDING:
        raise NothingToCheckOut(f"the payment is {payment.status}", allowed=[])
    return payment


def _with_page(
    session: Session, payment_id: UUID, page: Checkout, *, now: dt.datetime
) -> PaymentRow:
    """Keep where the customer pays; a page for a payment that was cancelled meanwhile is closed."""
    payment = queries.payment_for_update(session, payment_id)
    changed = payment._replace(
        provider_reference=page.reference, redirect_url=page.redirect_url, updated_at=now
    )
    queries.change_payment(
        session,
        payment_id,
        provider_reference=page.reference,
        redirect_url=page.redirect_url,
        updated_at=now,
    )
    if payment.status == PaymentStatus.CANCELLED:
        enqueue(session, "payments.cancel", payment_id=str(payment_id))
    return changed
