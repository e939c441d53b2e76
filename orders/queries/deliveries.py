"""The SQL of deliveries.

Reads/Writes: delivery, delivery_position, past_delivery. Reads: shop, parts_order,
order_transition, stored_file.
"""

import datetime as dt
from typing import Any, NamedTuple
from uuid import UUID

import polars as pl
from sqlalchemy import Select, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from clutch.errors import NotFound
from storage.tables.files import StoredFile
from storage.tables.payments import Delivery, DeliveryPosition

__all__ = [
    "DeliveryRow",
    "PositionRow",
    "add_delivery",
    "add_position",
    "cancel_delivery",
    "change_delivery",
    "delivery",
    "delivery_for_update",
    "delivery_of_shop",
    "is_proof_for",
    "is_proof_of",
    "late_deliveries",
    "mark_late",
    "newest_position",
    "positions",
    "remember_trip",
    "take_outcomes",
]

# A trip shorter or longer than this says more of who pressed the button than of the road.
_SHORTEST_SECONDS, _LONGEST_SECONDS = 60, 86_400
_LONGEST_PREPARATION_SECONDS = 7 * 86_400


class DeliveryRow(NamedTuple):
    """A delivery."""

    delivery_id: UUID
    order_id: UUID
    shop_id: UUID
    user_id: UUID
    status: str
    courier_name: str | None
    courier_phone: str | None
    promise_at: dt.datetime | None
    accepted_at: dt.datetime
    picked_up_at: dt.datetime | None
    delivered_at: dt.datetime | None
    late_alerted_at: dt.datetime | None
    received_by: str | None
    proof_file_id: UUID | None
    failure: str | None


class PositionRow(NamedTuple):
    """Where a courier was; degrees."""

    at: dt.datetime
    lon: float
    lat: float


_COLUMNS = [getattr(Delivery, name) for name in DeliveryRow._fields]
_UNTOLD = (
    Delivery.late_alerted_at.is_(None),
    Delivery.status.not_in(("delivered", "cancelled")),
)
_POSITION = [
    DeliveryPosition.at,
    func.ST_X(DeliveryPosition.point),
    func.ST_Y(DeliveryPosition.point),
]


def delivery(session: Session, delivery_id: UUID) -> DeliveryRow:
    """Return a delivery that the transaction may see.

    Raises
    ------
    NotFound
        There is none.
    """
    return _one(session, select(*_COLUMNS).where(Delivery.delivery_id == delivery_id))


def delivery_of_shop(session: Session, delivery_id: UUID, shop_id: UUID) -> DeliveryRow:
    """Return a delivery of a shop: who works there may be the customer of another.

    Raises
    ------
    NotFound
        There is none, or it is not the shop's.
    """
    found = delivery(session, delivery_id)
    if found.shop_id != shop_id:
        raise NotFound("delivery")
    return found


def delivery_for_update(session: Session, delivery_id: UUID) -> DeliveryRow:
    """Return a delivery and lock it; its order and payment are locked already.

    Raises
    ------
    NotFound
        There is none.
    """
    found = select(*_COLUMNS).where(Delivery.delivery_id == delivery_id)
    return _one(session, found.with_for_update())


def _one(session: Session, rows: Select[Any]) -> DeliveryRow:
    row = session.execute(rows).first()
    if row is None:
        raise NotFound("delivery")
    return DeliveryRow._make(row)


def add_delivery(session: Session, **values: Any) -> None:
    """Keep a new delivery."""
    session.execute(insert(Delivery).values(**values))


def change_delivery(session: Session, delivery_id: UUID, **values: Any) -> None:
    """Set columns of a delivery that is locked."""
    session.execute(update(Delivery).where(Delivery.delivery_id == delivery_id).values(**values))


def cancel_delivery(session: Session, order_id: UUID) -> None:
    """Cancel the delivery of an order unless it is done."""
    session.execute(
        update(Delivery)
        .where(Delivery.order_id == order_id, Delivery.status != "delivered")
        .values(status="cancelled")
    )


def mark_late(session: Session, delivery_id: UUID, *, now: dt.datetime) -> DeliveryRow | None:
    """Mark a delivery as one that people were alerted of; None unless it is late, and the first."""
    row = session.execute(
        update(Delivery)
        .where(Delivery.delivery_id == delivery_id, *_UNTOLD, Delivery.promise_at <= now)
        .values(late_alerted_at=now)
        .returning(*_COLUMNS)
    ).first()
    return None if row is None else DeliveryRow._make(row)


def late_deliveries(session: Session, now: dt.datetime, *, limit: int) -> list[UUID]:
    """Return deliveries past their promise that nobody was alerted of, oldest promise first."""
    rows = session.scalars(
        select(Delivery.delivery_id)
        .where(*_UNTOLD, Delivery.promise_at <= now)
        .order_by(Delivery.promise_at)
        .limit(limit)
    )
    return list(rows)


