"""What Clutch asks of a provider of cards and wallets, and what it is told.

Every call may be sent again: the provider knows payments and refunds by our ids. Amounts are in
piastres, the currency is the Egyptian pound.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from clutch.errors import ClutchError, Unavailable
from orders.payments.states import Standing

__all__ = [
    "CURRENCY",
    "HOSTED",
    "PROVIDERS",
    "Checkout",
    "Provider",
    "ProviderAway",
    "ProviderRefused",
    "Told",
]

CURRENCY = "EGP"
HOSTED = "hosted"
"""The provider that the settings name, whichever it is: it has a page to pay on."""

PROVIDERS = {"cash_on_delivery": "cash", "card": HOSTED, "wallet": HOSTED}
"""Who takes the money, by the method of payment; `cash` is the courier."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A page of the provider where the customer pays; `reference` is its name for the payment."""

    reference: str
    redirect_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All that a provider knows of a payment at one moment."""

    payment_id: UUID
    reference: str
    amount_piastres: int
    currency: str
    standing: Standing
    refund_ids: frozenset[UUID] = frozenset()
    failure: str | None = None


class ProviderAway(Unavailable):
    """The provider does not answer, or not with what it promised."""

    def __init__(self) -> None:
        super().__init__("the payment provider", retry_after_seconds=30)


class ProviderRefused(ClutchError):
    """The provider will not do it, however often it is asked; `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"the payment provider refused: {code}")


class Provider(Protocol):
    """A provider of cards and wallets.

    Each method raises `ProviderAway` where the same call may succeed later, and `ProviderRefused`
    where it will not.
    """

    def start(
        self, payment_id: UUID, amount_piastres: int, *, order_id: UUID, method: str
    ) -> Checkout:
        """Open a page to pay on, or return the one that is open."""

    def capture(self, reference: str) -> Told:
        """Take the money that was authorised."""

    def cancel(self, reference: str) -> Told:
        """Let go of a payment that was not captured."""

    def refund(self, reference: str, refund_id: UUID, amount_piastres: int) -> Told:
        """Give back captured money; once for each `refund_id`."""

    def look_up(self, payment_id: UUID) -> Told | None:
        """Return what the provider knows of a payment of ours; None: nothing."""
