"""Demand over the lead time, of a known or a varying length.

Time runs in the periods of the history. An order placed at the close of period t is on the shelf
when period t + lead_time opens; what is in stock or on order after ordering has then met the demand
of `lead_time` periods by the close of that period. Over a lead time L with standard deviation s,
demand has mean m L and variance v L + m^2 s^2 (Zipkin 2000, section 6.4); not knowing m itself
better than with standard deviation u adds u^2 (L^2 + s^2).
Pure.
"""

from dataclasses import dataclass

import numpy as np

from replenishment.negative_binomial import Floats, Integers, NegativeBinomial

__all__ = ["LeadTimeDemand", "PeriodDemand"]


@dataclass(frozen=True)
class PeriodDemand:
    """Demand a period: its mean, its variance about the mean, and how well the mean is known.

    Units; one entry a part.
    """

    mean: Floats
    variance: Floats
    mean_sd: Floats

    def spread(self, scale: float) -> "PeriodDemand":
        """Return the same means with everything beyond Poisson's variance scaled."""
        beyond = np.maximum(self.variance - self.mean, 0.0)
        return PeriodDemand(
            self.mean, self.mean + scale * beyond, self.mean_sd * float(np.sqrt(scale))
        )

    def over(self, periods: Floats, periods_sd: Floats) -> NegativeBinomial:
        """Return the demand over so many periods.

        Examples
        --------
        >>> daily = PeriodDemand(np.array([2.0]), np.array([3.0]), np.array([0.5]))
        >>> monthly = daily.over(np.array([30.0]), np.array([0.0]))
        >>> monthly.mean.tolist(), monthly.variance.tolist()
        ([60.0], [315.0])
        """
        spread = self.mean_sd**2 * (periods**2 + periods_sd**2) + self.mean**2 * periods_sd**2
        return NegativeBinomial(self.mean * periods, self.variance * periods + spread)


@dataclass(frozen=True)
class LeadTimeDemand:
    """Demand from an order until the period it arrives for ends, and until that period opens.

    `per_period` is the mean units a period, `served` the mean units between the two.
    """

    until_close: NegativeBinomial
    until_open: NegativeBinomial
    per_period: Floats
    served: Floats

    @classmethod
    def of(cls, demand: PeriodDemand, lead_time: Floats, lead_time_sd: Floats) -> "LeadTimeDemand":
        """Return the demand over `lead_time` periods; one shorter than a period is served whole."""
        served = np.minimum(lead_time, 1.0)
        return cls(
            demand.over(lead_time, lead_time_sd),
            demand.over(lead_time - served, lead_time_sd),
            demand.mean,
            demand.mean * served,
        )

    def take(self, rows: Integers) -> "LeadTimeDemand":
        """Return the demands of some parts."""
        return LeadTimeDemand(
            self.until_close.take(rows),
            self.until_open.take(rows),
            self.per_period[rows],
            self.served[rows],
        )

    def unfilled(self, level: Integers) -> Floats:
        """Share of units that a stock level fails to serve, one level a part."""
        short = self.until_close.loss(level) - self.until_open.loss(level)
        return np.where(level > 0, short / np.maximum(self.served, np.finfo(float).tiny), 1.0)

    def filled(self, first: Integers, count: int) -> Floats:
        """Share of units served at `count` levels from `first`, parts x levels.

        What is short at the close but was not when the period opened was asked for and not there
        (Hadley and Whitin 1963; Axsater, Inventory Control, 2015, eq. 5.50 for discrete demand).
        """
        short = self.until_close.losses(first, count) - self.until_open.losses(first, count)
        served = np.maximum(self.served, np.finfo(float).tiny)[:, None]
        levels = first[:, None] + np.arange(count)
        share = np.where(levels > 0, 1.0 - short / served, 0.0)
        return np.where(self.served[:, None] > 0, np.clip(share, 0.0, 1.0), 1.0)
