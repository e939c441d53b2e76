"""A payment as the provider sees it, and what may happen to it. Pure; sums in piastres."""

from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.cards import Behaviour

__all__ = ["Payment", "Refused", "approved", "cancelled", "captured", "refunded"]


class Refused(Exception):
    """The provider will not do it; `code` says why."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment; `status` is open, authorised, declined, cancelled or captured.

    `return_url` is where its customer goes from the page, whatever came of it.
    """

    reference: str
    merchant_reference: str
    amount_piastres: int
    currency: str
    method: str
    return_url: str | None = None
    status: str = "open"
    captured_piastres: int = 0
    refunds: dict[str, int] = field(default_factory=dict)
    failure: str | None = None
    behaviour: Behaviour = Behaviour.OK

    @property
    def refunded_piastres(self) -> int:
        """What was given back."""
        return sum(self.refunds.values())

    def shown(self) -> dict[str, Any]:
        """Return what the merchant is told."""
        return {
            "reference": self.reference,
            "merchant_reference": self.merchant_reference,
            "amount_piastres": self.amount_piastres,
            "currency": self.currency,
            "status": self.status,
            "captured_piastres": self.captured_piastres,
            "refunded_piastres": self.refunded_piastres,
            "refund_references": list(self.refunds),
            "failure": self.failure,
        }


def approved(payment: Payment, behaviour: Behaviour) -> Payment:
    """Return the payment once its customer paid with a card of this behaviour.

    Raises
    ------
    Refused
        It was paid, declined or cancelled before.
    """
    if payment.status != "open":
        raise Refused(f"payment_{payment.status}")
    if behaviour is Behaviour.DECLINED:
        return replace(payment, status="declined", failure="card_declined", behaviour=behaviour)
    return replace(payment, status="authorised", behaviour=behaviour)


def captured(payment: Payment) -> Payment:
    """Return the payment once its money was taken; taking it again changes nothing.

    Raises
    ------
    Refused
        It is not authorised.
    """
    if payment.status == "captured":
        return payment
    if payment.status != "authorised":
        raise Refused(f"payment_{payment.status}")
    return replace(payment, status="captured", captured_piastres=payment.amount_piastres)


def cancelled(payment: Payment) -> Payment:
    """Return the payment once it was let go of.

    Raises
    ------
    Refused
        Its money was taken.
    """
    if payment.status == "captured":
        raise Refused("payment_captured")
    if payment.status in ("cancelled", "declined"):
        return payment
    return replace(payment, status="cancelled")


def refunded(payment: Payment, refund_reference: str, amount_piastres: int) -> Payment:
    """Return the payment once some of it was given back; once for each `refund_reference`.

    Raises
    ------
    Refused
        That is more than is left, or the reference stands for another sum.

    Examples
    --------
    >>> paid = captured(approved(Payment("r", "m", 500, "EGP", "card"), Behaviour.OK))
    >>> again = refunded(refunded(paid, "a", 200), "a", 200)
    >>> again.refunded_piastres
    200
    >>> refunded(again, "b", 301)
    Traceback (most recent call last):
    sandbox.ledger.Refused: refund_too_large
    """
    if refund_reference in payment.refunds:
        if payment.refunds[refund_reference] != amount_piastres:
            raise Refused("refund_reference_reused")
        return payment
    if amount_piastres > payment.captured_piastres - payment.refunded_piastres:
        raise Refused("refund_too_large")
    return replace(payment, refunds={**payment.refunds, refund_reference: amount_piastres})
