"""The SQL of dividing an order: a further order of the same request, and the shop that it is for.

Reads/Writes: parts_order, order_invitation. Reads and locks: vehicle.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy import insert, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.tables.orders import OrderInvitation, PartsOrder, Vehicle

__all__ = ["add_sibling", "copy_invitation", "hold_vehicle"]

_SHARED = (
    *("user_id", "priority", "vehicle_id", "brand_id", "vehicle_model", "vehicle_year", "vin"),
    *("delivery_point", "delivery_address", "cell", "notes", "rounds", "payment_method"),
    *("submitted_at", "expires_at", "created_at"),
)
_ASKED = (
    *("user_id", "round", "rank", "score", "distance_band_km", "promise_at"),
    *("invited_at", "expires_at", "answered_at"),
)


def hold_vehicle(session: Session, order_id: UUID) -> None:
    """Keep the car of an order from being removed until the commit; before the order is locked.

    Who removes a car locks it first and the orders for it after.
    """
    session.execute(
        select(Vehicle.vehicle_id)
        .join(PartsOrder, PartsOrder.vehicle_id == Vehicle.vehicle_id)
        .where(PartsOrder.order_id == order_id)
        .with_for_update(of=Vehicle, read=True, key_share=True)
    )


def add_sibling(
    session: Session,
    order_id: UUID,
    *,
    sibling_id: UUID,
    number: str,
    quote_id: UUID,
    now: dt.datetime,
) -> bool:
    """Add a further accepted order for a request, as old and paid as that; False: number taken."""
    own = {
        "order_id": sibling_id,
        "number": number,
        "divided_from": order_id,
        "status": "accepted",
        "selected_quote_id": quote_id,
        "updated_at": now,
    }
    columns = PartsOrder.__table__.columns
    row = select(
        *(getattr(PartsOrder, name) for name in _SHARED),
        *(literal(value, columns[name].type) for name, value in own.items()),
    ).where(PartsOrder.order_id == order_id)
    added = session.execute(
        upsert(PartsOrder)
        .from_select([*_SHARED, *own], row)
        .on_conflict_do_nothing(index_elements=["number"])
        .returning(PartsOrder.order_id)
    )
    return added.first() is not None


def copy_invitation(session: Session, order_id: UUID, shop_id: UUID, *, sibling_id: UUID) -> None:
    """Have a shop be asked for a further order too; its statistics hold that already."""
    row = select(
        *(getattr(OrderInvitation, name) for name in _ASKED),
        literal(sibling_id),
        OrderInvitation.shop_id,
        literal(True),
        literal(True),
    ).where(OrderInvitation.order_id == order_id, OrderInvitation.shop_id == shop_id)
    columns = [*_ASKED, "order_id", "shop_id", "counted", "answer_counted"]
    session.execute(insert(OrderInvitation).from_select(columns, row))
