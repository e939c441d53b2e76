"""Where each item's demand stands now: recent surprises, trusted as far as they have lasted before.

Pure. Source: Holt (1957; 2004), "Forecasting seasonals and trends by exponentially weighted moving
averages", Int. J. Forecasting 20, 5-10, shrunk by a prior as in Brown & Whittle's steady model; how
fast to forget is chosen by what would have served best within the history.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pricing.panel import Panel

__all__ = ["Memory", "current_levels"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Memory:
    """`half_life` in periods; `prior` is the precision with which the long-run level is held."""

    half_life: float
    prior: float


_CHOICES = tuple(
    Memory(half_life=half_life, prior=prior)
    for half_life, prior in product((3.0, 8.0, 24.0), (10.0, 40.0, 160.0, 1e9))
)
_CUTS = (0.5, 0.6, 0.7, 0.8)  # shares of the history after which each choice is tried
_AHEAD = 0.2  # share of the history over which it is judged


def current_levels(panel: Panel, surprise: Vector, precision: Vector) -> tuple[Vector, Memory]:
    """Return how far above its long-run level each item stands after the last period.

    Parameters
    ----------
    panel
        Where the rows stand.
    surprise
        Log rate of each row less what the fit expects of it.
    precision
        Inverse variance of each surprise.

    Examples
    --------
    >>> weeks = np.arange(40)
    >>> panel = Panel.of(np.zeros(40, np.int64), np.zeros(1, np.int64), weeks)
    >>> jumped = np.where(weeks >= 15, 1.0, 0.0)
    >>> level, memory = current_levels(panel, jumped, np.full(40, 100.0))
    >>> level.round(2).tolist(), memory.half_life
    ([0.99], 3.0)
    """
    scores = np.zeros(len(_CHOICES))
    for cut in (round(panel.periods * share) for share in _CUTS):
        past, future = panel.period < cut, panel.period >= cut
        future &= panel.period < cut + max(1, round(panel.periods * _AHEAD))
        if not past.any() or not future.any():
            continue
        target, item, trust = surprise[future], panel.item[future], precision[future]
        for index, memory in enumerate(_CHOICES):
            level = _level(panel, surprise, np.where(past, precision, 0.0), cut, memory)
            scores[index] += float((trust * (target - level[item]) ** 2).sum())
    best = _CHOICES[int(np.argmin(scores))]
    return _level(panel, surprise, precision, panel.periods, best), best


def _level(panel: Panel, surprise: Vector, precision: Vector, now: int, memory: Memory) -> Vector:
    """Long-run mean of the rows with precision, moved by their recent ones."""
    total = panel.by_item(precision)
    usual = panel.by_item(precision * surprise) / (total + 1.0)
    recent = precision * np.exp2(-np.maximum(now - panel.period, 0) / memory.half_life)
    moved = panel.by_item(recent * (surprise - usual[panel.item]))
    return np.asarray(usual + moved / (panel.by_item(recent) + memory.prior))
