"""Cash on delivery: the courier is the provider, and what they say they collected is the capture.

Reads/Writes: payment, the payment status of parts_order.
"""

import datetime as dt

from sqlalchemy.orm import Session

from clutch.errors import InvalidInput
from orders.payments.port import CURRENCY, Told
from orders.payments.settling import settle
from orders.payments.states import PaymentStatus, standing
from orders.queries.payments import PaymentRow
from orders.queries.requests import OrderRow

__all__ = ["collect"]


def collect(
    session: Session,
    order: OrderRow,
    payment: PaymentRow,
    collected_piastres: int | None,
    *,
    actor: str,
    now: dt.datetime,
) -> None:
    """Capture a cash payment by what was collected at the door; both rows are locked.

    Raises
    ------
    InvalidInput
        It is not the sum that was due: nothing is delivered for less, and nothing is taken on top.
    """
    if collected_piastres != payment.amount_piastres:
        raise InvalidInput("collected_piastres", f"the {payment.amount_piastres} piastres due")
    told = Told(
        payment_id=payment.payment_id,
        reference=f"cash-{payment.payment_id}",
        amount_piastres=payment.amount_piastres,
        currency=CURRENCY,
        standing=standing(PaymentStatus.CAPTURED, captured=collected_piastres),
    )
    settle(session, order, payment, told, actor=actor, now=now)
