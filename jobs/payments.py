"""Jobs of payments: the provider is asked, its answer kept; what got lost is found again."""

from uuid import UUID

from jobs.registry import periodic, task
from jobs.tools import Tools
from orders.payments import moving, reconciling, refunds
from orders.payments.hosted import open_provider
from orders.payments.port import Provider, ProviderAway
from storage.session import PLATFORM, transaction

__all__ = ["cancel", "capture", "give_back", "reconcile", "refund"]


@task("payments.capture", retries=10)
def capture(tools: Tools, *, payment_id: str) -> None:
    """Take the money of a payment whose parts are on their way."""
    moving.capture(tools.engine, _provider(tools), UUID(payment_id), now=tools.now())


# For more than a day, since `reconcile` looks after captures and refunds, but not after these.
@task("payments.cancel", retries=30)
def cancel(tools: Tools, *, payment_id: str) -> None:
    """Have the provider let go of a payment."""
    moving.cancel(tools.engine, _provider(tools), UUID(payment_id), now=tools.now())


@task("payments.refund", retries=10)
def refund(tools: Tools, *, refund_id: str) -> None:
    """Have the provider pay a refund."""
    moving.send_back(tools.engine, _provider(tools), UUID(refund_id), now=tools.now())


@task("payments.give_back", retries=10)
def give_back(tools: Tools, *, payment_id: str) -> None:
    """Give back what was captured for an order that was cancelled."""
    with transaction(tools.engine, PLATFORM) as session:
        refunds.give_back(session, UUID(payment_id), now=tools.now())


@periodic("*/5 * * * *", "payments.reconcile")
def reconcile(tools: Tools) -> None:
    """Find what got lost between the provider and us."""
    provider = open_provider(tools.settings, tools.http)
    if provider is not None:
        reconciling.reconcile(tools.engine, provider, now=tools.now())


def _provider(tools: Tools) -> Provider:
    provider = open_provider(tools.settings, tools.http)
    if provider is None:
        raise ProviderAway
    return provider
