"""From what the trees say about a series to mean and quantiles at any seasonal factor.

The trees see a series at a usual factor; another one scales the mean, and tilts the chances of
counts until their mean is scaled alike. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.boosting import CountBooster, MeanBooster, share_of_counts
from forecasting.distributions import class_quantiles, negative_binomial_quantiles, tilted

__all__ = ["Answers"]

Floats = NDArray[np.float64]

_SMALLEST_TILT = 0.02


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the trees say of each series: `level` times `ratio` is the mean of a usual period.

    `chances` are those of counts in `usual` periods, None without a count booster.
    """

    level: Floats
    ratio: Floats
    chances: Floats | None
    usual: float
    means: MeanBooster
    counts: CountBooster | None

    @classmethod
    def of(
        cls,
        matrix: NDArray[np.float32],
        level: Floats,
        boosters: tuple[MeanBooster, CountBooster | None],
        *,
        usual: float,
    ) -> "Answers":
        """Return the trees' answers to the rows of `matrix`."""
        means, counts = boosters
        return cls(
            level=level,
            ratio=means.ratio(matrix),
            chances=None if counts is None else counts.chances(matrix),
            usual=usual,
            means=means,
            counts=counts,
        )

    def at(self, factor: Floats, levels: Sequence[float], *, whole: bool) -> tuple[Floats, Floats]:
        """Return mean and quantiles of each row at its seasonal factor, or at one for all."""
        expected = self.level * factor
        mean = self.ratio * expected
        quantiles = np.empty((len(mean), len(levels)))
        share = share_of_counts(expected) if self.counts is not None else np.zeros(len(mean))
        many, few = share < 1, share > 0
        quantiles[many] = negative_binomial_quantiles(
            mean[many], self.means.variance(mean[many]), levels, whole=whole
        )
        if self.counts is None or self.chances is None or not few.any():
            return mean, quantiles
        tilt = np.broadcast_to(factor / self.usual, mean.shape)[few]
        chances, values = self.chances[few], self.counts.values
        moved = np.abs(tilt - 1) > _SMALLEST_TILT
        if moved.any():
            chances[moved] = tilted(chances[moved], values, tilt[moved])
        counted = class_quantiles(chances, self.counts.points, levels)
        weight = share[few, None]
        between = np.where(weight < 1, quantiles[few], counted)
        quantiles[few] = weight * counted + (1 - weight) * between
        half = share[few] / 2
        mean[few] = half * (chances @ values) + (1 - half) * mean[few]
        return mean, quantiles
