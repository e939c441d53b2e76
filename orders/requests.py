"""What a customer asks for, from the first draft until it is sent to the shops.

Reads/Writes: parts_order, order_part, order_transition; by way of `invitations` order_invitation.
Shops read parts, car and priority before anything is agreed; notes and address only the shop that
has won. A part's own words are passed on as they are: an address in them is given away.
"""

import datetime as dt
import secrets
from uuid import UUID

from sqlalchemy.orm import Session

from clutch.errors import Conflict, NotFound
from clutch.ids import uuid7
from matching.makes import MakeDirectory
from orders.cancelling import cancel
from orders.invitations import Asking, Invited, invite, schedule
from orders.lifecycle import OPEN, Party, Status, TransitionRefused, check, steps_from
from orders.queries import requests as queries
from orders.queries.requests import OrderRow
from orders.status import advance
from orders.vehicles import Car
from orders.views import OrderView, order_view
from orders.wishes import Wishes, keep_parts, wish_of, wished_columns

__all__ = [
    "NothingAsked",
    "OrderFixed",
    "PlacedOrder",
    "copy_order",
    "create_order",
    "free_number",
    "submit_order",
    "update_order",
]

# No signs that are mistaken for each other on the phone.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_STILL_FREE = ("delivery_address", "notes")


class OrderFixed(Conflict):
    """Shops were asked for this order already, so what they were asked stays."""

    def __init__(self, status: str) -> None:
        super().__init__(
            "what shops were asked for stays as it is",
            allowed=_STILL_FREE if status in OPEN else [],
        )


class NothingAsked(Conflict):
    """The order names no part."""

    def __init__(self) -> None:
        super().__init__("the order names no part", allowed=["add parts"])


class PlacedOrder(OrderView):
    """An order as it was just made or changed.

    `nearest_distance_m` is how far from the area the nearest shop is that carries the brand, where
    shops were asked just now and there is one.
    """

    nearest_distance_m: float | None


def create_order(
    session: Session,
    wishes: Wishes,
    *,
    submit: bool,
    asking: Asking,
    user_id: UUID,
    actor: str,
    locale: str,
    now: dt.datetime,
) -> PlacedOrder:
    """Make an order, a draft unless `submit` sends it to the shops at once.

    Raises
    ------
    UnknownMake, InvalidInput
        The car cannot be one, or is in nobody's garage; a photo is not the customer's own.
    NothingAsked
        It is to be sent to shops and names no part.
    """
    columns = wished_columns(session, wishes, user_id=user_id, makes=asking.knowledge.makes)
    order_id = uuid7()
    kept = {"order_id": order_id, "user_id": user_id, "created_at": now, "updated_at": now}
    while not queries.add_order(session, {**kept, **columns, "number": free_number()}):
        pass
    keep_parts(session, order_id, wishes.get("parts", ()), user_id=user_id)
    queries.add_transition(
        session,
        order_id,
        from_status=None,
        to_status=Status.DRAFT.value,
        party=Party.CUSTOMER.value,
        actor=actor,
        reason=None,
        at=now,
    )
    order = queries.order_for_update(session, order_id)
    invited = _submit(session, order, asking=asking, actor=actor, now=now) if submit else None
    return _placed(session, order_id, invited, locale=locale, now=now)


def copy_order(
    session: Session,
    order_id: UUID,
    *,
    submit: bool,
    asking: Asking,
    user_id: UUID,
    actor: str,
    locale: str,
    now: dt.datetime,
) -> PlacedOrder:
    """Make a new order that asks for what an earlier one of the customer's did.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    NothingAsked
        It is to be sent to shops and names no part.
    """
    earlier = queries.order(session, order_id)
    if earlier is None or earlier.user_id != user_id:
        raise NotFound("order")
    wishes: Wishes = {
        "vehicle": Car(
            make=earlier.make,
            model=earlier.vehicle_model,
            year=earlier.vehicle_year,
            vin=earlier.vin,
        ),
        "delivery_point": (earlier.delivery_lon, earlier.delivery_lat),
        "delivery_address": earlier.delivery_address,
        "parts": [wish_of(part) for part in queries.parts_of(session, order_id)],
        "notes": earlier.notes,
        "priority": earlier.priority,
    }
    if earlier.vehicle_id is not None:
        wishes["vehicle"] = earlier.vehicle_id
    return create_order(
        session,
        wishes,
        submit=submit,
        asking=asking,
        user_id=user_id,
        actor=actor,
        locale=locale,
        now=now,
    )


