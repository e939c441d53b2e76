"""How quotes end without being chosen: their time comes, or the order goes another way.

Reads/Writes: quote; moves parts_order back when none is left. Both sides are told. The caller holds
the row of the order locked, or it is locked here.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from notifications import events
from notifications.inbox import notify_shops
from orders.lifecycle import Party, Status
from orders.queries import quotes as queries
from orders.queries import requests
from orders.queries.quotes import LIVE, QuoteRow
from orders.queries.requests import OrderRow
from orders.quote_news import tell_withdrawn
from orders.quotes import EXPIRED, status_at
from orders.status import advance
from storage.session import as_platform

__all__ = [
    "ANOTHER_ACCEPTED",
    "DIVIDED",
    "ORDER_CANCELLED",
    "SHOP_CLOSED",
    "SHOP_SUSPENDED",
    "TIME_OVER",
    "end_quotes",
    "expire_quotes",
    "lapse_quotes",
    "orders_with_overdue_quotes",
    "reopen_without_quotes",
]

ANOTHER_ACCEPTED = "another_quote_accepted"
DIVIDED = "divided"
"""The customer buys at several shops: what they chose of the quote is in an order of its own."""
ORDER_CANCELLED = "order_cancelled"
SHOP_CLOSED = "shop_closed"
SHOP_SUSPENDED = "shop_suspended"
TIME_OVER = "time_over"

_MOST_ORDERS = 200


def expire_quotes(session: Session, order_id: UUID, *, now: dt.datetime) -> int:
    """Mark the quotes of an order whose time has come, tell both sides; return how many.

    The order waits for quotes again when none is left.

    Raises
    ------
    NotFound
        There is no such order.
    """
    order = requests.order_for_update(session, order_id)
    due = [
        quote
        for quote in queries.quotes_for_update(session, order_id)
        if quote.status == LIVE and status_at(quote, now) == EXPIRED
    ]
    end_quotes(session, order, due, reason=TIME_OVER, now=now)
    reopen_without_quotes(session, order, party=Party.PLATFORM, actor="platform", now=now)
    return len(due)


def lapse_quotes(session: Session, order: OrderRow, *, reason: str, now: dt.datetime) -> None:
    """End every quote of a locked order that still stands, and tell the shops `reason`."""
    with as_platform(session):
        standing = [
            quote
            for quote in queries.quotes_for_update(session, order.order_id)
            if quote.status == LIVE
        ]
        end_quotes(session, order, standing, reason=reason, now=now)


def reopen_without_quotes(
    session: Session, order: OrderRow, *, party: Party, actor: str, now: dt.datetime
) -> None:
    """Take a quoted order that is locked back to waiting for quotes, if none stands now."""
    if order.status != Status.QUOTED:
        return
    # Who withdraws sees only its own quotes; whether others stand is not told to it.
    with as_platform(session):
        stands = requests.any_quote_stands(session, order.order_id, now=now)
    if not stands:
        advance(session, order, Status.SUBMITTED, party=party, actor=actor, now=now)


def orders_with_overdue_quotes(session: Session, *, now: dt.datetime) -> list[UUID]:
    """Return orders with quotes whose time has come and that nobody marked, some at a time."""
    return queries.orders_with_overdue_quotes(session, now=now, limit=_MOST_ORDERS)


def end_quotes(
    session: Session, order: OrderRow, quotes: Sequence[QuoteRow], *, reason: str, now: dt.datetime
) -> None:
    """End quotes that are locked with their order; those whose time has come expire, whatever."""
    due = [quote.quote_id for quote in quotes if status_at(quote, now) == EXPIRED]
    others = [quote.quote_id for quote in quotes if quote.quote_id not in due]
    for quote_ids, status, why in ((due, EXPIRED, TIME_OVER), (others, "lapsed", reason)):
        if quote_ids:
            ended = queries.change_quotes(
                session, quote_ids, status=status, decided_at=now, outcome_reason=why
            )
            _tell(session, order, ended, why, now=now)


def _tell(
    session: Session,
    order: OrderRow,
    quotes: Sequence[QuoteRow],
    reason: str,
    *,
    now: dt.datetime,
) -> None:
    for quote in quotes:
        told = {
            "orderId": str(order.order_id),
            "quoteId": str(quote.quote_id),
            "reason": reason,
        }
        events.append(session, events.shop_room(quote.shop_id), "quote-lapsed", told, now=now)
        if reason == TIME_OVER:
            events.append(session, events.user_room(order.user_id), "quote-expired", told, now=now)
        if reason in (SHOP_CLOSED, SHOP_SUSPENDED):
            tell_withdrawn(session, order, quote, now=now)
    # Who has won a part of it finds just that in its inbox.
    if reason != DIVIDED:
        details = {"order_id": str(order.order_id), "number": order.number, "reason": reason}
        shops = [quote.shop_id for quote in quotes]
        notify_shops(session, shops, "quote_lapsed", details, now=now)
