"""Jobs of deliveries: late ones are told, finished ones teach."""

from uuid import UUID

from jobs.registry import periodic, task
from jobs.tools import Tools
from orders import tracking
from storage.session import PLATFORM, transaction

__all__ = ["late", "late_overdue", "observe"]


@task("deliveries.late")
def late(tools: Tools, *, delivery_id: str) -> None:
    """Tell customer and shop, once, that a delivery did not keep its promise."""
    with transaction(tools.engine, PLATFORM) as session:
        tracking.alert_late(session, UUID(delivery_id), now=tools.now())


@periodic("*/5 * * * *", "deliveries.late_overdue")
def late_overdue(tools: Tools) -> None:
    """Tell of those whose own job came too early by the database's clock, or not at all."""
    with transaction(tools.engine, PLATFORM) as session:
        overdue = tracking.late_deliveries(session, now=tools.now())
    for delivery_id in overdue:
        late(tools, delivery_id=str(delivery_id))


@periodic("20 * * * *", "deliveries.observe")
def observe(tools: Tools) -> None:
    """Roll the delivery-time model forward over what was delivered in the last hour."""
    with transaction(tools.engine, PLATFORM) as session:
        tracking.observe(session)