def is_proof_of(session: Session, file_id: UUID, *, user_id: UUID) -> bool:
    """Say whether a file is a proof of delivery that this person uploaded."""
    found = session.execute(
        select(StoredFile.file_id).where(
            StoredFile.file_id == file_id,
            StoredFile.user_id == user_id,
            StoredFile.purpose == "proof_of_delivery",
        )
    )
    return found.first() is not None


def is_proof_for(session: Session, file_id: UUID, *, user_id: UUID, shop_id: UUID | None) -> bool:
    """Say whether a file is the proof of a delivery to this person or by this shop."""
    found = session.execute(
        select(Delivery.delivery_id).where(
            Delivery.proof_file_id == file_id,
            or_(Delivery.user_id == user_id, Delivery.shop_id == shop_id),
        )
    )
    return found.first() is not None


def add_position(
    session: Session, delivery: DeliveryRow, lon: float, lat: float, *, at: dt.datetime
) -> None:
    """Keep where the courier was."""
    row = upsert(DeliveryPosition).values(
        delivery_id=delivery.delivery_id,
        at=at,
        shop_id=delivery.shop_id,
        user_id=delivery.user_id,
        point=func.ST_SetSRID(func.ST_MakePoint(lon, lat), 4326),
    )
    session.execute(row.on_conflict_do_nothing())


def newest_position(session: Session, delivery_id: UUID) -> PositionRow | None:
    """Return where the courier was last."""
    return next(iter(positions(session, delivery_id, limit=1)), None)


def positions(session: Session, delivery_id: UUID, *, limit: int) -> list[PositionRow]:
    """Return where the courier was, the latest first."""
    rows = session.execute(
        select(*_POSITION)
        .where(DeliveryPosition.delivery_id == delivery_id)
        .order_by(DeliveryPosition.at.desc())
        .limit(limit)
    )
    return [PositionRow._make(row) for row in rows]


# A delivery that failed is picked up again: the parts were ready when the order was first shipped.
_REMEMBER = text("""
INSERT INTO past_delivery (delivery_id, shop_id, origin, destination, started_at,
                           preparation_seconds, duration_seconds)
SELECT d.delivery_id, d.shop_id, s.location, o.delivery_point, d.picked_up_at,
       CASE WHEN took.preparation <= :longest_preparation THEN took.preparation END,
       took.travel
FROM delivery d JOIN shop s USING (shop_id) JOIN parts_order o USING (order_id),
     LATERAL (SELECT coalesce(min(at), d.picked_up_at) AS at
              FROM order_transition t WHERE t.order_id = d.order_id AND to_status = 'shipped'
             ) AS ready,
     LATERAL (SELECT CAST(extract(epoch FROM ready.at - d.accepted_at) AS int) AS preparation,
                     CAST(extract(epoch FROM d.delivered_at - d.picked_up_at) AS int) AS travel
             ) AS took
WHERE d.delivery_id = :delivery_id AND took.travel BETWEEN :shortest AND :longest
ON CONFLICT DO NOTHING
""")


def remember_trip(session: Session, delivery_id: UUID) -> None:
    """Keep a finished delivery for those who learn delivery times, unless it cannot be true."""
    session.execute(
        _REMEMBER,
        {
            "delivery_id": delivery_id,
            "shortest": _SHORTEST_SECONDS,
            "longest": _LONGEST_SECONDS,
            "longest_preparation": _LONGEST_PREPARATION_SECONDS,
        },
    )


_OUTCOMES = text("""
WITH taken AS (
    UPDATE delivery SET observed = true WHERE status = 'delivered' AND NOT observed
    RETURNING delivery_id
)
SELECT ST_X(origin), ST_Y(origin), ST_X(destination), ST_Y(destination), started_at,
       CAST(duration_seconds AS double precision)
FROM past_delivery JOIN taken USING (delivery_id)
ORDER BY started_at, delivery_id
""")
_OUTCOME_SCHEMA = pl.Schema(
    {
        "origin_lon": pl.Float64(),
        "origin_lat": pl.Float64(),
        "destination_lon": pl.Float64(),
        "destination_lat": pl.Float64(),
        "started_at": pl.Datetime("us", "UTC"),
        "duration_seconds": pl.Float64(),
    }
)


def take_outcomes(session: Session) -> pl.DataFrame:
    """Return the finished trips that nobody took yet, as `DeliveryTimeModel.observe` wants them."""
    rows = [tuple(row) for row in session.execute(_OUTCOMES)]
    return pl.DataFrame(rows, schema=_OUTCOME_SCHEMA, orient="row")
