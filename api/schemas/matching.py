"""What the order service sends to `POST /matching/shops`."""

from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from api.schemas.strict import STRICT, with_examples
from api.schemas.texts import Text
from matching.nearby import PartWanted, Question

__all__ = ["GeoPoint", "Latitude", "Longitude", "MatchRequest"]


def _within(name: str, most: float) -> Callable[[float], float]:
    """Give a check whose error reminds of GeoJSON's order, for swapped ones are common."""

    def check(degrees: float) -> float:
        if -most <= degrees <= most:
            return degrees
        raise ValueError(
            f"a {name} from -{most} to {most} (GeoJSON's order is [longitude, latitude])"
        )

    return check


Longitude = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False, json_schema_extra={"minimum": -180, "maximum": 180}),
    AfterValidator(_within("longitude", 180)),
]
Latitude = Annotated[
    float,
    Field(strict=True, allow_inf_nan=False, json_schema_extra={"minimum": -90, "maximum": 90}),
    AfterValidator(_within("latitude", 90)),
]


class GeoPoint(BaseModel):
    """A GeoJSON point (RFC 7946): `[longitude, latitude]` in degrees, WGS 84."""

    model_config = STRICT

    type: Literal["Point"]
    coordinates: Annotated[tuple[Longitude, Latitude], Field(strict=False)]


class Vehicle(BaseModel):
    """The car: its make by any known name, English or Arabic; model and year where known."""

    model_config = STRICT

    make: Text
    model: Text | None = None
    year: Annotated[int, Field(ge=1900, le=2100)] | None = None


class Part(BaseModel):
    """A part asked for, by number or by name."""

    model_config = STRICT

    number: Text | None = None
    name: Text | None = None
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.number is None and self.name is None:
            raise ValueError("a number or a name")
        return self


class MatchRequest(BaseModel):
    """The order service's question: which nearby shops, in what order, and by when."""

    model_config = with_examples(
        {
            "vehicle": {"make": "Toyota", "model": "Corolla", "year": 2019},
            "delivery_location": {"type": "Point", "coordinates": [31.2357, 30.0444]},
            "parts": [{"number": "04465-02220", "quantity": 1}],
            "limit": 3,
        },
        {
            "vehicle": {"make": "فولكس فاجن"},
            "delivery_location": {"type": "Point", "coordinates": [29.9187, 31.2001]},
            "max_distance_km": 25,
        },
    )

    vehicle: Vehicle
    delivery_location: GeoPoint
    parts: Annotated[list[Part], Field(max_length=50)] = []
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    max_distance_km: Annotated[float, Field(gt=0, le=20_100, allow_inf_nan=False)] | None = None

    def question(self) -> Question:
        """Return the request in the words of matching."""
        lon, lat = self.delivery_location.coordinates
        return Question(
            make=self.vehicle.make,
            lon=lon,
            lat=lat,
            parts=[PartWanted(part.number, part.quantity) for part in self.parts],
            limit=self.limit,
            max_distance_km=self.max_distance_km,
        )
