"""The delivery time model: travel from a shop to a customer, as a median and a promise.

    log seconds = base + trees + spread · score

`base` is log-linear, `trees` are boosted on what it leaves, `spread` says how uncertain a trip of
this kind is, and the quantiles of `score` come from the rolling band. Pure.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.errors import InvalidInput
from matching.delivery_time import stored
from matching.delivery_time.band import PROMISED, Band
from matching.delivery_time.features import Clock
from matching.delivery_time.log_linear import PRIOR, SPREAD_PRIOR, LogLinear, spread_of
from matching.delivery_time.preparation import PRIOR_FLEET, PreparationFleet
from matching.delivery_time.trees import NO_TREES, Trees
from matching.delivery_time.trips import Trips, finished_trips, known_timezone, trips_from

__all__ = ["DeliveryTimeModel", "cold_start", "from_bytes"]

Floats = NDArray[np.float64]

_LONGEST_LOG_SECONDS = float(np.log(30 * 86_400.0))
_SHORTEST_SECONDS = 1.0
_CAIRO = (31.2357, 30.0444)


@dataclass(eq=False, kw_only=True)
class DeliveryTimeModel:
    """What `fit` learned, or the documented prior; only `observe` changes it.

    Attributes
    ----------
    source
        `learned`, or `prior` where no trip was seen.
    timezone
        The clock that the hours of the week are read from.
    trips_seen
        How many trips it was fitted on.
    centre
        (lon, lat) of the city, degrees.
    base, trees, spread, band
        The parts of the formula above.
    preparation
        How long the fleet's shops prepare an order.
    """

    source: Literal["prior", "learned"]
    timezone: str
    trips_seen: int
    centre: tuple[float, float]
    base: LogLinear
    trees: Trees
    spread: LogLinear
    band: Band
    preparation: PreparationFleet

    def predict(self, trips: pl.DataFrame, quantiles: Sequence[float] = (0.5, 0.9)) -> pl.DataFrame:
        """Return travel seconds at each quantile, a row a trip in the order given.

        Parameters
        ----------
        trips
            Columns `origin_lon`, `origin_lat`, `destination_lon`, `destination_lat` (degrees) and
            `started_at`. A `started_at` without a time zone is local time in `self.timezone`.
        quantiles
            Levels strictly between 0 and 1.

        Returns
        -------
        polars.DataFrame
            Columns `q0.5`, `q0.9`, ... in seconds.

        Raises
        ------
        InvalidFrame
            A column is missing, has another type, or holds values that no trip can have.
        InvalidInput
            A quantile is not strictly between 0 and 1.

        Examples
        --------
        >>> trips = pl.DataFrame({
        ...     "origin_lon": [31.2357], "origin_lat": [30.0444],
        ...     "destination_lon": [31.2089], "destination_lat": [30.0131],
        ...     "started_at": [datetime(2026, 1, 5, 8, 30)],
        ... })
        >>> cold_start().predict(trips).select(pl.all().round()).row(0)
        (1205.0, 1903.0)
        >>> cold_start().predict(trips.clear()).rows()
        []
        """
        for level in quantiles:
            if not (isinstance(level, float) and 0 < level < 1):
                raise InvalidInput("quantiles", "numbers between 0 and 1", found=repr(level))
        answer = self._quantiles(trips_from(trips, self.timezone), quantiles)
        return pl.DataFrame(
            {f"q{level}": column for level, column in zip(quantiles, answer, strict=True)}
        )

    def travel_seconds(
        self,
        origin_lon: Floats,
        origin_lat: Floats,
        destination_lon: float,
        destination_lat: float,
        started_at: datetime,
    ) -> tuple[Floats, Floats]:
        """Return p50 and p90 of the travel time in seconds from many origins to one destination.

        The same numbers as `predict` for trips that share destination and start, without a frame:
        this is what a request waits for. Origins have shape (n,), in degrees; `started_at` is an
        aware instant. Coordinates are not checked.

        Examples
        --------
        >>> from datetime import UTC
        >>> shops = np.array([31.2357, 31.3]), np.array([30.0444, 30.1])
        >>> p50, p90 = cold_start().travel_seconds(
        ...     *shops, 31.2089, 30.0131, datetime(2026, 1, 5, 6, 30, tzinfo=UTC))
        >>> p50.round(), p90.round()
        (array([1205., 2593.]), array([1903., 4095.]))
        """
        trips = Trips(
            (np.asarray(origin_lon, np.float64), np.asarray(origin_lat, np.float64)),
            (np.array([destination_lon]), np.array([destination_lat])),
            Clock.at(started_at, self.timezone),
        )
        median, promised = self._quantiles(trips, (0.5, PROMISED))
        return median, promised

    def slowdown(self, started_at: datetime) -> float:
        """Return how many times longer a trip takes at an instant than at the week's best hour.

        Road engines without traffic answer for free roads; this turns their times into real ones.

        Examples
        --------
        >>> from datetime import UTC
        >>> round(cold_start().slowdown(datetime(2026, 1, 5, 15, tzinfo=UTC)), 2)
        2.12
        """
        level = Clock.at(started_at, self.timezone).interpolated(self.base.level)
        return float(np.exp(level[0] - self.base.level.min()))

    def observe(self, trips: pl.DataFrame) -> "DeliveryTimeModel":
        """Roll the band forward over finished trips, and return the model itself.

        Call it with each batch of outcomes once, in the order of time and before the next
        predictions; `trips` has the columns of `predict` and `duration_seconds`. Base, trees and
        spread stay as they are until the next `fit`.

        Raises
        ------
        InvalidFrame
            A column is missing, has another type, or holds values that no trip can have.

        Examples
        --------
        >>> trips = pl.DataFrame({
        ...     "origin_lon": [31.2357], "origin_lat": [30.0444],
        ...     "destination_lon": [31.2089], "destination_lat": [30.0131],
        ...     "started_at": [datetime(2026, 1, 5, 8, 30)], "duration_seconds": [5000.0],
        ... })
        >>> model = cold_start()
        >>> before = model.predict(trips)["q0.9"][0]
        >>> model.observe(trips).predict(trips)["q0.9"][0] > before
        True
        """
        finished, seconds, _ = finished_trips(trips, self.timezone)
        log_seconds, spread = self._expected(finished)
        scores = (np.log(np.maximum(seconds, _SHORTEST_SECONDS)) - log_seconds) / spread
        self.band = self.band.after(scores, finished.journey.log_km)
        self.__dict__.pop("version", None)
        return self

    @cached_property
    def version(self) -> str:
        """A short hash of everything that decides an answer."""
        return hashlib.sha256(self.to_bytes()).hexdigest()[:12]

    def to_bytes(self) -> bytes:
        """Return the model as bytes that `from_bytes` reads back exactly."""
        return stored.pack({field.name: getattr(self, field.name) for field in fields(self)})

    def _quantiles(self, trips: Trips, levels: Sequence[float]) -> list[Floats]:
        log_seconds, spread = self._expected(trips)
        scores = [self.band.quantile(level, trips.journey.log_km) for level in levels]
        return [
            np.exp(np.minimum(np.maximum(log_seconds + spread * score, 0.0), _LONGEST_LOG_SECONDS))
            for score in scores
        ]

    def _expected(self, trips: Trips) -> tuple[Floats, Floats]:
        """Return the expected log seconds and their spread, both of shape (n,)."""
        log_seconds = self.base.at(trips.terms)
        if len(self.trees.leaf_values):
            log_seconds = log_seconds + self.trees.total(trips.columns(self.centre))
        return log_seconds, spread_of(self.spread, trips.terms)


def cold_start(*, timezone: str = "Africa/Cairo") -> DeliveryTimeModel:
    """Return the documented prior for a city like Greater Cairo: useful before the first trip.

    Raises
    ------
    InvalidInput
        There is no such `timezone`.

    Examples
    --------
    >>> cold_start().source
    'prior'
    """
    return DeliveryTimeModel(
        source="prior",
        timezone=known_timezone(timezone),
        trips_seen=0,
        centre=_CAIRO,
        base=PRIOR,
        trees=NO_TREES,
        spread=SPREAD_PRIOR,
        band=Band.prior(),
        preparation=PRIOR_FLEET,
    )


def from_bytes(data: bytes) -> DeliveryTimeModel:
    """Return the model that `DeliveryTimeModel.to_bytes` wrote, exactly as it was.

    Raises
    ------
    ModelUnreadable
        The bytes were cut, changed, or written in another format.

    Examples
    --------
    >>> from_bytes(cold_start().to_bytes()).version == cold_start().version
    True
    """
    parts = stored.unpack(data)
    return DeliveryTimeModel(
        source=parts["source"],
        timezone=parts["timezone"],
        trips_seen=parts["trips_seen"],
        centre=(parts["centre"][0], parts["centre"][1]),
        base=LogLinear(**_arrays(parts["base"])),
        trees=_trees(parts["trees"]),
        spread=LogLinear(**_arrays(parts["spread"])),
        band=Band(**_arrays(parts["band"])),
        preparation=PreparationFleet(**parts["preparation"]),
    )


def _arrays(part: dict[str, list[float]]) -> dict[str, Floats]:
    return {name: np.array(values, np.float64) for name, values in part.items()}


def _trees(part: dict[str, Any]) -> Trees:
    if not part["leaf_values"]:
        return NO_TREES
    return Trees(
        split_tree=np.array(part["split_tree"], np.int64),
        split_feature=np.array(part["split_feature"], np.int64),
        split_threshold=np.array(part["split_threshold"], np.float64),
        split_leaves=np.array(part["split_leaves"], np.int64).reshape(-1, 2),
        leaf_values=np.array(part["leaf_values"], np.float64),
    )
