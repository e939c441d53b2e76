"""Orders that wait: more shops are asked, or the wait is over."""

from uuid import UUID

from clutch.errors import NotFound
from jobs.registry import periodic, task
from jobs.tools import Tools
from orders import cancelling, invitations
from orders.invitations import Asking, Rules
from storage.session import PLATFORM, transaction

__all__ = ["escalate", "expire", "expire_overdue", "expire_unpaid"]


@task("orders.escalate")
def escalate(tools: Tools, *, order_id: str, round: int) -> None:
    """Ask more shops for an order, where too few quotes stand by now."""
    asking = Asking(tools.knowledge(), Rules.of(tools.settings))
    try:
        with transaction(tools.engine, PLATFORM) as session:
            invitations.escalate(
                session, UUID(order_id), round=round, asking=asking, now=tools.now()
            )
    except NotFound:
        # The order was removed: nobody waits for it.
        return


@task("orders.expire")
def expire(tools: Tools, *, order_id: str) -> None:
    """Cancel an order that nobody quoted for in time."""
    try:
        with transaction(tools.engine, PLATFORM) as session:
            cancelling.expire_order(session, UUID(order_id), now=tools.now())
    except NotFound:
        return


@task("orders.expire_unpaid")
def expire_unpaid(tools: Tools, *, order_id: str) -> None:
    """Cancel an order that was accepted and not paid for in time."""
    with transaction(tools.engine, PLATFORM) as session:
        cancelling.expire_unpaid_order(session, UUID(order_id), now=tools.now())


@periodic("*/5 * * * *", "orders.expire_overdue")
def expire_overdue(tools: Tools) -> None:
    """Cancel those whose own job came too early by the database's clock, or not at all."""
    with transaction(tools.engine, PLATFORM) as session:
        overdue = cancelling.overdue_orders(session, now=tools.now())
        unpaid = cancelling.unpaid_orders(session, now=tools.now())
    for order_id in overdue:
        expire(tools, order_id=str(order_id))
    for order_id in unpaid:
        expire_unpaid(tools, order_id=str(order_id))
