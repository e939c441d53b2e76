"""The SQL of requests: orders, the parts they ask for, their history.

Reads/Writes: parts_order, order_part, order_transition. Reads: make, app_user, shop, quote,
delivery, stored_file.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from clutch.errors import NotFound
from storage.paging import Page, page_of
from storage.tables.accounts import AppUser
from storage.tables.files import StoredFile
from storage.tables.makes import Make
from storage.tables.orders import (
    OrderPart,
    OrderTransition,
    PartsOrder,
    Quote,
)
from storage.tables.payments import Delivery
from storage.tables.shops import Shop

__all__ = [
    "ORDER",
    "ContactRow",
    "DeliveryBriefRow",
    "OrderRow",
    "PartRow",
    "QuotesRow",
    "TransitionRow",
    "add_order",
    "add_transition",
    "any_quote_stands",
    "contact",
    "delivery_of",
    "order",
    "order_for_update",
    "orders_of_user",
    "overdue",
    "own_photos",
    "parts_of",
    "parts_of_orders",
    "quotes_of",
    "quotes_to_accept",
    "replace_parts",
    "transitions_of",
    "update_order",
    "winner_of",
]


class OrderRow(NamedTuple):
    """An order; `delivery_*` is where it goes, `cell_*` the centre of the cell around that."""

    order_id: UUID
    number: str
    user_id: UUID
    status: str
    priority: str
    vehicle_id: UUID | None
    brand_id: int
    make: str
    make_ar: str
    vehicle_model: str | None
    vehicle_year: int | None
    vin: str | None
    delivery_lon: float
    delivery_lat: float
    delivery_address: str | None
    cell_lon: float
    cell_lat: float
    notes: str | None
    divided_from: UUID | None
    selected_quote_id: UUID | None
    payment_method: str | None
    payment_status: str
    rounds: int
    cancelled_by: str | None
    cancel_reason: str | None
    submitted_at: dt.datetime | None
    expires_at: dt.datetime | None
    created_at: dt.datetime
    updated_at: dt.datetime


class PartRow(NamedTuple):
    """A part asked for."""

    line: int
    part_number: str | None
    part_key: str | None
    name: str | None
    description: str | None
    quantity: int
    condition: str | None
    photo_ids: list[UUID]


class TransitionRow(NamedTuple):
    """A step of an order; `party` is who took it, `actor` exactly whom logs know it by."""

    step: int
    from_status: str | None
    to_status: str
    party: str
    actor: str
    reason: str | None
    at: dt.datetime


class QuotesRow(NamedTuple):
    """The quotes that the customer can accept: how many, and the lowest total of one."""

    standing: int
    lowest_piastres: int | None


class DeliveryBriefRow(NamedTuple):
    """How a delivery stands."""

    delivery_id: UUID
    status: str
    promise_at: dt.datetime | None
    delivered_at: dt.datetime | None


class ContactRow(NamedTuple):
    """How to reach a person."""

    name: str
    phone: str | None
    locale: str


_IN_ROWS = {
    "make": Make.name_en,
    "make_ar": Make.name_ar,
    "delivery_lon": func.ST_X(PartsOrder.delivery_point),
    "delivery_lat": func.ST_Y(PartsOrder.delivery_point),
    "cell_lon": func.ST_X(PartsOrder.cell),
    "cell_lat": func.ST_Y(PartsOrder.cell),
}
ORDER: list[Any] = [
    _IN_ROWS[name].label(name) if name in _IN_ROWS else getattr(PartsOrder, name)
    for name in OrderRow._fields
]
_ORDERS = select(*ORDER).join(Make, Make.brand_id == PartsOrder.brand_id)


def order(session: Session, order_id: UUID) -> OrderRow | None:
    """Return an order, whoever it belongs to, or None where there is none."""
    row = session.execute(_ORDERS.where(PartsOrder.order_id == order_id)).first()
    return None if row is None else OrderRow._make(row)


def order_for_update(session: Session, order_id: UUID) -> OrderRow:
    """Return an order locked until the commit, before anything else of it is.

    Raises
    ------
    NotFound
        There is no such order.
    """
    row = session.execute(
        _ORDERS.where(PartsOrder.order_id == order_id).with_for_update(of=PartsOrder)
    ).first()
    if row is None:
        raise NotFound("order")
    return OrderRow._make(row)


def orders_of_user(
    session: Session,
    user_id: UUID,
    *,
    statuses: Collection[str] = (),
    limit: int,
    cursor: str | None,
) -> Page[OrderRow]:
    """Return a customer's orders, of `statuses` where any are named, newest first."""
    rows = _ORDERS.where(PartsOrder.user_id == user_id)
    if statuses:
        rows = rows.where(PartsOrder.status.in_(statuses))
    page = page_of(
        session,
        rows.order_by(PartsOrder.created_at.desc(), PartsOrder.order_id),
        limit=limit,
        cursor=cursor,
    )
    return Page([OrderRow._make(row) for row in page.rows], page.next_cursor)


def overdue(session: Session, *, now: dt.datetime, limit: int) -> list[UUID]:
    """Return submitted orders whose time is up."""
    rows = session.scalars(
        select(PartsOrder.order_id)
        .where(PartsOrder.status == "submitted", PartsOrder.expires_at <= now)
        .order_by(PartsOrder.expires_at)
        .limit(limit)
    )
    return list(rows)


def add_order(session: Session, values: Mapping[str, Any]) -> bool:
    """Add an order; False when its number is taken."""
    row = upsert(PartsOrder).values(**_with_points(values))
    added = session.execute(
        row.on_conflict_do_nothing(index_elements=["number"]).returning(PartsOrder.order_id)
    )
    return added.first() is not None


