"""What a shop never lets a price do, applied one after the other, the hard ones last. Pure."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clutch.errors import InvalidInput

__all__ = ["Clamped", "GuardRails", "clamped", "nearest_endings"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class GuardRails:
    """Limits on suggested prices; `None` switches one off. Prices are in the history's unit.

    Parameters
    ----------
    margin_floor, margin_ceiling
        Least and largest share of the price that is left over its unit cost.
    price_floor, price_ceiling
        Least and largest price.
    largest_change
        Largest move in one step, as a share of the present price.
    ending_step, ending
        Prices end like `ending`, every `ending_step`: 10 and 9 allow 9, 19, 29.
    confidence
        Least probability of a higher profit; where no price reaches it, none is recommended.

    Raises
    ------
    InvalidInput
        A limit is out of range, or a floor is above its ceiling.

    Examples
    --------
    >>> GuardRails(margin_floor=0.15, ending_step=5).largest_change
    0.1
    """

    margin_floor: float | None = 0.0
    margin_ceiling: float | None = None
    price_floor: float | None = None
    price_ceiling: float | None = None
    largest_change: float | None = 0.1
    ending_step: float | None = None
    ending: float = 0.0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        """Refuse limits that no price could keep."""
        _check("margin_floor", self.margin_floor, -10, 0.999)
        _check("margin_ceiling", self.margin_ceiling, -10, 0.999)
        _check("price_floor", self.price_floor, 0, np.inf)
        _check("price_ceiling", self.price_ceiling, 1e-9, np.inf)
        _check("largest_change", self.largest_change, 0, 0.999)
        _check("ending_step", self.ending_step, 1e-9, np.inf)
        _check("ending", self.ending, 0, np.inf)
        _check("confidence", self.confidence, 0, 1)
        for name, floor, ceiling in (
            ("margin", self.margin_floor, self.margin_ceiling),
            ("price", self.price_floor, self.price_ceiling),
        ):
            if floor is not None and ceiling is not None and floor > ceiling:
                raise InvalidInput(f"{name}_floor", f"at most the {name}_ceiling", found=str(floor))


class Clamped(NamedTuple):
    """Prices inside the rails, the limits that hold for each, and the rails that moved it."""

    price: Vector
    lowest: Vector
    highest: Vector
    names: list[list[str]]


def clamped(rails: GuardRails, wanted: Vector, *, price: Vector, unit_cost: Vector) -> Clamped:
    """Move each `wanted` price inside the rails, naming every rail that moved it.

    Where two rails leave no price, the later of this order holds: margin ceiling, margin floor,
    price ceiling, price floor, largest change. (Endings are chosen afterwards.)

    Examples
    --------
    >>> rails = GuardRails(margin_floor=0.5, largest_change=0.2)
    >>> one = np.ones(1)
    >>> clamped(rails, 70 * one, price=100 * one, unit_cost=45 * one).names
    [['margin_floor']]
    """
    moved, lowest, highest = wanted.copy(), np.zeros(len(wanted)), np.full(len(wanted), np.inf)
    names: list[list[str]] = [[] for _ in wanted]
    for name, limit, is_floor in _limits(rails, price, unit_cost):
        breaks = moved < limit if is_floor else moved > limit
        moved = np.where(breaks, limit, moved)
        for row in np.flatnonzero(breaks):
            names[row].append(name)
        if is_floor:
            lowest, highest = np.maximum(lowest, limit), np.maximum(highest, limit)
        else:
            lowest, highest = np.minimum(lowest, limit), np.minimum(highest, limit)
    return Clamped(moved, lowest, highest, names)


def nearest_endings(rails: GuardRails, price: Vector) -> tuple[Vector, Vector]:
    """Return the allowed endings at or below, and at or above, each price.

    Examples
    --------
    >>> below, above = nearest_endings(GuardRails(ending_step=10, ending=9), np.array([94.0, 99.0]))
    >>> below.tolist(), above.tolist()
    ([89.0, 99.0], [99.0, 99.0])
    """
    if rails.ending_step is None:
        return price, price
    steps = (price - rails.ending) / rails.ending_step
    near = np.abs(steps - np.round(steps)) < 1e-9
    below = np.where(near, np.round(steps), np.floor(steps))
    above = np.where(near, np.round(steps), np.ceil(steps))
    return below * rails.ending_step + rails.ending, above * rails.ending_step + rails.ending


def _limits(rails: GuardRails, price: Vector, unit_cost: Vector) -> list[tuple[str, Vector, bool]]:
    """Name, limit and whether it is a floor; the last ones hold against the others."""
    ones = np.ones(len(price))
    limits: list[tuple[str, Vector, bool]] = []
    if rails.margin_ceiling is not None:
        limits.append(("margin_ceiling", unit_cost / (1 - rails.margin_ceiling), False))
    if rails.margin_floor is not None:
        limits.append(("margin_floor", unit_cost / (1 - rails.margin_floor), True))
    if rails.price_ceiling is not None:
        limits.append(("price_ceiling", rails.price_ceiling * ones, False))
    if rails.price_floor is not None:
        limits.append(("price_floor", rails.price_floor * ones, True))
    if rails.largest_change is not None:
        limits.append(("largest_change", price * (1 + rails.largest_change), False))
        limits.append(("largest_change", price * (1 - rails.largest_change), True))
    return limits


def _check(name: str, value: float | None, low: float, high: float) -> None:
    if value is None:
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high or value == np.inf:
        expected = f"a number of {low:g} or more" if high == np.inf else f"{low:g} to {high:g}"
        raise InvalidInput(name, expected, found=str(value))
