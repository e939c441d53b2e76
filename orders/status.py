"""Moving an order on: the step is checked, kept in its history, and told to those it concerns.

Writes: parts_order, order_transition, order_invitation. The caller holds the order's row locked.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from notifications import events
from notifications.inbox import notify, notify_shop
from notifications.webhooks import publish
from orders.lifecycle import Party, Status, check
from orders.queries import invitations, requests
from orders.queries.requests import OrderRow
from storage.queue import enqueue
from storage.session import as_platform

__all__ = ["EXPIRED", "advance", "begin"]

EXPIRED = "no_quote_in_time"
"""The reason of a cancellation when no shop answered in time."""

_CALLED_OFF = "called_off"

_LOOK_AGAIN = dt.timedelta(minutes=30)
_ON_ITS_WAY = frozenset({Status.PROCESSING, Status.SHIPPED, Status.DELIVERED})


def advance(
    session: Session,
    order: OrderRow,
    to: Status,
    *,
    party: Party,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
    setting: Mapping[str, Any] | None = None,
) -> None:
    """Take an order to its next status.

    `actor` is whom logs know the caller by; `setting` holds further columns of the order to change
    in the same statement, for the database ties them to the status (`selected_quote_id`).

    Raises
    ------
    TransitionRefused
        The order cannot take this step now, or not by this party.
    """
    status = Status(order.status)
    check(status, to, party)
    columns = dict(setting or {})
    if to is Status.CANCELLED:
        columns |= {"cancelled_by": party.value, "cancel_reason": reason}
    if status is Status.QUOTED and to is Status.SUBMITTED:
        columns["expires_at"] = _look_again(session, order, now)
    requests.update_order(session, order.order_id, status=to.value, updated_at=now, **columns)
    moved = order._replace(status=to.value, **columns)
    _take(session, moved, status.value, party=party, actor=actor, reason=reason, now=now)


def begin(
    session: Session,
    order: OrderRow,
    *,
    party: Party,
    actor: str,
    now: dt.datetime,
    reason: str,
) -> None:
    """Begin the history of an order that was not a draft before it was what it is, and tell it."""
    _take(session, order, None, party=party, actor=actor, reason=reason, now=now)


def _take(
    session: Session,
    order: OrderRow,
    from_status: str | None,
    *,
    party: Party,
    actor: str,
    reason: str | None,
    now: dt.datetime,
) -> None:
    requests.add_transition(
        session,
        order.order_id,
        from_status=from_status,
        to_status=order.status,
        party=party.value,
        actor=actor,
        reason=reason,
        at=now,
    )
    _tell(session, order, party=party, now=now)


def _look_again(session: Session, order: OrderRow, now: dt.datetime) -> dt.datetime:
    """Have further shops asked, since the last quote is gone, and give them time to answer."""
    enqueue(session, "orders.escalate", order_id=str(order.order_id), round=order.rounds + 1)
    until = max(order.expires_at or now, now + _LOOK_AGAIN)
    with as_platform(session):
        invitations.prolong_invitations(session, order.order_id, until)
    enqueue(session, "orders.expire", at=until, order_id=str(order.order_id))
    return until


def _tell(session: Session, order: OrderRow, *, party: Party, now: dt.datetime) -> None:
    told = {"orderId": str(order.order_id), "status": order.status, "timestamp": now.isoformat()}
    with as_platform(session):
        winner = requests.winner_of(session, order.selected_quote_id)
    events.append(session, events.user_room(order.user_id), "order-status-update", told, now=now)
    if winner is not None:
        events.append(session, events.shop_room(winner), "order-status-update", told, now=now)
    about = {"order_id": str(order.order_id), "number": order.number}
    if order.status in _ON_ITS_WAY:
        details = {**about, "status": order.status}
        notify(session, order.user_id, "order_status", details, now=now)
    if order.status == Status.CANCELLED:
        why = {**about, "reason": order.cancel_reason or _CALLED_OFF}
        if order.cancel_reason == EXPIRED:
            notify(session, order.user_id, "order_expired", about, now=now)
        elif party is not Party.CUSTOMER:
            notify(session, order.user_id, "order_cancelled", why, now=now)
        if winner is not None and party is not Party.SHOP:
            notify_shop(session, winner, "order_cancelled", why, now=now)
    moved = {**about, "status": order.status, "at": now.isoformat()}
    publish(session, "order.status", moved, now=now)