def update_order(session: Session, order_id: UUID, **values: Any) -> None:
    """Change columns of an order; points are given as (lon, lat)."""
    session.execute(
        update(PartsOrder).where(PartsOrder.order_id == order_id).values(**_with_points(values))
    )


def _with_points(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: func.ST_SetSRID(func.ST_MakePoint(*value), 4326)
        if name in ("delivery_point", "cell")
        else value
        for name, value in values.items()
    }


def parts_of(session: Session, order_id: UUID) -> list[PartRow]:
    """Return the parts an order asks for, in their order."""
    columns = [getattr(OrderPart, name) for name in PartRow._fields]
    rows = session.execute(
        select(*columns).where(OrderPart.order_id == order_id).order_by(OrderPart.line)
    )
    return [PartRow._make(row) for row in rows]


def parts_of_orders(session: Session, order_ids: Collection[UUID]) -> dict[UUID, list[PartRow]]:
    """Return the parts that each of the orders asks for, in their order."""
    columns = [getattr(OrderPart, name) for name in PartRow._fields]
    rows = session.execute(
        select(OrderPart.order_id, *columns)
        .where(OrderPart.order_id.in_(order_ids))
        .order_by(OrderPart.order_id, OrderPart.line)
    )
    found: dict[UUID, list[PartRow]] = {order_id: [] for order_id in order_ids}
    for order_id, *part in rows:
        found[order_id].append(PartRow._make(part))
    return found


def replace_parts(session: Session, order_id: UUID, parts: Sequence[PartRow]) -> None:
    """Make `parts` what an order asks for."""
    session.execute(delete(OrderPart).where(OrderPart.order_id == order_id))
    if parts:
        session.execute(
            insert(OrderPart), [{"order_id": order_id, **part._asdict()} for part in parts]
        )


def own_photos(session: Session, user_id: UUID, file_ids: Collection[UUID]) -> set[UUID]:
    """Return those of `file_ids` that are photos of parts which this person uploaded."""
    rows = session.scalars(
        select(StoredFile.file_id).where(
            StoredFile.file_id.in_(file_ids),
            StoredFile.user_id == user_id,
            StoredFile.purpose == "part_photo",
        )
    )
    return set(rows)


def add_transition(
    session: Session,
    order_id: UUID,
    *,
    from_status: str | None,
    to_status: str,
    party: str,
    actor: str,
    reason: str | None,
    at: dt.datetime,
) -> None:
    """Write a step into the history of an order, whose row the caller holds locked."""
    last = select(func.coalesce(func.max(OrderTransition.step), 0) + 1).where(
        OrderTransition.order_id == order_id
    )
    session.execute(
        insert(OrderTransition).values(
            order_id=order_id,
            step=last.scalar_subquery(),
            from_status=from_status,
            to_status=to_status,
            party=party,
            actor=actor,
            reason=reason,
            at=at,
        )
    )


def transitions_of(session: Session, order_id: UUID) -> list[TransitionRow]:
    """Return the history of an order, oldest step first."""
    columns = [getattr(OrderTransition, name) for name in TransitionRow._fields]
    rows = session.execute(
        select(*columns).where(OrderTransition.order_id == order_id).order_by(OrderTransition.step)
    )
    return [TransitionRow._make(row) for row in rows]


def quotes_to_accept(session: Session, order_id: UUID, *, now: dt.datetime) -> QuotesRow:
    """Return how many quotes of shops that may sell stand, and the lowest total among them."""
    row = session.execute(
        select(func.count(), func.min(Quote.total_piastres))
        .join(Shop, Shop.shop_id == Quote.shop_id)
        .where(_stands_for(order_id, now), Shop.status == "active")
    ).one()
    return QuotesRow._make(row)


def any_quote_stands(session: Session, order_id: UUID, *, now: dt.datetime) -> bool:
    """Say whether a quote that the transaction may see stands, whether or not its shop may sell."""
    found = session.execute(select(Quote.quote_id).where(_stands_for(order_id, now)).limit(1))
    return found.first() is not None


def _stands_for(order_id: UUID, now: dt.datetime) -> ColumnElement[bool]:
    return and_(Quote.order_id == order_id, Quote.status == "submitted", Quote.valid_until > now)


def winner_of(session: Session, quote_id: UUID | None) -> UUID | None:
    """Return the shop of the quote that was selected; None where none was."""
    if quote_id is None:
        return None
    return session.scalar(select(Quote.shop_id).where(Quote.quote_id == quote_id))


def quotes_of(session: Session, shop_id: UUID, quote_ids: Collection[UUID | None]) -> set[UUID]:
    """Return those of the quotes that are this shop's."""
    rows = session.scalars(
        select(Quote.quote_id).where(
            Quote.shop_id == shop_id, Quote.quote_id.in_([each for each in quote_ids if each])
        )
    )
    return set(rows)


def delivery_of(session: Session, order_id: UUID) -> DeliveryBriefRow | None:
    """Return how the delivery of an order stands, where there is one to see."""
    columns = [getattr(Delivery, name) for name in DeliveryBriefRow._fields]
    row = session.execute(select(*columns).where(Delivery.order_id == order_id)).first()
    return None if row is None else DeliveryBriefRow._make(row)


def contact(session: Session, user_id: UUID) -> ContactRow:
    """Return how to reach a customer: for those who deliver to them."""
    columns = [getattr(AppUser, name) for name in ContactRow._fields]
    row = session.execute(select(*columns).where(AppUser.user_id == user_id)).one()
    return ContactRow._make(row)
