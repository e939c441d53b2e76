"""In what order to offer shops: an additive score whose every part is shown.

Each term turns one fact about a shop into a value between 0 and 1 (1 is best); its contribution is
value x weight, and a shop's score is the sum of its contributions. Rates and means are shrunk
towards the fleet by how much stands behind them, as the posterior mean of a beta or normal prior
(Gelman et al., Bayesian Data Analysis, 3rd ed., sections 2.4 and 2.5).
Pure.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import polars as pl

from clutch.errors import InvalidInput
from clutch.frames import Column, checked
from matching import stock_belief

__all__ = ["TERMS", "Candidates", "Request", "Weights", "rank", "score"]

FloatArray = npt.NDArray[np.float64]

TERMS = (
    "travel_time",
    "preparation_time",
    "open_now",
    "in_stock",
    "answer_rate",
    "answer_time",
    "on_time_rate",
    "rating",
    "new_shop",
)

# After so long a value has fallen to 1/e of its best.
_TRAVEL_MINUTES = 25.0
_PREPARATION_MINUTES = 60.0
_WAIT_MINUTES = 180.0
_ANSWER_MINUTES = 45.0

# The fleet's figures, and how many observations they weigh.
_ANSWER_RATE, _ANSWER_RATE_WEIGHT = 0.6, 10.0
_ANSWER_TIME, _ANSWER_TIME_WEIGHT = 40.0, 5.0
_ON_TIME_RATE, _ON_TIME_WEIGHT = 0.8, 10.0
_RATING, _RATING_WEIGHT = 3.9, 12.0
_RATING_WORST, _RATING_BEST = 1.0, 5.0

# A shop counts as new until it was asked this often; its bonus falls evenly to nothing.
_NEW_UNTIL_REQUESTS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the ranking needs to know of a request."""

    limit: int = 10
    max_distance_m: float = np.inf


