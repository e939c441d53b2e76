"""Accepting a quote: one wins, the others lapse, money and delivery are opened, all are told.

Reads/Writes: parts_order, quote, and through their rooms payment and delivery, in one transaction.
Locks: order, quotes, payment, delivery.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts import audit
from clutch.errors import Conflict, NotFound
from matching.knowledge import Knowledge
from notifications import events
from notifications.inbox import notify_shop
from notifications.texts import pounds
from orders.comparison import promises_of
from orders.deliveries import open_delivery
from orders.lapsing import ANOTHER_ACCEPTED, lapse_quotes
from orders.lifecycle import OPEN, Party, Status, check
from orders.payments import open_payment
from orders.payments.opening import PaymentView, payment_view
from orders.queries import quotes as queries
from orders.queries import requests
from orders.queries.quotes import LIVE, QuoteRow
from orders.queries.requests import OrderRow
from orders.quotes import CURRENCY, QuoteView, check_live, quote_view, status_at
from orders.status import advance

__all__ = [
    "Acceptance",
    "QuoteRevised",
    "ShopGone",
    "accept_quote",
    "agree",
    "chosen_quote",
    "conclude",
    "lock_choices",
]


class ShopGone(Conflict):
    """The shop may not sell at the moment."""


class QuoteRevised(Conflict):
    """The shop has put another offer in the place of the one that the customer read."""

    def __init__(self, revision: int) -> None:
        super().__init__(
            f"the shop has revised its quote: this is revision {revision}",
            allowed=["read the quote again"],
        )


class Acceptance(TypedDict):
    """An accepted order: the quote that won, the payment to be made, the delivery on its way."""

    order_id: UUID
    order_number: str
    status: str
    quote: QuoteView
    payment: PaymentView
    delivery_id: UUID


def accept_quote(
    session: Session,
    *,
    order_id: UUID,
    quote_id: UUID,
    revision: int | None = None,
    user_id: UUID,
    actor: str,
    payment_method: str,
    knowledge: Knowledge,
    now: dt.datetime,
) -> Acceptance:
    """Agree to a quote that stands, in that `revision` alone where one is named; others lapse.

    The promise is counted anew, from now.

    Raises
    ------
    NotFound
        There is no such order of this customer, or no such quote of the order.
    QuoteExpired, QuoteEnded, QuoteRevised, ShopGone
        This quote cannot be accepted; `allowed` says what can be done instead.
    TransitionRefused
        The order is not choosing between quotes.
    """
    order, quotes = lock_choices(session, order_id, user_id=user_id)
    chosen = chosen_quote(session, order, quotes, quote_id, revision, now=now)
    lines = queries.lines_of(session, [quote_id])
    promises = promises_of(session, order, [chosen], lines, knowledge=knowledge, now=now)
    (won,) = queries.change_quotes(
        session, [quote_id], status="accepted", decided_at=now, promise_at=promises[quote_id]
    )
    accepted = agree(session, order, won, payment_method=payment_method, actor=actor, now=now)
    lapse_quotes(session, accepted, reason=ANOTHER_ACCEPTED, now=now)
    return conclude(session, accepted, won, payment_method=payment_method, actor=actor, now=now)


def lock_choices(
    session: Session, order_id: UUID, *, user_id: UUID
) -> tuple[OrderRow, list[QuoteRow]]:
    """Return a customer's order and the quotes for it, all of them locked.

    Raises
    ------
    NotFound
        There is no such order of this customer.
    """
    order = requests.order_for_update(session, order_id)
    if order.user_id != user_id:
        raise NotFound("order")
    return order, queries.quotes_for_update(session, order_id)


def chosen_quote(
    session: Session,
    order: OrderRow,
    quotes: Sequence[QuoteRow],
    quote_id: UUID,
    revision: int | None,
    *,
    now: dt.datetime,
) -> QuoteRow:
    """Return that of the quotes for an order, if it can be accepted now; both are locked.

    Raises
    ------
    NotFound, QuoteExpired, QuoteEnded, QuoteRevised, ShopGone, TransitionRefused
        As for `accept_quote`.
    """
    chosen = next((each for each in quotes if each.quote_id == quote_id), None)
    if chosen is None:
        raise NotFound("quote")
    others = any(status_at(each, now) == LIVE for each in quotes if each is not chosen)
    instead = ["accept another quote"] if others else ["wait for a quote", "cancel"]
    # Where the order was decided on already, that is what matters.
    if order.status not in OPEN:
        check(Status(order.status), Status.ACCEPTED, Party.CUSTOMER)
    check_live(chosen, now, allowed=instead)
    check(Status(order.status), Status.ACCEPTED, Party.CUSTOMER)
    if queries.quoting_shop(session, chosen.shop_id).status != "active":
        raise ShopGone("the shop does not sell at the moment", allowed=instead)
    if revision not in (None, chosen.revision):
        raise QuoteRevised(chosen.revision)
    return chosen


def agree(
    session: Session,
    order: OrderRow,
    won: QuoteRow,
    *,
    payment_method: str,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
) -> OrderRow:
    """Make a locked order `accepted`, with the quote that won; return it as it is then."""
    agreed = {"selected_quote_id": won.quote_id, "payment_method": payment_method}
    advance(
        session,
        order,
        Status.ACCEPTED,
        party=Party.CUSTOMER,
        actor=actor,
        now=now,
        reason=reason,
        setting=agreed,
    )
    return order._replace(
        status=Status.ACCEPTED, selected_quote_id=won.quote_id, payment_method=payment_method
    )


def conclude(
    session: Session,
    order: OrderRow,
    won: QuoteRow,
    *,
    payment_method: str,
    actor: str,
    now: dt.datetime,
) -> Acceptance:
    """Open the payment and the delivery of an order that was just accepted, and tell its shop.

    Raises
    ------
    NothingToPay
        The quote's total is zero.
    """
    payment = open_payment(session, order, won, method=payment_method, now=now)
    delivery_id = open_delivery(session, order, won, now=now)
    _tell_winner(session, order, won, now=now)
    origin = {"divided_from": str(order.divided_from)} if order.divided_from else {}
    audit.record(
        session,
        actor=actor,
        act="quote.accepted",
        subject=f"order:{order.order_id}",
        now=now,
        quote_id=str(won.quote_id),
        total_piastres=won.total_piastres,
        payment_method=payment_method,
        **origin,
    )
    return {
        "order_id": order.order_id,
        "order_number": order.number,
        "status": order.status,
        "quote": quote_view(session, won.quote_id, user_id=order.user_id, now=now),
        "payment": payment_view(session, payment.payment_id, user_id=order.user_id),
        "delivery_id": delivery_id,
    }


def _tell_winner(session: Session, order: OrderRow, won: QuoteRow, *, now: dt.datetime) -> None:
    """Tell the shop that it won; where the order goes is in its view of the order."""
    told = {
        "orderId": str(order.order_id),
        "quoteId": str(won.quote_id),
        "totalPrice": won.total_piastres,
        "currency": CURRENCY,
        "timestamp": now.isoformat(),
    }
    events.append(session, events.shop_room(won.shop_id), "quote-accepted", told, now=now)
    details = {
        "order_id": str(order.order_id),
        "number": order.number,
        "total": pounds(won.total_piastres),
    }
    notify_shop(session, won.shop_id, "quote_accepted", details, now=now)
