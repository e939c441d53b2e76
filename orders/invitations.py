"""Whom an order is sent to: the best shops around its cell, and more of them where answers fail.

Reads/Writes: order_invitation, parts_order. Everything is asked of the cell, never of the place in
it, so neither who is invited nor what they are told says more than the cell does.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy.orm import Session

from clutch.errors import Conflict, NotFound
from clutch.settings import Settings
from matching.knowledge import Knowledge
from matching.nearby import Match, PartWanted, Question, match_shops
from notifications import events
from notifications.inbox import notify_shops
from orders.briefs import area_view, car_view, part_view
from orders.lifecycle import OPEN
from orders.privacy import distance_band_km
from orders.queries import invitations, requests
from orders.queries.requests import OrderRow, PartRow
from orders.shop_views import RequestView, order_for_shop
from storage.queue import enqueue
from storage.session import as_platform, run

__all__ = [
    "Asking",
    "Invited",
    "QuoteStands",
    "RequestClosed",
    "Rules",
    "decline",
    "escalate",
    "invite",
    "schedule",
]

_WIDENING, _MOST_WIDENINGS = 3.0, 10
_AROUND_EARTH_KM = 20_100.0
_MOST_TIMES_AS_MANY = 3


class RequestClosed(Conflict):
    """The order takes no answers any more."""

    def __init__(self) -> None:
        super().__init__("the order takes no answers any more", allowed=[])


class QuoteStands(Conflict):
    """The shop has a quote for this order that stands."""

    def __init__(self) -> None:
        super().__init__("your quote for this order stands", allowed=["revise", "withdraw"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How shops are asked; `docs/configuration.md` tells each."""

    per_round: int = 8
    radius_km: float = 25.0
    escalation_minutes: tuple[int, ...] = (10, 30)
    quotes_wanted: int = 3
    open_minutes: int = 120

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the rules that the settings name."""
        return cls(
            per_round=settings.invitations_per_round,
            radius_km=settings.invitation_radius_km,
            escalation_minutes=settings.escalation_minutes,
            quotes_wanted=settings.quotes_wanted,
            open_minutes=settings.order_open_minutes,
        )

    def shops(self, round: int) -> int:
        """Return how many more shops a round asks.

        Examples
        --------
        >>> [Rules().shops(round) for round in (1, 2, 3, 4)]
        [8, 16, 24, 24]
        """
        return self.per_round * min(round, _MOST_TIMES_AS_MANY)

    def reach_km(self, round: int) -> float:
        """Return how far the shops of a round may be.

        Examples
        --------
        >>> [Rules().reach_km(round) for round in (1, 2, 3, 1_000)]
        [25.0, 75.0, 225.0, 20100.0]
        """
        times = _WIDENING ** min(round - 1, _MOST_WIDENINGS)
        return min(self.radius_km * times, _AROUND_EARTH_KM)


class Asking(NamedTuple):
    """What it takes to ask shops: what matching knows, and the rules."""

    knowledge: Knowledge
    rules: Rules


class Invited(NamedTuple):
    """How many shops a round asked, and how far the nearest is that carries the brand."""

    shops: int
    nearest_distance_m: float | None


def schedule(session: Session, order: OrderRow, rules: Rules, *, now: dt.datetime) -> None:
    """Have the further rounds looked at when they are due, and the order when its time is up."""
    order_id = str(order.order_id)
    for round, minutes in enumerate(rules.escalation_minutes, start=2):
        at = now + dt.timedelta(minutes=minutes)
        enqueue(session, "orders.escalate", at=at, order_id=order_id, round=round)
    enqueue(session, "orders.expire", at=order.expires_at, order_id=order_id)


def invite(
    session: Session, order: OrderRow, *, round: int, asking: Asking, now: dt.datetime
) -> Invited:
    """Ask the best shops that were not asked yet, and tell them; the order's row is locked."""
    parts = requests.parts_of(session, order.order_id)
    count = asking.rules.shops(round)
    with as_platform(session):
        asked = set(invitations.invited_shop_ids(session, order.order_id))
        question = Question(
            make=order.make,
            lon=order.cell_lon,
            lat=order.cell_lat,
            parts=[PartWanted(part.part_number, part.quantity) for part in parts],
            limit=len(asked) + count,
            max_distance_km=asking.rules.reach_km(round),
        )
        # Without a road engine: nobody outside is waited for while a transaction is open.
        found = run(session, match_shops(question, knowledge=asking.knowledge, now=now))
    fresh = [match for match in found["matches"] if match["shop"]["shop_id"] not in asked][:count]
    requests.update_order(session, order.order_id, rounds=round)
    if fresh:
        rows = [_row(order, match, round, rank, now) for rank, match in enumerate(fresh, start=1)]
        invitations.add_invitations(session, rows)
        _tell(session, order, parts, rows, now=now)
    return Invited(len(fresh), found["nearest_distance_m"])


