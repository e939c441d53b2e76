"""What ordering and holding cost, how parts are packed, and the policy found for each.

One entry a part in every array.
Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clutch.errors import InvalidInput
from replenishment.negative_binomial import Floats, Integers

__all__ = ["Economics", "Found", "blocks"]

_LEVELS_AT_ONCE = 1 << 18
_LEVELS_AT_MOST = 1 << 23


@dataclass(frozen=True)
class Economics:
    """`holding_cost` money a unit and period, `ordering_cost` money a batch; packing in units."""

    holding_cost: Floats
    ordering_cost: Floats
    multiple: Integers
    minimum: Integers

    @property
    def smallest_batch(self) -> Integers:
        """The least multiple that is not below the minimum."""
        return -(-np.maximum(self.minimum, 1) // self.multiple) * self.multiple

    def batch_near(self, units: Floats) -> Integers:
        """Return a batch that may be ordered, near `units`."""
        packs: Integers = np.rint(units / self.multiple).astype(np.int64)
        near: Integers = np.maximum(packs * self.multiple, self.smallest_batch)
        return near

    def take(self, rows: Integers) -> "Economics":
        """Return the entries of some parts."""
        return Economics(
            self.holding_cost[rows],
            self.ordering_cost[rows],
            self.multiple[rows],
            self.minimum[rows],
        )


@dataclass(frozen=True)
class Found:
    """Order `order_quantity` when the position is at `reorder_point`; cost is money a period."""

    reorder_point: Integers
    order_quantity: Integers
    expected_cost: Floats

    @classmethod
    def empty(cls, parts: int) -> "Found":
        """Room for the policies of so many parts."""
        return cls(np.zeros(parts, np.int64), np.zeros(parts, np.int64), np.full(parts, np.inf))

    def put(self, rows: Integers, other: "Found") -> None:
        """Fill in the policies of some parts."""
        self.reorder_point[rows] = other.reorder_point
        self.order_quantity[rows] = other.order_quantity
        self.expected_cost[rows] = other.expected_cost


def blocks(levels: Integers) -> Iterator[Integers]:
    """Yield parts in groups of about equal numbers of stock levels, small enough for the memory.

    Raises
    ------
    InvalidInput
        A part needs more levels than can be enumerated.
    """
    if len(levels) and levels.max() > _LEVELS_AT_MOST:
        raise InvalidInput(
            "demand",
            f"at most {_LEVELS_AT_MOST:,} stock levels to compare for a part;"
            " count in a larger unit, such as boxes",
            found=f"{levels.max():,}",
        )
    order = np.argsort(levels, kind="stable")
    start = 0
    while start < len(order):
        stop = start + 1
        widest = np.maximum(levels[order[start:]], 1) * np.arange(1, len(order) - start + 1)
        stop = start + max(1, int(np.searchsorted(widest, _LEVELS_AT_ONCE, side="right")))
        yield order[start:stop]
        start = stop
