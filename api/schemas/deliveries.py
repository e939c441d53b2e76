"""What shops send while they deliver, and customers afterwards."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from api.schemas.matching import GeoPoint
from api.schemas.onboarding import Phone
from api.schemas.strict import Id, with_examples
from api.schemas.texts import Text, Words

__all__ = [
    "AssignRequest",
    "DeliverRequest",
    "FailRequest",
    "Instant",
    "PositionRequest",
    "RatingRequest",
]


def _near_our_time(at: dt.datetime) -> dt.datetime:
    if 2000 <= at.year <= 2200:
        return at.astimezone(dt.UTC)
    raise ValueError("a time of this century, ISO 8601 with its offset")


Instant = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_near_our_time)]
"""An instant, ISO 8601 with its offset."""


class AssignRequest(BaseModel):
    """Who brings the parts."""

    model_config = with_examples({"courier_name": "Hassan", "courier_phone": "010 1234 5678"})

    courier_name: Text
    courier_phone: Phone


class PositionRequest(BaseModel):
    """Where the courier was, and when."""

    model_config = with_examples(
        {
            "point": {"type": "Point", "coordinates": [31.2357, 30.0444]},
            "at": "2026-11-22T12:00:00Z",
        }
    )

    point: GeoPoint
    at: Instant


class DeliverRequest(BaseModel):
    """The proof: who received it, or a photo; and for cash what was collected."""

    model_config = with_examples({"received_by": "Mona Adel", "collected_piastres": 48_000})

    received_by: Text | None = None
    proof_file_id: Id | None = None
    collected_piastres: Annotated[int, Field(ge=0, le=100_000_000_000)] | None = None


class FailRequest(BaseModel):
    """Why it could not be handed over."""

    model_config = with_examples({"reason": "Nobody was at home."})

    reason: Text


class RatingRequest(BaseModel):
    """What the customer thought: 1 to 5 stars, and a word where they like."""

    model_config = with_examples({"stars": 5, "comment": "Quick, and the right part."})

    stars: Annotated[int, Field(ge=1, le=5)]
    comment: Words | None = None