@dataclass(frozen=True, slots=True)
class Weights:
    """A version of the weights: one for each of `TERMS`, none negative.

    Raises
    ------
    InvalidInput
        A term is missing, unknown, or its weight is negative or not finite.
    """

    version: int
    by_term: Mapping[str, float]

    def __post_init__(self) -> None:
        if set(self.by_term) != set(TERMS):
            raise InvalidInput(
                "weights", f"one for each of {', '.join(TERMS)}", found=", ".join(self.by_term)
            )
        for term, weight in self.by_term.items():
            if not 0 <= weight < np.inf:
                raise InvalidInput(f"weights.{term}", "a number of 0 or more", found=str(weight))

    @property
    def in_order(self) -> tuple[float, ...]:
        """The weights in the order of `TERMS`."""
        return tuple(self.by_term[term] for term in TERMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Facts about n shops, as arrays of length n; NaN where a fact is not known.

    `wait_minutes` is the time until the shop opens, 0 when it is open, infinite when it does not
    open within the week.
    """

    distance_m: FloatArray
    travel_minutes: FloatArray
    preparation_minutes: FloatArray
    wait_minutes: FloatArray
    in_stock_probability: FloatArray
    requests_received: FloatArray
    requests_answered: FloatArray
    answer_minutes_mean: FloatArray
    deliveries_count: FloatArray
    deliveries_on_time: FloatArray
    rating_mean: FloatArray
    rating_count: FloatArray


def score(candidates: Candidates, weights: Weights) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the values and contributions (n rows, a column for each of `TERMS`) and the scores.

    Examples
    --------
    >>> fact = np.zeros(1)
    >>> nobody_knows = Candidates(**{field.name: fact for field in fields(Candidates)})
    >>> values, contributions, scores = score(nobody_knows, Weights(1, dict.fromkeys(TERMS, 1.0)))
    >>> values.shape, bool(scores[0] == contributions[0].sum())
    ((1, 9), True)
    """
    values = _values(candidates)
    contributions = values * np.array(weights.in_order)
    return values, contributions, contributions.sum(axis=1)


def rank(
    candidates: pl.DataFrame, request: Request, weights: Weights, now: dt.datetime
) -> pl.DataFrame:
    """Return the candidates within reach, best first, with each term's value and contribution.

    Parameters
    ----------
    candidates
        A row a shop: `shop_id`, `distance_m`, `travel_minutes`, `preparation_minutes`,
        `requests_received`, `requests_answered`, `deliveries_count`, `deliveries_on_time`,
        `rating_count`; and where known (else null) `opens_at` (the next opening, at or before `now`
        when open; null: not this week), `in_stock_probability`, `answer_minutes_mean`,
        `rating_mean`.
    request
        How many to return and how far they may be.
    weights
        One for each of `TERMS`.
    now
        The instant of the request, with a time zone.

    Returns
    -------
    frame
        `shop_id`, `rank` (from 1), `score`, and for each term `<term>_value` and
        `<term>_contribution`; the contributions of a row sum to its score. Equal scores are ordered
        by distance, then by `shop_id`.

    Raises
    ------
    InvalidFrame
        A column is missing, of another type, out of range, or a shop stands twice.

    Examples
    --------
    >>> now = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
    >>> shops = pl.DataFrame({
    ...     "shop_id": ["far", "near"], "distance_m": [9000.0, 900.0],
    ...     "travel_minutes": [30.0, 5.0], "preparation_minutes": [20.0, 20.0],
    ...     "opens_at": [now, now], "in_stock_probability": [None, None],
    ...     "requests_received": [50, 50], "requests_answered": [40, 40],
    ...     "answer_minutes_mean": [15.0, 15.0], "deliveries_count": [9, 9],
    ...     "deliveries_on_time": [8, 8], "rating_mean": [4.5, 4.5], "rating_count": [20, 20],
    ... })
    >>> ranked = rank(shops, Request(limit=10), Weights(1, dict.fromkeys(TERMS, 0.1)), now)
    >>> ranked["shop_id"].to_list()
    ['near', 'far']
    >>> rank(shops.clear(), Request(limit=10), Weights(1, dict.fromkeys(TERMS, 0.1)), now).height
    0
    """
    known = checked(candidates, _CONTRACT, name="candidates", key=["shop_id"]).filter(
        pl.col("distance_m") <= request.max_distance_m
    )
    wait = (known["opens_at"] - now).dt.total_seconds(fractional=True) / 60
    arrays = {
        field.name: known[field.name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for field in fields(Candidates)
        if field.name != "wait_minutes"
    }
    wait_minutes = wait.fill_null(np.inf).clip(lower_bound=0.0).to_numpy()
    values, contributions, scores = score(Candidates(wait_minutes=wait_minutes, **arrays), weights)
    columns = {"score": scores}
    for position, term in enumerate(TERMS):
        columns[f"{term}_value"] = values[:, position]
        columns[f"{term}_contribution"] = contributions[:, position]
    return (
        known.select("shop_id", "distance_m")
        .with_columns(**columns)
        .sort(["score", "distance_m", "shop_id"], descending=[True, False, False])
        .head(request.limit)
        .drop("distance_m")
        .with_row_index("rank", offset=1)
    )


_CONTRACT = [
    Column(name="shop_id", kind="key"),
    Column(name="distance_m", kind="number", minimum=0),
    Column(name="travel_minutes", kind="number", minimum=0),
    Column(name="preparation_minutes", kind="number", minimum=0),
    Column(name="opens_at", kind="instant", nullable=True),
    Column(name="in_stock_probability", kind="number", nullable=True, minimum=0, maximum=1),
    Column(name="requests_received", kind="number", minimum=0),
    Column(name="requests_answered", kind="number", minimum=0),
    Column(name="answer_minutes_mean", kind="number", nullable=True, minimum=0),
    Column(name="deliveries_count", kind="number", minimum=0),
    Column(name="deliveries_on_time", kind="number", minimum=0),
    Column(name="rating_mean", kind="number", nullable=True, minimum=1, maximum=5),
    Column(name="rating_count", kind="number", minimum=0),
]


def _values(c: Candidates) -> FloatArray:
    answer_minutes = _shrunk(
        c.answer_minutes_mean, c.requests_answered, _ANSWER_TIME, _ANSWER_TIME_WEIGHT
    )
    rating = _shrunk(c.rating_mean, c.rating_count, _RATING, _RATING_WEIGHT)
    unknown_stock = np.isnan(c.in_stock_probability)
    return np.stack(
        [
            np.exp(-c.travel_minutes / _TRAVEL_MINUTES),
            np.exp(-c.preparation_minutes / _PREPARATION_MINUTES),
            np.exp(-c.wait_minutes / _WAIT_MINUTES),
            np.where(unknown_stock, stock_belief.UNKNOWN, c.in_stock_probability),
            _shrunk_rate(
                c.requests_answered, c.requests_received, _ANSWER_RATE, _ANSWER_RATE_WEIGHT
            ),
            np.exp(-answer_minutes / _ANSWER_MINUTES),
            _shrunk_rate(c.deliveries_on_time, c.deliveries_count, _ON_TIME_RATE, _ON_TIME_WEIGHT),
            (rating - _RATING_WORST) / (_RATING_BEST - _RATING_WORST),
            np.maximum(0.0, 1.0 - c.requests_received / _NEW_UNTIL_REQUESTS),
        ],
        axis=1,
    )


def _shrunk(mean: FloatArray, count: FloatArray, prior: float, prior_count: float) -> FloatArray:
    known = np.where(np.isnan(mean), 0.0, count)
    total = np.where(known > 0, mean * known, 0.0)
    return (total + prior * prior_count) / (known + prior_count)


def _shrunk_rate(
    hits: FloatArray, tries: FloatArray, prior: float, prior_count: float
) -> FloatArray:
    return (hits + prior * prior_count) / (tries + prior_count)
