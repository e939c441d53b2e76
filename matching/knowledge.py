"""What matching must know before it is asked: makes, weights, the delivery-time model.

Reads: make, make_alias, ranking_weight, model_version. Small and seldom changed, so the door loads
it once and again from time to time, not with each request.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl
from sqlalchemy.orm import Session

from clutch.errors import ClutchError
from matching import delivery_time, queries
from matching.delivery_time import DeliveryTimeModel
from matching.makes import MakeDirectory
from matching.ranking import Weights

__all__ = [
    "DELIVERY_TIME",
    "Knowledge",
    "TooFewDeliveries",
    "forget_old_models",
    "load_knowledge",
    "observe_deliveries",
    "train_delivery_time",
]

DELIVERY_TIME = "delivery_time"
"""The name under which the delivery-time model is kept."""

_KEPT = dt.timedelta(days=30)
_FEWEST_TRIPS, _HISTORY_TRIPS = 30, 50_000


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The makes, the newest weights, and the newest delivery-time model (the prior if none)."""

    makes: MakeDirectory
    weights: Weights
    delivery: DeliveryTimeModel
    delivery_version: str


def load_knowledge(session: Session) -> Knowledge:
    """Read the newest version of everything."""
    trained = queries.newest_model(session, DELIVERY_TIME)
    delivery = delivery_time.from_bytes(trained[1]) if trained else delivery_time.cold_start()
    return Knowledge(
        makes=MakeDirectory(queries.make_names(session)),
        weights=Weights(*queries.newest_weights(session)),
        delivery=delivery,
        delivery_version=delivery.version,
    )


class TooFewDeliveries(ClutchError):
    """There is next to nothing to learn from; the model that serves stays."""

    def __init__(self, found: int) -> None:
        self.found = found
        super().__init__(
            f"{found} past deliveries are too few to learn from: bring {_FEWEST_TRIPS} or more"
            " with `clutch import trips FILE`, or make some up with `clutch seed`"
        )


def train_delivery_time(session: Session) -> tuple[str, int]:
    """Learn delivery times from the newest past deliveries, and keep the model.

    Returns the version of the model and the number of deliveries it was learned from. The same
    deliveries give the same version; training on them again makes it the newest again.

    Raises
    ------
    TooFewDeliveries
        There are fewer than 30 past deliveries.
    """
    trips = queries.delivery_history(session, count=_HISTORY_TRIPS)
    if trips.height < _FEWEST_TRIPS:
        raise TooFewDeliveries(trips.height)
    model = delivery_time.fit(trips)
    queries.add_model_version(
        session,
        name=DELIVERY_TIME,
        version=model.version,
        parameters=model.to_bytes(),
        trained_rows=trips.height,
    )
    return model.version, trips.height


def observe_deliveries(session: Session, trips: pl.DataFrame) -> str:
    """Roll the newest delivery-time model forward over finished trips; keep and return its version.

    `trips` are as `DeliveryTimeModel.observe` takes them, each once and in the order of time.
    """
    newest = queries.newest_model(session, DELIVERY_TIME)
    model = delivery_time.from_bytes(newest[1]) if newest else delivery_time.cold_start()
    model.observe(trips)
    queries.add_model_version(
        session,
        name=DELIVERY_TIME,
        version=model.version,
        parameters=model.to_bytes(),
        trained_rows=model.trips_seen,
    )
    return model.version


def forget_old_models(session: Session, *, now: dt.datetime) -> int:
    """Delete the delivery-time models that no longer served a month ago; say how many."""
    return queries.delete_superseded_models(session, DELIVERY_TIME, before=now - _KEPT)
