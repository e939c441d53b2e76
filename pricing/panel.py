"""Rows of a sales history with the items, groups and periods they belong to.

A cell is a group in a period: what its items share there (season, a holiday, a rival's closing).
Sums over items, groups and cells are all that the fit needs, so nothing loops over items.
Pure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Panel", "smoothed"]

Vector = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Panel:
    """Positions of each row's `item`, `group`, `period` and `cell`, counted from 0.

    Rows stand by item, and every item has one or more.
    """

    item: Index
    item_group: Index
    group: Index
    period: Index
    cell: Index
    cell_group: Index
    cell_period: Index
    first_row: Index  # of each item

    @classmethod
    def of(cls, item: Index, item_group: Index, period: Index) -> "Panel":
        """Return the panel of rows that stand at `item` (in rising order) and `period`."""
        group = item_group[item]
        periods = int(period.max()) + 1
        keys, cell = np.unique(group * periods + period, return_inverse=True)
        first_row = np.searchsorted(item, np.arange(len(item_group)))
        by_cell = (cell, keys // periods, keys % periods)
        return cls(item, item_group, group, period, *by_cell, first_row)

    @property
    def items(self) -> int:
        """How many items there are."""
        return len(self.item_group)

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return int(self.item_group.max()) + 1

    @property
    def periods(self) -> int:
        """How many periods there are."""
        return int(self.period.max()) + 1

    def by_item(self, values: Vector) -> Vector:
        """Sum over the rows of each item."""
        return np.asarray(np.add.reduceat(values, self.first_row, axis=-1))

    def by_group(self, values: Vector) -> Vector:
        """Sum over the rows of each group."""
        return _sums(self.group, values, self.groups)

    def by_cell(self, values: Vector) -> Vector:
        """Sum over the rows of each cell."""
        return _sums(self.cell, values, len(self.cell_group))

    def by_period(self, values: Vector) -> Vector:
        """Sum over the rows of each period."""
        return _sums(self.period, values, self.periods)

    def within_items(self, values: Vector, weight: Vector) -> Vector:
        """Return `values` less the weighted mean of their item; rows of `values` are variables."""
        means = self.by_item(weight * values) / self.by_item(weight)
        return np.asarray(values - means[..., self.item])

    def within_cells(self, values: Vector, weight: Vector, *, rounds: int = 5) -> Vector:
        """Return `values` less both item and cell means, by alternating projections.

        Source: Gaure (2013), "OLS with multiple high dimensional category variables",
        Computational Statistics & Data Analysis 66, 8-18.
        """
        total = self.by_cell(weight)
        for _ in range(rounds):
            means = np.stack([self.by_cell(weight * row) / total for row in values])
            values = self.within_items(values - means[:, self.cell], weight)
        return values


def _sums(index: Index, values: Vector, count: int) -> Vector:
    return np.asarray(np.bincount(index, values, count), np.float64)


def smoothed(values: Vector, weight: Vector, *, periods_per_cycle: float) -> Vector:
    """Return `values` without movements shorter than `periods_per_cycle` (Whittaker smoothing).

    Source: Eilers (2003), "A perfect smoother", Analytical Chemistry 75, 3631-3636, with second
    differences; the penalty halves a wave of `periods_per_cycle` (Hodrick-Prescott's gain).

    Examples
    --------
    >>> line = np.arange(5.0)
    >>> smoothed(line, np.ones(5), periods_per_cycle=4).round(6).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    if len(values) < 3:
        return np.full(len(values), np.average(values, weights=weight))
    penalty = (periods_per_cycle / (2 * np.pi)) ** 4
    curve = np.diff(np.eye(len(values)), 2, axis=0)
    scale = weight / weight.mean()
    return np.linalg.solve(np.diag(scale) + penalty * curve.T @ curve, scale * values)
