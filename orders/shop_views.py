"""An order as a shop that was asked to quote sees it.

Reads: parts_order, order_part, order_invitation, quote, payment, delivery, app_user. Before it has
won it is shown what is made from the cell around the place, never from the place
(`orders.privacy`): `RequestView` without its `handover`.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from matching.nearby import Point
from orders.briefs import (
    AreaView,
    CarView,
    DeliveryBrief,
    PartView,
    PaymentBrief,
    area_view,
    car_view,
    delivery_brief,
    part_view,
    payment_brief,
    point_view,
)
from orders.lifecycle import AGREED, OPEN
from orders.queries import invitations, requests
from orders.queries.invitations import InvitationRow
from orders.queries.requests import OrderRow, PartRow

__all__ = ["RequestPage", "RequestView", "order_for_shop", "orders_for_shop"]


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
        "location": point_view(order.delivery_lon, order.delivery_lat),
        "address": order.delivery_address,
        "notes": order.notes,
        "delivery": delivery_brief(session, order),
        "payment": payment_brief(session, order, for_customer=False),
    }
