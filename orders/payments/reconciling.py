"""Finding what got lost between a provider and us: events, answers, jobs that gave up.

Reads/Writes: payment, refund. Opens transactions of its own, none while the provider is asked.
"""

import datetime as dt

from sqlalchemy import Engine

from orders.payments import moving
from orders.payments.port import Provider
from orders.payments.settling import settle
from orders.queries import payments as queries
from orders.queries import requests
from orders.queries.payments import PaymentRow
from storage.session import PLATFORM, transaction

__all__ = ["reconcile"]

_UNHEARD = dt.timedelta(minutes=10)
_AT_ONCE = 100


def reconcile(engine: Engine, provider: Provider, *, now: dt.datetime) -> None:
    """Ask the provider about payments without news for ten minutes, and do what is left undone.

    Raises
    ------
    ProviderAway, ProviderRefused
        It does not answer, or not about this one, which waits ten minutes for its next turn: the
        others are not held up by it. What was found so far is kept.
    """
    before = now - _UNHEARD
    with transaction(engine, PLATFORM) as session:
        unheard = queries.unsettled(session, before, limit=_AT_ONCE)
    for payment in unheard:
        _bring_home(engine, provider, payment, now=now)
    with transaction(engine, PLATFORM) as session:
        uncaptured = queries.uncaptured(session, limit=_AT_ONCE)
        refunds = queries.refunds_waiting(session, before, limit=_AT_ONCE)
    for payment_id in uncaptured:
        moving.capture(engine, provider, payment_id, now=now)
    for refund_id in refunds:
        moving.send_back(engine, provider, refund_id, now=now)


def _bring_home(
    engine: Engine, provider: Provider, payment: PaymentRow, *, now: dt.datetime
) -> None:
    told = None
    try:
        told = provider.look_up(payment.payment_id)
    finally:
        with transaction(engine, PLATFORM) as session:
            order = requests.order_for_update(session, payment.order_id)
            held = queries.payment_for_update(session, payment.payment_id)
            if told is None or settle(session, order, held, told, actor="platform", now=now):
                # Nothing new: look again in ten minutes, not each time.
                queries.change_payment(session, payment.payment_id, updated_at=now)
