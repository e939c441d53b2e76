"""Cars: what a customer says theirs is, and the garage that remembers it.

Reads/Writes: vehicle.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import Conflict, NotFound
from clutch.ids import uuid7
from matching.makes import MakeDirectory
from orders.queries import vehicles as queries
from orders.queries.vehicles import VehicleRow
from orders.vin import VinHint, chassis_number, vin_hint

__all__ = [
    "Car",
    "Garage",
    "GarageFull",
    "IdentifiedCar",
    "VehicleView",
    "add_vehicle",
    "garage",
    "identified",
    "remove_vehicle",
    "replace_vehicle",
    "vehicle_view",
]

_MOST_VEHICLES = 50


class GarageFull(Conflict):
    """The garage holds as many cars as it can."""

    def __init__(self) -> None:
        super().__init__(
            f"a garage holds {_MOST_VEHICLES} vehicles at most", allowed=["remove a vehicle"]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A car as its owner names it; `make` by any known name, `vin` as typed."""

    make: str
    model: str | None = None
    year: int | None = None
    vin: str | None = None


class IdentifiedCar(TypedDict):
    """A car by its brand, its number as it is stamped."""

    brand_id: int
    model: str | None
    year: int | None
    vin: str | None


class VehicleView(TypedDict):
    """A car in the garage; `vin_hint` says what its chassis number hints at."""

    vehicle_id: UUID
    make: str
    make_ar: str
    model: str | None
    year: int | None
    vin: str | None
    vin_hint: VinHint | None
    plate: str | None
    name: str | None
    created_at: dt.datetime


class Garage(TypedDict):
    """A customer's cars, newest first."""

    vehicles: list[VehicleView]


def identified(car: Car, makes: MakeDirectory, *, field: str = "") -> IdentifiedCar:
    """Return which make and number a car has; `field` is where it stood: `vehicle.`.

    Raises
    ------
    UnknownMake
        No make goes by this name.
    InvalidInput
        The VIN cannot be one.
    """
    return {
        "brand_id": makes.find(car.make, field=f"{field}make").brand_id,
        "model": car.model,
        "year": car.year,
        "vin": None if car.vin is None else chassis_number(car.vin, field=f"{field}vin"),
    }


def add_vehicle(
    session: Session,
    car: Car,
    *,
    plate: str | None,
    name: str | None,
    user_id: UUID,
    makes: MakeDirectory,
    now: dt.datetime,
) -> VehicleView:
    """Put a car into a customer's garage.

    Raises
    ------
    UnknownMake, InvalidInput
        The car cannot be one.
    GarageFull
        There are too many already.
    """
    if queries.count_vehicles(session, user_id) >= _MOST_VEHICLES:
        raise GarageFull
    vehicle_id = uuid7()
    columns: dict[str, Any] = {**identified(car, makes), "plate": plate, "name": name}
    queries.add_vehicle(session, vehicle_id=vehicle_id, user_id=user_id, created_at=now, **columns)
    return vehicle_view(session, vehicle_id, user_id=user_id)


def garage(session: Session, *, user_id: UUID) -> Garage:
    """Return a customer's cars."""
    return {"vehicles": [_view(row) for row in queries.vehicles_of(session, user_id)]}


def vehicle_view(session: Session, vehicle_id: UUID, *, user_id: UUID) -> VehicleView:
    """Return a car of this customer's.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    """
    row = queries.vehicle(session, vehicle_id, user_id)
    if row is None:
        raise NotFound("vehicle")
    return _view(row)


def replace_vehicle(
    session: Session,
    vehicle_id: UUID,
    car: Car,
    *,
    plate: str | None,
    name: str | None,
    user_id: UUID,
    makes: MakeDirectory,
) -> VehicleView:
    """Say anew what a car is; orders keep what it was when they were made.

    Raises
    ------
    UnknownMake, InvalidInput
        The car cannot be one.
    NotFound
        There is none, or it is somebody else's.
    """
    columns: dict[str, Any] = {**identified(car, makes), "plate": plate, "name": name}
    if not queries.update_vehicle(session, vehicle_id, user_id, **columns):
        raise NotFound("vehicle")
    return vehicle_view(session, vehicle_id, user_id=user_id)


def remove_vehicle(session: Session, vehicle_id: UUID, *, user_id: UUID) -> None:
    """Take a car out of a customer's garage.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    """
    if not queries.remove_vehicle(session, vehicle_id, user_id):
        raise NotFound("vehicle")


def _view(row: VehicleRow) -> VehicleView:
    return {
        "vehicle_id": row.vehicle_id,
        "make": row.make,
        "make_ar": row.make_ar,
        "model": row.model,
        "year": row.year,
        "vin": row.vin,
        "vin_hint": vin_hint(row.vin, row.make),
        "plate": row.plate,
        "name": row.name,
        "created_at": row.created_at,
    }
