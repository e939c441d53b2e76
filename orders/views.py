"""What of an order is shown to whom: its customer sees all of it, an invited shop its own part.

Reads: parts_order, order_part, order_transition, order_invitation, quote, payment, delivery,
app_user. What a shop is shown before it has won is made from `RequestView` alone, and that from
the cell around the place, never from the place (`orders.privacy`).
"""

import datetime as dt
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from matching.nearby import Point
from notifications.texts import reason_in_words
from orders.areas import area_of
from orders.lifecycle import AGREED, OPEN, Party, Status, steps_from
from orders.privacy import CELL_METRES
from orders.queries import invitations, payments, requests
from orders.queries.invitations import InvitationRow
from orders.queries.requests import OrderRow, PartRow
from orders.vin import VinHint, vin_hint

__all__ = [
    "AreaView",
    "CarView",
    "OrderPage",
    "OrderView",
    "PartView",
    "RequestPage",
    "RequestView",
    "area_view",
    "car_view",
    "order_as_seen",
    "order_for_shop",
    "order_view",
    "orders_for_shop",
    "orders_of_user",
    "part_view",
]


class CarView(TypedDict):
    """The car an order is for; `vin_hint` says what its chassis number hints at."""

    make: str
    make_ar: str
    model: str | None
    year: int | None
    vin: str | None
    vin_hint: VinHint | None


class PartView(TypedDict):
    """A part asked for; quotes name it by `line`."""

    line: int
    number: str | None
    name: str | None
    description: str | None
    quantity: int
    condition: str | None
    photo_ids: list[UUID]


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


class PaymentBrief(TypedDict):
    """How the payment stands."""

    payment_id: UUID
    method: str
    status: str
    amount_piastres: int
    redirect_url: str | None


class DeliveryBrief(TypedDict):
    """How the delivery stands."""

    delivery_id: UUID
    status: str
    promise_at: dt.datetime | None
    delivered_at: dt.datetime | None


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


class AreaView(TypedDict):
    """Where about an order goes: a square of `size_m` around `centre`, and what it is called."""

    name: str | None
    name_ar: str | None
    centre: Point
    size_m: int


class HandoverView(TypedDict):
    """To whom the shop that won delivers, and where exactly."""

    name: str
    phone: str | None
    location: Point
    address: str | None
    notes: str | None
    delivery: DeliveryBrief | None
    payment: PaymentBrief | None


class RequestView(TypedDict):
    """An order as a shop that was asked to quote sees it.

    `state` is the shop's own: `open` to its quote, `declined` by it, `won`, or `closed` without it.
    Distance and `estimated_delivery` are those to the area; `handover` is for who won. What it won
    of an order that was divided may be an order of its own, `divided_from` the one it quoted for.
    """

    order_id: UUID
    number: str
    divided_from: UUID | None
    state: Literal["open", "declined", "won", "closed"]
    status: str | None
    priority: str
    vehicle: CarView
    parts: list[PartView]
    area: AreaView
    distance_band_km: int
    estimated_delivery: dt.datetime | None
    invited_at: dt.datetime
    expires_at: dt.datetime
    answered_at: dt.datetime | None
    declined_at: dt.datetime | None
    handover: HandoverView | None


class RequestPage(TypedDict):
    """Some of what a shop was asked for, newest first."""

    requests: list[RequestView]
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
        "delivery_location": _point(order.delivery_lon, order.delivery_lat),
        "delivery_address": order.delivery_address,
        "notes": order.notes,
        "payment_method": order.payment_method,
        "selected_quote_id": order.selected_quote_id,
        "invited": len(invitations.invited_shop_ids(session, order.order_id)),
        "quotes": {
            "standing": quotes.standing,
            "lowest_total_piastres": quotes.lowest_piastres,
        },
        "payment": _payment(session, order, for_customer=order.user_id == user_id),
        "delivery": _delivery(session, order),
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


def order_for_shop(
    session: Session, order: OrderRow, *, shop_id: UUID, now: dt.datetime
) -> RequestView:
    """Return of an order what a shop that was asked to quote may see.

    Raises
    ------
    NotFound
        The shop was not asked.
    """
    invitation = invitations.invitation(session, order.order_id, shop_id)
    if invitation is None:
        raise NotFound("order")
    won = requests.winner_of(session, order.selected_quote_id) == shop_id
    parts = requests.parts_of(session, order.order_id)
    return _request(session, order, invitation, parts, won=won, now=now)


