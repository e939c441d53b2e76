"""A shelf for each part, stepped period by period: receive, serve, order.

Pure.
"""

from dataclasses import dataclass

import numpy as np

from replenishment.negative_binomial import Floats, Integers

__all__ = ["Shelf"]


@dataclass
class Shelf:
    """Stock of many parts over time.

    `net` is units on the shelf, below zero what customers wait for; `due` is what arrives as each
    period opens, parts x periods; `on_order` all that has not arrived.
    """

    net: Floats
    on_order: Floats
    due: Floats
    waits: bool = True

    @classmethod
    def stocked(cls, units: Floats, periods: int, *, waits: bool = True) -> "Shelf":
        """Return shelves that hold `units`, with nothing on order, for so many periods."""
        parts = len(units)
        return cls(units.astype(float), np.zeros(parts), np.zeros((parts, periods)), waits)

    def receive(self, period: int) -> None:
        """Put what is due as the period opens on the shelf."""
        self.net += self.due[:, period]
        self.on_order -= self.due[:, period]

    def serve(self, demand: Floats) -> Floats:
        """Take what is asked for; return the units handed over at once."""
        served = np.minimum(self.on_hand(), demand)
        self.net -= demand if self.waits else served
        return served

    def position(self) -> Floats:
        """Return on hand + on order - waiting."""
        return self.net + self.on_order

    def on_hand(self) -> Floats:
        """Return the units on the shelf."""
        return np.maximum(self.net, 0.0)

    def order(self, period: int, units: Floats, lead_time: Integers) -> None:
        """Order units that arrive as the period `lead_time` on opens."""
        self.on_order += units
        arrival = period + lead_time
        within = np.flatnonzero((units > 0) & (arrival < self.due.shape[1]))
        self.due[within, arrival[within]] += units[within]
