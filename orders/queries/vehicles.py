"""The SQL of garages.

Reads/Writes: vehicle. Reads: make.
"""

import datetime as dt
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from storage.tables.makes import Make
from storage.tables.orders import Vehicle

__all__ = [
    "VehicleRow",
    "add_vehicle",
    "count_vehicles",
    "remove_vehicle",
    "update_vehicle",
    "vehicle",
    "vehicles_of",
]


class VehicleRow(NamedTuple):
    """A car in a garage."""

    vehicle_id: UUID
    user_id: UUID
    brand_id: int
    make: str
    make_ar: str
    model: str | None
    year: int | None
    vin: str | None
    plate: str | None
    name: str | None
    created_at: dt.datetime


_COLUMNS = [
    {"make": Make.name_en, "make_ar": Make.name_ar}.get(name) or getattr(Vehicle, name)
    for name in VehicleRow._fields
]
_VEHICLES = select(*_COLUMNS).join(Make, Make.brand_id == Vehicle.brand_id)


def vehicles_of(session: Session, user_id: UUID) -> list[VehicleRow]:
    """Return the garage of a person, newest car first."""
    rows = session.execute(
        _VEHICLES.where(Vehicle.user_id == user_id).order_by(
            Vehicle.created_at.desc(), Vehicle.vehicle_id
        )
    )
    return [VehicleRow._make(row) for row in rows]


def count_vehicles(session: Session, user_id: UUID) -> int:
    """Return how many cars a person's garage holds."""
    return session.scalars(
        select(func.count()).select_from(Vehicle).where(Vehicle.user_id == user_id)
    ).one()


def vehicle(session: Session, vehicle_id: UUID, user_id: UUID) -> VehicleRow | None:
    """Return a car of this person's garage, or None where there is none."""
    row = session.execute(
        _VEHICLES.where(Vehicle.vehicle_id == vehicle_id, Vehicle.user_id == user_id)
    ).first()
    return None if row is None else VehicleRow._make(row)


def add_vehicle(session: Session, **values: Any) -> None:
    """Put a car into a garage."""
    session.execute(insert(Vehicle).values(**values))


def update_vehicle(session: Session, vehicle_id: UUID, user_id: UUID, **values: Any) -> bool:
    """Change a car of this person's; False where there is none."""
    changed = session.execute(
        update(Vehicle)
        .where(Vehicle.vehicle_id == vehicle_id, Vehicle.user_id == user_id)
        .values(**values)
        .returning(Vehicle.vehicle_id)
    )
    return changed.first() is not None


def remove_vehicle(session: Session, vehicle_id: UUID, user_id: UUID) -> bool:
    """Remove a car of this person's; False where there is none. Orders keep what it was."""
    removed = session.execute(
        delete(Vehicle)
        .where(Vehicle.vehicle_id == vehicle_id, Vehicle.user_id == user_id)
        .returning(Vehicle.vehicle_id)
    )
    return removed.first() is not None