def update_order(
    session: Session,
    order_id: UUID,
    wishes: Wishes,
    *,
    status: Status | None,
    reason: str | None,
    asking: Asking,
    user_id: UUID,
    actor: str,
    locale: str,
    now: dt.datetime,
) -> PlacedOrder:
    """Change an order of the customer's, and then its status where one is named.

    A draft can change in everything; once shops were asked only what they do not see yet, the
    notes and the address; once a quote was accepted nothing. The status it has already is no step.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    OrderFixed
        Shops were asked for this already.
    TransitionRefused
        The order cannot become `status` now.
    UnknownMake, InvalidInput, NothingAsked
        As when it is made.
    """
    order = _own(session, order_id, user_id)
    if wishes:
        _change(session, order, wishes, makes=asking.knowledge.makes, now=now)
    invited = None
    if status is not None and status != order.status:
        if status is Status.SUBMITTED:
            changed = queries.order_for_update(session, order_id)
            invited = _submit(session, changed, asking=asking, actor=actor, now=now)
        elif status is Status.CANCELLED:
            cancel(session, order, party=Party.CUSTOMER, actor=actor, reason=reason, now=now)
        else:
            at = Status(order.status)
            raise TransitionRefused(at, status, allowed=steps_from(at, Party.CUSTOMER))
    return _placed(session, order_id, invited, locale=locale, now=now)


def submit_order(
    session: Session,
    order_id: UUID,
    *,
    asking: Asking,
    user_id: UUID,
    actor: str,
    locale: str,
    now: dt.datetime,
) -> PlacedOrder:
    """Send a draft to the best shops around; where there are none the next round looks farther.

    Raises
    ------
    NotFound
        There is none, or it is somebody else's.
    TransitionRefused
        It is no draft.
    NothingAsked
        It names no part.
    """
    order = _own(session, order_id, user_id)
    invited = _submit(session, order, asking=asking, actor=actor, now=now)
    return _placed(session, order_id, invited, locale=locale, now=now)


def _own(session: Session, order_id: UUID, user_id: UUID) -> OrderRow:
    order = queries.order_for_update(session, order_id)
    if order.user_id != user_id:
        raise NotFound("order")
    return order


def _submit(
    session: Session, order: OrderRow, *, asking: Asking, actor: str, now: dt.datetime
) -> Invited:
    check(Status(order.status), Status.SUBMITTED, Party.CUSTOMER)
    if not queries.parts_of(session, order.order_id):
        raise NothingAsked
    expires_at = now + dt.timedelta(minutes=asking.rules.open_minutes)
    advance(
        session,
        order,
        Status.SUBMITTED,
        party=Party.CUSTOMER,
        actor=actor,
        now=now,
        setting={"submitted_at": now, "expires_at": expires_at},
    )
    sent = order._replace(status=Status.SUBMITTED.value, submitted_at=now, expires_at=expires_at)
    schedule(session, sent, asking.rules, now=now)
    return invite(session, sent, round=1, asking=asking, now=now)


def _change(
    session: Session, order: OrderRow, wishes: Wishes, *, makes: MakeDirectory, now: dt.datetime
) -> None:
    free = order.status in OPEN and wishes.keys() <= {*_STILL_FREE}
    if order.status != Status.DRAFT and not free:
        raise OrderFixed(order.status)
    columns = wished_columns(session, wishes, user_id=order.user_id, makes=makes)
    queries.update_order(session, order.order_id, updated_at=now, **columns)
    if "parts" in wishes:
        keep_parts(session, order.order_id, wishes["parts"], user_id=order.user_id)


def free_number() -> str:
    """Return a number for an order that is hardly ever taken: add it until it was free."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(8))
    return f"{signs[:4]}-{signs[4:]}"


def _placed(
    session: Session,
    order_id: UUID,
    invited: Invited | None,
    *,
    locale: str,
    now: dt.datetime,
) -> PlacedOrder:
    order = queries.order_for_update(session, order_id)
    nearest = None if invited is None else invited.nearest_distance_m
    view = order_view(session, order, user_id=order.user_id, locale=locale, now=now)
    return {**view, "nearest_distance_m": nearest}