def _row(order: OrderRow, match: Match, round: int, rank: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "shop_id": match["shop"]["shop_id"],
        "user_id": order.user_id,
        "round": round,
        "rank": rank,
        "score": match["score"],
        "distance_band_km": distance_band_km(match["distance_m"]),
        "promise_at": match["delivery"]["promise_at"] if match["delivery"] else None,
        "invited_at": now,
        "expires_at": order.expires_at,
    }


def _tell(
    session: Session,
    order: OrderRow,
    parts: Sequence[PartRow],
    rows: Sequence[Mapping[str, Any]],
    *,
    now: dt.datetime,
) -> None:
    car, area = car_view(order), area_view(order)
    asked = {
        "orderId": str(order.order_id),
        "number": order.number,
        "vehicle": {
            "make": car["make"],
            "makeAr": car["make_ar"],
            "model": car["model"],
            "year": car["year"],
            "vin": car["vin"],
        },
        "parts": [_part_payload(part) for part in parts],
        "priority": order.priority,
    }
    about = {
        "name": area["name"],
        "nameAr": area["name_ar"],
        "centre": area["centre"],
        "sizeM": area["size_m"],
    }
    for row in rows:
        promise = row["promise_at"]
        payload = {
            **asked,
            "area": {**about, "distanceBandKm": row["distance_band_km"]},
            "estimatedDelivery": promise.isoformat() if promise else None,
            "expiresAt": row["expires_at"].isoformat(),
        }
        room = events.shop_room(row["shop_id"])
        events.append(session, room, "new-parts-order", payload, now=now)
    words = [car["make"], car["model"], car["year"]]
    near = [name for name in (area["name_ar"], area["name"]) if name]
    told = {
        "order_id": str(order.order_id),
        "number": order.number,
        "vehicle": " ".join(str(word) for word in words if word),
        "area": " · ".join(near) or f"{area['centre']['coordinates']}",
    }
    notify_shops(session, [row["shop_id"] for row in rows], "new_parts_order", told, now=now)


def _part_payload(part: PartRow) -> dict[str, Any]:
    shown = part_view(part)
    return {
        "line": shown["line"],
        "number": shown["number"],
        "name": shown["name"],
        "description": shown["description"],
        "quantity": shown["quantity"],
        "condition": shown["condition"],
        "photoIds": [str(photo_id) for photo_id in shown["photo_ids"]],
    }


def escalate(
    session: Session, order_id: UUID, *, round: int, asking: Asking, now: dt.datetime
) -> int:
    """Ask more shops, from farther away, where too few quotes stand; return how many were asked.

    Each round is run once, however often it is called and by how many at a time.
    """
    order = requests.order_for_update(session, order_id)
    if order.status not in OPEN or order.rounds >= round:
        return 0
    quotes = requests.quotes_to_accept(session, order_id, now=now)
    if quotes.standing >= asking.rules.quotes_wanted:
        return 0
    return invite(session, order, round=round, asking=asking, now=now).shops


def decline(
    session: Session, order_id: UUID, *, shop_id: UUID, reason: str | None, now: dt.datetime
) -> RequestView:
    """Say for a shop that it will not quote; where all have said so, more are asked at once.

    Raises
    ------
    NotFound
        The shop was not asked.
    RequestClosed
        The order takes no answers any more.
    QuoteStands
        The shop has quoted.
    """
    order = requests.order_for_update(session, order_id)
    invitation = invitations.invitation(session, order_id, shop_id)
    if invitation is None:
        raise NotFound("order")
    if order.status not in OPEN or invitation.expires_at <= now:
        raise RequestClosed
    # Row-level security shows a shop its own quotes alone.
    if requests.any_quote_stands(session, order_id, now=now):
        raise QuoteStands
    if invitation.declined_at is None:
        invitations.update_invitation(
            session, order_id, shop_id, declined_at=now, decline_reason=reason
        )
        with as_platform(session):
            waiting = invitations.invited_shop_ids(session, order_id, waiting=True)
        if not waiting:
            enqueue(session, "orders.escalate", order_id=str(order_id), round=order.rounds + 1)
    return order_for_shop(session, order, shop_id=shop_id, now=now)
