"""How a delivery time model is learned from past trips. Pure."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from matching.delivery_time.log_linear import LogLinear, fit_log_linear, fit_spread, spread_of
from matching.delivery_time.model import DeliveryTimeModel, cold_start
from matching.delivery_time.preparation import fit_preparation
from matching.delivery_time.trees import NO_TREES, Trees, grow
from matching.delivery_time.trips import Trips, finished_trips

__all__ = ["fit"]

Floats = NDArray[np.float64]

_LATEST = 50_000  # older trips tell of older traffic, and memory stays under a gigabyte
_FOLDS = 5
_TREES_FROM = 100
_SHORTEST_SECONDS = 1.0


def fit(trips: pl.DataFrame, *, timezone: str = "Africa/Cairo") -> DeliveryTimeModel:
    """Return the model learned from past trips; from none, the documented prior.

    Parameters
    ----------
    trips
        Columns `origin_lon`, `origin_lat`, `destination_lon`, `destination_lat` (degrees),
        `started_at` and `duration_seconds`; optionally `shop_id` and `preparation_seconds`, which
        may hold nulls. A `started_at` without a time zone is local time. Their order does not
        matter; the 50,000 that ended last are used.
    timezone
        The clock that rush hours follow.

    Raises
    ------
    InvalidFrame
        A column is missing, has another type, or holds values that no trip can have.
    InvalidInput
        There is no such `timezone`.

    Notes
    -----
    Errors are measured out of sample: five blocks of time, each predicted by a model of the other
    four (Hyndman & Athanasopoulos 2021, section 5.10; blocks, since traffic is autocorrelated).
    They give the spread, the first band, and how far the trees are to be trusted.

    Examples
    --------
    >>> from datetime import datetime
    >>> trips = pl.DataFrame({
    ...     "origin_lon": [31.24] * 40, "origin_lat": [30.04] * 40,
    ...     "destination_lon": [31.21] * 40, "destination_lat": [30.01] * 40,
    ...     "started_at": [datetime(2026, 1, 5, 8, minute) for minute in range(40)],
    ...     "duration_seconds": [2400.0] * 40,
    ... })
    >>> model = fit(trips)
    >>> model.source, bool(model.predict(trips)["q0.5"][0] > 2000)
    ('learned', True)
    >>> fit(trips.clear()).source
    'prior'
    """
    prior = cold_start(timezone=timezone)
    past, seconds, frame = finished_trips(trips, timezone, latest=_LATEST)
    if not len(seconds):
        return prior
    log_seconds = np.log(np.maximum(seconds, _SHORTEST_SECONDS))
    centre = (float(np.median(past.origin[0])), float(np.median(past.origin[1])))
    base, trees = _point_model(past, log_seconds, centre)
    unseen_base, unseen_trees = _out_of_sample(past, log_seconds, centre)
    trust = _trust(log_seconds - unseen_base, unseen_trees)
    errors = log_seconds - unseen_base - trust * unseen_trees
    spread = fit_spread(past.terms, errors)
    scores = errors / spread_of(spread, past.terms)
    model = replace(
        prior,
        source="learned",
        trips_seen=len(seconds),
        centre=centre,
        base=base,
        trees=replace(trees, leaf_values=trust * trees.leaf_values),
        spread=spread,
        band=prior.band.seeded(scores, past.journey.log_km),
    )
    if {"shop_id", "preparation_seconds"} <= set(frame.columns):
        model = replace(model, preparation=fit_preparation(frame))
    return model


def _point_model(
    past: Trips, log_seconds: Floats, centre: tuple[float, float]
) -> tuple[LogLinear, Trees]:
    base = fit_log_linear(past.terms, log_seconds)
    if len(log_seconds) < _TREES_FROM:
        return base, NO_TREES
    left = log_seconds - base.at(past.terms)
    return base, grow(np.column_stack(past.columns(centre)), left)


def _out_of_sample(
    past: Trips, log_seconds: Floats, centre: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Return what base and trees say of each trip when its block of time was left out."""
    n = len(log_seconds)
    from_base, from_trees = np.empty(n), np.zeros(n)
    fold = np.arange(n) * min(_FOLDS, n) // n
    for held_out in range(min(_FOLDS, n)):
        there = fold == held_out
        base, trees = _point_model(past.where(~there), log_seconds[~there], centre)
        unseen = past.where(there)
        from_base[there] = base.at(unseen.terms)
        if len(trees.leaf_values):
            from_trees[there] = trees.total(unseen.columns(centre))
    return from_base, from_trees


def _trust(left: Floats, from_trees: Floats) -> float:
    """Return the share of the trees' advice that errs least out of sample (Breiman 1996)."""
    power = float(from_trees @ from_trees)
    return float(np.clip(left @ from_trees / power, 0.0, 1.0)) if power > 0 else 0.0
