"""What matching must know before it is asked: makes, weights, the delivery-time model.

Reads: make, make_alias, ranking_weight, model_version. Small and seldom changed, so the door loads
it once and again from time to time, not with each request.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from matching import delivery_time, queries
from matching.delivery_time import DeliveryTimeModel
from matching.makes import MakeDirectory
from matching.ranking import Weights

__all__ = ["DELIVERY_TIME", "Knowledge", "load_knowledge", "train_delivery_time"]

DELIVERY_TIME = "delivery_time"
"""The name under which the delivery-time model is kept."""

_HISTORY_TRIPS = 50_000


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


def train_delivery_time(session: Session) -> tuple[str, int]:
    """Learn delivery times from the newest past deliveries, and keep the model.

    Returns the version of the model and the number of deliveries it was learned from.

    Raises
    ------
    InvalidInput
        There are too few past deliveries to learn from.
    """
    trips = queries.delivery_history(session, count=_HISTORY_TRIPS)
    model = delivery_time.fit(trips)
    queries.add_model_version(
        session,
        name=DELIVERY_TIME,
        version=model.version,
        parameters=model.to_bytes(),
        trained_rows=trips.height,
    )
    return model.version, trips.height
