"""A shop goes out of trade: its quotes that stand end too, so that nobody chooses one in vain.

Reads/Writes: quote, parts_order, and through its room the shop, in one transaction. Locks: the
shop, then orders, rising, each before its quotes. What the shop has won already is its to deliver.
A quote that is provided in the same moment may stand on; accepting it is refused (`ShopGone`).
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from orders.lapsing import SHOP_CLOSED, SHOP_SUSPENDED, end_quotes, reopen_without_quotes
from orders.lifecycle import Party
from orders.queries import quotes as queries
from orders.queries import requests
from orders.queries.quotes import LIVE
from shops import standing
from shops.standing import ShopStanding
from storage.session import as_platform

__all__ = ["close_shop", "suspend_shop"]


def suspend_shop(
    session: Session, shop_id: UUID, *, reason: str, actor: str, now: dt.datetime
) -> ShopStanding:
    """Take a shop out of trade for the platform; all sides are told.

    Raises
    ------
    NotFound
        There is no such shop.
    NotTrading
        It waits for its review, or is suspended already.
    """
    suspended = standing.suspend(session, shop_id, reason=reason, actor=actor, now=now)
    _end_quotes_of(session, shop_id, SHOP_SUSPENDED, actor, now)
    return suspended


def close_shop(session: Session, shop_id: UUID, *, actor: str, now: dt.datetime) -> ShopStanding:
    """Take an active shop out of trade for its owners, until they open it again.

    Raises
    ------
    NotFound
        There is no such shop.
    NotTrading
        It is not active.
    """
    with as_platform(session):
        closed = standing.close(session, shop_id, actor=actor, now=now)
        _end_quotes_of(session, shop_id, SHOP_CLOSED, actor, now)
    return closed


def _end_quotes_of(
    session: Session, shop_id: UUID, reason: str, actor: str, now: dt.datetime
) -> None:
    for order_id in queries.orders_with_quotes_of(session, shop_id):
        order = requests.order_for_update(session, order_id)
        own = [
            quote
            for quote in queries.quotes_for_update(session, order_id)
            if quote.shop_id == shop_id and quote.status == LIVE
        ]
        end_quotes(session, order, own, reason=reason, now=now)
        reopen_without_quotes(session, order, party=Party.PLATFORM, actor=actor, now=now)
