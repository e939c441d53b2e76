"""Quotes whose two hours are over."""

from uuid import UUID

from clutch.errors import NotFound
from jobs.registry import periodic, task
from jobs.tools import Tools
from orders import lapsing
from storage.session import PLATFORM, transaction

__all__ = ["expire", "expire_overdue"]


@task("quotes.expire")
def expire(tools: Tools, *, order_id: str) -> None:
    """Mark the quotes of an order that are over; queued with each quote for when it is."""
    try:
        with transaction(tools.engine, PLATFORM) as session:
            lapsing.expire_quotes(session, UUID(order_id), now=tools.now())
    except NotFound:
        # The order was removed; its quotes went with it.
        return


@periodic("*/5 * * * *", "quotes.expire_overdue")
def expire_overdue(tools: Tools) -> None:
    """Mark quotes whose own job came too early by the database's clock, or not at all."""
    with transaction(tools.engine, PLATFORM) as session:
        overdue = lapsing.orders_with_overdue_quotes(session, now=tools.now())
    for order_id in overdue:
        expire(tools, order_id=str(order_id))
