"""Whether a shop trades: suspended or closed, and back; and telling its owners.

Reads/Writes: shop, shop_profile. Reads: shop_member. Only active shops are found by matching.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts import audit
from clutch.errors import Conflict, NotFound
from notifications import events, inbox
from shops.queries import members as member_rows
from shops.queries import profiles as rows
from shops.queries.profiles import ProfileRow, StandingRow

__all__ = [
    "ListedShop",
    "NotClosed",
    "NotSuspended",
    "NotTrading",
    "ShopStanding",
    "Shops",
    "Status",
    "close",
    "list_shops",
    "reinstate",
    "reopen",
    "suspend",
    "tell_owners",
]


Status = Literal["pending_verification", "active", "suspended", "inactive"]


class ShopStanding(TypedDict):
    """Whether a shop may trade, and why not."""

    shop_id: UUID
    status: str
    suspended_at: dt.datetime | None
    suspended_because: str | None


class ListedShop(ShopStanding):
    """A shop in the list of administrators."""

    name: str
    name_ar: str | None


class Shops(TypedDict):
    """A page of shops, and the cursor of the next one (null: the last)."""

    shops: list[ListedShop]
    next_cursor: str | None


class NotTrading(Conflict):
    """The shop is out of trade already, or not in it yet; `allowed` is for who asked."""

    def __init__(self, status: str, allowed: Mapping[str, list[str]]) -> None:
        super().__init__(f"the shop is {status}", allowed=allowed.get(status, []))


class NotSuspended(Conflict):
    """Only a suspended shop can be reinstated."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the shop is {status}", allowed=_FOR_PLATFORM.get(status, []))


class NotClosed(Conflict):
    """Only a closed shop can be opened again."""

    def __init__(self, status: str) -> None:
        super().__init__(f"the shop is {status}", allowed=_FOR_OWNERS.get(status, []))


_FOR_PLATFORM = {
    "active": ["suspend"],
    "inactive": ["suspend"],
    "suspended": ["reinstate"],
    "pending_verification": ["review"],
}
_FOR_OWNERS = {"active": ["close"], "inactive": ["reopen"]}


def list_shops(
    session: Session, *, status: Status | None = None, limit: int = 20, cursor: str | None = None
) -> Shops:
    """Return a page of the shops, with `status` only those that have it."""
    page = rows.shops(session, status=status, limit=limit, cursor=cursor)
    shops: list[ListedShop] = [
        {**_standing(row), "name": row.name, "name_ar": row.name_ar} for row in page.rows
    ]
    return {"shops": shops, "next_cursor": page.next_cursor}


def suspend(
    session: Session, shop_id: UUID, *, reason: str, actor: str, now: dt.datetime
) -> ShopStanding:
    """Take a shop out of trade, also one that its owners closed, and tell its people why.

    Raises
    ------
    NotFound
        There is no such shop.
    NotTrading
        It waits for its review, or is suspended already.
    """
    shop = _shop(session, shop_id)
    if not any(
        rows.move_status(session, shop_id, before=status, after="suspended")
        for status in ("active", "inactive")
    ):
        raise NotTrading(_shop(session, shop_id).status, _FOR_PLATFORM)
    because = {"suspended_at": now, "suspended_because": reason}
    rows.save_profile(session, shop_id, {"legal_name": shop.legal_name or shop.name, **because})
    audit.record(
        session, actor=actor, act="suspend_shop", subject=f"shop:{shop_id}", now=now, reason=reason
    )
    data = {"shop_id": str(shop_id), "shop_name": shop.name, "reason": reason}
    inbox.notify_shop(session, shop_id, "shop_suspended", data, now=now)
    tell_owners(session, shop_id, "suspended", reasons=[reason], now=now)
    return _standing(_shop(session, shop_id))


def reinstate(session: Session, shop_id: UUID, *, actor: str, now: dt.datetime) -> ShopStanding:
    """Let a suspended shop trade again, and tell its people.

    Raises
    ------
    NotFound
        There is no such shop.
    NotSuspended
        It is not suspended.
    """
    shop = _shop(session, shop_id)
    if not rows.move_status(session, shop_id, before="suspended", after="active"):
        raise NotSuspended(_shop(session, shop_id).status)
    lifted = {"suspended_at": None, "suspended_because": None}
    rows.save_profile(session, shop_id, {"legal_name": shop.legal_name or shop.name, **lifted})
    audit.record(session, actor=actor, act="reinstate_shop", subject=f"shop:{shop_id}", now=now)
    data = {"shop_id": str(shop_id), "shop_name": shop.name}
    inbox.notify_shop(session, shop_id, "shop_reinstated", data, now=now)
    tell_owners(session, shop_id, "active", now=now)
    return _standing(_shop(session, shop_id))


def close(session: Session, shop_id: UUID, *, actor: str, now: dt.datetime) -> ShopStanding:
    """Make an active shop inactive, as its owners wish.

    Raises
    ------
    NotFound
        There is no such shop.
    NotTrading
        It is not active.
    """
    if not rows.move_status(session, shop_id, before="active", after="inactive"):
        raise NotTrading(_shop(session, shop_id).status, _FOR_OWNERS)
    audit.record(session, actor=actor, act="close_shop", subject=f"shop:{shop_id}", now=now)
    tell_owners(session, shop_id, "inactive", now=now)
    return _standing(_shop(session, shop_id))


def reopen(session: Session, shop_id: UUID, *, actor: str, now: dt.datetime) -> ShopStanding:
    """Let a shop trade again that its owners closed.

    Raises
    ------
    NotFound
        There is no such shop.
    NotClosed
        They did not; a suspended shop is not theirs to open.
    """
    if not rows.move_status(session, shop_id, before="inactive", after="active"):
        raise NotClosed(_shop(session, shop_id).status)
    audit.record(session, actor=actor, act="reopen_shop", subject=f"shop:{shop_id}", now=now)
    tell_owners(session, shop_id, "active", now=now)
    return _standing(_shop(session, shop_id))


def tell_owners(
    session: Session, shop_id: UUID, status: str, *, reasons: Sequence[str] = (), now: dt.datetime
) -> list[UUID]:
    """Write `shop-status-update` into the room of each owner; return who they are."""
    owners = list(member_rows.owners(session, shop_id))
    for user_id in owners:
        payload = {
            "shopId": str(shop_id),
            "status": status,
            "reasons": list(reasons),
            "timestamp": now.isoformat(),
        }
        events.append(session, events.user_room(user_id), "shop-status-update", payload, now=now)
    return owners


def _shop(session: Session, shop_id: UUID) -> ProfileRow:
    shop = rows.profile(session, shop_id)
    if shop is None:
        raise NotFound("shop")
    return shop


def _standing(shop: ProfileRow | StandingRow) -> ShopStanding:
    return {
        "shop_id": shop.shop_id,
        "status": shop.status,
        "suspended_at": shop.suspended_at,
        "suspended_because": shop.suspended_because,
    }
