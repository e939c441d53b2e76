"""An order as its customer and administrators see it, who see all of it.

Reads: parts_order, order_part, order_transition, order_invitation, quote, payment, delivery. What
shops see: `orders.shop_views`.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from matching.nearby import Point
from notifications.texts import reason_in_words
from orders.briefs import (
    CarView,
    DeliveryBrief,
    PartView,
    PaymentBrief,
    car_view,
    delivery_brief,
    part_view,
    payment_brief,
    point_view,
)
from orders.lifecycle import Party, Status, steps_from
from orders.queries import invitations, requests
from orders.queries.requests import OrderRow, PartRow
from orders.shop_views import RequestView, order_for_shop

__all__ = ["OrderPage", "OrderView", "order_as_seen", "order_view", "orders_of_user"]


class StepView(TypedDict):
    """A step of an order, and whose it was."""

    from_status: str | None
    to_status: str
    by: str
    reason: str | None
    at: dt.datetime


class StandingQuotes(TypedDict):
    """The quotes that can be accepted now."""

    standing: int
    lowest_total_piastres: int | None


class OrderSummary(TypedDict):
    """An order in a list; `divided_from` is the order it is a part of, bought at one more shop."""

    order_id: UUID
    number: str
    divided_from: UUID | None
    status: str
    priority: str
    vehicle: CarView
    parts: list[PartView]
    payment_status: str
    created_at: dt.datetime
    submitted_at: dt.datetime | None
    expires_at: dt.datetime | None


class OrderView(OrderSummary):
    """An order as its customer sees it; `next_statuses` are those they can give it now."""

    user_id: UUID
    vehicle_id: UUID | None
    delivery_location: Point
    delivery_address: str | None
    notes: str | None
    payment_method: str | None
    selected_quote_id: UUID | None
    invited: int
    quotes: StandingQuotes
    payment: PaymentBrief | None
    delivery: DeliveryBrief | None
    cancelled_by: str | None
    cancel_reason: str | None
    updated_at: dt.datetime
    history: list[StepView]
    next_statuses: list[Status]


class OrderPage(TypedDict):
    """Some of a customer's orders, newest first."""

    orders: list[OrderSummary]
    next_cursor: str | None


def order_as_seen(
    session: Session,
    order_id: UUID,
    *,
    user_id: UUID,
    shop_id: UUID | None,
    is_admin: bool,
    locale: str,
    now: dt.datetime,
) -> OrderView | RequestView:
    """Return an order as this caller may see it: its customer, an administrator, or a shop.

    Raises
    ------
    NotFound
        There is none, or it is not theirs to see.
    """
    order = requests.order(session, order_id)
    if order is None:
        raise NotFound("order")
    if order.user_id == user_id or is_admin:
        return order_view(session, order, user_id=user_id, locale=locale, now=now)
    if shop_id is None:
        raise NotFound("order")
    return order_for_shop(session, order, shop_id=shop_id, now=now)


def order_view(
    session: Session, order: OrderRow, *, user_id: UUID, locale: str, now: dt.datetime
) -> OrderView:
    """Return all of an order, for its customer or an administrator, whose `user_id` is given."""
    quotes = requests.quotes_to_accept(session, order.order_id, now=now)
    return {
        **_summary(order, requests.parts_of(session, order.order_id)),
        "user_id": order.user_id,
        "vehicle_id": order.vehicle_id,
        "delivery_location": point_view(order.delivery_lon, order.delivery_lat),
        "delivery_address": order.delivery_address,
        "notes": order.notes,
        "payment_method": order.payment_method,
        "selected_quote_id": order.selected_quote_id,
        "invited": len(invitations.invited_shop_ids(session, order.order_id)),
        "quotes": {
            "standing": quotes.standing,
            "lowest_total_piastres": quotes.lowest_piastres,
        },
        "payment": payment_brief(session, order, for_customer=order.user_id == user_id),
        "delivery": delivery_brief(session, order),
        "cancelled_by": order.cancelled_by,
        "cancel_reason": _in_words(order.cancel_reason, locale),
        "updated_at": order.updated_at,
        "history": _history(session, order, locale),
        "next_statuses": list(steps_from(Status(order.status), Party.CUSTOMER)),
    }


def orders_of_user(
    session: Session,
    user_id: UUID,
    *,
    status: Status | None,
    limit: int,
    cursor: str | None,
) -> OrderPage:
    """Return a customer's orders, newest first."""
    statuses = () if status is None else (status.value,)
    page = requests.orders_of_user(session, user_id, statuses=statuses, limit=limit, cursor=cursor)
    parts = requests.parts_of_orders(session, [row.order_id for row in page.rows])
    return {
        "orders": [_summary(row, parts[row.order_id]) for row in page.rows],
        "next_cursor": page.next_cursor,
    }


def _summary(order: OrderRow, parts: Sequence[PartRow]) -> OrderSummary:
    return {
        "order_id": order.order_id,
        "number": order.number,
        "divided_from": order.divided_from,
        "status": order.status,
        "priority": order.priority,
        "vehicle": car_view(order),
        "parts": [part_view(part) for part in parts],
        "payment_status": order.payment_status,
        "created_at": order.created_at,
        "submitted_at": order.submitted_at,
        "expires_at": order.expires_at,
    }


def _history(session: Session, order: OrderRow, locale: str) -> list[StepView]:
    return [
        {
            "from_status": step.from_status,
            "to_status": step.to_status,
            "by": step.party,
            "reason": _in_words(step.reason, locale),
            "at": step.at,
        }
        for step in requests.transitions_of(session, order.order_id)
    ]


def _in_words(reason: str | None, locale: str) -> str | None:
    return None if reason is None else reason_in_words(reason, locale)
