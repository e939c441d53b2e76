"""Where a payment stands, and what it makes of news. Pure.

News come late, twice and out of order. Each tells all that its sender knew, so two standings are
merged by taking the further of each part: a join, which gives the same whatever the order, and
however often anything is told.
"""

from dataclasses import dataclass
from enum import StrEnum

from clutch.errors import InvalidInput

__all__ = ["PaymentStatus", "Standing", "standing"]


class PaymentStatus(StrEnum):
    """How far a payment got; each further than the one before.

    That money has moved is further than any word that it will not.
    """

    PENDING = "pending"
    AUTHORISED = "authorised"
    FAILED = "failed"
    CANCELLED = "cancelled"
    CAPTURED = "captured"
    REFUNDED = "refunded"

    @property
    def is_dead(self) -> bool:
        """Say whether this payment never brings money, so that another may be tried."""
        return self in (PaymentStatus.FAILED, PaymentStatus.CANCELLED)


_FURTHER = list(PaymentStatus)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a payment; sums in piastres. `status` is the one that the sums tell."""

    status: PaymentStatus
    captured_piastres: int = 0
    refunded_piastres: int = 0

    def merged(self, other: "Standing") -> "Standing":
        """Return what is known once both are.

        Examples
        --------
        >>> captured = standing(PaymentStatus.CAPTURED, captured=500)
        >>> captured.merged(Standing(PaymentStatus.AUTHORISED)) == captured
        True
        >>> captured.merged(standing(PaymentStatus.CAPTURED, captured=500, refunded=500)).status
        <PaymentStatus.REFUNDED: 'refunded'>
        """
        captured = max(self.captured_piastres, other.captured_piastres)
        refunded = max(self.refunded_piastres, other.refunded_piastres)
        return standing(
            max(self.status, other.status, key=_FURTHER.index),
            captured=captured,
            refunded=refunded,
        )

    @property
    def of_order(self) -> str:
        """The payment status that the order shows: pending, paid, failed or refunded.

        Examples
        --------
        >>> standing(PaymentStatus.CAPTURED, captured=500, refunded=100).of_order
        'paid'
        >>> Standing(PaymentStatus.CANCELLED).of_order
        'pending'
        """
        return _OF_ORDER.get(self.status, "pending")


_OF_ORDER = {
    PaymentStatus.CAPTURED: "paid",
    PaymentStatus.REFUNDED: "refunded",
    PaymentStatus.FAILED: "failed",
}


def standing(status: PaymentStatus, *, captured: int = 0, refunded: int = 0) -> Standing:
    """Return a standing whose status agrees with its sums (piastres).

    Raises
    ------
    InvalidInput
        More was given back than taken, or money was taken and the status denies it.

    Examples
    --------
    >>> standing(PaymentStatus.CAPTURED, captured=500, refunded=500).status
    <PaymentStatus.REFUNDED: 'refunded'>
    >>> standing(PaymentStatus.CAPTURED)
    Traceback (most recent call last):
    clutch.errors.InvalidInput: captured_piastres: expected a sum that agrees with the status
    """
    if not 0 <= refunded <= captured:
        raise InvalidInput("refunded_piastres", "at most what was captured")
    if (captured > 0) != (status in (PaymentStatus.CAPTURED, PaymentStatus.REFUNDED)):
        raise InvalidInput("captured_piastres", "a sum that agrees with the status")
    if captured > 0:
        status = PaymentStatus.REFUNDED if refunded == captured else PaymentStatus.CAPTURED
    return Standing(status, captured, refunded)
