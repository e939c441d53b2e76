"""The SQL of invitations: the shops that an order was sent to, and what each was sent.

Reads/Writes: order_invitation. Reads: parts_order, order_part, make.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import any_, insert, select, update
from sqlalchemy.orm import Session

from orders.queries.requests import ORDER, OrderRow
from storage.paging import Page, page_of
from storage.tables.makes import Make
from storage.tables.orders import OrderInvitation, OrderPart, PartsOrder

__all__ = [
    "InvitationRow",
    "InvitedOrderRow",
    "add_invitations",
    "invitation",
    "invited_shop_ids",
    "is_photo_of_request",
    "prolong_invitations",
    "requests_of_shop",
    "update_invitation",
]


class InvitationRow(NamedTuple):
    """A shop that was asked to quote."""

    order_id: UUID
    shop_id: UUID
    user_id: UUID
    round: int
    rank: int
    distance_band_km: int
    promise_at: dt.datetime | None
    invited_at: dt.datetime
    expires_at: dt.datetime
    answered_at: dt.datetime | None
    declined_at: dt.datetime | None
    decline_reason: str | None


class InvitedOrderRow(NamedTuple):
    """An invitation with its order."""

    invitation: InvitationRow
    order: OrderRow


_INVITATION = [getattr(OrderInvitation, name) for name in InvitationRow._fields]


def invitation(session: Session, order_id: UUID, shop_id: UUID) -> InvitationRow | None:
    """Return how a shop was asked to quote for an order, or None where it was not."""
    row = session.execute(
        select(*_INVITATION).where(
            OrderInvitation.order_id == order_id, OrderInvitation.shop_id == shop_id
        )
    ).first()
    return None if row is None else InvitationRow._make(row)


def invited_shop_ids(session: Session, order_id: UUID, *, waiting: bool = False) -> list[UUID]:
    """Return the shops asked to quote for an order; `waiting`: without those that declined."""
    rows = select(OrderInvitation.shop_id).where(OrderInvitation.order_id == order_id)
    if waiting:
        rows = rows.where(OrderInvitation.declined_at.is_(None))
    return list(session.scalars(rows.order_by(OrderInvitation.shop_id)))


def requests_of_shop(
    session: Session,
    shop_id: UUID,
    *,
    open_at: dt.datetime | None,
    limit: int,
    cursor: str | None,
) -> Page[InvitedOrderRow]:
    """Return what a shop was asked for, newest first.

    With `open_at` only what it can still answer then: the order chooses between quotes or waits
    for them, and the shop has not declined.
    """
    rows = (
        select(*_INVITATION, *ORDER)
        .join(PartsOrder, PartsOrder.order_id == OrderInvitation.order_id)
        .join(Make, Make.brand_id == PartsOrder.brand_id)
        .where(OrderInvitation.shop_id == shop_id)
    )
    if open_at is not None:
        rows = rows.where(
            PartsOrder.status.in_(("submitted", "quoted")),
            OrderInvitation.declined_at.is_(None),
            OrderInvitation.expires_at > open_at,
        )
    page = page_of(
        session,
        rows.order_by(OrderInvitation.invited_at.desc(), OrderInvitation.order_id),
        limit=limit,
        cursor=cursor,
    )
    width = len(_INVITATION)
    found = [
        InvitedOrderRow(InvitationRow._make(row[:width]), OrderRow._make(row[width:]))
        for row in page.rows
    ]
    return Page(found, page.next_cursor)


def add_invitations(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Ask shops to quote."""
    session.execute(insert(OrderInvitation), list(rows))


def update_invitation(session: Session, order_id: UUID, shop_id: UUID, **values: Any) -> None:
    """Change columns of an invitation."""
    session.execute(
        update(OrderInvitation)
        .where(OrderInvitation.order_id == order_id, OrderInvitation.shop_id == shop_id)
        .values(**values)
    )


def prolong_invitations(session: Session, order_id: UUID, until: dt.datetime) -> None:
    """Give the shops that have not declined until then, at least."""
    session.execute(
        update(OrderInvitation)
        .where(
            OrderInvitation.order_id == order_id,
            OrderInvitation.declined_at.is_(None),
            OrderInvitation.expires_at < until,
        )
        .values(expires_at=until)
    )


def is_photo_of_request(session: Session, shop_id: UUID, file_id: UUID) -> bool:
    """Say whether a file is a photo in an order that the shop was asked to quote for."""
    found = session.execute(
        select(OrderPart.line)
        .join(OrderInvitation, OrderInvitation.order_id == OrderPart.order_id)
        .where(OrderInvitation.shop_id == shop_id, any_(OrderPart.photo_ids) == file_id)
        .limit(1)
    )
    return found.first() is not None