def orders_for_shop(
    session: Session,
    shop_id: UUID,
    *,
    only_open: bool,
    limit: int,
    cursor: str | None,
    now: dt.datetime,
) -> RequestPage:
    """Return what a shop was asked for, newest first; `only_open`: what it can still answer."""
    page = invitations.requests_of_shop(
        session, shop_id, open_at=now if only_open else None, limit=limit, cursor=cursor
    )
    parts = requests.parts_of_orders(session, [row.order.order_id for row in page.rows])
    won = requests.quotes_of(session, shop_id, [row.order.selected_quote_id for row in page.rows])
    return {
        "requests": [
            _request(
                session,
                order,
                invitation,
                parts[order.order_id],
                won=order.selected_quote_id in won,
                now=now,
            )
            for invitation, order in page.rows
        ],
        "next_cursor": page.next_cursor,
    }


def car_view(order: OrderRow) -> CarView:
    """Return the car an order is for."""
    return {
        "make": order.make,
        "make_ar": order.make_ar,
        "model": order.vehicle_model,
        "year": order.vehicle_year,
        "vin": order.vin,
        "vin_hint": vin_hint(order.vin, order.make),
    }


def part_view(part: PartRow) -> PartView:
    """Return a part asked for."""
    return {
        "line": part.line,
        "number": part.part_number,
        "name": part.name,
        "description": part.description,
        "quantity": part.quantity,
        "condition": part.condition,
        "photo_ids": part.photo_ids,
    }


def area_view(order: OrderRow) -> AreaView:
    """Return where about an order goes: a function of its cell alone."""
    area = area_of(order.cell_lon, order.cell_lat)
    return {
        "name": area.name if area else None,
        "name_ar": area.name_ar if area else None,
        "centre": _point(order.cell_lon, order.cell_lat),
        "size_m": CELL_METRES,
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


def _request(
    session: Session,
    order: OrderRow,
    invitation: InvitationRow,
    parts: Sequence[PartRow],
    *,
    won: bool,
    now: dt.datetime,
) -> RequestView:
    delivers = won and order.status in AGREED
    return {
        "order_id": order.order_id,
        "number": order.number,
        "divided_from": order.divided_from,
        "state": _state(order, invitation, won=won, now=now),
        # Of the others a shop learns nothing, not even that one of them has quoted.
        "status": order.status if won else None,
        "priority": order.priority,
        "vehicle": car_view(order),
        "parts": [part_view(part) for part in parts],
        "area": area_view(order),
        "distance_band_km": invitation.distance_band_km,
        "estimated_delivery": invitation.promise_at,
        "invited_at": invitation.invited_at,
        "expires_at": invitation.expires_at,
        "answered_at": invitation.answered_at,
        "declined_at": invitation.declined_at,
        "handover": _handover(session, order) if delivers else None,
    }


def _state(
    order: OrderRow, invitation: InvitationRow, *, won: bool, now: dt.datetime
) -> Literal["open", "declined", "won", "closed"]:
    if won:
        return "won"
    if order.status not in OPEN or invitation.expires_at <= now:
        return "closed"
    return "open" if invitation.declined_at is None else "declined"


def _handover(session: Session, order: OrderRow) -> HandoverView:
    customer = requests.contact(session, order.user_id)
    return {
        "name": customer.name,
        "phone": customer.phone,
        "location": _point(order.delivery_lon, order.delivery_lat),
        "address": order.delivery_address,
        "notes": order.notes,
        "delivery": _delivery(session, order),
        "payment": _payment(session, order, for_customer=False),
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


def _payment(session: Session, order: OrderRow, *, for_customer: bool) -> PaymentBrief | None:
    if order.selected_quote_id is None:
        return None
    rows = payments.payments_of_order(session, order.order_id)
    if not rows:
        return None
    newest = max(rows, key=lambda row: (row.created_at, row.payment_id))
    return {
        "payment_id": newest.payment_id,
        "method": newest.method,
        "status": newest.status,
        "amount_piastres": newest.amount_piastres,
        "redirect_url": newest.redirect_url if for_customer else None,
    }


def _delivery(session: Session, order: OrderRow) -> DeliveryBrief | None:
    row = requests.delivery_of(session, order.order_id)
    if row is None:
        return None
    return {
        "delivery_id": row.delivery_id,
        "status": row.status,
        "promise_at": row.promise_at,
        "delivered_at": row.delivered_at,
    }


def _in_words(reason: str | None, locale: str) -> str | None:
    return None if reason is None else reason_in_words(reason, locale)


def _point(lon: float, lat: float) -> Point:
    return {"type": "Point", "coordinates": (lon, lat)}
