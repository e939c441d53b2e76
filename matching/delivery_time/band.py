"""The rolling band around a prediction: how late trips are, learned from the latest outcomes.

A score is how far a trip's log time lay above the prediction, in units of its predicted spread.
Quantiles of the last 400 scores give the promise (split conformal prediction: Vovk, Gammerman &
Shafer 2005, section 4.2.2; weights for drift: Barber et al. 2023, here one for the window and zero
before it). Because traffic drifts between a promise and its outcome, the late half of the band is
stretched or shrunk by the share of promises that were broken, which holds the long-run share at one
in ten whatever the drift (adaptive conformal inference: Gibbs & Candès 2021, equation 2). That is
done for short, middling and long trips, so that none of them pays for the others (the online
gradient of Angelopoulos, Jordan & Tibshirani 2025, on three tent functions of log distance).
Pure.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

__all__ = ["PROMISED", "Band"]

Floats = NDArray[np.float64]

PROMISED = 0.9
_WINDOW = 400
# One broken promise moves the coverage aimed at by 3 points; many at once are damped, for the
# answer to a whole batch comes late.
_GAIN, _GAIN_OF_BATCH = 0.03, 0.5
# d coverage / d log stretch of a normal score at its 90th percentile.
_COVERAGE_PER_STRETCH = 0.225
_LARGEST_LOG_STRETCH = np.log(2.0)
# Traffic ahead surprises more than traffic between known days.
_LOG_STRETCH_AHEAD = 0.05
_PRIOR_SCORES = 100
_PRIOR_KNOTS_KM = np.array([1.0, 4.0, 12.0])


@dataclass(frozen=True, eq=False)
class Band:
    """What is known of lateness.

    Attributes
    ----------
    scores
        The latest scores, oldest first, at most 400.
    knots
        Shape (3,): log distances of short, middling and long trips.
    log_stretch
        Shape (3,): log factor on the late half of the band at the knots; linear between them.

    Examples
    --------
    >>> band, near = Band.prior(), np.zeros(1)
    >>> band.quantile(0.5, near).round(2), band.quantile(0.9, near).round(2)
    (array([0.]), array([1.3]))
    >>> late = band.after(np.linspace(0.0, 4.0, 400), np.zeros(400))
    >>> late.quantile(0.5, near).round(2)
    array([2.])
    """

    scores: Floats
    knots: Floats
    log_stretch: Floats

    @classmethod
    def prior(cls) -> "Band":
        """Return the band of a standard normal score, as if 100 trips had been seen."""
        shares = (np.arange(_PRIOR_SCORES) + 0.5) / _PRIOR_SCORES
        scores = np.array([NormalDist().inv_cdf(share) for share in shares])
        return cls(scores, np.log(_PRIOR_KNOTS_KM), np.zeros(3))

    def quantile(self, level: float, log_km: Floats) -> Floats:
        """Return the scores that trips stay under with probability `level`, as `log_km` (n,)."""
        value = self._of_window(level)
        if level <= 0.5:
            return np.full_like(log_km, value)
        middle = self._of_window(0.5)
        stretch = np.exp(np.interp(log_km, self.knots, self.log_stretch))
        return np.asarray(middle + (value - middle) * stretch)

    def seeded(self, scores: Floats, log_km: Floats) -> "Band":
        """Return the band for trips like these, whose `scores` were measured before any promise."""
        knots = np.quantile(log_km, [1 / 6, 1 / 2, 5 / 6])
        knots += np.arange(3) * 1e-6  # they must rise, also where all trips are equally long
        return Band(self._window_with(scores), knots, np.full(3, _LOG_STRETCH_AHEAD))

    def after(self, scores: Floats, log_km: Floats) -> "Band":
        """Return the band once trips, promised under this one, turned out to have `scores`."""
        band = self
        for start in range(0, len(scores), _WINDOW):
            batch = slice(start, start + _WINDOW)
            band = band._after_batch(scores[batch], log_km[batch])
        return band

    def _after_batch(self, scores: Floats, log_km: Floats) -> "Band":
        surprise = (scores > self.quantile(PROMISED, log_km)) - (1 - PROMISED)
        share = np.stack([np.interp(log_km, self.knots, tent) for tent in np.eye(3)])
        gain = np.minimum(_GAIN, _GAIN_OF_BATCH / np.maximum(share.sum(axis=1), 1.0))
        log_stretch = self.log_stretch + gain / _COVERAGE_PER_STRETCH * (share @ surprise)
        limited = np.clip(log_stretch, -_LARGEST_LOG_STRETCH, _LARGEST_LOG_STRETCH)
        return replace(self, scores=self._window_with(scores), log_stretch=limited)

    def _window_with(self, scores: Floats) -> Floats:
        return np.concatenate([self.scores, scores])[-_WINDOW:]

    def _of_window(self, level: float) -> float:
        # rank (n + 1)·level makes a new exchangeable score stay under with probability `level`
        rank = min(max((len(self._sorted) + 1) * level - 1, 0.0), len(self._sorted) - 1.0)
        below = int(rank)
        above = min(below + 1, len(self._sorted) - 1)
        return self._sorted[below] + (rank - below) * (self._sorted[above] - self._sorted[below])

    @cached_property
    def _sorted(self) -> list[float]:
        return [float(score) for score in np.sort(self.scores)]
