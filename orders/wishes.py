"""What a customer says of an order, and how it is kept.

Reads: vehicle, stored_file. Writes: order_part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from clutch.errors import InvalidInput
from clutch.names import part_number_key
from matching.makes import MakeDirectory
from orders.privacy import cell_of
from orders.queries import requests as queries
from orders.queries import vehicles
from orders.queries.requests import PartRow
from orders.vehicles import Car, identified

__all__ = ["PartWish", "Wishes", "keep_parts", "wish_of", "wished_columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartWish:
    """A part asked for: by number, by name, or in free words."""

    number: str | None = None
    name: str | None = None
    description: str | None = None
    quantity: int = 1
    condition: str | None = None
    photo_ids: Sequence[UUID] = ()


class Wishes(TypedDict, total=False):
    """What a customer says of an order; what is left out stays as it is.

    `vehicle` is a car, or the id of one in their garage; `delivery_point` is (lon, lat).
    """

    vehicle: Car | UUID
    delivery_point: tuple[float, float]
    delivery_address: str | None
    parts: Sequence[PartWish]
    notes: str | None
    priority: str


def wished_columns(
    session: Session, wishes: Wishes, *, user_id: UUID, makes: MakeDirectory
) -> dict[str, Any]:
    """Return the columns of an order that the wishes set.

    Raises
    ------
    UnknownMake, InvalidInput
        The car cannot be one, or is not in the customer's garage.
    """
    columns: dict[str, Any] = {
        name: wishes[name] for name in ("delivery_address", "notes", "priority") if name in wishes
    }
    if "delivery_point" in wishes:
        point = wishes["delivery_point"]
        columns |= {"delivery_point": point, "cell": cell_of(*point)}
    if "vehicle" in wishes:
        columns |= _car_columns(session, wishes["vehicle"], user_id=user_id, makes=makes)
    return columns


def _car_columns(
    session: Session, vehicle: Car | UUID, *, user_id: UUID, makes: MakeDirectory
) -> dict[str, Any]:
    if isinstance(vehicle, Car):
        car = identified(vehicle, makes, field="vehicle.")
        return {
            "vehicle_id": None,
            "brand_id": car["brand_id"],
            "vehicle_model": car["model"],
            "vehicle_year": car["year"],
            "vin": car["vin"],
        }
    row = vehicles.vehicle(session, vehicle, user_id)
    if row is None:
        raise InvalidInput("vehicle_id", "the id of a vehicle in your garage")
    return {
        "vehicle_id": row.vehicle_id,
        "brand_id": row.brand_id,
        "vehicle_model": row.model,
        "vehicle_year": row.year,
        "vin": row.vin,
    }


def keep_parts(
    session: Session, order_id: UUID, parts: Sequence[PartWish], *, user_id: UUID
) -> None:
    """Keep the parts that an order asks for, in the place of those it asked for before.

    Raises
    ------
    InvalidInput
        A photo is not the customer's own, or a number has neither letters nor digits.
    """
    photos = {photo_id for part in parts for photo_id in part.photo_ids}
    own = queries.own_photos(session, user_id, photos) if photos else set()
    for place, part in enumerate(parts):
        if not own.issuperset(part.photo_ids):
            raise InvalidInput(f"parts[{place}].photo_ids", "photos of parts that you uploaded")
        if part.number is not None and not part_number_key(part.number):
            raise InvalidInput(f"parts[{place}].number", "a number with letters or digits")
    rows = [_row(line, part) for line, part in enumerate(parts, start=1)]
    queries.replace_parts(session, order_id, rows)


def _row(line: int, part: PartWish) -> PartRow:
    return PartRow(
        line=line,
        part_number=part.number,
        part_key=None if part.number is None else part_number_key(part.number),
        name=part.name,
        description=part.description,
        quantity=part.quantity,
        condition=part.condition,
        photo_ids=list(part.photo_ids),
    )


def wish_of(part: PartRow) -> PartWish:
    """Return the wish that a part was kept of."""
    return PartWish(
        number=part.part_number,
        name=part.name,
        description=part.description,
        quantity=part.quantity,
        condition=part.condition,
        photo_ids=part.photo_ids,
    )
