"""From draft to delivery: the steps an order may take, and who may take each. Pure.

    draft -> submitted -> quoted -> accepted -> processing -> shipped -> delivered
                  ^----------'

`cancelled` can be reached from everywhere but `delivered`, by the customer until the parts are on
their way, by the shop that won as long as it still has them, by the platform to the end. A quoted
order is `submitted` again when the last quote that stands is withdrawn or expires: the statuses are
those of the seed, which has none for "was quoted once", and shops are to be asked again anyway.
Whoever reads `quoted` can rely on a quote to choose from. An order that another one was divided
into begins as `accepted`.
"""

from collections.abc import Mapping
from enum import StrEnum

from clutch.errors import Conflict

__all__ = ["AGREED", "OPEN", "Party", "Status", "TransitionRefused", "check", "steps_from"]


class Status(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    QUOTED = "quoted"
    ACCEPTED = "accepted"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class Party(StrEnum):
    """Who moves an order; the shop is the one whose step it is: who quotes, later who won."""

    CUSTOMER = "customer"
    SHOP = "shop"
    COURIER = "courier"
    PLATFORM = "platform"


OPEN = frozenset({Status.SUBMITTED, Status.QUOTED})
"""Shops may quote, and nothing is agreed yet."""

AGREED = frozenset({Status.ACCEPTED, Status.PROCESSING, Status.SHIPPED, Status.DELIVERED})
"""A quote was accepted: a shop delivers, and knows to whom."""

_CUSTOMER = frozenset({Party.CUSTOMER})
_SHOP = frozenset({Party.SHOP})
_BUYER_SIDE = frozenset({Party.CUSTOMER, Party.PLATFORM})
_SELLER_SIDE = frozenset({Party.SHOP, Party.PLATFORM})
_CARRIERS = frozenset({Party.SHOP, Party.COURIER, Party.PLATFORM})
_ALL_BUT_COURIER = frozenset({Party.CUSTOMER, Party.SHOP, Party.PLATFORM})

_STEPS: Mapping[Status, Mapping[Status, frozenset[Party]]] = {
    Status.DRAFT: {Status.SUBMITTED: _CUSTOMER, Status.CANCELLED: _BUYER_SIDE},
    Status.SUBMITTED: {Status.QUOTED: _SHOP, Status.CANCELLED: _BUYER_SIDE},
    Status.QUOTED: {
        Status.ACCEPTED: _CUSTOMER,
        Status.SUBMITTED: _SELLER_SIDE,
        Status.CANCELLED: _BUYER_SIDE,
    },
    Status.ACCEPTED: {Status.PROCESSING: _SELLER_SIDE, Status.CANCELLED: _ALL_BUT_COURIER},
    Status.PROCESSING: {Status.SHIPPED: _CARRIERS, Status.CANCELLED: _ALL_BUT_COURIER},
    Status.SHIPPED: {
        Status.DELIVERED: _CARRIERS,
        Status.CANCELLED: frozenset({Party.PLATFORM}),
    },
    Status.DELIVERED: {},
    Status.CANCELLED: {},
}


class TransitionRefused(Conflict):
    """The order cannot take this step now, or not by this party; `allowed` holds those it can."""

    def __init__(self, status: Status, to: Status, *, allowed: tuple[Status, ...]) -> None:
        self.status = status
        self.to = to
        super().__init__(f"the order is {status} and cannot become {to}", allowed=allowed)


def steps_from(status: Status, party: Party) -> tuple[Status, ...]:
    """Return what `party` can make of an order.

    Examples
    --------
    >>> [str(step) for step in steps_from(Status.QUOTED, Party.CUSTOMER)]
    ['accepted', 'cancelled']
    >>> steps_from(Status.DELIVERED, Party.PLATFORM)
    ()
    """
    return tuple(to for to, parties in _STEPS[status].items() if party in parties)


def check(status: Status, to: Status, party: Party) -> None:
    """Check that `party` can take an order from `status` to `to`.

    Raises
    ------
    TransitionRefused
        It cannot; the error names what it can.

    Examples
    --------
    >>> check(Status.SHIPPED, Status.DELIVERED, Party.COURIER)
    >>> check(Status.SHIPPED, Status.CANCELLED, Party.CUSTOMER)
    Traceback (most recent call last):
    orders.lifecycle.TransitionRefused: the order is shipped and cannot become cancelled; ...
    """
    allowed = steps_from(status, party)
    if to not in allowed:
        raise TransitionRefused(status, to, allowed=allowed)
