"""Suspending a shop: the quotes of it that stand end too, so that nobody chooses one in vain.

Reads/Writes: quote, parts_order, and through its room the shop, in one transaction. Locks: the
shop, then orders, rising, each before its quotes. What the shop has won already is its to deliver.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from orders.lapsing import SHOP_SUSPENDED, end_quotes, reopen_without_quotes
from orders.lifecycle import Party
from orders.queries import quotes as queries
from orders.queries import requests
from orders.queries.quotes import LIVE
from shops import standing
from shops.standing import ShopStanding

__all__ = ["suspend_shop"]


def suspend_shop(
    session: Session, shop_id: UUID, *, reason: str, actor: str, now: dt.datetime
) -> ShopStanding:
    """Take an active shop out of trade and end its quotes that stand; all sides are told.

    A quote that is provided in the same moment may stand on; accepting it is refused (`ShopGone`).

    Raises
    ------
    NotFound
        There is no such shop.
    NotTrading
        It is not active.
    """
    suspended = standing.suspend(session, shop_id, reason=reason, actor=actor, now=now)
    for order_id in queries.orders_with_quotes_of(session, shop_id):
        order = requests.order_for_update(session, order_id)
        own = [
            quote
            for quote in queries.quotes_for_update(session, order_id)
            if quote.shop_id == shop_id and quote.status == LIVE
        ]
        end_quotes(session, order, own, reason=SHOP_SUSPENDED, now=now)
        reopen_without_quotes(session, order, party=Party.PLATFORM, actor=actor, now=now)
    return suspended
