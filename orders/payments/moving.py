"""Having the provider move money: capture, cancel, refund. Bodies of jobs, each repeatable.

Reads/Writes: payment, refund. Opens transactions of its own, none while a provider is asked.
`ProviderAway` passes through: the job is tried again later.
"""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from accounts import audit
from orders.payments.port import Provider, ProviderRefused, Told
from orders.payments.settling import fail_refund, settle
from orders.payments.states import PaymentStatus
from orders.queries import payments as queries
from orders.queries import requests
from orders.queries.payments import PaymentRow
from storage.session import PLATFORM, transaction

__all__ = ["cancel", "capture", "send_back"]

_ACTOR = "platform"
_log = structlog.get_logger()


def capture(engine: Engine, provider: Provider, payment_id: UUID, *, now: dt.datetime) -> None:
    """Take the money that was authorised for a payment."""
    payment = _payment(engine, payment_id)
    if payment.status != PaymentStatus.AUTHORISED or payment.provider_reference is None:
        return
    reference = payment.provider_reference
    _move(engine, provider, payment, "capture", lambda: provider.capture(reference), now=now)


def cancel(engine: Engine, provider: Provider, payment_id: UUID, *, now: dt.datetime) -> None:
    """Tell the provider of a payment that was cancelled.

    Where the provider knows it by our id alone, for its answer was lost, it is asked for it first.
    """
    payment = _payment(engine, payment_id)
    if payment.status != PaymentStatus.CANCELLED:
        return
    reference = payment.provider_reference
    if reference is None:
        known = provider.look_up(payment_id)
        if known is None:
            return
        reference = known.reference
    named = reference
    _move(engine, provider, payment, "cancel", lambda: provider.cancel(named), now=now)


def send_back(engine: Engine, provider: Provider, refund_id: UUID, *, now: dt.datetime) -> None:
    """Have the provider pay a refund; one that it refuses has failed, and people are told."""
    with transaction(engine, PLATFORM) as session:
        refund = queries.refund(session, refund_id)
        payment = queries.payment(session, refund.payment_id)
    reference = payment.provider_reference
    if refund.status != "pending" or reference is None:
        return
    refused = _move(
        engine,
        provider,
        payment,
        "refund",
        lambda: provider.refund(reference, refund_id, refund.amount_piastres),
        now=now,
    )
    if refused is not None:
        with transaction(engine, PLATFORM) as session:
            order = requests.order_for_update(session, payment.order_id)
            queries.payment_for_update(session, payment.payment_id)
            fail_refund(
                session, order, payment.payment_id, refund_id, code=refused, actor=_ACTOR, now=now
            )


def _payment(engine: Engine, payment_id: UUID) -> PaymentRow:
    with transaction(engine, PLATFORM) as session:
        return queries.payment(session, payment_id)


def _move(
    engine: Engine,
    provider: Provider,
    payment: PaymentRow,
    act: str,
    ask: Callable[[], Told],
    *,
    now: dt.datetime,
) -> str | None:
    """Ask the provider and keep what it says; return its code where it refused, else None.

    A refusal is audited, and what the provider knows instead is kept: that an authorisation has
    expired, say.
    """
    refused = None
    told: Told | None
    try:
        told = ask()
    except ProviderRefused as error:
        refused = error.code
        told = provider.look_up(payment.payment_id)
    with transaction(engine, PLATFORM) as session:
        order = requests.order_for_update(session, payment.order_id)
        held = queries.payment_for_update(session, payment.payment_id)
        if refused is not None:
            _note_refusal(session, payment, act, refused, now=now)
        if told:
            settle(session, order, held, told, actor=_ACTOR, now=now)
    return refused


def _note_refusal(
    session: Session, payment: PaymentRow, act: str, code: str, *, now: dt.datetime
) -> None:
    _log.error("payment refused", payment_id=str(payment.payment_id), act=act, code=code)
    audit.record(
        session,
        actor=_ACTOR,
        act=f"payment.{act}_refused",
        subject=f"payment:{payment.payment_id}",
        now=now,
        code=code,
    )
