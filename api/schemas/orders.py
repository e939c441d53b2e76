"""What customers send about their cars and their orders, and shops in answer to them."""

from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from api.schemas.changes import Change
from api.schemas.matching import GeoPoint
from api.schemas.strict import STRICT, Id, with_examples
from api.schemas.texts import LINE, LINES, Text, Words
from orders.lifecycle import Status
from orders.vehicles import Car
from orders.wishes import PartWish, Wishes

__all__ = [
    "Cancellation",
    "CopyRequest",
    "Declination",
    "GarageVehicle",
    "OrderChange",
    "OrderRequest",
    "Refusal",
]

_LOCATION: Any = {"type": "Point", "coordinates": [31.2357, 30.0444]}

Plate = Annotated[str, Field(min_length=1, max_length=20, pattern=LINE)]
Reason = Annotated[str, Field(min_length=1, max_length=250, pattern=LINE)]
Address = Annotated[str, Field(min_length=1, max_length=300, pattern=LINES)]
Chassis = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        pattern=LINE,
        description="17 letters and digits, or the shorter chassis number of an old car.",
    ),
]


class OrderVehicle(BaseModel):
    """A car: its make by any known name, English or Arabic; the rest where known."""

    model_config = STRICT

    make: Text
    model: Text | None = None
    year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    vin: Chassis | None = None

    def car(self) -> Car:
        """Return it in the words of orders."""
        return Car(make=self.make, model=self.model, year=self.year, vin=self.vin)


class GarageVehicle(OrderVehicle):
    """A car for the garage; `name` is what its owner calls it."""

    model_config = with_examples(
        {"make": "هيونداي", "model": "Verna", "year": 2012, "vin": "KMHCN41DBCU123456"},
        {
            "make": "Fiat",
            "model": "128",
            "year": 1979,
            "name": "my father's",
            "plate": "س ص ٤٢١",
        },
    )

    plate: Plate | None = None
    name: Text | None = None


class OrderPart(BaseModel):
    """A part asked for: by number, by name or described in free words, with photos of it.

    Every shop that is asked reads this: no names, addresses or phone numbers, please.
    """

    model_config = STRICT

    number: Text | None = None
    name: Text | None = None
    description: Words | None = None
    quantity: Annotated[int, Field(ge=1, le=1000)] = 1
    condition: Annotated[
        Literal["oem", "aftermarket", "used"] | None,
        Field(description="Left out: any will do."),
    ] = None
    photo_ids: Annotated[
        list[Id],
        Field(
            max_length=5, description="Of files that you uploaded with the purpose `part_photo`."
        ),
    ] = []

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.number is None and self.name is None and self.description is None:
            raise ValueError("a number, a name or a description")
        return self

    def wish(self) -> PartWish:
        """Return it in the words of orders."""
        return PartWish(**{**dict(self), "photo_ids": tuple(dict.fromkeys(self.photo_ids))})


class _Asked(BaseModel):
    """What an order can say; nothing of it has to be there."""

    model_config = STRICT

    vehicle: OrderVehicle | None = None
    vehicle_id: Annotated[Id | None, Field(description="Of a car in your garage.")] = None
    delivery_location: GeoPoint | None = None
    delivery_address: Annotated[
        Address | None, Field(description="Only the shop whose quote you accept reads it.")
    ] = None
    parts: Annotated[list[OrderPart], Field(max_length=50)] = []
    notes: Annotated[
        Words | None,
        Field(description="For the delivery; only the shop whose quote you accept reads them."),
    ] = None
    priority: Literal["normal", "urgent"] = "normal"

    @model_validator(mode="after")
    def _one_vehicle(self) -> Self:
        if self.vehicle is not None and self.vehicle_id is not None:
            raise ValueError("a vehicle or a vehicle_id, not both")
        return self

    def wishes(self) -> Wishes:
        """Return what was said, and of the rest nothing."""
        said: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("delivery_address", "notes", "priority")
            if name in self.model_fields_set
        }
        vehicle = self.vehicle.car() if self.vehicle else self.vehicle_id
        if vehicle is not None:
            said["vehicle"] = vehicle
        if self.delivery_location is not None:
            said["delivery_point"] = self.delivery_location.coordinates
        if "parts" in self.model_fields_set:
            said["parts"] = [part.wish() for part in self.parts]
        return cast("Wishes", said)


class OrderRequest(_Asked):
    """A new order: for which car, which parts, and to where."""

    model_config = with_examples(
        {
            "vehicle": {"make": "Toyota", "model": "Corolla", "year": 2019},
            "delivery_location": _LOCATION,
            "delivery_address": "12 Talaat Harb Street, third floor",
            "parts": [
                {"number": "04465-02220", "quantity": 1, "condition": "oem"},
                {"name": "فلتر زيت", "quantity": 1},
            ],
            "submit": True,
        }
    )

    delivery_location: GeoPoint
    submit: Annotated[bool, Field(description="Send it to the shops at once.")] = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.vehicle is None and self.vehicle_id is None:
            raise ValueError("a vehicle or a vehicle_id")
        if self.submit and not self.parts:
            raise ValueError("at least one of parts")
        return self


class OrderChange(Change, _Asked):
    """What is to change; the rest stays. `status` is where the order goes with it."""

    model_config = with_examples(
        {"parts": [{"name": "front brake pads", "quantity": 1}], "status": "submitted"},
        {"status": "cancelled", "reason": "I found it at home"},
    )

    status: Annotated[Status | None, Field(strict=False)] = None
    reason: Annotated[
        Reason | None, Field(description="Why it is cancelled; with that `status` alone.")
    ] = None

    @field_validator("reason")
    @classmethod
    def _for_cancelling(cls, reason: str | None, info: ValidationInfo) -> str | None:
        # A status that is none was refused already.
        if reason is not None and info.data.get("status", Status.CANCELLED) != Status.CANCELLED:
            raise ValueError("a reason only where the status is cancelled")
        return reason

    @model_validator(mode="after")
    def _nothing_lost(self) -> Self:
        said = self.model_fields_set
        if "delivery_location" in said and self.delivery_location is None:
            raise ValueError("a delivery_location, or nothing said of it")
        if said & {"vehicle", "vehicle_id"} and self.vehicle is None and self.vehicle_id is None:
            raise ValueError("a vehicle or a vehicle_id, or nothing said of either")
        return self


class CopyRequest(BaseModel):
    """Whether the copy goes to the shops at once."""

    model_config = with_examples({"submit": True})

    submit: bool = False


class Cancellation(BaseModel):
    """Why an order is cancelled."""

    model_config = with_examples({"reason": "I found it at home"})

    reason: Reason | None = None


class Declination(BaseModel):
    """Why a shop will not quote."""

    model_config = with_examples({"reason": "not in stock before next week"})

    reason: Reason | None = None


class Refusal(BaseModel):
    """Why a shop gives an order back that it has won; its customer reads it."""

    model_config = with_examples({"reason": "the last one was damaged"})

    reason: Reason
